"""Who owes: enrolling into cohorts, and taking out of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties.actions.errors import DutyError
from fangxian.duties.actions.plan import end_these, make_duties
from fangxian.duties.actions.windows import opened_windows
from fangxian.duties.ledger import Ledger, renode_standing
from fangxian.duties.models import Cohort, Duty, Member, Rule
from fangxian.duties.plan_schema import RuleSpec
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.shared import clock
from fangxian.shared.writer import write_lock


@dataclass(frozen=True, slots=True)
class NewMember:
    """A subject to be enrolled. `opens_us` and `due_us` bound what is owed once; recurring rules do without."""

    subject_id: UUID
    place_id: UUID
    node_id: UUID
    opens_us: int | None = None
    due_us: int | None = None


def _locked_cohort(key: str, instance: str) -> Cohort:
    """The cohort, held until the transaction ends, so that nobody opens a window between counting and enrolling."""
    Cohort.objects.get_or_create(key=key, instance=instance)
    return Cohort.objects.select_for_update().get(key=key, instance=instance)


@write_lock()
def enrol(*, cohort: str, members: Sequence[NewMember], by: str, now: datetime, instance: str = "") -> int:
    """Enrol subjects; who is a member already is left alone. Returns how many were enrolled."""
    group = _locked_cohort(cohort, instance)
    if group.closed_us is not None:
        raise DutyError(_("This is closed already; nobody can be added to it."))
    now_us = clock.to_us(now)
    have = set(
        Member.objects.filter(
            cohort=group, until_us__isnull=True, subject_id__in=[new.subject_id for new in members]
        ).values_list("subject_id", flat=True)
    )
    fresh = {new.subject_id: new for new in members if new.subject_id not in have}
    rows = [
        Member(
            cohort=group, subject_id=new.subject_id, place_id=new.place_id, node_id=new.node_id, since_us=now_us,
            opens_us=new.opens_us if new.opens_us is not None else now_us, due_us=new.due_us,
        )
        for new in fresh.values()
    ]  # fmt: skip
    Member.objects.bulk_create(rows, batch_size=1_000)
    ledger = Ledger()
    for row in rows:
        ledger.head(group.id, row.node_id)
    ledger.post()
    for rule in Rule.objects.filter(cohort=cohort, active=True):
        make_duties(rule=rule, spec=RuleSpec.from_spec(rule.spec), members=rows, now=now)
    if rows:
        audit.record(
            by=by, act="duties.enrolled", now=now, target=f"cohort:{group.id}",
            detail={"cohort": cohort, "count": len(rows)},
        )  # fmt: skip
    return len(rows)


@write_lock()
def withdraw(
    *, cohort: str, subject_ids: Sequence[UUID], reason: str, by: str, now: datetime, instance: str = ""
) -> int:
    """Take subjects out of a cohort: nothing is owed from now on, and their open gaps end with the reason."""
    group = _locked_cohort(cohort, instance)
    members = list(Member.objects.filter(cohort=group, until_us__isnull=True, subject_id__in=subject_ids))
    ledger = Ledger()
    for member in members:
        ledger.head(group.id, member.node_id, -1)
    ledger.post()
    Member.objects.filter(id__in=[member.id for member in members]).update(until_us=clock.to_us(now))
    duties = list(
        Duty.objects.filter(
            cohort=group, ended_us__isnull=True, subject_id__in=[member.subject_id for member in members]
        ).select_related("rule")
    )
    by_rule: dict[int, list[Duty]] = defaultdict(list)
    for duty in duties:
        by_rule[duty.rule_id].append(duty)
    for group_duties in by_rule.values():
        end_these(duties=group_duties, rule=group_duties[0].rule, by=by, now=now, reason=reason)
    if members:
        audit.record(
            by=by, act="duties.withdrawn", now=now, target=f"cohort:{group.id}",
            detail={"cohort": cohort, "count": len(members)},
        )  # fmt: skip
    return len(members)


@write_lock()
def close_cohort(*, cohort: str, instance: str, by: str, now: datetime) -> int:
    """Nobody can be added any more. What is owed stays owed until its time. Returns the cohort's id."""
    group = _locked_cohort(cohort, instance)
    if group.closed_us is None:
        Cohort.objects.filter(id=group.id).update(closed_us=clock.to_us(now))
        audit.record(by=by, act="duties.cohort.closed", now=now, target=f"cohort:{group.id}")
    return group.id


@write_lock()
def renode(*, subject_ids: Sequence[UUID], place: Place, by: str, now: datetime) -> None:
    """Subjects are now found at `place`. Windows already open stay counted where they were owed."""
    node_id = counting_nodes([place])[place.id]
    members = list(
        Member.objects.filter(subject_id__in=subject_ids, until_us__isnull=True).exclude(
            node_id=node_id, place_id=place.id
        )
    )
    ledger = Ledger()
    for member in members:
        ledger.head(member.cohort_id, member.node_id, -1)
        ledger.head(member.cohort_id, node_id)
    ledger.post()
    Member.objects.filter(id__in=[m.id for m in members]).update(node_id=node_id, place_id=place.id)
    _renode_duties(subject_ids, node_id, place)
    renode_standing(subject_ids, node_id)
    audit.record(by=by, act="duties.renoded", now=now, place=place.id, detail={"count": len(members)})


def _renode_duties(subject_ids: Sequence[UUID], node_id: UUID, place: Place) -> None:
    """Duties follow from their next window on. One whose window has not been opened yet follows at once."""
    duties = list(
        Duty.objects.select_for_update(of=("self",))
        .filter(subject_id__in=subject_ids, ended_us__isnull=True)
        .select_related("rule")
        .order_by("id")
    )
    Duty.objects.filter(id__in=[duty.id for duty in duties]).update(node_next_id=node_id, place_id=place.id)
    unopened = [
        duty.id
        for duty in duties
        if RuleSpec.from_spec(duty.rule.spec).schedule.type != "once"
        and not opened_windows(duty.rule_id, {(duty.cohort_id, duty.window_us)})
    ]
    Duty.objects.filter(id__in=unopened).update(node_id=node_id)
