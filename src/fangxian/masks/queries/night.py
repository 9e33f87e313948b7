"""What a night's allocation is made from, read pharmacy by pharmacy: a city never lies in memory at once.

Rows come straight from the driver in lists of plain values. Nothing here names a person: a claim is an opaque id, a
rank, what is wanted and what the order depends on.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count

from fangxian.masks import rules
from fangxian.masks.allocation import Claim, Crowd, Night, Outlet, pseudonym
from fangxian.masks.models import (
    ACTIVE_CALLS,
    Call,
    CallStatus,
    Counter,
    Policy,
    Registration,
    Round,
    Serving,
    Shelf,
    Variant,
    Yield,
)
from fangxian.masks.models import Outlet as OutletRow
from fangxian.shared import clock
from fangxian.shared.ids import db_id
from fangxian.shared.statements import Select

_CLAIMS: Final = Select(
    "r.id, r.seq, r.wants, r.special, r.urgent, r.digit, r.birth_year",
    f"FROM {Registration._meta.db_table} r WHERE r.committee_id {{in}} AND r.round_id = %s AND r.withdrawn_us IS NULL",
)
_CALLS: Final = f"""
    SELECT registration_id, variant_id, status, reserved FROM {Call._meta.db_table}
    WHERE round_id = %s AND status <> '{CallStatus.VOID.value}' ORDER BY id
"""
_READ: Final = 5_000


class Slot(NamedTuple):
    """A slot of a pharmacy's day, and how many more households it has room for."""

    from_us: int
    until_us: int
    room: int


@dataclass(slots=True)
class Past:
    """What was called for a registration: by variant its last status, and whether that came from the reserve."""

    last: dict[int, tuple[str, bool]] = field(default_factory=dict)
    lapses: int = 0

    def add(self, variant: int, status: str, reserved: bool) -> None:
        self.last[variant] = (status, reserved)
        self.lapses += status == CallStatus.LAPSED

    @property
    def tier(self) -> int:
        """Who lost a pharmacy comes first, who let calls lapse last (`allocation.Claim`)."""
        moved = any(status == CallStatus.MOVED for status, _reserved in self.last.values())
        return -1 if moved else self.lapses


class Shop(NamedTuple):
    """A pharmacy tonight: what goes into its allocation, and what is needed to write its calls.

    `ids` are the registrations by the pseudonyms of `inputs`.
    """

    pharmacy_id: UUID
    name: str
    slots: tuple[Slot, ...]
    committees: dict[str, str]
    inputs: Outlet
    ids: dict[str, str]


@dataclass(frozen=True)
class Evening:
    """Everything that one night's run reads. `shops()` reads one pharmacy after the other."""

    round: Round
    night: Night
    variants: tuple[Variant, ...]
    outlets: tuple[OutletRow, ...]
    names: dict[UUID, str]
    served: dict[UUID, list[UUID]]
    shelves: dict[tuple[UUID, int], Shelf]
    past: dict[str, Past]
    yielded: frozenset[str]
    places: dict[str, tuple[int, str]]
    now_us: int

    def shops(self) -> Iterator[Shop]:
        taken = occupied(self.round.id, self.night.sale_day)
        for outlet in self.outlets:
            slots = slots_of(outlet, self.round.slot_minutes, self.night.sale_day, self.now_us, taken)
            yield self._shop(outlet, slots)

    def _shop(self, outlet: OutletRow, slots: tuple[Slot, ...]) -> Shop:
        committees = self.served.get(outlet.pharmacy_id, [])
        shelves = [self.shelves.get((outlet.pharmacy_id, variant.id)) for variant in self.variants]
        ids: dict[str, str] = {}
        reserve = tuple(0 if shelf is None else reserve_of(shelf) for shelf in shelves)
        inputs = Outlet(
            outlet.pharmacy_id.hex,
            tuple(0 if shelf is None else free_of(shelf) - reserve_of(shelf) for shelf in shelves),
            reserve,
            tuple(slot.room for slot in slots),
            [_Draft(self, ids, reserve=any(reserve)).crowd(committee.hex) for committee in sorted(committees)],
        )
        names = {committee.hex: self.names.get(committee, "") for committee in committees}
        return Shop(outlet.pharmacy_id, outlet.pharmacy.name, slots, names, inputs, ids)


