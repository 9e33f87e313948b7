"""Issuing: one pass by a form, and the passes of a whole list after its number was shown."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from fangxian.accounts.roles import Capability
from fangxian.console.passes import reach
from fangxian.console.passes.forms import ONE_DAY, IssueForm, ManyForm
from fangxian.console.view import Who, staff_view
from fangxian.gates.actions import passes, roster
from fangxian.gates.actions.passes import NewPass, PassError
from fangxian.gates.models import Pass, PassKind
from fangxian.registry.models import Vehicle
from fangxian.shared import clock


@staff_view(Capability.PASSES)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, who: Who) -> HttpResponse:
    kind = _kind(request.POST.get("kind") or request.GET.get("kind") or "")
    today = clock.local_day(who.now)
    made: dict[str, Any] = (
        {"data": request.POST} if request.method == "POST" else {"initial": {"begins": today, "ends": today}}
    )
    form = IssueForm(kind, reach.places(who), reach.gates(who), **made)
    if request.method == "POST" and form.is_valid():
        try:
            permit = _issue(form, who)
        except PassError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The pass is issued."))
            return redirect("passes:story", permit.id)
    context = {"form": form, "kind": kind, "kinds": PassKind.choices}
    return render(request, "console/passes/issue.html", context, status=400 if request.method == "POST" else 200)


def _kind(value: str) -> PassKind:
    return PassKind(value) if value in PassKind.values else PassKind.VISITOR


def _issue(form: IssueForm, who: Who) -> Pass:
    """Raises PassError."""
    data = form.cleaned_data
    from_us, until_us = form.period(who.now)
    if until_us <= from_us:
        raise PassError(_("The last day is over already. Nothing was issued; change the dates."))
    vehicle = _vehicle(data["holder"]) if form.kind == PassKind.VEHICLE else None
    new = NewPass(
        kind=form.kind, place_id=data["place"].id, holder=vehicle.plate if vehicle else data["holder"],
        subject_id=vehicle.pk if vehicle else None, gate_id=data["gate"].id if data["gate"] else None,
        company=data.get("company", ""), zone=data.get("zone", ""), from_us=from_us, until_us=until_us,
        once=form.kind in ONE_DAY and data.get("once", False),
    )  # fmt: skip
    return passes.issue(passes=[new], by=who.staff.actor, now=who.now)[0]


def _vehicle(plate: str) -> Vehicle:
    key = "".join(plate.split()).replace("·", "").upper()
    found = Vehicle.objects.filter(plate=key, subject__merged_into=None).first()
    if found is None:
        raise PassError(_("The register lacks this number plate. Nothing was issued; add the vehicle first."))
    return found


@staff_view(Capability.PASSES)
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest, who: Who) -> HttpResponse:
    """First the number, then the passes: who has one is left out, so it may be done again at any time."""
    made: dict[str, Any] = (
        {"data": request.POST} if request.method == "POST" else {"initial": {"what": ManyForm.EMPLOYEES}}
    )
    form = ManyForm(reach.places(who), reach.enterprises(who), **made)
    count = None
    if request.method == "POST" and form.is_valid():
        if request.POST.get("step") == "issue":
            issued = len(_issue_many(form, who))
            said = ngettext("%(number)d pass was issued.", "%(number)d passes were issued.", issued)
            messages.success(request, said % {"number": issued})
            return redirect("passes:list")
        count = len(_would(form, who))
    status = 400 if request.method == "POST" and not form.is_valid() else 200
    return render(request, "console/passes/many.html", {"form": form, "count": count}, status=status)


def _would(form: ManyForm, who: Who) -> list[NewPass]:
    place, what = form.cleaned_data["place"], form.cleaned_data["what"]
    if what == ManyForm.EMPLOYEES:
        company = UUID(form.cleaned_data["enterprise"])
        return roster.for_roster(enterprise_id=company, place_id=place.id, now=who.now)
    if what == ManyForm.HOUSEHOLDS:
        return roster.for_households(place_id=place.id, now=who.now)
    return roster.for_vehicles(place_id=place.id, now=who.now)


def _issue_many(form: ManyForm, who: Who) -> list[Pass]:
    return passes.issue_missing(passes=_would(form, who), by=who.staff.actor, now=who.now)
