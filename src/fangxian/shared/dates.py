"""Days as people write them in lists. A day that could be read two ways is refused, never guessed."""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from fangxian.shared.text import NUMERAL_CHARS, chinese_number, squeeze

_SERIAL_START = date(1899, 12, 30)
# a serial below a year's worth is far likelier a day of the month or 2.3 meant as a date
_FIRST_SERIAL, _LAST_SERIAL = 367, 73050
_YEAR_FIRST = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})[日号]?")
_NO_YEAR = re.compile(r"(\d{1,2})[-./月](\d{1,2})[日号]?")
_RUN = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"\d{1,2}[-./]\d{1,2}[-./]\d{4}")
_SHORT_YEAR = re.compile(r"\d{2}[-./年]\d{1,2}[-./月]\d{1,2}[日号]?")
_CLOCK = re.compile(r"(?<=\d)[日号]?[t ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?z?$", re.IGNORECASE)
_CHINESE = re.compile(rf"[{NUMERAL_CHARS}]+(?=[年月日号])")


class DateProblem(StrEnum):
    UNREADABLE = "unreadable"
    NO_SUCH_DAY = "no_such_day"
    NO_YEAR = "no_year"
    NO_DAY = "no_day"
    YEAR_LAST = "year_last"
    SHORT_YEAR = "short_year"
    NUMBER = "number"


class DateError(ValueError):
    """A cell that is no day; `problem` says why."""

    def __init__(self, problem: DateProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def parse_date(value: object, default_year: int | None = None) -> date:
    """The day in a cell: a date, 2020.2.3, 2020/2/3, 2020年2月3日, 20200203, an Excel serial.

    2月3日 and 2/3 need `default_year`. Raises DateError.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        raise DateError(DateProblem.UNREADABLE)
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, str):
        return _text(value, default_year)
    raise DateError(DateProblem.UNREADABLE)


def _number(value: float) -> date:
    """8 digits are a date in figures; else a serial of days. 2.1 may be 1 or 10 February and is refused."""
    if value.is_integer() and 18000101 <= value <= 22001231:
        return _run(str(int(value)))
    if _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return _SERIAL_START + timedelta(days=int(value))
    raise DateError(DateProblem.NUMBER)


def _run(digits: str) -> date:
    match = _RUN.fullmatch(digits)
    if not match:
        raise DateError(DateProblem.UNREADABLE)
    return _day(int(match[1]), int(match[2]), int(match[3]))


def _text(value: str, default_year: int | None) -> date:
    text = squeeze(_CLOCK.sub("", value.strip())).rstrip(".,;，。")
    text = _CHINESE.sub(_digits, text)
    if text.isascii() and text.isdigit():
        return _run(text) if len(text) == 8 else _number(float(text))
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        return _day(int(match[1]), int(match[2]), int(match[3]))
    match = _NO_YEAR.fullmatch(text)
    if match:
        if default_year is None:
            raise DateError(DateProblem.NO_YEAR)
        return _day(default_year, int(match[1]), int(match[2]))
    raise DateError(_problem(text))


def _digits(match: re.Match[str]) -> str:
    number = chinese_number(match[0])
    return match[0] if number is None else str(number)


def _problem(text: str) -> DateProblem:
    if _YEAR_LAST.fullmatch(text):
        return DateProblem.YEAR_LAST
    if _SHORT_YEAR.fullmatch(text):
        return DateProblem.SHORT_YEAR
    if re.fullmatch(r"\d{4}[-./年]\d{1,2}月?", text):
        return DateProblem.NO_DAY
    return DateProblem.UNREADABLE


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise DateError(DateProblem.NO_SUCH_DAY) from None
