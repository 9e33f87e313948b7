"""The plan of one building: what must hold of every plan, and that it is the best one."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fangxian.workplaces.bench_stagger import street
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.greedy import fits, greedy
from fangxian.workplaces.wave.lacks import lacks
from fangxian.workplaces.wave.model import (
    Limits,
    Model,
    cost_of,
    home_most,
    nearest,
    shift,
    windows_of,
)
from fangxian.workplaces.wave.morning import Choice, arrivals_of, coming, grid_of, simulate
from fangxian.workplaces.wave.results import as_json, problems_of, total_json
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Plan, Problem, Site
from fangxian.workplaces.wave.stagger import check_cost, choices_of, gap_of, solve, solve_all

RULE = WaveRule()
HAND = Lane("handheld", 5.0, 0.5)
FORM = Lane("form", 12.0, 0.5)


def crowd(count: int, people: int, home: int = 0, *, asked: int = 510) -> tuple[Firm, ...]:
    return tuple(Firm(f"f{number}", people + number % 3, home, asked, asked + 30) for number in range(count))


def building(firms: tuple[Firm, ...], lanes: tuple[Lane, ...] = (HAND,), **more: int | float | None) -> Site:
    bare = Site("b", (Gate("door", lanes),), None, None, None, None, firms)
    return replace(bare, **more)  # type: ignore[arg-type]  # each test names fields of Site


@st.composite
def sites(draw: st.DrawFn) -> Site:
    firms = []
    for number in range(draw(st.integers(1, 10))):
        people = draw(st.integers(1, 60))
        asked = draw(st.sampled_from([450, 480, 510, 510, 510, 517, 540, 540, 570]))
        until = asked + draw(st.sampled_from([30, 30, 30, 20]))
        firms.append(
            Firm(f"f{number}", people, draw(st.integers(0, people)), asked, until, draw(st.integers(0, 9)) == 0)
        )
    gates = tuple(
        Gate(f"g{number}", (draw(st.sampled_from([HAND, FORM])),) * draw(st.integers(0, 2)))
        for number in range(draw(st.integers(1, 2)))
    )
    lifts = draw(st.booleans())
    return Site(
        key="b",
        gates=gates,
        lobby_per_slot=draw(st.sampled_from([10.0, 30.0, 60.0])) if lifts else None,
        lobby_cap=draw(st.sampled_from([10, 30])) if lifts else None,
        people_cap=draw(st.sampled_from([None, None, 20, 150])),
        firm_cap=draw(st.sampled_from([None, None, 3])),
        firms=tuple(firms),
    )


def keeps(site: Site, plan: Plan) -> None:
    """What must hold of every plan, found in time or not."""
    keys = {firm.key for firm in site.firms}
    assert set(plan.windows) == set(plan.home) == set(plan.resumes) == keys
    choices = choices_of(plan)
    for firm in site.firms:
        window, home = plan.windows[firm.key], plan.home[firm.key]
        assert window in windows_of(RULE, firm)
        if firm.pinned:
            assert window == (firm.ask_from, firm.ask_until)
        else:
            assert RULE.first <= window[0] < window[1] <= RULE.last
        if plan.resumes[firm.key]:
            assert firm.home_ask <= home <= home_most(RULE, firm)
        else:
            assert home == firm.people
    come = sum(coming(firm, choices[firm.key]) for firm in site.firms)
    assert site.people_cap is None or come <= site.people_cap
    assert site.firm_cap is None or sum(plan.resumes.values()) <= site.firm_cap
    assert plan.cost == pytest.approx(check_cost(site, RULE, plan))
    assert 0.0 <= plan.floor <= plan.bound + 1e-6
    assert plan.bound <= plan.cost + 1e-6
    assert plan.gap == gap_of(plan.cost, plan.bound)
    if plan.cost > 0.0:
        limits = Limits.of(site, RULE, plan.margin, plan.lobby_margin)
        loose = replace(limits, gates_most=limits.gates_most + 1e-6, lobby_most=limits.lobby_most + 1e-6)
        assert fits(arrivals_of(site, RULE, choices, grid_of(site, RULE)), loose)
    if plan.held:
        assert plan.after.worst <= RULE.wait_minutes
        assert plan.after.lobby is None or plan.after.lobby.over <= 0.05
    assert as_json(plan)["held"] == plan.held
    assert problems_of(as_json(plan)) == plan.problems


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sites())
def test_every_plan_keeps_what_was_promised(site: Site) -> None:
    plan = solve(site, RULE, 200.0)
    keeps(site, plan)
    assert plan.held
    assert plan.gap <= 0.02


@settings(max_examples=15, deadline=None)
@given(sites())
def test_a_plan_without_time_keeps_it_too(site: Site) -> None:
    keeps(site, solve(site, RULE, 0.0))


def cheapest(site: Site, rule: WaveRule, limits: Limits) -> float:
    """The least cost over everything that could be chosen."""
    grid = grid_of(site, rule)
    best = float("inf")
    ways = []
    for firm in site.firms:
        homes = range(firm.home_ask, home_most(rule, firm) + 1)
        here = [Choice(window, home) for window in windows_of(rule, firm) for home in homes]
        ways.append([*here, Choice(nearest(rule, firm), firm.people, resumes=False)])
    for chosen in itertools.product(*ways):
        choices: Mapping[str, Choice] = {firm.key: choice for firm, choice in zip(site.firms, chosen, strict=True)}
        cost = cost_of(site, rule, choices)
        come = sum(coming(firm, choices[firm.key]) for firm in site.firms)
        open_ = sum(choice.resumes for choice in chosen)
        if cost >= best or come > (site.people_cap or 10**9) or open_ > (site.firm_cap or 10**9):
            continue
        if fits(arrivals_of(site, rule, choices, grid), limits):
            best = cost
    return best


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 1), st.sampled_from([480, 495, 510])), min_size=2, max_size=3),
    st.sampled_from([0.02, 0.04, 0.3]),
    st.sampled_from([None, 5]),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_no_choice_at_all_costs_less(
    asked: list[tuple[int, int, int]], per_minute: float, cap: int | None, most: int | None, lifts: bool
) -> None:
    rule = RULE.model_copy(update={"first": 480, "last": 555, "home_most": 60, "wait_minutes": 30.0})
    firms = tuple(
        Firm(f"f{number}", people, min(home, people), start, start + 30)
        for number, (people, home, start) in enumerate(asked)
    )
    slow = Lane("form", 60.0 / per_minute, 0.5)
    site = Site("b", (Gate("g", (slow,)),), 1.0 if lifts else None, 1 if lifts else None, cap, most, firms)
    limits = Limits.of(site, rule, 0.0, 0.0)
    grid = grid_of(site, rule)
    start = greedy(site, rule, grid, limits)
    found = Model(site, rule, grid, limits).solve(seconds=20.0, gap=0.0, seed=1, start=start)
    assert found.cost == pytest.approx(cheapest(site, rule, limits), abs=1e-5)
    assert found.bound == pytest.approx(found.cost, abs=1e-3)
    assert cost_of(site, rule, start) >= found.cost - 1e-6


def test_what_needs_no_change_is_left_as_it_was_asked() -> None:
    site = building(crowd(5, 10, 2))
    plan = solve(site, RULE, 200.0)
    assert (plan.cost, plan.bound, plan.gap, plan.problems, plan.lanes_more) == (0.0, 0.0, 0.0, (), None)
    assert plan.windows == {firm.key: (510, 540) for firm in site.firms}
    assert plan.home == {firm.key: 2 for firm in site.firms}


def test_a_crowd_is_spread_and_nobody_waits_too_long() -> None:
    site = building(crowd(30, 20))
    plan = solve(site, RULE, 200.0)
    keeps(site, plan)
    assert plan.before.worst > 15.0
    assert plan.held
    assert len(set(plan.windows.values())) >= 3
    assert all(plan.resumes.values())
    assert plan.problems == ()
    fresh = simulate(site, RULE, choices_of(plan), seed=99, replications=400)
    assert fresh.worst <= 1.1 * RULE.wait_minutes, "it holds on mornings it was not made for"


def test_the_firms_whose_windows_are_kept_stay_and_the_others_move() -> None:
    firms = crowd(30, 20)
    kept = tuple(replace(firm, pinned=number < 6) for number, firm in enumerate(firms))
    plan = solve(building(kept), RULE, 200.0)
    keeps(building(kept), plan)
    assert plan.held
    assert all(plan.windows[firm.key] == (510, 540) for firm in kept[:6])
    early = tuple(replace(firm, pinned=True, ask_from=400, ask_until=430) for firm in firms[:2])
    plan = solve(building((*early, *firms[2:])), RULE, 200.0)
    assert [plan.windows[firm.key] for firm in early] == [(400, 430)] * 2


def test_more_people_than_the_lanes_take_say_so_and_how_many_lanes_would_do() -> None:
    slow, rule = Lane("form", 45.0, 0.5), RULE.model_copy(update={"home_cost": 1_000.0})
    site = building(crowd(8, 50), (slow,))
    plan = solve(site, RULE, 300.0)
    keeps(site, plan)
    assert plan.held
    assert Problem.LANES in plan.problems
    assert plan.lanes_more == 2
    enough = solve(building(site.firms, (slow,) * 3), rule, 300.0)
    assert (enough.held, enough.problems, sum(enough.home.values())) == (True, (), 0)
    grid = grid_of(site, RULE)
    assert lacks(site, RULE, grid, Limits.of(building(site.firms, (slow,) * 2), RULE, 0.0, 0.0), closed=False)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"people_cap": 60}, Problem.PEOPLE_CAP),
        ({"firm_cap": 3}, Problem.FIRM_CAP),
        ({"lobby_per_slot": 3.0, "lobby_cap": 25}, Problem.LOBBY),
    ],
)
def test_a_limit_that_turns_people_away_is_named(more: dict[str, float], problem: Problem) -> None:
    site = building(crowd(4, 26), **more)
    plan = solve(site, RULE, 200.0)
    keeps(site, plan)
    assert plan.problems == (problem,)
    assert plan.lanes_more is None
    assert plan.cost > 0.0


def test_without_an_open_gate_nobody_comes() -> None:
    rule = RULE.model_copy(update={"services": ()})
    site = building(crowd(3, 10), ())
    plan = solve(site, rule, 200.0)
    assert not any(plan.resumes.values())
    assert plan.problems == (Problem.NO_LANE,)
    assert plan.lanes_more is None
    assert plan.cost == rule.closed_cost * sum(firm.people for firm in site.firms)


def test_kept_windows_that_fill_the_lanes_are_named() -> None:
    firms = tuple(replace(firm, pinned=True) for firm in crowd(40, 20))
    plan = solve(building(firms), RULE, 200.0)
    assert Problem.PINNED in plan.problems
    assert plan.held


@pytest.mark.parametrize(
    ("asked", "window", "minutes"),
    [
        ((510, 540), (510, 540), 0),
        ((510, 540), (480, 510), 30),
        ((510, 540), (525, 555), 15),
        ((480, 600), (510, 540), 1),
        ((520, 530), (510, 540), 10),
    ],
)
def test_a_shift_is_how_far_a_window_reaches_out(asked: tuple[int, int], window: tuple[int, int], minutes: int) -> None:
    assert shift(Firm("f", 1, 0, *asked), window) == minutes


def test_an_odd_window_can_be_kept() -> None:
    odd = Firm("f", 5, 0, 517, 541)
    assert (517, 541) in windows_of(RULE, odd)
    assert nearest(RULE, odd) == (517, 541)
    assert (400, 430) not in windows_of(RULE, Firm("f", 5, 0, 400, 430))
    assert nearest(RULE, Firm("f", 5, 0, 400, 430)) == (450, 480)


def test_the_same_seed_gives_the_same_plan_in_one_process_and_in_two() -> None:
    some = street(3, 40, 1_500, seed=3)
    one, two = solve_all(some, RULE, 300.0, processes=1), solve_all(some, RULE, 300.0, processes=2)
    assert [plan.site for plan in one.plans] == [site.key for site in some]
    for alone, beside in zip(one.plans, two.plans, strict=True):
        assert replace(alone, seconds=0.0) == replace(beside, seconds=0.0)
    assert one.cost == sum(plan.cost for plan in one.plans)
    assert one.bound == sum(plan.bound for plan in one.plans)
    assert one.cost > 0.0
    assert one.gap == gap_of(one.cost, one.bound)
    assert set(total_json(one)["sites"]) == {site.key for site in some}


def test_a_made_up_street_has_the_size_it_should() -> None:
    made = street(38, 1_746, 17_000, seed=1)
    assert len(made) == 38
    assert sum(len(site.firms) for site in made) == 1_746
    people = [sum(firm.people for firm in site.firms) for site in made]
    assert sum(people) == 17_000
    assert max(people) > 3 * np.mean(people), "a few are very large"
    assert all(1 <= len(site.gates) <= 4 and all(1 <= len(gate.lanes) <= 3 for gate in site.gates) for site in made)
    assert made == street(38, 1_746, 17_000, seed=1)
