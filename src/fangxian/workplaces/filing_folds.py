"""What the worker does for filings: brings passes in line with what was decided.

A decision is written first and the passes follow in transactions of their own. Where a process died in between, or an
acceptance was still signing when somebody suspended the filing, the passes are as decided after the next fold.
"""

from collections import defaultdict
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery

from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.shared.language import in_street_words
from fangxian.workplaces.actions import returning, staff_passes
from fangxian.workplaces.actions.filings import RESUMED
from fangxian.workplaces.models import (
    Filing,
    FilingAct,
    FilingStatus,
    FilingStep,
    Returning,
    StaffState,
    StoppedPass,
    Verdict,
)

WORKER: Final = "worker"


def finish_filings(now: datetime) -> int:
    """Returns how many passes were issued, restored, suspended or revoked."""
    return _ended(now) + _suspended(now) + _resumed(now) + _accepted(now)


def _why(row: Filing, act: FilingAct) -> str:
    steps = FilingStep.objects.filter(filing_id=row.id, act=act).order_by("-id")
    return steps.values_list("text", flat=True).first() or str(act.label)


def _ended(now: datetime) -> int:
    """Passes from before the end that are still there. What somebody issues after it is theirs."""
    left = Pass.objects.filter(
        kind=PassKind.EMPLOYEE, followed=False, until_us__gt=clock.to_us(now), issued_us__lte=OuterRef("changed_us"),
        enterprise_id=OuterRef("enterprise_id"), place_id=OuterRef("place_id"),
    ).exclude(status=PassStatus.REVOKED)  # fmt: skip
    count = 0
    for row in Filing.objects.filter(Exists(left), status=FilingStatus.ENDED):
        permits = staff_passes.of_staff(row.enterprise_id, now, row.place_id).filter(issued_us__lte=row.changed_us)
        count += staff_passes.revoke(permits=list(permits), reason=_why(row, FilingAct.END), by=WORKER, now=now)
    return count


def _suspended(now: datetime) -> int:
    live = Pass.objects.filter(
        kind=PassKind.EMPLOYEE, status=PassStatus.LIVE, followed=False, until_us__gt=clock.to_us(now),
        enterprise_id=OuterRef("enterprise_id"), place_id=OuterRef("place_id"),
    )  # fmt: skip
    rows = Filing.objects.filter(Exists(live), status=FilingStatus.SUSPENDED).select_related("enterprise", "place")
    return sum(
        returning.suspend_all(
            enterprise=row.enterprise, place=row.place, reason=_why(row, FilingAct.SUSPEND), by=WORKER, now=now
        )
        for row in rows
    )


def _of_filing(field: str) -> Subquery:
    """Of the accepted filing of an employer for a building; `changed_us` is when it was accepted or resumed."""
    filing = Filing.objects.filter(
        enterprise_id=OuterRef("enterprise_id"), place_id=OuterRef("place_id"), status=FilingStatus.ACCEPTED
    )
    return Subquery(filing.values(field)[:1])


def _resumed(now: datetime) -> int:
    """Passes of cleared people that this package stopped before the filing was resumed, and nobody touched since."""
    cleared = Returning.objects.filter(
        enterprise_id=OuterRef("enterprise_id"), place_id=OuterRef("place_id"), person_id=OuterRef("subject_id"),
        until_us__isnull=True, verdict=Verdict.NOW, state=StaffState.ACTIVE,
    )  # fmt: skip
    ours = StoppedPass.objects.filter(permit_id=OuterRef("id"), since_us=OuterRef("changed_us"))
    rows = Pass.objects.filter(
        Exists(ours), Exists(cleared), kind=PassKind.EMPLOYEE, status=PassStatus.SUSPENDED, followed=False,
        until_us__gt=clock.to_us(now),
    ).annotate(at_work_us=_of_filing("changed_us"))  # fmt: skip
    permits = list(rows.filter(changed_us__lte=F("at_work_us")).defer("token"))
    return staff_passes.bring_back(permits=permits, reason=in_street_words(RESUMED), by=WORKER, now=now)


def _accepted(now: datetime) -> int:
    """Passes of cleared people who were given none. One that is over or was revoked since is not given again."""
    given = Pass.objects.filter(
        Q(followed=False, until_us__gt=clock.to_us(now)) & ~Q(status=PassStatus.REVOKED)
        | Q(changed_us__gte=OuterRef("accepted_us")),
        kind=PassKind.EMPLOYEE, subject_id=OuterRef("person_id"), enterprise_id=OuterRef("enterprise_id"),
        place_id=OuterRef("place_id"),
    )  # fmt: skip
    employed = Attachment.objects.filter(
        subject_id=OuterRef("person_id"), other_id=OuterRef("enterprise_id"), relation=Relation.EMPLOYED,
        until__isnull=True, subject__merged_into__isnull=True,
    )  # fmt: skip
    cleared = Returning.objects.filter(until_us__isnull=True, verdict=Verdict.NOW, state=StaffState.ACTIVE)
    rows = cleared.annotate(accepted_us=_of_filing("decided_us")).filter(
        ~Exists(given), Exists(employed), accepted_us__isnull=False
    )
    missing: dict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
    for enterprise_id, place_id, person_id in rows.values_list("enterprise_id", "place_id", "person_id"):
        missing[enterprise_id, place_id].add(person_id)
    return sum(
        staff_passes.follow(
            enterprise_id=enterprise_id, place_id=place_id, people=people, issue=True, by=WORKER, now=now
        )
        for (enterprise_id, place_id), people in missing.items()
    )
