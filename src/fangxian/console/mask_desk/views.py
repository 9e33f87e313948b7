"""The committee's desk in a round: register a home in twenty seconds, see the last ones, answer questions."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.mask_desk.forms import DeskForm
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions.applications import register_written
from fangxian.masks.actions.register import register
from fangxian.masks.actions.register_items import Answer, Ask
from fangxian.masks.addresses import dwellings_of
from fangxian.masks.models import Counter, Round
from fangxian.masks.plan import plan_at
from fangxian.masks.queries import registrations as reads
from fangxian.masks.queries.rounds import current, facts_of
from fangxian.masks.rules import phase_of, registering
from fangxian.masks.words import PHASES
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names
from fangxian.shared import clock

LAST = 12


def committees_within(who: Who) -> list[Place]:
    """The committees whose desk this person may sit at; a grid's worker sits at the committee of the grid."""
    rows = Place.objects.filter(kind=PlaceKind.NEIGHBOURHOOD, closed_on__isnull=True)
    grids = Place.objects.filter(id__in=who.held.grids).values("parent_id")
    found = rows.filter(who.held.places()) | rows.filter(id__in=grids)
    return list(found.distinct().order_by("path"))


def committee(who: Who, place_id: UUID) -> Place:
    place = next((one for one in committees_within(who) if one.id == place_id), None)
    if place is None:
        raise access.NotFoundError(_("There is no such committee within your reach."))
    return place


@staff_view(Capability.MASK_DESK)
@require_GET
def home(request: HttpRequest, who: Who) -> HttpResponse:
    found = committees_within(who)
    if len(found) == 1:
        return redirect("mask-desk:desk", found[0].id)
    return render(request, "console/mask_desk/home.html", {"committees": found, "round": current(who.now)})


@staff_view(Capability.MASK_DESK)
@require_GET
def desk(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place, round = committee(who, place_id), current(who.now)
    if round is None:
        return render(request, "console/mask_desk/none.html", {"place": place})
    return _page(request, who, place, round, DeskForm(variants=round.variants.all()))


def _page(
    request: HttpRequest, who: Who, place: Place, round: Round, form: DeskForm, *, answer: Answer | None = None,
    doors: list[tuple[str, str]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    now_us = clock.to_us(who.now)
    last = Counter.objects.filter(round=round, committee=place).values_list("last", flat=True).first() or 0
    language = get_language() or "zh"
    context: dict[str, Any] = {
        "place": place, "round": round, "form": form, "answer": answer, "doors": doors, "last": last,
        "phase": PHASES[phase_of(facts_of(round), now_us)], "open": registering(facts_of(round), now_us),
        "lines": reversed(reads.registrations_of(round, place, after_seq=max(0, last - LAST), limit=LAST)),
        "waiting": len(reads.waiting_applications(round, place)),
        "answers": [(one.question.say(language), one.answer.say(language)) for one in plan_at(who.now).section.answers],
    }  # fmt: skip
    return render(request, "console/mask_desk/desk.html", context, status=status)


@staff_view(Capability.MASK_DESK)
@sensitive_post_parameters()
@require_POST
def register_one(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    """Register what was typed. An address that can mean several dwellings is asked about, never guessed."""
    place, round = committee(who, place_id), current(who.now)
    if round is None:
        return render(request, "console/mask_desk/none.html", {"place": place})
    variants = list(round.variants.all())
    form = DeskForm(request.POST, variants=variants)
    if not form.is_valid():
        return _page(request, who, place, round, form, status=400)
    ask = _ask(form, round)
    chosen = ask.unit or request.POST.get("keep")
    found = [] if chosen else dwellings_of(round.street, ask.address, place)
    if not chosen and len(found) != 1:
        names = full_names(found)
        doors = [(door.id.hex, names[door.id]) for door in found]
        return _page(request, who, place, round, form, doors=doors)
    answer = _registered(ask, found[0] if found else None, place, form.cleaned_data["staff"], who)
    if answer.status in ("stored", "known"):
        return _page(request, who, place, round, DeskForm(variants=variants), answer=answer)
    return _page(request, who, place, round, form, answer=answer, status=409)


def _ask(form: DeskForm, round: Round) -> Ask:
    data = form.cleaned_data
    return Ask(
        id=data["id"], round=round.id.hex, unit=data["unit"], address=data["address"], wants=form.wants,
        applicant=data["applicant"], document=data["document"], country=data["country"], phone=data["phone"],
        channel=data["channel"], special=data["special"], urgent=data["urgent"], deliver=data["deliver"],
    )  # fmt: skip


def _registered(ask: Ask, door: Place | None, place: Place, staff: bool, who: Who) -> Answer:
    """By dwelling where it is known and lies in this committee; else kept for somebody who finds it."""
    unit = door or (Place.objects.filter(place.subtree, id=UUID(hex=ask.unit)).first() if ask.unit else None)
    if unit is None:
        kept = msgspec.structs.replace(ask, unit="")
        return register_written(kept, who.now, committee=place, by=who.staff.actor, staff=staff, trusted=True)
    known = msgspec.structs.replace(ask, unit=unit.id.hex)
    return register([known], who.now, by=who.staff.actor, staff=staff, trusted=True)[0]
