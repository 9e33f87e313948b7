"""Each night numbers are called at the plan's hour, once, without anybody's button."""

from datetime import date, datetime, time, timedelta

import pytest

from fangxian.duties.actions import apply_playbook
from fangxian.masks import nightly
from fangxian.masks.actions import rounds
from fangxian.masks.models import Call, Run
from fangxian.shared import clock
from fangxian.worker.loop import JOBS
from tests.support import playbooks
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round, registered, stocked

pytestmark = pytest.mark.django_db

FIRST = date(2020, 2, 18)


@pytest.fixture
def ground() -> MaskGround:
    """Two wait; goods for one of them are there. Sale begins on the 18th."""
    made = make_round()
    registered(made, 0, 1, 2)
    stocked(made, 0, 5, reserve=0)
    return made


def at(hour: int, minute: int = 0, day: date = date(2020, 2, 17)) -> datetime:
    return clock.at(day, time(hour, minute))


def test_numbers_are_called_at_the_plans_hour_once(ground: MaskGround) -> None:
    [job] = [job for job in JOBS if job.name == "call"]
    assert job.run(at(20, 59)) == 0
    assert not Run.objects.exists()
    assert job.run(at(21)) == 1
    assert job.run(at(21, 1)) == 0
    run = Run.objects.get()
    assert (run.sale_day, run.called, run.by) == (FIRST, 1, "worker")
    stocked(ground, 0, 5, reserve=0, now=at(22))
    assert nightly.call_due(now=at(22, 30)) == 0, "once for a day of sale"
    assert nightly.call_due(now=at(21, 0, FIRST)) == 1
    assert Call.objects.count() == 2


def test_a_night_without_goods_waits_for_them(ground: MaskGround) -> None:
    assert nightly.call_due(now=at(21)) == 1
    Run.objects.get()
    assert nightly.call_due(now=at(21, 0, FIRST)) == 0
    assert Run.objects.count() == 1, "nothing is free, so the day is left open"
    stocked(ground, 0, 5, reserve=0, now=at(23, 0, FIRST))
    assert nightly.call_due(now=at(23, 1, FIRST)) == 1


def test_a_night_that_was_missed_is_made_up_for_before_the_counters_open(ground: MaskGround) -> None:
    assert nightly.call_due(now=at(8, 31, FIRST)) == 0
    assert nightly.call_due(now=at(6, 0, FIRST)) == 1
    assert Run.objects.get().sale_day == FIRST


def test_the_hour_is_the_plans(ground: MaskGround) -> None:
    plan = playbooks.check_edited("masks.toml", "call_at = 21:00:00", "call_at = 18:00:00").plan
    assert plan is not None
    apply_playbook(plan=plan, effective_at=MORNING + timedelta(hours=1), by="test", now=MORNING + timedelta(hours=1))
    assert nightly.call_due(now=at(17, 59)) == 0
    assert nightly.call_due(now=at(18)) == 1


def test_a_cancelled_round_calls_nobody(ground: MaskGround) -> None:
    rounds.cancel(round=ground.round, reason="货源取消", by="test", now=at(17))
    assert nightly.call_due(now=at(21)) == 0
    assert not Run.objects.exists()


def test_a_draw_waits_until_nobody_can_register_any_more() -> None:
    made = make_round(policy="lottery")
    registered(made, 0, 1)
    stocked(made, 0, 5, reserve=0)
    assert nightly.call_due(now=at(21)) == 0
    assert not Run.objects.exists()
    last = clock.local_day(clock.from_us(made.round.register_until_us))
    assert nightly.call_due(now=at(21, 0, last)) == 1
