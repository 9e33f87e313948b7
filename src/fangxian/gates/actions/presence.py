"""Who carries a pass that is revoked is not inside by it any more: it would stay inside for ever."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db import connection

from fangxian.gates.actions.check_rows import add_used
from fangxian.gates.models import Presence
from fangxian.shared.group_commit import POSTGRES_LOCK


def close(pass_ids: Collection[UUID]) -> None:
    """Forget where the passes themselves are, inside the caller's transaction. Where a person is stays known.

    Forgotten, and not written as outside: somebody may still be in there, and is let out without a question.
    """
    rows = Presence.objects.filter(who__in=[f"p:{key.hex}" for key in pass_ids], inside=True)
    if not rows.exists():
        return
    if connection.vendor == "postgresql":
        # a batch of checks that has read where they are would count them out once more
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POSTGRES_LOCK])
    left = Counter(rows.values_list("place_id", flat=True))
    rows.delete()
    add_used({f"in:{place.hex}": -count for place, count in left.items()})
