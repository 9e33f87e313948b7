"""Inspections on a page: what somebody is sent to today, and one inspection as it was recorded."""

from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fangxian.accounts import access
from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.inspect import reads
from fangxian.console.view import Who, staff_view
from fangxian.files.actions import FileGoneError
from fangxian.inspections.actions.photos import open_photo
from fangxian.inspections.models import Answer, Inspection, Occasion, Result
from fangxian.inspections.queries import today as days
from fangxian.inspections.queries.findings import lines


@staff_view(Capability.INSPECT)
@require_GET
def today(request: HttpRequest, who: Who) -> HttpResponse:
    visits = reads.visits(who, None)
    context = {
        "visits": visits, "left": sum(visit.score is None for visit in visits), "now": who.now,
        "plans": who.can(Capability.FILINGS),
    }  # fmt: skip
    return render(request, "console/inspect/today.html", context)


def _within(who: Who) -> Q:
    """Inspections of places within reach, and one's own."""
    return who.held.places("place__path", "place__grid_id") | Q(inspector=who.staff.id)


@staff_view(Capability.FINDINGS)
@require_GET
def inspection(request: HttpRequest, who: Who, inspection_id: UUID) -> HttpResponse:
    row = access.get(Inspection.objects.select_related("place"), _within(who), id=inspection_id)
    shown = days.inspection(row, who.now)
    counted = [answer for answer in shown.answers if answer.result == Result.FAULT]
    context = {
        "view": shown, "line": shown.line, "occasion": Occasion(row.occasion).label, "faults": counted,
        "in_order": [answer for answer in shown.answers if answer.result == Result.OK],
        "none": [answer for answer in shown.answers if answer.result == Result.NONE],
        "findings": lines(row.findings.select_related("place").order_by("due_us", "id"), who.now),
    }  # fmt: skip
    return render(request, "console/inspect/inspection.html", context)


@staff_view(Capability.FINDINGS)
@require_GET
def photo(request: HttpRequest, who: Who, inspection_id: UUID, answer_id: int, digest: str) -> HttpResponse:
    mine = Inspection.objects.filter(_within(who), id=inspection_id)
    answer = access.get(Answer.objects.select_related("inspection"), Q(inspection__in=mine), id=answer_id)
    try:
        media_type, content = open_photo(of=answer, digest=digest, by=who.staff.actor, now=who.now)
    except FileGoneError as gone:
        raise NotFoundError(str(gone)) from gone
    answered = HttpResponse(content, content_type=media_type)
    answered["Content-Disposition"] = 'inline; filename="photo.jpg"'
    return answered
