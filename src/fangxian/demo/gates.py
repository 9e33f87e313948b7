"""Gates in the middle of a morning: set up, with machines, passes in people's hands, and people inside."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from fangxian.demo.street import Street
from fangxian.demo.tree import Ground
from fangxian.gates.actions import check_batch, devices, passes, roster, setup
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.models import Device, DeviceKind, Pass, PassKind, PassStatus, Zone
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.registry.models import Attachment, Relation
from fangxian.rota import actions as rota
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock

EMPLOYERS: Final = 4
MOST_CHECKS: Final = 120
CALIBRATED_DAYS: Final = 90
SHIFTS: Final = ((time(7), time(13)), (time(13), time(19)))


@dataclass(frozen=True, slots=True)
class AtTheGates:
    """What was made; `building` and `compound` are the two places to look at first."""

    gates: int
    devices: int
    passes: int
    checks: int
    building: str
    compound: str


def load(*, street: Street, ground: Ground, by: str, prepared: datetime, now: datetime) -> AtTheGates:
    """Every gate set up; one tower and one compound with machines and passes; this morning's entries of the tower."""
    building, compound = ground[street.buildings[0].code], ground[street.compounds[0].code]
    gates = list(Place.objects.filter(kind=PlaceKind.GATE, closed_on=None).order_by("path"))
    own = {place.id: [gate for gate in gates if gate.parent_id == place.id] for place in (building, compound)}
    doors = _zoned(own[building.id])
    with write_lock():
        for gate in gates:
            # the street begins with guards at two places; the others are switched on as their guards are planned
            watched = gate in own[building.id] or gate in own[compound.id]
            settings = setup.Settings(zones=doors.get(gate, ""), staffed=watched)
            setup.set_up(gate=gate, settings=settings, by=by, now=prepared)
        for gate in (*own[building.id], *own[compound.id]):
            _guards(gate, by, now)
        machines = [_machine(gate, kind, by, prepared) for gate in own[building.id] for kind in _KINDS]
        machines += [_machine(gate, DeviceKind.TABLET, by, prepared) for gate in own[compound.id]]
    employees = _employees(building)
    permits = passes.issue_missing(
        passes=roster.for_households(place_id=compound.id, now=prepared), by=by, now=prepared, polite=False
    )
    checks = _morning(employees, doors, machines, Random(street.seed + 3), now)
    issued = Pass.objects.filter(kind=PassKind.EMPLOYEE).count() + len(permits)
    return AtTheGates(len(gates), len(machines), issued, checks, building.name, compound.name)


_KINDS: Final = (DeviceKind.TABLET, DeviceKind.THERMOMETER)


def _zoned(gates: Sequence[Place]) -> dict[Place, str]:
    """The first door is for everybody; the further ones each for a group of floors."""
    letters = (Zone.BLUE.value, Zone.YELLOW.value, Zone.RED.value)
    return {gate: "" if at == 0 else letters[(at - 1) % len(letters)] for at, gate in enumerate(gates)}


def _guards(gate: Place, by: str, now: datetime) -> None:
    """The shifts of today that are not over, and those of tomorrow."""
    post = rota.open_post(place=gate, by=by, now=now)
    today = clock.local_day(now)
    left = [shift for shift in SHIFTS if clock.at(today, shift[1]) > now]
    for day, shifts in ((today, left), (today + timedelta(days=1), list(SHIFTS))):
        if shifts:
            rota.plan_day(post=post, day=day, times=shifts, by=by, now=now)


def _machine(gate: Place, kind: DeviceKind, by: str, now: datetime) -> Device:
    """Its token is thrown away: whoever sets the machine up gives it a new one."""
    due = clock.local_day(now) + timedelta(days=CALIBRATED_DAYS) if kind is DeviceKind.THERMOMETER else None
    name = f"{gate.name}{'平板' if kind is DeviceKind.TABLET else '测温仪'}"
    return devices.register(kind=kind, gate=gate, name=name, in_charge=None, calibration_due=due, by=by, now=now)[0]


def _employees(building: Place) -> list[Pass]:
    """Passes of the first enterprises from the lobby up, as their ledgers gave them out."""
    rooms = Attachment.objects.filter(
        subtree("place__path", building.path), relation=Relation.TENANT, until__isnull=True
    )
    firms = list(dict.fromkeys(rooms.order_by("place__path").values_list("subject_id", flat=True)))
    rows = Pass.objects.filter(kind=PassKind.EMPLOYEE, place=building, status=PassStatus.LIVE, enterprise_id__in=firms)
    by_firm: dict[UUID | None, list[Pass]] = defaultdict(list)
    for row in rows.order_by("holder", "number"):
        by_firm[row.enterprise_id].append(row)
    return [permit for firm in [one for one in firms if by_firm[one]][:EMPLOYERS] for permit in by_firm[firm]]


def _morning(
    permits: Sequence[Pass], doors: dict[Place, str], machines: Sequence[Device], rng: Random, now: datetime
) -> int:
    """Who came today through the door for everybody; one without a mask, one with a fever."""
    door = next((gate for gate, zones in doors.items() if not zones), None)
    tablet = next((one for one in machines if door and one.gate_id == door.id and one.kind == DeviceKind.TABLET), None)
    if tablet is None:
        return 0
    people = sorted(((_came(permit, rng, now), permit) for permit in permits[:MOST_CHECKS]), key=lambda one: one[0])
    items = [
        CheckIn(
            id=new_id(), at=at, dir="in", token=permit.token, mask=number != 5, identity=True, declared=True,
            temp=37.6 if number == 9 else round(rng.uniform(36.1, 36.9), 1), method="forehead",
        )
        for number, (at, permit) in enumerate(people)
    ]  # fmt: skip
    if not items:
        return 0
    with write_lock():
        check_batch.write_batch(prepare(items, DeviceFacts(tablet.id, tablet.gate_id), now))
    return len(items)


def _came(permit: Pass, rng: Random, now: datetime) -> int:
    """In the arrival slot of the pass, where that is over already; else in the last two hours."""
    now_us, day_us = clock.to_us(now), clock.day_start_us(clock.local_day(now))
    if permit.slot_from is not None and permit.slot_until is not None:
        first, last = (day_us + minutes * clock.MINUTE_US for minutes in (permit.slot_from, permit.slot_until))
        if last < now_us:
            return rng.randrange(first, last)
    return now_us - rng.randrange(clock.MINUTE_US, 2 * clock.HOUR_US)
