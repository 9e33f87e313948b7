"""Time at the edge, and the one way instants are stored.

Hot tables hold instants as whole microseconds since 1970-01-01T00:00Z. A local day or hour is always that of the
street's zone, never the server's.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The present instant. Only views, commands and the worker's loop call this; below them `now` is an argument."""
    return datetime.now(UTC)


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch; exact, because a float would lose the last digit. `moment` must be aware."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def local(moment: datetime) -> datetime:
    return moment.astimezone(ZONE)


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def at(day: date, clock_time: time) -> datetime:
    """That wall-clock time of that local day, as an aware instant."""
    return datetime.combine(day, clock_time, tzinfo=ZONE)


def day_start_us(day: date) -> int:
    return to_us(at(day, time.min))
