"""Who inspects what: the section head's page for a day, one place moved to somebody else, unannounced ones drawn."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import CAPABILITIES, Capability
from fangxian.console.view import Who, staff_view
from fangxian.inspections import rules
from fangxian.inspections.actions import assign
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.models import Assignment, Occasion
from fangxian.inspections.plan import TYPES
from fangxian.inspections.queries.today import AssignedLine, assigned
from fangxian.places.models import Place
from fangxian.shared import clock

MOST_DRAWN = 10


@dataclass(frozen=True)
class Inspector:
    id: UUID
    name: str
    paths: tuple[str, ...]
    load: int

    def may(self, path: str) -> bool:
        return not rules.is_own_place(path, self.paths)


@dataclass(frozen=True)
class Row:
    """One place of the day, with who else could go there."""

    line: AssignedLine
    occasion: str
    others: tuple[Inspector, ...]


def _day(request: HttpRequest, who: Who) -> date:
    """Tomorrow unless another day is asked for."""
    asked = parse_date(request.POST.get("day") or request.GET.get("day") or "")
    return asked or clock.local_day(who.now) + timedelta(days=1)


def _inspectors(who: Who, day: date) -> list[Inspector]:
    able = [role for role, held in CAPABILITIES.items() if Capability.INSPECT in held]
    live = Q(until__isnull=True) | Q(until__gt=who.now)
    grants = RoleGrant.objects.filter(live, since__lte=who.now, staff__is_active=True, place__isnull=False)
    rows = list(grants.select_related("place", "staff").order_by("staff__name", "staff_id"))
    may = {row.staff_id for row in rows if row.role in able}
    load: dict[UUID, int] = {}
    for inspector in Assignment.objects.filter(day=day).values_list("inspector", flat=True):
        load[inspector] = load.get(inspector, 0) + 1
    paths: dict[UUID, list[str]] = {}
    for row in rows:
        if row.place is not None:
            paths.setdefault(row.staff_id, []).append(row.place.path)
    names = {row.staff_id: row.staff.name for row in rows if row.staff_id in may}
    return [Inspector(one, name, tuple(paths.get(one, ())), load.get(one, 0)) for one, name in names.items()]


@staff_view(Capability.FILINGS)
@require_GET
def plan(request: HttpRequest, who: Who) -> HttpResponse:
    day, today = _day(request, who), clock.local_day(who.now)
    people = _inspectors(who, day)
    lines = assigned(who.held.places("place__path", "place__grid_id"), day, viewer=who.staff.id)
    paths = dict(Place.objects.filter(id__in={line.place_id for line in lines}).values_list("id", "path"))
    rows = [
        Row(
            line, str(Occasion(line.occasion).label),
            tuple(one for one in people if one.id != line.inspector_id and one.may(paths[line.place_id])),
        )
        for line in lines
    ]  # fmt: skip
    context = {
        "day": day, "today": today, "tomorrow": today + timedelta(days=1), "rows": rows, "people": people,
        "over": day < today, "done": sum(row.line.inspection_id is not None for row in rows), "most": MOST_DRAWN,
        "missing": _without(who, {line.place_id for line in lines}) if day >= today else [],
    }  # fmt: skip
    return render(request, "console/inspect/plan.html", context)


def _without(who: Who, have: set[UUID]) -> list[Place]:
    """Office buildings and compounds that nobody is sent to. A compound has its turn only every few days."""
    rows = Place.objects.filter(who.held.places(), kind__in=list(TYPES), closed_on__isnull=True)
    return [place for place in rows.order_by("path") if place.id not in have]


def _back(day: date) -> HttpResponse:
    return redirect(f"{reverse('inspect:plan')}?day={day.isoformat()}")


@staff_view(Capability.FILINGS)
@require_POST
def share(request: HttpRequest, who: Who) -> HttpResponse:
    """Give each place of a day that has nobody an inspector."""
    day = _day(request, who)
    if day < clock.local_day(who.now):
        messages.error(request, _("This day is over. Nothing was changed; choose another day."))
        return _back(day)
    made = assign.plan_day(day=day, by=who.staff.actor, now=who.now)
    text = ngettext("%d place has an inspector now.", "%d places have an inspector now.", made) % made
    messages.success(request, text if made else _("Everything that is due that day has an inspector already."))
    return _back(day)


@staff_view(Capability.FILINGS)
@require_POST
def move(request: HttpRequest, who: Who) -> HttpResponse:
    """Send somebody else, or somebody to a place that has nobody."""
    day = _day(request, who)
    try:
        place_id, inspector = UUID(request.POST.get("place", "")), UUID(request.POST.get("inspector", ""))
        occasion = Occasion(request.POST.get("occasion", Occasion.DAILY))
    except ValueError:
        messages.error(request, _("Choose who goes. Nothing was changed."))
        return _back(day)
    place = access.get(Place.objects.filter(kind__in=list(TYPES)), who.held.places(), id=place_id)
    try:
        assign.assign(place=place, day=day, inspector=inspector, occasion=occasion, by=who.staff.actor, now=who.now)
    except InspectionError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("%(place)s is given to somebody else.") % {"place": place.name})
    return _back(day)


@staff_view(Capability.FILINGS)
@require_POST
def draw(request: HttpRequest, who: Who) -> HttpResponse:
    """Draw buildings that are visited unannounced; only their inspectors see which."""
    day = _day(request, who)
    count = request.POST.get("count", "")
    if not count.isdigit() or not 1 <= int(count) <= MOST_DRAWN:
        messages.error(request, _("Choose from 1 to %(most)d. Nothing was drawn.") % {"most": MOST_DRAWN})
        return _back(day)
    try:
        made = len(assign.draw_unannounced(day=day, count=int(count), by=who.staff.actor, now=who.now))
    except InspectionError as refused:
        messages.error(request, str(refused))
        return _back(day)
    text = ngettext(
        "%d building is drawn. Its inspector sees it, nobody else.",
        "%d buildings are drawn. Their inspectors see them, nobody else.", made,
    ) % made  # fmt: skip
    messages.success(request, text)
    return _back(day)
