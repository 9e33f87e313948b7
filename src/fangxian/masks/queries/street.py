"""A day of a round over all pharmacies and committees: sold, counted, what came up and who owes it, what is next."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import F, OuterRef, Subquery, Sum

from fangxian.accounts.models import Staff
from fangxian.duties.models import OneOff
from fangxian.masks.models import Call, CallStatus, Collection, DayClose, Outlet, Round
from fangxian.masks.queries import channel
from fangxian.masks.queries.channel import Said
from fangxian.masks.queries.numbers import shorts_of
from fangxian.masks.queries.shelves import closes_of
from fangxian.shared import clock


@dataclass(frozen=True, slots=True)
class PharmacyDay:
    """What a pharmacy sold on a day and how it was counted; `close` is None while the day is not closed."""

    outlet: Outlet
    sold: Mapping[str, int]
    money_fen: int
    close: DayClose | None

    @property
    def differences(self) -> dict[str, int]:
        """Counted less what the book said, by variant; only where they differ."""
        if self.close is None:
            return {}
        expected = self.close.expected
        found = {key: count - expected.get(key, 0) for key, count in self.close.counted.items()}
        return {key: count for key, count in found.items() if count}

    @property
    def money_off_fen(self) -> int:
        return self.close.money_fen - self.close.money_expected_fen if self.close is not None else 0


@dataclass(frozen=True, slots=True)
class Owed:
    """Something of the channel, and whose it is: a person's by name, else a role's. `due_us` is None once answered."""

    said: Said
    role: str
    name: str
    due_us: int | None


@dataclass(frozen=True, slots=True)
class Next:
    """What a pharmacy is to hand out on a day: households and pieces by variant."""

    pharmacy: str
    households: int
    pieces: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StreetDay:
    day: date
    pharmacies: list[PharmacyDay]
    committees: list[tuple[str, dict[str, int]]]
    problems: list[Owed]
    unanswered: list[Owed]
    next_day: date
    plan: list[Next]


def day_of(round: Round, day: date) -> StreetDay:
    """Seven queries, however many pharmacies there are. `unanswered` are those of other days."""
    sold, money, by_committee = _sold(round, day)
    closes = {row.pharmacy_id: row for row in closes_of(round, day=day)}
    outlets = list(Outlet.objects.filter(round=round).select_related("pharmacy").order_by("pharmacy__path"))
    came_up, open_ = channel.owed(round, day)
    owners = _owners((*came_up, *open_))
    pharmacies = [
        PharmacyDay(one, sold.get(one.pharmacy_id, {}), money.get(one.pharmacy_id, 0), closes.get(one.pharmacy_id))
        for one in outlets
    ]
    return StreetDay(
        day, pharmacies, sorted(by_committee.items()), [_owed(one, owners) for one in came_up],
        [_owed(one, owners) for one in open_], day + timedelta(days=1),
        _plan(round, day + timedelta(days=1), outlets),
    )  # fmt: skip


def _sold(
    round: Round, day: date
) -> tuple[dict[UUID, dict[str, int]], dict[UUID, int], dict[str, dict[str, int]]]:  # fmt: skip
    start_us = clock.day_start_us(day)
    rows = (
        Collection.objects.filter(
            call__round=round, observed_us__gte=start_us, observed_us__lt=start_us + clock.DAY_US,
            voided_us__isnull=True,
        )
        .values_list("pharmacy_id", "call__variant__key", "call__registration__committee_id")
        .annotate(n=Sum("quantity"), fen=Sum(F("quantity") * F("price_fen")))
        .order_by("call__variant__key")
    )  # fmt: skip
    shorts = shorts_of([round.id])
    pharmacies: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    committees: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    money: dict[UUID, int] = defaultdict(int)
    for pharmacy, variant, committee, count, fen in rows:
        pharmacies[pharmacy][variant] += count
        committees[shorts[round.id, committee]][variant] += count
        money[pharmacy] += fen
    return pharmacies, money, committees


def _owners(said: Iterable[Said]) -> dict[UUID, tuple[str, str, int]]:
    ids = [one.duty_id for one in said if one.duty_id is not None]
    named = Subquery(Staff.objects.filter(id=OuterRef("staff")).values("name"))
    rows = OneOff.objects.filter(duty__in=ids).values_list("duty_id", "role", named, "duty__due_us")
    return {duty_id: (role, name or "", due_us) for duty_id, role, name, due_us in rows}


def _owed(said: Said, owners: Mapping[UUID, tuple[str, str, int]]) -> Owed:
    role, name, due_us = owners.get(said.duty_id, ("", "", None)) if said.duty_id is not None else ("", "", None)
    return Owed(said, role, name, due_us if said.open else None)


def _plan(round: Round, day: date, outlets: Iterable[Outlet]) -> list[Next]:
    start_us = clock.day_start_us(day)
    calls = Call.objects.filter(
        round=round, status=CallStatus.CALLED, slot_from_us__gte=start_us, slot_from_us__lt=start_us + clock.DAY_US
    )
    pieces: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    homes: dict[UUID, set[UUID]] = defaultdict(set)
    for pharmacy, variant, count, home in calls.values_list(
        "pharmacy_id", "variant__key", "quantity", "registration_id"
    ):
        pieces[pharmacy][variant] += count
        homes[pharmacy].add(home)
    return [
        Next(one.pharmacy.name, len(homes[one.pharmacy_id]), pieces[one.pharmacy_id])
        for one in outlets
        if one.dropped_us is None
    ]
