"""Following the tree: whoever is owed at a place that was laid under another grid, or moved, is counted there."""

from collections import defaultdict
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F, Q

from fangxian.duties.actions.enrol import renode
from fangxian.duties.models import Member
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.shared.writer import write_lock

BY: Final = "worker"
MOST: Final = 2_000


def follow_grids(*, now: datetime) -> int:
    """Renode members whose place is counted elsewhere by now. Returns how many; there may be more after `MOST`.

    It compares and keeps no cursor, for the worker every few minutes. Windows that are open stay where they were owed.
    """
    elsewhere = Q(place__grid__isnull=False) & ~Q(node_id=F("place__grid_id"))
    outside = Q(place__grid__isnull=True) & ~Q(place__path__startswith=F("node__path"))
    rows = Member.objects.filter(elsewhere | outside, until_us__isnull=True).order_by("place_id")
    by_place: dict[UUID, list[UUID]] = defaultdict(list)
    for place_id, subject_id in rows.values_list("place_id", "subject_id")[:MOST]:
        by_place[place_id].append(subject_id)
    places = Place.objects.in_bulk(list(by_place))
    nodes = counting_nodes(places.values())
    moved = 0
    for place_id, subject_ids in by_place.items():
        held = set(rows.filter(place_id=place_id).values_list("node_id", flat=True))
        if held == {nodes[place_id]}:
            continue
        with write_lock():
            renode(subject_ids=subject_ids, place=places[place_id], by=BY, now=now)
        moved += len(subject_ids)
    return moved
