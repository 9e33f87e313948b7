"""Gates at the desk: the board, and one gate at this moment."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.accounts.roles import Capability
from fangxian.console.gates import shape
from fangxian.console.gates.key_views import reaches_street
from fangxian.console.trail import crumbs
from fangxian.console.view import Who, staff_view
from fangxian.gates.queries import board, latest
from fangxian.places.models import Place, PlaceKind


def gate_of(who: Who, gate_id: UUID) -> Place:
    """A gate within reach. Raises NotFoundError, also for a place of another kind."""
    place = who.place(gate_id)
    if place.kind != PlaceKind.GATE or place.closed_on is not None:
        raise NotFoundError
    return place


@staff_view(Capability.GATE_BOARD)
@require_safe
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    rows = shape.rows(board.gates(who.held.places(), who.now))
    context = {
        "rows": rows, "now": who.now, "version": shape.version(shape.of_list(rows)),
        "unstaffed": sum(row.line.unstaffed for row in rows), "most": board.MOST_GATES,
        "may_keys": reaches_street(who),
    }  # fmt: skip
    return render(request, "console/gates/list.html", context)


@staff_view(Capability.GATE_BOARD)
@require_safe
def listing_live(request: HttpRequest, who: Who) -> HttpResponse:
    rows = shape.rows(board.gates(who.held.places(), who.now))
    return shape.changes(request, shape.of_list(rows), who.now)


def _moment(place: Place, who: Who) -> shape.Moment:
    line, day = board.one(place, who.now)
    # whoever issues the passes of this place reads their names anyway; a count is enough for everybody else
    named = who.reach(Capability.PASSES).holds(place)
    return shape.moment(line, day, latest.last_checks(place, who.now, named=named))


@staff_view(Capability.GATE_BOARD)
@require_safe
def gate(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    shown = _moment(place, who)
    context = {"shown": shown, "version": shape.version(shape.of_gate(shown)), "now": who.now}
    return render(request, "console/gates/gate.html", {**frame(who, place, "gate"), **context})


@staff_view(Capability.GATE_BOARD)
@require_safe
def gate_live(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    return shape.changes(request, shape.of_gate(_moment(gate_of(who, gate_id), who)), who.now)


def frame(who: Who, place: Place, page: str) -> dict[str, Any]:
    """What every page of one gate has: its name, its other pages, and what the reader may do there. No query."""
    may = {
        "plan": who.reach(Capability.DEVICES).holds(place), "hold": who.reach(Capability.PASSES).holds(place),
        "stand": who.reach(Capability.GATE).holds(place),
    }  # fmt: skip
    return {"gate": place, "page": page, "may": may, "crumbs": crumbs(place, Reach(), "gates:gate")}
