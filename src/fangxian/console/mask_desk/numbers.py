"""The numbers of a committee: found by name, telephone or voucher; withdrawn, yielded, printed as slips."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.console.mask_desk.seat import Seat, at_seat, ids
from fangxian.masks import printing
from fangxian.masks.actions.desk import yield_place
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import withdraw
from fangxian.masks.printing import PrintError
from fangxian.masks.queries import committee as reads
from fangxian.masks.queries.committee import Show

SHOWS = {
    Show.ALL: gettext_lazy("all"),
    Show.WAITING: gettext_lazy("waiting for a call"),
    Show.CALLED: gettext_lazy("called, not collected"),
    Show.LAPSED: gettext_lazy("not collected in time"),
    Show.SPECIAL: gettext_lazy("special groups"),
    Show.URGENT: gettext_lazy("in urgent need"),
    Show.DELIVER: gettext_lazy("brought to the door"),
    Show.WITHDRAWN: gettext_lazy("withdrawn"),
}
STATES = {
    "waiting": ("open", gettext_lazy("waiting")),
    "called": ("due", gettext_lazy("called")),
    "collected": ("ok", gettext_lazy("collected")),
    "lapsed": ("gap", gettext_lazy("not collected in time")),
    "withdrawn": ("unknown", gettext_lazy("withdrawn")),
    "missing": ("gap", gettext_lazy("not registered")),
}


@at_seat
@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
def numbers(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What is searched for is sent, never written into the address: it may be a name."""
    text = request.POST.get("text", "").strip()[:80]
    wanted = request.POST.get("show") or request.GET.get("show", "")
    show = Show(wanted) if wanted in set(Show) else Show.ALL
    after = request.GET.get("after", "")
    behind = int(after) if after.isdecimal() and len(after) < 9 else 0
    lines, more = reads.numbers(seat.round, seat.place, show=show, text=text, after_seq=behind)
    context = {
        "place": seat.place, "round": seat.round, "tab": "numbers",
        "rows": [(one, *STATES[one.state]) for one in lines],
        "more": more, "last": lines[-1].line.seq if lines else 0, "after": behind, "text": text, "show": show.value,
        "shows": [(one.value, word) for one, word in SHOWS.items()],
        "may_print": any(one.state == "called" for one in lines),
    }  # fmt: skip
    return render(request, "console/mask_desk/numbers.html", context)


@at_seat
@require_POST
def withdraw_one(request: HttpRequest, seat: Seat) -> HttpResponse:
    row, reason = seat.registration(request.POST.get("registration", "")), request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why the number is withdrawn. Nothing was changed."))
        return redirect("mask-desk:numbers", seat.place.id)
    try:
        withdraw(registration=row, reason=reason, by=seat.by, now=seat.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Withdrawn. The number stays empty, and the address may register again."))
    return redirect("mask-desk:numbers", seat.place.id)


@at_seat
@require_POST
def yield_one(request: HttpRequest, seat: Seat) -> HttpResponse:
    row = seat.registration(request.POST.get("registration", ""))
    try:
        yield_place(registration=row, by=seat.by, now=seat.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The place is yielded: the first urgent household behind takes it."))
    return redirect("mask-desk:numbers", seat.place.id)


@at_seat
@require_POST
def slips(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Slips of the chosen numbers that are called."""
    picked: list[UUID] = ids(request, "pick")
    try:
        content = printing.vouchers(reads.called_of(seat.round, seat.place, picked), round=seat.round)
    except PrintError as error:
        messages.error(request, str(error))
        return redirect("mask-desk:numbers", seat.place.id)
    return pdf(content, "slips")


def pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
