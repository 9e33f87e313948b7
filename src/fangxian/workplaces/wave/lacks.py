"""Why not everybody can come, and how many further lanes would do. Fluid, and enterprises may be split."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import highspy
import numpy as np
from highspy._core import _Highs

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import Grid, shares
from fangxian.workplaces.wave.greedy import fits
from fangxian.workplaces.wave.model import Limits, Window, windows_of
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Problem, Site

FURTHER = 4
"""How many lanes more than the least possible are tried in a simulation."""
MOST_LANES = 64


def lacks(site: Site, rule: WaveRule, grid: Grid, limits: Limits, *, closed: bool) -> tuple[Problem, ...]:
    """Reasons in the order in which somebody would ask. None: more at home was only the smaller change."""
    people = sum(firm.comers for firm in site.firms)
    found = []
    if site.people_cap is not None and people > site.people_cap:
        found.append(Problem.PEOPLE_CAP)
    if site.firm_cap is not None and len(site.firms) > site.firm_cap:
        found.append(Problem.FIRM_CAP)
    if people and not site.per_minute:
        return (*found, Problem.NO_LANE)
    gates = replace(limits, lobby=None)
    lobby = replace(limits, gates=float("inf"), gates_most=float("inf"))
    pinned = [firm for firm in site.firms if firm.pinned]
    if pinned and not _fit(pinned, rule, grid, limits):
        found.append(Problem.PINNED)
    if not _fit(site.firms, rule, grid, gates):
        found.append(Problem.LANES)
    if limits.lobby is not None and not _fit(site.firms, rule, grid, lobby):
        found.append(Problem.LOBBY)
    if not found and (closed or not _fit(site.firms, rule, grid, limits)):
        # each alone would do; together, or because nobody can be split, they do not
        found += [Problem.LANES] if limits.lobby is None else [Problem.LANES, Problem.LOBBY]
    return tuple(found)


def more_lanes(site: Site, rule: WaveRule, grid: Grid, enough: Callable[[Site], bool]) -> int | None:
    """Fewest further lanes that pass the fluid and then `enough`; None where none are needed or none help."""
    bare = replace(site, lobby_cap=None)
    for count in range(MOST_LANES + 1):
        wider = _with(bare, rule, count)
        if wider is None:
            return None
        if wider.per_minute and _fit(site.firms, rule, grid, Limits.of(wider, rule, 0.0, 0.0)):
            break
    else:
        return None
    for more in range(max(1, count), max(1, count) + FURTHER):
        wider = _with(bare, rule, more)
        if wider is not None and enough(wider):
            return more
    return None


def _with(site: Site, rule: WaveRule, count: int) -> Site | None:
    """The site with further lanes of its commonest kind, each where the least is let in so far."""
    kinds = [lane for gate in site.gates for lane in gate.lanes]
    kinds = kinds or [Lane(one.method, one.seconds, one.spread) for one in rule.services]
    if not kinds:
        return None
    kind = max(kinds, key=lambda lane: (kinds.count(lane), -lane.seconds))
    gates = list(site.gates) or [Gate("", ())]
    for _ in range(count):
        open_ = [number for number, gate in enumerate(gates) if gate.lanes] or [0]
        least = min(open_, key=lambda number: (gates[number].per_minute, number))
        gates[least] = replace(gates[least], lanes=(*gates[least].lanes, kind))
    return replace(site, gates=tuple(gates))


def _fit(firms: Iterable[Firm], rule: WaveRule, grid: Grid, limits: Limits) -> bool:
    """Whether all who asked to come fit in as a fluid, each firm spread over its windows as is best."""
    groups: dict[tuple[Window, ...], int] = {}
    for firm in firms:
        windows = windows_of(rule, firm)
        groups[windows] = groups.get(windows, 0) + firm.comers
    if len(groups) == 1 and all(len(windows) == 1 for windows in groups):
        (((window,), people),) = groups.items()
        return fits(people * shares(rule, grid, *window), limits)
    return _spread(groups, rule, grid, limits)


def _spread(groups: dict[tuple[Window, ...], int], rule: WaveRule, grid: Grid, limits: Limits) -> bool:
    solver = _Highs()
    solver.setOptionValue("output_flag", False)
    inf, count = highspy.kHighsInf, 0
    parts: list[tuple[int, np.ndarray]] = []
    rows: list[tuple[list[int], list[float], float, float]] = []
    for windows, people in groups.items():
        columns = list(range(count, count + len(windows)))
        count += len(windows)
        parts += [(column, shares(rule, grid, *window)) for column, window in zip(columns, windows, strict=True)]
        rows.append((columns, [1.0] * len(columns), float(people), float(people)))
    high = [inf] * count
    kinds = [(limits.gates, limits.gates_most)]
    if limits.lobby is not None:
        kinds.append((limits.lobby, limits.lobby_most))
    for rate, most in kinds:
        if rate == inf:
            continue
        for slot in range(grid.count):
            terms = [(column, float(part[slot])) for column, part in parts if part[slot] > 0.0]
            terms += [(count - 1, 1.0)] if slot else []
            high.append(most)
            rows.append(([c for c, _ in terms] + [count], [v for _, v in terms] + [-1.0], -inf, rate))
            count += 1
    for most in high:
        solver.addVar(0.0, most)
    for columns, values, low, up in rows:
        solver.addRow(low, up, len(columns), np.array(columns, dtype=np.int32), np.array(values))
    solver.run()
    return bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)
