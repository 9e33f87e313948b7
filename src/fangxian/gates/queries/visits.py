"""What waits at a gate's desk: questions to hosts, and parcels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.accounts.access import Reach
from fangxian.gates.models import Parcel, VisitRequest, VisitStatus
from fangxian.places.models import Place, PlaceKind, parent_paths, subtree
from fangxian.places.queries import full_names
from fangxian.registry.models import Household, Subject
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US
from fangxian.shared.text import address_key

MOST: Final = 200
MOST_HOSTS: Final = 20
MOST_DOORS: Final = 20_000
DOORS: Final = frozenset({PlaceKind.DWELLING, PlaceKind.UNIT})


@dataclass(frozen=True)
class ParcelLine:
    """`where` is the door, said from the compound down; a household without one is said by its label."""

    parcel: Parcel
    where: str
    overdue: bool


@dataclass(frozen=True)
class Host:
    """A household behind a gate, said by its door: a guard needs no name to find it."""

    id: UUID
    where: str


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
    return _lines(Parcel.objects.filter(gate__in=_gates(held)), now)


def parcels_at(gate_id: UUID, now: datetime) -> list[ParcelLine]:
    return _lines(Parcel.objects.filter(gate_id=gate_id), now)


def _lines(parcels: QuerySet[Parcel], now: datetime) -> list[ParcelLine]:
    waiting = parcels.filter(taken_us__isnull=True).select_related("gate", "door", "household__household__dwelling")
    rows = list(waiting.order_by("until_us")[:MOST])
    doors = {row.id: door for row in rows if (door := _door(row)) is not None}
    names = full_names(doors.values())
    now_us = clock.to_us(now)
    return [ParcelLine(row, _where(row, doors.get(row.id), names), row.until_us <= now_us) for row in rows]


def _door(row: Parcel) -> Place | None:
    if row.door is not None or row.household is None:
        return row.door
    home = getattr(row.household, "household", None)
    return None if home is None else home.dwelling


def _where(row: Parcel, door: Place | None, names: Mapping[UUID, str]) -> str:
    if door is not None:
        return names[door.id]
    return row.household.label if row.household is not None else ""


def _behind(gate: Place) -> QuerySet[Household]:
    if gate.parent is None:
        return Household.objects.none()
    return Household.objects.filter(
        subtree("dwelling__path", gate.parent.path), ended_on=None, subject__merged_into=None
    ).select_related("subject", "dwelling")


def hosts(gate: Place, text: str) -> list[Host]:
    """Households behind a gate whose door's address or name holds `text`, by their doors."""
    if not text.strip():
        return []
    found = _behind(gate).filter(
        Q(dwelling__address_key__contains=address_key(text)) | Q(dwelling__name__contains=text.strip())
    )
    rows = list(found.order_by("dwelling__path")[:MOST_HOSTS])
    names = full_names([row.dwelling for row in rows])
    return [Host(row.subject_id, names[row.dwelling_id]) for row in rows]


def host(gate: Place, host_id: UUID) -> Subject | None:
    """The household, where it lives behind this gate."""
    found = _behind(gate).filter(subject_id=host_id).first()
    return None if found is None else found.subject


def doors(gate: Place) -> list[tuple[UUID, str]]:
    """Every door behind a gate, for a tablet that has to find one without the network. No names of people."""
    if gate.parent is None:
        return []
    within = Place.objects.filter(subtree("path", gate.parent.path), closed_on=None).order_by("path")
    names: dict[str, str] = {}
    found: list[tuple[UUID, str]] = []
    for ident, kind, path, name in within.values_list("id", "kind", "path", "name").iterator():
        # parents come before what is in them
        before = next((names[above] for above in parent_paths(path)[1:] if above in names), "")
        names[path] = f"{before} {name}".strip()
        if kind in DOORS and len(found) < MOST_DOORS:
            found.append((ident, names[path]))
    return found
