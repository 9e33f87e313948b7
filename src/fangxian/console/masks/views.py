"""The street's pages of a round: prepare, announce, allocate, watch."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.masks.forms import OutletForm, RoundForm
from fangxian.console.templatetags.ui import say
from fangxian.console.view import Who, staff_view
from fangxian.masks import proof, publishing
from fangxian.masks.actions import allocate as allocation
from fangxian.masks.actions import rounds
from fangxian.masks.actions.dropping import drop_outlet
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Round, Run
from fangxian.masks.plan import plan_at
from fangxian.masks.queries import progress as reads
from fangxian.masks.queries.rounds import committees_of, facts_of, outlets_of, pharmacy_of
from fangxian.masks.queries.shelves import money_of
from fangxian.masks.queries.training import untrained
from fangxian.masks.rules import Phase, phase_of
from fangxian.masks.words import PHASES
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock

COMPARED: Final = {
    "arrived": gettext_lazy("arrived"),
    "promised": gettext_lazy("called, not collected"),
    "sold": gettext_lazy("sold"),
    "short": gettext_lazy("missing for called numbers"),
    "reserve": gettext_lazy("reserve"),
    "ledger": gettext_lazy("on hand by the ledger"),
    "calls of the run": gettext_lazy("numbers called that night"),
    "collected": gettext_lazy("collected for one number"),
}
"""What a difference of the check is about (`proof.Difference.of`)."""


def _within(who: Who) -> Q:
    return who.held.places("street__path", "street__grid_id")


def round_within(who: Who, round_id: UUID) -> Round:
    rows = Round.objects.select_related("street").prefetch_related("variants")
    return access.get(rows, _within(who), id=round_id)


def _street(who: Who) -> Place | None:
    """The street whose round it is: whoever makes one holds the whole of it."""
    return Place.objects.filter(who.held.places(), kind=PlaceKind.STREET).order_by("path").first()


@staff_view(Capability.MASKS)
@require_GET
def listing(request: HttpRequest, who: Who) -> HttpResponse:
    now_us = clock.to_us(who.now)
    rows = Round.objects.filter(_within(who)).prefetch_related("variants").order_by("-number")
    lines = [(row, PHASES[phase_of(facts_of(row), now_us)]) for row in rows]
    return render(request, "console/masks/list.html", {"lines": lines})


@staff_view(Capability.MASKS)
def new(request: HttpRequest, who: Who) -> HttpResponse:
    street, section = _street(who), plan_at(who.now).section
    if street is None:
        return render(request, "console/masks/new.html", {"form": None})
    first = clock.local_day(who.now) + timedelta(days=1)
    form = RoundForm(request.POST or None, section=section, first=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = rounds.make_round(street=street, new=NewRound(**form.cleaned_data), by=who.staff.actor, now=who.now)
        except MaskError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The round is prepared. Nobody sees it until it is announced."))
            return redirect("masks:round", made.id)
    return render(request, "console/masks/new.html", {"form": form}, status=400 if form.errors else 200)


@staff_view(Capability.MASKS)
@require_GET
def progress(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    round = round_within(who, round_id)
    phase, seen = phase_of(facts_of(round), clock.to_us(who.now)), reads.overview(round)
    context = {
        "round": round, "phase_word": PHASES[phase], "lines": seen.committees, "total": _total(seen.committees),
        "pharmacies": seen.pharmacies, "runs": reads.runs_of(round), "next_day": _next_day(round, who),
        "is_draft": phase == Phase.DRAFT, "is_over": phase in (Phase.OVER, Phase.CANCELLED),
    }  # fmt: skip
    return render(request, "console/masks/round.html", context)


@staff_view(Capability.MASKS)
@require_GET
def setup(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """Which pharmacies sell, and to whom; and how a round ends before its time."""
    return _setup(request, who, round_within(who, round_id))


def _setup(
    request: HttpRequest, who: Who, round: Round, form: OutletForm | None = None, status: int = 200
) -> HttpResponse:
    outlets, served = outlets_of(round, dropped=True), pharmacy_of(round)
    phase = phase_of(facts_of(round), clock.to_us(who.now))
    context = {
        "round": round, "form": form or _outlet_form(who, round), "outlets": outlets,
        "may_sell": [one for one in outlets if one.dropped_us is None],
        "committees": [(place, served.get(place.id)) for place in committees_of(round)],
        "is_draft": phase == Phase.DRAFT, "is_over": phase in (Phase.OVER, Phase.CANCELLED),
    }  # fmt: skip
    return render(request, "console/masks/setup.html", context, status=status)


def _total(lines: list[reads.CommitteeLine]) -> dict[str, int]:
    return {
        key: sum(getattr(line, key) for line in lines)
        for key in ("doors", "registered", "called", "collected", "lapsed", "waiting")
    }


def _outlet_form(who: Who, round: Round, data: QueryDict | None = None) -> OutletForm:
    pharmacies = Place.objects.filter(round.street.subtree, kind=PlaceKind.PHARMACY, closed_on__isnull=True)
    return OutletForm(data, pharmacies=pharmacies.order_by("path"), section=plan_at(who.now).section)


def _next_day(round: Round, who: Who) -> date:
    """The day that tonight's allocation is for: tomorrow, or the first day of sale."""
    first = clock.local_day(clock.from_us(round.sale_from_us))
    return max(first, clock.local_day(who.now) + timedelta(days=1))


