"""Lines in front of lanes: exact simulation of many mornings at once, and the formulas of the textbook.

Times are minutes. Arrays of people are (people, replications): the n-th to come stands in row n of each replication, so
that one step of the loop serves one person in each of them. Replications with fewer people are filled with infinity.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.workplaces.wave.arrivals import Floats, Grid
from fangxian.workplaces.wave.site import Gate, Lane

_APART = 4_096.0
"""Minutes between mornings that are sorted together. A power of two, so that next to nothing is rounded away."""


@dataclass(frozen=True, slots=True)
class Served:
    """Per person and replication. `lane` is the place of the lane in what `serve` was given, fastest first."""

    arrivals: Floats
    starts: Floats
    services: Floats
    lane: NDArray[np.intp]

    @property
    def here(self) -> NDArray[np.bool_]:
        """Where there is somebody at all."""
        return np.isfinite(self.arrivals)

    def waits(self) -> Floats:
        """Of everybody who came, in no particular order."""
        here = self.here
        return self.starts[here] - self.arrivals[here]


def by_speed(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Whoever finds several lanes free takes the fastest."""
    return tuple(sorted(lanes, key=lambda lane: (lane.seconds, lane.spread, lane.method)))


def poisson(expected: Floats, grid: Grid, replications: int, rng: np.random.Generator) -> Floats:
    """Arrivals of many mornings: Poisson with the expected number in each slot, evenly within a slot."""
    counts = rng.poisson(expected, size=(replications, grid.count))
    people = counts.sum(axis=1)
    total = int(people.sum())
    slots = np.repeat(np.tile(np.arange(grid.count), replications), counts.ravel())
    morning = np.repeat(np.arange(replications), people)
    times = grid.start + grid.slot * (slots + rng.random(total))
    # one sort of a sum: mornings stay in their order, and a day has fewer minutes than lie between two of them
    times = np.sort(times + morning * _APART) - morning * _APART
    first = np.concatenate(([0], np.cumsum(people)[:-1])) if replications else np.zeros(0, dtype=np.int64)
    found = np.full((int(people.max(initial=0)), replications), np.inf)
    found[np.arange(total) - first[morning], morning] = times
    return found


