import heapq

import ciw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.workplaces.bench_queues import ciw_waits, peak, same_input, steady
from fangxian.workplaces.wave.arrivals import Floats
from fangxian.workplaces.wave.morning import fluid
from fangxian.workplaces.wave.queues import (
    Served,
    by_speed,
    erlang_c,
    mgc_wait,
    mmc_line,
    mmc_wait,
    poisson,
    quick,
    serve,
    service_times,
)
from fangxian.workplaces.wave.site import Gate, Lane

HAND = Lane("handheld", 5.0, 0.5)
FORM = Lane("form", 12.0, 0.5)
times = st.lists(st.floats(0.0, 60.0), min_size=1, max_size=25).map(sorted)
seeds = st.integers(0, 10_000)


def by_hand(arrivals: list[float], work: Floats, lanes: int) -> list[float]:
    """Starts, from a heap of the times at which lanes fall free."""
    free = [0.0] * lanes
    starts = []
    for arrival, one in zip(arrivals, work, strict=True):
        start = max(arrival, heapq.heappop(free))
        starts.append(start)
        heapq.heappush(free, start + float(one))
    return starts


def once(arrivals: list[float], work: Floats, lanes: int) -> Served:
    return serve(np.array(arrivals)[:, None], np.repeat(work[:, None, None], lanes, axis=2))


@given(times, st.integers(1, 4), seeds)
def test_it_serves_as_a_line_of_people_does(arrivals: list[float], lanes: int, seed: int) -> None:
    work = np.random.default_rng(seed).gamma(4.0, 1.0, len(arrivals))
    served = once(arrivals, work, lanes)
    assert served.starts[:, 0] == pytest.approx(by_hand(arrivals, work, lanes))
    assert served.waits().min() >= 0.0
    assert (np.diff(served.starts[:, 0]) >= -1e-9).all(), "whoever came first begins first"
    assert np.isfinite(served.starts).all(), "everybody who came is served"
    for lane in range(lanes):
        mine = served.lane[:, 0] == lane
        begins, ends = served.starts[mine, 0], served.starts[mine, 0] + served.services[mine, 0]
        assert (begins[1:] >= ends[:-1] - 1e-9).all(), "a lane checks one person at a time"


@given(times, st.integers(1, 4), seeds)
def test_a_further_lane_makes_nobody_wait_longer(arrivals: list[float], lanes: int, seed: int) -> None:
    work = np.random.default_rng(seed).exponential(3.0, len(arrivals))
    fewer, more = once(arrivals, work, lanes), once(arrivals, work, lanes + 1)
    assert (more.starts <= fewer.starts + 1e-9).all()


@settings(max_examples=20)
@given(seeds, st.integers(1, 3))
def test_two_layouts_meet_the_same_people(seed: int, lanes: int) -> None:
    few = service_times((HAND,) * lanes, (30, 4), np.random.default_rng(seed))
    many = service_times((HAND,) * (lanes + 1), (30, 4), np.random.default_rng(seed))
    assert np.array_equal(few, many[:, :, :lanes])


def test_of_several_free_lanes_the_fastest_is_taken() -> None:
    lanes = by_speed((FORM, HAND))
    assert lanes == (HAND, FORM)
    work = np.array([[[1.0, 5.0]], [[1.0, 5.0]], [[1.0, 5.0]]])
    served = serve(np.array([[0.0], [10.0], [10.5]]), work)
    assert served.lane[:, 0].tolist() == [0, 0, 1]
    assert served.waits().tolist() == [0.0, 0.0, 0.0]


def test_replications_do_not_touch_each_other() -> None:
    arrivals, grid = peak(120.0)
    came = poisson(arrivals, grid, 5, np.random.default_rng(4))
    work = service_times((HAND,), came.shape[:2], np.random.default_rng(5))
    work = np.concatenate([work, work], axis=2)
    together = serve(came, work)
    for number in range(5):
        people = int(np.isfinite(came[:, number]).sum())
        alone = serve(came[:people, [number]], work[:people, [number]])
        assert np.array_equal(alone.starts[:, 0], together.starts[:people, number])
        assert np.isinf(together.starts[people:, number]).all()


