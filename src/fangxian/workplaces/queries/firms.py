"""Enterprises as tenants: who reaches them, where they sit, what is known of them."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.places.models import Place, PlaceKind, parent_paths, subtree
from fangxian.registry.models import Attachment, Enterprise, Relation, Subject
from fangxian.shared import text
from fangxian.workplaces.models import Filing, FilingStatus, Firm, FirmPost, Measure, PostKind, Visit
from fangxian.workplaces.playbook import Goods

PAGE = 50


def within(held: Reach, field: str = "subject_id") -> Q:
    """Condition for rows that name an enterprise: it is one of the grant's own, or a tenant of a place in reach."""
    tenants = Attachment.objects.filter(
        held.places("place__path", "place__grid_id"), relation=Relation.TENANT, until__isnull=True
    )
    own = Q(**{f"{field}__in": sorted(family(held.subjects))}) if held.subjects else Q(pk__in=[])
    return own | Q(**{f"{field}__in": tenants.values("subject_id")})


def family(ids: Iterable[UUID]) -> frozenset[UUID]:
    """These enterprises and every record that was found to be one with them."""
    found = set(ids)
    fresh = set(found)
    while fresh:
        rows = Subject.objects.filter(Q(id__in=fresh, merged_into__isnull=False) | Q(merged_into__in=fresh))
        near = {one for pair in rows.values_list("id", "merged_into") for one in pair if one}
        fresh = near - found
        found |= near
    return frozenset(found)


def top_of(enterprise_id: UUID) -> Enterprise:
    """The enterprise that stands for this one after merges. Raises NotFoundError."""
    return known(enterprise_id).enterprise


@dataclass(frozen=True)
class Known:
    """An enterprise with every record that was found to be one with it, and the street's own row of it."""

    enterprise: Enterprise
    ids: frozenset[UUID]
    firm: Firm | None


def known(enterprise_id: UUID) -> Known:
    """Raises NotFoundError. One query where nothing was merged."""
    near = Q(id=enterprise_id) | Q(merged_into=enterprise_id)
    rows = {row.id: row for row in Subject.objects.filter(near).select_related("enterprise", "firm")}
    row, ids = rows.get(enterprise_id), frozenset(rows)
    if row is not None and (len(rows) > 1 or row.merged_into_id is not None):
        ids = family(rows)
        row = Subject.objects.filter(id__in=ids, merged_into__isnull=True).select_related("enterprise", "firm").first()
    if row is None or not hasattr(row, "enterprise"):
        raise NotFoundError(_("There is no such enterprise within your reach."))
    row.enterprise.subject = row
    return Known(row.enterprise, ids, getattr(row, "firm", None))


@dataclass(frozen=True)
class Tenancy:
    """Rooms of an enterprise. `building` is the office building that they are in."""

    enterprise_id: UUID
    place: Place
    building: Place
    floor: str
    unit: str
    since: date


def tenancies(ids: Collection[UUID]) -> list[Tenancy]:
    """Where these enterprises sit now, in the order of buildings and floors."""
    rows = list(
        Attachment.objects.filter(
            subject_id__in=ids, relation=Relation.TENANT, until__isnull=True, place__isnull=False
        )
        .select_related("place")
        .order_by("place__path")
    )  # fmt: skip
    paths = {path for row in rows if row.place for path in parent_paths(row.place.path)}
    kinds = (PlaceKind.BUILDING, PlaceKind.FLOOR, PlaceKind.UNIT)
    above = {place.path: place for place in Place.objects.filter(path__in=paths, kind__in=kinds)} if paths else {}
    found = []
    for row in rows:
        assert row.place is not None
        line = {above[path].kind: above[path] for path in parent_paths(row.place.path) if path in above}
        if PlaceKind.BUILDING not in line:
            continue
        names = {kind: line[kind].name if kind in line else "" for kind in (PlaceKind.FLOOR, PlaceKind.UNIT)}
        found.append(
            Tenancy(
                row.subject_id, row.place, line[PlaceKind.BUILDING], names[PlaceKind.FLOOR], names[PlaceKind.UNIT],
                row.since,
            )
        )  # fmt: skip
    return found


def buildings_of(ids: Collection[UUID]) -> list[Place]:
    """The office buildings that these enterprises are tenants of."""
    found = {one.building.id: one.building for one in tenancies(ids)}
    return sorted(found.values(), key=lambda place: place.path)


