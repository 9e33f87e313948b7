"""The stagger plan: which enterprise comes when, with how many, so that nobody waits too long at least change."""

import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import Grid
from fangxian.workplaces.wave.greedy import greedy
from fangxian.workplaces.wave.lacks import lacks, more_lanes
from fangxian.workplaces.wave.model import Found, Limits, Model, cost_of, windows_of
from fangxian.workplaces.wave.morning import Choice, Verdict, as_asked, coming, grid_of, judge, simulate
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Plan, Problem, Site, Total

__all__ = ["Firm", "Gate", "Lane", "Plan", "Problem", "Site", "Total", "solve", "solve_all"]

GAP: Final = 0.01
"""Where the solver may stop; far below what the expected arrivals are uncertain by."""
STEP: Final = 0.025
FAR: Final = 0.20
MOST: Final = 0.60


@dataclass(frozen=True, slots=True)
class _Tried:
    found: Found
    margin: float
    lobby_margin: float
    verdict: Verdict
    held: bool
    floor: float = 0.0

    @property
    def full(self) -> bool:
        return all(choice.resumes for choice in self.found.choices.values())


@dataclass(frozen=True, slots=True)
class _Task:
    site: Site
    rule: WaveRule
    grid: Grid
    seed: int
    deadline: float

    def left(self) -> float:
        return self.deadline - time.monotonic()

    def judge(self, choices: Mapping[str, Choice]) -> Verdict:
        """On two independent sets of mornings; the worse counts, so that a plan is not fitted to one of them."""
        first = judge(self.site, self.rule, choices, grid=self.grid, seed=self.seed)
        if not first.holds(self.rule):
            return first
        second = judge(self.site, self.rule, choices, grid=self.grid, seed=self.seed + 1)
        return Verdict(max(first.p95, second.p95), max(first.lobby_over, second.lobby_over))


def solve(site: Site, rule: WaveRule, seconds: float, seed: int = 1) -> Plan:
    """The same answer for the same seed, unless the time runs out; then the best so far, with the bound so far."""
    begun = time.monotonic()
    grid = grid_of(site, rule)
    task = _Task(site, rule, grid, seed, begun + seconds)
    tried = _untouched(task) or _search(task)
    choices = tried.found.choices
    problems = _problems(task, tried)
    lanes = None
    if {Problem.NO_LANE, Problem.LANES, Problem.TARGET} & set(problems):
        lanes = more_lanes(site, rule, grid, lambda other: _enough(task, other))
    cost, bound = tried.found.cost, tried.found.bound
    return Plan(
        site=site.key,
        windows={firm.key: choices[firm.key].window for firm in site.firms},
        home={firm.key: choices[firm.key].home for firm in site.firms},
        resumes={firm.key: choices[firm.key].resumes for firm in site.firms},
        cost=cost,
        bound=bound,
        gap=gap_of(cost, bound),
        floor=min(cost, tried.floor),
        margin=tried.margin,
        lobby_margin=tried.lobby_margin,
        held=tried.held,
        problems=problems,
        lanes_more=lanes,
        before=simulate(site, rule, as_asked(site), seed=seed, grid=grid),
        after=simulate(site, rule, choices, seed=seed + 1, grid=grid),
        seconds=time.monotonic() - begun,
    )


def gap_of(cost: float, bound: float) -> float:
    return max(0.0, cost - bound) / cost if cost > 0.0 else 0.0


def _untouched(task: _Task) -> _Tried | None:
    """What was asked, where it needs no change: it costs nothing, and nothing costs less."""
    site, choices = task.site, as_asked(task.site)
    if any((firm.ask_from, firm.ask_until) not in windows_of(task.rule, firm) for firm in site.firms):
        return None
    people = sum(coming(firm, choices[firm.key]) for firm in site.firms)
    if site.people_cap is not None and people > site.people_cap:
        return None
    if site.firm_cap is not None and len(site.firms) > site.firm_cap:
        return None
    if people and not site.per_minute:
        return None
    verdict = task.judge(choices)
    return _Tried(Found(choices, 0.0, 0.0), 0.0, 0.0, verdict, held=True) if verdict.holds(task.rule) else None


