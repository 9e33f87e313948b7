"""The rota of a gate at the desk: slots of a day, people in them, training, and who came."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.access import NotAllowedError, NotFoundError
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Capability
from fangxian.console.gates.forms import AssignForm, PlanForm
from fangxian.console.gates.rota_forms import ClosePostForm, RepeatForm, repeat_initial
from fangxian.console.gates.rota_shape import Rota, rota_of
from fangxian.console.gates.views import frame, gate_of
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place
from fangxian.rota import actions as rota
from fangxian.rota.actions import RotaError
from fangxian.rota.models import Assignment, Slot
from fangxian.shared import clock


def _back(gate_id: UUID, day: date) -> HttpResponse:
    return redirect(f"{reverse('gates:rota', args=[gate_id])}?day={day.isoformat()}")


def _day_of(slot: Slot) -> date:
    return clock.local_day(clock.from_us(slot.from_us))


def _slot(place: Place, slot_id: UUID) -> Slot:
    found = Slot.objects.filter(pk=slot_id, post__place=place).select_related("post__place").first()
    if found is None:
        raise NotFoundError
    return found


def _assignment(place: Place, assignment_id: UUID) -> Assignment:
    rows = Assignment.objects.filter(id=assignment_id, slot__post__place=place)
    found = rows.select_related("slot__post__place", "staff").first()
    if found is None:
        raise NotFoundError
    return found


def _untrained(name: str) -> str:
    return _("%(name)s has not signed the training for this post. Train them before they stand here.") % {"name": name}


@staff_view(Capability.GATE_BOARD)
@require_safe
def listing(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    return rota_page(request, who, gate_of(who, gate_id))


def rota_page(request: HttpRequest, who: Who, place: Place, sent: Mapping[str, Any] | None = None) -> HttpResponse:
    """A day of the rota of one gate. `sent` holds a form that was refused, by its name, in place of a fresh one."""
    shown = frame(who, place, "rota")
    seen = rota_of(place, who, request.GET.get("day", ""))
    context = {
        **shown, "rota": seen, "me": who.staff.id, "sent": next(iter(sent), "") if sent else "",
        "forms": {**(_forms(seen) if shown["may"]["plan"] else {}), **(sent or {})},
    }  # fmt: skip
    return render(request, "console/gates/rota.html", context, status=400 if sent else 200)


def _forms(seen: Rota) -> dict[str, Any]:
    return {
        "plan": PlanForm(initial={"day": seen.day, "times": _("06:00-14:00, 14:00-22:00, 22:00-06:00")}),
        "assign": AssignForm(seen.choices, seen.people, seen.trained),
        "repeat": RepeatForm(seen.people, seen.trained, auto_id="repeat_%s", initial=repeat_initial(seen.day)),
        "close": ClosePostForm(auto_id="close_%s") if seen.post else None,
    }


@staff_view(Capability.DEVICES)
@require_POST
def plan(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    """Make the slots of a day; the first one opens the gate's post."""
    place = gate_of(who, gate_id)
    form = PlanForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            post = rota.open_post(place=place, by=who.staff.actor, now=who.now)
            rota.plan_day(
                post=post, day=data["day"], times=data["times"], needed=data["needed"], by=who.staff.actor, now=who.now
            )
        except RotaError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The slots are planned. Now say who stands in them."))
            return _back(gate_id, data["day"])
    return rota_page(request, who, place, {"plan": form})


@staff_view(Capability.DEVICES)
@require_POST
def assign(request: HttpRequest, who: Who, gate_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    seen = rota_of(place, who, request.GET.get("day", ""))
    form = AssignForm(seen.choices, seen.people, seen.trained, request.POST)
    if form.is_valid():
        slot = _slot(place, form.cleaned_data["slot"])
        staff = next(one for one in seen.people if one.id == form.cleaned_data["staff"])
        try:
            placed = rota.assign(slot=slot, staff=staff, by=who.staff.actor, now=who.now)
        except RotaError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%(name)s is planned.") % {"name": staff.name})
            if not placed.trained:
                messages.warning(request, _untrained(staff.name))
            return _back(gate_id, seen.day)
    return rota_page(request, who, place, {"assign": form})


@staff_view(Capability.DEVICES)
@require_POST
def unassign(request: HttpRequest, who: Who, gate_id: UUID, assignment_id: UUID) -> HttpResponse:
    row = _assignment(gate_of(who, gate_id), assignment_id)
    try:
        rota.unassign(assignment=row, by=who.staff.actor, now=who.now)
    except RotaError as refused:
        messages.error(request, str(refused))
    return _back(gate_id, _day_of(row.slot))


@staff_view(Capability.DEVICES)
@require_POST
def cancel(request: HttpRequest, who: Who, gate_id: UUID, slot_id: UUID) -> HttpResponse:
    slot = _slot(gate_of(who, gate_id), slot_id)
    day = _day_of(slot)
    try:
        rota.cancel_slot(slot=slot, by=who.staff.actor, now=who.now)
    except RotaError as refused:
        messages.error(request, str(refused))
    return _back(gate_id, day)


@staff_view(Capability.DEVICES)
@require_POST
def sign_off(request: HttpRequest, who: Who, gate_id: UUID, staff_id: UUID) -> HttpResponse:
    """Vouch that somebody who may stand here was shown how."""
    place = gate_of(who, gate_id)
    seen = rota_of(place, who, request.GET.get("day", ""))
    staff = next((one for one in seen.people if one.id == staff_id), None)
    if staff is None:
        raise NotFoundError
    topic = seen.post.training if seen.post else rota.GATE_TRAINING
    rota.sign_off(staff=staff, topic=topic, by=who.staff.actor, now=who.now)
    messages.success(request, _("The training of %(name)s is signed off.") % {"name": staff.name})
    return _back(gate_id, seen.day)


@staff_view(Capability.GATE)
@require_POST
def came(request: HttpRequest, who: Who, gate_id: UUID, slot_id: UUID) -> HttpResponse:
    """Check in: oneself, or by whoever plans the guards of this gate anybody who is planned here."""
    place = gate_of(who, gate_id)
    slot = _slot(place, slot_id)
    staff = _stands(request, who, place, slot)
    try:
        placed = rota.check_in(slot=slot, staff=staff, by=who.staff.actor, now=who.now)
    except RotaError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("%(name)s is at the post.") % {"name": staff.name})
        if not placed.trained:
            messages.warning(request, _untrained(staff.name))
    return _back(gate_id, _day_of(slot))


def _stands(request: HttpRequest, who: Who, place: Place, slot: Slot) -> Staff:
    wanted = request.POST.get("staff", "")
    if not wanted or wanted == str(who.staff.id):
        return who.staff
    row = next((row for row in slot.assignments.select_related("staff") if str(row.staff_id) == wanted), None)
    if row is None:
        raise NotFoundError
    _may_for_others(who, place)
    return row.staff


def _may_for_others(who: Who, place: Place) -> None:
    if not who.reach(Capability.DEVICES).holds(place):
        raise NotAllowedError(_("You check in and out for yourself only. Ask whoever plans the guards of this gate."))


@staff_view(Capability.GATE)
@require_POST
def left(request: HttpRequest, who: Who, gate_id: UUID, assignment_id: UUID) -> HttpResponse:
    place = gate_of(who, gate_id)
    row = _assignment(place, assignment_id)
    if row.staff_id != who.staff.id:
        _may_for_others(who, place)
    try:
        rota.check_out(assignment=row, by=who.staff.actor, now=who.now)
    except RotaError as refused:
        messages.error(request, str(refused))
    return _back(gate_id, _day_of(row.slot))
