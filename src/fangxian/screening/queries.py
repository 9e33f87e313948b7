"""Reading rounds: the doors and vehicles of a worker's ground with their state, the progress of a round, next tries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from fangxian.accounts.access import Reach
from fangxian.accounts.models import Staff
from fangxian.duties.models import Counter, Gap, GapStatus
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.registry.models import Attachment, Relation, SubjectKind
from fangxian.screening.actions.rounds import COHORTS, STANDING, under
from fangxian.screening.models import (
    DayPack,
    DoorDisposition,
    DoorVisit,
    FindingStatus,
    Mark,
    Round,
    RoundKind,
    RoundStatus,
    UnregisteredFinding,
    VehicleDisposition,
    VehicleSighting,
)
from fangxian.screening.rules import DOOR_OUTCOMES, natural_key
from fangxian.shared import clock

_DONE: Final = frozenset(key for key, outcome in DOOR_OUTCOMES.items() if outcome == "done")
GROUND_KINDS: Final = (PlaceKind.GRID,)


class DoorState(StrEnum):
    """`owed`: nobody was there yet. `again`: nobody home, another try is due. `refused`, `done`: as recorded."""

    OWED = "owed"
    AGAIN = "again"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True)
class Door:
    id: UUID
    compound: str
    block: str
    room: str
    state: DoorState
    disposition: str
    seen_us: int | None
    next_try_us: int | None
    people: int
    marks: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        return str(DoorDisposition(self.disposition).label) if self.disposition else ""


@dataclass(frozen=True)
class Resident:
    subject_id: UUID
    name: str
    language: str
    nationality: str


@dataclass(frozen=True)
class SeenVehicle:
    """A vehicle that parks on this ground, or was seen on it in the round."""

    plate: str
    place_id: UUID
    where: str
    seen_us: int | None
    disposition: str
    registered: bool

    @property
    def said(self) -> str:
        return str(VehicleDisposition(self.disposition).label) if self.disposition else ""


def open_rounds(within: Reach) -> list[Round]:
    """Rounds that are open somewhere on the ground of `within`, the one that ends first at the top."""
    rows = Round.objects.filter(status=RoundStatus.OPEN).select_related("place").order_by("due_us", "opened_us")
    paths = (*within.paths, *Place.objects.filter(id__in=within.grids).values_list("path", flat=True))
    return [row for row in rows if _touches(row.place.path, paths) or _holds(row.place, within)]


def _holds(root: Place, within: Reach) -> bool:
    return root.id in within.grids


def _touches(root: str, paths: Iterable[str]) -> bool:
    return any(path.startswith(root) or root.startswith(path) for path in paths)


def grounds(within: Reach) -> list[Place]:
    """The grids on which somebody goes from door to door; what has no grids is its own ground."""
    grids = Place.objects.filter(
        within.places() | Q(id__in=within.grids), kind__in=GROUND_KINDS, closed_on__isnull=True
    ).select_related("parent")
    found = sorted(
        grids.order_by("path"), key=lambda row: (row.parent.path if row.parent else "", natural_key(row.name))
    )
    return found or list(Place.objects.filter(path__in=within.paths).select_related("parent").order_by("path"))


def compounds_of(ground: Place) -> list[Place]:
    """The compounds behind whose gates this ground lies: where its vehicles stand."""
    if ground.kind != PlaceKind.GRID:
        return list(Place.objects.filter(ground.subtree, kind=PlaceKind.COMPOUND).order_by("path"))
    parents = Place.objects.filter(grid=ground, kind__in=(PlaceKind.BLOCK, PlaceKind.DWELLING)).values_list(
        "parent_id", flat=True
    )
    return list(
        Place.objects.filter(Q(id__in=parents) | Q(grid=ground), kind=PlaceKind.COMPOUND).distinct().order_by("path")
    )


def may_see_place(within: Reach, place: Place) -> bool:
    """Whether somebody records here: within reach, or a compound of which a grid within reach is a part."""
    if within.holds(place):
        return True
    return (
        bool(within.grids)
        and Place.objects.filter(
            place.subtree, grid_id__in=within.grids, kind__in=(PlaceKind.BLOCK, PlaceKind.DWELLING)
        ).exists()
    )


def doors(round: Round, ground: Place) -> list[Door]:
    """The doors of a ground in a round, as one walks: by compound, block and room."""
    places = _dwellings(round, ground)
    last, done = _visits_by_door(round, ground)
    people = _headcounts(ground)
    rows = [_door(place, last.get(place.id), place.id in done, people.get(place.id, 0)) for place in places]
    return sorted(rows, key=lambda row: natural_key(row.compound, row.block, row.room))


def door_names(round: Round, ground: Place) -> list[tuple[UUID, str]]:
    """The doors of a ground by block and room, to choose one from."""
    named = [(place.id, _names_above(place), place.name) for place in _dwellings(round, ground)]
    named.sort(key=lambda row: natural_key(row[1][1], row[1][0], row[2]))
    return [(door_id, f"{above[0]} {room}".strip()) for door_id, above, room in named]


def _dwellings(round: Round, ground: Place) -> list[Place]:
    return list(
        Place.objects.filter(under(round.place), under(ground), kind=PlaceKind.DWELLING, closed_on__isnull=True)
        .select_related("parent__parent")
        .defer("profile", "geometry", "parent__profile", "parent__geometry")
    )


def _visits_by_door(round: Round, ground: Place) -> tuple[dict[UUID, DoorVisit], set[UUID]]:
    """The last visit to each door, and the doors that have their disposition."""
    last: dict[UUID, DoorVisit] = {}
    done: set[UUID] = set()
    for visit in DoorVisit.objects.filter(under(ground, "dwelling__"), round=round).order_by("observed_us"):
        if visit.disposition in _DONE:
            done.add(visit.dwelling_id)
        if visit.disposition in _DONE or visit.dwelling_id not in done:
            last[visit.dwelling_id] = visit
    return last, done


def _headcounts(ground: Place) -> dict[UUID | None, int]:
    rows = Attachment.objects.filter(
        under(ground, "place__"), STANDING, place__kind=PlaceKind.DWELLING, relation=Relation.LIVES,
        until__isnull=True, subject__kind=SubjectKind.PERSON,
    )  # fmt: skip
    return dict(rows.values_list("place_id").annotate(n=Count("id")))


def _door(place: Place, visit: DoorVisit | None, done: bool, people: int) -> Door:
    block, compound = _names_above(place)
    state = DoorState.DONE if done else _state_of(visit)
    return Door(
        id=place.id, compound=compound, block=block, room=place.name, state=state, people=people,
        disposition=visit.disposition if visit else "", seen_us=visit.observed_us if visit else None,
        next_try_us=visit.next_try_us if visit and state == DoorState.AGAIN else None,
        marks=tuple(visit.marks) if visit else (),
    )  # fmt: skip


def _names_above(place: Place) -> tuple[str, str]:
    parent = place.parent
    if parent is None:
        return "", ""
    if parent.kind == PlaceKind.BLOCK:
        return parent.name, parent.parent.name if parent.parent else ""
    return "", parent.name


def _state_of(visit: DoorVisit | None) -> DoorState:
    if visit is None:
        return DoorState.OWED
    return DoorState.REFUSED if visit.disposition == DoorDisposition.REFUSED else DoorState.AGAIN


def residents(dwelling_ids: Sequence[UUID]) -> dict[UUID, list[Resident]]:
    """Who is registered behind these doors, in a fixed order; no documents, phones or health facts."""
    rows = (
        Attachment.objects.filter(
            STANDING, place_id__in=dwelling_ids, relation=Relation.LIVES, until__isnull=True,
            subject__kind=SubjectKind.PERSON,
        )
        .order_by("place_id", "subject_id")
        .values_list(
            "place_id", "subject_id", "subject__person__name", "subject__person__language",
            "subject__person__nationality",
        )
    )  # fmt: skip
    found: dict[UUID, list[Resident]] = defaultdict(list)
    for place_id, subject_id, name, language, nationality in rows:
        if place_id is not None:
            found[place_id].append(Resident(subject_id, name, language, nationality))
    return dict(found)


@dataclass(frozen=True)
class PastVisit:
    at_us: int
    disposition: str
    note: str
    by: str
    offline: bool
    marks: tuple[str, ...]
    next_try_us: int | None


def history(round: Round, dwelling: Place) -> list[PastVisit]:
    """Visits to one door in a round, newest first."""
    return [
        PastVisit(v.observed_us, v.disposition, v.note, v.by, v.offline, tuple(v.marks), v.next_try_us)
        for v in DoorVisit.objects.filter(round=round, dwelling=dwelling).order_by("-observed_us")
    ]


def vehicles(round: Round, ground: Place, compounds: Sequence[Place]) -> list[SeenVehicle]:
    """Vehicles that park on the ground or in its compounds, then what else was seen there; unseen ones first."""
    here = under(ground, "place__") | Q(place__in=[place.id for place in compounds])
    seen = {
        row.plate: row
        for row in VehicleSighting.objects.filter(here, round=round).select_related("place").order_by("observed_us")
    }
    rows: dict[str, SeenVehicle] = {}
    parked = Attachment.objects.filter(
        here, STANDING, relation=Relation.PARKS, until__isnull=True, subject__kind=SubjectKind.VEHICLE,
    ).select_related("place__parent", "subject__vehicle")  # fmt: skip
    for held in parked:
        assert held.place is not None
        plate = held.subject.vehicle.plate
        last = seen.get(plate)
        where = " ".join(filter(None, (*reversed(_names_above_two(held.place)), held.place.name)))
        rows.setdefault(
            plate,
            SeenVehicle(
                plate, held.place.id, where, last.observed_us if last else None, last.disposition if last else "", True
            ),
        )
    for plate, last in seen.items():
        rows.setdefault(
            plate,
            SeenVehicle(
                plate, last.place_id, last.place.name, last.observed_us, last.disposition, last.vehicle_id is not None
            ),
        )
    return sorted(rows.values(), key=lambda row: (row.seen_us is not None, natural_key(row.where), row.plate))


def _names_above_two(place: Place) -> tuple[str, ...]:
    """The block's name for a dwelling; a compound stands for itself."""
    return (place.parent.name,) if place.kind == PlaceKind.DWELLING and place.parent else ()


