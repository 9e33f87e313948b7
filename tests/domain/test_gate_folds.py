"""What the worker takes from the checks: counted once, whoever folds, and each contradiction with somebody's duty."""

from datetime import time, timedelta

import pytest
from msgspec import structs

from fangxian.accounts.roles import Role
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Duty, Fulfilment, Gap, OneOff
from fangxian.gates import folds
from fangxian.gates.actions import passes, setup
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn, Taken
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.models import Check, Contradiction, Declaration, Device, DeviceKind, Flow, Opening, Referral
from fangxian.gates.playbook import EMPLOYEE_DAY, GatesSection
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.rota import actions as rota
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_rule, make_staff
from tests.support.gates import Office, check, employee_pass, leaving, make_device, make_gate, resident_permit

pytestmark = pytest.mark.django_db
NOW = MORNING + timedelta(minutes=20)


def record(office: Office, *items: CheckIn, gate: Place | None = None) -> list[Taken]:
    hot.forget()
    with write_lock():
        return write_batch(prepare(items, DeviceFacts(office.tablet.id, (gate or office.front).id), NOW))


def test_checks_are_counted_by_gate_and_quarter_and_only_once(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit), leaving(permit), check(permit, MORNING + timedelta(minutes=16), mask=False))
    assert folds.fold_checks(now=NOW) == 3
    assert folds.fold_checks(now=NOW) == 0
    rows = Flow.objects.order_by("quarter_us", "code").values_list("direction", "outcome", "code", "count")
    assert list(rows) == [("out", "admit", "exit", 1), ("in", "admit", "ok", 1), ("in", "refuse", "no_mask", 1)]
    record(office, check(permit))
    folds.fold_checks(now=NOW)
    assert Flow.objects.get(code="ok").count == 2
    assert Device.objects.get(id=office.tablet.id).seen_us == clock.to_us(NOW)


def test_who_enters_owes_a_reading_that_day_and_the_check_is_one(street: Street, office: Office) -> None:
    make_rule("employee-daily-check", EMPLOYEE_DAY, subject="person", channel="console")
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit))
    folds.fold_checks(now=NOW)
    assert Fulfilment.objects.get().outcome == "met"
    assert Duty.objects.get().deadline_us is None


def test_a_reading_that_was_folded_before_the_entry_counts(street: Street, office: Office) -> None:
    make_rule("employee-daily-check", EMPLOYEE_DAY, subject="person", channel="console")
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit, declared=False))
    folds.fold_checks(now=NOW)
    record(office, check(permit, MORNING + timedelta(minutes=1), temp=None, offline=True, said="admit", said_code="ok"))
    folds.fold_checks(now=NOW)
    assert Duty.objects.get(rule__key="employee-daily-check").deadline_us is None


@pytest.mark.parametrize("wrong", [{"identity": False}, {"temp": 31.0}, {"temp": 31.0, "override": "设备坏了"}])
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_reading_of_somebody_else_or_of_a_broken_thermometer_is_none(
    street: Street, office: Office, wrong: dict[str, object], first: bool
) -> None:
    make_rule("employee-daily-check", EMPLOYEE_DAY, subject="person", channel="console")
    permit = employee_pass(office.building, street.dwellings[0])
    if wrong.get("override"):
        wrong = wrong | {"guard": make_staff(Role.GATE_GUARD, office.building).actor}
    bad = check(permit, **wrong)
    entry = check(permit, temp=None, again=True, offline=True, said="admit", said_code="ok")
    for item in (bad, entry) if first else (entry, bad):
        record(office, item)
        folds.fold_checks(now=NOW)
    assert Check.objects.filter(decidec__isnull=False).exists()
    assert Duty.objects.get(rule__key="employee-daily-check").deadline_us is not None


def test_who_entered_unmeasured_becomes_a_gap(street: Street, office: Office) -> None:
    make_rule("employee-daily-check", EMPLOYEE_DAY, subject="person", channel="console")
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit, temp=None, offline=True, said="admit", said_code="ok"))
    folds.fold_checks(now=NOW)
    sweep(now=MORNING + timedelta(hours=2))
    assert Gap.objects.get().duty.subject_id == permit.subject_id


def test_what_was_declared_at_a_gate_holds_for_the_plans_days_and_is_kept_once(street: Street, office: Office) -> None:
    gate = make_gate(street.compounds[0])
    permit = employee_pass(office.building, street.dwellings[0])
    home = resident_permit(street.compounds[0], street.dwellings[0])
    record(office, check(permit), check(permit, MORNING + timedelta(minutes=2), again=True))
    record(office, check(home), gate=gate)
    folds.fold_checks(now=NOW)
    days = GatesSection().declaration_days
    kept = {row.subject_id: row for row in Declaration.objects.all()}
    assert set(kept) == {permit.subject_id, home.subject_id}
    assert Declaration.objects.count() == 2
    assert kept[permit.subject_id].until_us == clock.to_us(MORNING + timedelta(days=days))
    told = record(office, leaving(permit, MORNING + timedelta(minutes=3)), check(permit, NOW, declared=None))
    assert [one.code for one in told] == ["exit", "ok"]
    Check.objects.update(folded=False)
    folds.fold_checks(now=NOW)
    assert Declaration.objects.count() == 2


