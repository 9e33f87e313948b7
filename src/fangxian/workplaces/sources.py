"""What a plan of the return wave is made from: who is accepted to come back where, by which doors, against which caps.

Read with a fixed number of questions, however many buildings.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q

from fangxian.gates.models import DeviceKind, Direction, GateSetup, Method, Pass, PassKind, PassStatus, Reading
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.workplaces.models import (
    Building,
    Filing,
    FilingStatus,
    Lift,
    PlanStatus,
    Returning,
    StaffState,
    Verdict,
    WaveSlot,
)
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Site
from fangxian.workplaces.wave.whatif import lane_of

USUAL: Final = (510, 540)
"""08:30 to 09:00: when people come who were asked nothing."""
CAMERA_DAYS: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Wish:
    """How many of an enterprise work again in a building, and when they would come if nobody asked otherwise."""

    people: int
    home: int
    ask_from: int
    ask_until: int
    pin: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Doors:
    """A gate's lanes by method. `said`: somebody typed them in; otherwise they are taken from its machines."""

    gate_id: UUID
    name: str
    lanes: Mapping[str, int]
    takes_in: bool
    said: bool


def buildings(within: Place) -> list[Place]:
    """Office buildings in force below a place, or that place itself."""
    rows = Place.objects.filter(subtree("path", within.path), kind=PlaceKind.BUILDING, closed_on__isnull=True)
    return list(rows.order_by("path"))


def sites(
    places: Sequence[Place], day: date, rule: WaveRule, now: datetime, *,
    wished: Mapping[UUID, Mapping[UUID, Wish]] | None = None,
) -> list[Site]:  # fmt: skip
    """The mornings of these buildings on a day, in their order. Raises Unfit where the plan in force says nothing of
    how long a check takes by a method that a gate uses. `wished`: where the caller has them already."""
    ids = [place.id for place in places]
    wished, doors = wishes(ids, day) if wished is None else wished, doors_of(ids, now)
    caps = {row.place_id: row for row in Building.objects.filter(place_id__in=ids)}
    lifts = _lifts(ids)
    return [
        _site(place, wished.get(place.id, {}), doors.get(place.id, []), caps.get(place.id), lifts.get(place.id), rule)
        for place in places
    ]


def _site(
    place: Place, wished: Mapping[UUID, Wish], doors: Sequence[Doors], caps: Building | None,
    rides: float | None, rule: WaveRule,
) -> Site:  # fmt: skip
    return Site(
        key=place.id.hex,
        gates=tuple(Gate(door.gate_id.hex, lanes_of(door, rule)) for door in doors),
        lobby_per_slot=None if rides is None else rides * rule.slot_minutes,
        lobby_cap=caps.lobby_cap if caps else None,
        people_cap=caps.people_cap if caps else None,
        firm_cap=caps.firm_cap if caps else None,
        firms=tuple(firm_of(key, wish) for key, wish in sorted(wished.items())),
    )


def firm_of(key: UUID, wish: Wish) -> Firm:
    window = wish.pin or (wish.ask_from, wish.ask_until)
    return Firm(key.hex, wish.people, wish.home, *window, pinned=wish.pin is not None)


def lanes_of(door: Doors, rule: WaveRule) -> tuple[Lane, ...]:
    """Raises Unfit."""
    if not door.takes_in:
        return ()
    return tuple(lane_of(rule, method) for method, count in sorted(door.lanes.items()) for _ in range(count))


# ---- who comes ----------------------------------------------------------------------------------------------------