def test_arrivals_are_poisson_with_what_is_expected() -> None:
    arrivals, grid = peak(300.0)
    came = poisson(arrivals, grid, 2_000, np.random.default_rng(1))
    counts = np.isfinite(came).sum(axis=0)
    assert counts.mean() == pytest.approx(300.0, abs=4 * (300 / 2_000) ** 0.5)
    assert counts.var() == pytest.approx(300.0, rel=0.15)
    here = came[np.isfinite(came)]
    slots = np.bincount(((here - grid.start) // grid.slot).astype(int), minlength=grid.count)
    assert np.abs(slots / 2_000 - arrivals).max() < 4 * (arrivals.max() / 2_000) ** 0.5
    with np.errstate(invalid="ignore"):
        assert not (np.diff(came, axis=0) < 0).any()


def test_checks_take_what_their_method_says() -> None:
    times = service_times((HAND, FORM, Lane("fixed", 2.0, 0.0)), (4_000, 50), np.random.default_rng(2)) * 60.0
    assert times[..., 0].mean() == pytest.approx(5.0, rel=0.01)
    assert times[..., 0].std() == pytest.approx(2.5, rel=0.01)
    assert np.allclose(times[..., 1], times[..., 0] * 12.0 / 5.0), "a person is as slow at one lane as at another"
    assert (times[..., 2] == 2.0).all()


@pytest.mark.parametrize(
    ("per_minute", "seconds", "servers", "busy", "wait"),
    [(13.4, 12.0, 3, 0.89, 31.0), (13.4, 5.0, 2, 0.56, 2.3), (60.0, 5.0, 6, 0.83, 2.9)],
)
def test_the_formula_gives_the_figures_of_a_textbook(
    per_minute: float, seconds: float, servers: int, busy: float, wait: float
) -> None:
    rate = per_minute / 60.0
    assert rate * seconds / servers == pytest.approx(busy, abs=0.006)
    assert mmc_wait(rate, seconds, servers) == pytest.approx(wait, rel=0.03)
    assert mmc_line(rate, seconds, servers) == pytest.approx(rate * mmc_wait(rate, seconds, servers))


def test_erlang_c_in_closed_form() -> None:
    assert erlang_c(0.7, 1) == pytest.approx(0.7)
    assert erlang_c(1.0, 2) == pytest.approx(1 / 3)
    assert erlang_c(2.0, 2) == 1.0
    assert mmc_wait(2.0, 1.0, 2) == float("inf")
    assert mgc_wait(0.8, 1.0, 1, 0.0) == pytest.approx(0.8 / 0.2 / 2), "no spread halves the wait of M/M/1"


@pytest.mark.parametrize(("lanes", "busy"), [(1, 0.6), (2, 0.8), (5, 0.7)])
def test_a_long_simulation_waits_as_the_formula_says(lanes: int, busy: float) -> None:
    found = steady(lanes, busy, 1.0, people=4_000, runs=100, seed=3)
    assert found == pytest.approx(mmc_wait(lanes * busy * 12.0, 1 / 12.0, lanes), rel=0.05)


def test_one_lane_of_any_spread_waits_as_pollaczek_and_khinchine_say() -> None:
    found = steady(1, 0.7, 0.5, people=4_000, runs=100, seed=4)
    assert found == pytest.approx(mgc_wait(0.7 * 12.0, 1 / 12.0, 1, 0.5), rel=0.05)


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_another_simulator_lets_the_same_people_wait_as_long(lanes: int) -> None:
    came, work = same_input(lanes, people=500.0)
    ours = serve(came[:, None], np.repeat(work[:, None, None], lanes, axis=2)).waits()
    assert ours.max() > 1.0, "nobody waits: this compares nothing"
    assert np.abs(ours - ciw_waits(ciw, came, work, lanes)).max() < 1e-8


@pytest.mark.parametrize("people", [550.0, 600.0, 800.0, 1_200.0])
def test_the_quick_formula_is_near_the_simulation(people: float) -> None:
    arrivals, grid = peak(people)
    gate = Gate("g", (HAND, HAND))
    came = poisson(arrivals, grid, 400, np.random.default_rng(1))
    served = serve(came, service_times(gate.lanes, came.shape[:2], np.random.default_rng(2)))
    by_formula = quick(arrivals, gate, grid.slot)
    here = served.here
    slots = ((served.arrivals[here] - grid.start) // grid.slot).astype(int)
    busiest = int(np.argmax([one.wait for one in by_formula]))
    simulated = served.waits()[slots == busiest].mean()
    assert by_formula[busiest].wait == pytest.approx(simulated, rel=0.25)


def test_the_quick_formula_is_steady_when_calm_and_a_fluid_when_not() -> None:
    gate = Gate("g", (HAND, HAND))
    calm = quick([60.0] * 4, gate, 5)
    assert calm[2].wait == pytest.approx(mgc_wait(12.0, 1 / 12.0, 2, 0.5))
    assert calm[2].line == pytest.approx(12.0 * calm[2].wait)
    crowd = [200.0, 200.0, 0.0, 0.0]
    pile = fluid(np.array(crowd), 120.0)
    assert pile.tolist() == [80.0, 160.0, 40.0, 0.0]
    assert quick(crowd, gate, 5)[2].line == pytest.approx((160.0 + 40.0) / 2)
    assert quick(crowd, Gate("closed", ()), 5)[0].wait == 0.0
