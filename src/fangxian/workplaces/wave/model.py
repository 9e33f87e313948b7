"""The stagger plan of one building as a mixed-integer program, and HiGHS to solve it.

Per firm and window: whether it comes then, and how many fewer come than asked. Per slot: what is left at the gates and
in the lobby as a fluid, with a margin of the capacity held back for chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
from highspy._core import _Highs

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import Floats, Grid, shares
from fangxian.workplaces.wave.morning import Choice, coming
from fangxian.workplaces.wave.site import Firm, Site

Window = tuple[int, int]
INF = highspy.kHighsInf


@dataclass(frozen=True, slots=True)
class Found:
    choices: Mapping[str, Choice]
    cost: float
    bound: float


def windows_of(rule: WaveRule, firm: Firm) -> tuple[Window, ...]:
    """Windows on the plan's steps, and the asked one where it lies within the morning; of a pinned firm only that."""
    asked = (firm.ask_from, firm.ask_until)
    if firm.pinned:
        return (asked,)
    starts = range(rule.first, rule.last - rule.window_minutes + 1, rule.step_minutes)
    steps = [(start, start + rule.window_minutes) for start in starts]
    inside = rule.first <= asked[0] and asked[1] <= rule.last
    return tuple(sorted({*steps, asked} if inside else set(steps)))


def shift(firm: Firm, window: Window) -> int:
    """Minutes by which a window reaches out of the asked one; another window within it counts as one minute."""
    if window == (firm.ask_from, firm.ask_until):
        return 0
    return max(1, firm.ask_from - window[0], window[1] - firm.ask_until)


def nearest(rule: WaveRule, firm: Firm) -> Window:
    return min(windows_of(rule, firm), key=lambda window: (shift(firm, window), window))


def home_most(rule: WaveRule, firm: Firm) -> int:
    """How many may work from home at most: the plan's share, and never fewer than asked to."""
    return max(firm.home_ask, firm.people * rule.home_most // 100)


def cost_of(site: Site, rule: WaveRule, choices: Mapping[str, Choice]) -> float:
    """Minutes: people times minutes moved, what more people at home weigh, and enterprises that cannot resume."""
    total = 0.0
    for firm in site.firms:
        choice = choices[firm.key]
        if not choice.resumes:
            total += rule.closed_cost * firm.people
            continue
        total += coming(firm, choice) * shift(firm, choice.window)
        total += rule.home_cost * (choice.home - firm.home_ask)
    return total


@dataclass(frozen=True, slots=True)
class Limits:
    """Per slot what the gates and the lifts take, and how many may be left waiting."""

    gates: float
    gates_most: float
    lobby: float | None
    lobby_most: float

    @classmethod
    def of(cls, site: Site, rule: WaveRule, margin: float, lobby_margin: float) -> "Limits":
        rest = site.per_minute * (1.0 - margin)
        lifts = 1.0 - lobby_margin
        lobby = site.lobby_per_slot
        # lifts that take whatever the lanes can let in never leave anybody waiting
        if lobby is not None and (site.lobby_cap is None or lobby >= site.per_minute * rule.slot_minutes):
            lobby = None
        return cls(
            gates=rest * rule.slot_minutes,
            gates_most=rest * rule.wait_minutes,
            lobby=None if lobby is None else lobby * lifts,
            lobby_most=(site.lobby_cap or 0) * lifts,
        )


@dataclass
class _Rows:
    """A sparse matrix by rows while it is written."""

    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, terms: Iterable[tuple[int, float]], low: float, high: float) -> None:
        for column, value in terms:
            self.columns.append(column)
            self.values.append(value)
        self.starts.append(len(self.columns))
        self.low.append(low)
        self.high.append(high)


@dataclass
class _Columns:
    cost: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)

    def add(self, cost: float, high: float, *, whole: bool) -> int:
        self.cost.append(cost)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.cost) - 1


@dataclass(frozen=True, slots=True)
class _Group:
    """Firms that are alike; which of them comes when makes no difference to the building."""

    like: Firm
    keys: tuple[str, ...]
    spare: int
    """How many more of each may work from home."""


@dataclass(frozen=True, slots=True)
class _Option:
    group: _Group
    window: Window
    comes: int
    """Column: how many of the group's firms come in this window."""
    fewer: int | None
    """Column: how many people fewer than these asked for."""


def groups_of(site: Site, rule: WaveRule) -> tuple[_Group, ...]:
    alike: dict[Firm, list[str]] = {}
    for firm in sorted(site.firms, key=lambda firm: firm.key):
        alike.setdefault(replace(firm, key=""), []).append(firm.key)
    return tuple(_Group(firm, tuple(keys), home_most(rule, firm) - firm.home_ask) for firm, keys in alike.items())


