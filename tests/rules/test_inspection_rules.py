"""Whose place it is, who is sent where, and which items have no answer."""

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.duties.plan_schema import Text
from fangxian.duties.sections import ChecklistItem
from fangxian.inspections import rules
from fangxian.inspections.plan import fingerprint
from fangxian.inspections.rules import Candidate

DAY = date(2020, 2, 17)
TITLE = Text(zh="项", en="item")


def path(number: int) -> str:
    return f"00001{number:05d}"


def place(number: int) -> tuple[UUID, str]:
    return UUID(int=1_000 + number), path(number)


def person(number: int, *own: int) -> Candidate:
    return Candidate(UUID(int=number), tuple(path(one) for one in own))


@pytest.mark.parametrize(
    ("at", "grants", "own"),
    [
        ("0000100001", ["0000100001"], True),
        ("0000100001", ["000010000100007"], True),
        ("0000100001", ["00001"], False),
        ("0000100001", ["0000100002"], False),
        ("0000100001", ["0000100002", "0000100001"], True),
        ("0000100001", [], False),
    ],
)
def test_a_role_at_or_below_a_place_makes_it_ones_own(at: str, grants: list[str], own: bool) -> None:
    assert rules.is_own_place(at, grants) is own


def test_buildings_that_inspect_each_other_change_every_day() -> None:
    """38 workers, each of one building: nobody at home, one a day, and in a fortnight nobody twice at the same."""
    people = [person(number, number) for number in range(1, 39)]
    places = [place(number) for number in range(1, 39)]
    before = Counter[tuple[UUID, UUID]]()
    for shift in range(14):
        found = rules.share_out(places, people, day=DAY + timedelta(days=shift), today={}, before=before)
        assert len(found) == 38
        assert set(Counter(found.values()).values()) <= {1, 2}
        before.update((who, where) for where, who in found.items())
    assert all(where.int - 1_000 != who.int for who, where in before)
    assert max(before.values()) <= 2
    assert sum(times == 1 for times in before.values()) > 0.95 * 38 * 14


@given(
    own=st.lists(st.sets(st.integers(1, 12), max_size=3), min_size=1, max_size=8),
    places=st.integers(0, 12),
    busy=st.dictionaries(st.integers(1, 8), st.integers(0, 4)),
    day=st.dates(date(2020, 1, 1), date(2020, 12, 31)),
)
def test_nobody_gets_their_own_place_and_no_place_is_left_that_somebody_may_inspect(
    own: list[set[int]], places: int, busy: dict[int, int], day: date
) -> None:
    people = [person(number, *sorted(held)) for number, held in enumerate(own, start=1)]
    wanted = [place(number) for number in range(1, places + 1)]
    today = {UUID(int=number): load for number, load in busy.items()}
    found = rules.share_out(wanted, people, day=day, today=today, before={})
    held = {one.id: one.paths for one in people}
    for ident, at in wanted:
        able = [who for who, paths in held.items() if at not in paths]
        assert (ident in found) == bool(able)
        if ident in found:
            assert found[ident] in able
    assert found == rules.share_out(list(reversed(wanted)), people, day=day, today=today, before={})


@given(people=st.integers(1, 9), places=st.integers(0, 40), day=st.dates(date(2020, 1, 1), date(2020, 12, 31)))
def test_the_work_is_shared_evenly(people: int, places: int, day: date) -> None:
    staff = [person(number) for number in range(1, people + 1)]
    found = rules.share_out([place(n) for n in range(places)], staff, day=day, today={}, before={})
    loads = Counter(found.values())
    assert max((loads[one.id] for one in staff), default=0) - min((loads[one.id] for one in staff), default=0) <= 1


def test_who_has_much_to_do_already_gets_less() -> None:
    staff = [person(1), person(2)]
    found = rules.share_out([place(1), place(2)], staff, day=DAY, today={UUID(int=1): 2}, before={})
    assert set(found.values()) == {UUID(int=2)}


def test_who_was_there_lately_is_sent_elsewhere() -> None:
    staff = [person(1), person(2)]
    before = {(UUID(int=1), place(1)[0]): 1, (UUID(int=2), place(2)[0]): 1}
    for shift in range(7):
        found = rules.share_out(
            [place(1), place(2)], staff, day=DAY + timedelta(days=shift), today={}, before=before
        )  # fmt: skip
        assert found == {place(1)[0]: UUID(int=2), place(2)[0]: UUID(int=1)}


@given(position=st.integers(0, 100), every=st.integers(1, 14), day=st.dates(date(2020, 1, 1), date(2020, 12, 31)))
def test_each_has_its_turn_once_in_a_period(position: int, every: int, day: date) -> None:
    assert sum(rules.its_turn(position, day + timedelta(days=shift), every) for shift in range(every)) == 1


def test_a_draw_cannot_be_foreseen_without_its_salt() -> None:
    places = [place(number)[0] for number in range(38)]
    draws = {tuple(rules.draw(places, 5, DAY, bytes([salt]))) for salt in range(20)}
    assert len(draws) > 15
    assert all(len(set(drawn)) == 5 for drawn in draws)
    assert rules.draw(places, 99, DAY, b"x") != places
    assert sorted(rules.draw(places, 99, DAY, b"x")) == sorted(places)
    assert rules.draw(places, -1, DAY, b"x") == []


def items(*keys: str) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(key=key, area="A", title=TITLE, criterion=TITLE, severity="red") for key in keys)


def test_items_without_an_answer_are_told_in_the_order_of_the_list() -> None:
    assert rules.unanswered(items("A1", "A2", "A3"), ["A2", "Z9"]) == ("A1", "A3")
    assert rules.unanswered(items("A1"), ["A1"]) == ()


def test_any_change_of_a_list_changes_its_fingerprint() -> None:
    first = items("A1", "A2")
    changed = (first[0], first[1].model_copy(update={"suspends": "zone"}))
    sums = {fingerprint(one) for one in (first, items("A2", "A1"), items("A1"), changed, ())}
    assert len(sums) == 5
    assert fingerprint(items("A1", "A2")) == fingerprint(first)
