"""One number of a round as the street sees it: what was called for it, and a call that is taken back."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.masks.views import round_within
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions.calls import void_call
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Call
from fangxian.masks.queries.registrations import by_voucher


@staff_view(Capability.MASKS)
@require_GET
def number(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """The number that was typed, by its voucher; no name is shown."""
    round, written = round_within(who, round_id), request.GET.get("number", "").strip()
    found = by_voucher(round.street, written) if written else None
    if found is not None and found.round_id != round.id:
        found = None
    rows = Call.objects.filter(registration=found) if found else Call.objects.none()
    calls = list(rows.select_related("variant", "pharmacy").order_by("slot_from_us", "variant_id"))
    context = {"round": round, "written": written, "found": found, "calls": calls}
    return render(request, "console/masks/number.html", context)


@staff_view(Capability.MASKS)
@require_POST
def take_back(request: HttpRequest, who: Who, round_id: UUID, call_id: UUID) -> HttpResponse:
    round = round_within(who, round_id)
    call = access.get(Call.objects.filter(round=round), Q(), id=call_id)
    try:
        void_call(call=call, reason=request.POST.get("reason", ""), by=who.staff.actor, now=who.now)
        messages.success(request, _("Taken back. The household waits again in its place, and what was kept is free."))
    except MaskError as refused:
        messages.error(request, str(refused))
    query = urlencode({"number": request.POST.get("number", "")})
    return redirect(f"{reverse('masks:number', args=[round.id])}?{query}")
