"""Duties, gaps and counters, over rows."""

import os
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.folds import follow_grids
from fangxian.duties.gap_queries import my_gaps, open_gaps
from fangxian.duties.models import Duty, Fulfilment, Gap, GapNote, Playbook, Rule
from fangxian.duties.queries import Numbers, coverage, numbers, recount
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import PlaceKind
from fangxian.shared import clock
from tests.support.factories import (
    MORNING,
    Street,
    done,
    enrol_places,
    make_rule,
    make_staff,
    make_street,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAILY = {"type": "windows", "windows": [["06:00", "10:00"], ["16:00", "20:00"]]}


@pytest.fixture
def street() -> Street:
    return make_street()


def one(place: Street, rule: str = "door-round", **kwargs: int) -> None:
    row = next(r for r in coverage(place.street, MORNING) if r.rule == rule)
    shown = {key: getattr(row, key) for key in kwargs}
    assert shown == kwargs
    assert recount(place.street) == []


def test_it_expects_every_enrolled_door_and_covers_it_until_it_lapses(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    one(street, expected=12, open=12, missed=0)
    assert numbers(street.street)["place"] == Numbers(expected=12, uncovered=0)

    duties.sweep(now=MORNING + 3 * HOUR, polite=False)

    one(street, expected=12, open=0, missed=12, open_gaps=12)
    assert numbers(street.street)["place"] == Numbers(expected=12, uncovered=12)
    assert numbers(street.grids[0])["place"].uncovered == 3


def test_it_closes_a_gap_as_late_and_the_counters_agree(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    duties.sweep(now=MORNING + 3 * HOUR, polite=False)
    door = street.dwellings[0]

    report = duties.fulfil(cohort="doors", items=[done(door.id, MORNING + 4 * HOUR)], by="w", now=MORNING + 4 * HOUR)

    assert (report.late, report.gaps_closed) == (1, 1)
    one(street, expected=12, missed=11, late=1, open_gaps=11)
    assert numbers(street.street)["place"].uncovered == 11


def test_what_was_observed_in_time_but_received_late_blames_nobody(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    duties.sweep(now=MORNING + 3 * HOUR, polite=False)

    duties.fulfil(cohort="doors", items=[done(street.dwellings[0].id, MORNING + HOUR)], by="w", now=MORNING + 5 * HOUR)

    one(street, missed=11, met=1, late=0)
    gap = Gap.objects.get(status="closed")
    assert gap.outcome == "met"
    kept = Fulfilment.objects.get()
    assert kept.observed_us < gap.lapsed_us < kept.received_us


def test_an_earlier_visit_that_arrives_after_a_late_one_clears_the_window(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    duties.sweep(now=MORNING + 3 * HOUR, polite=False)
    door = street.dwellings[0].id
    later = done(door, MORNING + 4 * HOUR, "visit:second")
    duties.fulfil(cohort="doors", items=[later], by="second", now=MORNING + 4 * HOUR)
    one(street, missed=11, late=1, met=0)

    in_time = done(door, MORNING + HOUR, "visit:first")
    for _again in range(2):
        duties.fulfil(cohort="doors", items=[in_time], by="first", now=MORNING + 5 * HOUR)

    one(street, missed=11, late=0, met=1, open_gaps=11)
    assert Gap.objects.get(status="closed").outcome == "met"
    assert numbers(street.street)["place"].uncovered == 11


def test_a_record_sent_again_counts_once(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    item = done(street.dwellings[0].id, MORNING + HOUR)
    for _again in range(3):
        duties.fulfil(cohort="doors", items=[item], by="w", now=MORNING + HOUR)
    one(street, met=1, open=11)
    assert Fulfilment.objects.count() == 1


def test_recurring_windows_open_lapse_and_move_on(street: Street) -> None:
    make_rule(schedule=DAILY)
    enrol_places(street.dwellings)
    duties.sweep(now=MORNING + HOUR / 2, polite=False)
    one(street, expected=12, open=12)

    duties.fulfil(cohort="doors", items=[done(street.dwellings[0].id, MORNING + HOUR)], by="w", now=MORNING + HOUR)
    duties.sweep(now=MORNING + 9 * HOUR, polite=False)  # 17:00: the morning is over, the evening has begun

    one(street, expected=24, met=1, missed=11, open=12)
    assert numbers(street.street)["place"] == Numbers(12, 11)

    later = [done(door.id, MORNING + 9 * HOUR, f"v:{door.id}") for door in street.dwellings]
    report = duties.fulfil(cohort="doors", items=later, by="w", now=MORNING + 9 * HOUR)

    assert report.gaps_closed == 11
    one(street, expected=24, met=13, late=11, missed=0, open=0)
    assert numbers(street.street)["place"].uncovered == 0


def test_a_window_of_three_days_is_shown_on_each_of_them_and_its_gaps_after(street: Street) -> None:
    make_rule(schedule={"type": "days", "every_days": 3, "by": "18:00"})
    enrol_places(street.dwellings)
    opened = Duty.objects.values_list("window_us", flat=True).distinct()
    start = clock.from_us(opened.get()) + 10 * HOUR
    duties.sweep(now=start, polite=False)
    for days in range(3):
        [row] = coverage(street.street, start + days * 24 * HOUR)
        assert (row.expected, row.open) == (12, 12), days

    duties.sweep(now=start + 57 * HOUR, polite=False)
    duties.close_cohort(cohort="doors", instance="", by="w", now=start + 58 * HOUR)

    [row] = coverage(street.street, start + 9 * 24 * HOUR)
    assert (row.expected, row.missed, row.open_gaps) == (0, 0, 12)


def test_a_sweep_run_twice_finds_nothing_new(street: Street) -> None:
    make_rule(schedule=DAILY)
    enrol_places(street.dwellings)
    first = duties.sweep(now=MORNING + 30 * HOUR, polite=False)
    second = duties.sweep(now=MORNING + 30 * HOUR, polite=False)
    assert first.lapsed == 36  # morning, evening, and the next morning until 10:00
    assert (second.lapsed, second.opened) == (0, 0)
    assert recount(street.street) == []


def test_our_own_outage_accuses_nobody(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings[:2], due=2 * HOUR)
    for minute in range(90):  # the channel was heard until half an hour before the deadline
        duties.beat(channel="field", now=MORNING + timedelta(minutes=minute))
    duties.beat(channel="field", now=MORNING + 3 * HOUR)

    duties.sweep(now=MORNING + 3 * HOUR, polite=False)

    one(street, expected=2, unknown=2, missed=0, open_gaps=2)
    duties.fulfil(
        cohort="doors", items=[done(street.dwellings[0].id, MORNING + 4 * HOUR)], by="w", now=MORNING + 4 * HOUR
    )
    one(street, unknown=1, late=1)


def test_a_waiver_needs_a_reason_and_moves_the_counter(street: Street) -> None:
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    duties.sweep(now=MORNING + 3 * HOUR, polite=False)
    gap = Gap.objects.first()
    assert gap is not None
    with pytest.raises(duties.DutyError):
        duties.waive(gap=gap, reason="  ", by="s", now=MORNING + 3 * HOUR)
    duties.waive(gap=gap, reason="房屋已拆除", by="s", now=MORNING + 3 * HOUR)
    one(street, missed=11, waived=1)
    with pytest.raises(duties.DutyError):
        duties.waive(gap=gap, reason="再次", by="s", now=MORNING + 3 * HOUR)


def test_waiving_ahead_counts_before_the_window_opens(street: Street) -> None:
    make_rule(schedule=DAILY)
    enrol_places(street.dwellings, now=MORNING + 4 * HOUR)  # noon, between the windows
    duty = Duty.objects.first()
    assert duty is not None
    duties.waive_duty(duty=duty, reason="今日停用", by="s", now=MORNING + 5 * HOUR)
    duties.sweep(now=MORNING + 9 * HOUR, polite=False)
    one(street, expected=12, waived=1, open=11)


def test_the_owner_climbs_by_the_clock_and_past_empty_posts(street: Street) -> None:
    make_rule()
    worker = make_staff(Role.GRID_WORKER, street.grids[0], "王师傅")
    secretary = make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0], "李书记")
    leader = make_staff(Role.STREET_LEADER, street.street, "张主任")
    enrol_places(street.doors_of(street.grids[0]) + street.doors_of(street.grids[1]), due=HOUR)
    duties.sweep(now=MORNING + HOUR * 1.1, polite=False)

    soon = MORNING + HOUR * 1.2
    assert len(my_gaps(worker, soon)) == 3
    assert len(my_gaps(secretary, soon)) == 3  # the second grid has no worker, so its gaps pass on at once
    assert my_gaps(leader, soon) == []
    later = MORNING + 3 * HOUR
    assert my_gaps(worker, later) == []
    assert len(my_gaps(secretary, later)) == 6
    assert len(my_gaps(leader, MORNING + 6 * HOUR)) == 6


def test_old_gaps_that_climbed_on_do_not_hide_the_new_ones_of_their_first_owner(street: Street) -> None:
    plan = Playbook.objects.create(name="t", version="1", sha256="0", content="{}", effective_us=0, applied_us=0)
    Rule.objects.filter(id=make_rule().id).update(playbook=plan)
    worker = make_staff(Role.GRID_WORKER, street.grids[0], "王师傅")
    make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0], "李书记")
    for instance, due in (("a", HOUR), ("b", 1.5 * HOUR), ("c", 5 * HOUR)):
        enrol_places(street.doors_of(street.grids[0]), instance=instance, due=due)
    duties.sweep(now=MORNING + 5.1 * HOUR, polite=False)

    found = my_gaps(worker, MORNING + 5.2 * HOUR, 1)

    assert [line.due_at for line in found] == [MORNING + 5 * HOUR]


def test_a_refusal_raises_the_owner_at_once(street: Street) -> None:
    make_rule()
    make_staff(Role.GRID_WORKER, street.grids[0])
    secretary = make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0])
    door = street.doors_of(street.grids[0])[0]
    enrol_places([door], due=HOUR)
    duties.sweep(now=MORNING + 2 * HOUR, polite=False)
    duties.raise_step(
        cohort="doors", subject_ids=[door.id], kind=GapNote.Kind.REFUSED, text="", by="w", now=MORNING + 2 * HOUR
    )
    assert len(my_gaps(secretary, MORNING + 2 * HOUR)) == 1


