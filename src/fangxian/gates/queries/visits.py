"""What waits at a gate's desk: questions to hosts, and parcels."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from fangxian.accounts.access import Reach
from fangxian.gates.models import Parcel, VisitRequest, VisitStatus
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.registry.models import Household
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US
from fangxian.shared.text import address_key

MOST: Final = 200
MOST_HOSTS: Final = 20


@dataclass(frozen=True)
class ParcelLine:
    parcel: Parcel
    overdue: bool


def _gates(held: Reach) -> list[Place]:
    return list(Place.objects.filter(held.places(), kind=PlaceKind.GATE).only("id"))


def waiting(held: Reach, now: datetime) -> list[VisitRequest]:
    """Questions that can still be answered, the longest wait first."""
    rows = VisitRequest.objects.filter(
        gate__in=_gates(held), status=VisitStatus.ASKED, until_us__gt=clock.to_us(now)
    ).select_related("gate", "host")
    return list(rows.order_by("asked_us")[:MOST])


def answered(held: Reach, now: datetime) -> list[VisitRequest]:
    """What was answered or lapsed in the last day, newest first, with the pass."""
    since = clock.to_us(now) - DAY_US
    rows = VisitRequest.objects.filter(gate__in=_gates(held), asked_us__gt=since)
    rows = rows.exclude(status=VisitStatus.ASKED, until_us__gt=clock.to_us(now)).select_related("gate", "granted")
    return list(rows.order_by("-asked_us")[:50])


def parcels(held: Reach, now: datetime) -> list[ParcelLine]:
    """What lies at the hand-over points; what has lain too long comes first."""
    rows = Parcel.objects.filter(gate__in=_gates(held), taken_us__isnull=True).select_related("gate", "household")
    return [ParcelLine(row, row.until_us <= clock.to_us(now)) for row in rows.order_by("until_us")[:MOST]]


def hosts(gate: Place, text: str) -> list[Household]:
    """Households behind a gate whose door's address or code holds `text`."""
    if not text.strip() or gate.parent is None:
        return []
    behind = Household.objects.filter(
        subtree("dwelling__path", gate.parent.path), ended_on=None, subject__merged_into=None
    ).select_related("subject", "dwelling")
    found = behind.filter(
        Q(dwelling__address_key__contains=address_key(text)) | Q(dwelling__name__contains=text.strip())
    )
    return list(found.order_by("dwelling__path")[:MOST_HOSTS])
