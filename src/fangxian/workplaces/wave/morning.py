"""A whole morning of one building, simulated: its gates, what then stands in front of the lifts, who is needed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import DAY, Floats, Grid, expected, grid_over
from fangxian.workplaces.wave.queues import Served, by_speed, poisson, serve, service_times
from fangxian.workplaces.wave.site import Firm, Gate, GateQueue, LobbyQueue, Morning, Site

REPLICATIONS = 200
BUSY = 0.9
_PERCENT = 95


@dataclass(frozen=True, slots=True)
class Choice:
    """What a plan says of one firm."""

    window: tuple[int, int]
    home: int
    resumes: bool = True


def as_asked(site: Site) -> dict[str, Choice]:
    return {firm.key: Choice((firm.ask_from, firm.ask_until), firm.home_ask) for firm in site.firms}


def coming(firm: Firm, choice: Choice) -> int:
    return firm.people - choice.home if choice.resumes else 0


def arrivals_of(site: Site, rule: WaveRule, choices: Mapping[str, Choice], grid: Grid) -> Floats:
    return expected(rule, grid, ((coming(firm, choices[firm.key]), choices[firm.key].window) for firm in site.firms))


def fluid(arrivals: Floats, per_slot: float) -> Floats:
    """What is left at the end of each slot when nothing is left to chance."""
    if np.isinf(per_slot):  # nothing holds anybody back, and infinity less infinity is no number
        return np.zeros_like(arrivals)
    work = np.cumsum(arrivals - per_slot)
    return work - np.minimum(np.minimum.accumulate(work), 0.0)


def grid_of(site: Site, rule: WaveRule) -> Grid:
    """Slots from the first window, asked or possible, until what was asked would have gone in."""
    first = min([rule.first, *(firm.ask_from for firm in site.firms)])
    last = max([rule.last, *(firm.ask_until for firm in site.firms)])
    grid = grid_over(rule, first, last)
    left = fluid(arrivals_of(site, rule, as_asked(site), grid), site.per_minute * grid.slot)[-1]
    more = math.ceil(float(left) / (site.per_minute * grid.slot)) if site.per_minute else 0
    room = (DAY - grid.end) // grid.slot
    return Grid(grid.start, grid.slot, grid.count + max(0, min(more + 2, room)))


def simulate(
    site: Site,
    rule: WaveRule,
    choices: Mapping[str, Choice],
    *,
    seed: int = 1,
    replications: int = REPLICATIONS,
    grid: Grid | None = None,
) -> Morning:
    """Gates that are closed are left out; a building without an open gate has no queue, however many come."""
    grid = grid or grid_of(site, rule)
    arrivals = arrivals_of(site, rule, choices, grid)
    gates, inside = [], np.zeros((grid.count, replications))
    for gate, served in _gates(site, arrivals, grid, seed, replications):
        gates.append(_queue(gate, served, rule, grid))
        inside += per_slot(served.starts + served.services, grid)
    lobby = _lobby(site, inside) if gates else None
    waiting = [math.fsum(gate.length_p95[slot] for gate in gates) for slot in range(grid.count)]
    return Morning(
        start=grid.start,
        slot=grid.slot,
        arrivals=tuple(map(float, arrivals)),
        gates=tuple(gates),
        lobby=lobby,
        lanes_needed=tuple(lanes_for(float(people), site, grid.slot) for people in arrivals),
        volunteers=tuple(math.ceil(people / rule.volunteers_per) for people in waiting),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan is judged by.

    `p95`: at the gate and in the slot where it is longest, the wait that nineteen of twenty do not exceed who arrive
    there and then. `lobby_over`: the share of mornings in which the lobby overflows at some time.
    """

    p95: float
    lobby_over: float

    @property
    def quiet(self) -> bool:
        """Whether the lobby is within its cap on nineteen of twenty mornings."""
        return self.lobby_over <= 1.0 - _PERCENT / 100.0

    def holds(self, rule: WaveRule) -> bool:
        return self.p95 <= rule.wait_minutes and self.quiet


def judge(
    site: Site,
    rule: WaveRule,
    choices: Mapping[str, Choice],
    *,
    grid: Grid,
    seed: int = 1,
    replications: int = REPLICATIONS,
) -> Verdict:
    """The same mornings as `simulate`, and only what decides."""
    arrivals = arrivals_of(site, rule, choices, grid)
    inside, worst = np.zeros((grid.count, replications)), 0.0
    for _gate, served in _gates(site, arrivals, grid, seed, replications):
        by_slot = _wait_by_slot(served.arrivals[served.here], served.waits(), grid, replications)
        worst = max(worst, *by_slot)
        if site.lobby_per_slot is not None:
            inside += per_slot(served.starts + served.services, grid)
    lobby = _lobby(site, inside)
    return Verdict(worst, 0.0 if lobby is None else lobby.over)