def service_times(lanes: Sequence[Lane], shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """(people, replications, lanes): how long each person would take at each lane, gamma-distributed.

    A person is as quick or slow at one lane as at another of the same spread, and draws the same however many lanes
    there are: two layouts are compared on the same people.
    """
    # one draw per spread, in the order of the spreads and not of the lanes
    spreads = sorted({lane.spread for lane in lanes})
    seeds = rng.spawn(len(spreads))
    unit = {spread: _unit(spread, shape, seed) for spread, seed in zip(spreads, seeds, strict=True)}
    return np.stack([unit[lane.spread] * (lane.seconds / 60.0) for lane in lanes], axis=-1)


def _unit(spread: float, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    if spread == 0.0:
        return np.ones(shape)
    form = 1.0 / spread**2
    return rng.gamma(form, 1.0 / form, size=shape)


def serve(arrivals: Floats, services: Floats) -> Served:
    """First come, first served: the first in line goes to the lane that is free first (the first of those free).

    `arrivals`: (people, replications), ascending; `services`: (people, replications, lanes).
    """
    people, replications = arrivals.shape
    lanes = services.shape[2]
    if lanes == 1:
        return _single(arrivals, services[:, :, 0])
    starts = np.full_like(arrivals, np.inf)
    taken = np.zeros((people, replications), dtype=np.intp)
    free = np.zeros((replications, lanes))
    row = np.arange(replications)
    for person in range(people):
        begin = np.maximum(free, arrivals[person][:, None])
        lane = begin.argmin(axis=1)
        start = begin[row, lane]
        free[row, lane] = start + services[person, row, lane]
        starts[person], taken[person] = start, lane
    used = np.take_along_axis(services, taken[:, :, None], axis=2)[:, :, 0]
    return Served(arrivals, starts, used, taken)


def _single(arrivals: Floats, services: Floats) -> Served:
    """One lane: the end of each check is the work so far plus the latest time at which the lane began afresh."""
    work = np.cumsum(services, axis=0)
    before = work - services
    afresh = np.maximum.accumulate(arrivals - before, axis=0)
    # work - work of large numbers leaves a rounding error that must not become a negative wait
    starts = np.maximum(afresh + before, arrivals)
    return Served(arrivals, starts, services, np.zeros(arrivals.shape, dtype=np.intp))


# --- formulas


def erlang_c(load: float, servers: int) -> float:
    """Probability that somebody has to wait in M/M/c; `load` = arrival rate x mean service time. 1 when overloaded."""
    if servers < 1 or load >= servers:
        return 1.0
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def mmc_wait(rate: float, service: float, servers: int) -> float:
    """Mean wait of M/M/c before service, in the unit of `service`; infinite when overloaded."""
    load = rate * service
    if load >= servers:
        return math.inf
    return erlang_c(load, servers) * service / (servers - load)


def mmc_line(rate: float, service: float, servers: int) -> float:
    """Mean number waiting in M/M/c (Little's law)."""
    return rate * mmc_wait(rate, service, servers)


def mgc_wait(rate: float, service: float, servers: int, spread: float) -> float:
    """Mean wait of M/G/c after Lee and Longton: that of M/M/c times (1 + spread^2) / 2. Exact for one server."""
    return mmc_wait(rate, service, servers) * (1.0 + spread**2) / 2.0


@dataclass(frozen=True, slots=True)
class Quick:
    wait: float
    """Minutes, mean of who arrives in the slot."""
    line: float
    """People waiting, mean over the slot."""


_STEADY = 0.95
"""Beyond this utilisation there is no steady state to speak of; what piles up is counted as a fluid."""
_LIVELY = 0.8
"""From this utilisation on the steady state takes longer than a slot to be reached."""


def quick(expected: Sequence[float] | Floats, gate: Gate, slot_minutes: int) -> tuple[Quick, ...]:
    """By formula, for a page: what piled up as a fluid, and what chance adds.

    Chance adds the steady M/G/c wait, and no more than a line can have grown by chance since the lanes became busy
    (a random walk: two thirds of sqrt(2 v / pi) on average over the time, v its variance at the end).
    """
    if not gate.lanes:
        return tuple(Quick(0.0, 0.0) for _ in expected)
    servers, per_minute = len(gate.lanes), gate.per_minute
    service, spread = servers / per_minute, _spread(gate.lanes)
    found, pile, lively = [], 0.0, 0
    for people in expected:
        rate = float(people) / slot_minutes
        after = max(0.0, pile + float(people) - per_minute * slot_minutes)
        lively = lively + slot_minutes if rate > _LIVELY * per_minute else 0
        variance = rate * (1.0 + spread**2) * max(lively, slot_minutes)
        grown = math.sqrt(2.0 * variance / math.pi) * 2.0 / 3.0 / per_minute
        steady = mgc_wait(min(rate, _STEADY * per_minute), service, servers, spread) if rate else 0.0
        chance = min(steady, grown)
        wait = (pile + after) / 2.0 / per_minute + chance
        found.append(Quick(wait, (pile + after) / 2.0 + rate * chance))
        pile = after
    return tuple(found)


def _spread(lanes: Sequence[Lane]) -> float:
    """Coefficient of variation of a check at busy lanes: each lane counts as often as it checks somebody."""
    rates = [60.0 / lane.seconds for lane in lanes]
    mean = len(lanes) * 60.0 / sum(rates)
    second = sum(rate * lane.seconds**2 * (1 + lane.spread**2) for rate, lane in zip(rates, lanes, strict=True))
    return math.sqrt(max(0.0, second / sum(rates) / mean**2 - 1.0))
