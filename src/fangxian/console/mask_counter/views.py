"""A pharmacy's day in a round: slots and numbers, order on site, the packing list, what was handed out by mistake."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.mask_counter.forms import SiteForm
from fangxian.console.mask_counter.reach import Selling, pharmacies_within, pharmacy_within, selling, selling_now
from fangxian.console.view import Who, staff_view
from fangxian.masks import printing
from fangxian.masks.actions import channel
from fangxian.masks.actions.collect import void_collection
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Collection, MessageKind, Round
from fangxian.masks.printing import PrintError
from fangxian.masks.queries import channel as talk
from fangxian.masks.queries import pharmacy as reads
from fangxian.masks.queries.counter import collections_of
from fangxian.masks.queries.numbers import voucher_of
from fangxian.masks.queries.rounds import current
from fangxian.places.models import Place
from fangxian.shared import clock

LAST = 20
MOST_SITE = 8
MOST_TALK = 4
SITE = (MessageKind.CROWD, MessageKind.ON_DUTY, MessageKind.INCIDENT)


@staff_view(Capability.MASK_COUNTER)
@require_GET
def home(request: HttpRequest, who: Who) -> HttpResponse:
    found = pharmacies_within(who.held)
    if len(found) == 1:
        return redirect("mask-counter:day", found[0].id)
    return render(request, "console/mask_counter/home.html", {"pharmacies": found, "round": current(who.now)})


@staff_view(Capability.MASK_COUNTER)
@require_GET
def day(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = pharmacy_within(who, place_id)
    at = selling(request, who, place)
    if at is None:
        return render(request, "console/mask_counter/none.html", {"place": place})
    round, today = at.round, clock.local_day(who.now)
    asked = parse_date(request.GET.get("day", "")) or today
    slots = reads.slots_of(round, place, asked, who.now)
    context: dict[str, Any] = {
        **frame(at, "day"), "day": asked, "is_today": asked == today, "tomorrow": today + timedelta(days=1),
        "slots": slots, "expected": sum(slot.expected for slot in slots), "came": sum(slot.came for slot in slots),
        "shelves": reads.shelf_lines(round, place), **_heard(round, place, today),
        "people": reads.staff_of(place, who.now),
    }  # fmt: skip
    return render(request, "console/mask_counter/day.html", context)


def frame(at: Selling, tab: str) -> dict[str, Any]:
    """What the head of each page of a pharmacy shows."""
    return {"place": at.place, "round": at.round, "rounds": at.rounds, "tab": tab}


def _heard(round: Round, place: Place, today: date) -> dict[str, list[talk.Said]]:
    """What was reported on site today, and the last of what else the channel says; newest first. One query."""
    start_us = clock.day_start_us(today)
    said = talk.feed(round, pharmacy=place)
    return {
        "site": [one for one in said if one.kind in SITE and one.at_us >= start_us][:MOST_SITE],
        "talk": [one for one in said if one.kind not in SITE][:MOST_TALK],
    }


@staff_view(Capability.MASK_COUNTER)
@require_POST
def report(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    """Who is on duty, how many wait, what happened: into the channel."""
    at = selling_now(request, who, place_id)
    place, round = at.place, at.round
    form = SiteForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter a whole number of people, or a text of at most 400 characters."))
        return redirect("mask-counter:day", place.id)
    data = form.cleaned_data
    try:
        channel.say(
            round=round, kind=MessageKind(data["kind"]), text=data["text"], people=data["people"], pharmacy=place,
            by=who.staff.actor, now=who.now,
        )  # fmt: skip
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The others see it now."))
    return redirect("mask-counter:day", place.id)


@staff_view(Capability.MASK_COUNTER)
@require_GET
def packing(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    """The packing list of a day as PDF."""
    at = selling_now(request, who, place_id)
    place, round = at.place, at.round
    asked = parse_date(request.GET.get("day", "")) or clock.local_day(who.now) + timedelta(days=1)
    run = reads.run_of(round, asked)
    try:
        if run is None:
            raise PrintError(_("No numbers are called for that day yet, so there is nothing to pack."))
        content = printing.packing_list(run, place)
    except PrintError as refused:
        messages.warning(request, str(refused))
        return redirect("mask-counter:day", place.id)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="R{round.number}-{asked:%Y%m%d}-packing.pdf"'
    return answer


@staff_view(Capability.MASK_COUNTER)
@require_GET
def handed(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    """The last hand-overs, where a mistake is found and taken back."""
    place = pharmacy_within(who, place_id)
    at = selling(request, who, place)
    if at is None:
        return render(request, "console/mask_counter/none.html", {"place": place})
    rows = collections_of(at.round, place, LAST)
    vouchers = voucher_of(row.call.registration for row in rows)
    lines = [(row, vouchers[row.call.registration_id], row.quantity * row.price_fen) for row in rows]
    return render(request, "console/mask_counter/handed.html", {**frame(at, "handed"), "lines": lines})


@staff_view(Capability.MASK_COUNTER)
@require_POST
def take_back(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = pharmacy_within(who, place_id)
    try:
        asked = UUID(request.POST.get("collection", ""))
    except ValueError as odd:
        raise access.NotFoundError(_("There is no such hand-over here. Nothing was changed.")) from odd
    row = access.get(Collection.objects.all(), Q(pharmacy=place), id=asked)
    try:
        void_collection(collection=row, reason=request.POST.get("reason", ""), by=who.staff.actor, now=who.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken back: the goods are on the shelf again, the number may be collected."))
    return redirect("mask-counter:handed", place.id)
