"""As whom somebody acts at a place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fangxian.accounts.access import live_grants, reach_of
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Capability, Role
from fangxian.inspections import rules
from fangxian.inspections.models import Assignment
from fangxian.inspections.rules import Actor
from fangxian.places.models import Place
from fangxian.shared import clock

LATELY: Final = timedelta(days=14)
LEADERS: Final = frozenset({Role.SECTION_HEAD, Role.STREET_LEADER})


def actors_at(staff: Staff, place: Place, now: datetime) -> frozenset[Actor]:
    """As whom `staff` may act on findings of `place`; empty: not at all.

    An inspector is who may inspect and has the place within reach or was assigned to it lately, and does not belong to
    it.
    The responsible see findings and are of the place or of the committee above it. Leaders are the section head and
    the leaders of the street.
    """
    grants = list(live_grants(staff, now))
    since = clock.local_day(now) - LATELY
    assigned = Assignment.objects.filter(place=place, inspector=staff.id, day__gte=since).exists()
    return actors_of(grants, place, assigned=assigned)


def actors_of(grants: Sequence[RoleGrant], place: Place, *, assigned: bool) -> frozenset[Actor]:
    """As `actors_at`, of grants that were read already."""
    found = set[Actor]()
    own = is_own(grants, place)
    inspects = reach_of(grants, Capability.INSPECT)
    if inspects and not own and (assigned or inspects.holds(place)):
        found.add(Actor.INSPECTOR)
    if reach_of([grant for grant in grants if grant.role in LEADERS], Capability.FINDINGS).holds(place):
        found.add(Actor.LEADER)
    if reach_of([grant for grant in grants if grant.role not in LEADERS], Capability.FINDINGS).holds(place):
        found.add(Actor.RESPONSIBLE)
    return frozenset(found)


def is_own(grants: Sequence[RoleGrant], place: Place) -> bool:
    """Whether these are the grants of somebody who belongs to the place itself. An office building has a grid of its
    own, at which its people hold their roles."""
    if place.grid_id is not None and any(grant.place_id == place.grid_id for grant in grants):
        return True
    return rules.is_own_place(place.path, [grant.place.path for grant in grants if grant.place is not None])


def belongs(staff_id: UUID, place: Place, now: datetime) -> bool:
    """As `is_own`, for somebody by id."""
    staff = Staff.objects.filter(id=staff_id).first()
    return staff is not None and is_own(list(live_grants(staff, now)), place)


def leads(staff_id: UUID, place: Place, now: datetime) -> bool:
    """Whether somebody acts at `place` as a leader."""
    staff = Staff.objects.filter(id=staff_id).first()
    return staff is not None and Actor.LEADER in actors_at(staff, place, now)
