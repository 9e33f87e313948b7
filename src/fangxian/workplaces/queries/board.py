"""All office buildings at a glance: who is back, who is inside, what was inspected, what is open, how the wave runs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, FilteredRelation, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Substr

from fangxian.accounts.access import Reach
from fangxian.gates.models import Direction, Flow, Outcome
from fangxian.gates.queries.board import inside_now
from fangxian.inspections.models import Finding, Inspection, Severity
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.workplaces import rules
from fangxian.workplaces.actions.buildings import in_post
from fangxian.workplaces.models import (
    Filing,
    FilingStatus,
    PlanStatus,
    Returning,
    StaffState,
    TaskMember,
    TaskRole,
    Verdict,
    WaveSlot,
)

FILED: Final = frozenset({
    FilingStatus.SUBMITTED, FilingStatus.ENDORSED, FilingStatus.RETURNED, FilingStatus.ACCEPTED, FilingStatus.SUSPENDED,
})  # fmt: skip
"""States of a filing that was sent in at least once and has not ended."""
_ENTERED: Final = -1


@dataclass(frozen=True, slots=True)
class Open:
    """Findings that are open. `oldest_us` is when the oldest was seen; None: there is none."""

    red: int = 0
    amber: int = 0
    white: int = 0
    overdue: int = 0
    oldest_us: int | None = None

    @property
    def total(self) -> int:
        return self.red + self.amber + self.white


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be summed over buildings.

    `filed` counts enterprises that sent in a filing, `accepted` those that may resume; `planned` are the people whom
    filings name, `back` those on the ledger of an accepted enterprise who may work. `due` are the people whose arrival
    by now the published plan of the wave expects, `expected` all of its day, `entered` who came in by any gate.
    """

    tenants: int = 0
    filed: int = 0
    waiting: int = 0
    accepted: int = 0
    planned: int = 0
    back: int = 0
    inside: int = 0
    expected: int = 0
    due: int = 0
    entered: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Checked:
    """Today's last inspection of a building."""

    at_us: int
    in_order: int
    applicable: int

    @property
    def percent(self) -> int:
        return self.in_order * 100 // self.applicable if self.applicable else 100


@dataclass(frozen=True, slots=True)
class Row:
    place_id: UUID
    name: str
    figures: Figures
    checked: Checked | None
    open: Open
    suspended: tuple[str, ...] | None
    """Letters of the zones whose passes are suspended; empty: of all of them; None: nothing is suspended."""
    missing: tuple[TaskRole, ...]
    has_plan: bool


@dataclass(frozen=True, slots=True)
class Board:
    rows: tuple[Row, ...]
    total: Figures
    open: Open
    inspected: int
    full: int
    """Buildings with a full task force."""


def board(held: Reach, now: datetime) -> Board:
    """Every office building in reach, in the order of the tree. Eight queries, however many buildings."""
    places = list(
        Place.objects.filter(
            held.places() | Q(id__in=sorted(held.grids)), kind=PlaceKind.BUILDING, closed_on__isnull=True
        )
        .only("id", "name", "path", "grid_id", "kind")
        .order_by("path")
    )
    if not places:
        return Board((), Figures(), Open(), 0, 0)
    ids = [place.id for place in places]
    tenants, filings = _tenants(places), _filings(ids)
    inside = inside_now(set(ids))
    checked, found = _checked(ids, now), _findings(ids, now)
    held_roles, wave = _roles(ids, now), _wave(ids, now)
    rows = []
    for place in places:
        mine, day = filings[place.id], wave[place.id]
        figures = Figures(
            tenants=tenants.get(place.id, 0), filed=mine.filed, waiting=mine.waiting, accepted=mine.accepted,
            planned=mine.planned, back=mine.back, inside=inside.get(place.id, 0), expected=day.expected,
            due=day.due, entered=day.entered,
        )  # fmt: skip
        open_, zones = found.get(place.id, (Open(), None))
        missing = rules.missing_roles(held_roles[place.id])
        rows.append(
            Row(place.id, place.name, figures, checked.get(place.id), open_, zones, missing, day.has_plan)
        )  # fmt: skip
    return _summed(rows)


