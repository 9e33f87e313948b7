"""Reading the audit back."""

from datetime import date

from fangxian.audit.actions import entry_digest, sign_root
from fangxian.audit.models import Entry, Root


def chain_is_intact(day: date) -> bool:
    """Recompute the chain of one day and compare it with its signed root."""
    root = Root.objects.filter(day=day).first()
    if root is None:
        return not Entry.objects.filter(segment=day).exists()
    previous, count = day.isoformat().encode(), 0
    for entry in Entry.objects.filter(segment=day).order_by("position").iterator():
        previous = entry_digest(previous, entry)
        if entry.seal is None or bytes(entry.seal) != previous:
            return False
        count += 1
    return (
        count == root.entries
        and previous == bytes(root.last_seal)
        and bytes(root.signature) == sign_root(day, count, previous)
    )
