"""Places at a glance: what a board shows of inspections and findings."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Min, Q

from fangxian.inspections.models import Finding, FindingStatus, Inspection, Occasion, Severity, Suspension
from fangxian.shared import clock


@dataclass(frozen=True)
class PlaceState:
    """One place. `inspected_at`: its latest inspection of the day (no re-inspection), with its score; findings that are
    open by severity, `mended` of them waiting to be re-inspected, `overdue` past their time; `oldest_us`: age of the
    oldest; `suspended` as `suspensions.standing`."""

    inspected_at: datetime | None = None
    in_order: int = 0
    applicable: int = 0
    red: int = 0
    amber: int = 0
    white: int = 0
    mended: int = 0
    overdue: int = 0
    oldest_us: int = 0
    suspended: frozenset[str] = frozenset()


def states(place_ids: Collection[UUID], day: date, now: datetime) -> dict[UUID, PlaceState]:
    """The state of each of these places: three queries for all of them."""
    found = dict.fromkeys(place_ids, PlaceState())
    now_us = clock.to_us(now)
    rows = Inspection.objects.filter(place__in=place_ids, day=day).exclude(occasion=Occasion.RECHECK)
    for place_id, observed_us, in_order, applicable in rows.order_by("observed_us").values_list(
        "place_id", "observed_us", "in_order", "applicable"
    ):
        found[place_id] = PlaceState(clock.from_us(observed_us), in_order, applicable)
    mended = Q(status=FindingStatus.MENDED)
    counted = (
        Finding.objects.filter(place__in=place_ids, closed_us__isnull=True)
        .values("place_id")
        .annotate(
            **{key: Count("id", filter=Q(severity=key)) for key in Severity.values},
            mended=Count("id", filter=mended),
            overdue=Count("id", filter=~mended & Q(due_us__lt=now_us)),
            first=Min("opened_us"),
        )
        .order_by()
    )
    for row in counted:
        place_id, first = row.pop("place_id"), row.pop("first")
        found[place_id] = replace(found[place_id], **row, oldest_us=now_us - first)
    standing = Suspension.objects.filter(place__in=place_ids, until_us__isnull=True)
    for place_id, zone in standing.values_list("place_id", "zone"):
        found[place_id] = replace(found[place_id], suspended=found[place_id].suspended | {zone})
    return found