def wishes(place_ids: Collection[UUID], day: date) -> dict[UUID, dict[UUID, Wish]]:
    """By building and enterprise. Whoever has an accepted filing that has begun, and people who may work that day.

    An enterprise that was found to be one with another counts with it.
    """
    filings = list(
        Filing.objects.filter(place_id__in=place_ids, status=FilingStatus.ACCEPTED)
        .exclude(start_on__gt=day)
        .select_related("enterprise")
    )
    working, merged = _people(place_ids, day)
    merged |= {row.enterprise_id: row.enterprise.merged_into_id for row in filings if row.enterprise.merged_into_id}
    tops = _tops(merged)
    people = _of_tops(working, tops)
    unasked = any(_asked(row) is None for row in filings)
    usual, pins = _usual(place_ids) if unasked else {}, _pins(place_ids, day)
    found: dict[UUID, dict[UUID, Wish]] = defaultdict(dict)
    for row in filings:
        top = tops.get(row.enterprise_id, row.enterprise_id)
        count, home = people.get((row.place_id, top), (0, 0))
        if not count:
            continue
        asked = _asked(row) or usual.get((row.place_id, top), USUAL)
        home = min(count, max(home, math.ceil(count * row.ask_home / 100)))
        found[row.place_id][top] = Wish(count, home, *asked, pins.get((row.place_id, top)))
    return dict(found)


def _asked(row: Filing) -> tuple[int, int] | None:
    if row.ask_from is None or row.ask_until is None or row.ask_until <= row.ask_from:
        return None
    return row.ask_from, row.ask_until


def _people(
    place_ids: Collection[UUID], day: date
) -> tuple[dict[tuple[UUID, UUID], tuple[int, int]], dict[UUID, UUID]]:
    """By building and enterprise: who may work on that day, and how many of them work from home. And which of these
    enterprises were merged into which."""
    may = Q(verdict=Verdict.NOW) | Q(verdict=Verdict.LATER, verdict_until__lte=day)
    rows = (
        Returning.objects.filter(may, place_id__in=place_ids, until_us__isnull=True, state=StaffState.ACTIVE)
        .values_list("place_id", "enterprise_id", "enterprise__merged_into_id")
        .annotate(n=Count("person_id", distinct=True), home=Count("id", filter=Q(home_office=True)))
        .order_by()
    )
    found, merged = dict[tuple[UUID, UUID], tuple[int, int]](), dict[UUID, UUID]()
    for place, enterprise, top, count, home in rows:
        found[place, enterprise] = (count, home)
        if top is not None:
            merged[enterprise] = top
    return found, merged


def _of_tops(
    people: Mapping[tuple[UUID, UUID], tuple[int, int]], tops: Mapping[UUID, UUID]
) -> dict[tuple[UUID, UUID], tuple[int, int]]:  # fmt: skip
    found: dict[tuple[UUID, UUID], tuple[int, int]] = {}
    for (place, enterprise), (count, home) in people.items():
        key = (place, tops.get(enterprise, enterprise))
        before = found.get(key, (0, 0))
        found[key] = (before[0] + count, before[1] + home)
    return found


def _tops(merged: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """`merged`: which enterprise was merged into which; found is that which stands for it now."""
    found = dict(merged)
    further = _merged(set(found.values())) if found else {}
    while further:
        found = {key: further.get(top, top) for key, top in found.items()}
        further = _merged(set(found.values()))
    return found


def _merged(ids: Collection[UUID]) -> dict[UUID, UUID]:
    return dict(Subject.objects.filter(id__in=ids, merged_into__isnull=False).values_list("id", "merged_into_id"))


def _usual(place_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], tuple[int, int]]:
    """The slot on most of an enterprise's passes: what its people keep to while no plan says otherwise."""
    rows = (
        Pass.objects.filter(
            place_id__in=place_ids, kind=PassKind.EMPLOYEE, status=PassStatus.LIVE, slot_from__isnull=False,
            enterprise_id__isnull=False,
        )
        .values_list("place_id", "enterprise_id", "slot_from", "slot_until")
        .annotate(n=Count("id"))
        .order_by()
    )  # fmt: skip
    counts: dict[tuple[UUID, UUID], Counter[tuple[int, int]]] = defaultdict(Counter)
    for place, enterprise, start, end, count in rows:
        if enterprise is not None and start is not None and end is not None:
            counts[place, enterprise][start, end] += count
    return {key: min(found, key=lambda slot: (-found[slot], slot)) for key, found in counts.items()}


