"""The hold list of the place that a gate belongs to."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.gates.forms import HoldForm
from fangxian.console.gates.views import frame, gate_of
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions import holds as actions
from fangxian.gates.models import Held
from fangxian.gates.queries import board
from fangxian.places.models import Place


@staff_view(Capability.GATE_BOARD)
@require_safe
def listing(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    return _page(request, who, gate_of(who, gate_id), HoldForm())


def _page(request: HttpRequest, who: Who, place: Place, form: HoldForm) -> HttpResponse:
    of = place.parent or place
    context = {**frame(who, place, "holds"), "form": form, "of": of, "holds": board.holds_of(of, who.now)}
    return render(request, "console/gates/holds.html", context, status=400 if form.is_bound else 200)


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
            actions.hold(
                subject_id=found[0].id, reason=data["reason"], source=f"desk:{of.id.hex}", place_id=of.id, until=until,
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
            messages.success(request, _("On the hold list. The gates are told at once."))
            return redirect("gates:holds", gate_id)
    return _page(request, who, place, form)


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
    if actions.lift(held=row, by=who.staff.actor, now=who.now):
        messages.success(request, _("Lifted. The gates are told at once."))
    return redirect("gates:holds", gate_id)
