"""Reading the register. Sensitive values come masked; seeing them in clear is `actions.reveal`."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Change, Relation, Subject


def unfolded_changes(consumer: str, limit: int = 500) -> list[Change]:
    """Changes that `consumer` has not taken in yet, oldest first."""
    return list(Change.objects.exclude(folded__consumer=consumer).select_related("subject").order_by("id")[:limit])


def survivor(subject: Subject) -> Subject:
    """The subject that stands for this one after merges."""
    while subject.merged_into is not None:
        subject = subject.merged_into
    return subject


def attached_at(places: Iterable[Place], relation: Relation) -> list[Attachment]:
    """Live attachments of a kind at these places, subjects with their merges resolved by the caller."""
    return list(
        Attachment.objects.filter(place__in=list(places), relation=relation, until__isnull=True)
        .select_related("subject", "place")
        .order_by("place__path", "subject__label")
    )


def home_of(subject_id: UUID, relation: Relation) -> Place | None:
    """Where a subject lives, or a vehicle parks: the latest live attachment."""
    row = (
        Attachment.objects.filter(subject_id=subject_id, relation=relation, until__isnull=True, place__isnull=False)
        .select_related("place")
        .order_by("-since")
        .first()
    )
    return row.place if row else None
