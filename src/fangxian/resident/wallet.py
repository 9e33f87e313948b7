"""The holder's own page of a pass: shown at the gate, on any telephone, without an account."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from fangxian.files import actions as files
from fangxian.files.actions import FileGoneError
from fangxian.gates import printing
from fangxian.gates.models import Pass, PassStatus
from fangxian.gates.queries import passes, photos, slots
from fangxian.resident.view import public_view
from fangxian.resident.words import EARLY, KINDS, NEXT_STEPS, OVER, STATES, ZONES
from fangxian.shared import clock

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Card:
    """A pass as its holder reads it. `code` and the photo are there only while the pass opens a gate."""

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
    has_photo: bool


@public_view
@require_GET
def wallet(request: HttpRequest, secret: str) -> HttpResponse:
    permit = passes.by_wallet(secret)
    if permit is None:
        raise Http404
    return render(request, "resident/wallet.html", {"card": card_of(permit, clock.now()), "secret": secret})


@public_view
@require_GET
def photo(request: HttpRequest, secret: str) -> HttpResponse:
    """By the same random address as the page, and for as long as the page shows a code."""
    permit = passes.by_wallet(secret)
    if permit is None or not permit.photo or state_of(permit, clock.now()) not in USABLE:
        raise Http404
    try:
        stored, content = files.read(permit.photo)
    except FileGoneError as gone:
        raise Http404 from gone
    return HttpResponse(content, content_type=stored.media_type)


USABLE: Final = (PassStatus.LIVE, EARLY)


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
    drawn = printing.svg(permit.token) if state in USABLE else ""
    return Card(
        kind=KINDS[permit.kind], holder=permit.holder, tongue=printing.tongue_of(permit.holder),
        company=permit.company, place=permit.place.name, gate=permit.gate.name if permit.gate else "",
        zone=permit.zone, zone_word=ZONES.get(permit.zone, ""), number=printing.spoken(permit.number),
        begins=printing.when(permit.from_us), ends=printing.when(permit.until_us),
        slot=printing.slot_words(slots.slot_of(permit, now)), once=permit.once, state=state, state_word=STATES[state],
        next_step=NEXT_STEPS[state], reason=permit.reason,
        has_photo=state in USABLE and photos.is_kept(permit),
        code=mark_safe(drawn),  # noqa: S308 - drawn by segno from a signed token, no outside text
    )  # fmt: skip
