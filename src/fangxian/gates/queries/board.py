"""Gates as their board shows them: how many go through, how many are turned away, how many are inside."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import BigIntegerField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from fangxian.gates.models import ArrivalSlot, Check, Device, Direction, Flow, GateSetup, Held, Outcome, Used
from fangxian.gates.queries import queues, slots
from fangxian.gates.queries.slots import Coming
from fangxian.gates.queues import Queue
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.registry.models import Attachment, Enterprise, Relation, Subject, SubjectKind
from fangxian.rota import queries as rota
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US

QUARTER_US = 15 * MINUTE_US
LATELY_US = QUARTER_US
MOST_GATES = 300


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate at this moment. `lately` counts checks of the last quarter of an hour, `refused` those turned away.

    `queue` is an estimate, and None where nothing can be said.
    """

    gate_id: UUID
    name: str
    place_id: UUID
    place_name: str
    is_open: bool
    direction: Direction
    inside: int
    lately: int
    refused: int
    guards: tuple[str, ...]
    unstaffed: bool
    queue: Queue | None
    coming: tuple[Coming, ...] = ()
    """Enterprises that a plan lets in now or within a quarter of an hour."""


def gates(within: Q, now: datetime) -> list[GateLine]:
    """Gates in reach, in the order of the tree."""
    rows = list(
        Place.objects.filter(within, kind=PlaceKind.GATE, closed_on__isnull=True)
        .select_related("parent")
        .order_by("path")[:MOST_GATES]
    )
    return lines(rows, now)


def lines(rows: Sequence[Place], now: datetime, best: Mapping[UUID, int] | None = None) -> list[GateLine]:
    """`best` is the most that each checked in a quarter of an hour, where the caller knows it already."""
    ids = [row.id for row in rows]
    places = {row.parent_id or row.id for row in rows}
    # all gates of these places: who is expected there may come by one that is not asked about
    beside = Q(parent_id__in=places, kind=PlaceKind.GATE, closed_on__isnull=True)
    today = clock.local_day(now)
    planned = ArrivalSlot.objects.filter(
        place_id=OuterRef("parent_id"), ended_us__isnull=True, from_day__lte=today, until_day__gte=today
    )
    asked = Place.objects.filter(beside | Q(id__in=ids)).select_related("gate_setup")
    doors = list(asked.annotate(planned=Exists(planned)))
    setups: dict[UUID, GateSetup] = {door.id: door.gate_setup for door in doors if hasattr(door, "gate_setup")}
    inside, seen = inside_now(places | set(ids)), _lately(places, now)
    guards, running = rota.on_post(ids, now), rota.running(ids, now)
    windowed = {door.parent_id for door in doors if door.planned and door.parent_id is not None}
    windows = slots.of_day(windowed, now) if windowed else {}
    waiting = queues.queues(doors, setups, _entering(seen), best, windows, now)
    outcomes = _outcomes(seen)
    lines = [_line(row, setups.get(row.id), inside, outcomes[row.id], guards, running, waiting) for row in rows]
    now_open = {place: slots.coming(mine, now) for place, mine in windows.items()}
    return [replace(line, coming=now_open[line.place_id]) if line.place_id in now_open else line for line in lines]


def _line(
    row: Place, setup: GateSetup | None, inside: dict[UUID, int], lately: Counter[str], guards: dict[UUID, list[str]],
    running: set[UUID], waiting: Mapping[UUID, Queue],
) -> GateLine:  # fmt: skip
    place = row.parent or row
    is_open = setup is None or setup.is_open
    on_post = tuple(guards.get(row.id, ()))
    behind = row.id if setup and setup.inner_of_id else place.id
    return GateLine(
        row.id, row.name, place.id, place.name, is_open, Direction(setup.direction) if setup else Direction.BOTH,
        inside.get(behind, 0), sum(lately.values()), lately[Outcome.REFUSE],
        on_post, is_open and (setup is None or setup.staffed) and row.id in running and not on_post,
        waiting.get(row.id),
    )  # fmt: skip


def inside_now(place_ids: set[UUID]) -> dict[UUID, int]:
    keys = {f"in:{ident.hex}": ident for ident in place_ids}
    return {keys[key]: count for key, count in Used.objects.filter(key__in=keys).values_list("key", "count")}


Seen = list[tuple[UUID, str, str, int, int]]
"""Gate, direction, outcome, minutes ago, and how many."""


def _lately(place_ids: set[UUID], now: datetime) -> Seen:
    """From the checks themselves: what is counted in quarters may be folded a moment later."""
    now_us = clock.to_us(now)
    ago = ExpressionWrapper((now_us - F("observed_us")) / MINUTE_US, output_field=BigIntegerField())
    rows = Check.objects.filter(place_id__in=place_ids, observed_us__gt=now_us - LATELY_US).annotate(ago=ago)
    return list(rows.values_list("gate_id", "direction", "outcome", "ago").annotate(n=Count("id")).order_by())


def _outcomes(seen: Seen) -> dict[UUID, Counter[str]]:
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    for gate, _direction, outcome, _ago, count in seen:
        found[gate][outcome] += count
    return found