@staff_view(Capability.MASKS)
@require_POST
def set_outlet(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    round = round_within(who, round_id)
    form = _outlet_form(who, round, request.POST)
    if not form.is_valid():
        return _setup(request, who, round, form, 400)
    data = form.cleaned_data
    pharmacy = Place.objects.get(id=data["pharmacy"])
    minutes = {key: data[key].hour * 60 + data[key].minute for key in ("open_from", "open_until")}
    try:
        rounds.add_outlet(
            round=round, pharmacy=pharmacy, slot_people=data["slot_people"], by=who.staff.actor, now=who.now, **minutes
        )
    except MaskError as refused:
        form.add_error(None, str(refused))
        return _setup(request, who, round, form, 400)
    messages.success(request, _("%(name)s sells in this round.") % {"name": pharmacy.name})
    return redirect("masks:setup", round.id)


@staff_view(Capability.MASKS)
@require_POST
def drop(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """A pharmacy drops out: its committees and its called numbers go to the others."""
    round = round_within(who, round_id)
    pharmacy = access.get(Place.objects.all(), Q(outlets__round=round), id=request.POST.get("pharmacy"))
    try:
        drop_outlet(
            round=round, pharmacy=pharmacy, reason=request.POST.get("reason", ""), by=who.staff.actor, now=who.now
        )
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, _("%(name)s no longer sells. Its numbers are called elsewhere first.") % {"name": pharmacy.name}
        )
    return redirect("masks:setup", round.id)


@staff_view(Capability.MASKS)
@require_POST
def serve(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """Which pharmacy serves which committee; those without one are spread over the pharmacies when asked."""
    round = round_within(who, round_id)
    try:
        if "spread" in request.POST:
            count = rounds.spread(round=round, by=who.staff.actor, now=who.now)
            messages.success(request, _("%(count)d committees were given a pharmacy.") % {"count": count})
        else:
            pharmacies = {str(one.pharmacy_id): one.pharmacy for one in outlets_of(round)}
            for committee in committees_of(round):
                chosen = pharmacies.get(request.POST.get(f"to-{committee.id}", ""))
                if chosen is not None:
                    rounds.serve(round=round, committee=committee, pharmacy=chosen, by=who.staff.actor, now=who.now)
            messages.success(request, _("Saved."))
    except MaskError as refused:
        messages.error(request, str(refused))
    return redirect("masks:setup", round.id)


@staff_view(Capability.MASKS)
@require_POST
def announce(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    round = round_within(who, round_id)
    try:
        rounds.announce(round=round, by=who.staff.actor, now=who.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The round is announced. Every door is now to be told of it."))
    return redirect("masks:round", round.id)


@staff_view(Capability.MASKS)
@require_POST
def allocate(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    """Call tomorrow's numbers against what has arrived."""
    round = round_within(who, round_id)
    day = parse_date(request.POST.get("day", "")) or _next_day(round, who)
    try:
        run = allocation.run(round=round, sale_day=day, by=who.staff.actor, now=who.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, _("%(count)d numbers are called for %(day)s.") % {"count": run.called, "day": run.sale_day}
        )
    return redirect("masks:round", round.id)


@staff_view(Capability.MASKS)
@require_POST
def cancel(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    round = round_within(who, round_id)
    try:
        rounds.cancel(round=round, reason=request.POST.get("reason", ""), by=who.staff.actor, now=who.now)
    except MaskError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The round is cancelled. What was called may still be collected."))
    return redirect("masks:setup", round.id)


@staff_view(Capability.MASKS)
@require_GET
def run_file(request: HttpRequest, who: Who, run_id: UUID) -> HttpResponse:
    """The published file of one night, which anybody can check without us."""
    row = access.get(
        Run.objects.select_related("round"), who.held.places("round__street__path", "round__street__grid_id"), id=run_id
    )
    answer = HttpResponse(row.document, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="R{row.round.number}-{row.sale_day:%Y%m%d}.json"'
    return answer


@staff_view(Capability.MASKS)
@require_GET
def check(request: HttpRequest, who: Who, round_id: UUID) -> HttpResponse:
    return _checked(request, round_within(who, round_id))


@staff_view(Capability.AUDIT)
@require_GET
def audit(request: HttpRequest, who: Who, round_id: UUID | None = None) -> HttpResponse:
    """The same for whoever audits, and acts on nothing."""
    if round_id is None:
        rows = Round.objects.filter(_within(who)).order_by("-number")
        return render(request, "console/masks/audit.html", {"rounds": rows})
    return _checked(request, round_within(who, round_id))


def _checked(request: HttpRequest, round: Round) -> HttpResponse:
    """Every shelf worked out again from its rows and the ledger, every night again from its published file."""
    titles = {variant.key: say(variant.title) for variant in round.variants.all()}
    differences = [
        (one.pharmacy, titles.get(one.variant, one.variant), COMPARED.get(one.of, one.of), one.stated, one.found)
        for one in proof.recount(round)
    ]
    nights = [publishing.verify(text) for text in reads.documents(round)]
    context = {
        "round": round, "differences": differences, "nights": nights,
        "faults": [fault for night in nights for fault in night.faults], "totals": reads.totals(round),
        "money_fen": money_of(round), "untrained": untrained(round, clock.now()),
    }  # fmt: skip
    return render(request, "console/masks/check.html", context)
