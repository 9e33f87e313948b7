"""An office building with two gates, people with passes, and checks as a device sends them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fangxian.gates.actions import passes
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.checks import DeviceFacts
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.models import Device, DeviceKind, Pass, PassKind
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.factories import MORNING, Street, make_person


@dataclass
class Office:
    building: Place
    front: Place
    garage: Place
    tablet: Device

    @property
    def device(self) -> DeviceFacts:
        return DeviceFacts(self.tablet.id, self.front.id)


def make_office(street: Street, name: str = "虹桥大厦", now: datetime = MORNING) -> Office:
    building = NewPlace(PlaceKind.BUILDING, name, street.neighbourhoods[0].id, grid=street.grids[0].id)
    front = NewPlace(PlaceKind.GATE, "正门", building.id)
    garage = NewPlace(PlaceKind.GATE, "地库口", building.id)
    rows = {place.id: place for place in places.add(places=[building, front, garage], by="test", now=now)}
    tablet = make_device(rows[front.id], now=now)
    return Office(rows[building.id], rows[front.id], rows[garage.id], tablet)


def make_device(gate: Place, kind: DeviceKind = DeviceKind.TABLET, now: datetime = MORNING) -> Device:
    return Device.objects.create(kind=kind, gate=gate, name="平板一号", enrolled_us=clock.to_us(now))


def make_gate(compound: Place, name: str = "大门", now: datetime = MORNING) -> Place:
    return places.add(places=[NewPlace(PlaceKind.GATE, name, compound.id)], by="test", now=now)[0]


def make_enterprise(name: str = "银杏贸易有限公司", now: datetime = MORNING) -> Subject:
    return Subject.objects.create(kind=SubjectKind.ENTERPRISE, label=name, created_us=clock.to_us(now))


def employee_pass(place: Place, home: Place, name: str = "李雷", *, now: datetime = MORNING, **changes: object) -> Pass:
    subject = changes.pop("subject_id", None) or make_person(name, home, now=now).pk
    values: dict[str, Any] = {
        "kind": PassKind.EMPLOYEE, "subject_id": subject, "place_id": place.id, "holder": name,
        "company": "银杏贸易有限公司", "from_us": clock.to_us(now) - clock.HOUR_US,
        "until_us": clock.to_us(now + timedelta(days=30)),
    } | changes  # fmt: skip
    return passes.issue(passes=[NewPass(**values)], by="test", now=now)[0]


def resident_permit(compound: Place, door: Place, *, now: datetime = MORNING, **changes: object) -> Pass:
    subject = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="李家", created_us=clock.to_us(now))
    Household.objects.create(subject=subject, dwelling=door)
    return employee_pass(
        compound, door, "李家", now=now, kind=PassKind.RESIDENT, subject_id=subject.id, company="", **changes
    )


def check(permit: Pass | None = None, at: datetime = MORNING, **changes: object) -> CheckIn:
    """A check with which nothing is wrong: mask, 36.5 °C, the right person, a declaration."""
    values: dict[str, Any] = {
        "id": new_id(), "at": clock.to_us(at), "dir": "in", "token": permit.token if permit else None, "mask": True,
        "temp": 36.5, "method": "forehead", "identity": True, "declared": True,
    } | changes  # fmt: skip
    return CheckIn(**values)


def leaving(permit: Pass | None = None, at: datetime = MORNING, **changes: object) -> CheckIn:
    return check(permit, at, dir="out", mask=None, temp=None, method="", identity=None, declared=None, **changes)


def hex_of(value: UUID | None) -> str:
    return value.hex if value else ""
