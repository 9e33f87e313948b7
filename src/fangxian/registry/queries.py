"""Reading the register. Sensitive values come masked; seeing them in clear is `actions.reveal`."""

from fangxian.registry.models import Change, Subject


def unfolded_changes(consumer: str, limit: int = 500) -> list[Change]:
    """Changes that `consumer` has not taken in yet, oldest first."""
    return list(Change.objects.exclude(folded__consumer=consumer).select_related("subject").order_by("id")[:limit])


def survivor(subject: Subject) -> Subject:
    """The subject that stands for this one after merges."""
    while subject.merged_into is not None:
        subject = subject.merged_into
    return subject
