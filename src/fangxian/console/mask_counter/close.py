"""The evening at a pharmacy: what the book says, what was counted, why it differs, and what tomorrow brings."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.accounts.roles import Capability
from fangxian.console.mask_counter.forms import CloseForm, fen
from fangxian.console.mask_counter.reach import Selling, pharmacy_within, selling
from fangxian.console.mask_counter.views import frame
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions.close import close_day
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.queries import pharmacy as reads
from fangxian.masks.queries.shelves import book_of, close_of, plan_for, sold_on
from fangxian.shared import clock


@staff_view(Capability.MASK_COUNTER)
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = pharmacy_within(who, place_id)
    at = selling(request, who, place)
    if at is None:
        return render(request, "console/mask_counter/none.html", {"place": place})
    round = at.round
    day = parse_date(request.GET.get("day", "")) or clock.local_day(who.now)
    shelves = reads.shelf_lines(round, place)
    form = CloseForm(request.POST if request.method == "POST" else None, shelves=shelves)
    if request.method == "POST" and form.is_valid():
        try:
            close_day(
                round=round, pharmacy=place, day=day, counted=form.counted, money_fen=fen(form.cleaned_data["money"]),
                explanation=form.cleaned_data["explanation"], problems=form.lines, by=who.staff.actor, now=who.now,
            )  # fmt: skip
        except MaskError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The day is closed."))
            return redirect(f"{reverse('mask-counter:close', args=[place.id])}?day={day.isoformat()}")
    return _page(request, who, at, day, form, shelves)


def _page(
    request: HttpRequest, who: Who, at: Selling, day: date, form: CloseForm, shelves: list[reads.ShelfLine]
) -> HttpResponse:
    place, round = at.place, at.round
    done = close_of(round, place, day)
    titles = {line.variant: line.title for line in shelves}
    sold = sold_on(round, place, day)
    book = {line.variant: line.on_hand for line in shelves if line.arrived or line.sold}
    if day < clock.local_day(who.now):
        book = book_of(round, place, day)
    following = plan_for(round, place, day + timedelta(days=1))
    context: dict[str, Any] = {
        **frame(at, "close"), "day": day, "before": day - timedelta(days=1), "done": done,
        "form": form, "sold": sold, "following": following,
        "shelves": [(line, book[line.variant]) for line in shelves if line.variant in book],
        "sold_lines": [(titles[key], count) for key, count in sold.by_variant.items()],
        "counted": [(titles[key], done.expected[key], count) for key, count in done.counted.items()] if done else [],
        "needed": [(titles[key], count) for key, count in following.pieces.items()],
    }  # fmt: skip
    return render(request, "console/mask_counter/close.html", context, status=400 if form.errors else 200)
