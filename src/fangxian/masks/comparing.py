"""Two policies on the same demand: who waits how long, whether committees and ages fare alike, and journeys saved.

Pure. Nights are allocated by `allocation.allocate`, exactly as a round's are. A lottery is drawn once registration has
closed; a queue is called from the first day of sale on. "Without calling" is the comparison: everybody who still wants
goods goes to the pharmacy each morning, and as many as there are goods for come home with some.
"""

import hashlib
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from fangxian.masks.allocation import Claim, Crowd, Night, Outlet, allocate

BANDS: Final = ((40, "18-39"), (60, "40-59"), (80, "60-79"), (200, "80+"))
UNKNOWN: Final = "?"
MOST_DAYS: Final = 90
HOURS_OF: Final = {"18-39": 5.0, "40-59": 11.0, "60-79": 22.0, "80+": 36.0}
"""How long after the opening each age registers, in open hours on average: an assumption of the generated demand."""
OPEN_HOURS: Final = 8


class Household(NamedTuple):
    """One registration: `day` counts from the first day of registration."""

    id: str
    committee: str
    seq: int
    day: int
    quantity: int
    band: str
    special: bool = False


@dataclass(frozen=True)
class Demand:
    """Who asks where, and what arrives: pieces by (day, pharmacy); `closes` is the last day of registration."""

    households: Sequence[Household]
    served_by: Mapping[str, str]
    arrivals: Mapping[tuple[int, str], int]
    first: date
    closes: int
    places_a_day: int
    reserve_permille: int = 50
    sale_after: int = 1


