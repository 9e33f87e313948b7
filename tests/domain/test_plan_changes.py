"""A plan changes while its duties are owed: nothing is asked twice, nothing is lost, and the counters still agree."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from fangxian.duties import actions as duties
from fangxian.duties.actions import plan as plan_actions
from fangxian.duties.models import Duty, Fulfilment, Gap, Playbook, Rule
from fangxian.duties.plan_schema import Plan
from fangxian.duties.queries import coverage, recount
from fangxian.shared import clock
from tests.support import playbooks
from tests.support.factories import MORNING, Street, done, enrol_places, make_street

pytestmark = pytest.mark.django_db
BUTTONS = "disinfect-lift-buttons"
COHORT = "area:lift-buttons"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def plan(old: str = "", new: str = "", file: str = "rules.toml") -> Plan:
    if not old:
        return playbooks.plan()
    found = playbooks.check_edited(file, old, new).plan
    assert found is not None
    return found


@pytest.fixture
def street() -> Street:
    """Twelve lifts' buttons, owed every two hours from 08:00; it is 08:00."""
    street = make_street()
    duties.apply_playbook(plan=plan(), effective_at=MORNING, by="test", now=MORNING)
    enrol_places(street.dwellings, COHORT)
    duties.sweep(now=MORNING + MINUTE, polite=False)
    return street


def counters(street: Street, rule: str = BUTTONS) -> dict[str, int]:
    assert recount(street.street) == []
    row = next(r for r in coverage(street.street, MORNING) if r.rule == rule)
    names = ("expected", "met", "late", "missed", "unknown", "waived", "open", "open_gaps")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


def clean(street: Street, number: int, at: timedelta) -> None:
    when = MORNING + at
    duties.fulfil(cohort=COHORT, items=[done(street.dwellings[number].id, when, f"log:{number}")], by="w", now=when)


def apply(changed: Plan, at: timedelta) -> None:
    when = MORNING + at
    assert duties.apply_playbook(plan=changed, effective_at=when, by="test", now=when).in_force


GRACE = ("grace_minutes = 15", "grace_minutes = 45")


def test_more_grace_moves_the_deadline_and_not_the_window(street: Street) -> None:
    clean(street, 0, 30 * MINUTE)
    before = dict(Duty.objects.values_list("id", "window_us"))

    apply(plan(*GRACE), HOUR)

    assert dict(Duty.objects.values_list("id", "window_us")) == before
    grace = {(duty.deadline_us or 0) - duty.due_us for duty in Duty.objects.all()}
    assert grace == {clock.to_us(MORNING + 45 * MINUTE) - clock.to_us(MORNING)}
    assert counters(street) == {"expected": 12, "met": 1, "open": 11}
    duties.sweep(now=MORNING + 2 * HOUR + 44 * MINUTE, polite=False)
    assert not Gap.objects.exists()
    duties.sweep(now=MORNING + 2 * HOUR + 46 * MINUTE, polite=False)
    assert Gap.objects.count() == 11


def test_what_was_done_in_the_window_is_not_asked_again_by_a_new_schedule(street: Street) -> None:
    clean(street, 0, 30 * MINUTE)
    duty = Duty.objects.get(subject_id=street.dwellings[0].id)

    apply(plan("hours = 2", "hours = 3"), HOUR)

    duty.refresh_from_db()
    assert clock.local(clock.from_us(duty.window_us)).hour == 11
    assert {clock.local(clock.from_us(d.due_us)).hour for d in Duty.objects.exclude(id=duty.id)} == {11}
    assert counters(street) == {"expected": 12, "met": 1, "open": 11}
    duties.sweep(now=MORNING + 3 * HOUR + 16 * MINUTE, polite=False)
    assert Gap.objects.count() == 11


