"""Whose counter it is: the pharmacies within a person's reach, and the round that they sell in."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.accounts.access import Reach
from fangxian.console.view import Who
from fangxian.masks.models import Round
from fangxian.masks.queries.rounds import at_counter
from fangxian.places.models import Place, PlaceKind


def pharmacies_within(held: Reach) -> list[Place]:
    rows = Place.objects.filter(held.places(), kind=PlaceKind.PHARMACY, closed_on__isnull=True)
    return list(rows.order_by("path"))


def pharmacy_within(who: Who, place_id: UUID) -> Place:
    """Raises NotFoundError for one that is not theirs."""
    rows = Place.objects.filter(kind=PlaceKind.PHARMACY, closed_on__isnull=True)
    return access.get(rows, who.held.places(), id=place_id)


_CHOSEN: Final = "mask_round"


@dataclass(frozen=True, slots=True)
class Selling:
    """A pharmacy in a round. `rounds` are all that it has to do with now; `?round=` chooses another one of them."""

    place: Place
    round: Round
    rounds: tuple[Round, ...]


def selling(request: HttpRequest, who: Who, place: Place) -> Selling | None:
    """None between rounds. What was chosen holds for the pages and forms after it, until that round is done with."""
    found = at_counter(place, who.now)
    if found.round is None:
        return None
    asked = request.GET.get("round", "")
    if any(str(one.number) == asked for one in found.rounds):
        request.session[_CHOSEN] = asked
    chosen = request.session.get(_CHOSEN)
    round = next((one for one in found.rounds if str(one.number) == chosen), found.round)
    return Selling(place, round, found.rounds)


def selling_now(request: HttpRequest, who: Who, place_id: UUID) -> Selling:
    """Raises NotFoundError between rounds, and for a pharmacy that is not theirs."""
    at = selling(request, who, pharmacy_within(who, place_id))
    if at is None:
        raise _between()
    return at


def round_now(who: Who, place: Place) -> Round:
    """The round that the pharmacy works for. Raises NotFoundError between rounds."""
    round = at_counter(place, who.now).round
    if round is None:
        raise _between()
    return round


def _between() -> access.NotFoundError:
    return access.NotFoundError(_("There is no round at the moment. Nothing was changed."))
