"""What a record does, what a lapse is, who owns a gap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.duties import rules
from fangxian.duties.models import Cause, Outcome
from fangxian.duties.plan_schema import EscalationStep, schedule_from
from fangxian.duties.rules import OpenGap, Outage
from fangxian.duties.schedules import Window, next_window
from fangxian.shared.clock import HOUR_US as H
from fangxian.shared.clock import MINUTE_US as M

ONCE = schedule_from({"type": "once"})
TWICE = schedule_from({"type": "windows", "windows": [["06:00", "10:00"], ["16:00", "20:00"]]})
NOW = Window(100 * H, 104 * H)
OLD = OpenGap(Window(90 * H, 94 * H), 95 * H, Cause.MISSED)
STEPS = tuple(
    EscalationStep(role=role, after_minutes=minutes)
    for role, minutes in (("grid_worker", 0), ("committee_secretary", 60), ("street_leader", 240))
)


@pytest.mark.parametrize(
    ("observed", "closes", "window"),
    [
        (89 * H, (), None),  # before anything was owed
        (93 * H, ((0, Outcome.MET),), None),  # in time for the old window, received late
        (97 * H, ((0, Outcome.LATE),), None),  # too late for the old one, too early for the new one
        (101 * H, ((0, Outcome.LATE),), Outcome.MET),
        (104 * H + 30 * M, ((0, Outcome.LATE),), Outcome.MET),  # within grace
        (106 * H, ((0, Outcome.LATE),), Outcome.LATE),
    ],
)
def test_a_record_is_judged_by_when_it_was_observed(
    observed: int, closes: tuple[tuple[int, Outcome], ...], window: Outcome | None
) -> None:
    effect = rules.judge_record(ONCE, current=NOW, grace_us=H, gaps=[OLD], observed_us=observed)
    assert (effect.closes, effect.window) == (closes, window)


def test_a_recurring_duty_moves_on_to_its_next_window() -> None:
    start = next_window(TWICE, Window(0, 1))
    assert start is not None
    effect = rules.judge_record(TWICE, current=start, grace_us=0, gaps=[], observed_us=start.start_us)
    assert effect.then == next_window(TWICE, start)


@given(st.integers(0, 300), st.integers(0, 5 * H))
def test_a_record_never_counts_before_its_window_began(observed_hours: int, grace: int) -> None:
    effect = rules.judge_record(TWICE, current=NOW, grace_us=grace, gaps=[OLD], observed_us=observed_hours * H)
    assert (effect.window is not None) == (observed_hours * H >= NOW.start_us)
    assert bool(effect.closes) == (observed_hours * H >= OLD.window.start_us)


@pytest.mark.parametrize(
    ("down", "cause"),
    [
        ((), Cause.MISSED),
        ((Outage(103 * H + 30 * M, 103 * H + 45 * M),), Cause.UNKNOWN),
        ((Outage(103 * H + 30 * M, 103 * H + 35 * M),), Cause.MISSED),  # too short to matter
        ((Outage(100 * H, 102 * H),), Cause.MISSED),  # there was time enough afterwards
        ((Outage(103 * H + 10 * M, 103 * H + 16 * M), Outage(103 * H + 40 * M, 103 * H + 46 * M)), Cause.UNKNOWN),
        ((Outage(104 * H, 105 * H),), Cause.UNKNOWN),  # down all through the grace
    ],
)
def test_nobody_is_accused_of_our_own_outage(down: tuple[Outage, ...], cause: Cause) -> None:
    assert rules.cause_of_lapse(NOW, 105 * H, down) == cause


def test_a_channel_that_never_beat_is_not_measured() -> None:
    assert rules.outages([], start_us=0, end_us=10 * H) == ()


def test_lost_beats_make_an_outage_and_single_ones_do_not() -> None:
    beats = [minute * M for minute in range(60) if minute not in {10, 11, 30, 31, 32, 33, 34}]
    assert rules.outages(beats, start_us=0, end_us=60 * M) == (Outage(30 * M, 35 * M),)


@pytest.mark.parametrize(
    ("age_minutes", "first", "step"),
    [(0, 0, 0), (59, 0, 0), (60, 0, 1), (241, 0, 2), (0, 1, 1), (0, 9, 2), (900, 0, 2)],
)
def test_the_clock_and_refusals_raise_the_owner(age_minutes: int, first: int, step: int) -> None:
    assert rules.steps_due(STEPS, first=first, age_us=age_minutes * M) == step


@pytest.mark.parametrize(
    ("due", "held", "owner"),
    [
        (0, [True, True, True], 0),
        (0, [False, True, True], 1),
        (1, [True, False, True], 2),
        (0, [False, False, False], None),
    ],
)
def test_an_empty_post_passes_the_gap_on(due: int, held: list[bool], owner: int | None) -> None:
    assert rules.owner_step(STEPS, due_step=due, held=held) == owner