def free_of(shelf: Shelf) -> int:
    """Pieces that may be called for, the reserve among them: none while something promised is missing."""
    return 0 if shelf.short else max(0, shelf.arrived - shelf.sold - shelf.lost - shelf.promised)


def reserve_of(shelf: Shelf) -> int:
    return min(shelf.reserve, free_of(shelf))


class _Draft:
    """A committee's crowd while its registrations are read."""

    def __init__(self, evening: Evening, ids: dict[str, str], *, reserve: bool) -> None:
        size = len(evening.variants)
        self._keys = tuple(variant.key for variant in evening.variants)
        self._evening, self._ids, self._reserve = evening, ids, reserve
        self._policy = evening.night.policy
        self.prior, self.special_prior = [0] * size, [0] * size

    def crowd(self, committee: str) -> Crowd:
        """One statement a committee, so that no answer grows without bound."""
        round_id = self._evening.round.id
        rows = _CLAIMS([committee], round_id.hex if connection.vendor == "sqlite" else str(round_id))
        kinds: dict[str, tuple[int, ...]] = {}
        asking: dict[tuple[int, ...], int] = {}
        special_asking: dict[tuple[int, ...], int] = {}
        claims: list[Claim] = []
        past_of, yielded, places = self._evening.past, self._evening.yielded, self._evening.places
        for id_, seq, wants, special, urgent, digit, birth_year in rows:
            asked = kinds.get(wants)
            if asked is None:
                listed = rules.parse_wants(wants)
                asked = kinds[wants] = tuple(listed.get(key, 0) for key in self._keys)
            asking[asked] = asking.get(asked, 0) + 1
            if special:
                special_asking[asked] = special_asking.get(asked, 0) + 1
            past = past_of.get(id_)
            left = asked if past is None else self._left(asked, past)
            if any(left):
                claims.append(
                    Claim(
                        id_, seq, left, special != "", bool(urgent), id_ in yielded, self._digit(digit, birth_year),
                        0 if past is None else past.tier, places.get(id_),
                    )
                )  # fmt: skip
        return Crowd(
            committee, self._weight(asking), tuple(self.prior), self._weight(special_asking),
            tuple(self.special_prior), self._opaque(claims),
        )  # fmt: skip

    def _opaque(self, claims: list[Claim]) -> list[Claim]:
        """The claims as they are published. A rank stands for the number of the voucher, which neighbours may know;
        a lottery does not even need that order. Who is special or urgent is not said where it decides nothing."""
        seed, lottery = self._evening.night.seed, self._policy == Policy.LOTTERY
        yields = any(claim.yielded for claim in claims)
        names = {claim.id: pseudonym(seed, claim.id) for claim in claims}
        order: list[Any]
        if lottery:
            order = sorted(names.values())
        else:
            order = sorted({claim.seq for claim in claims} | {claim.place[0] for claim in claims if claim.place})
        ranks = {one: rank for rank, one in enumerate(order, start=1)}
        found = []
        for claim in claims:
            name, place = names[claim.id], claim.place
            self._ids[name] = claim.id
            if place is not None:
                place = (0 if lottery else ranks[place[0]], pseudonym(seed, place[1]))
            found.append(
                claim._replace(
                    id=name, seq=ranks[name if lottery else claim.seq], special=claim.special and self._reserve,
                    urgent=claim.urgent and yields, place=place,
                )
            )  # fmt: skip
        return found

    def _weight(self, asking: dict[tuple[int, ...], int]) -> tuple[int, ...]:
        """By variant how many asked for it."""
        return tuple(sum(n for asked, n in asking.items() if asked[at]) for at in range(len(self._keys)))

    def _left(self, asked: tuple[int, ...], past: Past) -> tuple[int, ...]:
        """What is not called yet. Every chance that somebody had counts for the committee, also a lapsed one."""
        left = list(asked)
        for variant, (status, reserved) in past.last.items():
            if status != CallStatus.MOVED:
                (self.special_prior if reserved else self.prior)[variant] += 1
            if status in ACTIVE_CALLS:
                left[variant] = 0
        return tuple(left)

    def _digit(self, digit: int | None, birth_year: int | None) -> int | None:
        """Only what the policy decides by, and of a birth year only its last digit."""
        if self._policy == Policy.ODD_EVEN:
            return digit
        if self._policy == Policy.BIRTH_YEAR and birth_year is not None:
            return birth_year % 10
        return None


