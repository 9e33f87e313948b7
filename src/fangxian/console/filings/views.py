"""Filings as the building and the street see them: what waits and for how long, and each with what may be done now."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.filings.actors import actors, is_own
from fangxian.console.view import Who, staff_view
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.workplaces.actions import filings
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Filing, FilingAct, FilingStatus
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries import filings as reads
from fangxian.workplaces.queries import firms
from fangxian.workplaces.rules import Actor, acts_open
from fangxian.workplaces.words import ACTS_DONE, LACKS

GROUPS: dict[str, tuple[FilingStatus, ...]] = {
    "waiting": reads.WAITING,
    "writing": reads.OPEN_TO_EDIT,
    "accepted": (FilingStatus.ACCEPTED,),
    "suspended": (FilingStatus.SUSPENDED,),
    "ended": (FilingStatus.ENDED,),
}


def _buildings(who: Who) -> list[Place]:
    return list(Place.objects.filter(who.held.places(), kind=PlaceKind.BUILDING, closed_on=None).order_by("path"))


@staff_view(Capability.BUILDINGS)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    """What waits, the longest first; other states on the other tabs."""
    group = request.GET.get("state", "")
    group = group if group in GROUPS else "waiting"
    buildings = _buildings(who)
    chosen = next((one for one in buildings if str(one.id) == request.GET.get("building")), None)
    words = {
        "waiting": _("Waiting"), "writing": _("Being written"), "accepted": FilingStatus.ACCEPTED.label,
        "suspended": FilingStatus.SUSPENDED.label, "ended": FilingStatus.ENDED.label,
    }  # fmt: skip
    numbers = reads.counts(who.held)
    rows = reads.queue(who.held, now=who.now, statuses=GROUPS[group], building=chosen)
    context = {
        "rows": rows, "buildings": buildings, "chosen": chosen, "group": group,
        "tabs": [(key, words[key], sum(numbers[one] for one in states)) for key, states in GROUPS.items()],
        "more": len(rows) == reads.MOST, "overdue": sum(row.overdue for row in rows),
        "hours": plan_at(who.now).section.decide_hours,
    }  # fmt: skip
    return render(request, "console/filings/list.html", context)


def _actors(who: Who, row: Filing) -> frozenset[Actor]:
    return actors(who, row, firms.family([row.enterprise_id]), reads.sent_by(row))


@staff_view(Capability.BUILDINGS)
@require_GET
def filing(request: HttpRequest, who: Who, filing_id: UUID) -> HttpResponse:
    return _page(request, who, reads.get(who.held, filing_id))


def _page(request: HttpRequest, who: Who, row: Filing, *, phone: str = "", status: int = 200) -> HttpResponse:
    plan, language = plan_at(who.now), get_language() or "zh"
    one = firms.known(row.enterprise_id)
    story = reads.story(row, plan, language)
    sender = next((step.row.by for step in reversed(story) if step.row.act == FilingAct.SUBMIT), "")
    found, held = reads.around(row, plan.section, one.ids), actors(who, row, one.ids, sender)
    lacks = found.lacks if row.status in (*reads.OPEN_TO_EDIT, *reads.WAITING) else ()
    waits = clock.to_us(who.now) - row.submitted_us if row.submitted_us and row.status in reads.WAITING else None
    context: dict[str, Any] = {
        "filing": row, "enterprise": one.enterprise, "ledger": found.ledger, "posts": found.posts,
        "supplies": found.supplies, "story": story, "phone": phone, "lacks": [LACKS[lack] for lack in lacks],
        "acts": [name for name in acts_open(row.status, held) if name != FilingAct.SUBMIT],
        "reasons": [(reason.key, reason.title.say(language)) for reason in plan.section.return_reasons],
        "waits_us": waits, "hours": plan.section.decide_hours,
        "overdue": waits is not None and waits > plan.section.decide_hours * clock.HOUR_US,
        "may_write": Actor.FIRM in held and row.status in reads.OPEN_TO_EDIT,
        "may_phone": bool(row.phone_sealed) and bool(held & {Actor.WORKER, Actor.STREET}),
        "may_read_ledger": Actor.FIRM in held, "own": is_own(who, one.ids) or sender == who.staff.actor,
    }  # fmt: skip
    return render(request, "console/filings/filing.html", context, status=status)


@staff_view(Capability.BUILDINGS)
@require_POST
def act(request: HttpRequest, who: Who, filing_id: UUID) -> HttpResponse:
    """One step, from where the page showed the filing to stand."""
    row, wanted = reads.get(who.held, filing_id), request.POST.get("act", "")
    if request.POST.get("seen") != f"{row.status}:{row.version}" or wanted not in FilingAct.values:
        messages.error(request, _("The filing has changed since this page was opened. Nothing was done. Look again."))
        return redirect("filings:filing", row.id)
    name = FilingAct(wanted)
    try:
        filings.act(
            filing=row, act=name, actors=_actors(who, row), by=who.staff.actor, now=who.now,
            reasons=request.POST.getlist("reason"), text=request.POST.get("text", ""),
        )  # fmt: skip
    except WorkplaceError as error:
        messages.error(request, str(error))
        return redirect("filings:filing", row.id)
    messages.success(
        request, _("%(name)s: %(done)s.") % {"name": row.enterprise.label, "done": ACTS_DONE[name]}
    )  # fmt: skip
    return redirect("filings:filing", row.id)


@staff_view(Capability.BUILDINGS)
@require_POST
def phone(request: HttpRequest, who: Who, filing_id: UUID) -> HttpResponse:
    """The telephone number in clear, for whoever decides. Reading it is recorded."""
    row = reads.get(who.held, filing_id)
    if not _actors(who, row) & {Actor.WORKER, Actor.STREET}:
        messages.error(request, _("Only who checks or decides about the filing opens the number."))
        return redirect("filings:filing", row.id)
    try:
        number = filings.open_phone(filing=row, by=who.staff.actor, now=who.now)
    except WorkplaceError as error:
        messages.error(request, str(error))
        return redirect("filings:filing", row.id)
    return _page(request, who, row, phone=number)
