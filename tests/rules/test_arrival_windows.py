"""The arrival window of a plan at a gate: which one holds, and that it goes before the slot on the pass."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fangxian.gates.rules import Code, PassFacts, Window, decide, window_on
from tests.support.gate_cases import CASES, WINDOWS, facts

MINUTES = st.integers(0, 1_439)
GOOD = facts(CASES[0])


@pytest.mark.parametrize("case", WINDOWS, ids=[case["name"] for case in WINDOWS])
def test_the_window_of_a_day(case: dict[str, Any]) -> None:
    found = window_on([Window(*row) for row in case["windows"]], case["day"])
    assert (None if found is None else list(found)) == case["window"]


def _code(permit: PassFacts, minute: int) -> Code:
    asked = {**GOOD, "permit": permit, "seen": replace(GOOD["seen"], minute=minute)}
    return decide(**asked).code


@given(MINUTES, MINUTES, MINUTES, MINUTES)
def test_a_window_is_what_counts_whatever_the_pass_says(slot: int, window: int, minute: int, other: int) -> None:
    permit = replace(GOOD["permit"], slot_from=slot, slot_until=slot + 1, window_from=window, window_until=window + 1)
    early = minute < window - GOOD["plan"].early_minutes
    assert (_code(permit, minute) is Code.TOO_EARLY) == early
    assert permit.slot == (window, window + 1)
    # and where the plan says nothing, the pass does
    bare = replace(permit, window_from=None, window_until=None, slot_from=other, slot_until=other + 1)
    assert (_code(bare, minute) is Code.TOO_EARLY) == (minute < other - GOOD["plan"].early_minutes)
    assert bare.slot == (other, other + 1)


def test_without_either_one_may_come_at_any_time() -> None:
    permit = replace(GOOD["permit"], slot_from=None, slot_until=None)
    assert permit.slot is None
    assert {_code(permit, minute) for minute in range(0, 1_440, 60)} == {Code.OK}
