"""Arrival slots as people read them: a holder's own, and who comes now."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fangxian.gates.models import ArrivalSlot, Pass, PassKind
from fangxian.shared import clock


@dataclass(frozen=True, slots=True)
class Slot:
    """Between two minutes of the local day. `day`: for that day alone; `closed`: then not at all."""

    from_minute: int
    until_minute: int
    day: date | None = None
    closed: bool = False


def slot_of(permit: Pass, now: datetime) -> Slot | None:
    """When the holder of a pass is to arrive next: by the plan of today or of the days that follow, or else by the slot
    on the pass."""
    return slots_of([permit], now).get(permit.id)


def slots_of(permits: Sequence[Pass], now: datetime) -> dict[UUID, Slot]:
    """By pass, in one question. A plan's window that is over for today counts until the day ends."""
    today = clock.local_day(now)
    firms = {one.enterprise_id for one in permits if one.kind == PassKind.EMPLOYEE and one.enterprise_id is not None}
    planned = _planned(firms, {one.place_id for one in permits}, today) if firms else {}
    found: dict[UUID, Slot] = {}
    for one in permits:
        row = planned.get((one.place_id, one.enterprise_id)) if one.kind == PassKind.EMPLOYEE else None
        if row is not None:
            found[one.id] = Slot(row.from_minute, row.until_minute, max(row.from_day, today), row.closed)
        elif (own := own_slot(one)) is not None:
            found[one.id] = own
    return found


def own_slot(permit: Pass) -> Slot | None:
    """The slot on the pass itself."""
    if permit.slot_from is None or permit.slot_until is None:
        return None
    return Slot(permit.slot_from, permit.slot_until)


def _planned(
    firms: Collection[UUID], places: Collection[UUID], today: date
) -> Mapping[tuple[UUID, UUID | None], ArrivalSlot]:
    """The first window that is still to come, for each building and enterprise."""
    rows = ArrivalSlot.objects.filter(
        enterprise_id__in=firms, place_id__in=places, ended_us__isnull=True, until_day__gte=today
    )
    return {(row.place_id, row.enterprise_id): row for row in rows.order_by("-from_day")}


@dataclass(frozen=True, slots=True)
class Coming:
    """An enterprise whose people are expected at a building, or of which nobody is (`closed`), on one day."""

    enterprise_id: UUID
    name: str
    from_minute: int
    until_minute: int
    closed: bool = False


def of_day(place_ids: Collection[UUID], now: datetime) -> dict[UUID, list[Coming]]:
    """By building: the windows of today, in their order."""
    today = clock.local_day(now)
    rows = ArrivalSlot.objects.filter(
        place_id__in=place_ids, ended_us__isnull=True, from_day__lte=today, until_day__gte=today
    )
    found: dict[UUID, list[Coming]] = defaultdict(list)
    fields = ("place_id", "enterprise_id", "enterprise__label", "from_minute", "until_minute", "closed")
    for place_id, firm, name, start, end, closed in rows.order_by("from_minute", "enterprise__label").values_list(
        *fields
    ):
        found[place_id].append(Coming(firm, name, start, end, closed))
    return dict(found)


def coming(windows: Sequence[Coming], now: datetime, *, ahead_minutes: int = 15) -> tuple[Coming, ...]:
    """Of the windows of a day: those that are open now or open within some minutes."""
    moment = clock.local(now)
    minute = moment.hour * 60 + moment.minute
    return tuple(
        one
        for one in windows
        if not one.closed and one.from_minute < minute + ahead_minutes and one.until_minute > minute
    )
