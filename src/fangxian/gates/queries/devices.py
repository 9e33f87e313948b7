"""The register of machines as its page shows it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from fangxian.accounts.access import Reach, reach_of
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import CAPABILITIES, Capability, Role
from fangxian.gates.models import Device
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names
from fangxian.shared import clock

SOON: Final = timedelta(days=14)
_TASKS: Final = (Capability.GATE, Capability.DEVICES)
_ROLES: Final = [role.value for role in Role if CAPABILITIES[role].intersection(_TASKS)]


@dataclass(frozen=True)
class DeviceLine:
    device: Device
    gate_name: str
    in_charge: str
    calibration: str
    """`overdue`, `soon` (within two weeks), `good`, or empty where none is due."""
    seen: datetime | None


def gates_within(held: Reach) -> list[Place]:
    return list(Place.objects.filter(held.places(), kind=PlaceKind.GATE, closed_on__isnull=True).order_by("path"))


def calibration_of(due: date | None, today: date) -> str:
    if due is None:
        return ""
    if due < today:
        return "overdue"
    return "soon" if due <= today + SOON else "good"


def keepers(gates: Iterable[Place], now: datetime) -> dict[Staff, set[UUID]]:
    """Active staff whose roles reach at least one of these gates for a task there, by name, with the gates' ids."""
    period = Q(until__isnull=True) | Q(until__gt=now)
    rows = RoleGrant.objects.filter(period, since__lte=now, role__in=_ROLES, staff__is_active=True)
    grants: dict[Staff, list[RoleGrant]] = defaultdict(list)
    for grant in rows.select_related("staff", "place").order_by("staff__name", "staff__username"):
        grants[grant.staff].append(grant)
    places, found = list(gates), dict[Staff, set[UUID]]()
    for staff, held in grants.items():
        reaches = [reach_of(held, capability) for capability in _TASKS]
        able = {place.id for place in places if any(reach.holds(place) for reach in reaches)}
        if able:
            found[staff] = able
    return found


def register_of(held: Reach, now: datetime) -> list[DeviceLine]:
    """Every device at a gate within reach; what is in use comes first, by gate."""
    within = Place.objects.filter(held.places(), kind=PlaceKind.GATE)
    rows = list(Device.objects.filter(gate__in=within).select_related("gate").order_by("gate__path", "name"))
    names = full_names({row.gate_id: row.gate for row in rows}.values())
    wanted = {row.in_charge for row in rows if row.in_charge}
    people: dict[UUID, str] = dict(Staff.objects.filter(id__in=wanted).values_list("id", "name"))
    today = clock.local_day(now)
    lines = [
        DeviceLine(
            row, names.get(row.gate_id, row.gate.name), people.get(row.in_charge, "") if row.in_charge else "",
            calibration_of(row.calibration_due, today) if row.revoked_us is None else "",
            clock.from_us(row.seen_us) if row.seen_us else None,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.device.revoked_us is not None)
