"""How many are expected at each gate of a building, and how many came.

Expected is what the plan that holds says (or, without one, what enterprises asked for), shared out between the gates as
people chose them of late, and scaled by how many of those expected came of late. Came is what the gates counted, in
quarters of an hour, which stay when the checks themselves are purged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Sum

from fangxian.gates.models import Direction, Flow, Outcome
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US, MINUTE_US
from fangxian.workplaces import sources
from fangxian.workplaces.models import PlanStatus, WaveSlot
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.sources import Doors
from fangxian.workplaces.wave.arrivals import Grid, expected, grid_over

BACK: Final = timedelta(days=14)
ENOUGH: Final = 50
"""Fewer entries say nothing of which gate people choose, or of how many come."""
QUARTER: Final = 15
Windows = Sequence[tuple[int, tuple[int, int]]]
"""People, and between which minutes they come."""


@dataclass(frozen=True, slots=True)
class GateForecast:
    """Per slot of the forecast: people expected; per quarter of an hour: how many came (None: not counted yet)."""

    gate_id: UUID
    name: str
    share: float
    expected: tuple[float, ...]
    came: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """One building's morning. `turnout`: of a hundred expected, so many came of late (None: too few days to say)."""

    day: date
    start: int
    slot: int
    plan_id: UUID | None
    """By this published plan; None: by what enterprises asked for."""
    people: int
    turnout: float | None
    doors: tuple[Doors, ...]
    """All gates, those that take nobody in too."""
    gates: tuple[GateForecast, ...]
    quarters: tuple[tuple[int, float, int | None], ...]
    """Start minute, expected and came, of all gates."""

    @property
    def by_slot(self) -> list[tuple[int, list[float]]]:
        """Expected at each gate, by start minute; slots in which nobody is expected are left out."""
        count = len(self.gates[0].expected) if self.gates else 0
        rows = [(self.start + n * self.slot, [gate.expected[n] for gate in self.gates]) for n in range(count)]
        return [row for row in rows if sum(row[1]) >= 0.05]

    @property
    def came(self) -> int | None:
        counted = [came for _start, _expected, came in self.quarters if came is not None]
        return sum(counted) if counted else None

    @property
    def error(self) -> float | None:
        """Of what came, the share that was expected in another quarter of an hour or not at all; 0 is a perfect
        forecast."""
        came = self.came
        if not came:
            return None
        return sum(abs(expected - (found or 0)) for _start, expected, found in self.quarters) / came


def forecast(place: Place, day: date, rule: WaveRule, now: datetime) -> Forecast:
    by_day, plan_id = _planned(place, day)
    mine = by_day[day] if day in by_day else _asked(place, day)
    grid = _grid(rule, mine)
    counted = _counted(place, day)
    every = sources.doors_of([place.id], now).get(place.id, [])
    doors = [door for door in every if door.takes_in]
    before = {past: found for past, found in counted.items() if past < day}
    shares, turnout = _shares(doors, before, rule), _turnout(by_day, before, grid)
    arrivals = expected(rule, grid, mine) * (turnout or 1.0)
    came = counted.get(day, {}) if day <= clock.local_day(now) else None
    gates = tuple(
        GateForecast(
            door.gate_id, door.name, shares[door.gate_id],
            tuple(float(people) * shares[door.gate_id] for people in arrivals),
            None if came is None else tuple(came.get((door.gate_id, start), 0) for start in _starts(grid)),
        )
        for door in doors
    )  # fmt: skip
    return Forecast(
        day, grid.start, grid.slot, plan_id, sum(people for people, _window in mine), turnout, tuple(every), gates,
        _quarters(grid, [float(people) for people in arrivals], came, day, now),
    )  # fmt: skip


def _planned(place: Place, day: date) -> tuple[dict[date, Windows], UUID | None]:
    """What published plans say of this building, from two weeks before that day on: of several for a day, the last.
    And which plan it is on the day itself."""
    rows = WaveSlot.objects.filter(
        place=place, plan__status=PlanStatus.PUBLISHED, plan__day__lte=day, plan__day__gte=day - BACK, resumes=True
    ).order_by("plan__day", "plan__published_us")
    found: dict[date, dict[UUID, list[tuple[int, tuple[int, int]]]]] = defaultdict(dict)
    for row in rows.values_list("plan__day", "plan_id", "people", "from_minute", "until_minute"):
        found[row[0]].setdefault(row[1], []).append((row[2], (row[3], row[4])))
    last: dict[date, Windows] = {when: list(by_plan.values())[-1] for when, by_plan in found.items()}
    return last, list(found[day])[-1] if day in found else None


