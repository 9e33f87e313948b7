"""Following the tree: what stands below a place that was moved, or laid under another grid, is found from there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fangxian.places.models import Place, PlaceKind, PlaceMove
from fangxian.registry import search
from fangxian.registry.actions import record_changes
from fangxian.registry.models import Attachment, ChangeKind, MoveFolded, Subject
from fangxian.shared.writer import in_chunks, write_lock

MOVES = 200
_LEAVES = (PlaceKind.DWELLING, PlaceKind.AREA)


def follow_moves(*, now: datetime) -> int:
    """Take in moves of the tree: the search knows everybody there under the new line of places, and each of them is
    told upward as moved. Returns the moves taken in; cut off behind a chunk, they are taken in again."""
    moves = list(PlaceMove.objects.filter(registry_folded__isnull=True).select_related("place").order_by("id")[:MOVES])
    if not moves:
        return 0
    places = _below(moves)
    # those attached somewhere there, and the places that are subjects themselves
    subjects = set(
        Attachment.objects.filter(place_id__in=places, until__isnull=True).values_list("subject_id", flat=True)
    ) | set(Subject.objects.filter(id__in=places).values_list("id", flat=True))
    in_chunks(sorted(subjects), lambda part: _renew(part, now))
    with write_lock():
        MoveFolded.objects.bulk_create([MoveFolded(move=move) for move in moves], ignore_conflicts=True)
    return len(moves)


def _below(moves: Sequence[PlaceMove]) -> set[UUID]:
    found = {move.place_id for move in moves}
    for place in {move.place for move in moves if move.place.kind not in _LEAVES}:
        found |= set(Place.objects.filter(place.subtree).values_list("id", flat=True))
    return found


def _renew(part: Sequence[UUID], now: datetime) -> None:
    search.index(part)
    record_changes(subject_ids=part, kind=ChangeKind.MOVED, now=now)
