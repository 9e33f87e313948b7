"""Times of a rota. Nothing here touches a database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US

EARLY_US: Final = 60 * MINUTE_US
"""How long before a slot its people may check in; its duty opens then."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    from_us: int
    until_us: int


def span_of(day: date, start: time, end: time) -> Span:
    """From `start` on that local day to `end`, which is on the next day when it is not after the start."""
    last = day if end > start else day + timedelta(days=1)
    return Span(clock.to_us(clock.at(day, start)), clock.to_us(clock.at(last, end)))


def days_of(weekdays: Iterable[int], first: date, last: date) -> list[date]:
    """The days from `first` to `last` that are one of `weekdays`; 1 is Monday."""
    wanted = set(weekdays)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.isoweekday() in wanted]


def overlap(spans: Iterable[Span]) -> bool:
    """Whether any two of them share an instant; the end of a span is not in it."""
    ordered = sorted(spans)
    return any(later.from_us < earlier.until_us for earlier, later in zip(ordered, ordered[1:], strict=False))


def label(span: Span) -> str:
    """`2020-02-17 06:00-14:00`, in local time."""
    start, end = (clock.local(clock.from_us(us)) for us in (span.from_us, span.until_us))
    return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"
