"""Called numbers to tell: who is called for today and tomorrow, how each was told, and the text to send."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.console.mask_desk.numbers import pdf
from fangxian.console.mask_desk.seat import Seat, at_seat, ids
from fangxian.masks import printing
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.telling import reveal_phone, told
from fangxian.masks.printing import PrintError
from fangxian.masks.queries import committee as reads
from fangxian.masks.texts import call_text
from fangxian.notices.models import Channel

WAYS = {
    Channel.PHONE: pgettext_lazy("told by", "telephone"),
    Channel.SMS: pgettext_lazy("told by", "text message"),
    Channel.WECHAT: pgettext_lazy("told by", "WeChat"),
    Channel.DOOR: pgettext_lazy("told by", "at the door"),
    Channel.LETTER: pgettext_lazy("told by", "slip in the box"),
}


def _page(request: HttpRequest, seat: Seat, *, opened: str = "", number: str = "") -> HttpResponse:
    """`number` is the one telephone number that was asked for, of the registration `opened`."""
    rows = reads.to_tell(seat.round, seat.place, seat.now)
    open_ = [one for one in rows if not one.told]
    context = {
        "place": seat.place, "round": seat.round, "tab": "calls", "waiting": len(open_),
        "rows": [(one, _text(request, seat, one)) for one in rows], "opened": opened, "number": number,
        "ways": [(way.value, word) for way, word in WAYS.items()],
    }  # fmt: skip
    return render(request, "console/mask_desk/calls.html", context)


def _text(request: HttpRequest, seat: Seat, one: reads.Telling) -> str:
    link = request.build_absolute_uri(reverse("resident:number", args=[one.home.secret]))
    return call_text(one.home, street=seat.round.street.name, language=one.language, link=link)


@at_seat
@require_GET
def calls(request: HttpRequest, seat: Seat) -> HttpResponse:
    return _page(request, seat)


@at_seat
@require_POST
def tell(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The chosen households were told. One button is one channel."""
    way = request.POST.get("way", "")
    found = reads.open_calls(seat.round, seat.place, ids(request, "pick"))
    if way not in {one.value for one in WAYS} or not found:
        messages.error(request, _("Tick at least one number and say how it was told. Nothing was changed."))
        return redirect("mask-desk:calls", seat.place.id)
    told(calls=found, channel=Channel(way), by=seat.by, now=seat.now)
    homes = len({call.registration_id for call in found})
    messages.success(
        request,
        ngettext("%(n)d household is marked as told.", "%(n)d households are marked as told.", homes) % {"n": homes},
    )
    return redirect("mask-desk:calls", seat.place.id)


@at_seat
@require_POST
def phone(request: HttpRequest, seat: Seat) -> HttpResponse:
    """One telephone number in clear, for this one answer; the audit says who looked."""
    row = seat.registration(request.POST.get("registration", ""))
    try:
        number = reveal_phone(registration=row, by=seat.by, now=seat.now)
    except MaskError as refused:
        messages.error(request, str(refused))
        return redirect("mask-desk:calls", seat.place.id)
    return _page(request, seat, opened=row.id.hex, number=number)


@at_seat
@require_POST
def slips(request: HttpRequest, seat: Seat) -> HttpResponse:
    found = reads.called_of(seat.round, seat.place, ids(request, "pick"))
    try:
        return pdf(printing.vouchers(found, round=seat.round), "slips")
    except PrintError as error:
        messages.error(request, str(error))
        return redirect("mask-desk:calls", seat.place.id)
