"""The street answers an enterprise that objects to its arrival window."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.console.waves.views import answer_form, plan_context
from fangxian.workplaces.actions import waves
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import waves as reads


@staff_view(Capability.FILINGS)
@require_POST
def answer(request: HttpRequest, who: Who, slot_id: int) -> HttpResponse:
    slot = reads.slot_of_place(who.held, slot_id)
    form = answer_form(slot, request.POST)
    if form.is_valid():
        try:
            asked = waves.answer_objection(
                slot=slot, keep=form.keep, text=form.cleaned_data["text"], window=form.window, by=who.staff.actor,
                now=who.now,
            )  # fmt: skip
        except WorkplaceError as error:
            form.add_error(None, str(error))
        else:
            if asked is None:
                messages.success(request, _("Answered. The enterprise reads it on its page."))
                return redirect("waves:plan", slot.plan_id)
            messages.success(
                request, _("Answered. A new plan with the promised window is worked out; look at it and publish it.")
            )
            return redirect("waves:plan", asked.id)
    found = reads.page(reads.find(who.held, slot.plan_id), who.held, who.now)
    context = plan_context(who, found, plan_at(who.now).section.wave, sent=(slot.id, form))
    return render(request, "console/waves/plan.html", context, status=400)
