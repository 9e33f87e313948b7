"""Who looks after a machine at a gate."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.gates.actions import devices
from fangxian.gates.actions.devices import DeviceError
from fangxian.gates.models import Device, DeviceKind
from tests.support.desk import NOW, at_desk
from tests.support.factories import Street, make_staff
from tests.support.gates import Office, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def manager(office: Office) -> Staff:
    return make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏")


@pytest.fixture
def client(manager: Staff) -> Client:
    return at_desk(manager, language="zh-hans")


@pytest.fixture
def guard(office: Office) -> Staff:
    return make_staff(Role.GATE_GUARD, office.front, "孙立")


def names(html: str) -> list[str]:
    options = html.partition('name="in_charge"')[2].partition("</select>")[0]
    return re.findall(r"<option[^>]*>([^<]*)</option>", options)


def add(client: Client, office: Office, staff: Staff | None, gate: str = "") -> int:
    sent = {"kind": "thermometer", "gate": gate or str(office.front.id), "name": "测温仪"}
    return client.post(reverse("devices:add"), sent | ({"in_charge": str(staff.id)} if staff else {})).status_code


def choose(client: Client, device: Device, staff: Staff | None) -> str:
    sent = {"in_charge": str(staff.id) if staff else ""}
    return client.post(reverse("devices:in-charge", args=[device.id]), sent, follow=True).content.decode()


def test_it_offers_whoever_reaches_the_gate_and_nobody_else(
    street: Street, office: Office, client: Client, guard: Staff
) -> None:
    make_staff(Role.GATE_GUARD, make_office(street, "另一幢楼").building, "周洁")
    make_staff(Role.ENTERPRISE_HR, office.building, "人事")
    gone = make_staff(Role.GATE_GUARD, office.building, "吴刚")
    RoleGrant.objects.filter(staff=gone).update(until=NOW)
    make_staff(Role.VOLUNTEER, street.grids[0], "志愿者")

    found = names(client.get(reverse("devices:device", args=[office.tablet.id])).content.decode())

    assert sorted(found) == sorted(["—", "孙立", "赵敏", "志愿者"])


def test_it_registers_a_device_with_somebody_elses_name(office: Office, client: Client, guard: Staff) -> None:
    assert add(client, office, guard) == 200

    assert Device.objects.get(name="测温仪").in_charge == guard.id
    assert "孙立" in client.get(reverse("devices:list")).content.decode()


def test_it_registers_a_device_without_anybody(office: Office, client: Client) -> None:
    assert add(client, office, None) == 200
    assert Device.objects.get(name="测温仪").in_charge is None


def test_it_refuses_somebody_who_reaches_another_gate_only(office: Office, client: Client, guard: Staff) -> None:
    assert add(client, office, guard, str(office.garage.id)) == 400
    assert not Device.objects.filter(name="测温仪").exists()


def test_it_changes_who_looks_after_a_device(office: Office, client: Client, guard: Staff) -> None:
    assert "负责人已登记" in choose(client, office.tablet, guard)
    assert Device.objects.get(id=office.tablet.id).in_charge == guard.id

    choose(client, office.tablet, None)
    assert Device.objects.get(id=office.tablet.id).in_charge is None


def test_it_changes_nothing_for_somebody_beyond_the_gate(street: Street, office: Office, client: Client) -> None:
    stranger = make_staff(Role.GATE_GUARD, make_office(street, "另一幢楼").building, "周洁")

    assert "未作任何更改" in choose(client, office.tablet, stranger)
    assert Device.objects.get(id=office.tablet.id).in_charge is None
    with pytest.raises(DeviceError):
        devices.set_in_charge(device=office.tablet, staff_id=stranger.id, by="test", now=NOW)
    with pytest.raises(DeviceError):
        devices.register(
            kind=DeviceKind.TABLET, gate=office.front, name="平板", in_charge=stranger.id, calibration_due=None,
            by="test", now=NOW,
        )  # fmt: skip


def test_it_says_when_whoever_looked_after_it_is_gone(office: Office, client: Client, guard: Staff) -> None:
    choose(client, office.tablet, guard)
    RoleGrant.objects.filter(staff=guard).update(until=NOW)

    assert "原负责人已不再负责此门岗" in client.get(reverse("devices:device", args=[office.tablet.id])).content.decode()
