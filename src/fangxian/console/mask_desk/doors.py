"""Doors that were not told of the round: ticked by block, told in one go, or given a letter each."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.console.mask_desk.numbers import pdf
from fangxian.console.mask_desk.seat import Seat, at_seat, ids, is_id
from fangxian.masks import letters as paper
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.rounds import tell_doors
from fangxian.masks.doors import door_token
from fangxian.masks.letters import Recipient
from fangxian.masks.printing import PrintError
from fangxian.masks.queries import committee as reads
from fangxian.masks.sources import source_of
from fangxian.notices.models import Channel, Notice
from fangxian.places.models import Place
from fangxian.places.queries import full_names

WAYS = {
    Channel.LETTER: pgettext_lazy("told by", "letter in the box"),
    Channel.DOOR: pgettext_lazy("told by", "at the door"),
    Channel.PHONE: pgettext_lazy("told by", "telephone"),
    Channel.WECHAT: pgettext_lazy("told by", "WeChat"),
}


@at_seat
@require_GET
def doors(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every block with how many of its doors are not told; one block opens with its doors."""
    blocks = reads.blocks(seat.round, seat.place)
    wanted = request.GET.get("block", "")
    chosen = next((one for one in blocks if is_id(wanted) and one.id == UUID(wanted)), None)
    context = {
        "place": seat.place, "round": seat.round, "tab": "doors", "blocks": blocks, "chosen": chosen,
        "doors": reads.doors_of(seat.round, seat.place, chosen.id) if chosen is not None else [],
        "every": sum(one.doors for one in blocks), "untold": sum(one.untold for one in blocks),
        "ways": [(way.value, word) for way, word in WAYS.items()],
    }  # fmt: skip
    return render(request, "console/mask_desk/doors.html", context)


def _chosen(request: HttpRequest, seat: Seat, *, told_too: bool = False) -> list[Place]:
    return reads.chosen_doors(
        seat.round, seat.place, blocks=ids(request, "block"), doors=ids(request, "door"), told_too=told_too
    )


def _back(request: HttpRequest, seat: Seat) -> HttpResponse:
    """To the block that was open."""
    address, block = reverse("mask-desk:doors", args=[seat.place.id]), request.POST.get("back", "")
    return redirect(f"{address}?block={block}" if is_id(block) else address)


@at_seat
@require_POST
def tell(request: HttpRequest, seat: Seat) -> HttpResponse:
    way, found = request.POST.get("way", ""), _chosen(request, seat)
    if way not in {one.value for one in WAYS} or not found:
        messages.error(request, _("Tick blocks or doors that are not told yet. Nothing was changed."))
        return _back(request, seat)
    try:
        count = tell_doors(
            round=seat.round, unit_ids=[one.id for one in found], channel=Channel(way), by=seat.by, now=seat.now
        )
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, ngettext("%(n)d door is marked as told.", "%(n)d doors are marked as told.", count) % {"n": count}
        )
    return _back(request, seat)


@at_seat
@require_POST
def letters(request: HttpRequest, seat: Seat) -> HttpResponse:
    """One letter for each chosen door, with the code of its own page of registration. Printing tells nobody yet."""
    found = _chosen(request, seat, told_too=request.POST.get("told_too") == "1")
    notice = Notice.objects.filter(source=source_of(seat.round)).order_by("made_us").first()
    if notice is None:
        messages.error(request, _("This round has no notice, so there is nothing to print."))
        return _back(request, seat)
    names, spoken = full_names(found), reads.languages_at(one.id for one in found)
    recipients = [
        Recipient(names[one.id], _link(request, seat, one), spoken.get(one.id, frozenset())) for one in found
    ]  # fmt: skip
    try:
        content = paper.letters(recipients, notice=notice, street=seat.round.street.name, committee=seat.place.name)
    except PrintError as error:
        messages.error(request, str(error))
        return _back(request, seat)
    return pdf(content, "letters")


def _link(request: HttpRequest, seat: Seat, door: Place) -> str:
    path = reverse("resident:register", args=[seat.round.number, door_token(seat.round.id, door.id)])
    return request.build_absolute_uri(path)
