import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import Grid, beta_until, expected, grid_over, profile, shares

RULE = WaveRule()


@pytest.mark.parametrize("x", [0.01, 0.2, 0.33, 0.5, 0.77, 0.99])
def test_the_beta_shape_is_the_one_of_the_textbook(x: float) -> None:
    assert beta_until(x, 2.0, 3.0) == pytest.approx(6 * x**2 - 8 * x**3 + 3 * x**4, abs=1e-12)
    assert beta_until(x, 1.0, 1.0) == pytest.approx(x, abs=1e-12)
    assert beta_until(x, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(math.sqrt(x)), abs=1e-12)
    assert beta_until(x, 20.0, 20.0) == pytest.approx(1 - beta_until(1 - x, 20.0, 20.0), abs=1e-12)


@given(st.floats(0.5, 20.0), st.floats(0.5, 20.0), st.lists(st.floats(0.0, 1.0), min_size=2, max_size=8))
def test_the_share_that_has_come_never_falls(a: float, b: float, spots: list[float]) -> None:
    values = [beta_until(x, a, b) for x in sorted(spots)]
    assert all(0.0 <= value <= 1.0 + 1e-12 for value in values)
    assert all(late >= early - 1e-9 for early, late in zip(values, values[1:], strict=False))


@given(st.integers(0, 1_300), st.integers(1, 139), st.integers(1, 15))
def test_everybody_comes_within_the_window(start: int, width: int, slot: int) -> None:
    rule = RULE.model_copy(update={"slot_minutes": slot})
    parts = profile(rule, start, start + width)
    assert len(parts) == math.ceil(width / slot)
    assert parts.min() >= 0.0
    assert parts.sum() == pytest.approx(1.0)
    grid = grid_over(rule, start, start + width)
    assert grid.start <= start
    assert grid.end >= start + width
    assert shares(rule, grid, start, start + width).sum() == pytest.approx(1.0)


def test_expected_people_are_counted_in_their_slots() -> None:
    grid = Grid(480, 5, 24)
    people = expected(RULE, grid, [(100.0, (510, 540)), (40.0, (540, 570)), (60.0, (510, 540))])
    assert people.sum() == pytest.approx(200.0)
    assert people[6:12].sum() == pytest.approx(160.0)
    assert people[12:18].sum() == pytest.approx(40.0)
    assert people[:6].sum() == people[18:].sum() == 0.0
    assert np.allclose(people[6:12], 160.0 * profile(RULE, 510, 540))


def test_the_peak_is_early_in_the_window() -> None:
    parts = profile(RULE, 510, 540)
    assert int(parts.argmax()) in (1, 2)
    assert parts.max() == pytest.approx(0.28, abs=0.01)


def test_who_comes_outside_of_the_grid_is_not_counted() -> None:
    assert shares(RULE, Grid(525, 5, 3), 510, 540).sum() == pytest.approx(1.0 - beta_until(0.5, 2.0, 3.0))
