"""Posts and slots: what is owed, who stands there, and what is said of those who were never shown how."""

import threading
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Counter, Duty, Gap, GapStatus
from fangxian.places.models import Place
from fangxian.rota import actions, queries
from fangxian.rota.actions import RotaError
from fangxian.rota.models import Assignment, Pattern, Post, Slot
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


def test_it_lets_nobody_stand_at_two_posts_at_once(yard: Yard, gate: Place) -> None:
    early, late, _night = planned(gate)
    other = actions.open_post(place=make_gate(yard["中华新村"], "后门", now=NIGHT_BEFORE), by="test", now=NIGHT_BEFORE)
    (there,) = actions.plan_day(post=other, day=TODAY, times=SHIFTS[:1], by="test", now=NIGHT_BEFORE)
    guard = staff(Role.GATE_GUARD, yard["中华新村"])
    actions.assign(slot=there, staff=guard, by="test", now=NIGHT_BEFORE)
    # sent to the front gate instead: who stands there counts, not what was planned
    here = actions.check_in(slot=early, staff=guard, by=guard.actor, now=at(6)).assignment

    with pytest.raises(RotaError, match=early.post.title):
        actions.check_in(slot=there, staff=guard, by=guard.actor, now=at(7))
    assert Assignment.objects.get(slot=there).came_us is None
    actions.check_in(slot=early, staff=guard, by=guard.actor, now=at(7))

    actions.check_out(assignment=here, by=guard.actor, now=at(8))
    actions.check_in(slot=there, staff=guard, by=guard.actor, now=at(8))
    assert Assignment.objects.get(slot=there).came_us == clock.to_us(at(8))
    actions.check_in(slot=late, staff=guard, by=guard.actor, now=at(13, 30))


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

    closed = actions.close_post(post=early.post, reason="封闭施工", by="test", now=at(10))
    sweep(now=at(15))

    assert closed is not None
    assert gaps(late) == []
    assert actions.close_post(post=early.post, reason="再", by="test", now=at(10)) is None


def test_closing_a_post_takes_off_what_is_to_come_and_checks_out_who_stands_there(yard: Yard, gate: Place) -> None:
    early, late, night = planned(gate)
    guard, other = (staff(Role.GATE_GUARD, yard["中华新村"], name) for name in ("guard-1", "guard-2"))
    actions.check_in(slot=early, staff=guard, by=guard.actor, now=at(6))
    for slot in (late, night):
        actions.assign(slot=slot, staff=other, by="test", now=at(6))
    with pytest.raises(RotaError):
        actions.close_post(post=early.post, reason=" ", by="test", now=at(10))

    closed = actions.close_post(post=early.post, reason="封闭施工", by="test", now=at(10))

    assert (closed.slots, closed.planned, closed.left) == (2, 2, 1)
    assert list(Slot.objects.all()) == [early]
    assert Assignment.objects.get().left_us == clock.to_us(at(10))
    assert queries.on_post([gate.id], at(10)) == {}
    post = Post.objects.get()
    assert post.closed_reason == "封闭施工"
    with pytest.raises(RotaError):
        actions.plan_day(post=post, day=TODAY, times=[(time(18), time(20))], by="test", now=at(10))
    assert actions.open_post(place=gate, by="test", now=at(11)) != post


def test_a_slot_to_which_somebody_has_come_is_not_taken_off(yard: Yard, gate: Place) -> None:
    early, late, _night = planned(gate)
    guard = staff(Role.GATE_GUARD, yard["中华新村"])
    actions.check_in(slot=late, staff=guard, by=guard.actor, now=at(13, 30))

    with pytest.raises(RotaError):
        actions.cancel_slot(slot=late, by="test", now=at(13, 30))
    closed = actions.close_post(post=early.post, reason="封闭施工", by="test", now=at(13, 40))

    assert closed.left == 1
    assert Assignment.objects.get().slot_id == late.pk


def weekly(people: tuple[Staff, ...] = (), **changes: object) -> actions.NewPattern:
    """Monday to Friday from six to two, for three weeks; the 17th is a Monday."""
    values: dict[str, Any] = {
        "weekdays": (1, 2, 3, 4, 5), "start": time(6), "end": time(14), "first_day": TODAY,
        "last_day": TODAY + timedelta(days=18), "people": people,
    } | changes  # fmt: skip
    return actions.NewPattern(**values)


