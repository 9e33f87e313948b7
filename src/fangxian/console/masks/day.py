"""What the street sees to in a round, day by day: all closings, what came up, and addresses of no committee."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.masks.views import round_within
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions.applications import pass_on, read_application, refuse_application
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Application, ApplicationStatus, MessageKind, Round
from fangxian.masks.queries import street as reads
from fangxian.masks.queries.registrations import same_document
from fangxian.masks.queries.rounds import committees_of
from fangxian.places.models import Place
from fangxian.shared import clock


@staff_view(Capability.MASKS)
@require_GET
def summary(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """One day of all pharmacies and committees; today without a day."""
    round = round_within(who, round_id)
    day = parse_date(request.GET.get("day", "")) or clock.local_day(who.now)
    seen = reads.day_of(round, day)
    kinds = {kind.value: kind.label for kind in MessageKind}
    context = {
        "round": round, "seen": seen, "before": day - timedelta(days=1),
        "problems": [(one, kinds[one.said.kind]) for one in seen.problems],
        "unanswered": [(one, kinds[one.said.kind]) for one in seen.unanswered],
    }  # fmt: skip
    return render(request, "console/masks/day.html", context)


def _nobodys(round: Round) -> QuerySet[Application]:
    return Application.objects.filter(round=round, status=ApplicationStatus.WAITING, committee__isnull=True)


@staff_view(Capability.MASKS)
@require_GET
def addresses(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """Addresses that were given to no committee, and documents that stand at several addresses."""
    round = round_within(who, round_id)
    context = {
        "round": round, "applications": _nobodys(round).order_by("at_us"), "same": same_document(round),
    }  # fmt: skip
    return render(request, "console/masks/addresses.html", context)


@staff_view(Capability.MASKS)
@require_http_methods(["GET", "POST"])
def application(request: HttpRequest, who: Who, round_id: UUID, application_id: UUID) -> HttpResponse:
    """What was written, opened one by one and recorded: it goes to a committee, or it is refused."""
    round = round_within(who, round_id)
    row = access.get(_nobodys(round), Q(), id=application_id)
    committees = committees_of(round)
    if request.method == "GET":
        context = {
            "round": round, "application": row, "committees": committees,
            "ask": read_application(application=row, by=who.staff.actor, now=who.now),
        }  # fmt: skip
        return render(request, "console/masks/application.html", context)
    try:
        said = _decide(request, who, row, {str(one.id): one for one in committees})
    except MaskError as refused:
        messages.error(request, str(refused))
        return redirect("masks:application", round.id, row.id)
    messages.success(request, said)
    return redirect("masks:addresses", round.id)


def _decide(request: HttpRequest, who: Who, row: Application, committees: Mapping[str, Place]) -> str:
    if "refuse" in request.POST:
        refuse_application(
            application=row, reason=request.POST.get("reason", ""), by=who.staff.actor, now=who.now
        )  # fmt: skip
        return _("Refused. The applicant reads your reason on their page.")
    to = committees.get(request.POST.get("committee", ""))
    if to is None:
        raise MaskError(_("Choose the committee. Nothing was changed."))
    pass_on(application=row, committee=to, by=who.staff.actor, now=who.now)
    return _("Passed on to %(name)s, with the duty to decide it.") % {"name": to.name}
