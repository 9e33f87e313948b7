"""Reading rounds."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from fangxian.masks.models import Outlet, Round, Serving, Variant
from fangxian.masks.rules import RoundFacts
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.shared import clock


def facts_of(round: Round) -> RoundFacts:
    """One query for the quotas, unless `variants` was prefetched."""
    quotas = {variant.key: variant.quota for variant in round.variants.all()}
    return RoundFacts(
        round.announced_us, round.cancelled_us, round.register_from_us, round.register_until_us, round.staff_from_us,
        round.sale_from_us, round.sale_until_us, quotas,
    )  # fmt: skip


def rounds_of(street: Place | None = None) -> list[Round]:
    """Newest first; of all streets without one."""
    where = Q(street=street) if street is not None else Q()
    return list(Round.objects.filter(where).select_related("street").prefetch_related("variants").order_by("-number"))


def current(now: datetime) -> Round | None:
    """The round that residents ask about: announced, not cancelled, and the last whose sale is not over a week ago."""
    week_us = 7 * clock.DAY_US
    now_us = clock.to_us(now)
    return (
        Round.objects.filter(announced_us__lte=now_us, cancelled_us__isnull=True, sale_until_us__gt=now_us - week_us)
        .select_related("street")
        .prefetch_related("variants")
        .order_by("-register_from_us")
        .first()
    )


def outlets_of(round: Round, *, dropped: bool = False) -> list[Outlet]:
    """Pharmacies in the round, those that dropped out only on request."""
    rows = Outlet.objects.filter(round=round).select_related("pharmacy").order_by("pharmacy__path")
    return [row for row in rows if dropped or row.dropped_us is None]


def pharmacy_of(round: Round) -> dict[UUID, Place]:
    """The pharmacy that serves each committee now."""
    rows = Serving.objects.filter(round=round, until_us__isnull=True).select_related("pharmacy")
    return {row.committee_id: row.pharmacy for row in rows}


def committees_of(round: Round) -> list[Place]:
    where = Place.objects.filter(round.street.subtree, kind=PlaceKind.NEIGHBOURHOOD, closed_on__isnull=True)
    return list(where.order_by("path"))


def committee_of(place: Place) -> Place | None:
    """The neighbourhood that a dwelling, or any place, lies in."""
    return Place.objects.filter(path__in=parent_paths(place.path), kind=PlaceKind.NEIGHBOURHOOD).first()


def variant_of(round: Round, key: str) -> Variant | None:
    return Variant.objects.filter(round=round, key=key).select_related("item").first()
