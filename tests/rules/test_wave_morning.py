"""A whole morning of one building."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.morning import (
    BUSY,
    Choice,
    Verdict,
    as_asked,
    coming,
    fluid,
    grid_of,
    judge,
    lanes_for,
    percentile,
    simulate,
)
from fangxian.workplaces.wave.results import morning_json, morning_of
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Morning, Site

RULE = WaveRule()
HAND = Lane("handheld", 5.0, 0.5)
THERMAL = Lane("thermal", 0.5, 0.3)
FIRMS = tuple(Firm(f"f{number}", 30, 3, 510, 540) for number in range(12))
SITE = Site("b", (Gate("north", (HAND,)), Gate("south", (HAND, HAND))), 90.0, 60, None, None, FIRMS)


def asked(site: Site) -> Morning:
    return simulate(site, RULE, as_asked(site))


def test_everybody_who_comes_is_let_in() -> None:
    morning = asked(SITE)
    come = sum(firm.comers for firm in FIRMS)
    assert sum(morning.arrivals) == pytest.approx(come)
    assert sum(gate.people for gate in morning.gates) == pytest.approx(come, abs=4 * math.sqrt(come / 200))
    north, south = morning.gates
    assert south.people / north.people == pytest.approx(2.0, rel=0.05), "twice the lanes, twice the people"
    for gate in morning.gates:
        assert gate.length[-1] == gate.length_p95[-1] == 0.0
        assert 0.0 <= gate.p50 <= gate.p95 <= gate.longest
        assert max(gate.busy) <= 1.0
        worked = sum(gate.busy) * morning.slot * gate.lanes
        assert worked == pytest.approx(gate.people * 5.0 / 60.0, rel=0.02)
        assert all(mean <= most + 1e-9 for mean, most in zip(gate.length, gate.length_p95, strict=True) if mean >= 1)


def test_the_same_seed_gives_the_same_morning() -> None:
    assert asked(SITE) == asked(SITE)
    assert asked(SITE) != simulate(SITE, RULE, as_asked(SITE), seed=2)


def test_what_decides_is_what_is_shown() -> None:
    grid = grid_of(SITE, RULE)
    verdict = judge(SITE, RULE, as_asked(SITE), grid=grid)
    morning = simulate(SITE, RULE, as_asked(SITE), grid=grid)
    assert morning.lobby is not None
    assert verdict == Verdict(morning.worst, morning.lobby.over)
    assert morning.worst > morning.p95 > 0.0


@pytest.mark.parametrize(
    ("verdict", "holds"),
    [(Verdict(5.0, 0.05), True), (Verdict(5.01, 0.0), False), (Verdict(0.0, 0.06), False), (Verdict(0.0, 0.0), True)],
)
def test_nineteen_of_twenty_hold(verdict: Verdict, holds: bool) -> None:
    assert verdict.holds(RULE) is holds


def test_a_closed_gate_has_no_line_and_the_other_gets_all() -> None:
    morning = asked(replace(SITE, gates=(Gate("north", ()), SITE.gates[1])))
    assert [gate.key for gate in morning.gates] == ["south"]
    assert morning.gates[0].people > asked(SITE).gates[1].people * 1.4
    assert asked(replace(SITE, gates=(Gate("north", ()),))).gates == ()


def test_a_quick_lane_takes_the_line_away() -> None:
    narrow = replace(SITE, gates=(Gate("north", (HAND,)),))
    wide = replace(SITE, gates=(Gate("north", (HAND, THERMAL)),))
    assert asked(narrow).worst > 5.0
    assert asked(wide).worst < 0.5


def test_what_the_lifts_do_not_take_waits_in_the_lobby() -> None:
    morning = asked(replace(SITE, gates=(Gate("north", (THERMAL,)),), lobby_per_slot=50.0))
    assert morning.lobby is not None
    by_hand = fluid(np.array(morning.arrivals), 50.0)
    assert by_hand.max() > 60.0
    assert max(morning.lobby.length) == pytest.approx(by_hand.max(), rel=0.15)
    assert morning.lobby.over > 0.95
    calm = asked(replace(SITE, lobby_per_slot=200.0)).lobby
    assert calm is not None
    assert (calm.most_p95, calm.over) == (0.0, 0.0)
    assert asked(replace(SITE, lobby_per_slot=None)).lobby is None


def test_a_longer_line_asks_for_volunteers_and_lanes() -> None:
    morning = asked(SITE)
    for slot, people in enumerate(morning.arrivals):
        lanes = morning.lanes_needed[slot]
        busy = people * 5.0 / 60.0 / (lanes * morning.slot) if lanes else 0.0
        assert busy <= BUSY + 1e-9
        assert lanes <= 1 or people * 5.0 / 60.0 / ((lanes - 1) * morning.slot) > BUSY
        waiting = sum(gate.length_p95[slot] for gate in morning.gates)
        assert morning.volunteers[slot] == math.ceil(waiting / RULE.volunteers_per)
    assert max(morning.volunteers) >= 1
    assert lanes_for(10.0, replace(SITE, gates=()), 5) == 0


def test_the_slots_reach_until_the_line_is_gone() -> None:
    slow = replace(SITE, gates=(Gate("north", (Lane("form", 20.0, 0.5),)),))
    grid = grid_of(slow, RULE)
    assert grid.end > 540 + 324 * 20 / 60 - 30
    assert grid.end <= 1_440
    assert asked(slow).gates[0].length[-1] < 5.0


def test_home_and_closed_do_not_come() -> None:
    firm = FIRMS[0]
    assert coming(firm, Choice((510, 540), 3)) == 27
    assert coming(firm, Choice((510, 540), 30)) == 0
    assert coming(firm, Choice((510, 540), 3, resumes=False)) == 0


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([], 95, 0.0), ([1.0], 95, 1.0), (list(range(1, 21)), 95, 19.0), (list(range(1, 101)), 50, 50.0)],
)
def test_a_percentile_is_a_value_that_happened(values: list[float], percent: float, found: float) -> None:
    assert percentile(np.array(values, dtype=float), percent) == found


def test_a_morning_is_stored_and_read_back() -> None:
    morning = asked(SITE)
    stored = morning_json(morning)
    read = morning_of(json.loads(json.dumps(stored)))
    assert morning_json(read) == stored
    assert read.gates[0].p95 == pytest.approx(morning.gates[0].p95, abs=1e-3)
    assert read.volunteers == morning.volunteers
    without = asked(replace(SITE, lobby_per_slot=None))
    assert morning_of(json.loads(json.dumps(morning_json(without)))).lobby is None


def test_what_nothing_holds_back_leaves_nobody_waiting() -> None:
    assert fluid(np.array([5.0, 0.0, 9.0]), float("inf")).tolist() == [0.0, 0.0, 0.0]