@dataclass
class Outcome:
    """What a policy gave. `waits` is days from registering to the day of sale, by household; `by_committee` and
    `by_band` are the average day of the round, counted from the opening, so that registering early does not hide in
    it; `half` is each committee's share when half of all were served."""

    policy: str
    waits: dict[str, int] = field(default_factory=dict)
    by_committee: dict[str, float] = field(default_factory=dict)
    by_band: dict[str, float] = field(default_factory=dict)
    half: dict[str, float] = field(default_factory=dict)
    unserved: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.waits.values()) if self.waits else 0.0

    @property
    def late(self) -> int:
        """Nine in ten waited no longer than this."""
        ordered = sorted(self.waits.values())
        return ordered[len(ordered) * 9 // 10 - (len(ordered) % 10 == 0)] if ordered else 0

    def histogram(self) -> dict[int, int]:
        counts: dict[int, int] = defaultdict(int)
        for wait in self.waits.values():
            counts[wait] += 1
        return dict(sorted(counts.items()))


def age_band(age: int | None) -> str:
    return UNKNOWN if age is None else next(name for below, name in BANDS if age < below)


def generate(seed: str, *, committees: int = 20, pharmacies: int = 5, mean: int = 300) -> Demand:
    """A street's round that was never held: sizes, ages, hours of registering and arrivals drawn from the seed."""
    chance = random.Random(seed)  # noqa: S311 - made-up households, drawn again from the same seed
    drawn: list[tuple[str, float, str, int, bool]] = []
    served_by = {f"C{n:02d}": f"P{n % pharmacies + 1}" for n in range(1, committees + 1)}
    for committee in served_by:
        for _ in range(max(5, round(chance.uniform(0.4, 1.6) * mean))):
            band = chance.choices(list(HOURS_OF), (30, 32, 28, 10))[0]
            hour = chance.expovariate(1 / HOURS_OF[band])
            drawn.append((committee, hour, band, 5, band == "80+" and chance.random() < 0.5))
    drawn.sort(key=lambda one: one[1])
    last: dict[str, int] = defaultdict(int)
    households = []
    for number, (committee, hour, band, quantity, special) in enumerate(drawn):
        last[committee] += 1
        id_ = hashlib.sha256(f"{seed}|{number}".encode()).hexdigest()[:32]
        day = min(int(hour // OPEN_HOURS), 9)
        households.append(Household(id_, committee, last[committee], day, quantity, band, special))
    return Demand(households, served_by, _supply(households, served_by, chance), date(2020, 2, 17), 9, 320)


def _supply(
    households: Sequence[Household], served_by: Mapping[str, str], chance: random.Random
) -> dict[tuple[int, str], int]:
    """Twelve days in which a little more arrives than is asked for, never evenly."""
    asked: dict[str, int] = defaultdict(int)
    for one in households:
        asked[served_by[one.committee]] += one.quantity
    parts = {key: [chance.uniform(0.5, 1.5) for _ in range(12)] for key in sorted(asked)}
    return {
        (day + 1, key): -(-int(asked[key] * 1.03 * part) // int(sum(parts[key]) * 10)) * 10
        for key in parts
        for day, part in enumerate(parts[key])
    }


def simulate(demand: Demand, policy: str, seed: str) -> Outcome:
    """Night after night until everybody was called or nothing more comes."""
    waiting = {one.id: one for one in demand.households}
    total: dict[str, int] = defaultdict(int)
    for one in demand.households:
        total[one.committee] += 1
    called: dict[str, int] = defaultdict(int)
    special_called: dict[str, int] = defaultdict(int)
    free: dict[str, int] = defaultdict(int)
    reserve: dict[str, int] = defaultdict(int)
    outcome = Outcome(policy)
    last = max((day for day, _pharmacy in demand.arrivals), default=0)
    for day in range(demand.sale_after, min(last + MOST_DAYS, MOST_DAYS) + 1):
        for pharmacy in sorted(set(demand.served_by.values())):
            came = demand.arrivals.get((day, pharmacy), 0)
            kept = came * demand.reserve_permille // 1000
            free[pharmacy], reserve[pharmacy] = free[pharmacy] + came - kept, reserve[pharmacy] + kept
        if policy == "lottery" and day <= demand.closes:
            continue
        night = Night(policy, seed, demand.first + timedelta(days=day), ("goods",), day > demand.closes)
        before = len(waiting)
        for outlet in _outlets(demand, day, waiting, total, (called, special_called), (free, reserve)):
            result = allocate(night, outlet)
            free[outlet.key], reserve[outlet.key] = result.left[0], result.kept[0]
            for call in result.calls:
                one = waiting.pop(call.id)
                outcome.waits[one.id] = day - one.day
                (special_called if call.reserved else called)[one.committee] += 1
        if not outcome.half and len(outcome.waits) * 2 >= len(demand.households):
            outcome.half = {key: (called[key] + special_called[key]) / total[key] for key in sorted(total)}
        if not waiting or (day > max(last, demand.closes) and len(waiting) == before):
            break
    return _summed(outcome, demand)


def _outlets(
    demand: Demand, day: int, waiting: Mapping[str, Household], total: Mapping[str, int],
    called: tuple[Mapping[str, int], Mapping[str, int]], stock: tuple[Mapping[str, int], Mapping[str, int]],
) -> Iterable[Outlet]:  # fmt: skip
    claims: dict[str, list[Claim]] = defaultdict(list)
    for one in waiting.values():
        if one.day < day:
            claims[one.committee].append(Claim(one.id, one.seq, (one.quantity,), special=one.special))
    for pharmacy in sorted(set(demand.served_by.values())):
        crowds = [
            Crowd(
                key, (total.get(key, 0),), (called[0].get(key, 0),), (sum(c.special for c in claims[key]),),
                (called[1].get(key, 0),), claims[key],
            )
            for key, by in sorted(demand.served_by.items())
            if by == pharmacy
        ]  # fmt: skip
        yield Outlet(
            pharmacy, (stock[0].get(pharmacy, 0),), (stock[1].get(pharmacy, 0),), (demand.places_a_day,), crowds
        )


def _summed(outcome: Outcome, demand: Demand) -> Outcome:
    committees: dict[str, list[int]] = defaultdict(list)
    bands: dict[str, list[int]] = defaultdict(list)
    for one in demand.households:
        if one.id in outcome.waits:
            committees[one.committee].append(outcome.waits[one.id] + one.day)
            bands[one.band].append(outcome.waits[one.id] + one.day)
    outcome.by_committee = {key: statistics.mean(waits) for key, waits in sorted(committees.items())}
    outcome.by_band = {key: statistics.mean(waits) for key, waits in sorted(bands.items())}
    outcome.unserved = len(demand.households) - len(outcome.waits)
    return outcome


def journeys_without_calling(demand: Demand) -> int:
    """Ways to the pharmacy when nobody is called: each morning everybody who registered and has nothing yet goes."""
    queues: dict[str, list[Household]] = defaultdict(list)
    for one in sorted(demand.households, key=lambda one: (one.day, one.seq, one.committee)):
        queues[demand.served_by[one.committee]].append(one)
    journeys = 0
    last = max((day for day, _pharmacy in demand.arrivals), default=0)
    for pharmacy, queue in queues.items():
        stock = 0
        for day in range(demand.sale_after, last + 1):
            stock += demand.arrivals.get((day, pharmacy), 0)
            there = [one for one in queue if one.day < day]
            journeys += len(there)
            served: set[str] = set()
            for one in there:
                if one.quantity > stock or len(served) >= demand.places_a_day:
                    break
                stock -= one.quantity
                served.add(one.id)
            queue[:] = [one for one in queue if one.id not in served]
    return journeys
