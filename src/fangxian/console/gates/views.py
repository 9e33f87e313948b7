"""Gates at the desk: the board, one gate with its setup, and the hold list of its place."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.accounts.roles import Capability
from fangxian.console.gates import shape
from fangxian.console.gates.forms import AssignForm, HoldForm, PlanForm, SetupForm, setup_initial
from fangxian.console.gates.key_views import reaches_street
from fangxian.console.gates.rota_forms import ClosePostForm, RepeatForm, repeat_initial
from fangxian.console.gates.rota_shape import Rota, rota_of
from fangxian.console.trail import crumbs
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions import holds
from fangxian.gates.actions import setup as setups
from fangxian.gates.models import GateSetup, Held
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
    return gate_page(request, who, gate_of(who, gate_id))


@staff_view(Capability.GATE_BOARD)
@require_safe
def gate_live(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    return shape.changes(request, shape.of_gate(_moment(gate_of(who, gate_id), who)), who.now)


def gate_page(request: HttpRequest, who: Who, place: Place, sent: Mapping[str, Any] | None = None) -> HttpResponse:
    """The page of one gate. `sent` holds a form that was refused, by its name, in the place of a fresh one."""
    shown = _moment(place, who)
    may = {
        "plan": who.reach(Capability.DEVICES).holds(place), "hold": who.reach(Capability.PASSES).holds(place),
        "stand": who.reach(Capability.GATE).holds(place),
    }  # fmt: skip
    rota = rota_of(place, who, request.GET.get("day", ""))
    forms = {**_forms(place, rota, may), **(sent or {})}
    context = {
        "gate": place, "shown": shown, "version": shape.version(shape.of_gate(shown)), "now": who.now, "may": may,
        "rota": rota, "forms": forms, "sent": next(iter(sent), "") if sent else "", "me": who.staff.id,
        "holds": board.holds_of(place.parent or place, who.now), "devices": board.devices_of(place.id),
        "crumbs": crumbs(place, Reach(), "gates:gate"),
    }  # fmt: skip
    return render(request, "console/gates/gate.html", context, status=400 if sent else 200)


def _forms(place: Place, rota: Rota, may: Mapping[str, bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if may["plan"]:
        row = _setup_row(place)
        found["setup"] = SetupForm(board.outer_gates(place), _tenants(place, row), initial=setup_initial(row))
        found["plan"] = PlanForm(initial={"day": rota.day, "times": _("06:00-14:00, 14:00-22:00, 22:00-06:00")})
        found["assign"] = AssignForm(rota.choices, rota.people, rota.trained)
        found["repeat"] = RepeatForm(rota.people, rota.trained, auto_id="repeat_%s", initial=repeat_initial(rota.day))
        found["close"] = ClosePostForm(auto_id="close_%s") if rota.post else None
    if may["hold"]:
        found["hold"] = HoldForm()
    return found


def _setup_row(place: Place) -> GateSetup | None:
    return GateSetup.objects.filter(gate=place).select_related("inner_enterprise").first()


def _tenants(place: Place, row: GateSetup | None) -> list[tuple[UUID, str]]:
    """Who has rooms here, and whose counter it is although they have moved out."""
    found = dict(board.tenants(place).values_list("subject_id", "name"))
    if row is not None and row.inner_enterprise is not None:
        found.setdefault(row.inner_enterprise.id, row.inner_enterprise.label)
    return list(found.items())


@staff_view(Capability.DEVICES)
@require_POST
def setup(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    form = SetupForm(board.outer_gates(place), _tenants(place, _setup_row(place)), request.POST)
    if form.is_valid():
        try:
            setups.set_up(gate=place, settings=form.settings(), by=who.staff.actor, now=who.now)
        except setups.SetupError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The gate is set up. Its tablets take this with their next request."))
            return redirect("gates:gate", gate_id)
    return gate_page(request, who, place, {"setup": form})


@staff_view(Capability.PASSES)
@sensitive_post_parameters()
@require_POST
def hold(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    """Put somebody of the gate's place on the hold list."""
    place = gate_of(who, gate_id)
    of = place.parent or place
    form = HoldForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        found = board.subjects_called(of, data["who"])
        if len(found) != 1:
            form.add_error("who", _several() if found else _nobody())
        else:
            until = who.now + timedelta(days=data["days"]) if data["days"] else None
            holds.hold(
                subject_id=found[0].id, reason=data["reason"], source=f"desk:{of.id.hex}", place_id=of.id, until=until,
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
            messages.success(request, _("On the hold list. The gates are told at once."))
            return redirect("gates:gate", gate_id)
    return gate_page(request, who, place, {"hold": form})


def _several() -> str:
    return _("Several people here have this name. Type the number of the pass. Nothing was changed.")


def _nobody() -> str:
    return _("Nobody of this place has this pass number or name. Nothing was changed.")


@staff_view(Capability.PASSES)
@require_POST
def lift(request: HttpRequest, who: Who, gate_id: UUID, held_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    here = {row.id: row for row in board.holds_of(place.parent or place, who.now)}
    row: Held | None = here.get(held_id)
    if row is None:
        raise NotFoundError
    if holds.lift(held=row, by=who.staff.actor, now=who.now):
        messages.success(request, _("Lifted. The gates are told at once."))
    return redirect("gates:gate", gate_id)