def test_a_one_off_duty_lapses_into_a_gap_of_the_person_it_was_given_to(street: Street) -> None:
    worker = make_staff(Role.COMMITTEE_WORKER, street.neighbourhoods[0])
    duty = duties.give(
        title="送口罩上门", place=street.dwellings[0], until=MORNING + HOUR, staff=worker.id, by="s", now=MORNING
    )
    duties.sweep(now=MORNING + 2 * HOUR, polite=False)
    [gap] = my_gaps(worker, MORNING + 2 * HOUR)
    assert gap.subject == "送口罩上门"
    duties.done(duty=duty, by=worker.actor, now=MORNING + 2 * HOUR)
    assert my_gaps(worker, MORNING + 2 * HOUR) == []
    assert recount(street.street) == []
    assert numbers(street.street)["place"].expected == 0


def test_withdrawing_takes_expectation_and_gaps_away(street: Street) -> None:
    make_rule(schedule=DAILY)
    enrol_places(street.dwellings)
    duties.sweep(now=MORNING + 3 * HOUR, polite=False)
    gone = street.dwellings[:2]
    duties.withdraw(cohort="doors", subject_ids=[d.id for d in gone], reason="拆除", by="s", now=MORNING + 3 * HOUR)
    assert numbers(street.street)["place"] == Numbers(10, 10)
    assert recount(street.street) == []
    assert len(open_gaps(Q(), MORNING + 3 * HOUR)) == 10


