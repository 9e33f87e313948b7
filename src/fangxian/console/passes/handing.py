"""Suspending by hand: it holds also where a finding of an inspection suspends the pass already."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from fangxian.gates.actions import passes
from fangxian.gates.actions.passes import Change
from fangxian.gates.models import Pass, PassStatus
from fangxian.inspections.actions import suspend
from fangxian.inspections.models import SuspendedPass
from fangxian.shared import clock
from fangxian.shared.writer import in_chunks


def by_finding(permits: QuerySet[Pass], now: datetime) -> QuerySet[Pass]:
    """Those that come back by themselves when what an inspection found is put right."""
    held = SuspendedPass.objects.filter(permit_id=OuterRef("pk"), ended=False)
    return permits.filter(Exists(held), status=PassStatus.SUSPENDED, until_us__gt=clock.to_us(now))


def change(*, ids: Sequence[UUID], what: Change, reason: str, by: str, now: datetime) -> set[UUID]:
    """As `passes.change_many`. One that a finding suspends is suspended for this reason from now on, and then does not
    come back with the end of the finding. One that is revoked never does. Raises PassError."""
    held = list[UUID]()
    if what == Change.SUSPEND:
        held = list(by_finding(Pass.objects.filter(id__in=ids), now).order_by("id").values_list("id", flat=True))
    changed = passes.change_many(ids=ids, what=what, reason=reason, by=by, now=now)

    def write(part: Sequence[UUID]) -> None:
        changed.update(suspend.hand_over(permit_ids=part, reason=reason, by=by, now=now))

    in_chunks(held, write)
    return changed
