"""Homes to visit: one call registers, and somebody with a name brings the number and the goods."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.accounts.access import Reach
from fangxian.console.duties.reads import people
from fangxian.console.mask_desk.forms import HomeForm
from fangxian.console.mask_desk.seat import Seat, at_seat, dwelling
from fangxian.masks.actions.desk import HomeVisit, ask_home, delivered
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Special
from fangxian.masks.queries import committee as reads
from fangxian.masks.queries.rounds import facts_of
from fangxian.masks.rules import registering
from fangxian.places.models import Place
from fangxian.shared import clock

Doors = list[tuple[str, str]]


@at_seat
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def visits(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A call: the home is registered on behalf, and the visit is somebody's. Nothing is guessed of an address."""
    # whoever has a role at the committee or below it may be sent
    there = people(Reach(paths=(seat.place.path,)), seat.now)
    if request.method != "POST":
        return _page(request, seat, HomeForm(people=there))
    form = HomeForm(request.POST, people=there)
    if not form.is_valid():
        return _page(request, seat, form, status=400)
    unit, doors = dwelling(seat, form.cleaned_data["address"], form.cleaned_data["unit"])
    if unit is None:
        return _page(request, seat, form, doors=doors, status=200 if doors else 404)
    try:
        made = _asked(seat, form, unit)
    except MaskError as refused:
        form.add_error(None, str(refused))
        return _page(request, seat, form, status=409)
    messages.success(
        request, _("Number %(number)s. Say it on the telephone; the visit has its owner.") % {"number": made.voucher}
    )
    return redirect("mask-desk:visits", seat.place.id)


def _page(
    request: HttpRequest, seat: Seat, form: HomeForm, *, doors: Doors | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    context: dict[str, Any] = {
        "place": seat.place, "round": seat.round, "tab": "visits", "form": form, "doors": doors,
        "open": registering(facts_of(seat.round), clock.to_us(seat.now)), "rows": reads.visits(seat.round, seat.place),
    }  # fmt: skip
    return render(request, "console/mask_desk/visits.html", context, status=status)


def _asked(seat: Seat, form: HomeForm, unit: Place) -> HomeVisit:
    data = form.cleaned_data
    return ask_home(
        round=seat.round, unit=unit, applicant=data["applicant"], phone=data["phone"], document=data["document"],
        group=Special(data["group"]), staff=data["staff"], id=data["id"], by=seat.by, now=seat.now,
    )  # fmt: skip


@at_seat
@require_POST
def deliver(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Number and goods are at the door."""
    row = seat.registration(request.POST.get("registration", ""))
    try:
        delivered(registration=row, by=seat.by, now=seat.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Delivered: number and goods are at the door."))
    return redirect("mask-desk:visits", seat.place.id)
