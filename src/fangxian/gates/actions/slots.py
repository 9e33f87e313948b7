"""Arrival slots of enterprises at a building: what a plan says is set here, and gates hold to it within two seconds."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates.models import ArrivalSlot
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

BATCH: Final = 500
DAY_MINUTES: Final = 1_440


class SlotError(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True)
class NewSlot:
    """Minutes of the local day."""

    enterprise_id: UUID
    from_minute: int
    until_minute: int
    closed: bool = False
    """Nobody of it is to come."""


def set_slots(
    *, place: Place, slots: Sequence[NewSlot], from_day: date, until_day: date, source: str, by: str, now: datetime
) -> int:  # fmt: skip
    """`set_many` for one building."""
    return set_many(slots={place.id: slots}, from_day=from_day, until_day=until_day, source=source, by=by, now=now)


@write_lock()
def set_many(
    *, slots: Mapping[UUID, Sequence[NewSlot]], from_day: date, until_day: date, source: str, by: str, now: datetime
) -> int:  # fmt: skip
    """Let the enterprises of these buildings in from their minute on, on these days (both included).

    A building has one plan of arrivals at a time: whatever was set for it on these days ends, also for enterprises that
    are not named now, and goes on before and after them. Returns how many slots hold.
    """
    if until_day < from_day:
        raise SlotError(_("The last day is before the first. Nothing was changed."))
    for one in (slot for mine in slots.values() for slot in mine):
        if not 0 <= one.from_minute < one.until_minute <= DAY_MINUTES:
            raise SlotError(_("An arrival slot must end after it begins, on the same day. Nothing was changed."))
    _only_one_at_a_time(slots)
    now_us = clock.to_us(now)
    kept = _end(slots, from_day, until_day, now_us)
    news = [
        ArrivalSlot(
            place_id=place_id, enterprise_id=one.enterprise_id, from_minute=one.from_minute,
            until_minute=one.until_minute, closed=one.closed, from_day=from_day, until_day=until_day, source=source,
            set_us=now_us,
        )
        for place_id, mine in slots.items() for one in mine
    ]  # fmt: skip
    ArrivalSlot.objects.bulk_create([*kept, *news], batch_size=BATCH)
    audit.record(
        by=by, act="gates.slots.set", now=now, target=source, place=next(iter(slots)) if len(slots) == 1 else "",
        detail={"slots": len(news), "places": len(slots), "from": str(from_day), "until": str(until_day)},
    )  # fmt: skip
    transaction.on_commit(hot.forget)
    return len(news)


@write_lock()
def take_back(*, source: str, by: str, now: datetime) -> int:
    """End what a plan has set: each holder's own slot counts again. Returns how many slots ended."""
    rows = ArrivalSlot.objects.filter(source=source, ended_us__isnull=True)
    places = list(rows.order_by("place_id").values_list("place_id", flat=True).distinct())
    _only_one_at_a_time(places)
    ended = rows.update(ended_us=clock.to_us(now))
    if ended:
        audit.record(by=by, act="gates.slots.ended", now=now, target=source, detail={"slots": ended})
        transaction.on_commit(hot.forget)
    return ended


def _only_one_at_a_time(places: Collection[UUID]) -> None:
    """On PostgreSQL two plans for one building would each miss what the other sets."""
    rows = Place.objects.select_for_update(no_key=True).filter(id__in=places).order_by("id")
    if len(list(rows.values_list("id", flat=True))) != len(places):
        raise SlotError(_("One of the buildings is gone. Nothing was changed."))


def _end(places: Collection[UUID], from_day: date, until_day: date, now_us: int) -> list[ArrivalSlot]:
    """End what holds in these buildings on these days; what it still says of other days is returned, to be stored."""
    rows = ArrivalSlot.objects.filter(
        place_id__in=places, ended_us__isnull=True, from_day__lte=until_day, until_day__gte=from_day
    )
    over = list(rows)
    rows.update(ended_us=now_us)
    return [part for row in over for part in _rest(row, from_day, until_day, now_us)]


def _rest(row: ArrivalSlot, from_day: date, until_day: date, now_us: int) -> Iterator[ArrivalSlot]:
    day = timedelta(days=1)
    for first, last in ((row.from_day, from_day - day), (until_day + day, row.until_day)):
        if first <= last:
            yield ArrivalSlot(
                place_id=row.place_id, enterprise_id=row.enterprise_id, from_minute=row.from_minute,
                until_minute=row.until_minute, closed=row.closed, from_day=first, until_day=last, source=row.source,
                set_us=now_us,
            )  # fmt: skip