def read(*, round: Round, sale_day: date, seed: str, now: datetime) -> Evening:
    variants = tuple(Variant.objects.filter(round=round).order_by("id"))
    now_us = clock.to_us(now)
    served: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Serving.objects.filter(round=round, until_us__isnull=True).order_by("committee__path")
    for committee, pharmacy in rows.values_list("committee_id", "pharmacy_id"):
        served[pharmacy].append(committee)
    outlets = OutletRow.objects.filter(round=round, dropped_us__isnull=True).select_related("pharmacy")
    yielded, places = _yields(round.id)
    return Evening(
        round,
        Night(round.policy, seed, sale_day, tuple(v.key for v in variants), now_us >= round.register_until_us),
        variants,
        tuple(outlets.order_by("pharmacy__path")),
        dict(Counter.objects.filter(round=round).values_list("committee_id", "short")),
        dict(served),
        {(row.pharmacy_id, row.variant_id): row for row in Shelf.objects.filter(round=round)},
        _past(round.id, {variant.id: at for at, variant in enumerate(variants)}),
        yielded,
        places,
        now_us,
    )


def _past(round_id: UUID, variants: dict[int, int]) -> dict[str, Past]:
    found: dict[str, Past] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [db_id(round_id)])
        while rows := cursor.fetchmany(_READ):
            for registration, variant, status, reserved in rows:
                key = registration if isinstance(registration, str) else registration.hex
                found.setdefault(key, Past()).add(variants[variant], status, bool(reserved))
    return found


def _yields(round_id: UUID) -> tuple[frozenset[str], dict[str, tuple[int, str]]]:
    """Who yielded and waits for somebody urgent; and which place each of a pair holds since an earlier night."""
    mine = Yield.objects.filter(registration__round_id=round_id)
    waiting = mine.filter(taken_by__isnull=True).values_list("registration_id", flat=True)
    places: dict[str, tuple[int, str]] = {}
    for row in mine.filter(taken_by__isnull=False).select_related("registration", "taken_by"):
        giver, taker = row.registration, row.taken_by
        if taker is not None:
            places[giver.id.hex] = (taker.seq, taker.id.hex)
            places[taker.id.hex] = (giver.seq, giver.id.hex)
    return frozenset(id_.hex for id_ in waiting), places


def occupied(round_id: UUID, day: date) -> dict[tuple[UUID, int], int]:
    """Households that a slot of the day is promised to already, by pharmacy and the slot's beginning."""
    start = clock.day_start_us(day)
    rows = Call.objects.filter(
        round_id=round_id, status__in=ACTIVE_CALLS, slot_from_us__gte=start, slot_from_us__lt=start + clock.DAY_US
    ).values_list("pharmacy_id", "slot_from_us")
    return {(row[0], row[1]): row[2] for row in rows.annotate(n=Count("registration_id", distinct=True))}


def slots_of(
    outlet: OutletRow, minutes: int, day: date, now_us: int, taken: dict[tuple[UUID, int], int]
) -> tuple[Slot, ...]:
    """The slots of a day in order. One that has begun has no room any more."""
    start = clock.day_start_us(day)
    slots = []
    for begin in range(outlet.open_from, outlet.open_until, minutes):
        from_us = start + begin * clock.MINUTE_US
        until_us = start + min(begin + minutes, outlet.open_until) * clock.MINUTE_US
        room = outlet.slot_people - taken.get((outlet.pharmacy_id, from_us), 0)
        slots.append(Slot(from_us, until_us, max(0, room) if from_us > now_us else 0))
    return tuple(slots)


def deadline_us(round: Round, day: date) -> int:
    """A called number may be collected until the end of the last of its days."""
    return clock.to_us(clock.at(day + timedelta(days=round.collect_days), time(0)))