@dataclass(frozen=True)
class Seat:
    """One enterprise in one of its buildings. `ids`: all records of it, merged ones too."""

    enterprise: Enterprise
    ids: frozenset[UUID]
    place: Place


def seat(held: Reach, enterprise_id: UUID, place_id: UUID) -> Seat:
    """An enterprise in a building, within reach. Raises NotFoundError.

    By a grant for the enterprise: each of its buildings. By a grant for a place: that place's enterprises only.
    """
    one = known(enterprise_id)
    rooms = Attachment.objects.filter(
        subject_id__in=one.ids, relation=Relation.TENANT, until__isnull=True, place__path__startswith=OuterRef("path")
    )
    filed = Filing.objects.filter(enterprise_id__in=one.ids, place_id=OuterRef("id"))
    place = Place.objects.filter(Exists(rooms) | Exists(filed), id=place_id, kind=PlaceKind.BUILDING).first()
    if place is None or not (one.ids & held.subjects or held.holds(place)):
        raise NotFoundError(_("There is no such enterprise within your reach."))
    return Seat(one.enterprise, one.ids, place)


def own(held: Reach) -> list[Seat]:
    """Every enterprise that a grant names, in each of its buildings."""
    found = {}
    for subject_id in sorted(held.subjects):
        enterprise = top_of(subject_id)
        found[enterprise.subject_id] = enterprise
    seats = []
    for enterprise in found.values():
        ids = family([enterprise.subject_id])
        seats += [Seat(enterprise, ids, place) for place in buildings_of(ids)]
    return seats


@dataclass(frozen=True)
class Line:
    """One enterprise of a list."""

    enterprise: Enterprise
    tenancies: tuple[Tenancy, ...]
    filings: tuple[Filing, ...]
    worker: str
    visited_us: int | None


@dataclass(frozen=True)
class Listing:
    lines: tuple[Line, ...]
    found: int
    page: int
    pages: int


def _matches(enterprise: Enterprise, wanted: str) -> bool:
    names = (enterprise.name, *map(str, enterprise.aliases))
    return any(wanted in _folded(name) for name in names) or wanted in (enterprise.uscc or "").casefold()


def _folded(value: str) -> str:
    return text.squeeze(text.search_fold(value))