def test_moving_a_door_to_another_grid_keeps_the_open_window_where_it_was(street: Street) -> None:
    make_rule(schedule=DAILY)
    enrol_places(street.dwellings)
    duties.sweep(now=MORNING + HOUR / 2, polite=False)
    door = street.doors_of(street.grids[0])[0]
    door.grid = street.grids[3]
    door.save(update_fields=["grid"])
    duties.renode(subject_ids=[door.id], place=door, by="s", now=MORNING + HOUR)
    assert numbers(street.grids[3])["place"].expected == 4
    assert recount(street.street) == []
    duties.sweep(now=MORNING + 9 * HOUR, polite=False)
    assert recount(street.street) == []
    morning = next(r for r in coverage(street.grids[0], MORNING) if r.rule == "door-round")
    assert morning.expected == 3 + 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pass", "record", "late_record", "waive", "withdraw", "enrol", "sweep"]),
        st.integers(0, 11),
        st.integers(1, 300),
    ),
    max_size=15,
)


@settings(
    max_examples=int(os.environ.get("FANGXIAN_EXAMPLES", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, schedule=st.sampled_from([DAILY, {"type": "every", "hours": 2, "from": "08:00", "until": "20:00"}]))
def test_counters_always_agree_with_their_rows(steps: list[tuple[str, int, int]], schedule: dict[str, object]) -> None:
    with transaction.atomic():
        place = make_street()
        make_rule(schedule=schedule)
        enrol_places(place.dwellings[:6])
        now = MORNING
        for number, (step, index, minutes) in enumerate(steps):
            door = place.dwellings[index]
            now += timedelta(minutes=minutes)
            if step == "record":
                duties.fulfil(cohort="doors", items=[done(door.id, now, f"r:{number}")], by="w", now=now)
            elif step == "late_record":
                seen = now - timedelta(minutes=minutes)
                duties.fulfil(cohort="doors", items=[done(door.id, seen, f"r:{number}")], by="w", now=now)
            elif step == "waive":
                gap = Gap.objects.filter(status="open").order_by("lapsed_us", "id").first()
                if gap is not None:
                    duties.waive(gap=gap, reason="原因", by="s", now=now)
            elif step == "withdraw":
                duties.withdraw(cohort="doors", subject_ids=[door.id], reason="离开", by="s", now=now)
            elif step == "enrol":
                enrol_places([door], now=now)
            elif step == "sweep":
                duties.sweep(now=now, polite=False)
            assert recount(place.street) == []
        for row in coverage(place.street, now):
            assert row.open >= 0
        transaction.set_rollback(True)


def test_laying_another_grid_takes_its_doors_along(street: Street) -> None:
    make_rule(schedule=DAILY)
    enrol_places(street.dwellings)
    duties.sweep(now=MORNING + HOUR / 2, polite=False)
    block, target = street.blocks[0], street.grids[1]
    places.lay_grid(places=[block], grid=target, by="s", now=MORNING + HOUR, reason="网格调整")

    assert follow_grids(now=MORNING + HOUR) == 3
    assert follow_grids(now=MORNING + HOUR) == 0

    assert numbers(street.grids[0])["place"].expected == 0
    assert numbers(target)["place"].expected == 6
    assert recount(street.street) == []
    duties.sweep(now=MORNING + 9 * HOUR, polite=False)
    assert recount(street.street) == []


def test_a_building_without_a_grid_follows_its_neighbourhood(street: Street) -> None:
    make_rule()
    hood, other = street.neighbourhoods
    [building] = places.add(places=[NewPlace(PlaceKind.BUILDING, "古北财富中心", hood.id)], by="s", now=MORNING)
    enrol_places([building], due=2 * HOUR)
    assert follow_grids(now=MORNING) == 0
    [gate] = places.add(places=[NewPlace(PlaceKind.GATE, "东门", building.id)], by="s", now=MORNING)
    enrol_places([gate], due=2 * HOUR)
    assert follow_grids(now=MORNING) == 0
    places.move(place=building, to_parent=other, by="s", now=MORNING + HOUR, reason="区划调整")
    assert follow_grids(now=MORNING + HOUR) == 0  # it is counted at itself, wherever it stands
    assert numbers(other)["place"].expected == 2


def test_a_given_duty_is_on_the_page_of_whoever_it_was_given_to_wherever_it_is(street: Street) -> None:
    far = make_staff(Role.GRID_WORKER, street.grids[3])
    duties.give(title="送药", place=street.dwellings[0], until=MORNING + HOUR, staff=far.id, by="s", now=MORNING)
    duties.sweep(now=MORNING + HOUR * 1.5, polite=False)
    assert [line.subject for line in my_gaps(far, MORNING + HOUR * 1.5)] == ["送药"]
