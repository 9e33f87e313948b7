"""The employee passes of an enterprise follow its ledger of returning staff and its filing.

Passes are changed in chunks cut by time where the caller holds no transaction, and in one step where it does. All of
these may be called again: what is as it should be already is left alone.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from fangxian.gates.actions import passes, roster
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.inspections.actions import suspend
from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import in_chunks
from fangxian.workplaces.models import Filing, FilingStatus, Returning, StaffState, StoppedPass, Verdict

# What a guard reads on a pass: that it is not good, and nothing about anybody's health.
NOT_CLEARED = gettext_lazy("Not cleared for work on the employer's ledger")
LEFT = gettext_lazy("No longer on the employer's ledger")
CLEARED = gettext_lazy("Cleared for work on the employer's ledger")


def on_ledger(enterprise_id: UUID, place_id: UUID | None = None) -> QuerySet[Returning]:
    """The open rows of an enterprise, in one building or in all."""
    rows = Returning.objects.filter(enterprise_id=enterprise_id, until_us__isnull=True)
    return rows if place_id is None else rows.filter(place_id=place_id)


def of_staff(enterprise_id: UUID, now: datetime, place_id: UUID | None = None) -> QuerySet[Pass]:
    """Employee passes of an enterprise that are neither revoked nor over."""
    rows = Pass.objects.filter(
        kind=PassKind.EMPLOYEE, enterprise_id=enterprise_id, followed=False, until_us__gt=clock.to_us(now)
    ).exclude(status=PassStatus.REVOKED)
    return (rows if place_id is None else rows.filter(place_id=place_id)).defer("token")


def accept(*, enterprise: Subject, place: Place, by: str, now: datetime) -> int:
    """Issue employee passes to everybody on the ledger who may work and has none; returns how many.

    Each has the colour of its floors and the arrival slot that a roster gives it. Where one of the enterprise's
    passes is in force for somebody who may not work, it is suspended. Best called after the transaction that accepts
    the filing: the passes are then signed and stored without holding the writer.
    """
    return follow(enterprise_id=enterprise.id, place_id=place.id, by=by, now=now, issue=True)


def follow(
    *, enterprise_id: UUID, place_id: UUID, by: str, now: datetime, people: Collection[UUID] | None = None,
    issue: bool | None = None,
) -> int:  # fmt: skip
    """Bring the passes of these people (None: all on the ledger) in line with what the ledger says.

    `issue` None: new passes are issued where a filing of this enterprise for this building is accepted. Returns how
    many were issued.
    """
    status = _status(enterprise_id, place_id)
    rows = on_ledger(enterprise_id, place_id)
    if people is not None:
        rows = rows.filter(person_id__in=people)
    cleared, other = set[UUID](), set[UUID]()
    for person_id, verdict, state in rows.values_list("person_id", "verdict", "state"):
        (cleared if verdict == Verdict.NOW and state == StaffState.ACTIVE else other).add(person_id)
    permits = of_staff(enterprise_id, now, place_id)
    if people is not None:
        permits = permits.filter(subject_id__in=people)
    found = list(permits)
    stop(
        permits=[one for one in found if one.subject_id in other],
        reason=in_street_words(NOT_CLEARED), by=by, now=now,
    )  # fmt: skip
    if status != FilingStatus.SUSPENDED:
        bring_back(
            permits=[one for one in found if one.status == PassStatus.SUSPENDED and one.subject_id in cleared],
            reason=in_street_words(CLEARED), by=by, now=now,
        )  # fmt: skip
    if issue is None:
        issue = status == FilingStatus.ACCEPTED
    if not issue or not cleared - {one.subject_id for one in found}:
        return 0
    new = roster.for_roster(enterprise_id=enterprise_id, place_id=place_id, now=now)
    wanted = [one for one in new if one.subject_id in cleared]
    return _issue(wanted, place_id, by, now)


def _issue(wanted: Sequence[NewPass], place_id: UUID, by: str, now: datetime) -> int:
    """Issue, and leave none of them good where an open finding stands. There they are signed inside the transaction
    that suspends them; elsewhere before it, since signing is slow, and a finding made meanwhile is looked for after."""
    issued: list[UUID] = []

    def write(part: Sequence[NewPass]) -> None:
        new = [one.id for one in passes.issue_missing(passes=part, by=by, now=now, polite=False)]
        suspend.cover(place_id=place_id, permit_ids=new, by=by, now=now)
        issued.extend(new)

    def cover(part: Sequence[UUID]) -> None:
        suspend.cover(place_id=place_id, permit_ids=part, by=by, now=now)

    if suspend.is_standing(place_id):
        in_chunks(wanted, write, polite=_polite())
        return len(issued)
    issued = [one.id for one in passes.issue_missing(passes=wanted, by=by, now=now, polite=_polite())]
    if suspend.is_standing(place_id):
        in_chunks(issued, cover, polite=_polite())
    return len(issued)


def suspend_all(*, enterprise: Subject, place: Place, reason: str, by: str, now: datetime) -> int:
    """All passes of the enterprise for this building are not good for the time being. Returns how many changed."""
    return stop(permits=list(of_staff(enterprise.id, now, place.id)), reason=reason, by=by, now=now)


def restore_all(*, enterprise: Subject, place: Place, reason: str, by: str, now: datetime) -> int:
    """As before `suspend_all`: good again for those who may work, and only what this package has stopped."""
    rows = on_ledger(enterprise.id, place.id).filter(verdict=Verdict.NOW, state=StaffState.ACTIVE)
    held = of_staff(enterprise.id, now, place.id).filter(status=PassStatus.SUSPENDED)
    return bring_back(permits=list(held.filter(subject_id__in=rows.values("person_id"))), reason=reason, by=by, now=now)


def revoke_all(*, enterprise: Subject, place: Place, reason: str, by: str, now: datetime) -> int:
    """All passes of the enterprise for this building end. Returns how many changed."""
    return revoke(permits=list(of_staff(enterprise.id, now, place.id)), reason=reason, by=by, now=now)


def stop(*, permits: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Suspend those in force, and remember that it was this package that did so. One that is suspended because of an
    open finding becomes this package's too, so that it does not come back when the finding is closed."""
    count = 0

    def write(part: Sequence[Pass]) -> None:
        nonlocal count
        before = [one.id for one in part if one.status == PassStatus.SUSPENDED]
        taken = suspend.hand_over(permit_ids=before, reason=reason, by=by, now=now) if before else set[UUID]()
        count += len(taken) + passes.suspend(passes=part, reason=reason, by=by, now=now)
        stopped = [one for one in part if one.id in taken or _is_stopped(one, now)]
        rows = [StoppedPass(permit_id=one.id, since_us=clock.to_us(now)) for one in stopped]
        StoppedPass.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["permit_id"], update_fields=["since_us"]
        )

    in_chunks(permits, write, polite=_polite())
    return count