def _summed(rows: Sequence[Row]) -> Board:
    oldest = [row.open.oldest_us for row in rows if row.open.oldest_us is not None]
    open_ = Open(
        sum(row.open.red for row in rows), sum(row.open.amber for row in rows), sum(row.open.white for row in rows),
        sum(row.open.overdue for row in rows), min(oldest, default=None),
    )  # fmt: skip
    return Board(
        tuple(rows), sum((row.figures for row in rows), Figures()), open_,
        sum(row.checked is not None for row in rows), sum(not row.missing for row in rows),
    )  # fmt: skip


_top: Final = Coalesce("subject__merged_into_id", "subject_id")
"""An enterprise that was found to be another one is that one."""


def _tenants(places: Sequence[Place]) -> dict[UUID, int]:
    """How many enterprises have rooms in each building. A room names its building by the beginning of its path, which
    is equally long for buildings that stand equally deep: one query for each depth, and that is one."""
    by_path = {place.path: place.id for place in places}
    found: dict[UUID, int] = {}
    for size in sorted({len(path) for path in by_path}):
        rows = Attachment.objects.filter(
            relation=Relation.TENANT, until__isnull=True, place__path__gte=min(by_path),
            place__path__lt=max(by_path) + "z",
        )  # fmt: skip
        counted = rows.order_by().annotate(building=Substr("place__path", 1, size)).values_list("building")
        for path, enterprises in counted.annotate(n=Count(_top, distinct=True)):
            if path in by_path:
                found[by_path[path]] = enterprises
    return found


@dataclass(slots=True)
class _Filings:
    filed: int = 0
    waiting: int = 0
    accepted: int = 0
    planned: int = 0
    back: int = 0


def _filings(ids: Sequence[UUID]) -> dict[UUID, _Filings]:
    """Filings that were sent in, the people they name, and of those accepted the people who may work."""
    may_work = (
        Returning.objects.filter(
            place_id=OuterRef("place_id"), enterprise_id=OuterRef("enterprise_id"), until_us__isnull=True,
            verdict=Verdict.NOW, state=StaffState.ACTIVE,
        )
        .order_by().values("place_id").annotate(n=Count("*")).values("n")
    )  # fmt: skip
    counted = Case(When(status=FilingStatus.ACCEPTED, then=Subquery(may_work)), default=0, output_field=IntegerField())
    rows = Filing.objects.filter(place_id__in=ids, status__in=FILED).annotate(able=counted).order_by()
    found: dict[UUID, _Filings] = defaultdict(_Filings)
    for place, status, filed, people, back in rows.values_list("place_id", "status").annotate(
        n=Count("id"), people=Sum("people"), back=Sum("able")
    ):
        mine = found[place]
        mine.filed += filed
        mine.waiting += filed if status in (FilingStatus.SUBMITTED, FilingStatus.ENDORSED) else 0
        mine.accepted += filed if status == FilingStatus.ACCEPTED else 0
        mine.planned += people or 0
        mine.back += back or 0
    return found


def _checked(ids: Sequence[UUID], now: datetime) -> dict[UUID, Checked]:
    rows = Inspection.objects.filter(place_id__in=ids, day=clock.local_day(now)).order_by("observed_us")
    return {
        place: Checked(at, good, all_) for place, at, good, all_ in
        rows.values_list("place_id", "observed_us", "in_order", "applicable")
    }  # fmt: skip


def _findings(ids: Sequence[UUID], now: datetime) -> dict[UUID, tuple[Open, tuple[str, ...] | None]]:
    """Open findings of each building, and the zones that they suspend."""
    now_us = clock.to_us(now)
    standing = FilteredRelation("suspensions", condition=Q(suspensions__until_us__isnull=True))
    rows = Finding.objects.filter(place_id__in=ids, closed_us__isnull=True).annotate(standing=standing)
    seen: dict[UUID, Counter[str]] = defaultdict(Counter)
    oldest: dict[UUID, int] = {}
    zones: dict[UUID, set[str]] = defaultdict(set)
    for place, severity, opened, due, zone in rows.values_list(
        "place_id", "severity", "opened_us", "due_us", "standing__zone"
    ):
        seen[place][severity] += 1
        seen[place]["overdue"] += due <= now_us
        oldest[place] = min(opened, oldest.get(place, opened))
        if zone is not None:
            zones[place].add(zone)
    return {
        place: (
            Open(
                count[Severity.RED], count[Severity.AMBER], count[Severity.WHITE], count["overdue"], oldest[place]
            ),
            None if place not in zones else () if "" in zones[place] else tuple(sorted(zones[place])),
        )
        for place, count in seen.items()
    }  # fmt: skip


