"""The channel of a round on three pages: a pharmacy's, a committee's and the street's. Each reads what concerns it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.accounts import access
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Capability
from fangxian.console.mask_counter.forms import SayForm
from fangxian.console.mask_counter.reach import pharmacy_within, selling
from fangxian.console.view import Who, staff_view
from fangxian.masks.actions import channel
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Message, MessageKind, Round
from fangxian.masks.queries import channel as reads
from fangxian.masks.queries import pharmacy as pharmacy_reads
from fangxian.masks.queries.rounds import committees_of, current, outlets_of, pharmacy_of
from fangxian.places.models import Place, PlaceKind

_K = MessageKind
PHARMACY_KINDS: Final = (_K.QUESTION, _K.SHORTAGE, _K.INCIDENT, _K.PROGRESS)
COMMITTEE_KINDS: Final = (_K.QUESTION, _K.PROGRESS)
STREET_KINDS: Final = (_K.PROGRESS, _K.NUMBERS, _K.QUESTION)
SHOWN: Final = (
    ("", ()),
    ("open", ()),
    ("arrivals", (_K.ARRIVAL,)),
    ("progress", (_K.PROGRESS, _K.NUMBERS)),
    ("shortages", (_K.SHORTAGE,)),
    ("site", (_K.ON_DUTY, _K.CROWD, _K.INCIDENT)),
)


@dataclass(frozen=True)
class Reader:
    """Who reads, what they may say, and which entries they may answer."""

    round: Round
    kinds: Sequence[MessageKind]
    answers: Callable[[reads.Said], bool]
    pharmacy: Place | None = None
    committee: Place | None = None
    rounds: Sequence[Round] = ()
    pharmacies: Sequence[Place] = ()
    committees: Sequence[Place] = ()


@staff_view(Capability.MASK_COUNTER)
@require_http_methods(["GET", "POST"])
def of_pharmacy(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    place = pharmacy_within(who, place_id)
    at = selling(request, who, place)
    if at is None:
        return render(request, "console/mask_counter/none.html", {"place": place})
    # a committee's question about its pharmacy is the pharmacy's to answer; all else is the street's
    reader = Reader(
        at.round,
        PHARMACY_KINDS,
        lambda said: said.kind == _K.QUESTION and said.committee_id is not None,
        pharmacy=place,
        rounds=at.rounds,
    )
    return _page(request, who, reader)


@staff_view(Capability.MASK_DESK)
@require_http_methods(["GET", "POST"])
def of_committee(request: HttpRequest, who: Who, place_id: UUID) -> HttpResponse:
    rows = Place.objects.filter(kind=PlaceKind.NEIGHBOURHOOD, closed_on__isnull=True)
    parents = Place.objects.filter(id__in=who.held.grids).values("parent_id")
    place = (rows.filter(who.held.places(), id=place_id) | rows.filter(id__in=parents).filter(id=place_id)).first()
    if place is None:
        raise access.NotFoundError(_("There is no such committee within your reach."))
    round = current(who.now)
    if round is None:
        return render(request, "console/mask_counter/none.html", {"place": place})
    mine = pharmacy_of(round).get(place.id)
    pharmacies = [mine] if mine is not None else []
    return _page(
        request, who, Reader(round, COMMITTEE_KINDS, lambda said: False, committee=place, pharmacies=pharmacies)
    )


@staff_view(Capability.MASKS)
@require_http_methods(["GET", "POST"])
def of_street(request: HttpRequest, who: Who) -> HttpResponse:
    round = current(who.now)
    if round is None:
        return render(request, "console/mask_counter/none.html", {"place": None})
    pharmacies = [outlet.pharmacy for outlet in outlets_of(round)]
    reader = Reader(
        round, STREET_KINDS, lambda said: True, pharmacies=pharmacies, committees=committees_of(round)
    )  # fmt: skip
    return _page(request, who, reader)


def _page(request: HttpRequest, who: Who, reader: Reader) -> HttpResponse:
    form = SayForm(
        request.POST if request.method == "POST" and "answer" not in request.POST else None, kinds=reader.kinds,
        pharmacies=reader.pharmacies, committees=reader.committees,
    )  # fmt: skip
    if request.method == "POST" and _take(request, who, reader, form):
        return redirect(request.path)
    show = next((name for name, _kinds in SHOWN if name == request.GET.get("show")), "")
    said = reads.feed(
        reader.round, pharmacy=reader.pharmacy, committee=reader.committee, kinds=dict(SHOWN)[show]
    )  # fmt: skip
    if show == "open":
        said = [one for one in said if one.open]
    context: dict[str, Any] = {
        "round": reader.round, "rounds": reader.rounds, "place": reader.pharmacy or reader.committee,
        "pharmacy": reader.pharmacy,
        "tab": "channel", "show": show, "shown": [name for name, _kinds in SHOWN], "form": form,
        "entries": [(one, MessageKind(one.kind).label, one.open and reader.answers(one)) for one in said],
        "names": _names(said),
        "progress": pharmacy_reads.progress(reader.round, pharmacy=reader.pharmacy, committee=reader.committee),
    }  # fmt: skip
    return render(request, "console/mask_counter/channel.html", context, status=400 if form.errors else 200)


def _take(request: HttpRequest, who: Who, reader: Reader, form: SayForm) -> bool:
    """Keep what was written. False: it stands in the form with what is wrong about it."""
    try:
        if "answer" in request.POST:
            channel.answer(
                message=_message(request.POST.get("message", ""), reader), text=request.POST["answer"],
                by=who.staff.actor, now=who.now,
            )  # fmt: skip
            messages.success(request, _("Answered. What was owed is done."))
            return True
        if not form.is_valid():
            return False
        channel.say(
            round=reader.round, kind=MessageKind(form.cleaned_data["kind"]), text=form.cleaned_data["text"],
            pharmacy=reader.pharmacy or form.chosen("pharmacy"), committee=reader.committee or form.chosen("committee"),
            by=who.staff.actor, now=who.now,
        )  # fmt: skip
    except MaskError as refused:
        if "answer" not in request.POST:
            form.add_error(None, str(refused))
            return False
        messages.error(request, str(refused))
        return True
    messages.success(request, _("The others see it now."))
    return True


def _message(written: str, reader: Reader) -> Message:
    """The entry that is answered; only one that the reader sees and may answer. Raises NotFoundError."""
    seen = reads.feed(reader.round, pharmacy=reader.pharmacy, committee=reader.committee, kinds=reads.OWES, limit=500)
    said = next((one for one in seen if str(one.id) == written and reader.answers(one)), None)
    if said is None:
        raise access.NotFoundError(_("There is no such entry for you to answer. Nothing was kept."))
    return Message.objects.get(id=said.id)


def _names(said: Sequence[reads.Said]) -> dict[str, str]:
    """Who wrote: staff by their name; what a process wrote has none."""
    found: dict[UUID, str] = {}
    for one in {*(one.by for one in said), *(one.answered_by for one in said)}:
        try:
            found[UUID(one)] = one
        except ValueError:
            continue
    return {found[key]: name for key, name in Staff.objects.filter(id__in=list(found)).values_list("id", "name")}
