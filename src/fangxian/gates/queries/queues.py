"""The estimated queue at each gate."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Count, Q, Sum

from fangxian.gates.models import Check, Direction, Flow, GateSetup, Outcome, Pass, PassKind, PassStatus
from fangxian.gates.queries.slots import Coming
from fangxian.gates.queues import LATE_MINUTES, Door, Expected, Queue, estimate
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import HOUR_US

LATELY = 15
RECENTLY_US = 3 * HOUR_US


def queues(
    gates: Sequence[Place], setups: Mapping[UUID, GateSetup], entering: Mapping[UUID, Counter[int]],
    best: Mapping[UUID, int] | None, windows: Mapping[UUID, Sequence[Coming]], now: datetime,
) -> dict[UUID, Queue]:  # fmt: skip
    """By gate, without those of which nothing can be said. `gates` are all of their places; `entering` counts the
    checks on the way in by how many minutes ago, `best` the most in a quarter of an hour, asked where it is None;
    `windows` are today's of a plan of arrivals, by place."""
    moment = clock.local(now)
    minute = moment.hour * 60 + moment.minute
    planned = {
        place: {one.enterprise_id: None if one.closed else (one.from_minute, one.until_minute) for one in mine}
        for place, mine in windows.items()
    }
    expected = _expected({gate.parent_id for gate in gates if gate.parent_id}, planned, minute, now)
    if not expected:
        return {}
    asked = [gate for gate in gates if gate.parent_id in expected]
    quarters = _best_quarters([gate.id for gate in asked], now) if best is None else best
    by_place: dict[UUID, list[Door]] = defaultdict(list)
    for gate in asked:
        if gate.parent_id is not None:
            minutes = entering.get(gate.id, Counter())
            by_place[gate.parent_id].append(_door(gate, setups.get(gate.id), minutes, quarters.get(gate.id, 0)))
    found: dict[UUID, Queue] = {}
    for place_id, doors in by_place.items():
        found |= {UUID(key): queue for key, queue in estimate(doors, expected[place_id], minute).items()}
    return found


def _door(gate: Place, setup: GateSetup | None, minutes: Counter[int], best: int) -> Door:
    """A counter inside another gate has no arrival slots of its own."""
    takes_in = setup is None or (setup.is_open and setup.direction != Direction.OUT and setup.inner_of_id is None)
    lately = tuple(minutes[ago] for ago in range(LATELY))
    return Door(gate.id.hex, takes_in, setup.zones if setup else "", lately, best)


def _expected(
    place_ids: set[UUID], planned: Mapping[UUID, Mapping[UUID, tuple[int, int] | None]], minute: int, now: datetime
) -> dict[UUID, list[Expected]]:  # fmt: skip
    """Passes whose arrival slot, or window of their enterprise, has begun and is not long over, in groups, with how
    many of each came today."""
    now_us, today_us = clock.to_us(now), clock.day_start_us(clock.local_day(now))
    came = Check.objects.filter(
        place_id__in=place_ids, observed_us__gte=today_us, direction=Direction.IN, outcome=Outcome.ADMIT,
        pass_id__isnull=False,
    )  # fmt: skip
    live = Pass.objects.filter(place_id__in=place_ids, status=PassStatus.LIVE, from_us__lte=now_us, until_us__gt=now_us)
    counts = {"passes": Count("id"), "came": Count("id", filter=Q(id__in=came.values("pass_id")))}
    found: dict[UUID, list[Expected]] = defaultdict(list)
    # whoever is under a plan's window does not come by the slot on the pass
    under = [Q(kind=PassKind.EMPLOYEE, place_id=place, enterprise_id__in=firms) for place, firms in planned.items()]
    rest = live.exclude(reduce(or_, under)) if under else live
    rows = (
        rest.filter(slot_from__lte=minute, slot_until__gt=minute - LATE_MINUTES)
        .values_list("place_id", "gate_id", "zone", "slot_from", "slot_until")
        .annotate(**counts)
        .order_by()
    )
    for place_id, gate_id, zone, slot_from, slot_until, passes, here in rows:
        gate = gate_id.hex if gate_id else ""
        found[place_id].append(Expected(gate, zone, slot_from or 0, slot_until or 0, passes, here))
    now_open = [
        Q(kind=PassKind.EMPLOYEE, place_id=place, enterprise_id__in=[
            firm for firm, window in firms.items()
            if window is not None and window[0] <= minute < window[1] + LATE_MINUTES
        ])
        for place, firms in planned.items()
    ]  # fmt: skip
    if not now_open:
        return dict(found)
    windowed = (
        live.filter(reduce(or_, now_open))
        .values_list("place_id", "gate_id", "zone", "enterprise_id")
        .annotate(**counts)
        .order_by()
    )
    for place_id, gate_id, zone, firm_id, passes, here in windowed:
        window = planned[place_id].get(firm_id) if firm_id is not None else None
        if window is not None:
            found[place_id].append(Expected(gate_id.hex if gate_id else "", zone, *window, passes, here))
    return dict(found)


def _best_quarters(gate_ids: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    rows = (
        Flow.objects.filter(gate_id__in=gate_ids, quarter_us__gt=clock.to_us(now) - RECENTLY_US, direction=Direction.IN)
        .values_list("gate_id", "quarter_us")
        .annotate(n=Sum("count"))
        .order_by()
    )
    found: dict[UUID, int] = {}
    for gate_id, _quarter, count in rows:
        found[gate_id] = max(found.get(gate_id, 0), count)
    return found
