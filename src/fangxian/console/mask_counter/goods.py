"""Goods of a pharmacy in a round: what came, what lies there, and what a count changes."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.mask_counter.forms import ArrivalForm, CountForm, fen
from fangxian.console.mask_counter.reach import Selling, pharmacy_within, selling, selling_now
from fangxian.console.mask_counter.views import frame
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions import supply
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.queries import pharmacy as reads
from fangxian.masks.queries.shelves import arrivals_of


@staff_view(Capability.MASK_COUNTER)
@require_GET
def goods(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = pharmacy_within(who, place_id)
    at = selling(request, who, place)
    if at is None:
        return render(request, "console/mask_counter/none.html", {"place": place})
    return _page(request, at)


def _page(
    request: HttpRequest, at: Selling, *, arrival: ArrivalForm | None = None,
    count: CountForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    place, round = at.place, at.round
    variants = list(round.variants.all())
    context: dict[str, Any] = {
        **frame(at, "goods"), "shelves": reads.shelf_lines(round, place),
        "arrivals": arrivals_of(round, place), "arrival": arrival or ArrivalForm(variants=variants),
        "count": count or CountForm(variants=variants), "wrong": "count" if count else "arrival" if arrival else "",
    }  # fmt: skip
    return render(request, "console/mask_counter/goods.html", context, status=status)


@staff_view(Capability.MASK_COUNTER)
@require_POST
def arrive(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    at = selling_now(request, who, place_id)
    place, round = at.place, at.round
    kinds = {row.pk: row for row in round.variants.all()}
    form = ArrivalForm(request.POST, variants=kinds.values())
    if not form.is_valid():
        return _page(request, at, arrival=form, status=400)
    data = form.cleaned_data
    try:
        row = supply.arrive(
            round=round, pharmacy=place, variant=kinds[data["variant"]], quantity=data["quantity"],
            price_fen=fen(data["price"]), brand=data["brand"], batch=data["batch"], expires_on=data["expires_on"],
            id=data["id"], by=who.staff.actor, now=who.now,
        )  # fmt: skip
    except MaskError as refused:
        form.add_error(None, str(refused))
        return _page(request, at, arrival=form, status=400)
    messages.success(
        request,
        ngettext("%(count)d piece is booked in.", "%(count)d pieces are booked in.", row.quantity)
        % {"count": row.quantity},
    )
    return redirect("mask-counter:goods", place.id)


@staff_view(Capability.MASK_COUNTER)
@require_POST
def correct(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    at = selling_now(request, who, place_id)
    place, round = at.place, at.round
    kinds = {row.pk: row for row in round.variants.all()}
    form = CountForm(request.POST, variants=kinds.values())
    if not form.is_valid():
        return _page(request, at, count=form, status=400)
    data = form.cleaned_data
    try:
        difference = supply.correct(
            round=round, pharmacy=place, variant=kinds[data["variant"]], counted=data["counted"],
            reason=data["reason"], by=who.staff.actor, now=who.now,
        )  # fmt: skip
    except MaskError as refused:
        form.add_error(None, str(refused))
        return _page(request, at, count=form, status=400)
    if difference:
        text = _("The book follows the count now: %(difference)+d.") % {"difference": difference}
    else:
        text = _("The count agrees with the book.")
    messages.success(request, text)
    short = sum(line.short for line in reads.shelf_lines(round, place))
    if short:
        messages.warning(
            request,
            _("%(short)d pieces are missing for called numbers. The channel names them, and somebody owes an answer.")
            % {"short": short},
        )
    return redirect("mask-counter:goods", place.id)
