"""Addresses that nobody found yet, addresses that two claim, and those who came second today."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.accounts import access
from fangxian.console.mask_desk.seat import Seat, at_seat, dwelling, is_id
from fangxian.masks.actions.applications import (
    pass_on,
    place_application,
    read_application,
    refuse_application,
)
from fangxian.masks.actions.desk import decide_dispute, dispute
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.addresses import dwellings_of
from fangxian.masks.models import Application, ApplicationStatus, Dispute
from fangxian.masks.queries import committee as reads
from fangxian.masks.queries.desk import disputes
from fangxian.masks.queries.registrations import by_voucher, same_document, waiting_applications
from fangxian.masks.queries.rounds import committees_of
from fangxian.masks.rules import Code
from fangxian.masks.words import WORDS
from fangxian.places.queries import full_names
from fangxian.shared import clock

CODES = frozenset(code.value for code in Code)


@at_seat
@require_GET
def addresses(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The lists; what an applicant wrote is opened one by one, and that is recorded. `?same=1` shows documents that
    registered several addresses in place of today's attempts."""
    asked = "same" in request.GET
    tried = [] if asked else reads.attempts(seat.round, seat.place, clock.local_day(seat.now))
    context = {
        "place": seat.place, "round": seat.round, "tab": "addresses",
        "applications": waiting_applications(seat.round, seat.place), "disputes": disputes(seat.round, seat.place),
        "asked": asked, "same": same_document(seat.round, seat.place) if asked else [],
        "attempts": [(one, WORDS[Code(one.code)][0] if one.code in CODES else one.code) for one in tried],
    }  # fmt: skip
    return render(request, "console/mask_desk/addresses.html", context)


def _application(seat: Seat, application_id: UUID) -> Application:
    """Those of this committee, and those of none: they are everybody's."""
    mine = Q(committee=seat.place) | Q(committee__isnull=True)
    rows = Application.objects.filter(mine, round=seat.round, status=ApplicationStatus.WAITING)
    found = rows.filter(id=application_id).first()
    if found is None:
        raise access.NotFoundError(_("This address is decided already, or it waits at another committee."))
    return found


@at_seat
@sensitive_post_parameters("address")
@require_http_methods(["GET", "POST"])
def application(request: HttpRequest, seat: Seat, application_id: UUID) -> HttpResponse:
    """What was written, and the dwellings that it can mean; another way of writing it may be tried."""
    row = _application(seat, application_id)
    ask = read_application(application=row, by=seat.by, now=seat.now)
    address = request.POST.get("address", "").strip()[:200] or ask.address
    found = dwellings_of(seat.round.street, address, seat.place)
    names = full_names(found)
    context: dict[str, Any] = {
        "place": seat.place, "round": seat.round, "tab": "addresses", "application": row, "ask": ask,
        "address": address, "doors": [(door.id.hex, names[door.id]) for door in found],
        "others": [one for one in committees_of(seat.round) if one.id != seat.place.id] if row.committee_id else [],
    }  # fmt: skip
    return render(request, "console/mask_desk/application.html", context)


@at_seat
@require_POST
def place_one(request: HttpRequest, seat: Seat, application_id: UUID) -> HttpResponse:
    row = _application(seat, application_id)
    chosen = request.POST.get("unit", "")
    unit = dwelling(seat, "", chosen)[0] if is_id(chosen) else None
    if unit is None:
        messages.error(request, _("Choose the dwelling. Nothing was changed."))
        return redirect("mask-desk:application", seat.place.id, row.id)
    try:
        answer = place_application(application=row, unit=unit, by=seat.by, now=seat.now)
    except MaskError as refused:
        messages.error(request, str(refused))
        return redirect("mask-desk:application", seat.place.id, row.id)
    messages.success(request, _("Registered as %(number)s.") % {"number": answer.voucher})
    return redirect("mask-desk:addresses", seat.place.id)


@at_seat
@require_POST
def refuse(request: HttpRequest, seat: Seat, application_id: UUID) -> HttpResponse:
    row = _application(seat, application_id)
    try:
        refuse_application(
            application=row, reason=request.POST.get("reason", ""), by=seat.by, now=seat.now, desk=seat.place
        )
    except MaskError as refused:
        messages.error(request, str(refused))
        return redirect("mask-desk:application", seat.place.id, row.id)
    messages.success(request, _("Refused. The applicant reads your reason on their page."))
    return redirect("mask-desk:addresses", seat.place.id)


@at_seat
@require_POST
def pass_one(request: HttpRequest, seat: Seat, application_id: UUID) -> HttpResponse:
    """It is none of ours: to another committee, or to the street where nobody knows whose it is."""
    row = _application(seat, application_id)
    chosen = request.POST.get("committee", "")
    to = next((one for one in committees_of(seat.round) if str(one.id) == chosen), None)
    try:
        pass_on(application=row, committee=to, by=seat.by, now=seat.now, desk=seat.place)
    except MaskError as refused:
        messages.error(request, str(refused))
        return redirect("mask-desk:application", seat.place.id, row.id)
    name = to.name if to is not None else seat.round.street.name
    messages.success(request, _("Passed on to %(name)s, with the duty to decide it.") % {"name": name})
    return redirect("mask-desk:addresses", seat.place.id)


@at_seat
@sensitive_post_parameters("document")
@require_POST
def decide(request: HttpRequest, seat: Seat, dispute_id: UUID) -> HttpResponse:
    """Upheld only with the document of whoever lives there: somebody at the desk has seen it."""
    rows = Dispute.objects.filter(registration__round=seat.round, registration__committee=seat.place)
    row = rows.filter(id=dispute_id).first()
    if row is None:
        raise access.NotFoundError(_("There is no such dispute at this desk."))
    uphold, document = request.POST.get("decision") == "uphold", request.POST.get("document", "").strip()
    if uphold and not document:
        messages.error(request, _("Enter the document number of whoever lives there. Nothing was changed."))
        return redirect("mask-desk:addresses", seat.place.id)
    try:
        decide_dispute(
            dispute=row, uphold=uphold, reason=request.POST.get("reason", ""), document=document, by=seat.by,
            now=seat.now,
        )  # fmt: skip
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        said = _("Decided: the number goes to the other household, at the same place in the order.")
        messages.success(request, said if uphold else _("Decided: the number stays where it is."))
    return redirect("mask-desk:addresses", seat.place.id)


@at_seat
@sensitive_post_parameters("claimant", "phone", "statement")
@require_POST
def raise_dispute(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Somebody at the desk lives where another is registered: by the number that they were told stands there."""
    row = by_voucher(seat.round.street, request.POST.get("voucher", ""))
    if row is None or (row.round_id, row.committee_id) != (seat.round.id, seat.place.id):
        messages.error(request, _("There is no such number at this desk. Nothing was kept."))
        return redirect("mask-desk:addresses", seat.place.id)
    try:
        dispute(
            registration=row, claimant=request.POST.get("claimant", ""), phone=request.POST.get("phone", ""),
            statement=request.POST.get("statement", ""), by=seat.by, now=seat.now,
        )  # fmt: skip
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Kept. The number stays as it is until the committee has decided."))
    return redirect("mask-desk:addresses", seat.place.id)
