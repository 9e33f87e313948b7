"""A plan that keeps all limits, quickly and without a promise: where the solver begins."""

from collections.abc import Mapping

import numpy as np

from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.wave.arrivals import Floats, Grid, shares
from fangxian.workplaces.wave.model import Limits, Window, home_most, nearest, shift, windows_of
from fangxian.workplaces.wave.morning import Choice, fluid
from fangxian.workplaces.wave.site import Firm, Site


def fits(arrivals: Floats, limits: Limits) -> bool:
    """Whether what is left waiting stays within the limits."""
    if fluid(arrivals, limits.gates).max(initial=0.0) > limits.gates_most + 1e-9:
        return False
    return limits.lobby is None or bool(fluid(arrivals, limits.lobby).max(initial=0.0) <= limits.lobby_most + 1e-9)


def greedy(site: Site, rule: WaveRule, grid: Grid, limits: Limits) -> Mapping[str, Choice]:
    """Those whose window is kept first, then large enterprises, each at the cheapest place that is left."""
    arrivals = np.zeros(grid.count)
    parts: dict[Window, Floats] = {}
    people_left = site.people_cap if site.people_cap is not None else 10**9
    firms_left = site.firm_cap if site.firm_cap is not None else len(site.firms)
    found: dict[str, Choice] = {}
    for firm in sorted(site.firms, key=lambda firm: (not firm.pinned, -firm.people, firm.key)):
        found[firm.key] = Choice(nearest(rule, firm), firm.people, resumes=False)
        for window, home in _ways(rule, firm):
            if firms_left < 1 or firm.people - home > people_left:
                continue
            part = parts.setdefault(window, shares(rule, grid, *window))
            if fits(arrivals + (firm.people - home) * part, limits):
                arrivals = arrivals + (firm.people - home) * part
                found[firm.key] = Choice(window, home)
                people_left -= firm.people - home
                firms_left -= 1
                break
    return found


def _ways(rule: WaveRule, firm: Firm) -> list[tuple[Window, int]]:
    """Windows with everybody, half of those who can and nobody more than must, cheapest first."""
    least, most = firm.home_ask, home_most(rule, firm)
    ways = []
    for home in sorted({least, (least + most) // 2, most}):
        for window in windows_of(rule, firm):
            cost = (firm.people - home) * shift(firm, window) + (home - least) * rule.home_cost
            ways.append((cost, window, home))
    return [(window, home) for _cost, window, home in sorted(ways)]
