"""One registration as its resident asks about it: what was called for it, and how long it still waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.masks import rules
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Policy, Registration, Round, Yield
from fangxian.masks.queries.public import in_turn, rates_of
from fangxian.places.models import Place
from fangxian.shared import clock

DAYS_NAMED = 3


@dataclass(frozen=True)
class MyCall:
    """One variant of a called number. `open` while it may still be collected."""

    title: Mapping[str, str]
    quantity: int
    pharmacy: Place
    slot_from_us: int
    slot_until_us: int
    deadline_us: int
    status: str
    call_id: UUID

    @property
    def open(self) -> bool:
        return self.status == CallStatus.CALLED


def calls_of(row: Registration) -> list[MyCall]:
    """What was called for it, moved and void ones left out; newest first."""
    rows = Call.objects.filter(registration=row).exclude(status__in=(CallStatus.MOVED, CallStatus.VOID))
    return [
        MyCall(
            call.variant.title, call.quantity, call.pharmacy, call.slot_from_us, call.slot_until_us, call.deadline_us,
            call.status, call.id,
        )
        for call in rows.select_related("variant", "pharmacy").order_by("-slot_from_us", "variant_id")
    ]  # fmt: skip


def ahead_of(row: Registration) -> int:
    """Numbers of the committee that wait for their first call and come before this one, by the places they hold.

    Under a lottery there is no such order.
    """
    if row.round.policy == Policy.LOTTERY:
        return 0
    place, swapped = row.seq, _swapped(row)
    for giver, taker in swapped:
        if row.id in (giver.id, taker.id):
            place = taker.seq if row.id == giver.id else giver.seq
    ahead = _waiting(row).filter(seq__lt=place).exclude(id=row.id).count()
    waits = set(_waiting(row).filter(id__in=[one.id for pair in swapped for one in pair]).values_list("id", flat=True))
    for giver, taker in swapped:
        for one, holds in ((giver, taker.seq), (taker, giver.seq)):
            if one.id in waits and one.id != row.id:
                ahead += (holds < place) - (one.seq < place)
    return ahead


def _waiting(row: Registration) -> QuerySet[Registration]:
    served = Call.objects.filter(round_id=row.round_id, status__in=(*ACTIVE_CALLS, CallStatus.LAPSED))
    mine = Registration.objects.filter(round_id=row.round_id, committee_id=row.committee_id, withdrawn_us__isnull=True)
    return mine.exclude(id__in=served.values("registration_id"))


def _swapped(row: Registration) -> list[tuple[Registration, Registration]]:
    """Pairs of the committee that hold each other's place since a night's calls."""
    rows = Yield.objects.filter(
        Q(taken_by__isnull=False), registration__round_id=row.round_id, registration__committee_id=row.committee_id
    ).select_related("registration", "taken_by")
    return [(one.registration, one.taken_by) for one in rows if one.taken_by is not None]


def expected(row: Registration, ahead: int) -> tuple[int, int] | None:
    """In how many days of sale it is called, at the earliest and at the latest; None where nothing can be said."""
    if not in_turn(row.round):
        return None
    return rules.expected_days(ahead, rates_of(row.round).get(row.committee_id, ()))


def days_for(row: Registration, now: datetime) -> tuple[date, ...]:
    """The next days of sale on which the policy lets this number be called; nothing where it may be any day."""
    round = row.round
    if round.policy not in (Policy.ODD_EVEN, Policy.BIRTH_YEAR):
        return ()
    digit, year = (row.digit, None) if round.policy == Policy.ODD_EVEN else (None, row.birth_year)
    if digit is None and year is None:
        return ()
    first, last = _sale_days(round)
    day = max(first, clock.local_day(now) + timedelta(days=1))
    found: list[date] = []
    while day <= last and len(found) < DAYS_NAMED:
        if rules.eligible_on(round.policy, digit=digit, birth_year=year, day=day):
            found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def _sale_days(round: Round) -> tuple[date, date]:
    return clock.local_day(clock.from_us(round.sale_from_us)), clock.local_day(clock.from_us(round.sale_until_us - 1))
