from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.shared.dates import DateError, DateProblem, parse_date

FEB_3 = date(2020, 2, 3)


@pytest.mark.parametrize(
    "written",
    [
        "2020.2.3", "2020/2/3", "2020-02-03", "2020年2月3日", "2020年2月3号", "２０２０．２．３",
        "20200203", "2020-02-03 00:00:00", "2020/2/3 8:30", "2020-02-03T08:30:00", " 2020 . 2 . 3 ",
        "二〇二〇年二月三日", "2020.2.3.", 20200203, 20200203.0, 43864, 43864.5, "43864", FEB_3,
        datetime(2020, 2, 3, 8, 30),  # noqa: DTZ001 - a workbook gives it without a zone
    ],
)  # fmt: skip
def test_it_reads_a_day_however_it_is_written(written: object) -> None:
    assert parse_date(written) == FEB_3


@pytest.mark.parametrize("written", ["2月3日", "2月3号", "2/3", "2.3", "二月三日"])
def test_it_takes_the_year_that_the_list_is_about(written: str) -> None:
    assert parse_date(written, default_year=2020) == FEB_3


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2月3日", DateProblem.NO_YEAR),
        ("2/3/2020", DateProblem.YEAR_LAST),
        ("20.2.3", DateProblem.SHORT_YEAR),
        ("2020年2月", DateProblem.NO_DAY),
        ("2020.2.30", DateProblem.NO_SUCH_DAY),
        ("20201301", DateProblem.NO_SUCH_DAY),
        (2.3, DateProblem.NUMBER),
        ("昨天", DateProblem.UNREADABLE),
        ("", DateProblem.UNREADABLE),
        (True, DateProblem.UNREADABLE),
        (None, DateProblem.UNREADABLE),
    ],
)
def test_it_says_why_a_cell_is_no_day(written: object, problem: DateProblem) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(written)
    assert caught.value.problem is problem


@given(st.dates(date(1901, 1, 2), date(2099, 12, 31)))
def test_it_agrees_with_a_workbook_about_serials(day: date) -> None:
    assert parse_date(float((day - date(1899, 12, 30)).days)) == day


@given(st.text(max_size=20))
def test_it_reads_any_text_or_refuses_it(value: str) -> None:
    with suppress(DateError):
        assert isinstance(parse_date(value, 2020), date)
