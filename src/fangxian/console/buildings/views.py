"""Office buildings at the desk: all of them at a glance, and one of them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.buildings.forms import (
    FactsForm,
    LiftForm,
    MeasureForm,
    SignForm,
    SupplyForm,
    facts_initial,
    lift_initial,
)
from fangxian.console.buildings.words import DOOR_WORDS
from fangxian.console.trail import crumbs
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.workplaces.models import Statement
from fangxian.workplaces.queries import board as boards
from fangxian.workplaces.queries import buildings

Sent = Mapping[str, Any]
"""A form that was refused, under its name, in place of a fresh one."""


def building_of(who: Who, place_id: UUID) -> Place:
    """An office building within reach. Raises NotFoundError, also for a place of another kind."""
    place = who.place(place_id)
    if place.kind != PlaceKind.BUILDING or place.closed_on is not None:
        raise NotFoundError
    return place


def frame(who: Who, place: Place, page: str) -> dict[str, Any]:
    """What every page of one building has. No query."""
    may = {
        "set_up": who.reach(Capability.BUILDING_SETUP).holds(place), "verify": may_verify(who, place),
        "gates": who.reach(Capability.GATE_BOARD).holds(place), "findings": who.reach(Capability.FINDINGS).holds(place),
    }  # fmt: skip
    line = crumbs(place, who.held, "buildings:building")
    # of the line above only buildings have such a page
    trail = [crumb if number == len(line) - 1 else type(crumb)(crumb.name, "") for number, crumb in enumerate(line)]
    return {"building": place, "page": page, "may": may, "crumbs": trail, "now": who.now}


def may_verify(who: Who, place: Place) -> bool:
    """Whoever keeps the building, or inspects it, looks whether a measure is so."""
    return who.reach(Capability.BUILDING_SETUP).holds(place) or who.reach(Capability.INSPECT).holds(place)


@staff_view(Capability.BUILDINGS)
@require_safe
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    board, sort = boards.board(who.held, who.now), request.GET.get("sort", "")
    context = {
        "board": board, "rows": boards.sort_rows(board.rows, sort), "sort": sort, "now": who.now,
        "now_us": clock.to_us(who.now),
    }  # fmt: skip
    return render(request, "console/buildings/list.html", context)


@staff_view(Capability.BUILDINGS)
@require_safe
def building(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    return overview_page(request, who, building_of(who, place_id))


def overview_page(request: HttpRequest, who: Who, place: Place, sent: Sent | None = None) -> HttpResponse:
    shown = buildings.overview(place, who.now, get_language() or "zh-hans")
    refused = sent or {}
    manager = next((line.holder for line in shown.roles if line.role == "manager"), None)
    signing = {"signer": manager.name, "post": manager.get_role_display()} if manager else {}
    context = {
        **frame(who, place, "building"), "shown": shown, "now_us": clock.to_us(who.now),
        "statements": [
            (line, refused.get(line.kind.value) or SignForm(initial=signing, auto_id=f"{line.kind.value}_%s"))
            for line in shown.statements
        ],
        "supplies": [
            (line, refused.get(line.goods.key) or _supply_form(line)) for line in shown.supplies
        ],
        "sent": next(iter(refused), ""),
    }  # fmt: skip
    return render(request, "console/buildings/building.html", context, status=400 if sent else 200)


def _supply_form(line: buildings.SupplyLine) -> SupplyForm:
    used = line.row.per_day if line.row else line.proposed
    initial = {"quantity": line.row.quantity if line.row else None, "per_day": used}
    return SupplyForm(initial=initial, auto_id=f"{line.goods.key}_%s")


@staff_view(Capability.BUILDINGS)
@require_safe
def statement(request: HttpRequest, who: Who, place_id: UUID, statement_id: UUID) -> HttpResponse:
    """A statement as it was signed, to be printed and hung up."""
    place = building_of(who, place_id)
    row = Statement.objects.filter(id=statement_id, subject_id=place.id).first()
    if row is None:
        raise NotFoundError
    return render(request, "console/buildings/statement.html", {**frame(who, place, "statement"), "row": row})


@staff_view(Capability.BUILDINGS)
@require_safe
def inside(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    return inside_page(request, who, building_of(who, place_id))


def inside_page(request: HttpRequest, who: Who, place: Place, sent: Sent | None = None) -> HttpResponse:
    shown = buildings.inside(place, who.now)
    refused = sent or {}
    context = {
        **frame(who, place, "inside"), "shown": shown, "faults": [DOOR_WORDS[fault] for fault in shown.faults],
        "facts": refused.get("facts") or FactsForm(initial=facts_initial(shown.building)),
        "lifts": [
            (row, refused.get(row.id.hex) or LiftForm(initial=lift_initial(row), auto_id=f"{row.id.hex}_%s"))
            for row in shown.lifts
        ],
        "new_lift": refused.get("new") or LiftForm(auto_id="new_%s"), "sent": next(iter(refused), ""),
    }  # fmt: skip
    return render(request, "console/buildings/inside.html", context, status=400 if sent else 200)


@staff_view(Capability.BUILDINGS)
@require_safe
def tenants(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    return tenants_page(request, who, building_of(who, place_id))


def tenants_page(request: HttpRequest, who: Who, place: Place, sent: Sent | None = None) -> HttpResponse:
    floors = buildings.tenants(place, who.now)
    names = {line.enterprise_id: line.name for floor in floors for line in floor.tenants}
    ordered = sorted(names.items(), key=lambda one: one[1])
    fresh = MeasureForm(ordered, initial={"since": clock.local_day(who.now)})
    context = {
        **frame(who, place, "tenants"), "floors": floors, "form": (sent or {}).get("measure") or fresh,
        "sent": next(iter(sent), "") if sent else "", "count": len(names),
    }  # fmt: skip
    return render(request, "console/buildings/tenants.html", context, status=400 if sent else 200)
