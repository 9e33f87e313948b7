"""One gap, within reach, and the names behind its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from fangxian.accounts.access import Reach, get
from fangxian.accounts.models import Staff
from fangxian.console.duties.reads import decided_at
from fangxian.duties.gap_queries import Event, GapHistory, within_reach
from fangxian.duties.models import Gap

# a person of the round is met at their own door
ROUND_COHORTS = ("round-doors", "round-people")
AREA_COHORT = "area:"


@dataclass(frozen=True)
class Told:
    """An event with the name of whoever did it; empty for the system itself."""

    event: Event
    by: str


def gap(held: Reach, gap_id: UUID) -> Gap:
    """Raises NotFoundError outside reach."""
    rows = Gap.objects.select_related("duty__rule", "duty__cohort", "duty__place", "duty__one_off", "node")
    return get(rows, within_reach(held), id=gap_id)


def holds(held: Reach, found: Gap) -> bool:
    """Whether this reach, of another capability, holds the gap too. Needs the places that `gap` selects."""
    return held.holds(found.node) or held.holds(found.duty.place)


def record_url(found: Gap) -> str:
    """The field's own form for what this gap misses; empty where there is none. A round's cohort carries its id."""
    duty = found.duty
    if duty.cohort.key in ROUND_COHORTS:
        return reverse("field:door", args=[UUID(hex=duty.cohort.instance), duty.place_id])
    if duty.cohort.key.startswith(AREA_COHORT):
        return reverse("hygiene:area", args=[duty.subject_id])
    return ""


def decide_url(found: Gap) -> str:
    """The page of the decision that alone closes this gap; empty where saying that it is done is enough."""
    return decided_at(found.duty.one_off.source) if hasattr(found.duty, "one_off") else ""


def names(actors: Iterable[str]) -> Mapping[str, str]:
    """Names of the staff behind actor references (an id in hex); other references name no person."""
    ids = {actor for actor in actors if len(actor) == 32}
    rows = Staff.objects.filter(Q(id__in=[UUID(hex=actor) for actor in ids])).values_list("id", "name")
    return {pk.hex: name for pk, name in rows}


def told(history: GapHistory) -> list[Told]:
    known = names([*(event.by for event in history.events), history.closed_by])
    return [Told(event, known.get(event.by, "")) for event in history.events]
