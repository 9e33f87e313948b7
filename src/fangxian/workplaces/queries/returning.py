"""Ledgers of returning staff as pages show them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from fangxian.gates.models import Check, Direction, Outcome, Pass, PassKind, PassStatus
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Document, Relation, Subject
from fangxian.shared import clock, text
from fangxian.workplaces import ledger_folds, origins, returning_words
from fangxian.workplaces.models import Returning, StaffState, Transport, Verdict

PAGE: Final = 50
CLEARED: Final = Q(verdict=Verdict.NOW, state=StaffState.ACTIVE)
SHOWN: Final[dict[str, Q]] = {
    "": Q(),
    "now": CLEARED,
    "later": Q(verdict=Verdict.LATER, state=StaffState.ACTIVE),
    "unknown": Q(verdict=Verdict.UNKNOWN, state=StaffState.ACTIVE),
    "stopped": Q(state__in=(StaffState.SUSPENDED, StaffState.POSITIVE)),
    "odd": ~Q(marks=""),
}
"""The parts of a ledger that a page can show alone."""
WAITING: Final = "waiting"


@dataclass(frozen=True)
class Line:
    """One person on a ledger. `standing`: now, later, unknown, suspended or positive, as the row is shown."""

    id: UUID
    person_id: UUID
    name: str
    enterprise_id: UUID
    enterprise: str
    place: Place
    mask: str
    standing: str
    until: date | None
    missing: tuple[str, ...]
    marks: tuple[str, ...]
    origin: str
    arrived_on: date | None
    transport: str
    vehicle_no: str
    reason: str
    home_office: bool
    has_evidence: bool
    pass_status: str
    """Empty: there is none."""


@dataclass(frozen=True)
class Counts:
    total: int = 0
    now: int = 0
    later: int = 0
    unknown: int = 0
    stopped: int = 0
    odd: int = 0

    @property
    def by_key(self) -> dict[str, int]:
        return {"": self.total} | {key: getattr(self, key) for key in ("now", "later", "unknown", "stopped", "odd")}


@dataclass(frozen=True)
class Page:
    lines: tuple[Line, ...]
    counts: Counts
    found: int
    number: int
    pages: int


def open_rows(ids: Collection[UUID], place: Place) -> QuerySet[Returning]:
    """The ledger of an enterprise in a building. `ids`: the enterprise and what was merged into it."""
    return Returning.objects.filter(enterprise_id__in=list(ids), place=place, until_us__isnull=True)


def ledger(
    ids: Collection[UUID], place: Place, now: datetime, *, show: str = "", name: str = "", number: int = 1
) -> Page:
    """One page of a ledger: first who may not work yet, then by name."""
    rows = open_rows(ids, place)
    show = show if show in SHOWN else ""
    return _page(rows, rows.filter(SHOWN[show]), now, show, name, number)


def waiting(within: Q, now: datetime, *, show: str = "", number: int = 1) -> Page:
    """Everybody in the buildings of a reach who may not work: until when, and what is missing. `within`: a condition
    on `place`."""
    rows = Returning.objects.filter(within, until_us__isnull=True)
    if show in SHOWN and show:
        return _page(rows, rows.filter(SHOWN[show]), now, show, "", number)
    return _page(rows, rows.exclude(CLEARED), now, WAITING, "", number)


def _page(
    all_rows: QuerySet[Returning], found: QuerySet[Returning], now: datetime, show: str, name: str, number: int
) -> Page:  # fmt: skip
    counts = count(all_rows)
    total = counts.total - counts.now if show == WAITING else counts.by_key[show]
    if name.strip():
        found = found.filter(person__person__name_key__contains=text.name_key(name))
        total = found.count()
    pages = max(1, -(-total // PAGE))
    number = min(max(number, 1), pages)
    ordered = found.select_related("enterprise__enterprise", "place", "person").order_by(
        "-verdict", "verdict_until", "enterprise__label", "person__label", "id"
    )
    part = list(ordered[(number - 1) * PAGE : number * PAGE])
    return Page(tuple(lines_of(part, now)), counts, total, number, pages)


def count(rows: QuerySet[Returning]) -> Counts:
    """By standing, in one query."""
    numbers = rows.aggregate(
        total=Count("id"), **{key: Count("id", filter=where) for key, where in SHOWN.items() if key}
    )
    return Counts(**numbers)


def standing_of(row: Returning) -> str:
    return row.verdict if row.state == StaffState.ACTIVE else row.state


def lines_of(rows: Sequence[Returning], now: datetime) -> Iterable[Line]:
    people = [row.person_id for row in rows]
    masks = dict(Document.objects.filter(subject_id__in=people).order_by("-id").values_list("subject_id", "mask"))
    passes = _passes(people, now)
    for row in rows:
        yield Line(
            id=row.id, person_id=row.person_id, name=row.person.label, enterprise_id=row.enterprise_id,
            enterprise=row.enterprise.label, place=row.place, mask=masks.get(row.person_id, ""),
            standing=standing_of(row), until=row.verdict_until,
            missing=tuple(returning_words.missing(row.missing)) if row.state == StaffState.ACTIVE else (),
            marks=tuple(returning_words.marks(row.marks)), origin=origins.name_of(row.origin) if row.origin else "",
            arrived_on=row.arrived_on, transport=str(Transport(row.transport).label) if row.transport else "",
            vehicle_no=row.vehicle_no, reason=row.state_reason, home_office=row.home_office,
            has_evidence=bool(row.evidence),
            pass_status=passes.get((row.person_id, row.enterprise_id, row.place_id), ""),
        )  # fmt: skip


def _passes(people: Sequence[UUID], now: datetime) -> dict[tuple[UUID, UUID, UUID], str]:
    rows = Pass.objects.filter(
        subject_id__in=people, kind=PassKind.EMPLOYEE, followed=False, until_us__gt=clock.to_us(now)
    ).exclude(status=PassStatus.REVOKED)
    found = {}
    for person, enterprise, place, status in rows.values_list("subject_id", "enterprise_id", "place_id", "status"):
        if person is not None:
            found[person, enterprise, place] = status
    return found


@dataclass(frozen=True)
class Contradiction:
    """Somebody with no row on the ledger whom the gates know as one of the enterprise: `off` has a pass in force,
    `unlisted` was let in."""

    kind: str
    person_id: UUID
    name: str


def contradictions(ids: Collection[UUID], place: Place, now: datetime) -> list[Contradiction]:
    """Who is missing on the ledger, by name. What is odd about somebody on it is a mark of their row."""
    listed = open_rows(ids, place)
    off = (
        Pass.objects.filter(
            ~Exists(listed.filter(person_id=OuterRef("subject_id"))), kind=PassKind.EMPLOYEE, status=PassStatus.LIVE,
            followed=False, until_us__gt=clock.to_us(now), enterprise_id__in=list(ids), place=place,
            subject__isnull=False,
        )
        .order_by("holder")
        .values_list("subject_id", "holder")
    )  # fmt: skip
    found = {person: Contradiction("off", person, name) for person, name in off}
    let_in = Check.objects.filter(
        subject_id=OuterRef("pk"), place_id=place.id, observed_us__gte=clock.to_us(now - ledger_folds.LOOK_BACK),
        direction=Direction.IN, outcome=Outcome.ADMIT,
    )  # fmt: skip
    anywhere = Returning.objects.filter(enterprise_id__in=list(ids), until_us__isnull=True)
    employed = Attachment.objects.filter(relation=Relation.EMPLOYED, other_id__in=list(ids), until__isnull=True)
    unlisted = Subject.objects.filter(
        ~Exists(anywhere.filter(person_id=OuterRef("pk"))), Exists(let_in),
        id__in=employed.values("subject_id"), merged_into__isnull=True,
    )  # fmt: skip
    for person, name in unlisted.order_by("label").values_list("id", "label"):
        found.setdefault(person, Contradiction("unlisted", person, name))
    return list(found.values())


@dataclass(frozen=True)
class Origin:
    name: str
    people: int
    not_cleared: int


def by_origin(ids: Collection[UUID], place: Place, most: int = 12) -> list[Origin]:
    """Where the people of a ledger came from, by province or country."""
    found: dict[str, list[int]] = {}
    rows = open_rows(ids, place).exclude(origin="").values("origin")
    for row in rows.annotate(people=Count("id"), cleared=Count("id", filter=CLEARED)):
        code = row["origin"]
        key = code[:2] if code.isdigit() else code
        held = found.setdefault(key, [0, 0])
        held[0] += row["people"]
        held[1] += row["people"] - row["cleared"]
    names = [Origin(origins.name_of(key) or key, people, waiting_) for key, (people, waiting_) in found.items()]
    return sorted(names, key=lambda one: (-one.not_cleared, -one.people, one.name))[:most]
