"""A home's own pages in a round: registering with the code of the letter, and the page of its number.

The form is plain HTML and is taken by the hot path (`/intake/`), so that the minutes after a round opens need nothing
else of the server.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from fangxian.masks import printing, typed
from fangxian.masks.actions import desk, seeing
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import withdraw
from fangxian.masks.allocation import pseudonym
from fangxian.masks.doors import read_door
from fangxian.masks.models import Policy, Registration, Round, Yield
from fangxian.masks.queries import mine, registrations
from fangxian.masks.queries.mine import MyCall
from fangxian.masks.queries.public import in_turn
from fangxian.masks.queries.registrations import Mine, address_of
from fangxian.masks.queries.rounds import facts_of
from fangxian.masks.rules import Code, Phase, phase_of, registering
from fangxian.resident.view import public_view
from fangxian.resident.words import DOCUMENTS, PHASES, REFUSALS
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import WriterBusyError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _short() -> str:
    return (get_language() or "zh").split("-")[0]


@public_view
@require_GET
def register_page(request: HttpRequest, number: int, door: str) -> HttpResponse:
    """The form behind the letter's code; whoever registered already from this door is told so."""
    now = clock.now()
    round, unit = _of_door(number, door)
    _seen(round, unit, now)
    return _form(request, round, now, door=door, address=address_of(unit), back=request.path)


@public_view
@require_GET
def open_page(request: HttpRequest, number: int) -> HttpResponse:
    """The same form for somebody without the letter: the address is written, and a document goes with it."""
    round = _of_number(number, request.GET.get("round", ""))
    return _form(request, round, clock.now(), door="", address="", back=f"{request.path}?round={round.id.hex}")


def _announced(number: int) -> list[Round]:
    """One for each street that has such a round."""
    return list(Round.objects.filter(number=number, announced_us__isnull=False).prefetch_related("variants"))


def _of_door(number: int, door: str) -> tuple[Round, UUID]:
    """The round whose letter has this code, and the dwelling."""
    for round in _announced(number):
        unit = read_door(round.id, door)
        if unit is not None:
            return round, unit
    raise Http404


def _of_number(number: int, ident: str) -> Round:
    """By its id where several streets have a round of this number."""
    found = [round for round in _announced(number) if not ident or round.id.hex == ident]
    if len(found) != 1:
        raise Http404
    return found[0]


def _seen(round: Round, unit: UUID, now: datetime) -> None:
    """The page opens also while the writer is busy."""
    with suppress(WriterBusyError):
        seeing.opened(round=round, unit=unit, now=now)


def _form(request: HttpRequest, round: Round, now: datetime, *, door: str, address: str, back: str) -> HttpResponse:
    code = request.GET.get("code", "")
    facts = facts_of(round)
    phase = phase_of(facts, clock.to_us(now))
    kept = request.COOKIES.get(typed.COOKIE, "") if code else ""
    before = typed.read(kept, round=round.id.hex, door=door, now=now) if kept else {}
    context = {
        "round": round, "door": door, "address": address, "back": back, "typed": before,
        "short": _short(), "id": new_id(),
        "open": registering(facts, clock.to_us(now)), "phase": PHASES[phase], "early": phase == Phase.ANNOUNCED,
        "variants": [(one, before.get(f"want_{one.key}")) for one in round.variants.order_by("id")], "kinds": DOCUMENTS,
        "refused": REFUSALS.get(code), "standing": request.GET.get("standing", "")[:40],
        "taken": code == Code.TAKEN,
    }  # fmt: skip
    return render(request, "resident/register.html", context)


@dataclass(frozen=True)
class Number:
    """What the page of a number shows. `qr` is there while something may be collected; `in_file` is what it is called
    in the published files, once the seed is known."""

    mine: Mine
    calls: list[MyCall]
    ahead: int
    days: tuple[int, int] | None
    qr: SafeString
    phase: "StrOrPromise"
    may_yield: bool
    yielded: bool
    lottery: bool
    in_turn: bool
    own_days: tuple[date, ...]
    in_file: str


def number_of(found: Mine, now: datetime) -> Number:
    row = found.registration
    calls = mine.calls_of(row)
    waiting = not calls and row.withdrawn_us is None
    ahead = mine.ahead_of(row) if waiting else 0
    yielded = Yield.objects.filter(registration=row).exists()
    drawn = printing.code(found.voucher, row.secret) if any(call.open for call in calls) else ""
    return Number(
        found, calls, ahead, mine.expected(row, ahead) if waiting else None,
        mark_safe(drawn),  # noqa: S308 - drawn by segno from a number of ours, no outside text
        PHASES[phase_of(facts_of(found.round), clock.to_us(now))], waiting and not yielded and not row.urgent, yielded,
        row.round.policy == Policy.LOTTERY, in_turn(row.round), mine.days_for(row, now) if waiting else (),
        pseudonym(row.round.seed, row.id.hex) if row.round.seed else "",
    )  # fmt: skip


@public_view
@require_GET
def number_page(request: HttpRequest, secret: str) -> HttpResponse:
    found = registrations.by_secret(secret)
    if found is not None:
        now = clock.now()
        _seen(found.round, found.registration.unit, now)
        context = {"number": number_of(found, now), "secret": secret, "short": _short()}
        return render(request, "resident/number.html", context)
    application = registrations.application_by_secret(secret)
    if application is None:
        raise Http404
    if application.registration is not None:
        return redirect("resident:number", application.registration.secret)
    return render(request, "resident/application.html", {"application": application, "short": _short()})


def _own(secret: str) -> Registration:
    row = Registration.objects.select_related("round").filter(secret=secret).first()
    if row is None:
        raise Http404
    return row


@public_view
@require_POST
def give_way(request: HttpRequest, secret: str) -> HttpResponse:
    """One tap: the place in the order goes to somebody who needs it now."""
    try:
        desk.yield_place(registration=_own(secret), by="", now=clock.now())
    except MaskError:
        return render(request, "resident/refused.html", {"secret": secret}, status=409)
    return redirect("resident:number", secret)


@public_view
@require_POST
def take_back(request: HttpRequest, secret: str) -> HttpResponse:
    """The home needs nothing any more: its number stays used, its address is free."""
    try:
        withdraw(registration=_own(secret), reason="resident", by="", now=clock.now())
    except MaskError:
        return render(request, "resident/refused.html", {"secret": secret}, status=409)
    return redirect("resident:number", secret)


@public_view
@require_POST
def dispute(request: HttpRequest, number: int, door: str) -> HttpResponse:
    """It was not this home that registered: somebody at the committee looks into it."""
    round, unit = _of_door(number, door)
    row = Registration.objects.filter(round=round, unit=unit, withdrawn_us__isnull=True).first()
    if row is None:
        raise Http404
    try:
        desk.dispute(
            registration=row, claimant=request.POST.get("applicant", "")[:80], phone=request.POST.get("phone", "")[:30],
            statement=request.POST.get("statement", "")[:400], by="", now=clock.now(),
        )  # fmt: skip
    except MaskError:
        return render(request, "resident/refused.html", {"dispute": True}, status=409)
    return render(request, "resident/refused.html", {"done": True})