def _roles(ids: Sequence[UUID], now: datetime) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    rows = TaskMember.objects.filter(in_post(now), place_id__in=ids, deputy=False)
    for place, role in rows.values_list("place_id", "role"):
        found[place].add(role)
    return found


@dataclass(slots=True)
class _Wave:
    expected: int = 0
    due: int = 0
    entered: int = 0
    has_plan: bool = False


def _wave(ids: Sequence[UUID], now: datetime) -> dict[UUID, _Wave]:
    """The published plan of today and who came in, in one query: windows with their people, and the entries of each
    building under a window of their own."""
    day = clock.local_day(now)
    start = clock.day_start_us(day)
    minute = (clock.to_us(now) - start) / MINUTE_US
    slots = (
        WaveSlot.objects.filter(place_id__in=ids, plan__day=day, plan__status=PlanStatus.PUBLISHED, resumes=True)
        .order_by().values_list("place_id", "from_minute", "until_minute")
        .annotate(n=Sum("people"))
    )  # fmt: skip
    entries = (
        Flow.objects.filter(
            place_id__in=ids, quarter_us__gte=start, quarter_us__lt=clock.day_start_us(day + timedelta(days=1)),
            direction=Direction.IN, outcome=Outcome.ADMIT,
        )
        .order_by().values_list("place_id", Value(_ENTERED, IntegerField()), Value(_ENTERED, IntegerField()))
        .annotate(n=Sum("count"))
    )  # fmt: skip
    found: dict[UUID, _Wave] = defaultdict(_Wave)
    for place, from_minute, until_minute, people in slots.union(entries, all=True):
        mine = found[place]
        if from_minute == _ENTERED:
            mine.entered += people
            continue
        mine.has_plan = True
        mine.expected += people
        mine.due += due_by(people, from_minute, until_minute, minute)
    return found


def due_by(people: int, from_minute: int, until_minute: int, minute: float) -> int:
    """How many of a window are due by a minute of the day, as if they came evenly over it."""
    share = (minute - from_minute) / (until_minute - from_minute)
    return round(people * min(1.0, max(0.0, share)))


SORTS: Final = ("name", "filed", "accepted", "back", "inside", "checked", "open", "force", "wave")


def sort_rows(rows: Iterable[Row], sort: str) -> list[Row]:
    """In the order asked for; `-key` turns it round, anything unknown leaves the order of the tree. What needs looking
    at comes first: the lowest share, what was not inspected, the most and oldest findings, the most roles missing."""
    key = sort.removeprefix("-")
    found = list(rows)
    if key not in SORTS:
        return found
    found.sort(key=lambda row: _worst_first(row, key), reverse=sort.startswith("-"))
    return found


def _worst_first(row: Row, key: str) -> tuple[float | str, ...]:
    figures = row.figures
    if key == "name":
        return (row.name,)
    if key == "filed":
        return (_share(figures.filed, figures.tenants),)
    if key == "accepted":
        return (_share(figures.accepted, figures.tenants),)
    if key == "back":
        return (_share(figures.back, figures.planned),)
    if key == "inside":
        return (-figures.inside,)
    if key == "checked":
        return (row.checked.percent if row.checked else -1,)
    if key == "open":
        oldest = row.open.oldest_us
        return (-row.open.red, -row.open.amber, -row.open.white, oldest if oldest is not None else float("inf"))
    if key == "force":
        return (-len(row.missing),)
    return (_share(figures.entered, figures.due),)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 2.0
