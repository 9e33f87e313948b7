"""For those who look after buildings: who may not work yet, who has not reported, and ledgers to read."""

from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.accounts.access import NotFoundError
from fangxian.accounts.roles import Capability
from fangxian.console.firm_roster.shape import FILTERS, shown
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.workplaces.models import Returning
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import daily, firms
from fangxian.workplaces.queries import returning as reads


def _frank(who: Who) -> bool:
    """A positive test is for those who write ledgers or decide about people, not for everybody who runs a house."""
    return who.can(Capability.FIRM) or who.can(Capability.FILINGS)


def _number(request: HttpRequest) -> int:
    written = request.GET.get("page", "1")
    return int(written) if written.isdigit() and len(written) < 7 else 1


def _buildings(who: Who) -> list[Place]:
    """Buildings within reach that have a ledger."""
    listed = Returning.objects.filter(until_us__isnull=True).values("place_id")
    return list(Place.objects.filter(who.held.places(), id__in=listed).order_by("path"))


def _chosen(request: HttpRequest, buildings: list[Place]) -> Place | None:
    written = request.GET.get("building", "")
    return next((one for one in buildings if str(one.id) == written), None)


@staff_view(Capability.BUILDINGS)
@require_GET
def waiting(request: HttpRequest, who: Who) -> HttpResponse:
    """People who may not work yet: until which day, or what is missing."""
    buildings = _buildings(who)
    building, show = _chosen(request, buildings), request.GET.get("show", "")
    show = show if show in reads.SHOWN and show != "now" else ""
    within = who.held.places("place__path", "place__grid_id")
    if building is not None:
        within &= Q(place=building)
    page = reads.waiting(within, who.now, show=show, number=_number(request))
    counts = page.counts.by_key
    context = {
        "page": page, "rows": [shown(line, frank=_frank(who)) for line in page.lines], "show": show,
        "buildings": buildings, "building": building,
        "filters": [
            (key, words if key else _("all who may not work"), counts[key] if key else counts[""] - counts["now"])
            for key, words in FILTERS.items() if key != "now"
        ],
        "next": page.number + 1 if page.number < page.pages else None,
        "previous": page.number - 1 if page.number > 1 else None,
    }  # fmt: skip
    return render(request, "console/firm_roster/waiting.html", context)


@staff_view(Capability.BUILDINGS)
@require_GET
def reports(request: HttpRequest, who: Who) -> HttpResponse:
    """Which enterprises have not sent today's report, by building."""
    day = clock.local_day(who.now)
    found = daily.by_building(who.held, day)
    context = {
        "rows": sorted(found, key=lambda one: (-len(one.missing), one.place.path)), "day": day,
        "owed": sum(one.owed for one in found), "reported": sum(one.reported for one in found),
        "unwell": sum(one.unwell for one in found), "by": plan_at(who.now).section.report_by,
    }  # fmt: skip
    return render(request, "console/firm_roster/reports.html", context)


@staff_view(Capability.BUILDINGS)
@require_GET
def ledger(request: HttpRequest, who: Who, enterprise_id: UUID, place_id: UUID) -> HttpResponse:
    """One enterprise's ledger, to read: by standing and by where the people came from."""
    seat = firms.seat(who.held, enterprise_id, place_id)
    if not who.held.holds(seat.place):
        raise NotFoundError(_("There is no such enterprise within your reach."))
    show = request.GET.get("show", "")
    show = show if show in reads.SHOWN else ""
    page = reads.ledger(seat.ids, seat.place, who.now, show=show, number=_number(request))
    context = {
        "seat": seat, "page": page, "rows": [shown(line, frank=_frank(who)) for line in page.lines], "show": show,
        "filters": [(key, words, page.counts.by_key[key]) for key, words in FILTERS.items()],
        "origins": reads.by_origin(seat.ids, seat.place),
        "contradictions": reads.contradictions(seat.ids, seat.place, who.now),
        "writes": who.can(Capability.FIRM),
        "next": page.number + 1 if page.number < page.pages else None,
        "previous": page.number - 1 if page.number > 1 else None,
    }  # fmt: skip
    return render(request, "console/firm_roster/read.html", context)