def lanes_for(people: float, site: Site, slot: int) -> int:
    """How many lanes, as quick as the site's are on average, are busy less than `BUSY` of the slot."""
    lanes = sum(len(gate.lanes) for gate in site.gates)
    if not lanes or people <= 0:
        return 0
    each = site.per_minute / lanes * slot * BUSY
    return max(1, math.ceil(people / each - 1e-9))


def _gates(site: Site, arrivals: Floats, grid: Grid, seed: int, replications: int) -> Iterator[tuple[Gate, Served]]:
    """People who choose at random between gates make independent Poisson streams of their own at each."""
    for number, gate in enumerate(site.gates):
        if not gate.lanes:
            continue
        crowd, work = (np.random.default_rng([seed, number, part]) for part in (0, 1))
        came = poisson(arrivals * (gate.per_minute / site.per_minute), grid, replications, crowd)
        lanes = by_speed(gate.lanes)
        people, mornings = came.shape
        yield gate, serve(came, service_times(lanes, (people, mornings), work))


def per_slot(times: Floats, grid: Grid) -> Floats:
    """(slots, replications): how many of these times fall into each slot; those outside of the grid into none."""
    people, replications = times.shape
    slots = np.floor((np.minimum(times, grid.end) - grid.start) / grid.slot).astype(np.int64)
    slots = np.clip(slots, 0, grid.count)
    flat = slots * replications + np.arange(replications)
    found = np.bincount(flat.ravel(), minlength=(grid.count + 1) * replications)
    return found.reshape(grid.count + 1, replications)[: grid.count].astype(np.float64)


def percentile(ordered: Floats, percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed; of no values, 0."""
    if not len(ordered):
        return 0.0
    return float(ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)])


def _queue(gate: Gate, served: Served, rule: WaveRule, grid: Grid) -> GateQueue:
    here = served.here
    arrived, waits = served.arrivals[here], served.waits()
    ordered = np.sort(waits)
    length = np.cumsum(per_slot(served.arrivals, grid) - per_slot(served.starts, grid), axis=0)
    replications = served.arrivals.shape[1]
    most = max(0, math.ceil(replications * _PERCENT / 100) - 1)
    return GateQueue(
        key=gate.key,
        lanes=len(gate.lanes),
        people=len(waits) / replications,
        mean=float(waits.mean()) if len(waits) else 0.0,
        p50=percentile(ordered, 50),
        p95=percentile(ordered, _PERCENT),
        longest=float(ordered[-1]) if len(waits) else 0.0,
        over=float((waits > rule.wait_minutes).mean()) if len(waits) else 0.0,
        length=tuple(map(float, length.mean(axis=1))),
        length_p95=tuple(map(float, np.sort(length, axis=1)[:, most])),
        wait_p95=_wait_by_slot(arrived, waits, grid, replications),
        busy=_busy(served, len(gate.lanes), grid),
    )


def _wait_by_slot(arrived: Floats, waits: Floats, grid: Grid, replications: int) -> tuple[float, ...]:
    """p95 of who arrives in each slot; of fewer than one person in two mornings nothing is said."""
    slots = np.clip(((arrived - grid.start) // grid.slot).astype(np.int64), 0, grid.count - 1)
    ends = np.cumsum(np.bincount(slots, minlength=grid.count))
    apart = float(waits.max(initial=0.0)) + 1.0
    ordered = np.sort(waits + slots * apart)
    parts = np.split(ordered, ends[:-1])
    return tuple(
        max(0.0, percentile(part, _PERCENT) - slot * apart) if 2 * len(part) >= replications else 0.0
        for slot, part in enumerate(parts)
    )


def _busy(served: Served, lanes: int, grid: Grid) -> tuple[float, ...]:
    """The time lanes work within each slot. A check that reaches beyond its slot counts where its time is."""
    here = served.here
    begins, ends = served.starts[here], served.starts[here] + served.services[here]
    edges = grid.edges()
    replications = served.arrivals.shape[1]
    done = [float(np.clip(edge - begins, 0.0, ends - begins).sum()) for edge in edges]
    return tuple(float(work) / (grid.slot * lanes * replications) for work in np.diff(done))


def _lobby(site: Site, inside: Floats) -> LobbyQueue | None:
    """Who is through the gates waits for a lift; the lifts take up as many as they can in every slot."""
    if site.lobby_per_slot is None:
        return None
    net = np.cumsum(inside - site.lobby_per_slot, axis=0)
    length = net - np.minimum(np.minimum.accumulate(net, axis=0), 0.0)
    most = np.sort(length.max(axis=0, initial=0.0))
    over = 0.0 if site.lobby_cap is None else float((most > site.lobby_cap).mean())
    return LobbyQueue(tuple(map(float, length.mean(axis=1))), percentile(most, _PERCENT), over)
