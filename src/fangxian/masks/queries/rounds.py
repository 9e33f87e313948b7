"""Reading rounds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from fangxian.duties.models import Duty
from fangxian.masks.models import Call, CallStatus, Outlet, Round, Serving
from fangxian.masks.playbook import CLOSE
from fangxian.masks.rules import RoundFacts
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.shared import clock

SHOWN_AFTER_US: Final = 7 * clock.DAY_US
"""How long a round that is over still is the one that people ask about."""


def facts_of(round: Round) -> RoundFacts:
    """One query for the quotas, unless `variants` was prefetched."""
    quotas = {variant.key: variant.quota for variant in round.variants.all()}
    return RoundFacts(
        round.announced_us, round.cancelled_us, round.register_from_us, round.register_until_us, round.staff_from_us,
        round.sale_from_us, round.sale_until_us, quotas,
    )  # fmt: skip


def current(now: datetime) -> Round | None:
    """The round that residents ask about: the last that was announced and whose sale is not over a week ago.

    One that was cancelled stands, with its reason, until its sale would have ended, unless another is going on.
    """
    return asked_about(at_desk(now), now)


def at_desk(now: datetime) -> list[Round]:
    """Rounds that a committee's desk may still have to do with, the newest first: announced, and their sale not over
    a week ago. The next one is announced while one sells."""
    now_us = clock.to_us(now)
    rows = Round.objects.filter(announced_us__lte=now_us, sale_until_us__gt=now_us - SHOWN_AFTER_US)
    return list(_with_all(rows))


def _with_all(rows: QuerySet[Round]) -> QuerySet[Round]:
    return rows.select_related("street").prefetch_related("variants").order_by("-register_from_us")


def asked_about(newest_first: Iterable[Round], now: datetime) -> Round | None:
    """Of these, the one that `current` means."""
    return _asked_about(newest_first, clock.to_us(now))


def _asked_about(newest_first: Iterable[Round], now_us: int) -> Round | None:
    cancelled = over = None
    for round in newest_first:
        going_on = round.sale_until_us > now_us
        if going_on and round.cancelled_us is None:
            return round
        if going_on:
            cancelled = cancelled or round
        elif round.cancelled_us is None and round.sale_until_us > now_us - SHOWN_AFTER_US:
            over = over or round
    return cancelled or over


@dataclass(frozen=True, slots=True)
class AtCounter:
    """The rounds that a pharmacy has to do with, newest first, and the one that its work is for now."""

    round: Round | None
    rounds: tuple[Round, ...]


def at_counter(pharmacy: Place, now: datetime) -> AtCounter:
    """Numbers still called at the pharmacy, or a day not closed yet, keep a round there, cancelled or not.

    The newest of those goes before the one that residents ask about: the next round is announced while one sells.
    """
    now_us = clock.to_us(now)
    called = Call.objects.filter(round=OuterRef("id"), pharmacy=pharmacy, status=CallStatus.CALLED)
    recent = Q(sale_until_us__gt=now_us - 2 * SHOWN_AFTER_US)
    owing = Duty.objects.filter(
        cohort__key=CLOSE, cohort__instance__endswith=Concat(Value(":"), Cast(OuterRef("number"), CharField())),
        subject=pharmacy.id, last_us__isnull=True, ended_us__isnull=True,
    )  # fmt: skip
    rows = Round.objects.filter(announced_us__lte=now_us, street__path__in=parent_paths(pharmacy.path))
    found = list(_with_all(rows.annotate(busy=Exists(called) | Exists(owing)).filter(recent | Exists(called))))
    busy = [round for round in found if round.__dict__["busy"]]
    asked = _asked_about(found, now_us)
    here = tuple(round for round in found if round in busy or round == asked)
    return AtCounter(busy[0] if busy else asked, here)


def outlets_of(round: Round, *, dropped: bool = False) -> list[Outlet]:
    """Pharmacies in the round, those that dropped out only on request."""
    rows = Outlet.objects.filter(round=round).select_related("pharmacy").order_by("pharmacy__path")
    return [row for row in rows if dropped or row.dropped_us is None]


def pharmacy_of(round: Round) -> dict[UUID, Place]:
    """The pharmacy that serves each committee now."""
    rows = Serving.objects.filter(round=round, until_us__isnull=True).select_related("pharmacy")
    return {row.committee_id: row.pharmacy for row in rows}


def committees_of(round: Round) -> list[Place]:
    where = Place.objects.filter(round.street.subtree, kind=PlaceKind.NEIGHBOURHOOD, closed_on__isnull=True)
    return list(where.order_by("path"))