def listing(held: Reach, *, query: str = "", building: Place | None = None, page: int = 1) -> Listing:
    """Enterprises within reach by name, by an alias, by credit code, or all of them."""
    rows = Enterprise.objects.filter(within(held), subject__merged_into__isnull=True)
    if building is not None:
        inside = Attachment.objects.filter(
            subtree("place__path", building.path), relation=Relation.TENANT, until__isnull=True
        )
        rows = rows.filter(subject_id__in=inside.values("subject_id"))
    found = list(rows.order_by("name"))
    wanted = _folded(query)
    if wanted:
        found = [one for one in found if _matches(one, wanted)]
    pages = max(-(-len(found) // PAGE), 1)
    page = min(max(page, 1), pages)
    return Listing(tuple(_lines(found[(page - 1) * PAGE : page * PAGE])), len(found), page, pages)


def _lines(enterprises: Sequence[Enterprise]) -> list[Line]:
    ids = [one.subject_id for one in enterprises]
    where: dict[UUID, list[Tenancy]] = {}
    for one in tenancies(ids):
        where.setdefault(one.enterprise_id, []).append(one)
    filed: dict[UUID, list[Filing]] = {}
    live = Filing.objects.filter(enterprise_id__in=ids).exclude(status=FilingStatus.ENDED).select_related("place")
    for filing in live.order_by("place__path"):
        filed.setdefault(filing.enterprise_id, []).append(filing)
    firms = Firm.objects.in_bulk(ids)
    names = names_of(firm.worker for firm in firms.values())
    return [
        Line(
            one, tuple(where.get(one.subject_id, ())), tuple(filed.get(one.subject_id, ())),
            names.get(firm.worker, "") if (firm := firms.get(one.subject_id)) and firm.worker else "",
            firm.visited_us if firm else None,
        )
        for one in enterprises
    ]  # fmt: skip


def names_of(staff: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of members of staff by their ids."""
    wanted = {one for one in staff if one is not None}
    if not wanted:
        return {}
    rows = Staff.objects.filter(id__in=wanted).values_list("id", "name", "username")
    return {staff_id: name or username for staff_id, name, username in rows}


def actors_named(actors: Iterable[str]) -> dict[str, str]:
    """Names by what rows keep as `by`; a process has its own name."""
    ids = {actor: _staff_id(actor) for actor in set(actors)}
    names = names_of(ids.values())
    return {actor: names[staff_id] for actor, staff_id in ids.items() if staff_id in names}


def _staff_id(actor: str) -> UUID | None:
    try:
        return UUID(hex=actor)
    except ValueError:
        return None


@dataclass(frozen=True)
class Page:
    """Everything that is known of one enterprise. `workers` may be given it to visit."""

    enterprise: Enterprise
    ids: frozenset[UUID]
    firm: Firm | None
    worker: str
    tenancies: tuple[Tenancy, ...]
    posts: tuple[FirmPost, ...]
    visits: tuple[tuple[Visit, str], ...]
    filings: tuple[Filing, ...]
    measures: tuple[Measure, ...]
    workers: tuple[Staff, ...]


def reached(held: Reach, enterprise_id: UUID) -> tuple[Known, tuple[Tenancy, ...]]:
    """An enterprise and its rooms, if a grant names it or one of its buildings is in reach. Raises NotFoundError."""
    one = known(enterprise_id)
    rooms = tuple(tenancies(one.ids))
    if not (one.ids & held.subjects or any(held.holds(room.building) for room in rooms)):
        raise NotFoundError(_("There is no such enterprise within your reach."))
    return one, rooms


def page(held: Reach, enterprise_id: UUID, now: datetime) -> Page:
    """One enterprise within reach. Raises NotFoundError."""
    one, rooms = reached(held, enterprise_id)
    visits = list(Visit.objects.filter(enterprise_id__in=one.ids).order_by("-observed_us")[:10])
    worker = one.firm.worker if one.firm else None
    workers, names = _people(rooms, [*(row.by for row in visits), *([worker.hex] if worker else [])], now)
    filings = Filing.objects.filter(enterprise_id__in=one.ids).select_related("place")
    measures = Measure.objects.filter(enterprise_id__in=one.ids, until__isnull=True).select_related("place")
    return Page(
        one.enterprise, one.ids, one.firm, names.get(worker.hex, "") if worker else "", rooms,
        posts_of(one.enterprise.subject_id), tuple((row, names.get(row.by, "")) for row in visits),
        tuple(filings.order_by("place__path", "-created_us")), tuple(measures.order_by("place__path")), workers,
    )  # fmt: skip


def _people(
    rooms: Sequence[Tenancy], actors: Sequence[str], now: datetime
) -> tuple[tuple[Staff, ...], dict[str, str]]:  # fmt: skip
    """Who may be given the enterprise, and the names of these actors."""
    named = {key for key in map(_staff_id, actors) if key is not None}
    may = Q(grants__in=_workers([room.building for room in rooms], now), is_active=True)
    rows = Staff.objects.filter(may | Q(id__in=named)).annotate(visits=Count("grants", filter=may)).order_by("name")
    found = list(rows)
    names = {row.actor: row.name or row.username for row in found}
    return tuple(row for row in found if row.visits), names


def posts_of(enterprise_id: UUID) -> tuple[FirmPost, ...]:
    """Who holds which post, in the order of the kinds."""
    rows = FirmPost.objects.filter(enterprise_id=enterprise_id, until_us__isnull=True)
    order = list(PostKind)
    return tuple(sorted(rows.order_by("since_us", "id"), key=lambda row: order.index(PostKind(row.kind))))


def used_in_a_day(goods: Goods, people: int) -> int:
    """Whole units of these goods that so many people, and their rooms, use in a day."""
    return math.ceil(goods.per_head * people + goods.per_place)


def workers_for(places: Sequence[Place], now: datetime) -> list[Staff]:
    """Building workers who may be given an enterprise that sits in these buildings."""
    rows = Staff.objects.filter(id__in=_workers(places, now).values("staff_id"), is_active=True)
    return list(rows.order_by("name", "username"))


def _workers(places: Sequence[Place], now: datetime) -> QuerySet[RoleGrant]:
    """Their grants: for a building, for what stands above it, or for its grid."""
    paths = {path for place in places for path in parent_paths(place.path)}
    grids = {place.grid_id for place in places if place.grid_id}
    return RoleGrant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now), Q(place__path__in=paths) | Q(place_id__in=grids), since__lte=now,
        role=Role.BUILDING_PARTY_WORKER,
    )  # fmt: skip
