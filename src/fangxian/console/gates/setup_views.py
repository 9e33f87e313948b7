"""How a gate is set up, and which machines stand there."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.roles import Capability
from fangxian.console.gates.forms import SetupForm, setup_initial
from fangxian.console.gates.views import frame, gate_of
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions import setup as setups
from fangxian.gates.models import GateSetup
from fangxian.gates.queries import board
from fangxian.places.models import Place


@staff_view(Capability.DEVICES)
@require_safe
def settings(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    row = _setup_row(place)
    form = SetupForm(board.outer_gates(place), _tenants(place, row), initial=setup_initial(row))
    return _page(request, who, place, form)


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
    return _page(request, who, place, form)


def _page(request: HttpRequest, who: Who, place: Place, form: SetupForm) -> HttpResponse:
    context = {**frame(who, place, "settings"), "form": form, "devices": board.devices_of(place.id)}
    return render(request, "console/gates/settings.html", context, status=400 if form.is_bound else 200)


def _setup_row(place: Place) -> GateSetup | None:
    return GateSetup.objects.filter(gate=place).select_related("inner_enterprise").first()


def _tenants(place: Place, row: GateSetup | None) -> list[tuple[UUID, str]]:
    """Who has rooms here, and whose counter it is although they have moved out."""
    found = dict(board.tenants(place).values_list("subject_id", "name"))
    if row is not None and row.inner_enterprise is not None:
        found.setdefault(row.inner_enterprise.id, row.inner_enterprise.label)
    return list(found.items())