def _search(task: _Task, *, everybody: bool = False) -> _Tried:
    """Hold back more until the simulation holds, then halve the way back until it would not.

    With `everybody`: any plan in which every enterprise resumes, and whether there is one.
    """
    margin, lobby, bound = 0.0, 0.0, 0.0
    tried = _try(task, margin, lobby, bound)
    before, floor = (margin, lobby), tried.found.bound
    while not tried.held and max(margin, lobby) < MOST - 1e-9 and task.left() > 0.0:
        before, bound = (margin, lobby), tried.found.bound
        over = tried.verdict.p95 / task.rule.wait_minutes - 1.0
        if over > 0.0:
            margin = _raised(margin, over / 4.0)
        if not tried.verdict.quiet:
            lobby = _raised(lobby, tried.verdict.lobby_over / 4.0)
        tried = _try(task, margin, lobby, bound)
        if everybody and not tried.full:
            # to hold back more makes room for nobody
            break
    while tried.held and not everybody and task.left() > 0.0:
        middle = (_between(before[0], tried.margin), _between(before[1], tried.lobby_margin))
        if middle in (before, (tried.margin, tried.lobby_margin)):
            break
        again = _try(task, *middle, bound)
        if again.held:
            tried = again
        else:
            before, bound = middle, max(bound, again.found.bound)
    return replace(tried, floor=floor)


def _between(less: float, more: float) -> float:
    """The step in the middle; one of the two where they are neighbours."""
    return round(less + STEP * (round((more - less) / STEP) // 2), 6)


def _raised(margin: float, by: float) -> float:
    """By whole steps, one at least, and not too far at once."""
    return min(MOST, round(margin + STEP * max(1, round(min(by, FAR) / STEP)), 6))


def _try(task: _Task, margin: float, lobby_margin: float, bound: float) -> _Tried:
    """`bound` is one found with less held back: what is a bound there is one here."""
    site, rule = task.site, task.rule
    limits = Limits.of(site, rule, margin, lobby_margin)
    start = greedy(site, rule, task.grid, limits)
    # no single attempt may use up the time of those after it
    seconds = task.left() / 3.0
    found = Model(site, rule, task.grid, limits).solve(seconds=seconds, gap=GAP, seed=task.seed, start=start)
    found = replace(found, bound=min(found.cost, max(found.bound, bound)))
    verdict = task.judge(found.choices)
    return _Tried(found, margin, lobby_margin, verdict, verdict.holds(rule))


def _problems(task: _Task, tried: _Tried) -> tuple[Problem, ...]:
    """Only where not everybody who asked to come may, or the wait does not hold."""
    choices = tried.found.choices
    turned = any(choices[firm.key].home > firm.home_ask for firm in task.site.firms)
    if tried.held and not turned:
        return ()
    limits = Limits.of(task.site, task.rule, tried.margin, tried.lobby_margin)
    found = lacks(task.site, task.rule, task.grid, limits, closed=not tried.full)
    if tried.verdict.p95 > task.rule.wait_minutes:
        found = (*found, Problem.TARGET)
    if not tried.verdict.quiet and Problem.LOBBY not in found:
        found = (*found, Problem.LOBBY)
    return found


def _enough(task: _Task, site: Site) -> bool:
    """Whether on this site everybody who asked to come can, and the wait holds."""
    rule = task.rule.model_copy(update={"home_most": 0, "closed_cost": 100_000.0})
    open_ = replace(site, people_cap=None, firm_cap=None)
    tried = _search(replace(task, site=open_, rule=rule), everybody=True)
    return tried.held and tried.full


def _one(job: tuple[Site, WaveRule, float, float, int]) -> Plan:
    site, rule, each, deadline, seed = job
    return solve(site, rule, max(0.1, min(each, deadline - time.monotonic())), seed)


def solve_all(sites: Sequence[Site], rule: WaveRule, seconds: float, processes: int = 2, seed: int = 1) -> Total:
    """Every building by itself, the largest first; `seconds` for all of them together.

    Buildings share nothing, so the sum of their bounds is a bound of the sum.
    """
    begun = time.monotonic()
    # a hard building may take what easy ones leave, but not all of it
    each = seconds / 2.0 if len(sites) > 1 else seconds
    order = sorted(range(len(sites)), key=lambda number: (-len(sites[number].firms), number))
    jobs = [(sites[number], rule, each, begun + seconds, seed) for number in order]
    if processes <= 1 or len(sites) <= 1:
        solved = [_one(job) for job in jobs]
    else:
        # spawned, since a fork of a process with threads and an open database may hang
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(processes, len(sites)), mp_context=context) as pool:
            solved = list(pool.map(_one, jobs))
    by_number = dict(zip(order, solved, strict=True))
    plans = tuple(by_number[number] for number in range(len(sites)))
    cost, bound = sum(plan.cost for plan in plans), sum(plan.bound for plan in plans)
    return Total(plans, cost, bound, gap_of(cost, bound), time.monotonic() - begun)


def choices_of(plan: Plan) -> dict[str, Choice]:
    """A plan as `morning.simulate` takes it."""
    return {key: Choice(window, plan.home[key], plan.resumes[key]) for key, window in plan.windows.items()}


def check_cost(site: Site, rule: WaveRule, plan: Plan) -> float:
    """What a plan costs, counted anew."""
    return cost_of(site, rule, choices_of(plan))