class Model:
    """The program of one building."""

    def __init__(self, site: Site, rule: WaveRule, grid: Grid, limits: Limits) -> None:
        self.site, self.rule, self.grid = site, rule, grid
        self.rows, self.columns = _Rows(), _Columns()
        self.groups = groups_of(site, rule)
        self.options: list[_Option] = []
        self.offset = sum(rule.closed_cost * firm.people for firm in site.firms)
        for group in self.groups:
            self._group(group)
        self._caps()
        self._flow(limits)

    def _group(self, group: _Group) -> None:
        rule, firm, size = self.rule, group.like, float(len(group.keys))
        mine = []
        for window in windows_of(rule, firm):
            moved = shift(firm, window)
            comes = self.columns.add(firm.comers * moved - rule.closed_cost * firm.people, size, whole=True)
            fewer = None
            if group.spare:
                fewer = self.columns.add(rule.home_cost - moved, group.spare * size, whole=True)
                self.rows.add([(fewer, 1.0), (comes, -float(group.spare))], -INF, 0.0)
            mine.append(_Option(group, window, comes, fewer))
        self.rows.add([(option.comes, 1.0) for option in mine], 0.0, size)
        self.options += mine

    def _people(self, option: _Option) -> list[tuple[int, float]]:
        terms = [(option.comes, float(option.group.like.comers))]
        return terms if option.fewer is None else [*terms, (option.fewer, -1.0)]

    def _caps(self) -> None:
        site = self.site
        if site.people_cap is not None:
            everybody = [term for option in self.options for term in self._people(option)]
            self.rows.add(everybody, -INF, float(site.people_cap))
        if site.firm_cap is not None:
            self.rows.add([(option.comes, 1.0) for option in self.options], -INF, float(site.firm_cap))

    def _flow(self, limits: Limits) -> None:
        """People per window, then what of each slot's people is left when the slot ends."""
        windows = sorted({option.window for option in self.options})
        sums = {window: self.columns.add(0.0, INF, whole=False) for window in windows}
        for window in windows:
            people = [term for option in self.options if option.window == window for term in self._people(option)]
            self.rows.add([(sums[window], -1.0), *people], 0.0, 0.0)
        parts = {window: shares(self.rule, self.grid, *window) for window in windows}
        self._left(sums, parts, limits.gates, limits.gates_most)
        if limits.lobby is not None:
            # as if the gates held nobody back: never fewer than really stand there
            self._left(sums, parts, limits.lobby, limits.lobby_most)

    def _left(self, sums: Mapping[Window, int], parts: Mapping[Window, Floats], rate: float, most: float) -> None:
        before: int | None = None
        for slot in range(self.grid.count):
            left = self.columns.add(0.0, most, whole=False)
            terms = [(sums[window], float(part[slot])) for window, part in parts.items() if part[slot] > 0.0]
            if before is not None:
                terms.append((before, 1.0))
            self.rows.add([*terms, (left, -1.0)], -INF, rate)
            before = left

    def _lp(self) -> highspy.HighsLp:
        lp, rows, columns = highspy.HighsLp(), self.rows, self.columns
        lp.num_col_, lp.num_row_ = len(columns.cost), len(rows.low)
        lp.col_cost_ = np.array(columns.cost)
        lp.col_lower_ = np.zeros(len(columns.cost))
        lp.col_upper_ = np.array(columns.high)
        lp.row_lower_, lp.row_upper_ = np.array(rows.low), np.array(rows.high)
        lp.offset_ = self.offset
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(rows.starts, dtype=np.int32)
        lp.a_matrix_.index_ = np.array(rows.columns, dtype=np.int32)
        lp.a_matrix_.value_ = np.array(rows.values)
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[whole] for whole in columns.whole]
        return lp

    def solve(self, *, seconds: float, gap: float, seed: int, start: Mapping[str, Choice]) -> Found:
        """`start` must keep all limits: it is what is answered when there is no time to find better."""
        # the class that is built on this one prints a banner before it can be told to be silent
        solver = _Highs()
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", seed), ("mip_rel_gap", gap),
            ("time_limit", max(0.01, seconds)),
        ):  # fmt: skip
            solver.setOptionValue(name, value)
        solver.passModel(self._lp())
        known = self._known(start)
        solver.setSolution(len(known), np.array(list(known), dtype=np.int32), np.array(list(known.values())))
        solver.run()
        info = solver.getInfo()
        found = start
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            found = self._choices(np.round(solver.getSolution().col_value))
        cost, before = cost_of(self.site, self.rule, found), cost_of(self.site, self.rule, start)
        if before < cost:
            found, cost = start, before
        return Found(found, cost, max(0.0, min(cost, info.mip_dual_bound)))

    def _choices(self, values: Floats) -> dict[str, Choice]:
        found = {firm.key: Choice(nearest(self.rule, firm), firm.people, resumes=False) for firm in self.site.firms}
        left = {group.like: list(reversed(group.keys)) for group in self.groups}
        for option in self.options:
            fewer = 0 if option.fewer is None else int(values[option.fewer])
            for _ in range(int(values[option.comes])):
                more = min(fewer, option.group.spare)
                fewer -= more
                key = left[option.group.like].pop()
                found[key] = Choice(option.window, option.group.like.home_ask + more)
        return found

    def _known(self, choices: Mapping[str, Choice]) -> dict[int, float]:
        """The whole-numbered columns of a plan; the solver works the others out."""
        values = {}
        for option in self.options:
            chosen = [choices[key] for key in option.group.keys]
            here = [choice for choice in chosen if choice.resumes and choice.window == option.window]
            values[option.comes] = float(len(here))
            if option.fewer is not None:
                values[option.fewer] = float(sum(choice.home - option.group.like.home_ask for choice in here))
        return values
