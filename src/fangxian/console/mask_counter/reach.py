"""Whose counter it is: the pharmacies within a person's reach, and the round that they sell in."""

from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.accounts.access import Reach
from fangxian.console.view import Who
from fangxian.masks.models import Round
from fangxian.masks.queries.rounds import current
from fangxian.places.models import Place, PlaceKind


def pharmacies_within(held: Reach) -> list[Place]:
    rows = Place.objects.filter(held.places(), kind=PlaceKind.PHARMACY, closed_on__isnull=True)
    return list(rows.order_by("path"))


def pharmacy_within(who: Who, place_id: UUID) -> Place:
    """Raises NotFoundError for one that is not theirs."""
    rows = Place.objects.filter(kind=PlaceKind.PHARMACY, closed_on__isnull=True)
    return access.get(rows, who.held.places(), id=place_id)


def round_now(who: Who) -> Round:
    """Raises NotFoundError between rounds."""
    round = current(who.now)
    if round is None:
        raise access.NotFoundError(_("There is no round at the moment. Nothing was changed."))
    return round
