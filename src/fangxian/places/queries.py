"""Reading the tree."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from fangxian.places.models import Place, PlaceKind, parent_paths

NODE_KINDS = (PlaceKind.GRID, PlaceKind.BUILDING, PlaceKind.NEIGHBOURHOOD)


@dataclass(frozen=True)
class Crumb:
    id: UUID
    kind: str
    name: str
    path: str


def ancestors(place: Place) -> list[Crumb]:
    """The place itself and all above it, root first."""
    rows = Place.objects.filter(path__in=parent_paths(place.path)).order_by("path")
    return [Crumb(row.id, row.kind, row.name, row.path) for row in rows]


def full_names(places: Iterable[Place]) -> dict[UUID, str]:
    """For each place its name from the compound or building down, as one would say it at the door. One query."""
    wanted = list(places)
    paths = {path for place in wanted for path in parent_paths(place.path)}
    spoken = (
        PlaceKind.COMPOUND, PlaceKind.BLOCK, PlaceKind.DWELLING, PlaceKind.BUILDING, PlaceKind.FLOOR, PlaceKind.UNIT,
        PlaceKind.AREA, PlaceKind.GATE,
    )  # fmt: skip
    names = dict(Place.objects.filter(path__in=paths, kind__in=spoken).values_list("path", "name"))
    return {
        place.id: " ".join(names[path] for path in reversed(parent_paths(place.path)) if path in names) or place.name
        for place in wanted
    }


def counting_nodes(places: Iterable[Place]) -> dict[UUID, UUID]:
    """For each place the node that counts it: its grid, else its building, else its neighbourhood, else itself."""
    rows = list(places)
    open_rows = [row for row in rows if row.grid_id is None and row.kind != PlaceKind.GRID]
    paths = {path for row in open_rows for path in parent_paths(row.path)}
    kinds = (PlaceKind.BUILDING, PlaceKind.NEIGHBOURHOOD)
    nodes = dict(Place.objects.filter(path__in=paths, kind__in=kinds).values_list("path", "id")) if paths else {}
    found: dict[UUID, UUID] = {}
    for row in rows:
        if row.kind == PlaceKind.GRID:
            found[row.id] = row.id
        elif row.grid_id is not None:
            found[row.id] = row.grid_id
        else:
            found[row.id] = next((nodes[path] for path in parent_paths(row.path) if path in nodes), row.id)
    return found


def by_code(code: str) -> Place | None:
    """The place with this code; statistical codes may be written with trailing zeros (310105009000)."""
    trimmed = code.strip()
    candidates = [trimmed]
    if len(trimmed) == 12 and trimmed.endswith("000"):
        candidates.append(trimmed[:9])
    return Place.objects.filter(code__in=candidates).order_by("path").first()


def within(place: Place, kind: PlaceKind) -> list[Place]:
    """Open places of a kind in the subtree of `place`; for a grid, those it covers."""
    where = Q(grid=place) if place.kind == PlaceKind.GRID else place.subtree
    return list(Place.objects.filter(where, kind=kind, closed_on__isnull=True).order_by("path"))
