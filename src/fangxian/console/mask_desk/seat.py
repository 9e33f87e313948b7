"""Whoever sits at a committee's desk: their committee and the round, or the page that says that there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.masks.addresses import dwellings_of
from fangxian.masks.models import Registration, Round
from fangxian.masks.queries import committee as reads
from fangxian.masks.queries.rounds import asked_about, at_desk
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names

P = ParamSpec("P")
ROUND_KEY = "desk-round"


@dataclass(frozen=True)
class Seat:
    who: Who
    place: Place
    round: Round
    rounds: tuple[Round, ...] = ()
    """All that may be chosen, the newest first; one alone needs no choice."""

    @property
    def now(self) -> datetime:
        return self.who.now

    @property
    def by(self) -> str:
        return self.who.staff.actor

    def registration(self, written: str) -> Registration:
        """A number of this desk by its id in a form. Raises NotFoundError."""
        found = reads.standing(self.round, self.place, UUID(written)) if is_id(written) else None
        if found is None:
            raise access.NotFoundError(_("There is no such number at this desk."))
        return found


SeatView = Callable[Concatenate[HttpRequest, Seat, P], HttpResponse]


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


def at_seat(view: SeatView[P]) -> Callable[..., HttpResponse]:
    """A page of one committee's desk in the round that was chosen, else in the current one."""

    def page(request: HttpRequest, who: Who, /, place_id: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        place, rounds = committee(who, place_id), at_desk(who.now)
        round = _chosen(request, rounds) or asked_about(rounds, who.now)
        if round is None:
            return render(request, "console/mask_desk/none.html", {"place": place})
        seat = Seat(who, place, round, tuple(rounds))
        request.seat = seat  # type: ignore[attr-defined]  # read back by the heading of every part of the desk
        return view(request, seat, *args, **kwargs)

    return wraps(view)(staff_view(Capability.MASK_DESK)(page))


def _chosen(request: HttpRequest, rounds: list[Round]) -> Round | None:
    """The round that was chosen at this desk, for as long as it can be chosen."""
    if (wanted := request.GET.get("round")) is not None:
        request.session[ROUND_KEY] = wanted
    return next((one for one in rounds if one.id.hex == request.session.get(ROUND_KEY)), None)


def is_id(written: str) -> bool:
    try:
        UUID(written)
    except ValueError:
        return False
    return True


def ids(request: HttpRequest, name: str) -> list[UUID]:
    """The ticked boxes of a form."""
    return [UUID(one) for one in request.POST.getlist(name) if is_id(one)]


def dwelling(seat: Seat, address: str, chosen: str) -> tuple[Place | None, list[tuple[str, str]]]:
    """The dwelling of this committee that was chosen or is meant; without one, those that it can be."""
    if is_id(chosen):
        unit = Place.objects.filter(
            seat.place.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True, id=UUID(chosen)
        ).first()
        if unit is not None:
            return unit, []
    found = dwellings_of(seat.round.street, address, seat.place)
    if len(found) == 1:
        return found[0], []
    names = full_names(found)
    return None, [(door.id.hex, names[door.id]) for door in found]
