"""Who is on duty on which day."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fangxian.workplaces.calendar import Turn, rotation

DAY = date(2020, 2, 17)
PEOPLE = [UUID(int=number) for number in range(1, 7)]


def test_it_begins_with_whoever_was_never_on_duty_and_then_whoever_was_longest_ago() -> None:
    turns = [
        Turn(PEOPLE[0], DAY - timedelta(days=1)),
        Turn(PEOPLE[1], DAY - timedelta(days=3)),
        Turn(PEOPLE[2]),
    ]

    found = rotation(turns, from_day=DAY, days=4)

    assert [member for _day, member in found] == [PEOPLE[2], PEOPLE[1], PEOPLE[0], PEOPLE[2]]


def test_it_leaves_a_day_empty_on_which_nobody_may() -> None:
    turns = [Turn(PEOPLE[0], since=DAY + timedelta(days=1), until=DAY + timedelta(days=1))]

    assert rotation(turns, from_day=DAY, days=3) == [(DAY + timedelta(days=1), PEOPLE[0])]


def test_it_counts_a_day_that_is_taken_as_a_turn() -> None:
    turns = [Turn(PEOPLE[0]), Turn(PEOPLE[1])]

    found = rotation(turns, from_day=DAY, days=3, taken={DAY: PEOPLE[0]})

    assert [member for _day, member in found] == [PEOPLE[1], PEOPLE[0]]


@given(
    people=st.integers(1, 6),
    days=st.integers(1, 60),
    taken=st.sets(st.integers(0, 59)),
    last=st.lists(st.none() | st.integers(1, 30), min_size=6, max_size=6),
)
def test_it_spreads_the_days_evenly_and_keeps_those_that_are_taken(
    people: int, days: int, taken: set[int], last: list[int | None]
) -> None:
    turns = [
        Turn(one, DAY - timedelta(days=ago) if (ago := last[number]) else None)
        for number, one in enumerate(PEOPLE[:people])
    ]
    outsider = UUID(int=99)
    kept = {DAY + timedelta(days=number): outsider for number in taken}

    found = rotation(turns, from_day=DAY, days=days, taken=kept)

    asked = [DAY + timedelta(days=number) for number in range(days)]
    assert [day for day, _member in found] == [day for day in asked if day not in kept]
    counts = Counter(member for _day, member in found)
    share = [counts[turn.member] for turn in turns]
    assert max(share) - min(share) <= 1
