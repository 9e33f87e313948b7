"""Windows of time, in tables and as properties."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.duties.plan_schema import schedule_from
from fangxian.duties.schedules import AnySchedule, Window, daily_windows, first_window, next_window, window_at
from fangxian.shared import clock

TWICE = schedule_from({"type": "windows", "windows": [["06:00", "10:00"], ["16:00", "20:00"]]})
LIFTS = schedule_from({"type": "every", "hours": 2, "from": "08:00", "until": "19:00"})
WEEKDAYS = schedule_from({"type": "days", "weekdays": [1, 3, 5], "by": "18:00"})
THIRD_DAY = schedule_from({"type": "days", "every_days": 3, "by": "18:00"})
ONCE = schedule_from({"type": "once"})
DAY = date(2020, 2, 17)  # a Monday


def us(hour: int, minute: int = 0, day: date = DAY) -> int:
    return clock.to_us(clock.at(day, time(hour, minute)))


def first(schedule: AnySchedule, since: int) -> Window:
    window = first_window(schedule, since_us=since, opens_us=since, due_us=None)
    assert window is not None
    return window


@pytest.mark.parametrize(
    ("schedule", "since", "expected"),
    [
        (TWICE, us(5), Window(us(6), us(10))),
        (TWICE, us(7), Window(us(6), us(10))),
        (TWICE, us(10), Window(us(16), us(20))),
        (TWICE, us(21), Window(us(6, day=date(2020, 2, 18)), us(10, day=date(2020, 2, 18)))),
        (LIFTS, us(9), Window(us(8), us(10))),
        (LIFTS, us(18, 30), Window(us(18), us(19))),
        (WEEKDAYS, us(12), Window(us(0), us(18))),
        (WEEKDAYS, us(19), Window(us(0, day=date(2020, 2, 19)), us(18, day=date(2020, 2, 19)))),
    ],
)
def test_it_owes_the_window_it_stands_in_or_the_next(schedule: AnySchedule, since: int, expected: Window) -> None:
    assert first(schedule, since) == expected


def test_every_two_hours_ends_at_the_last_hour_however_short() -> None:
    assert daily_windows(LIFTS)[-1] == (time(18), time(19))  # type: ignore[arg-type]  # a schedule with windows
    assert len(daily_windows(LIFTS)) == 6  # type: ignore[arg-type]  # a schedule with windows


def test_what_is_owed_once_comes_with_its_due_time_and_has_no_next() -> None:
    window = first_window(ONCE, since_us=us(9), opens_us=us(8), due_us=us(18))
    assert window == Window(us(8), us(18))
    assert next_window(ONCE, window) is None
    assert first_window(ONCE, since_us=us(9), opens_us=us(8), due_us=None) is None


def test_every_third_day_is_shared_by_all_whenever_they_enrolled() -> None:
    starts = {first(THIRD_DAY, us(9, day=DAY + timedelta(days=offset))).start_us for offset in range(9)}
    assert len(starts) in {3, 4}


SCHEDULES = st.sampled_from([TWICE, LIFTS, WEEKDAYS, THIRD_DAY])
MOMENTS = st.datetimes(datetime(2019, 12, 1), datetime(2020, 6, 1)).map(lambda d: clock.to_us(d.replace(tzinfo=UTC)))  # noqa: DTZ001 - made aware on the next step


@given(schedule=SCHEDULES, since=MOMENTS)
def test_the_first_window_is_never_over_and_windows_never_overlap(schedule: AnySchedule, since: int) -> None:
    window = first(schedule, since)
    assert window.due_us > since
    for _step in range(12):
        then = next_window(schedule, window)
        assert then is not None
        assert then.start_us >= window.due_us
        window = then


@given(schedule=SCHEDULES, since=MOMENTS)
def test_the_running_window_is_the_first_one_owed_or_none(schedule: AnySchedule, since: int) -> None:
    running = window_at(schedule, since)
    owed = first(schedule, since)
    assert running == (owed if owed.start_us <= since else None)
