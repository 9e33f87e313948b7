"""An enterprise's own arrival windows: when its people come, why then, and what to do if that cannot be."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.console.waves.forms import ObjectForm
from fangxian.workplaces.actions import waves
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.queries import waves as reads


@staff_view(Capability.FIRM)
@require_safe
def home(request: HttpRequest, who: Who) -> HttpResponse:
    return _page(request, who)


def _page(
    request: HttpRequest, who: Who, sent: tuple[int, ObjectForm] | None = None, status: int = 200
) -> HttpResponse:
    found = reads.windows(who.held, who.now)
    if who.held.subjects:
        # only the enterprise's own people have then been told
        waves.seen(slots=[one.slot for one in found], by=who.staff.actor, now=who.now)
    rows = [
        (one, sent[1] if sent and sent[0] == one.slot.id else ObjectForm(auto_id=f"object_{one.slot.id}_%s"))
        for one in found
    ]
    context = {"rows": rows, "sent": sent[0] if sent else None}
    return render(request, "console/firm_wave/home.html", context, status=status)


@staff_view(Capability.FIRM)
@require_POST
def objection(request: HttpRequest, who: Who, slot_id: int) -> HttpResponse:
    slot = reads.slot_of_firm(who.held, slot_id)
    form = ObjectForm(request.POST, auto_id=f"object_{slot.id}_%s")
    if form.is_valid():
        try:
            waves.object(slot=slot, text=form.cleaned_data["text"], by=who.staff.actor, now=who.now)
        except WorkplaceError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("Sent to the street. Until it answers, this window holds; the answer is shown here.")
            )
            return redirect("firm-wave:home")
    return _page(request, who, (slot.id, form), 400)
