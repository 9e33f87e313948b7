"""Measurement of the stagger plan on made-up buildings of the size of the street, and of ten streets."""

import math
import resource
import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from fangxian.duties.plan_schema import Text
from fangxian.shared.measure import Figure
from fangxian.workplaces.playbook import ServiceRule, WaveRule
from fangxian.workplaces.wave.site import Firm, Gate, Lane, Site
from fangxian.workplaces.wave.stagger import solve_all

HANDHELD: Final = ServiceRule(
    method="handheld", title=Text(zh="手持", en="handheld"), seconds=5.0, spread=0.5, rain_factor=1.3
)
RULE: Final = WaveRule(services=(HANDHELD,))
LANE: Final = Lane(HANDHELD.method, HANDHELD.seconds, HANDHELD.spread)
ASKED: Final = (480, 495, 510, 525, 540, 570)
"""Starts that enterprises ask for, crowded at half past eight and nine."""
CROWD: Final = (0.06, 0.04, 0.58, 0.06, 0.22, 0.04)


def split(total: int, weights: np.ndarray, least: int = 1) -> list[int]:
    """Whole parts in proportion to the weights, none below `least`, that add up to `total`."""
    rest = total - least * len(weights)
    exact = weights / weights.sum() * rest
    parts = np.floor(exact).astype(int)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: rest - int(parts.sum())]] += 1
    return [int(part) + least for part in parts]


def street(buildings: int, enterprises: int, people: int, seed: int) -> tuple[Site, ...]:
    """Buildings of very different size: a lane for 350 to 1,300 people, one to four gates of up to three lanes."""
    rng = np.random.default_rng(seed)
    size = rng.lognormal(0.0, 1.0, buildings)
    crowd = split(people, size, 60)
    tenants = split(enterprises, np.array(crowd) ** 0.8, 3)
    return tuple(_site(rng, f"b{number}", crowd[number], tenants[number]) for number in range(buildings))


def _site(rng: np.random.Generator, key: str, people: int, tenants: int) -> Site:
    lanes = min(12, max(1, math.ceil(people / rng.uniform(350.0, 1_300.0))))
    gates = int(rng.integers(math.ceil(lanes / 3), min(4, lanes) + 1))
    lifts = rng.random() < 0.6
    staff = split(people, rng.lognormal(0.0, 1.2, tenants))
    firms = []
    for number, heads in enumerate(staff):
        start = int(rng.choice(ASKED, p=CROWD))
        home = int(heads * rng.uniform(0.0, 0.3)) if rng.random() < 0.5 else 0
        firms.append(Firm(f"{key}-{number}", heads, home, start, start + RULE.window_minutes, rng.random() < 0.02))
    come = sum(firm.comers for firm in firms)
    return Site(
        key=key,
        gates=tuple(
            Gate(f"{key}-g{number}", (LANE,) * count) for number, count in enumerate(split(lanes, np.ones(gates)))
        ),
        lobby_per_slot=max(30.0, come * float(rng.uniform(0.07, 0.14))) if lifts else None,
        lobby_cap=max(25, come // 6) if lifts else None,
        people_cap=int(come * 0.95) if rng.random() < 0.2 else None,
        firm_cap=tenants - 1 if rng.random() < 0.1 else None,
        firms=tuple(firms),
    )


def run() -> Iterator[Figure]:
    """One street in its time, then ten; what the plans do to the queues, and how far they may be from the best."""
    for times, seconds in ((1, 30.0), (10, 300.0)):
        yield from _street(times, seconds)


def _street(times: int, seconds: float) -> Iterator[Figure]:
    sites = street(38 * times, 1_746 * times, 17_000 * times, seed=2020)
    size = f"{len(sites)} buildings, {sum(len(site.firms) for site in sites):,} enterprises, {17_000 * times:,} people"
    name = "street" if times == 1 else f"{times} streets"
    begun, worked = time.perf_counter(), _worked()
    total = solve_all(sites, RULE, seconds, processes=2)
    took = time.perf_counter() - begun
    before = [plan.before.worst for plan in total.plans]
    after = [plan.after.worst for plan in total.plans]
    moved = [plan for plan in total.plans if plan.cost > 0.0]
    yield Figure(f"stagger plan, {name}", took, "s", seconds, size)
    yield Figure(f"processor time, {name}", _worked() - worked, "s", None, size)
    yield Figure(f"gap to the bound, {name}", 100.0 * total.gap, "%", 2.0, size)
    yield Figure(f"buildings that had to change, {name}", len(moved), "", None, size)
    yield Figure(f"plans the simulation does not hold, {name}", sum(not p.held for p in total.plans), "", 0.0, size)
    yield Figure(f"cost, {name}", total.cost, "min", None, size)
    yield Figure(f"bound with no margin, {name}", sum(plan.floor for plan in total.plans), "min", None, size)
    yield Figure(f"worst p95 wait of a slot as asked, {name}", max(before), "min", None, size)
    yield Figure(f"worst p95 wait of a slot staggered, {name}", max(after), "min", RULE.wait_minutes, size)


def _worked() -> float:
    """Processor time of this process and of those it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