def _entering(seen: Seen) -> dict[UUID, Counter[int]]:
    """Checks on the way in by how many minutes ago, each gate: what the guards did, whatever the outcome."""
    found: dict[UUID, Counter[int]] = defaultdict(Counter)
    for gate, direction, _outcome, ago, count in seen:
        if direction == Direction.IN:
            found[gate][max(0, ago)] += count
    return found


@dataclass(frozen=True, slots=True)
class Quarter:
    """`inward` counts all checks on the way in, whatever the outcome."""

    at_us: int
    entered: int
    left: int
    refused: int
    held: int
    inward: int


@dataclass(frozen=True, slots=True)
class Day:
    """A gate's local day: throughput by quarter, and what was turned away by reason code, most frequent first."""

    quarters: tuple[Quarter, ...]
    reasons: tuple[tuple[str, int], ...]

    @property
    def busiest(self) -> int:
        return max((q.entered + q.left + q.refused + q.held for q in self.quarters), default=0)

    def best_since(self, since_us: int) -> int:
        """The most checks on the way in within one quarter that began after this instant."""
        return max((q.inward for q in self.quarters if q.at_us > since_us), default=0)

    @property
    def entered(self) -> int:
        return sum(q.entered for q in self.quarters)

    @property
    def left(self) -> int:
        return sum(q.left for q in self.quarters)

    @property
    def refused(self) -> int:
        return sum(q.refused for q in self.quarters)

    @property
    def held(self) -> int:
        return sum(q.held for q in self.quarters)


def day_of(gate_id: UUID, now: datetime) -> Day:
    day = clock.local_day(now)
    rows = Flow.objects.filter(
        gate_id=gate_id, quarter_us__gte=clock.day_start_us(day),
        quarter_us__lt=clock.day_start_us(day + timedelta(days=1)),
    )  # fmt: skip
    quarters: dict[int, Counter[str]] = defaultdict(Counter)
    reasons: Counter[str] = Counter()
    for row in rows:
        quarters[row.quarter_us][_column(row)] += row.count
        quarters[row.quarter_us]["inward"] += row.count if row.direction == Direction.IN else 0
        if row.outcome != Outcome.ADMIT:
            reasons[row.code] += row.count
    return Day(
        tuple(
            Quarter(at, found["entered"], found["left"], found["refused"], found["held"], found["inward"])
            for at, found in sorted(quarters.items())
        ),
        tuple(reasons.most_common()),
    )


def one(gate: Place, now: datetime) -> tuple[GateLine, Day]:
    """One gate at this moment, and its day."""
    day = day_of(gate.id, now)
    best = {gate.id: day.best_since(clock.to_us(now) - queues.RECENTLY_US)}
    [line] = lines([gate], now, best)
    return line, day


def queue_at(gate_id: UUID, now: datetime) -> Queue | None:
    """The estimated queue at one gate."""
    gate = Place.objects.filter(id=gate_id).select_related("parent").get()
    return one(gate, now)[0].queue


def _column(row: Flow) -> str:
    if row.outcome == Outcome.ADMIT:
        return "left" if row.direction == Direction.OUT else "entered"
    return "refused" if row.outcome == Outcome.REFUSE else "held"


def holds_of(place: Place, now: datetime, limit: int = 200) -> list[Held]:
    """Who is on the hold list of a place, or lives or works there and is on it anywhere; the latest first."""
    now_us = clock.to_us(now)
    here = (
        subtree("place__path", place.path)
        | subtree("subject__household__dwelling__path", place.path)
        | (Q(subject__attachments__until__isnull=True) & subtree("subject__attachments__place__path", place.path))
    )
    rows = Held.objects.filter(here).exclude(until_us__lte=now_us)
    return list(rows.select_related("subject", "place").distinct().order_by("-since_us")[:limit])


def subjects_called(place: Place, words: str) -> list[Subject]:
    """People and households of a place by the number of a pass of theirs, or by their whole name."""
    text = words.strip()
    by_number = Subject.objects.filter(passes__number=text.upper().replace(" ", ""), passes__place=place)
    found = list(by_number.distinct()[:2])
    if found:
        return found
    here = (
        Q(passes__place=place)
        | subtree("household__dwelling__path", place.path)
        | (Q(attachments__until__isnull=True) & subtree("attachments__place__path", place.path))
    )
    kinds = (SubjectKind.PERSON, SubjectKind.HOUSEHOLD)
    return list(Subject.objects.filter(here, label=text, kind__in=kinds, merged_into__isnull=True).distinct()[:2])


def outer_gates(gate: Place) -> list[GateSetup]:
    """Gates of the same building or compound that this one may stand inside of."""
    rows = GateSetup.objects.filter(gate__parent_id=gate.parent_id, gate__closed_on__isnull=True)
    return list(rows.exclude(gate=gate).select_related("gate").order_by("gate__name"))


def tenants(gate: Place) -> QuerySet[Enterprise]:
    """Companies with rooms in the building or compound of a gate, by name."""
    where = (gate.parent or gate).path
    rooms = Attachment.objects.filter(subtree("place__path", where), relation=Relation.TENANT, until__isnull=True)
    found = Enterprise.objects.filter(subject_id__in=rooms.values("subject_id"), subject__merged_into__isnull=True)
    return found.order_by("name")


def devices_of(gate_id: UUID) -> list[Device]:
    return list(Device.objects.filter(gate_id=gate_id, revoked_us__isnull=True).order_by("name"))
