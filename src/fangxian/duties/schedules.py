"""Windows of time that a schedule makes. Pure: local calendar in, instants out.

Windows are the same for every subject of a rule, so that counters can be kept by window; a subject enrolled in the
middle of a window owes it like the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fangxian.duties.plan_schema import Days, Every, Once, Windows
from fangxian.shared import clock

AnySchedule = Once | Windows | Every | Days


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_us` until `due_us`; grace comes after and is the rule's."""

    start_us: int
    due_us: int


def daily_windows(schedule: Windows | Every) -> tuple[tuple[time, time], ...]:
    """The windows of one day. For "every n hours" the last one ends at `until`, however short it is."""
    if isinstance(schedule, Windows):
        return schedule.windows
    found = []
    day = date(2000, 1, 1)
    start = datetime.combine(day, schedule.from_)
    end = datetime.combine(day, schedule.until)
    while start < end:
        stop = min(start + timedelta(hours=schedule.hours), end)
        found.append((start.time(), stop.time()))
        start = stop
    return tuple(found)


def _day_windows(schedule: Windows | Every, day: date) -> Iterator[Window]:
    for start, end in daily_windows(schedule):
        yield Window(clock.to_us(clock.at(day, start)), clock.to_us(clock.at(day, end)))


def _period(schedule: Days, day: date) -> Window | None:
    """The window of a "days" schedule that `day` belongs to; None for a weekday that owes nothing.

    "Every n days" counts days from the common calendar and not from the enrolment, so that all subjects share windows.
    """
    if schedule.weekdays is not None:
        if day.isoweekday() not in schedule.weekdays:
            return None
        return Window(clock.day_start_us(day), clock.to_us(clock.at(day, schedule.by)))
    length = schedule.every_days or 1
    first = date.fromordinal(day.toordinal() - day.toordinal() % length)
    last = first + timedelta(days=length - 1)
    return Window(clock.day_start_us(first), clock.to_us(clock.at(last, schedule.by)))


def _from_day(schedule: Windows | Every | Days, day: date) -> Iterator[Window]:
    while True:
        if isinstance(schedule, Days):
            window = _period(schedule, day)
            if window is not None:
                yield window
        else:
            yield from _day_windows(schedule, day)
        day += timedelta(days=1)


def first_window(schedule: AnySchedule, *, since_us: int, opens_us: int, due_us: int | None) -> Window | None:
    """The first window that a subject enrolled at `since_us` owes: the one it stands in, else the next.

    `opens_us` and `due_us` are for "once"; without a due time nothing is owed, and None is returned.
    """
    if isinstance(schedule, Once):
        return None if due_us is None else Window(min(opens_us, due_us), due_us)
    day = clock.local_day(clock.from_us(since_us))
    return next(window for window in _from_day(schedule, day) if window.due_us > since_us)


def next_window(schedule: AnySchedule, after: Window) -> Window | None:
    """The window that follows; None when the duty is owed once."""
    if isinstance(schedule, Once):
        return None
    day = clock.local_day(clock.from_us(after.start_us))
    return next(window for window in _from_day(schedule, day) if window.start_us > after.start_us)


def window_at(schedule: AnySchedule, now_us: int) -> Window | None:
    """The window that is running at `now_us`, if one is; None for "once"."""
    if isinstance(schedule, Once):
        return None
    found = first_window(schedule, since_us=now_us, opens_us=now_us, due_us=None)
    return found if found is not None and found.start_us <= now_us else None
