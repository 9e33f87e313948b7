"""One gap, within reach, and the names behind its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from fangxian.accounts.access import Reach, get
from fangxian.accounts.models import Staff
from fangxian.duties.gap_queries import Event, GapHistory, within_reach
from fangxian.duties.models import Gap


@dataclass(frozen=True)
class Told:
    """An event with the name of whoever did it; empty for the system itself."""

    event: Event
    by: str


def gap(held: Reach, gap_id: UUID) -> Gap:
    """Raises NotFoundError outside reach."""
    rows = Gap.objects.select_related("duty__rule", "duty__place", "node")
    return get(rows, within_reach(held), id=gap_id)


def holds(held: Reach, found: Gap) -> bool:
    """Whether this reach, of another capability, holds the gap too. Needs the places that `gap` selects."""
    return held.holds(found.node) or held.holds(found.duty.place)


def names(actors: Iterable[str]) -> Mapping[str, str]:
    """Names of the staff behind actor references (an id in hex); other references name no person."""
    ids = {actor for actor in actors if len(actor) == 32}
    rows = Staff.objects.filter(Q(id__in=[UUID(hex=actor) for actor in ids])).values_list("id", "name")
    return {pk.hex: name for pk, name in rows}


def told(history: GapHistory) -> list[Told]:
    known = names([*(event.by for event in history.events), history.closed_by])
    return [Told(event, known.get(event.by, "")) for event in history.events]
