"""Who inspects what on which day."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Capability, Role, may
from fangxian.audit import actions as audit
from fangxian.inspections import rules
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.models import Assignment, Finding, Inspection, Occasion
from fangxian.inspections.plan import TYPES, plan_at
from fangxian.inspections.rules import Candidate
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

LATELY: Final = timedelta(days=14)
MORNING: Final = time(8)


def plan_day(*, day: date, by: str, now: datetime) -> int:
    """Give each place that is inspected on `day` an inspector: office buildings every day, compounds as often as the
    plan says. Returns how many assignments were made or given to somebody else.

    What is assigned stays, unless its inspector may not do it any more and has not. Leaders of the street go when they
    choose to (Occasion.LEADER), and are planned only where nobody else is.
    """
    places = _due(day, now)
    people = _planned(_candidates(day, now))
    have = {row.place_id: row for row in Assignment.objects.filter(day=day, occasion=Occasion.DAILY)}
    stale = _stale(have.values(), people)
    wanted = [(place.id, place.path) for place in places if place.id not in have or place.id in stale]
    today = Counter(row.inspector for row in have.values() if row.place_id not in stale)
    # before the writer is taken: it weighs every inspector for every place
    found = rules.share_out(wanted, people, day=day, today=today, before=_before(day))
    if not found:
        return 0
    with write_lock():
        rows = [_row(place, day, who, Occasion.DAILY, by, now) for place, who in found.items() if place not in stale]
        # past conflicts, and comparing: two workers may plan the same day at once
        Assignment.objects.bulk_create(rows, ignore_conflicts=True)
        for place in stale & set(found):
            before = have[place]
            rows_of = Assignment.objects.filter(id=before.id, inspector=before.inspector, inspections__isnull=True)
            rows_of.update(inspector=found[place], by=by)
        audit.record(
            by=by, act="inspections.planned", now=now, detail={"day": day.isoformat(), "count": len(found)}
        )  # fmt: skip
    return len(found)


@write_lock()
def assign(*, place: Place, day: date, inspector: UUID, occasion: Occasion, by: str, now: datetime) -> Assignment:
    """Send one inspector. In place of another who was assigned for the same day and occasion and has not been there.
    Raises InspectionError where this person may not inspect this place, or the other one has inspected it."""
    if place.kind not in TYPES or (place.closed_on is not None and place.closed_on <= day):
        raise InspectionError(_("Only open office buildings and compounds are inspected. Nothing was changed."))
    if day < clock.local_day(now):
        raise InspectionError(_("This day is over. Nothing was changed; choose another day."))
    person = next((one for one in _candidates(day, now) if one.id == inspector), None)
    if person is None:
        raise InspectionError(_("This person is no inspector on that day. Nothing was changed; choose somebody else."))
    if rules.is_own_place(place.path, person.paths):
        raise InspectionError(_("Nobody inspects their own place. Nothing was changed; choose somebody else."))
    row = None
    if occasion != Occasion.RECHECK:
        rows = Assignment.objects.select_for_update().filter(place=place, day=day, occasion=occasion)
        row = rows.first()
    if row is None:
        row = _row(place.id, day, inspector, occasion, by, now)
    elif row.inspections.exists():
        raise InspectionError(_("This has been inspected already. Nothing was changed."))
    row.inspector, row.by = inspector, by
    row.save()
    audit.record(
        by=by, act="inspections.assigned", now=now, target=f"assignment:{row.id}", place=place.id,
        detail={"day": day.isoformat(), "occasion": occasion.value},
    )  # fmt: skip
    return row


@write_lock()
def draw_unannounced(*, day: date, count: int, by: str, now: datetime) -> list[Assignment]:
    """Draw so many office buildings that are visited unannounced on `day`, by somebody other than who is planned there.
    Fewer where fewer are left. Returns those drawn; lists show each to its inspector only."""
    if day < clock.local_day(now):
        raise InspectionError(_("This day is over. Nothing was changed; choose another day."))
    rows = list(Assignment.objects.filter(day=day))
    drawn = {row.place_id for row in rows if row.occasion == Occasion.UNANNOUNCED}
    planned = {row.place_id: row.inspector for row in rows if row.occasion == Occasion.DAILY}
    places = {place.id: place for place in _open_places(day) if place.kind == PlaceKind.BUILDING}
    people = _planned(_candidates(day, now))
    today = Counter(row.inspector for row in rows)
    before = _before(day)
    made: list[Assignment] = []
    for place in rules.draw(places.keys() - drawn, len(places), day, secrets.token_bytes(16)):
        if len(made) >= count:
            break
        others = [one for one in people if one.id != planned.get(place)]
        found = rules.share_out([(place, places[place].path)], others, day=day, today=today, before=before)
        if place in found:
            today[found[place]] += 1
            made.append(_row(place, day, found[place], Occasion.UNANNOUNCED, by, now))
    Assignment.objects.bulk_create(made)
    audit.record(by=by, act="inspections.drawn", now=now, detail={"day": day.isoformat(), "count": len(made)})
    return made


def recheck(*, finding: Finding, now: datetime, by: str = "worker") -> Assignment | None:
    """Somebody to re-inspect `finding` today: who found it, else whoever has least to do. None where nobody may, or
    somebody is sent there already. Inside the caller's transaction."""
    day = clock.local_day(now)
    people = _candidates(day, now)
    rows = list(Assignment.objects.filter(day=day).order_by("id"))
    able = {one.id for one in people if not rules.is_own_place(finding.place.path, one.paths)}
    if any(
        row.place_id == finding.place_id and row.occasion == Occasion.RECHECK and row.inspector in able for row in rows
    ):
        return None
    who = finding.inspection.inspector if finding.inspection is not None else None
    if who not in able:
        today = Counter(row.inspector for row in rows)
        found = rules.share_out(
            [(finding.place_id, finding.place.path)], _planned(people), day=day, today=today, before=_before(day)
        )
        who = found.get(finding.place_id)
    if who is None:
        return None
    row = _row(finding.place_id, day, who, Occasion.RECHECK, by, now)
    row.save()
    return row