def _pins(place_ids: Collection[UUID], day: date) -> dict[tuple[UUID, UUID], tuple[int, int]]:
    """Windows that an enterprise was promised, in the last plan that was published and speaks of it."""
    shown = (PlanStatus.PUBLISHED, PlanStatus.REPLACED)
    rows = WaveSlot.objects.filter(place_id__in=place_ids, plan__status__in=shown, plan__day__gte=day - CAMERA_DAYS)
    last: dict[tuple[UUID, UUID], tuple[int, int] | None] = {}
    for place, firm, pinned, start, end in rows.order_by("plan__published_us", "id").values_list(
        "place_id", "enterprise_id", "pinned", "pin_from", "pin_until"
    ):
        last[place, firm] = (start, end) if pinned and start is not None and end is not None else None
    return {key: window for key, window in last.items() if window is not None}


# ---- by which doors -------------------------------------------------------------------------------------------------


def doors_of(place_ids: Collection[UUID], now: datetime) -> dict[UUID, list[Doors]]:
    """The gates of buildings by name, without the counters inside others. One that is closed, or only lets out, takes
    nobody in."""
    live = Q(devices__revoked_us__isnull=True)
    measured = Reading.objects.filter(
        gate_id=OuterRef("pk"), method=Method.CAMERA, at_us__gt=clock.to_us(now - CAMERA_DAYS)
    )
    rows = (
        Place.objects.filter(parent_id__in=place_ids, kind=PlaceKind.GATE, closed_on__isnull=True)
        .exclude(gate_setup__inner_of__isnull=False)
        .select_related("gate_setup")
        .annotate(
            tablets=Count("devices", filter=live & Q(devices__kind=DeviceKind.TABLET)),
            turnstiles=Count("devices", filter=live & Q(devices__kind=DeviceKind.TURNSTILE)),
            has_camera=Exists(measured),
            # a gate has a row for each kind of lane; devices are counted in each of them
            lane=F("lanes__method"), lane_count=F("lanes__count"),
        )
        .order_by("path")
    )  # fmt: skip
    said: dict[UUID, dict[str, int]] = defaultdict(dict)
    gates = {row.id: row for row in rows}
    for row in rows:
        if row.lane is not None:
            said[row.id][row.lane] = row.lane_count
    found: dict[UUID, list[Doors]] = defaultdict(list)
    for gate in gates.values():
        setup: GateSetup | None = getattr(gate, "gate_setup", None)
        lanes = said.get(gate.id) or _guessed(setup, gate.tablets, gate.turnstiles, has_camera=gate.has_camera)
        takes_in = setup is None or (setup.is_open and setup.direction != Direction.OUT)
        assert gate.parent_id is not None
        found[gate.parent_id].append(Doors(gate.id, gate.name, lanes, takes_in, gate.id in said))
    return dict(found)


def _guessed(setup: GateSetup | None, tablets: int, turnstiles: int, *, has_camera: bool) -> dict[str, int]:
    """A thermal camera goes before a turnstile, and that before a guard with a thermometer; each tablet is a guard."""
    if has_camera:
        return {"thermal": 1}
    if turnstiles or (setup is not None and setup.has_turnstile):
        return {"turnstile": max(1, turnstiles)}
    return {"handheld": max(1, tablets)}


def _lifts(place_ids: Collection[UUID]) -> dict[UUID, float]:
    """How many people the lifts of a building take up in a minute. A building without lifts on record is left out."""
    found: dict[UUID, float] = {}
    for row in Lift.objects.filter(place_id__in=place_ids):
        rides = row.cap * 60 / row.round_trip_seconds if row.is_open else 0.0
        found[row.place_id] = found.get(row.place_id, 0.0) + rides
    return found
