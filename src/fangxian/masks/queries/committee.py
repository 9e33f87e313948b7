"""What a committee reads of its part of a round: numbers, who is to be told or brought something, doors.

Disputes and the homes of special groups are in `desk.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Length, Replace

from fangxian.accounts.models import Staff
from fangxian.duties.models import OneOff
from fangxian.masks import rules
from fangxian.masks.models import (
    ACTIVE_CALLS,
    Application,
    ApplicationStatus,
    Attempt,
    Call,
    CallStatus,
    Counter,
    Dispute,
    DisputeStatus,
    Registration,
    Round,
    SpecialUnit,
    Yield,
)
from fangxian.masks.queries.calls import CalledHousehold, households
from fangxian.masks.queries.registrations import Line, addresses_of, lines_of, matching, spoken
from fangxian.masks.sources import home_source, source_of
from fangxian.notices.models import Told
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock

PAGE: Final = 50
FOUND: Final = 100
"""What a search shows at most: whoever finds more types more of the name."""
SUGGESTED: Final = 100


# -------------------------------------------------------------------------------------------------- how much there is


@dataclass(frozen=True)
class Counts:
    """What waits at the desk of a committee. `last` is the last number given out."""

    last: int
    standing: int
    to_tell: int
    visits: int
    applications: int
    disputes: int
    doors: int
    special: int

    @property
    def to_decide(self) -> int:
        return self.applications + self.disputes


def counts(round: Round, committee: Place) -> Counts:
    """One query."""
    mine = Registration.objects.filter(round=round, committee=committee)
    homes = SpecialUnit.objects.filter(unit__path__startswith=committee.path, unit__closed_on__isnull=True)
    waiting = Application.objects.filter(round=round, status=ApplicationStatus.WAITING)
    disputed = Dispute.objects.filter(registration__round=round, registration__committee=committee)
    row = Counter.objects.filter(round=round, committee=committee).values_list(
        "last", _count(mine.filter(withdrawn_us__isnull=True)),
        _count(mine.filter(Exists(_calls(CallStatus.CALLED).filter(told_us__isnull=True)))),
        _count(to_bring(round, committee)),
        _count(waiting.filter(Q(committee=committee) | Q(committee__isnull=True))),
        _count(disputed.filter(status=DisputeStatus.OPEN)), _count(untold_doors(round, committee)),
        _count(homes.exclude(unit_id__in=_registered(round, committee))),
    ).first()  # fmt: skip
    return Counts(*row) if row is not None else Counts(0, 0, 0, 0, 0, 0, 0, 0)


def _count(rows: QuerySet[Any]) -> Subquery:
    counted = rows.order_by().annotate(n=Func(F("pk"), function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("n"), output_field=IntegerField())


def _calls(*statuses: str) -> QuerySet[Call]:
    return Call.objects.filter(registration=OuterRef("pk"), status__in=statuses)


def _registered(round: Round, committee: Place) -> QuerySet[Registration, UUID]:
    rows = Registration.objects.filter(round=round, committee=committee, withdrawn_us__isnull=True)
    return rows.values_list("unit", flat=True)


# ------------------------------------------------------------------------------------------------------------ numbers


class Show(StrEnum):
    """Which numbers a list shows."""

    ALL = "all"
    WAITING = "waiting"
    CALLED = "called"
    LAPSED = "lapsed"
    SPECIAL = "special"
    URGENT = "urgent"
    DELIVER = "deliver"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class NumberLine:
    """A number with what became of it: waiting, called, collected, lapsed or withdrawn."""

    line: Line
    state: str
    yielded: bool
    reason: str

    @property
    def may_yield(self) -> bool:
        return self.state in ("waiting", "lapsed") and not self.yielded and not self.line.urgent

    @property
    def may_withdraw(self) -> bool:
        return self.state in ("waiting", "lapsed")


def numbers(
    round: Round, committee: Place, *, show: Show = Show.ALL, text: str = "", after_seq: int = 0
) -> tuple[list[NumberLine], bool]:
    """In order of the numbers, and whether there are more behind them. Three queries."""
    limit = FOUND if text.strip() else PAGE
    rows = Registration.objects.filter(round=round, committee=committee, seq__gt=after_seq).annotate(
        is_called=Exists(_calls(CallStatus.CALLED)), is_collected=Exists(_calls(CallStatus.COLLECTED)),
        is_lapsed=Exists(_calls(CallStatus.LAPSED)), gave_way=Exists(Yield.objects.filter(registration=OuterRef("pk"))),
    )  # fmt: skip
    if text.strip():
        rows = rows.filter(matching(text.strip()))
    found = list(rows.filter(_shown(show)).order_by("seq")[: limit + 1])
    lines = lines_of(round, found[:limit])
    made = [
        NumberLine(line, _state(row), row.gave_way, row.withdrawn_reason)
        for line, row in zip(lines, found[:limit], strict=True)
    ]
    return made, len(found) > limit


def _shown(show: Show) -> Q:
    stands = Q(withdrawn_us__isnull=True)
    return {
        Show.ALL: Q(), Show.WAITING: stands & Q(is_called=False, is_collected=False), Show.CALLED: Q(is_called=True),
        Show.LAPSED: stands & Q(is_lapsed=True, is_called=False, is_collected=False),
        Show.SPECIAL: stands & ~Q(special=""), Show.URGENT: stands & Q(urgent=True),
        Show.DELIVER: stands & Q(deliver=True), Show.WITHDRAWN: ~stands,
    }[show]  # fmt: skip


def _state(row: Any) -> str:  # noqa: ANN401 - a registration with its annotations
    if row.withdrawn_us is not None:
        return "withdrawn"
    if row.is_called:
        return "called"
    if row.is_collected:
        return "collected"
    return "lapsed" if row.is_lapsed else "waiting"


def called_of(round: Round, committee: Place, ids: Collection[UUID]) -> list[CalledHousehold]:
    """Of these registrations those of the committee that are called and not collected. Two queries."""
    return households(
        Call.objects.filter(
            round=round, registration__committee=committee, registration__in=ids, status=CallStatus.CALLED
        )
    )


# ------------------------------------------------------------------------------------------------------------ telling


@dataclass(frozen=True)
class Telling:
    """A called household, its address, and the language in which a text reaches it."""

    home: CalledHousehold
    address: str
    language: str

    @property
    def told(self) -> bool:
        return self.home.told_us is not None


def to_tell(round: Round, committee: Place, now: datetime) -> list[Telling]:
    """Called numbers of slots up to tomorrow night, those not told first, the earliest slot first. Five queries."""
    end_us = clock.day_start_us(clock.local_day(now) + timedelta(days=2))
    rows = households(
        Call.objects.filter(
            round=round, registration__committee=committee, status=CallStatus.CALLED, slot_from_us__lt=end_us
        )
    )
    known = {
        row[0]: (row[1], row[2])
        for row in Registration.objects.filter(id__in=[one.registration_id for one in rows]).values_list(
            "id", "unit", "subject__person__language"
        )
    }
    units = [unit for unit, _language in known.values()]
    names, tongues = addresses_of(units), languages_at(units)
    found = [
        Telling(one, names.get(unit, ""), language or main_language(tongues.get(unit, frozenset())))
        for one in rows
        for unit, language in [known[one.registration_id]]
    ]
    return sorted(found, key=lambda one: (one.told, one.home.slot_from_us, one.home.seq))


def languages_at(units: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """The languages of those who live there, as two letters. One query."""
    found: dict[UUID, set[str]] = defaultdict(set)
    rows = Attachment.objects.filter(
        place__in=list(units), relation=Relation.LIVES, until__isnull=True, subject__person__isnull=False
    )
    for unit, language in rows.values_list("place_id", "subject__person__language"):
        if unit is not None:
            found[unit].add(language[:2].lower())
    return {unit: frozenset(spoken) for unit, spoken in found.items()}


def main_language(spoken: frozenset[str]) -> str:
    """Chinese where anybody reads it or nothing is known, else the first of theirs."""
    return "zh" if not spoken or "zh" in spoken else min(spoken)


# ------------------------------------------------------------------------------------------------------------- visits


@dataclass
class Bag:
    """What is called for a home at one pharmacy, to be brought until a deadline."""

    pharmacy: str
    slot_from_us: int
    deadline_us: int
    told_us: int | None
    wants: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """A home that things are brought to. `goes` is who has the duty, else `role`; `got` kinds are there already."""

    line: Line
    goes: str
    role: str
    bags: tuple[Bag, ...]
    got: int


def to_bring(round: Round, committee: Place) -> QuerySet[Any]:
    """Standing registrations that are delivered and have not got every kind that they asked for."""
    kinds = Length("wants") - Length(Replace("wants", Value(";"), Value(""))) + Value(1)
    rows = Registration.objects.filter(round=round, committee=committee, deliver=True, withdrawn_us__isnull=True)
    return rows.annotate(kinds=kinds, got=_count(_calls(CallStatus.COLLECTED))).filter(got__lt=F("kinds"))


def visits(round: Round, committee: Place) -> list[Visit]:
    """Those whose goods are called first, in order of the slot. Five queries."""
    rows = list(to_bring(round, committee).order_by("seq"))
    lines, bags = lines_of(round, rows), _bags(row.id for row in rows)
    sources = {home_source(row.id): row.id for row in rows}
    named = Subquery(Staff.objects.filter(id=OuterRef("staff")).values("name"))
    given = {
        sources[source]: (name or "", role)
        for source, role, name in OneOff.objects.filter(source__in=list(sources)).values_list("source", "role", named)
    }
    found = [
        Visit(line, *given.get(row.id, ("", "")), tuple(bags[row.id]), row.got)
        for row, line in zip(rows, lines, strict=True)
    ]
    return sorted(found, key=lambda one: (not one.bags, one.bags[0].slot_from_us if one.bags else 0, one.line.seq))


def _bags(registration_ids: Iterable[UUID]) -> dict[UUID, list[Bag]]:
    calls = Call.objects.filter(registration__in=list(registration_ids), status=CallStatus.CALLED)
    found: dict[UUID, list[Bag]] = defaultdict(list)
    for call in calls.select_related("variant", "pharmacy").order_by("slot_from_us", "variant_id"):
        mine = found[call.registration_id]
        if not mine or (mine[-1].pharmacy, mine[-1].slot_from_us) != (call.pharmacy.name, call.slot_from_us):
            mine.append(Bag(call.pharmacy.name, call.slot_from_us, call.deadline_us, call.told_us))
        mine[-1].wants[call.variant.key] = call.quantity
    return found


# ----------------------------------------------------------------------------------------------------------- attempts


@dataclass(frozen=True)
class AttemptLine:
    """A registration that was not taken. `voucher`: the number that stands at the address."""

    at_us: int
    address: str
    code: str
    channel: str
    voucher: str


def attempts(round: Round, committee: Place, day: date, limit: int = 20) -> list[AttemptLine]:
    """Of one day, the newest first. Two queries."""
    start_us = clock.day_start_us(day)
    short = Counter.objects.filter(round=round, committee=OuterRef("standing__committee_id")).values("short")
    rows = list(
        Attempt.objects.filter(round=round, committee=committee, at_us__gte=start_us, at_us__lt=start_us + clock.DAY_US)
        .select_related("standing")
        .annotate(short=Subquery(short))
        .order_by("-at_us")[:limit]
    )
    names = addresses_of(row.unit for row in rows if row.unit is not None)
    return [
        AttemptLine(
            row.at_us, names.get(row.unit, "") if row.unit else "", row.code, row.get_channel_display(),
            rules.voucher(round.number, row.short, row.standing.seq) if row.standing is not None else "",
        )
        for row in rows
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- doors


@dataclass(frozen=True)
class Block:
    """A block with the doors that were not told of the round."""

    id: UUID
    name: str
    doors: int
    untold: int


@dataclass(frozen=True)
class Door:
    id: UUID
    name: str
    told: bool


def _doors(round: Round, committee: Place) -> QuerySet[Any]:
    """Dwellings with `told`: by a notice, or because they registered."""
    told = Told.objects.filter(subject_id=OuterRef("pk"), notice__source=source_of(round))
    here = Registration.objects.filter(round=round, committee=committee).values("unit")
    rows = Place.objects.filter(committee.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True)
    return rows.annotate(told=Exists(told) | Q(id__in=here))


def untold_doors(round: Round, committee: Place) -> QuerySet[Any]:
    return _doors(round, committee).filter(told=False)


def blocks(round: Round, committee: Place) -> list[Block]:
    """In the order of the tree. Three queries."""
    every: dict[UUID, list[bool]] = defaultdict(list)
    for parent, told in _doors(round, committee).values_list("parent_id", "told"):
        if parent is not None:
            every[parent].append(told)
    places = list(Place.objects.filter(id__in=list(every)).order_by("path"))
    names = full_names(places)
    return [Block(one.id, names[one.id], len(every[one.id]), every[one.id].count(False)) for one in places]


def doors_of(round: Round, committee: Place, block_id: UUID) -> list[Door]:
    rows = _doors(round, committee).filter(parent_id=block_id).order_by("path")
    return [Door(row.id, row.name, row.told) for row in rows]


def chosen_doors(
    round: Round, committee: Place, *, blocks: Collection[UUID], doors: Collection[UUID], told_too: bool = False
) -> list[Place]:
    """These doors, and those of these blocks; without `told_too` only those not told yet. One query."""
    rows = _doors(round, committee).filter(Q(id__in=doors) | Q(parent_id__in=blocks))
    return list((rows if told_too else rows.filter(told=False)).order_by("path"))


# ------------------------------------------------------------------------------------------------------ special homes


@dataclass(frozen=True)
class Suggested:
    """A home where everybody is old: the register suggests it, the committee decides."""

    unit_id: UUID
    address: str
    registered: bool


def suggested_homes(round: Round, committee: Place, *, age: int, day: date) -> list[Suggested]:
    """Homes not marked where whoever lives there has reached `age`; one of unknown age leaves it out. One query."""
    last = rules.born_by(age, day)
    lives = Attachment.objects.filter(
        place_id=OuterRef("pk"), relation=Relation.LIVES, until__isnull=True, subject__merged_into__isnull=True,
        subject__person__isnull=False,
    )  # fmt: skip
    rows = Place.objects.filter(
        committee.subtree, Exists(lives), ~Exists(lives.exclude(subject__person__birth_date__lte=last)),
        kind=PlaceKind.DWELLING, closed_on__isnull=True, special_unit__isnull=True,
    ).annotate(is_registered=Q(id__in=_registered(round, committee)))  # fmt: skip
    found = rows.select_related("parent__parent").order_by("path")[:SUGGESTED]
    return [Suggested(row.id, spoken(row), row.is_registered) for row in found]


def standing(round: Round, committee: Place, registration_id: UUID) -> Registration | None:
    """A registration of this desk."""
    rows = Registration.objects.select_related("round", "committee")
    return rows.filter(round=round, committee=committee, id=registration_id).first()


def open_calls(round: Round, committee: Place, ids: Collection[UUID]) -> list[Call]:
    """Calls of these registrations of the desk that stand."""
    rows = Call.objects.filter(
        round=round, registration__committee=committee, registration__in=ids, status__in=ACTIVE_CALLS
    )
    return list(rows)
