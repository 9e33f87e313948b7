"""Homes of special groups: marked by the committee, suggested by the register, and how far each one is."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.accounts import access
from fangxian.console.mask_desk.forms import SpecialForm
from fangxian.console.mask_desk.numbers import STATES
from fangxian.console.mask_desk.seat import Seat, at_seat, dwelling
from fangxian.masks.actions.desk import mark_special
from fangxian.masks.models import Special
from fangxian.masks.plan import plan_at
from fangxian.masks.queries import committee as reads
from fangxian.masks.queries.desk import SpecialHome, special_homes
from fangxian.masks.queries.registrations import spoken
from fangxian.shared import clock


@at_seat
@require_http_methods(["GET", "POST"])
def special(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The list; sent with an address, that home is marked."""
    if request.method != "POST":
        return _page(request, seat, SpecialForm())
    form = SpecialForm(request.POST)
    if not form.is_valid():
        return _page(request, seat, form, status=400)
    unit, doors = dwelling(seat, form.cleaned_data["address"], form.cleaned_data["unit"])
    if unit is None:
        return _page(request, seat, form, doors=doors, status=200 if doors else 404)
    mark_special(
        unit=unit, group=Special(form.cleaned_data["group"]), deliver=form.cleaned_data["deliver"], by=seat.by,
        now=seat.now,
    )  # fmt: skip
    messages.success(request, _("Marked: the reserve is for this home too, and nobody may forget it."))
    return redirect("mask-desk:special", seat.place.id)


def _page(
    request: HttpRequest, seat: Seat, form: SpecialForm, *, doors: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    homes, age = special_homes(seat.round, seat.place, visits=False), plan_at(seat.now).section.special_age
    context: dict[str, Any] = {
        "place": seat.place, "round": seat.round, "tab": "special", "form": form, "doors": doors, "age": age,
        "rows": [(one, spoken(one.unit), Special(one.group).label, *STATES[_state(one)]) for one in homes],
        "missing": sum(1 for one in homes if one.registration_id is None),
        "unserved": sum(1 for one in homes if not one.collected),
        "suggested": reads.suggested_homes(seat.round, seat.place, age=age, day=clock.local_day(seat.now)),
    }  # fmt: skip
    return render(request, "console/mask_desk/special.html", context, status=status)


def _state(one: SpecialHome) -> str:
    if one.registration_id is None:
        return "missing"
    return "collected" if one.collected else "called" if one.called else "waiting"


@at_seat
@require_POST
def mark(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Mark a home that the register suggests, or take the mark from one."""
    unit = dwelling(seat, "", request.POST.get("unit", ""))[0]
    if unit is None:
        raise access.NotFoundError(_("There is no such home in this committee."))
    gone = request.POST.get("act") == "unmark"
    mark_special(
        unit=unit, group=Special.NONE if gone else Special.ELDERLY, deliver=request.POST.get("deliver") == "1",
        by=seat.by, now=seat.now,
    )  # fmt: skip
    messages.success(request, _("The mark is taken away.") if gone else _("Marked as a home of the very old."))
    return redirect("mask-desk:special", seat.place.id)
