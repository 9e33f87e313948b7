"""Issuing: one pass by a form, and the passes of a whole list after its number was shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.passes import reach
from fangxian.console.passes.forms import BY_FLOOR, ONE_DAY, REGISTERED, FindForm, IssueForm, ManyForm
from fangxian.console.view import Who, staff_view
from fangxian.gates import printing
from fangxian.gates.actions import passes, roster
from fangxian.gates.actions.passes import HeldError, NewPass, PassError
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.gates.plan import plan_at
from fangxian.gates.queries.holders import Holder, holders
from fangxian.shared import clock


@staff_view(Capability.PASSES)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, who: Who) -> HttpResponse:
    """A visitor's pass at once; a pass of the register after its person, household or vehicle was found."""
    kind = _kind(request.POST.get("kind") or request.GET.get("kind") or "")
    sent = request.POST if request.method == "POST" else None
    page = _Page(kind)
    found: list[Holder] = []
    if kind in REGISTERED:
        page.find = FindForm(kind, reach.places(who), data=sent)
        if sent is None or not page.find.is_valid():
            return page.answer(request, 200 if sent is None else 400)
        found = holders(kind, page.find.cleaned_data["place"], page.find.cleaned_data["words"])
        page.nobody = not found
    if not page.nobody:
        step = sent.get("step", "") if sent is not None else ""
        asked = sent is not None and (step in ("issue", "instead") or kind not in REGISTERED)
        made: dict[str, Any] = {"data": sent} if asked else {"initial": _initial(page, found, who)}
        page.form = IssueForm(kind, reach.places(who), reach.gates(who), found, **made)
        if asked and page.form.is_valid():
            permit = _try(page, request, who)
            if permit is not None:
                messages.success(request, _("The pass is issued."))
                return redirect("passes:story", permit.id)
        if asked:
            return page.answer(request, 400)
    return page.answer(request, 200)


@dataclass
class _Page:
    """The page on which one pass is issued, as far as it has come."""

    kind: PassKind
    find: FindForm | None = None
    form: IssueForm | None = None
    nobody: bool = False
    held: Pass | None = None

    def answer(self, request: HttpRequest, status: int) -> HttpResponse:
        held = self.held
        context = {
            "find": self.find, "form": self.form, "kind": self.kind, "kinds": PassKind.choices, "nobody": self.nobody,
            "held": held, "replaceable": held is not None and held.status == PassStatus.LIVE,
            "held_until": printing.when(held.until_us) if held else "",
        }  # fmt: skip
        return render(request, "console/passes/issue.html", context, status=status)


def _initial(page: _Page, found: Sequence[Holder], who: Who) -> dict[str, Any]:
    """From today for as long as the plan gives such a pass; the only one found is chosen."""
    today, section = clock.local_day(who.now), plan_at(who.now).section
    days = {
        PassKind.RESIDENT: section.resident_days, PassKind.EMPLOYEE: section.employee_days,
        PassKind.VEHICLE: section.vehicle_days,
    }.get(page.kind, 1)  # fmt: skip
    first: dict[str, Any] = {"begins": today, "ends": today + timedelta(days=max(days, 1) - 1), "zone": BY_FLOOR}
    if page.find is not None:
        first["place"] = str(page.find.cleaned_data["place"].id)
    if len(found) == 1:
        first["whom"] = found[0].key
    return first


def _kind(value: str) -> PassKind:
    return PassKind(value) if value in PassKind.values else PassKind.VISITOR


def _try(page: _Page, request: HttpRequest, who: Who) -> Pass | None:
    """The pass; None, with the reason on the form, where it was not issued."""
    assert page.form is not None
    by, now = who.staff.actor, who.now
    try:
        new = _new(page.form, who)
        if request.POST.get("step") == "instead":
            old = _instead_of(request, who)
            why = _("Replaced by a new pass.")
            return passes.issue_instead(new=new, of=old, reason=why, by=by, now=now)
        return passes.issue(passes=[new], by=by, now=now)[0]
    except HeldError as error:
        page.held = reach.permits(who).filter(id=error.permit.id).first()
        page.form.add_error(None, str(error))
    except PassError as error:
        page.form.add_error(None, str(error))
    return None


def _instead_of(request: HttpRequest, who: Who) -> Pass:
    """Raises NotFoundError for a pass out of reach."""
    try:
        return reach.permit(who, UUID(request.POST.get("instead", "")))
    except ValueError:
        raise NotFoundError from None


def _new(form: IssueForm, who: Who) -> NewPass:
    """Raises PassError."""
    data, whom = form.cleaned_data, form.whom_found
    from_us, until_us = form.period(who.now)
    if until_us <= from_us:
        raise PassError(_("The last day is over already. Nothing was issued; change the dates."))
    new = NewPass(
        kind=form.kind, place_id=data["place"].id, holder=data.get("holder", ""), company=data.get("company", ""),
        gate_id=data["gate"].id if data["gate"] else None, from_us=from_us, until_us=until_us,
        once=form.kind in ONE_DAY and data.get("once", False),
    )  # fmt: skip
    if whom is None:
        return new
    new = replace(
        new, subject_id=whom.subject_id, enterprise_id=whom.enterprise_id, holder=new.holder or whom.name,
        company=whom.company, photo=whom.photo,
    )  # fmt: skip
    if form.kind != PassKind.EMPLOYEE:
        return new
    if data["zone"] != BY_FLOOR:
        return replace(new, zone=data["zone"])
    zone, slot_from, slot_until = roster.zone_of_person(
        person_id=whom.subject_id, enterprise_id=whom.enterprise_id, place=data["place"], now=who.now
    )
    return replace(new, zone=zone, slot_from=slot_from, slot_until=slot_until)


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