def _row(place: UUID, day: date, inspector: UUID, occasion: Occasion, by: str, now: datetime) -> Assignment:
    return Assignment(
        place_id=place, day=day, occasion=occasion, inspector=inspector, made_us=clock.to_us(now), by=by
    )  # fmt: skip


def _open_places(day: date) -> list[Place]:
    """Places that are inspected, in the order of the tree."""
    open_then = Q(closed_on__isnull=True) | Q(closed_on__gt=day)
    return list(Place.objects.filter(open_then, kind__in=list(TYPES)).order_by("path"))


def _due(day: date, now: datetime) -> list[Place]:
    """Those whose turn it is on `day`, of the types that the plan has a checklist for."""
    held = plan_at(max(now, clock.at(day, MORNING)))
    listed = {kind for kind, name in TYPES.items() if held.section.items_at(name)}
    places = [place for place in _open_places(day) if place.kind in listed]
    compounds = [place.id for place in places if place.kind == PlaceKind.COMPOUND]
    turn = {
        place for number, place in enumerate(compounds) if rules.its_turn(number, day, held.compound_days)
    }  # fmt: skip
    return [place for place in places if place.kind == PlaceKind.BUILDING or place.id in turn]


def _candidates(day: date, now: datetime) -> list[Candidate]:
    """Who may inspect on `day`, with the places of all their roles; leaders of the street among them."""
    at = max(now, clock.at(day, MORNING))
    period = Q(until__isnull=True) | Q(until__gt=at)
    grants = list(RoleGrant.objects.filter(period, since__lte=at, staff__is_active=True).select_related("place"))
    paths: dict[UUID, list[str]] = defaultdict(list)
    able, planned = set[UUID](), set[UUID]()
    of_grid = _paths_of_grids([grant.place_id for grant in grants if grant.place_id is not None])
    for grant in grants:
        if grant.place is not None:
            paths[grant.staff_id] += [grant.place.path, *of_grid[grant.place.id]]
        if may(grant.role, Capability.INSPECT):
            able.add(grant.staff_id)
            if grant.role != Role.STREET_LEADER:
                planned.add(grant.staff_id)
    return [Candidate(ident, tuple(paths[ident]), planned=ident in planned) for ident in sorted(able)]


def _paths_of_grids(ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The places in each of these grids that are inspected: who holds a role at the grid belongs to them."""
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = Place.objects.filter(grid__in=set(ids), kind__in=list(TYPES)).values_list("grid_id", "path")
    for grid_id, path in rows:
        if grid_id is not None:
            found[grid_id].append(path)
    return found


def _planned(people: Sequence[Candidate]) -> list[Candidate]:
    return [one for one in people if one.planned] or list(people)


def _stale(rows: Iterable[Assignment], people: Sequence[Candidate]) -> set[UUID]:
    """Places whose planned inspector may not go there any more, and has not been there."""
    paths = {one.id: one.paths for one in people}
    found = list(rows)
    held = Place.objects.in_bulk([row.place_id for row in found])
    wrong = [
        row
        for row in found
        if row.inspector not in paths or rules.is_own_place(held[row.place_id].path, paths[row.inspector])
    ]
    done = set(Inspection.objects.filter(assignment__in=wrong).values_list("assignment_id", flat=True))
    return {row.place_id for row in wrong if row.id not in done}


def _before(day: date) -> dict[tuple[UUID, UUID], int]:
    """How often each inspector was sent where in the last days."""
    rows = Assignment.objects.filter(day__gte=day - LATELY, day__lt=day)
    counted = rows.values_list("inspector", "place_id").annotate(times=Count("id")).order_by()
    return {(inspector, place): times for inspector, place, times in counted}
