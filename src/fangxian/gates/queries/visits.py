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
from fangxian.registry.models import Attachment, Household, Relation, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US
from fangxian.shared.text import address_key, name_key

MOST: Final = 200
MOST_HOSTS: Final = 20
MOST_ROOMS: Final = 200
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
    """Who can be asked behind a gate: a household, said by its door alone (a guard needs no name to find it), or a
    company, said by its name and its rooms."""

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


def _rooms_behind(gate: Place) -> QuerySet[Attachment]:
    """The rooms of companies behind a gate."""
    if gate.parent is None:
        return Attachment.objects.none()
    return Attachment.objects.filter(
        subtree("place__path", gate.parent.path), relation=Relation.TENANT, until=None,
        subject__kind=SubjectKind.ENTERPRISE, subject__merged_into=None,
    ).select_related("subject", "place")  # fmt: skip


def hosts(gate: Place, text: str) -> list[Host]:
    """Who is behind a gate at an address or a door's name that holds `text`, and companies by their own name too.

    Households by their doors, then companies, each once, by its first room.
    """
    if not text.strip():
        return []
    found = _behind(gate).filter(_at("dwelling", text)).order_by("dwelling__path")
    homes = list(found[:MOST_HOSTS])
    named = Q(subject__label__icontains=text.strip()) | Q(subject__enterprise__name__icontains=text.strip())
    if key := name_key(text):
        named |= Q(subject__enterprise__name_key__contains=key)
    first: dict[UUID, Attachment] = {}
    if left := MOST_HOSTS - len(homes):
        for room in _rooms_behind(gate).filter(_at("place", text) | named).order_by("place__path")[:MOST_ROOMS]:
            first.setdefault(room.subject_id, room)
    rooms = list(first.values())[:left]
    names = full_names([*(home.dwelling for home in homes), *(room.place for room in rooms if room.place is not None)])
    firms = [Host(room.subject_id, f"{room.subject.label} · {names[room.place_id]}") for room in rooms if room.place_id]
    return [*(Host(home.subject_id, names[home.dwelling_id]) for home in homes), *firms]


def _at(place: str, text: str) -> Q:
    found = Q((f"{place}__name__contains", text.strip()))
    key = address_key(text)
    return found | Q((f"{place}__address_key__contains", key)) if key else found


def host(gate: Place, host_id: UUID) -> Subject | None:
    """The household, where it lives behind this gate, or the company, where it has rooms behind it."""
    home = _behind(gate).filter(subject_id=host_id).first()
    if home is not None:
        return home.subject
    room = _rooms_behind(gate).filter(subject_id=host_id).first()
    return None if room is None else room.subject


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