def _asked(place: Place, day: date) -> Windows:
    wished = sources.wishes([place.id], day).get(place.id, {})
    return [(wish.people - wish.home, wish.pin or (wish.ask_from, wish.ask_until)) for wish in wished.values()]


def _grid(rule: WaveRule, mine: Windows) -> Grid:
    """The morning in slots, on whole quarters of an hour."""
    first = min([rule.first, *(window[0] for _people, window in mine)]) // QUARTER * QUARTER
    last = -(-max([rule.last, *(window[1] for _people, window in mine)]) // QUARTER) * QUARTER
    return grid_over(rule, first, last)


def _starts(grid: Grid) -> range:
    return range(grid.start // QUARTER * QUARTER, grid.end, QUARTER)


def _counted(place: Place, day: date) -> dict[date, dict[tuple[UUID, int], int]]:
    """By day: who was let in, by gate and quarter of an hour."""
    since, until = clock.day_start_us(day - BACK), clock.day_start_us(day) + DAY_US
    rows = (
        Flow.objects.filter(
            place_id=place.id, quarter_us__gte=since, quarter_us__lt=until, direction=Direction.IN,
            outcome=Outcome.ADMIT,
        )
        .values_list("gate_id", "quarter_us")
        .annotate(n=Sum("count"))
        .order_by()
    )  # fmt: skip
    found: dict[date, dict[tuple[UUID, int], int]] = defaultdict(dict)
    for gate, quarter_us, count in rows:
        when = clock.local_day(clock.from_us(quarter_us))
        found[when][gate, (quarter_us - clock.day_start_us(when)) // MINUTE_US] = count
    return dict(found)


def _shares(
    doors: Sequence[Doors], before: Mapping[date, Mapping[tuple[UUID, int], int]], rule: WaveRule
) -> dict[UUID, float]:  # fmt: skip
    """As people went of late; where that is too few to tell, as the lanes can take them."""
    went = {door.gate_id: 0.0 for door in doors}
    for counts in before.values():
        for (gate, _start), count in counts.items():
            if gate in went:
                went[gate] += count
    if sum(went.values()) < ENOUGH:
        for door in doors:
            services = [(rule.service(method), count) for method, count in door.lanes.items()]
            went[door.gate_id] = sum(count * 60 / service.seconds for service, count in services if service is not None)
    total = sum(went.values())
    return {gate: people / total if total else 0.0 for gate, people in went.items()}


def _turnout(
    by_day: Mapping[date, Windows], before: Mapping[date, Mapping[tuple[UUID, int], int]], grid: Grid
) -> float | None:  # fmt: skip
    wanted = came = 0
    for when, counts in before.items():
        people = sum(people for people, _window in by_day.get(when, ()))
        if people:
            wanted += people
            came += sum(count for (_gate, start), count in counts.items() if grid.start <= start < grid.end)
    return came / wanted if wanted and came >= ENOUGH else None


def _quarters(
    grid: Grid, arrivals: Sequence[float], came: Mapping[tuple[UUID, int], int] | None, day: date, now: datetime
) -> tuple[tuple[int, float, int | None], ...]:
    """Quarters that are not over yet have no count."""
    moment = clock.local(now)
    minute = 1_440 if day < moment.date() else moment.hour * 60 + moment.minute
    counts: dict[int, int] = defaultdict(int)
    for (_gate, start), count in (came or {}).items():
        counts[start] += count
    rows = []
    for start in _starts(grid):
        inside = [
            people
            for number, people in enumerate(arrivals)
            if start <= grid.start + number * grid.slot < start + QUARTER
        ]
        over = came is not None and start + QUARTER <= minute
        rows.append((start, sum(inside), counts[start] if over else None))
    return tuple(rows)
