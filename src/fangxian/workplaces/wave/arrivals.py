"""When people come: a beta shape over each enterprise's window, counted in slots."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fangxian.workplaces.playbook import WaveRule

Floats = NDArray[np.float64]
DAY = 1_440


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots of the morning: slot i covers the minutes from `start + i * slot`, `slot` long."""

    start: int
    slot: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.slot * self.count

    def edges(self) -> Floats:
        return self.start + self.slot * np.arange(self.count + 1, dtype=np.float64)


def grid_over(rule: WaveRule, from_minute: int, until_minute: int) -> Grid:
    """The slots, counted from midnight, that cover these minutes."""
    first = from_minute // rule.slot_minutes
    last = max(first + 1, -(-until_minute // rule.slot_minutes))
    return Grid(first * rule.slot_minutes, rule.slot_minutes, last - first)


def profile(rule: WaveRule, from_minute: int, until_minute: int) -> Floats:
    """Share of the people who come in each slot from `from_minute` on; the last slot may be a part of one."""
    count = max(1, -(-(until_minute - from_minute) // rule.slot_minutes))
    return shares(rule, Grid(from_minute, rule.slot_minutes, count), from_minute, until_minute)


def shares(rule: WaveRule, grid: Grid, from_minute: int, until_minute: int) -> Floats:
    """The same on a grid of the whole morning. Whoever falls outside of the grid is not counted."""
    width = max(1, until_minute - from_minute)
    spots = np.clip((grid.edges() - from_minute) / width, 0.0, 1.0)
    return np.diff([beta_until(float(spot), rule.alpha, rule.beta) for spot in spots])


def expected(rule: WaveRule, grid: Grid, parts: Iterable[tuple[float, tuple[int, int]]]) -> Floats:
    """How many are expected in each slot, from (people, window) pairs."""
    windows: dict[tuple[int, int], float] = {}
    for people, window in parts:
        windows[window] = windows.get(window, 0.0) + people
    total = np.zeros(grid.count)
    for (from_minute, until_minute), people in sorted(windows.items()):
        total += people * shares(rule, grid, from_minute, until_minute)
    return total


@lru_cache(maxsize=4_096)
def beta_until(x: float, a: float, b: float) -> float:
    """Share of a beta distribution that lies below `x` (the regularised incomplete beta function)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # the fraction converges fast only below the mean; beyond it the distribution is read from its other end
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's continued fraction of the incomplete beta function."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0) or tiny)
    value = d
    for m in range(1, 300):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / (1.0 + step * d or tiny)
            c = 1.0 + step / c or tiny
            value *= d * c
        if abs(d * c - 1.0) < 1e-14:
            break
    return value
