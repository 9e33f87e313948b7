"""A building in the wave: what is expected at its gates against what came, and the lanes of each gate."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.console.waves.forms import LanesForm
from fangxian.console.waves.words import method_word
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.workplaces.actions import waves
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import WaveRule
from fangxian.workplaces.queries.forecast import Forecast, forecast


@staff_view(Capability.BUILDINGS)
@require_safe
def building(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = who.place(place_id)
    if place.kind != PlaceKind.BUILDING:
        raise NotFoundError
    return render(request, "console/waves/place.html", _context(request, who, place))


def _context(
    request: HttpRequest, who: Who, place: Place, sent: Mapping[UUID, LanesForm] | None = None
) -> dict[str, Any]:
    today = clock.local_day(who.now)
    day = _day(request, today)
    rule = plan_at(who.now).section.wave
    found = forecast(place, day, rule, who.now)
    may = who.reach(Capability.BUILDING_SETUP).holds(place)
    forms = dict(sent or {})
    return {
        "place": place, "day": day, "before": day - timedelta(days=1), "after": day + timedelta(days=1), "today": today,
        "found": found, "rows": _rows(found),
        "error_percent": None if found.error is None else round(found.error * 100),
        "turnout_percent": None if found.turnout is None else round(found.turnout * 100),
        "doors": [
            (
                door, [(method_word(rule, method), count) for method, count in sorted(door.lanes.items())],
                (forms.get(door.gate_id) or LanesForm(None, rule, door.lanes, door.gate_id)) if may else None,
                door.gate_id in forms,
            )
            for door in found.doors
        ],
    }  # fmt: skip


def _day(request: HttpRequest, today: date) -> date:
    try:
        return parse_date(request.GET.get("day", "")) or today
    except ValueError:
        return today


def _rows(found: Forecast) -> list[tuple[int, float, int | None, int]]:
    """Quarters of an hour that have something to show, with the widest bar."""
    most = max([1.0, *(max(expected, came or 0) for _start, expected, came in found.quarters)])
    return [
        (start, expected, came, round(most))
        for start, expected, came in found.quarters
        if expected >= 0.5 or came
    ]  # fmt: skip


@staff_view(Capability.BUILDING_SETUP)
@require_POST
def lanes(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    gate = who.place(gate_id)
    if gate.kind != PlaceKind.GATE or gate.parent is None:
        raise NotFoundError
    rule: WaveRule = plan_at(who.now).section.wave
    form = LanesForm(request.POST, rule, {}, gate.id)
    if form.is_valid():
        try:
            waves.set_lanes(gate=gate, lanes=form.lanes, by=who.staff.actor, now=who.now)
        except WorkplaceError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved. The next plan counts with these lanes."))
            return redirect("waves:place", gate.parent_id)
    context = _context(request, who, gate.parent, {gate.id: form})
    return render(request, "console/waves/place.html", context, status=400)
