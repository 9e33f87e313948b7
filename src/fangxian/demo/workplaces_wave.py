"""The next morning at the doors: lanes, a plan that is worked out and published, one enterprise that objects."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from fangxian.demo.morning import Timeline
from fangxian.demo.workplaces_buildings import Office
from fangxian.places.models import Place, PlaceKind
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions import waves
from fangxian.workplaces.models import PlanStatus, WavePlan, WaveSlot

PER_LANE: Final = 400
MOST_LANES: Final = 3
OBJECTION: Final = "我司九点有客户电话会议，请求提前半小时进楼。"


def set_lanes(*, offices: Sequence[Office], by: str, when: Timeline) -> None:
    """A desk with the form for so many people at the front door, one at each further door; the first tower has a
    turnstile, as has the one whose account tells of it."""
    doors: dict[object, list[Place]] = {}
    for gate in Place.objects.filter(kind=PlaceKind.GATE, parent__in=[one.place for one in offices]).order_by("path"):
        doors.setdefault(gate.parent_id, []).append(gate)
    with write_lock():
        for at, office in enumerate(offices):
            for number, gate in enumerate(doors.get(office.place.id, [])):
                lanes = {"form": 1}
                if not number:
                    count = min(MOST_LANES, 1 + office.facts.people // PER_LANE)
                    new = not at or office.place.name.startswith("东银")
                    lanes = {"turnstile": 1, "handheld": 1} if new else {"form": count}
                waves.set_lanes(gate=gate, lanes=lanes, by=by, now=when.begin)


def plan(*, street: Place, offices: Sequence[Office], by: str, when: Timeline) -> WavePlan | None:
    """Asked for, worked out as the worker does, published. None where nobody comes."""
    set_lanes(offices=offices, by=by, when=when)
    day = when.today + timedelta(days=1)
    asked = waves.ask(place=street, day=day, what_if=(), by=by, now=when.end)
    waves.work_next(now=when.end)
    row = WavePlan.objects.get(id=asked.id)
    if row.status != PlanStatus.DRAFT:
        return None
    waves.publish(plan=row, by=by, now=when.end)
    moved = WaveSlot.objects.filter(plan=row, resumes=True).order_by("id")
    slot = next((one for one in moved if one.from_minute > one.ask_from), None)
    if slot is not None:
        waves.object(slot=slot, text=OBJECTION, by=f"hr:{slot.enterprise_id.hex}"[:40], now=when.end)
    row.refresh_from_db()
    return row
