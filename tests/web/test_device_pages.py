"""The register of machines and the gate's desk, at the console."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.gates.actions import devices, parcels, visits
from fangxian.gates.actions.parcels import NewParcel
from fangxian.gates.models import Device, DeviceKind, Parcel, Pass, PassKind, VisitRequest, VisitStatus
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.desk import NOW, at_desk
from tests.support.factories import Street, make_staff, make_street
from tests.support.gates import make_gate

pytestmark = pytest.mark.django_db


@dataclass
class Desk:
    street: Street
    gate: Place
    far: Place
    host: Subject
    door: Place
    client: Client


@pytest.fixture(autouse=True)
def eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    street = make_street()
    gate, far = make_gate(street.compounds[0]), make_gate(street.compounds[1], "东门")
    door = next(door for door in street.dwellings if door.path.startswith(street.compounds[0].path))
    host = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="李家", created_us=clock.to_us(NOW))
    Household.objects.create(subject=host, dwelling=door)
    staff = make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0], "陈书记")
    return Desk(street, gate, far, host, door, at_desk(staff, language="en"))


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def register(gate: Place) -> tuple[Device, str]:
    return devices.register(
        kind=DeviceKind.TURNSTILE, gate=gate, name="闸机", in_charge=None, calibration_due=None, by="test", now=NOW
    )


class TestRegister:
    def test_a_token_is_shown_once(self, desk: Desk) -> None:
        sent = {"kind": "thermometer", "gate": str(desk.gate.id), "name": "测温仪二号", "calibration_due": "2019-12-31"}
        shown = desk.client.post(reverse("devices:add"), sent)
        found = re.search(r"<code>(fxd_[\w-]{43})</code>", text(shown))
        assert found is not None
        assert "<svg" in text(shown)
        assert hot.by_token(found[1]) == Device.objects.get()
        listing = text(desk.client.get(reverse("devices:list")))
        assert "测温仪二号" in listing
        assert "Overdue" in listing
        assert found[1] not in listing + text(
            desk.client.get(reverse("devices:device", args=[Device.objects.get().id]))
        )

    def test_a_gate_beyond_reach_cannot_be_chosen(self, desk: Desk) -> None:
        answer = desk.client.post(
            reverse("devices:add"), {"kind": "turnstile", "gate": str(desk.far.id), "name": "闸机"}
        )
        assert answer.status_code == 400
        assert not Device.objects.exists()

    def test_a_device_beyond_reach_is_not_there(self, desk: Desk) -> None:
        device, token = register(desk.far)
        for name in ("renew", "revoke", "calibrate"):
            assert desk.client.post(reverse(f"devices:{name}", args=[device.id]), {"reason": "x"}).status_code == 404
        assert hot.by_token(token) is not None

    def test_a_lost_device_is_revoked_with_a_reason(self, desk: Desk) -> None:
        device, token = register(desk.gate)
        address = reverse("devices:revoke", args=[device.id])
        assert desk.client.post(address, {"reason": ""}).status_code == 400
        assert hot.by_token(token) is not None
        desk.client.post(address, {"reason": "丢失"})
        assert hot.by_token(token) is None
        assert "丢失" in text(desk.client.get(reverse("devices:device", args=[device.id])))

    def test_a_new_token_replaces_the_old_one(self, desk: Desk) -> None:
        device, token = register(desk.gate)
        shown = text(desk.client.post(reverse("devices:renew", args=[device.id])))
        assert "fxd_" in shown
        assert token not in shown
        assert hot.by_token(token) is None

    def test_calibration_is_written_down(self, desk: Desk) -> None:
        device, _token = register(desk.gate)
        desk.client.post(reverse("devices:calibrate", args=[device.id]), {"due": "2021-02-01"})
        device.refresh_from_db()
        assert str(device.calibration_due) == "2021-02-01"


class TestDesk:
    def send(self, desk: Desk, what: str, **data: object) -> HttpResponse:
        return desk.client.post(reverse(f"visits:{what}", args=[desk.gate.id]), data, follow=True)

    def test_a_guard_with_one_gate_is_at_its_desk_at_once(self, desk: Desk) -> None:
        answer = desk.client.get(reverse("visits:gates"))
        assert (answer.status_code, answer["Location"]) == (302, reverse("visits:desk", args=[desk.gate.id]))

    def test_a_visitor_goes_in_when_the_host_agrees_on_the_phone(self, desk: Desk) -> None:
        found = text(self.send(desk, "find", address=desk.door.name))
        assert str(desk.host.id) in found
        asked = {"address": desk.door.name, "host": str(desk.host.id), "kind": "visitor", "name": "王芳"}
        assert "王芳" in text(self.send(desk, "ask", **asked))
        row = VisitRequest.objects.get()
        answer = desk.client.post(reverse("visits:answer", args=[row.id]), {"agree": "yes"}, follow=True)
        permit = Pass.objects.get()
        assert (permit.kind, permit.gate_id, permit.holder) == (PassKind.VISITOR, desk.gate.id, "王芳")
        assert permit.number in text(answer)
        row.refresh_from_db()
        assert (row.status, row.channel) == (VisitStatus.AGREED, "call")

    def test_a_visitors_phone_is_shown_when_asked_for_and_that_is_recorded(self, desk: Desk) -> None:
        ask = {"gate": desk.gate, "kind": PassKind.VISITOR, "host": desk.host, "by": "test", "now": NOW}
        row = visits.ask(**ask, name="王芳", phone="13912345678")
        without = visits.ask(**ask, name="李雷")
        page = text(desk.client.get(reverse("visits:desk", args=[desk.gate.id])))
        assert "13912345678" not in page
        assert reverse("visits:phone", args=[row.id]) in page
        assert reverse("visits:phone", args=[without.id]) not in page

        assert "13912345678" in text(desk.client.post(reverse("visits:phone", args=[row.id])))
        entry = Entry.objects.get(act="gates.visit.phone")
        assert (entry.target, "13912345678" in str(entry.detail)) == (f"visit:{row.id}", False)
        told = text(desk.client.post(reverse("visits:phone", args=[without.id]), follow=True))
        assert "No telephone number was given" in told

    def test_a_second_answer_changes_nothing_and_says_so(self, desk: Desk) -> None:
        row = visits.ask(gate=desk.gate, kind=PassKind.VISITOR, host=desk.host, name="王芳", by="test", now=NOW)
        address = reverse("visits:answer", args=[row.id])
        desk.client.post(address, {"agree": "no"})
        assert "answered already" in text(desk.client.post(address, {"agree": "yes"}, follow=True))
        assert not Pass.objects.exists()

    def test_an_unknown_address_is_told(self, desk: Desk) -> None:
        assert "Nobody behind this gate is found" in text(self.send(desk, "find", address="99999"))

    def test_a_host_behind_another_gate_is_not_asked(self, desk: Desk) -> None:
        other = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="周家", created_us=clock.to_us(NOW))
        far = next(door for door in desk.street.dwellings if door.path.startswith(desk.street.compounds[1].path))
        Household.objects.create(subject=other, dwelling=far)
        sent = {"address": far.name, "host": str(other.id), "kind": "visitor", "name": "王芳"}
        assert self.send(desk, "ask", **sent).status_code == 400
        assert not VisitRequest.objects.exists()

    def test_a_parcel_is_left_and_collected(self, desk: Desk) -> None:
        shown = self.send(desk, "leave", address=desk.door.name, host=str(desk.host.id), shelf="B-07",
                          company="顺丰", code="6-2-3041")  # fmt: skip
        assert "B-07" in text(shown)
        assert "6-2-3041" in text(shown)
        parcel = Parcel.objects.get()
        address = reverse("visits:collect", args=[parcel.id])
        assert "Say what was compared" in text(desk.client.post(address, follow=True))
        gone = desk.client.post(address, {"compared": "code", "to": "李家小儿子"}, follow=True)
        assert "B-07" not in text(gone)
        parcel.refresh_from_db()
        assert (parcel.taken_us, parcel.compared, parcel.company) == (clock.to_us(NOW), "code", "顺丰")
        assert "handed over before" in text(desk.client.post(address, {"compared": "name"}, follow=True))

    def test_what_belongs_to_another_gate_is_not_there(self, desk: Desk) -> None:
        row = visits.ask(gate=desk.far, kind=PassKind.VISITOR, host=desk.host, name="王芳", by="test", now=NOW)
        parcel = parcels.leave(parcel=NewParcel(new_id(), "A1", household=desk.host), gate=desk.far, by="test", now=NOW)
        assert desk.client.get(reverse("visits:desk", args=[desk.far.id])).status_code == 404
        assert desk.client.post(reverse("visits:answer", args=[row.id]), {"agree": "yes"}).status_code == 404
        assert desk.client.post(reverse("visits:collect", args=[parcel.id])).status_code == 404
