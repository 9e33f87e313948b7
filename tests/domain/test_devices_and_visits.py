"""The register of machines at gates; visitors and couriers who are asked for."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from fangxian.accounts.access import Reach
from fangxian.audit.models import Entry
from fangxian.gates.actions import devices, keys, visits
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.actions.devices import DeviceError
from fangxian.gates.actions.purge import purge
from fangxian.gates.actions.setup import Settings, set_up
from fangxian.gates.actions.visits import VisitError
from fangxian.gates.models import Device, DeviceKind, GateSetup, Outcome, Pass, PassKind, VisitRequest, VisitStatus
from fangxian.gates.plan import InForce
from fangxian.gates.playbook import GatesSection
from fangxian.gates.queries import devices as register
from fangxian.gates.queries import hot
from fangxian.gates.queries import visits as desk
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, Household, Relation, Subject, SubjectKind
from fangxian.shared import clock, crypto
from fangxian.shared.text import name_key
from tests.support.factories import MORNING, Street
from tests.support.gates import check, employee_pass, make_device, make_enterprise, make_gate, make_office

pytestmark = pytest.mark.django_db
LATER = MORNING + timedelta(minutes=5)
Captured = Callable[..., AbstractContextManager[list[Callable[[], object]]]]


@pytest.fixture
def gate(street: Street) -> Place:
    return make_gate(street.compounds[0])


@pytest.fixture
def host(street: Street, gate: Place) -> Subject:
    door = next(door for door in street.dwellings if door.path.startswith(street.compounds[0].path))
    subject = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="李家", created_us=clock.to_us(MORNING))
    Household.objects.create(subject=subject, dwelling=door)
    return subject


def reach(street: Street) -> Reach:
    return Reach(paths=(street.street.path,))


def thermometer(gate: Place, **changes: object) -> tuple[Device, str]:
    values: dict[str, object] = {"in_charge": None, "calibration_due": None, "name": "测温仪"} | changes
    return devices.register(kind=DeviceKind.THERMOMETER, gate=gate, by="test", now=MORNING, **values)  # type: ignore[arg-type]  # a shorthand of tests


def make_tenant(building: Place) -> Subject:
    """A company with a room on the twelfth floor."""
    firm = make_enterprise()
    Enterprise.objects.create(subject=firm, name=firm.label, name_key=name_key(firm.label))
    (floor,) = places.add(places=[NewPlace(PlaceKind.FLOOR, "12层", building.id)], by="test", now=MORNING)
    (room,) = places.add(places=[NewPlace(PlaceKind.UNIT, "1201", floor.id)], by="test", now=MORNING)
    Attachment.objects.create(subject=firm, relation=Relation.TENANT, place=room, since=clock.local_day(MORNING))
    return firm


def asked(gate: Place, host: Subject, kind: PassKind = PassKind.VISITOR, name: str = "王芳") -> VisitRequest:
    return visits.ask(gate=gate, kind=kind, host=host, name=name, phone="13912345678", by="test", now=MORNING)


class TestDevices:
    def test_only_the_digest_of_a_token_is_kept(self, gate: Place) -> None:
        device, token = thermometer(gate)
        assert hot.by_token(token) == device
        assert bytes(Device.objects.get().digest or b"") == crypto.digest(token)
        assert hot.by_token(token + "x") is None

    def test_a_renewed_token_ends_the_old_one(self, gate: Place) -> None:
        device, old = thermometer(gate)
        token = devices.renew_token(device=device, by="test", now=LATER)
        assert (hot.by_token(old), hot.by_token(token)) == (None, device)

    def test_a_revoked_device_is_known_no_more_and_gets_no_token(self, gate: Place) -> None:
        device, token = thermometer(gate)
        with pytest.raises(DeviceError):
            devices.revoke(device=device, reason=" ", by="test", now=LATER)
        assert hot.by_token(token) is not None
        devices.revoke(device=device, reason="丢失", by="test", now=LATER)
        assert hot.by_token(token) is None
        device.refresh_from_db()
        with pytest.raises(DeviceError):
            devices.renew_token(device=device, by="test", now=LATER)

    def test_what_was_read_before_the_commit_is_not_kept_after_it(
        self, gate: Place, django_capture_on_commit_callbacks: Captured
    ) -> None:
        device, token = thermometer(gate)
        kid, now_us = keys.ensure_key(by="test", now=MORNING).kid, clock.to_us(LATER)
        hot.forget()
        with django_capture_on_commit_callbacks(execute=True):
            devices.revoke(device=device, reason="丢失", by="test", now=LATER)
            # another thread reads before the commit what was true before it
            hot._devices._found[token] = (now_us, device)
        assert hot.device_of(token, now_us) is None

        assert hot.gate_row(gate.id, now_us).facts.is_open
        with django_capture_on_commit_callbacks(execute=True):
            set_up(gate=gate, settings=Settings(is_open=False), by="test", now=LATER)
        assert not hot.gate_row(gate.id, now_us).facts.is_open

        assert set(hot.trusted_keys(now_us).keys) == {kid}
        with django_capture_on_commit_callbacks(execute=True):
            new = keys.rotate_key(by="test", now=LATER)
        assert set(hot.trusted_keys(now_us).keys) == {kid, new.kid}
        with django_capture_on_commit_callbacks(execute=True):
            keys.distrust_key(key=new, reason="泄露", by="test", now=LATER)
        assert set(hot.trusted_keys(now_us).keys) == {kid}

    @pytest.mark.parametrize(("days", "state"), [(-1, "overdue"), (0, "soon"), (14, "soon"), (15, "good")])
    def test_the_register_tells_when_calibration_is_due(
        self, street: Street, gate: Place, days: int, state: str
    ) -> None:
        thermometer(gate, calibration_due=clock.local_day(MORNING) + timedelta(days=days))
        (line,) = register.register_of(reach(street), MORNING)
        assert line.calibration == state

    def test_the_register_ends_at_ones_reach(self, street: Street, gate: Place) -> None:
        thermometer(gate)
        elsewhere = Reach(paths=(street.neighbourhoods[1].path,))
        assert register.register_of(elsewhere, MORNING) == []
        assert len(register.register_of(reach(street), MORNING)) == 1

    def test_calibration_is_written_down(self, gate: Place) -> None:
        device, _token = thermometer(gate)
        day = clock.local_day(MORNING) + timedelta(days=365)
        devices.set_calibration(device=device, due=day, by="test", now=LATER)
        assert Device.objects.get().calibration_due == day
        assert Entry.objects.filter(act="gates.device.calibrated").count() == 1


class TestVisits:
    def test_a_host_who_agrees_gives_a_pass_for_one_gate_and_some_hours(self, gate: Place, host: Subject) -> None:
        row = visits.answer(request=asked(gate, host), agree=True, channel="link", by="host", now=LATER)
        permit = Pass.objects.get()
        assert (row.status, row.granted_id, row.channel) == (VisitStatus.AGREED, permit.id, "link")
        assert (permit.kind, permit.gate_id, permit.host_id, permit.holder) == ("visitor", gate.id, host.id, "王芳")
        assert permit.until_us - permit.from_us == GatesSection().visitor_hours * clock.HOUR_US
        assert not permit.once

    def test_a_couriers_pass_is_for_one_entry(self, gate: Place, host: Subject) -> None:
        visits.answer(request=asked(gate, host, PassKind.COURIER), agree=True, channel="call", by="test", now=LATER)
        assert Pass.objects.get().once

    def test_no_is_an_answer_without_a_pass(self, gate: Place, host: Subject) -> None:
        row = visits.answer(request=asked(gate, host), agree=False, channel="call", by="test", now=LATER)
        assert (row.status, row.granted_id, Pass.objects.count()) == (VisitStatus.DECLINED, None, 0)

    def test_the_first_answer_stands(self, gate: Place, host: Subject) -> None:
        request = asked(gate, host)
        visits.answer(request=request, agree=True, channel="link", by="host", now=LATER)
        with pytest.raises(VisitError):
            visits.answer(request=request, agree=True, channel="call", by="test", now=LATER)
        assert Pass.objects.count() == 1

    def test_a_question_lapses(self, gate: Place, host: Subject) -> None:
        request = asked(gate, host)
        late = MORNING + timedelta(minutes=visits.ANSWER_MINUTES)
        with pytest.raises(VisitError):
            visits.answer(request=request, agree=True, channel="link", by="host", now=late)
        assert visits.lapse(now=late - timedelta(seconds=1)) == 0
        assert visits.lapse(now=late) == 1
        assert (VisitRequest.objects.get().status, Pass.objects.count()) == (VisitStatus.LAPSED, 0)

    def test_nobody_is_asked_who_is_no_host(self, gate: Place, host: Subject) -> None:
        plate = Subject.objects.create(kind=SubjectKind.VEHICLE, label="沪A12345", created_us=clock.to_us(MORNING))
        for wrong in ({"host": plate}, {"host": host, "name": " "}, {"host": host, "kind": PassKind.EMPLOYEE}):
            with pytest.raises(VisitError):
                asked(gate, **wrong)
        assert not VisitRequest.objects.exists()

    def test_the_phone_is_sealed_and_the_audit_names_nobody(self, gate: Place, host: Subject) -> None:
        row = asked(gate, host)
        row.refresh_from_db()
        assert crypto.unseal(bytes(row.phone_sealed or b""), visits.phone_aad(row)) == "13912345678"
        visits.answer(request=row, agree=True, channel="link", by="host", now=LATER)
        told = str(list(Entry.objects.values_list("act", "target", "detail")))
        assert "王芳" not in told
        assert row.secret not in told

    def test_a_visitors_name_is_forgotten_with_the_log(
        self, gate: Place, host: Subject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("fangxian.gates.actions.purge.plan_at", lambda _now: InForce(None, GatesSection(), 30))
        visits.answer(request=asked(gate, host), agree=True, channel="link", by="host", now=LATER)
        permit, door = Pass.objects.get(), Household.objects.get().dwelling
        worker = employee_pass(gate, door, until_us=permit.until_us)
        purge(now=clock.from_us(permit.until_us) + timedelta(days=30))
        permit.refresh_from_db()
        assert permit.holder == "王芳"

        past = clock.from_us(permit.until_us) + timedelta(days=30, seconds=1)
        while purge(now=past):
            pass
        permit.refresh_from_db()
        worker.refresh_from_db()
        assert (permit.holder, permit.token) == ("–", "")
        assert worker.holder == "李雷"
        assert not VisitRequest.objects.exists()
        assert Entry.objects.get(act="gates.visitors.forgotten").detail == {"passes": 1}

    def test_the_desk_sees_who_waits_within_reach(self, street: Street, gate: Place, host: Subject) -> None:
        row = asked(gate, host)
        assert desk.waiting(reach(street), LATER) == [row]
        assert desk.waiting(Reach(paths=(street.neighbourhoods[1].path,)), LATER) == []
        visits.answer(request=row, agree=True, channel="call", by="test", now=LATER)
        assert (desk.waiting(reach(street), LATER), desk.answered(reach(street), LATER)) == ([], [row])

    @pytest.mark.parametrize("text", ["银杏贸易", "1201", " 120"])
    def test_a_tenant_of_an_office_tower_is_a_host(self, street: Street, gate: Place, text: str) -> None:
        office = make_office(street)
        firm = make_tenant(office.building)
        assert [found.id for found in desk.hosts(office.front, text)] == [firm.id]
        assert [found.where for found in desk.hosts(office.front, text)] == ["银杏贸易有限公司 · 虹桥大厦 12层 1201"]
        assert desk.host(office.front, firm.id) == firm
        assert desk.hosts(gate, text) == []
        assert desk.host(gate, firm.id) is None

        Attachment.objects.filter(subject=firm).update(until=clock.local_day(LATER))
        assert desk.hosts(office.front, text) == []

    def test_who_comes_to_a_tenant_passes_its_own_counter_too(self, street: Street) -> None:
        office = make_office(street)
        firm, other = make_tenant(office.building), make_enterprise("别的公司")
        visits.answer(request=asked(office.front, firm), agree=True, channel="call", by="test", now=MORNING)
        permit = Pass.objects.get()
        assert (permit.host_id, permit.enterprise_id) == (firm.id, firm.id)
        outer = GateSetup.objects.create(gate=office.front, changed_us=0)
        hot.forget()
        for tenant, outcome in ((firm.id, Outcome.ADMIT), (other.id, Outcome.REFUSE)):
            counter = make_gate(office.building, f"前台{outcome}")
            GateSetup.objects.create(gate=counter, inner_of=outer, inner_enterprise_id=tenant, changed_us=0)
            facts = DeviceFacts(make_device(counter).id, counter.id)
            (taken,) = write_batch(prepare([check(permit, LATER)], facts, LATER))
            assert taken.outcome == outcome

    def test_a_host_is_found_by_address_behind_the_gate_only(self, street: Street, gate: Place, host: Subject) -> None:
        name = Household.objects.get().dwelling.name
        assert [found.id for found in desk.hosts(gate, name)] == [host.id]
        assert desk.hosts(make_gate(street.compounds[1]), name) == []
        assert desk.hosts(gate, " ") == []
        assert desk.host(gate, host.id) == host
        assert desk.host(make_gate(street.compounds[1], "侧门"), host.id) is None