class TestEveryWeek:
    def test_slots_people_and_duties_are_made_for_every_such_day(self, yard: Yard, gate: Place) -> None:
        guards = tuple(staff(Role.GATE_GUARD, yard["中华新村"], name) for name in ("guard-1", "guard-2"))
        post = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)

        done = actions.repeat(post=post, new=weekly(guards, needed=2), by="test", now=NIGHT_BEFORE)

        slots = list(Slot.objects.order_by("from_us"))
        days = [clock.local_day(clock.from_us(slot.from_us)) for slot in slots]
        assert days[:6] == [TODAY + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7)]
        assert (len(slots), done.slots, done.left_out) == (15, 15, ())
        assert {slot.needed for slot in slots} == {2}
        assert Assignment.objects.count() == 30
        assert Duty.objects.filter(rule__key="gate-staffed").count() == 15

    def test_a_day_or_a_person_that_cannot_be_is_named_and_stops_no_other(self, yard: Yard, gate: Place) -> None:
        early, *_rest = planned(gate)
        guard = staff(Role.GATE_GUARD, yard["中华新村"])
        elsewhere = actions.open_post(
            place=make_gate(yard["中华新村"], "西门", now=NIGHT_BEFORE), by="t", now=NIGHT_BEFORE
        )
        tuesday = TODAY + timedelta(days=1)
        [slot] = actions.plan_day(post=elsewhere, day=tuesday, times=[(time(8), time(9))], by="test", now=NIGHT_BEFORE)
        actions.assign(slot=slot, staff=guard, by="test", now=NIGHT_BEFORE)

        done = actions.repeat(post=early.post, new=weekly((guard,)), by="test", now=NIGHT_BEFORE)

        assert done.slots == 14
        assert [(out.day, out.name) for out in done.left_out] == [(TODAY, ""), (tuesday, guard.name)]
        assert Assignment.objects.filter(slot__pattern=done.pattern).count() == 13

    @pytest.mark.parametrize(
        "wrong",
        [
            {"last_day": TODAY - timedelta(days=1)},
            {"last_day": TODAY + timedelta(days=92)},
            {"weekdays": (7,), "last_day": TODAY},
            {"needed": 0},
            {"first_day": TODAY - timedelta(days=3), "last_day": TODAY - timedelta(days=3)},
        ],
    )
    def test_what_cannot_be_a_pattern_makes_nothing(self, gate: Place, wrong: dict[str, Any]) -> None:
        post = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)
        with pytest.raises(RotaError):
            actions.repeat(post=post, new=weekly(**wrong), by="test", now=NIGHT_BEFORE)
        assert not Pattern.objects.exists()
        assert not Slot.objects.exists()

    def test_a_night_shift_ends_the_next_morning(self, gate: Place) -> None:
        post = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)
        night = weekly(weekdays=(1,), start=time(22), end=time(6), last_day=TODAY)
        actions.repeat(post=post, new=night, by="test", now=NIGHT_BEFORE)
        assert clock.local(clock.from_us(Slot.objects.get().until_us)).strftime("%d %H:%M") == "18 06:00"

    def test_ending_it_keeps_what_has_begun(self, yard: Yard, gate: Place) -> None:
        post = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)
        guard = staff(Role.GATE_GUARD, yard["中华新村"])
        pattern = actions.repeat(post=post, new=weekly((guard,)), by="test", now=NIGHT_BEFORE).pattern

        assert actions.end_pattern(pattern=pattern, by="test", now=at(7)) == 14
        assert actions.end_pattern(pattern=pattern, by="test", now=at(7)) is None

        assert Slot.objects.get().pattern_id == pattern.id
        assert Assignment.objects.count() == 1
        sweep(now=at(23))
        assert Gap.objects.filter(rule__key="gate-staffed", status=GapStatus.OPEN).count() == 1

    def test_closing_the_post_ends_it(self, gate: Place) -> None:
        post = actions.open_post(place=gate, by="test", now=NIGHT_BEFORE)
        pattern = actions.repeat(post=post, new=weekly(), by="test", now=NIGHT_BEFORE).pattern
        closed = actions.close_post(post=post, reason="封闭施工", by="test", now=NIGHT_BEFORE)
        pattern.refresh_from_db()
        assert (closed.slots, pattern.ended_us) == (15, clock.to_us(NIGHT_BEFORE))


@pytest.mark.django_db(transaction=True)
def test_one_slot_planned_by_six_at_once_is_planned_once() -> None:
    yard = make_yard()
    apply_covid()
    post = actions.open_post(place=make_gate(yard["中华新村"], now=NIGHT_BEFORE), by="test", now=NIGHT_BEFORE)
    refused: list[str] = []

    def plan(hour: int) -> None:
        try:
            actions.plan_day(post=post, day=TODAY, times=[(time(hour), time(14))], by="test", now=NIGHT_BEFORE)
        except RotaError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=plan, args=(hour,)) for hour in range(6, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5
    assert Slot.objects.count() == 1
