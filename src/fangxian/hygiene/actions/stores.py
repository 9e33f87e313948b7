"""The agent in a working solution came out of some store: booking it, and raising what the store lacked."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty
from fangxian.hygiene.models import Shortage
from fangxian.hygiene.playbook import Agent
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from fangxian.stock import actions as stock
from fangxian.stock.actions import Use
from fangxian.stock.models import Account, Item, Reason, Unit

RESTOCK_WITHIN = timedelta(hours=4)
# Where a store may be that an area is supplied from; the street's own store is drawn on by moving, not by a mop.
_STORE_KINDS = (PlaceKind.COMPOUND, PlaceKind.BLOCK, PlaceKind.BUILDING, PlaceKind.FLOOR, PlaceKind.GRID,
                PlaceKind.NEIGHBOURHOOD)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """A record used so much of an agent at an area."""

    log_id: UUID
    area: Place
    agent: str
    units: int


def stores_near(areas: Sequence[Place]) -> dict[UUID, tuple[Place, ...]]:
    """For each area the places whose store may supply it, nearest first; the grid comes before the neighbourhood."""
    paths = {path for area in areas for path in parent_paths(area.path)[1:]}
    grids = {area.grid_id for area in areas if area.grid_id}
    rows = [
        *Place.objects.filter(path__in=paths, kind__in=_STORE_KINDS),
        *Place.objects.filter(id__in=grids, kind=PlaceKind.GRID),
    ]
    by_path = {row.path: row for row in rows if row.kind != PlaceKind.GRID}
    by_id = {row.id: row for row in rows}
    found: dict[UUID, tuple[Place, ...]] = {}
    for area in areas:
        line = [by_path[path] for path in parent_paths(area.path)[1:] if path in by_path]
        if area.grid_id in by_id:
            top = next((n for n, row in enumerate(line) if row.kind == PlaceKind.NEIGHBOURHOOD), len(line))
            line.insert(top, by_id[area.grid_id])
        found[area.id] = tuple(line)
    return found


@dataclass(frozen=True)
class Supply:
    """Where areas are supplied from, and the goods that agents are booked as. Read before the writer is held."""

    near: dict[UUID, tuple[Place, ...]]
    items: dict[str, UUID]


def supply_of(areas: Sequence[Place], agents: Collection[str]) -> Supply:
    return Supply(stores_near(areas), dict(Item.objects.filter(key__in=agents).values_list("key", "id")))


def draw_for(
    *, needs: Sequence[Need], supply: Supply, agents: Sequence[Agent], by: str, now: datetime
) -> dict[UUID, int]:  # fmt: skip
    """Book what was used, in the caller's transaction: for each record how much the stores could give.

    What they lacked becomes one open duty a store and agent; nothing is refused because the book disagrees.
    """
    near, items = supply.near, supply.items
    uses = [
        Use(items[need.agent], tuple(p.id for p in near[need.area.id]), need.units, f"disinfection:{need.log_id}")
        for need in needs
        if need.units and need.agent in items
    ]
    amounts = stock.draw_what_there_is(uses=uses, reason=Reason.DISINFECTION, by=by, now=now)
    drawn = dict.fromkeys((need.log_id for need in needs), 0)
    booked = [need.log_id for need in needs if need.units and need.agent in items]
    drawn.update(zip(booked, amounts, strict=True))
    short = [need for need in needs if drawn[need.log_id] < need.units]
    if short:
        _raise_shortages(short, drawn, near, {agent.key: agent for agent in agents}, by, now)
    return drawn


def _raise_shortages(
    short: Sequence[Need], drawn: dict[UUID, int], near: dict[UUID, tuple[Place, ...]], agents: dict[str, Agent],
    by: str, now: datetime,
) -> None:  # fmt: skip
    candidates = {place.id for line in near.values() for place in line}
    stores = set(Account.objects.filter(place__in=candidates).values_list("place_id", flat=True))
    missing: dict[tuple[UUID, str], int] = defaultdict(int)
    places: dict[UUID, Place] = {}
    for need in short:
        line = near[need.area.id]
        store = next((p for p in line if p.id in stores), _should_have_one(line) or need.area)
        places[store.id] = store
        missing[(store.id, need.agent)] += need.units - drawn[need.log_id]
    have = {
        (row.place_id, row.agent): row
        for row in Shortage.objects.select_for_update(of=("self",))
        .filter(place__in=places, closed_us__isnull=True)
        .select_related("duty")
    }
    for (place_id, agent), units in sorted(missing.items()):
        row = have.get((place_id, agent))
        if row is not None and _undone(row.duty):
            row.missing_units += units
            row.save(update_fields=["missing_units"])
        else:
            if row is not None:
                row.closed_us = clock.to_us(now)
                row.save(update_fields=["closed_us"])
            _open_shortage(places[place_id], agents.get(agent), agent, units, by, now)


def restocked(*, place: Place, agent: str, by: str, now: datetime) -> bool:
    """An agent arrived at a store: the duty that fetched it is done. Returns whether one was open."""
    with write_lock():
        row = (
            Shortage.objects.select_for_update(of=("self",))
            .filter(place=place, agent=agent, closed_us__isnull=True)
            .select_related("duty")
            .first()
        )
        if row is None:
            return False
        if _undone(row.duty):
            duties.done(duty=row.duty, by=by, now=now, ref=f"shortage:{row.id}")
        row.closed_us = clock.to_us(now)
        row.save(update_fields=["closed_us"])
    return True


def _undone(duty: Duty) -> bool:
    """Also when its time has passed: it is then a gap, and still to be done."""
    return duty.ended_us is None and duty.last_us is None


def _should_have_one(line: Sequence[Place]) -> Place | None:
    """Where a store belongs when there is none yet: in the office building, else at the committee."""
    building = next((place for place in line if place.kind == PlaceKind.BUILDING), None)
    return building or (line[-1] if line else None)


def _open_shortage(place: Place, agent: Agent | None, key: str, units: int, by: str, now: datetime) -> None:
    name = agent.title.say(get_language() or "zh") if agent is not None else key
    unit = str(Unit(agent.base_unit).label) if agent is not None else ""
    office = place.kind in (PlaceKind.BUILDING, PlaceKind.FLOOR)
    duty = duties.give(
        title=_("Bring disinfectant: %(agent)s") % {"agent": name}, place=place, until=now + RESTOCK_WITHIN,
        role=str(Role.PROPERTY_MANAGER if office else Role.COMMITTEE_WORKER), about=None,
        note=_(
            "%(place)s used %(units)d %(unit)s more than its store held in the book. Bring more and book it in, "
            "or count the store."
        ) % {"place": place.name, "units": units, "unit": unit},
        source=f"place:{place.id}", by=by, now=now,
    )  # fmt: skip
    Shortage.objects.create(place=place, agent=key, missing_units=units, duty=duty, opened_us=clock.to_us(now))