def bring_back(*, permits: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Restore those that this package has stopped; one that somebody else has suspended stays so.

    Where an open finding makes its place not good, the pass is the finding's from the same moment on.
    """
    count = 0

    def write(part: Sequence[Pass]) -> None:
        nonlocal count
        ids = [one.id for one in part]
        mine = set(StoppedPass.objects.filter(permit_id__in=ids).values_list("permit_id", flat=True))
        back = [one for one in part if one.id in mine]
        count += passes.restore(passes=back, reason=reason, by=by, now=now)
        for place_id in sorted({one.place_id for one in back}):
            ids = [one.id for one in back if one.place_id == place_id]
            suspend.cover(place_id=place_id, permit_ids=ids, by=by, now=now)
        StoppedPass.objects.filter(permit_id__in=mine).delete()

    in_chunks(permits, write, polite=_polite())
    return count


def revoke(*, permits: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    count = 0

    def write(part: Sequence[Pass]) -> None:
        nonlocal count
        count += passes.revoke(passes=part, reason=reason, by=by, now=now)
        StoppedPass.objects.filter(permit_id__in=[one.id for one in part]).delete()

    in_chunks(permits, write, polite=_polite())
    return count


def _is_stopped(permit: Pass, now: datetime) -> bool:
    """Whether it was this step that suspended it: what somebody else has changed meanwhile is theirs."""
    return permit.status == PassStatus.SUSPENDED and permit.changed_us == clock.to_us(now)


def _status(enterprise_id: UUID, place_id: UUID) -> str:
    rows = Filing.objects.filter(enterprise_id=enterprise_id, place_id=place_id).exclude(status=FilingStatus.ENDED)
    return rows.values_list("status", flat=True).first() or ""


def _polite() -> bool:
    """No pause between chunks where the caller holds the lock already."""
    return not connection.in_atomic_block
