"""The estimated queue at each gate."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, Sum

from fangxian.gates.models import Check, Direction, Flow, GateSetup, Outcome, Pass, PassStatus
from fangxian.gates.queues import LATE_MINUTES, Door, Expected, Queue, estimate
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import HOUR_US

LATELY = 15
RECENTLY_US = 3 * HOUR_US


def queues(
    gates: Sequence[Place], setups: Mapping[UUID, GateSetup], entering: Mapping[UUID, Counter[int]],
    best: Mapping[UUID, int] | None, now: datetime,
) -> dict[UUID, Queue]:  # fmt: skip
    """By gate, without those of which nothing can be said. `gates` are all of their places; `entering` counts the
    checks on the way in by how many minutes ago, `best` the most in a quarter of an hour, asked where it is None."""
    moment = clock.local(now)
    minute = moment.hour * 60 + moment.minute
    expected = _expected({gate.parent_id for gate in gates if gate.parent_id}, minute, now)
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


def _expected(place_ids: set[UUID], minute: int, now: datetime) -> dict[UUID, list[Expected]]:
    """Passes whose arrival slot has begun and is not long over, in groups, with how many of each came today."""
    now_us, today_us = clock.to_us(now), clock.day_start_us(clock.local_day(now))
    came = Check.objects.filter(
        place_id__in=place_ids, observed_us__gte=today_us, direction=Direction.IN, outcome=Outcome.ADMIT,
        pass_id__isnull=False,
    )  # fmt: skip
    rows = (
        Pass.objects.filter(
            place_id__in=place_ids, status=PassStatus.LIVE, from_us__lte=now_us, until_us__gt=now_us,
            slot_from__lte=minute, slot_until__gt=minute - LATE_MINUTES,
        )
        .values_list("place_id", "gate_id", "zone", "slot_from", "slot_until")
        .annotate(passes=Count("id"), came=Count("id", filter=Q(id__in=came.values("pass_id"))))
        .order_by()
    )  # fmt: skip
    found: dict[UUID, list[Expected]] = defaultdict(list)
    for place_id, gate_id, zone, slot_from, slot_until, passes, here in rows:
        gate = gate_id.hex if gate_id else ""
        found[place_id].append(Expected(gate, zone, slot_from or 0, slot_until or 0, passes, here))
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