def test_a_new_schedule_gives_the_old_window_back(street: Street) -> None:
    apply(plan('from = "08:00", until = "20:00"', 'from = "08:30", until = "20:30"'), HOUR)
    duties.sweep(now=MORNING + HOUR + MINUTE, polite=False)

    assert {clock.local(clock.from_us(d.window_us)).minute for d in Duty.objects.all()} == {30}
    assert counters(street) == {"expected": 12, "open": 12}


def test_a_gap_stays_a_gap_when_the_times_change(street: Street) -> None:
    duties.sweep(now=MORNING + 2 * HOUR + 16 * MINUTE, polite=False)
    assert Gap.objects.count() == 12

    apply(plan("hours = 2", "hours = 4"), 2 * HOUR + 20 * MINUTE)

    assert Gap.objects.filter(status="open").count() == 12
    assert recount(street.street) == []


def test_a_rule_that_ends_waives_its_gaps_and_one_that_returns_begins_anew(street: Street) -> None:
    duties.sweep(now=MORNING + 2 * HOUR + 16 * MINUTE, polite=False)

    apply(playbooks.plan(playbooks.INFLUENZA), 3 * HOUR)
    assert not Gap.objects.filter(status="open").exists()
    assert not Duty.objects.filter(ended_us__isnull=True).exists()
    assert recount(street.street) == []

    apply(plan(), 4 * HOUR)
    assert Duty.objects.filter(ended_us__isnull=True, rule__key=BUTTONS).count() == 12
    assert recount(street.street) == []


def test_only_one_process_brings_a_plan_into_force(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    when = MORNING + HOUR
    seen: list[bool] = []
    real = plan_actions.reschedule

    def meanwhile(*, rule: Rule, now: object) -> None:
        other = Playbook.objects.order_by("id").last()
        assert other is not None
        seen.append(duties.bring_into_force(playbook=other, by="worker", now=when))
        real(rule=rule, now=when)

    monkeypatch.setattr(plan_actions, "reschedule", meanwhile)
    apply(plan("hours = 2", "hours = 3"), HOUR)

    assert seen == [False]
    assert duties.due_playbook(when) is None
    assert counters(street) == {"expected": 12, "open": 12}


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The process dies in a step: the step fails and nothing is tidied up."""

    def at(step: str) -> None:
        def fail(**_values: object) -> None:
            raise RuntimeError("the machine went down")

        monkeypatch.setattr(plan_actions, step, fail)
        monkeypatch.setattr(plan_actions._Lease, "give_up", lambda self: None)

    return at


@pytest.mark.parametrize("step", ["reschedule", "owe"])
def test_an_interrupted_change_is_finished_later(
    street: Street, dies: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    clean(street, 0, 30 * MINUTE)
    dies(step)
    with pytest.raises(RuntimeError):
        apply(plan("hours = 2", "hours = 3"), HOUR)
    monkeypatch.undo()

    soon, later = MORNING + HOUR + MINUTE, MORNING + HOUR + 3 * MINUTE
    waiting = duties.due_playbook(soon)
    assert waiting is not None
    assert not duties.bring_into_force(playbook=waiting, by="worker", now=soon), "its lease still runs"
    assert duties.bring_into_force(playbook=waiting, by="worker", now=later)

    assert duties.due_playbook(later) is None
    assert {clock.local(clock.from_us(d.due_us)).hour for d in Duty.objects.all()} == {11, 14}
    assert counters(street) == {"expected": 12, "met": 1, "open": 11}
    assert Fulfilment.objects.count() == 1


def test_a_stored_plan_is_left_to_the_worker(street: Street) -> None:
    when = MORNING + HOUR
    changed = plan("hours = 2", "hours = 3")

    applied = duties.store_playbook(plan=changed, effective_at=when, by="test", now=when)

    assert (applied.in_force, applied.change) == (False, (BUTTONS,))
    waiting = duties.due_playbook(when)
    assert waiting is not None
    assert waiting.id == applied.playbook_id
    assert {clock.local(clock.from_us(d.due_us)).hour for d in Duty.objects.all()} == {10}
