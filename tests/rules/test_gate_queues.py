"""How many wait at a gate, as far as it can be known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.gates.queues import LATE_MINUTES, Door, Expected, Queue, estimate, missing

EIGHT = 480
FRONT = Door("front", True, "", (6,) * 15, 90)
SIDE = replace(FRONT, gate_id="side", lately=(3,) * 15, best_quarter=45)
MORNING = Expected("", "", EIGHT, EIGHT + 60, 120, 36)
"""120 people from eight to nine, of whom 36 have come."""

CASES: list[tuple[str, list[Door], list[Expected], int, dict[str, Queue]]] = [
    ("half should have come", [FRONT], [MORNING], 510, {"front": Queue(24, 4)}),
    ("the slot has just begun", [FRONT], [MORNING], EIGHT, {"front": Queue(0, 0)}),
    ("the slot has not begun", [FRONT], [MORNING], EIGHT - 1, {}),
    ("the slot is long over", [FRONT], [MORNING], EIGHT + 60 + LATE_MINUTES, {}),
    ("the slot is just over", [FRONT], [MORNING], EIGHT + 61, {"front": Queue(84, 14)}),
    ("nobody is expected", [FRONT], [], 510, {}),
    ("more came than were due", [FRONT], [replace(MORNING, came=100)], 510, {"front": Queue(0, 0)}),
    ("no check lately", [replace(FRONT, lately=(0,) * 15)], [MORNING], 510, {}),
    ("it never checked", [replace(FRONT, lately=(0,) * 15, best_quarter=0)], [MORNING], 510, {}),
    ("a quiet gate", [replace(FRONT, lately=(2,) * 15)], [MORNING], 510, {"front": Queue(0, 0)}),
    ("it takes nobody in", [replace(FRONT, takes_in=False)], [MORNING], 510, {}),
    ("two doors share", [FRONT, SIDE], [MORNING], 510, {"front": Queue(16, 3), "side": Queue(8, 3)}),
    ("passes of one gate", [FRONT, SIDE], [replace(MORNING, gate_id="side")], 510, {"side": Queue(24, 8)}),
    ("passes of a gate elsewhere", [FRONT], [replace(MORNING, gate_id="side")], 510, {}),
    ("a door of another zone", [replace(FRONT, zones="RB")], [replace(MORNING, zone="Y")], 510, {}),
    ("a door of the zone", [replace(FRONT, zones="RB")], [replace(MORNING, zone="B")], 510, {"front": Queue(24, 4)}),
    ("no zone on the pass", [replace(FRONT, zones="RB")], [MORNING], 510, {"front": Queue(24, 4)}),
    (
        "the best minute is the rate", [replace(FRONT, lately=(6, 6, 6, 6, 8), best_quarter=0)], [MORNING], 510,
        {"front": Queue(24, 3)},
    ),
    (
        "two slots add", [FRONT], [MORNING, replace(MORNING, slot_from=EIGHT - 60, slot_until=EIGHT, came=114)], 509,
        {"front": Queue(28, 5)},
    ),
]  # fmt: skip

doors = st.builds(
    Door,
    gate_id=st.sampled_from("abc"),
    takes_in=st.booleans(),
    zones=st.sampled_from(["", "R", "YB"]),
    lately=st.tuples(*[st.integers(0, 30)] * 6),
    best_quarter=st.integers(0, 600),
)
groups = st.tuples(
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "R", "Y"]),
    st.integers(0, 1_400),
    st.integers(1, 400),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
).map(lambda one: Expected(one[0], one[1], one[2], one[2] + one[3], one[4], min(one[4], one[5])))
places = st.lists(doors, max_size=3, unique_by=lambda door: door.gate_id)


@pytest.mark.parametrize(
    ("doors", "expected", "minute", "queues"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_it_estimates(doors: list[Door], expected: list[Expected], minute: int, queues: dict[str, Queue]) -> None:
    assert estimate(doors, expected, minute) == queues


@given(places, st.lists(groups, max_size=6), st.integers(0, 1_439))
def test_it_never_says_more_wait_than_are_missing(found: list[Door], expected: list[Expected], minute: int) -> None:
    queues = estimate(found, expected, minute)

    absent = sum(missing(group, minute) for group in expected)
    assert sum(queue.waiting for queue in queues.values()) <= absent + len(found)
    assert all(queue.waiting >= 0 and queue.minutes >= 0 for queue in queues.values())
    assert all((queue.waiting == 0) == (queue.minutes == 0) for queue in queues.values())


@given(places, st.lists(groups, max_size=6), st.integers(0, 1_439))
def test_it_says_nothing_of_a_gate_that_shows_nothing(found: list[Door], expected: list[Expected], minute: int) -> None:
    queues = estimate(found, expected, minute)

    for door in found:
        if not door.takes_in or not any(door.lately[:5]):
            assert door.gate_id not in queues


@given(places, groups, st.integers(0, 1_439), st.integers(0, 500))
def test_it_says_no_longer_a_queue_when_more_have_come(
    found: list[Door], group: Expected, minute: int, more: int
) -> None:
    before = estimate(found, [group], minute)
    after = estimate(found, [replace(group, came=group.came + more)], minute)

    assert after.keys() == before.keys()
    assert all(after[key].waiting <= before[key].waiting for key in before)
