"""Duties given once: giving one, and saying that it is done."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.duties import reads
from fangxian.console.duties.forms import GiveForm
from fangxian.console.view import Who, safe_next, staff_view
from fangxian.duties import actions
from fangxian.duties.actions import DutyError


@staff_view(Capability.GIVE_DUTY)
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, who: Who) -> HttpResponse:
    form = GiveForm(reads.places(who.held), reads.people(who.held, who.now), who.now, request.POST or None)
    if form.is_valid():
        try:
            actions.give(
                title=form.cleaned_data["title"], place=form.cleaned_data["place"], until=form.cleaned_data["until"],
                role=form.cleaned_data["role"], staff=form.cleaned_data["staff"], note=form.cleaned_data["note"],
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except DutyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The duty is given. If it is not done in time, it becomes a gap."))
            return redirect("given:give")
    context = {"form": form, "given": reads.given_open(who.held, who.now)}
    return render(request, "console/duties/give.html", context, status=400 if form.errors else 200)


@staff_view(Capability.GAPS)
@require_POST
def done(request: HttpRequest, who: Who, duty_id: UUID) -> HttpResponse:
    duty = reads.one_off(who.staff, who.reach(Capability.RECORD), duty_id, who.now)
    if reads.is_decided(duty.one_off.source):
        messages.error(request, _("Nothing was changed: this is off your list once the filing is decided."))
        if who.can(Capability.BUILDINGS):
            return redirect(reads.decided_at(duty.one_off.source))
        return redirect(safe_next(request))
    try:
        actions.done(duty=duty, by=who.staff.actor, now=who.now)
        messages.success(request, _("Done. It is off your list."))
    except DutyError as error:
        messages.error(request, str(error))
    return redirect(safe_next(request))
