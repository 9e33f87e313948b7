"""The committee's desk in a round: register a home in twenty seconds, see the last ones, answer questions."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from fangxian.accounts.roles import Capability
from fangxian.console.mask_desk.forms import DeskForm
from fangxian.console.mask_desk.seat import Seat, at_seat, committees_within
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions.applications import register_written
from fangxian.masks.actions.register import register
from fangxian.masks.actions.register_items import Answer, Ask
from fangxian.masks.addresses import dwellings_of
from fangxian.masks.models import Round
from fangxian.masks.plan import plan_at
from fangxian.masks.queries import committee
from fangxian.masks.queries import registrations as reads
from fangxian.masks.queries.rounds import current, facts_of
from fangxian.masks.rules import phase_of, registering
from fangxian.masks.words import PHASES
from fangxian.places.models import Place
from fangxian.places.queries import full_names
from fangxian.shared import clock

LAST = 12


@staff_view(Capability.MASK_DESK)
@require_GET
def home(request: HttpRequest, who: Who) -> HttpResponse:
    found = committees_within(who)
    if len(found) == 1:
        return redirect("mask-desk:desk", found[0].id)
    return render(request, "console/mask_desk/home.html", {"committees": found, "round": current(who.now)})


@at_seat
@require_GET
def desk(request: HttpRequest, seat: Seat) -> HttpResponse:
    return _page(request, seat, DeskForm(variants=seat.round.variants.all()))


def _page(
    request: HttpRequest, seat: Seat, form: DeskForm, *, answer: Answer | None = None,
    doors: list[tuple[str, str]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    place, round = seat.place, seat.round
    now_us, facts = clock.to_us(seat.now), facts_of(round)
    counts = committee.counts(round, place)
    language, answers = get_language() or "zh", plan_at(seat.now).section.answers
    context: dict[str, Any] = {
        "place": place, "round": round, "form": form, "answer": answer, "doors": doors, "counts": counts,
        "phase": PHASES[phase_of(facts, now_us)], "open": registering(facts, now_us),
        "lines": reversed(reads.registrations_of(round, place, after_seq=max(0, counts.last - LAST), limit=LAST)),
        "answers": [(one.question.say(language), one.answer.say(language)) for one in answers],
    }  # fmt: skip
    return render(request, "console/mask_desk/desk.html", context, status=status)


@at_seat
@sensitive_post_parameters()
@require_POST
def register_one(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Register what was typed. An address that can mean several dwellings is asked about, never guessed."""
    place, round = seat.place, seat.round
    variants = list(round.variants.all())
    form = DeskForm(request.POST, variants=variants)
    if not form.is_valid():
        return _page(request, seat, form, status=400)
    ask = _ask(form, round)
    chosen = ask.unit or request.POST.get("keep")
    found = [] if chosen else dwellings_of(round.street, ask.address, place)
    if not chosen and len(found) != 1:
        names = full_names(found)
        doors = [(door.id.hex, names[door.id]) for door in found]
        return _page(request, seat, form, doors=doors)
    answer = _registered(ask, found[0] if found else None, place, form.cleaned_data["staff"], seat.who)
    if answer.status in ("stored", "known"):
        return _page(request, seat, DeskForm(variants=variants), answer=answer)
    return _page(request, seat, form, answer=answer, status=409)


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
