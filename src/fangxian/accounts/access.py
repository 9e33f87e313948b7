"""The one way to fetch a row for a person: may they, and does their reach hold it.

Views and exports get rows here and nowhere else. What is outside a person's reach does not exist for them (404); what
they can see but may not do is refused (403).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import CAPABILITIES, Capability, Role
from fangxian.places.models import Place, PlaceKind, subtree

M = TypeVar("M", bound=Model)


class NotAllowedError(Exception):
    """This person may not do this anywhere, or not to this row. Becomes 403."""


class NotFoundError(Exception):
    """No such row within this person's reach. Becomes 404."""


@dataclass(frozen=True)
class Reach:
    """Where a capability holds: subtrees, grids, and single subjects."""

    paths: tuple[str, ...] = ()
    grids: frozenset[UUID] = frozenset()
    subjects: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.paths or self.grids or self.subjects)

    def places(self, path: str = "path", grid: str = "grid_id") -> Q:
        """Condition for rows whose place lies within reach. `path` and `grid` name the fields, joins included."""
        parts = [subtree(path, p) for p in self.paths]
        if self.grids:
            parts.append(Q(**{f"{grid}__in": sorted(self.grids)}))
        return reduce(or_, parts) if parts else Q(pk__in=[])

    def nodes(self, node: str = "node") -> Q:
        """Condition for rows that carry a counting node: it is one of the grids, or stands in a subtree."""
        return self.places(path=f"{node}__path", grid=f"{node}_id")

    def holds(self, place: Place) -> bool:
        return (
            any(place.path.startswith(path) for path in self.paths)
            or place.grid_id in self.grids
            or place.id in self.grids
        )


def live_grants(staff: Staff, now: datetime) -> QuerySet[RoleGrant]:
    period = Q(until__isnull=True) | Q(until__gt=now)
    return staff.grants.filter(period, since__lte=now).select_related("place")


def reach_of(grants: Iterable[RoleGrant], capability: Capability) -> Reach:
    """The reach that these grants give for one capability."""
    paths: set[str] = set()
    grids: set[UUID] = set()
    subjects: set[UUID] = set()
    for grant in grants:
        if capability not in CAPABILITIES[Role(grant.role)]:
            continue
        if grant.place is None:
            subjects.add(grant.subject) if grant.subject else None
        elif grant.place.kind == PlaceKind.GRID:
            grids.add(grant.place.id)
        else:
            paths.add(grant.place.path)
    shortest = tuple(sorted(p for p in paths if not any(p != q and p.startswith(q) for q in paths)))
    return Reach(shortest, frozenset(grids), frozenset(subjects))


def reach(staff: Staff, capability: Capability, now: datetime) -> Reach:
    return reach_of(live_grants(staff, now), capability)


def require(staff: Staff, capability: Capability, now: datetime) -> Reach:
    """The reach for `capability`. Raises NotAllowedError when there is none anywhere."""
    found = reach(staff, capability, now)
    if not staff.is_active or not found:
        raise NotAllowedError(_("Your roles do not include this. Ask the administrator of your street."))
    return found


def get(rows: QuerySet[M], within: Q, **key: object) -> M:
    """The row with `key` if it lies `within` reach. Raises NotFoundError."""
    row = rows.filter(within, **key).first()
    if row is None:
        raise NotFoundError(_("There is no such record within your reach."))
    return row


def get_place(staff: Staff, capability: Capability, now: datetime, place_id: UUID) -> Place:
    held = require(staff, capability, now)
    return get(Place.objects.all(), held.places() | Q(id__in=sorted(held.grids)), id=place_id)


def root_places(held: Reach) -> list[Place]:
    """The tops of a reach, for the first page somebody sees."""
    where = Q(path__in=held.paths) | Q(id__in=sorted(held.grids))
    return list(Place.objects.filter(where).order_by("path"))
