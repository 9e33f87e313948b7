"""Which zones of a place are suspended, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from fangxian.inspections.models import Suspension
from fangxian.shared import clock


@dataclass(frozen=True)
class SuspensionLine:
    """One suspension that stands. `zone` is empty for all of the place; `passes`: how many it holds."""

    id: UUID
    place_id: UUID
    place: str
    zone: str
    finding_id: UUID
    item: str
    title: str
    spot: str
    since_at: datetime
    passes: int


def standing(place_id: UUID) -> set[str]:
    """Letters of the zones whose passes are not good now; "" among them means all of the place."""
    return set(Suspension.objects.filter(place_id=place_id, until_us__isnull=True).values_list("zone", flat=True))


def lines(place_ids: Collection[UUID]) -> list[SuspensionLine]:
    """What stands at these places, oldest first."""
    rows = (
        Suspension.objects.filter(place_id__in=place_ids, until_us__isnull=True)
        .select_related("finding", "place")
        .annotate(held=Count("passes", filter=Q(passes__ended=False)))
        .order_by("since_us", "id")
    )
    return [
        SuspensionLine(
            row.id, row.place_id, row.place.name, row.zone, row.finding_id, row.finding.item, row.finding.title,
            row.finding.spot, clock.from_us(row.since_us), row.held,
        )
        for row in rows
    ]  # fmt: skip
