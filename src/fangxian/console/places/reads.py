"""Pages of the tree: what stands where, under which grid, and how it came there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from fangxian.accounts.access import Reach
from fangxian.places.models import Place, PlaceKind, PlaceMove, parent_paths
from fangxian.places.rules import PARENTS
from fangxian.registry.models import Attachment, Relation

CHILD_ROWS = 200
# what a list under a place shows first
ORDER = (
    PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.COMPOUND,
    PlaceKind.BUILDING, PlaceKind.BLOCK, PlaceKind.FLOOR, PlaceKind.UNIT, PlaceKind.DWELLING, PlaceKind.GATE,
    PlaceKind.AREA, PlaceKind.PHARMACY, PlaceKind.HEALTH_CENTRE,
)  # fmt: skip


@dataclass(frozen=True)
class Child:
    id: UUID
    name: str
    address: str
    closed: bool


@dataclass(frozen=True)
class ChildGroup:
    kind: PlaceKind
    rows: Sequence[Child]
    total: int


@dataclass(frozen=True)
class Attached:
    subject_id: UUID
    name: str
    relation: str


@dataclass(frozen=True)
class Below:
    """How many open places of a kind stand anywhere below."""

    kind: PlaceKind
    count: int


def children(place: Place) -> list[ChildGroup]:
    """Direct children by kind; for a grid, the blocks, compounds and areas that carry it. One query."""
    where = (
        Q(grid=place, kind__in=[PlaceKind.COMPOUND, PlaceKind.BLOCK, PlaceKind.BUILDING])
        if place.kind == PlaceKind.GRID
        else Q(parent=place)
    )
    groups: dict[str, list[Child]] = {}
    for row in Place.objects.filter(where).order_by("path").only("id", "kind", "name", "address", "closed_on"):
        groups.setdefault(row.kind, []).append(Child(row.id, row.name, row.address, row.closed_on is not None))
    return [ChildGroup(kind, groups[kind][:CHILD_ROWS], len(groups[kind])) for kind in ORDER if kind in groups]


def below(place: Place) -> list[Below]:
    where = Q(grid=place) if place.kind == PlaceKind.GRID else place.subtree & ~Q(id=place.id)
    rows = Place.objects.filter(where, closed_on__isnull=True).order_by().values("kind").annotate(count=Count("id"))
    counts = {row["kind"]: row["count"] for row in rows}
    return [Below(kind, counts[kind]) for kind in ORDER if kind in counts]


def who_is_there(place: Place) -> list[Attached]:
    """Who lives, works, parks or rents exactly here now, by relation. One query."""
    rows = (
        Attachment.objects.filter(place=place, until__isnull=True, subject__merged_into__isnull=True)
        .select_related("subject")
        .order_by("relation", "subject__label")[:CHILD_ROWS]
    )
    return [Attached(row.subject_id, row.subject.label, str(Relation(row.relation).label)) for row in rows]


def moves(place: Place) -> list[PlaceMove]:
    """What moved this place: its own moves, and those of the places above it since it stands there. Newest first."""
    line = PlaceMove.objects.filter(place__path__in=parent_paths(place.path))
    rows = list(line.select_related("place", "from_parent", "to_parent", "from_grid", "to_grid").order_by("-at", "-id"))
    # what happened to the places above before this one was put under them is not its own history
    put = next(
        (n for n, row in enumerate(rows) if row.place_id == place.id and row.from_path != row.to_path), len(rows)
    )
    return [row for n, row in enumerate(rows) if n <= put or row.place_id == place.id]


def may_go_under(place: Place, held: Reach) -> QuerySet[Place]:
    """Open places within reach that can take `place`: of a fitting kind, and not below it."""
    kinds = [kind for kind in PARENTS[PlaceKind(place.kind)] if kind is not None]
    return (
        Place.objects.filter(held.places(), kind__in=kinds, closed_on__isnull=True)
        .exclude(place.subtree)
        .exclude(children=place)
        .order_by("path")
    )


def kinds_under(place: Place) -> list[PlaceKind]:
    """What may be added under this place by hand. Areas need a type of the playbook and come with their list."""
    return [kind for kind in ORDER if PlaceKind(place.kind) in PARENTS[kind] and kind != PlaceKind.AREA]


def grids_for(place: Place, held: Reach) -> QuerySet[Place]:
    """The grids of the place's own neighbourhood, within reach."""
    return Place.objects.filter(
        held.places() | Q(id__in=sorted(held.grids)), kind=PlaceKind.GRID, closed_on__isnull=True,
        parent__kind=PlaceKind.NEIGHBOURHOOD, parent__path__in=parent_paths(place.path),
    ).order_by("path")  # fmt: skip
