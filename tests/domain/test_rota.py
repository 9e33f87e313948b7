"""Posts and slots: what is owed, who stands there, and what is said of those who were never shown how."""

from datetime import date, time, timedelta

import pytest

from fangxian.accounts.roles import Role
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Counter, Duty, Gap, GapStatus
from fangxian.places.models import Place
from fangxian.rota import actions, queries
from fangxian.rota.actions import RotaError
from fangxian.rota.models import Assignment, Post, Slot
from fangxian.shared import clock
from tests.support.gates import make_gate
from tests.support.yard import NIGHT_BEFORE, Yard, apply_covid, at, make_yard, staff

pytestmark = pytest.mark.django_db
TODAY = date(2020, 2, 17)
SHIFTS = [(time(6), time(14)), (time(14), time(22)), (time(22), time(6))]


@pytest.fixture
def yard(db: None) -> Yard:
    yard = make_yard()
    apply_covid()
    return yard


@pytest.fixture
def gate(yard: Yard) -> Place:
    return make_gate(yard["中华新村"], now=NIGHT_BEFORE)


def planned(gate: Place, needed: int = 1) -> list[Slot]:
    post = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)
    return actions.plan_day(post=post, day=TODAY, times=SHIFTS, needed=needed, by="test", now=NIGHT_BEFORE)


def gaps(slot: Slot) -> list[str]:
    rows = Gap.objects.filter(duty__subject_id=slot.subject_id, rule__key="gate-staffed")
    return list(rows.values_list("status", flat=True))


def test_it_opens_a_post_once(gate: Place) -> None:
    first = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)

    assert actions.open_post(place=gate, by="test", now=NIGHT_BEFORE) == first
    assert Post.objects.count() == 1


def test_it_plans_a_day_with_a_night_that_ends_the_next_morning(gate: Place) -> None:
    slots = planned(gate)

    assert [clock.local(clock.from_us(slot.until_us)).strftime("%d %H:%M") for slot in slots] == [
        "17 14:00", "17 22:00", "18 06:00",
    ]  # fmt: skip
    duties = Duty.objects.filter(rule__key="gate-staffed").order_by("due_us")
    assert [duty.due_us for duty in duties] == [slot.from_us for slot in slots]


def test_it_refuses_slots_that_meet_or_are_over(gate: Place) -> None:
    slots = planned(gate)
    post = slots[0].post

    with pytest.raises(RotaError):
        actions.plan_day(post=post, day=TODAY, times=[(time(13), time(15))], by="test", now=NIGHT_BEFORE)
    with pytest.raises(RotaError):
        actions.plan_day(post=post, day=TODAY - timedelta(1), times=[(time(6), time(7))], by="test", now=NIGHT_BEFORE)
    assert Slot.objects.count() == 3


def test_it_opens_a_gap_for_a_gate_where_nobody_came(gate: Place) -> None:
    early, _late, _night = planned(gate)

    sweep(now=at(6, 9))
    assert gaps(early) == []
    sweep(now=at(6, 11))
    assert gaps(early) == [GapStatus.OPEN]


def test_it_closes_the_gap_when_somebody_comes_late(yard: Yard, gate: Place) -> None:
    early, _late, _night = planned(gate)
    guard = staff(Role.GATE_GUARD, yard["中华新村"])
    sweep(now=at(6, 11))

    actions.check_in(slot=early, staff=guard, by=guard.actor, now=at(6, 30))

    assert gaps(early) == [GapStatus.CLOSED]
    assert Counter.objects.get(rule__key="gate-staffed", late=1).met == 0


def test_it_is_met_on_time_only_with_everybody_that_the_slot_needs(yard: Yard, gate: Place) -> None:
    early, _late, _night = planned(gate, needed=2)
    one, two = (staff(Role.GATE_GUARD, yard["中华新村"], name) for name in ("guard-1", "guard-2"))

    actions.check_in(slot=early, staff=one, by=one.actor, now=at(5, 50))
    actions.check_in(slot=early, staff=one, by=one.actor, now=at(5, 51))
    assert not Counter.objects.filter(rule__key="gate-staffed", met=1).exists()
    actions.check_in(slot=early, staff=two, by=two.actor, now=at(5, 55))

    assert Counter.objects.filter(rule__key="gate-staffed", met=1).count() == 1
    sweep(now=at(6, 30))
    assert gaps(early) == []


def test_it_lets_nobody_check_in_hours_before_or_afterwards(yard: Yard, gate: Place) -> None:
    early, _late, _night = planned(gate)
    guard = staff(Role.GATE_GUARD, yard["中华新村"])

    for when in (at(4, 59), at(14, 0)):
        with pytest.raises(RotaError):
            actions.check_in(slot=early, staff=guard, by=guard.actor, now=when)
    assert not Assignment.objects.exists()


def test_it_says_who_was_never_trained_until_it_is_signed_off(yard: Yard, gate: Place) -> None:
    early, late, _night = planned(gate)
    guard = staff(Role.GATE_GUARD, yard["中华新村"])

    assert not actions.assign(slot=early, staff=guard, by="test", now=NIGHT_BEFORE).trained
    actions.sign_off(staff=guard, topic=actions.GATE_TRAINING, by="test", now=NIGHT_BEFORE)

    assert actions.assign(slot=late, staff=guard, by="test", now=NIGHT_BEFORE).trained
    [person] = queries.slots_of_day(early.post, TODAY, NIGHT_BEFORE)[0].people
    assert person.trained


def test_it_puts_nobody_at_two_gates_at_once(yard: Yard, gate: Place) -> None:
    early, _late, _night = planned(gate)
    other, *_rest = planned(make_gate(yard["中华新村"], "西门", now=NIGHT_BEFORE))
    guard = staff(Role.GATE_GUARD, yard["中华新村"])
    actions.assign(slot=early, staff=guard, by="test", now=NIGHT_BEFORE)

    with pytest.raises(RotaError, match="大门"):
        actions.assign(slot=other, staff=guard, by="test", now=NIGHT_BEFORE)


def test_it_knows_who_is_on_post(yard: Yard, gate: Place) -> None:
    early, _late, _night = planned(gate)
    guard = staff(Role.GATE_GUARD, yard["中华新村"])
    placed = actions.check_in(slot=early, staff=guard, by=guard.actor, now=at(5, 55))

    assert queries.on_post([gate.id], at(7)) == {gate.id: [guard.name]}
    assert queries.running([gate.id], at(7)) == {gate.id}
    assert not placed.assignment.planned
    actions.check_out(assignment=placed.assignment, by=guard.actor, now=at(9))
    assert queries.on_post([gate.id], at(10)) == {}


def test_it_owes_nothing_for_a_slot_that_was_cancelled(gate: Place) -> None:
    early, _late, _night = planned(gate)

    actions.cancel_slot(slot=early, by="test", now=NIGHT_BEFORE)
    sweep(now=at(7))

    assert not Gap.objects.filter(rule__key="gate-staffed", status=GapStatus.OPEN).exists()
    assert Slot.objects.count() == 2


def test_it_owes_nothing_more_when_its_post_is_closed(gate: Place) -> None:
    early, late, _night = planned(gate)

    assert actions.close_post(post=early.post, by="test", now=at(10))
    sweep(now=at(15))

    assert gaps(late) == []
    assert not actions.close_post(post=early.post, by="test", now=at(10))
