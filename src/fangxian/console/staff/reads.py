"""Accounts within the reach of an administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from fangxian.accounts.access import Reach, get
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject

PAGE_ROWS = 50
GRANT_KINDS = (
    PlaceKind.CITY, PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.BUILDING,
    PlaceKind.COMPOUND, PlaceKind.PHARMACY, PlaceKind.HEALTH_CENTRE,
)  # fmt: skip


@dataclass(frozen=True)
class HeldRole:
    id: UUID
    role: str
    where: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Account:
    id: UUID
    username: str
    name: str
    phone: str
    is_active: bool
    roles: Sequence[HeldRole]


@dataclass(frozen=True)
class AccountPage:
    rows: Sequence[Account]
    previous: str
    next: str


def _live(now: datetime) -> Q:
    return Q(since__lte=now) & (Q(until__isnull=True) | Q(until__gt=now))


def _in_reach(held: Reach) -> Q:
    """Roles on a place within reach. Roles for an enterprise or a household are kept by whoever holds the street."""
    street = Place.objects.filter(kind=PlaceKind.STREET, path__in=held.paths)
    return held.places(path="place__path", grid="place_id") | Q(Exists(street), subject__isnull=False)


def _visible(held: Reach, now: datetime) -> QuerySet[Staff]:
    """Accounts with a role within reach, and those that hold no role at all yet."""
    live = RoleGrant.objects.filter(_live(now), staff=OuterRef("pk"))
    return Staff.objects.filter(Exists(live.filter(_in_reach(held))) | ~Exists(live))


def _roles(staff_ids: Sequence[UUID], now: datetime) -> dict[UUID, list[HeldRole]]:
    rows = RoleGrant.objects.filter(_live(now), staff__in=staff_ids).select_related("place").order_by("since")
    grants = list(rows)
    names = dict(Subject.objects.filter(id__in={g.subject for g in grants if g.subject}).values_list("id", "label"))
    held: dict[UUID, list[HeldRole]] = {}
    for grant in grants:
        where = grant.place.name if grant.place else names.get(grant.subject or UUID(int=0), "")
        role = HeldRole(grant.id, str(Role(grant.role).label), where, grant.since, grant.until)
        held.setdefault(grant.staff_id, []).append(role)
    return held


def page(held: Reach, now: datetime, *, words: str, role: str, after: str, before: str) -> AccountPage:
    """Accounts by user name. `after` and `before` are the user names where a page begins or ends."""
    rows = _visible(held, now)
    if words:
        rows = rows.filter(Q(username__icontains=words) | Q(name__icontains=words))
    if role:
        rows = rows.filter(Exists(RoleGrant.objects.filter(_live(now), staff=OuterRef("pk"), role=role)))
    if before:
        found = list(rows.filter(username__lt=before).order_by("-username")[: PAGE_ROWS + 1])
        more_before, more_after = len(found) > PAGE_ROWS, True
        found = found[:PAGE_ROWS][::-1]
    else:
        found = list(rows.filter(username__gt=after).order_by("username")[: PAGE_ROWS + 1])
        more_before, more_after = bool(after), len(found) > PAGE_ROWS
        found = found[:PAGE_ROWS]
    roles = _roles([staff.id for staff in found], now)
    accounts = [Account(s.id, s.username, s.name, s.phone, s.is_active, tuple(roles.get(s.id, ()))) for s in found]
    return AccountPage(
        accounts,
        f"<{accounts[0].username}" if accounts and more_before else "",
        accounts[-1].username if accounts and more_after else "",
    )


def account(held: Reach, now: datetime, staff_id: UUID) -> tuple[Staff, list[HeldRole]]:
    """Raises NotFoundError for an account outside reach."""
    staff = get(_visible(held, now), Q(), id=staff_id)
    return staff, _roles([staff.id], now).get(staff.id, [])


def grant(held: Reach, now: datetime, staff_id: UUID, grant_id: UUID) -> RoleGrant:
    """A live role of that account within reach. Raises NotFoundError."""
    rows = RoleGrant.objects.filter(_live(now), staff=staff_id).select_related("staff")
    return get(rows, _in_reach(held), id=grant_id)


def places_for_roles(held: Reach) -> QuerySet[Place]:
    """Where a role can be given: the nodes that own duties, within reach."""
    return Place.objects.filter(
        held.places() | Q(id__in=sorted(held.grids)), kind__in=GRANT_KINDS, closed_on__isnull=True
    ).order_by("path")
