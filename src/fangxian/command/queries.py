"""The board: three numbers, by place, down to the named ones that are missing. Reads only."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Min, Sum
from django.db.models.functions import Substr

from fangxian.duties.models import Gap, GapStatus, Tally
from fangxian.duties.queries import BIG_KINDS, Numbers, RuleCoverage, at_nodes, coverage, numbers
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock

MOST_DEPTH: Final = 80
"""As long as a path can be."""

NEXT_DOWN: Final[Mapping[str, tuple[PlaceKind, ...]]] = {
    PlaceKind.CITY: (PlaceKind.DISTRICT,),
    PlaceKind.DISTRICT: (PlaceKind.STREET,),
    PlaceKind.STREET: (PlaceKind.NEIGHBOURHOOD,),
    PlaceKind.NEIGHBOURHOOD: (PlaceKind.GRID, PlaceKind.BUILDING),
}


@dataclass(frozen=True)
class BoardRow:
    """One place on the board with its numbers, and the age of its oldest gap."""

    place_id: UUID
    kind: str
    name: str
    code: str
    numbers: Mapping[str, Numbers]
    open_gaps: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class Board:
    """`version` changes exactly when a number on the board does; the ages are the reader's to compute."""

    place_id: UUID
    kind: str
    name: str
    totals: Mapping[str, Numbers]
    rows: tuple[BoardRow, ...]
    rules: tuple[RuleCoverage, ...]
    version: str


def board(place: Place, now: datetime) -> Board:
    """The board of a place: its own numbers, one row for each place of the next level, and its rules today."""
    totals = numbers(place)
    rows = _rows(place)
    by_rule = tuple(coverage(place, now))
    digest = hashlib.sha256(repr((totals, rows, by_rule)).encode()).hexdigest()[:16]
    return Board(place.id, place.kind, place.name, totals, tuple(rows), by_rule, digest)


def _rows(place: Place) -> list[BoardRow]:
    kinds = NEXT_DOWN.get(place.kind, ())
    if not kinds:
        return []
    below = list(Place.objects.filter(place.subtree, kind__in=kinds, closed_on__isnull=True).order_by("path"))
    if not below:
        return []
    # rows of one level are cut from the nodes' paths in the database; where an office building may stand deeper than
    # the grids beside it, the few nodes are read whole and given to the row they stand under
    depths = {len(child.path) for child in below}
    depth = depths.pop() if len(depths) == 1 else MOST_DEPTH
    by_path = _numbers_by_prefix(place, depth)
    gaps = _gaps_by_prefix(place, depth)
    return [_row(child, by_path, gaps, exact=depth != MOST_DEPTH) for child in below]


def _row(
    child: Place, by_path: Mapping[str, Mapping[str, Numbers]], gaps: Mapping[str, tuple[int, int]], *, exact: bool
) -> BoardRow:
    paths = [child.path] if exact else [path for path in {*by_path, *gaps} if path.startswith(child.path)]
    shown: dict[str, Numbers] = {}
    for path in paths:
        for kind, number in by_path.get(path, {}).items():
            shown[kind] = shown.get(kind, Numbers()) + number
    found = [gaps[path] for path in paths if path in gaps]
    oldest = min((first for _count, first in found), default=None)
    return BoardRow(
        child.id, child.kind, child.name, child.code or "", shown, sum(count for count, _first in found),
        clock.from_us(oldest) if oldest is not None else None,
    )  # fmt: skip


def _numbers_by_prefix(place: Place, depth: int) -> dict[str, dict[str, Numbers]]:
    """Numbers summed over the first `depth` characters of the nodes' paths, in the database."""
    summed = (
        Tally.objects.filter(at_nodes(place), kind__in=BIG_KINDS)
        .annotate(prefix=Substr("node__path", 1, depth))
        .values("prefix", "kind")
        .annotate(e=Sum("enrolled"), u=Sum("uncovered"))
        .order_by()
    )
    found: dict[str, dict[str, Numbers]] = defaultdict(dict)
    for row in summed:
        found[row["prefix"]][row["kind"]] = Numbers(row["e"], row["u"])
    return found


def _gaps_by_prefix(place: Place, depth: int) -> dict[str, tuple[int, int]]:
    """Open gaps and the oldest of them by node, then summed by prefix here: nodes are few, gaps may be many."""
    by_node = (
        Gap.objects.filter(at_nodes(place), status=GapStatus.OPEN)
        .values_list("node_id", "node__path")
        .annotate(n=Count("id"), first=Min("lapsed_us"))
        .order_by()
    )
    found: dict[str, tuple[int, int]] = {}
    for _node, path, count, first in by_node:
        have = found.get(path[:depth], (0, first))
        found[path[:depth]] = (have[0] + count, min(have[1], first))
    return found


def coverage_report(place: Place, now: datetime) -> dict[str, Any]:
    """What `script/manage coverage --json` prints: numbers of subjects by kind, and the counters of every rule."""
    totals = numbers(place)
    return {
        "place": place.code or str(place.id),
        "name": place.name,
        "at": clock.local(now).isoformat(timespec="seconds"),
        "subjects": {
            kind: {"expected": n.expected, "covered": n.covered, "uncovered": n.uncovered} for kind, n in totals.items()
        },
        "rules": [{**asdict(row), "open": row.open} for row in coverage(place, now)],
    }
