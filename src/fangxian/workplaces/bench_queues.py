"""Measurement of the simulated queues against the formulas of the textbook and against an independent simulator."""

import math
import time
from collections.abc import Iterator
from importlib import import_module
from statistics import fmean, stdev
from types import ModuleType
from typing import Final

import numpy as np

from fangxian.shared.measure import Figure
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import Floats, Grid, expected, grid_over
from fangxian.workplaces.wave.queues import mgc_wait, mmc_wait, poisson, serve, service_times
from fangxian.workplaces.wave.site import Lane

PEOPLE: Final = 8_000
WARM: Final = 1_500
"""Who come first find the lanes still empty; they are served and not counted."""
RUNS: Final = 300
SEED: Final = 20_200_217
THEORY: Final = ((1, 0.5), (1, 0.8), (1, 0.9), (2, 0.8), (3, 0.7), (3, 0.9), (6, 0.85), (13, 0.9))
MINUTES: Final = 60.0


def steady(
    lanes: int, busy: float, spread: float, *, people: int = PEOPLE, runs: int = RUNS, seed: int = SEED
) -> float:
    """Mean wait in minutes of a queue that has run for long, with checks of 5 seconds."""
    kinds = (Lane("handheld", 5.0, spread),) * lanes
    crowd, work = (np.random.default_rng([seed, part]) for part in (0, 1))
    between = (5.0 / 60.0) / (lanes * busy)
    came = np.cumsum(crowd.exponential(between, size=(people, runs)), axis=0)
    served = serve(came, service_times(kinds, (people, runs), work))
    first = people * WARM // PEOPLE
    return float((served.starts - served.arrivals)[first:].mean())


def run() -> Iterator[Figure]:
    """The figures against the other simulator need `ciw`, which is among the tools of development."""
    size = f"{RUNS} runs of {PEOPLE:,} people, the first {WARM:,} left out"
    for lanes, busy in THEORY:
        theory = mmc_wait(lanes * busy / (5.0 / 60.0), 5.0 / 60.0, lanes)
        off = 100.0 * abs(steady(lanes, busy, 1.0) / theory - 1.0)
        yield Figure(f"mean wait beside M/M/{lanes} at {busy:g}", off, "%", 5.0, size)
    off = 100.0 * abs(steady(1, 0.8, 0.5) / mgc_wait(0.8 * 12.0, 5.0 / 60.0, 1, 0.5) - 1.0)
    yield Figure("mean wait beside Pollaczek-Khinchine", off, "%", 5.0, size)
    off = 100.0 * abs(steady(3, 0.8, 0.5) / mgc_wait(3 * 0.8 * 12.0, 5.0 / 60.0, 3, 0.5) - 1.0)
    yield Figure("mean wait beside the M/G/3 formula", off, "%", None, size)
    yield from _beside_ciw()
    yield _speed()


def peak(people: float = 700.0) -> tuple[Floats, Grid]:
    """A morning whose people all asked for half past eight or nine."""
    rule = WaveRule()
    grid = grid_over(rule, 480, 660)
    return expected(rule, grid, [(people * 0.7, (510, 540)), (people * 0.3, (540, 570))]), grid


def _beside_ciw() -> Iterator[Figure]:
    ciw = import_module("ciw")
    for lanes in (1, 2, 3):
        came, work = same_input(lanes)
        ours = serve(came[:, None], np.repeat(work[:, None, None], lanes, axis=2)).waits()
        theirs = ciw_waits(ciw, came, work, lanes)
        worst = float(np.abs(ours - theirs).max()) * MINUTES
        yield Figure(f"same people in ciw, {lanes} lanes, worst wait", worst, "s", 1e-3, f"{len(came):,} people")
    mine, other = ours_and_ciw(ciw, runs=80)
    error = math.hypot(stdev(mine) / math.sqrt(len(mine)), stdev(other) / math.sqrt(len(other)))
    off = abs(fmean(mine) - fmean(other))
    size = f"means {fmean(mine):.2f} and {fmean(other):.2f} min, {len(mine)} and {len(other)} mornings of 700 people"
    yield Figure("a peak in ciw, difference in standard errors", off / error, "", 3.0, size)


def same_input(lanes: int, *, people: float = 700.0) -> tuple[Floats, Floats]:
    """One morning: when each of its people comes, and how long the check takes, whatever the lane."""
    arrivals, grid = peak(people)
    came = poisson(arrivals, grid, 1, np.random.default_rng([SEED, lanes]))[:, 0]
    kinds = (Lane("handheld", 5.0 * lanes, 0.5),)
    return came, service_times(kinds, (len(came), 1), np.random.default_rng([SEED, lanes, 1]))[:, 0, 0]


def ciw_waits(ciw: ModuleType, came: Floats, work: Floats, lanes: int) -> Floats:
    between = np.diff(came, prepend=0.0)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*map(float, between), float("inf")])],
        service_distributions=[ciw.dists.Sequential([*map(float, work)])],
        number_of_servers=[lanes],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(float(came[-1]) + float(work.sum()) + 1.0)
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    return np.array([record.waiting_time for record in records])


def ours_and_ciw(ciw: ModuleType, *, runs: int, people: float = 700.0) -> tuple[list[float], list[float]]:
    """Mean waits of independent mornings, each simulator drawing its own people and checks."""
    arrivals, grid = peak(people)
    kinds = (Lane("handheld", 10.0, 0.5),) * 2
    crowd, work = (np.random.default_rng([SEED, 7, part]) for part in (0, 1))
    came = poisson(arrivals, grid, 10 * runs, crowd)
    served = serve(came, service_times(kinds, came.shape[:2], work))
    waits = np.where(served.here, served.starts - np.where(served.here, served.arrivals, 0.0), 0.0)
    ours = waits.sum(axis=0) / served.here.sum(axis=0)
    ends = [float(edge - grid.start) for edge in grid.edges()[1:]]
    rates = [float(people) / grid.slot for people in arrivals]
    theirs = []
    for number in range(runs):
        ciw.seed(SEED + number)
        # drawn when it is made, and begun anew when it is through: each morning makes its own, and ends it
        crowd_of = ciw.dists.PoissonIntervals(rates, ends, ends[-1])
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Sequential([*crowd_of.inter_arrivals, float("inf")])],
            service_distributions=[ciw.dists.Gamma(4.0, 10.0 / 60.0 / 4.0)],
            number_of_servers=[2],
        )
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(4.0 * ends[-1])
        theirs.append(fmean(record.waiting_time for record in simulation.get_all_records()))
    return [float(value) for value in ours], theirs


def _speed() -> Figure:
    arrivals, grid = peak()
    kinds = (Lane("handheld", 5.0, 0.5),) * 2
    crowd, work = np.random.default_rng(1), np.random.default_rng(2)
    begun = time.perf_counter()
    came = poisson(arrivals, grid, 1_000, crowd)
    served = serve(came, service_times(kinds, came.shape[:2], work))
    took = time.perf_counter() - begun
    size = "1,000 mornings of 700 people at two lanes"
    return Figure("people served in a second of simulation", int(served.here.sum()) / took, "/s", None, size)
