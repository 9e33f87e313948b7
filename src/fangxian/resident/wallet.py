"""The holder's own page of a pass: shown at the gate, on any telephone, without an account."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from fangxian.gates import printing
from fangxian.gates.models import Pass, PassStatus
from fangxian.gates.queries import passes
from fangxian.resident.view import public_view
from fangxian.resident.words import EARLY, KINDS, NEXT_STEPS, OVER, STATES, ZONES
from fangxian.shared import clock

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Card:
    """A pass as its holder reads it. `code` is there only while the pass opens a gate."""

    kind: "StrOrPromise"
    holder: str
    tongue: str
    company: str
    place: str
    gate: str
    zone: str
    zone_word: "StrOrPromise"
    number: str
    begins: str
    ends: str
    slot: str
    once: bool
    state: str
    state_word: "StrOrPromise"
    next_step: "StrOrPromise"
    reason: str
    code: SafeString


@public_view
@require_GET
def wallet(request: HttpRequest, secret: str) -> HttpResponse:
    permit = passes.by_wallet(secret)
    if permit is None:
        raise Http404
    return render(request, "resident/wallet.html", {"card": card_of(permit, clock.now())})


def state_of(permit: Pass, now: datetime) -> str:
    """What was decided about it comes before the calendar: a revoked pass does not merely look old."""
    now_us = clock.to_us(now)
    if permit.status != PassStatus.LIVE:
        return permit.status
    if permit.until_us <= now_us:
        return OVER
    return EARLY if now_us < permit.from_us else PassStatus.LIVE


def card_of(permit: Pass, now: datetime) -> Card:
    state = state_of(permit, now)
    drawn = printing.svg(permit.token) if state in (PassStatus.LIVE, EARLY) else ""
    return Card(
        kind=KINDS[permit.kind], holder=permit.holder, tongue=printing.tongue_of(permit.holder),
        company=permit.company, place=permit.place.name, gate=permit.gate.name if permit.gate else "",
        zone=permit.zone, zone_word=ZONES.get(permit.zone, ""), number=printing.spoken(permit.number),
        begins=printing.when(permit.from_us), ends=printing.when(permit.until_us),
        slot=printing.slot_words(permit), once=permit.once, state=state, state_word=STATES[state],
        next_step=NEXT_STEPS[state], reason=permit.reason,
        code=mark_safe(drawn),  # noqa: S308 - drawn by segno from a signed token, no outside text
    )  # fmt: skip
