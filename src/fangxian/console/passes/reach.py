"""What of places, employers and passes somebody's reach holds."""

from uuid import UUID

from django.db.models import Q, QuerySet

from fangxian.accounts import access
from fangxian.console.view import Who
from fangxian.gates.models import Pass
from fangxian.gates.queries.passes import within
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, Relation

MOST_COMPANIES = 500


def places(who: Who) -> list[Place]:
    """Where passes are for: compounds and buildings."""
    kinds = (PlaceKind.COMPOUND, PlaceKind.BUILDING)
    return list(Place.objects.filter(who.held.places(), kind__in=kinds, closed_on=None).order_by("path"))


def gates(who: Who) -> list[Place]:
    return list(Place.objects.filter(who.held.places(), kind=PlaceKind.GATE, closed_on=None).order_by("path"))


def enterprises(who: Who) -> list[Enterprise]:
    """Companies with rooms within reach."""
    rows = Attachment.objects.filter(
        who.held.places("place__path", "place__grid_id"), relation=Relation.TENANT, until__isnull=True
    )
    found = Enterprise.objects.filter(subject_id__in=rows.values("subject_id"), subject__merged_into=None)
    return list(found.order_by("name")[:MOST_COMPANIES])


def permits(who: Who) -> QuerySet[Pass]:
    return Pass.objects.filter(within(who.held)).select_related("place", "gate")


def permit(who: Who, pass_id: UUID) -> Pass:
    """Raises NotFoundError."""
    return access.get(permits(who), Q(), id=pass_id)