@dataclass(frozen=True)
class Tally:
    """expected = done + lapsed + waived + owed. `lapsed`: past its time and not fulfilled."""

    expected: int = 0
    done: int = 0
    lapsed: int = 0
    waived: int = 0
    gaps: int = 0

    @property
    def owed(self) -> int:
        return self.expected - self.done - self.lapsed - self.waived

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.expected + other.expected, self.done + other.done, self.lapsed + other.lapsed,
            self.waived + other.waived, self.gaps + other.gaps,
        )  # fmt: skip


@dataclass(frozen=True)
class NodeProgress:
    """Progress at one node; for a neighbourhood, `parts` are its grids."""

    id: UUID
    name: str
    kinds: dict[str, Tally]
    parts: tuple["NodeProgress", ...] = ()


@dataclass(frozen=True)
class Progress:
    total: dict[str, Tally]
    nodes: tuple[NodeProgress, ...]
    found: dict[str, int] = field(default_factory=dict)
    marked: int = 0


def progress(round: Round, within: Q | None = None) -> Progress:
    """A round by neighbourhood and grid, from its counters. `within` is a condition on the counting node."""
    cohorts = {COHORTS[kind]: kind for kind in round.kinds}
    where = Q(cohort__key__in=list(cohorts), cohort__instance=round.instance)
    counters = Counter.objects.filter(where if within is None else where & within).values_list(
        "node_id", "cohort__key", "expected", "met", "late", "missed", "unknown", "waived"
    )
    by_node: dict[UUID, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for node_id, cohort, expected, met, late, missed, unknown, waived in counters:
        by_node[node_id][cohorts[cohort]] += Tally(expected, met + late, missed + unknown, waived)
    open_here = Q(duty__cohort__key__in=list(cohorts), duty__cohort__instance=round.instance, status=GapStatus.OPEN)
    gaps = Gap.objects.filter(open_here if within is None else open_here & within)
    for node_id, cohort, count in gaps.values_list("node_id", "duty__cohort__key").annotate(n=Count("id")):
        by_node[node_id][cohorts[cohort]] += Tally(gaps=count)
    nodes = _grouped(by_node)
    return Progress(
        total=_sum(nodes), nodes=nodes, found=_found(round),
        marked=DoorVisit.objects.filter(round=round).exclude(marks=[]).count(),
    )  # fmt: skip


def _found(round: Round) -> dict[str, int]:
    """Doors by what was found there at any visit of the round."""
    rows = DoorVisit.objects.filter(round=round).values_list("disposition")
    return dict(rows.annotate(n=Count("dwelling", distinct=True)).order_by("disposition"))


def _grouped(by_node: dict[UUID, dict[str, Tally]]) -> tuple[NodeProgress, ...]:
    places = list(Place.objects.filter(id__in=by_node).only("id", "name", "kind", "path"))
    above = {path for place in places for path in parent_paths(place.path)}
    tops = {
        row.path: row for row in Place.objects.filter(path__in=above, kind=PlaceKind.NEIGHBOURHOOD).only("name", "path")
    }
    parts: dict[UUID, list[NodeProgress]] = defaultdict(list)
    heads: dict[UUID, Place] = {}
    for place in sorted(places, key=lambda row: natural_key(row.name)):
        top = next((tops[path] for path in parent_paths(place.path) if path in tops), place)
        heads[top.id] = top
        parts[top.id].append(NodeProgress(place.id, place.name, dict(by_node[place.id])))
    return tuple(
        NodeProgress(top.id, top.name, _sum(parts[top.id]), tuple(parts[top.id]))
        for top in sorted(heads.values(), key=lambda row: row.path)
    )


def _sum(nodes: Iterable[NodeProgress]) -> dict[str, Tally]:
    total: dict[str, Tally] = {}
    for node in nodes:
        for kind, tally in node.kinds.items():
            total[kind] = total.get(kind, Tally()) + tally
    return {kind: total[kind] for kind in RoundKind.values if kind in total}


@dataclass(frozen=True)
class Contradiction:
    """A record that says something else than what is known."""

    visit_id: UUID
    dwelling_id: UUID
    where: str
    disposition: str
    observed_us: int
    by: str
    marks: tuple[Mark, ...]


def contradictions(round: Round, within: Reach, limit: int = 50) -> list[Contradiction]:
    """Marked visits of a round, newest first."""
    rows = (
        DoorVisit.objects.filter(within.places("dwelling__path", "dwelling__grid_id"), round=round)
        .exclude(marks=[])
        .select_related("dwelling__parent__parent")
        .order_by("-received_us")[:limit]
    )
    found = []
    for row in rows:
        block, compound = _names_above(row.dwelling)
        where = " ".join(filter(None, (compound, block, row.dwelling.name)))
        marks = tuple(Mark(mark) for mark in row.marks if mark in Mark.values)
        found.append(Contradiction(row.id, row.dwelling_id, where, row.disposition, row.observed_us, row.by, marks))
    return found


def open_findings(within: Reach, limit: int = 100) -> list[UnregisteredFinding]:
    """What waits to be registered on this ground, oldest first."""
    return list(
        UnregisteredFinding.objects.filter(within.nodes(), status=FindingStatus.OPEN)
        .select_related("place__parent__parent", "node")
        .order_by("observed_us")[:limit]
    )


def pack_lives(pack_id: UUID, now: datetime) -> bool:
    """Whether a day pack may still be kept: its shift goes on, and nobody ended its owner's sessions or account."""
    pack = DayPack.objects.filter(id=pack_id, expires_us__gt=clock.to_us(now)).first()
    return pack is not None and Staff.objects.filter(id=pack.staff, is_active=True, session_epoch=pack.epoch).exists()


def next_tries(doors_of_ground: Iterable[Door], now: datetime) -> list[Door]:
    """Doors where nobody was home and whose next try has come or comes within the day, soonest first."""
    end = clock.day_start_us(clock.local_day(now)) + clock.DAY_US
    waiting = [door for door in doors_of_ground if door.next_try_us is not None and door.next_try_us < end]
    return sorted(waiting, key=lambda door: door.next_try_us or 0)