def test_nothing_is_declared_by_who_was_not_admitted_or_said_nothing(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    other = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    record(office, check(permit, mask=False), check(other, declared=False))
    folds.fold_checks(now=NOW)
    assert not Declaration.objects.exists()


def test_a_plan_that_was_published_with_a_figure_that_nobody_reads_is_still_read() -> None:
    assert GatesSection.model_validate({"slot_grace_minutes": 10, "outings": 3}).outings == 3


def test_a_row_that_cannot_be_folded_keeps_no_other_waiting(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folds, "_left", set())
    items = [check(employee_pass(office.building, street.dwellings[0], f"员工{n}")) for n in range(3)]
    record(office, *items)
    Check.objects.filter(id=items[0].id).update(observed_us=2**62)  # no calendar has that day
    assert folds.fold_checks(now=NOW) == 2
    assert list(Check.objects.filter(folded=False).values_list("id", flat=True)) == [items[0].id]
    record(office, check(permit=None, number="ZZZZZZZZZZ", token=None))
    assert folds.fold_checks(now=NOW) == 1
    assert sum(Flow.objects.values_list("count", flat=True)) == 3


def test_when_no_row_can_be_folded_the_rows_are_not_to_blame(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, *[check(permit, again=True) for _ in range(folds.FEW + 1)])

    def broken(*_args: object) -> None:
        raise KeyError

    monkeypatch.setattr(folds, "_left", set())
    with monkeypatch.context() as broken_now:
        broken_now.setattr(folds, "_count_flow", broken)
        with pytest.raises(KeyError):
            folds.fold_checks(now=NOW)
    assert folds.fold_checks(now=NOW) == folds.FEW + 1


def test_a_check_that_becomes_another_while_it_is_folded_is_folded_again(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    passes.revoke(passes=[permit], reason="离职", by="test", now=MORNING - timedelta(hours=1))
    item = check(permit)
    record(office, item)
    again = structs.replace(item, offline=True, said="admit", said_code="ok")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(folds, "_note_devices", lambda _checks: record(office, again))
        assert folds._fold_chunk(10, "test", NOW) == 1
    assert folds.fold_checks(now=NOW) == 1
    assert Contradiction.objects.get().kind == "not_in_force"


def test_a_check_that_became_another_after_it_was_counted_is_counted_once(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    item, other = check(permit, mask=False), check(permit, mask=False)
    record(office, item, other)
    folds.fold_checks(now=NOW)
    record(office, structs.replace(item, offline=True, said="admit", said_code="ok"))
    folds.fold_checks(now=NOW)
    assert sorted(Flow.objects.values_list("code", "count")) == [("no_mask", 1), ("ok", 1)]


def test_each_contradiction_is_somebodys_duty_once(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    passes.revoke(passes=[permit], reason="离职", by="test", now=MORNING - timedelta(hours=1))
    record(office, check(permit, offline=True, said="admit", said_code="ok"))
    folds.fold_checks(now=NOW)
    Check.objects.update(folded=False)
    folds.fold_checks(now=NOW)
    found = Contradiction.objects.get()
    assert (found.kind, found.gate_id) == ("not_in_force", office.front.id)
    given = OneOff.objects.get(duty_id=found.duty_id)
    assert given.role == "property_manager"
    assert permit.holder not in given.title + given.note


def test_a_referral_tells_the_health_centre_by_its_number(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    first = check(permit, temp=37.9)
    record(office, first, check(permit, MORNING + timedelta(minutes=16), temp=37.8, method="axillary", first=first.id))
    folds.fold_checks(now=NOW)
    referral = Referral.objects.get()
    given = OneOff.objects.get(duty_id=referral.duty_id)
    assert (given.role, given.source) == ("health_staff", f"referral:{referral.number}")


def test_a_turnstile_that_opened_without_a_check_is_found(street: Street, office: Office) -> None:
    turnstile = make_device(office.front, DeviceKind.TURNSTILE)
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit))
    for seconds in (2, 4):
        at_us = clock.to_us(MORNING + timedelta(seconds=seconds))
        Opening.objects.create(id=new_id(), gate=office.front, device=turnstile, at_us=at_us, direction="in")
    # the tablet has not been heard of since: what it saw may still come
    assert folds.fold_openings(now=NOW) == 1
    assert not Contradiction.objects.exists()
    record(office, leaving(permit))
    folds.fold_checks(now=NOW)
    assert folds.fold_openings(now=NOW) == 1
    assert folds.fold_openings(now=NOW) == 0
    assert Opening.objects.exclude(check_id=None).count() == 1
    assert Contradiction.objects.get().kind == "unchecked"


def test_an_open_gate_that_nobody_is_planned_for_is_asked_for_once_a_day(street: Street, office: Office) -> None:
    # the front gate is open without a set-up; nobody stands at a closed one or at one that owes no guard
    setup.set_up(gate=office.garage, settings=setup.Settings(), by="test", now=MORNING)
    for name, settings in (("侧门", setup.Settings(is_open=False)), ("消防门", setup.Settings(staffed=False))):
        setup.set_up(gate=make_gate(office.building, name), settings=settings, by="test", now=MORNING)
    post = rota.open_post(place=office.garage, by="test", now=MORNING)
    rota.plan_day(post=post, day=clock.local_day(NOW), times=[(time(9), time(17))], by="test", now=NOW)
    assert folds.fold_unplanned(now=MORNING - timedelta(hours=3)) == 0
    assert [folds.fold_unplanned(now=NOW), folds.fold_unplanned(now=NOW)] == [1, 0]
    given = OneOff.objects.get(source__startswith="gate-unplanned")
    assert (given.role, given.duty.place_id) == ("property_manager", office.front.id)
    assert folds.fold_unplanned(now=NOW + timedelta(days=1)) == 2
