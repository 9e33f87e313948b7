"""Bringing a plan into force: rules appear, change and end, and the duties with them."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import schedules
from fangxian.duties.actions.windows import opened_windows
from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Cohort, Duty, Gap, GapStatus, Member, Opened, Playbook, Rule
from fangxian.duties.plan_schema import Plan, RuleSpec
from fangxian.duties.schedules import Window
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US, SECOND_US
from fangxian.shared.writer import in_chunks, write_lock

ONE_OFF: Final = "one-off"
EMPTY_POST: Final = "empty-post"
LEASE_US: Final = 2 * MINUTE_US
SYSTEM_KEYS: Final = frozenset({ONE_OFF, EMPTY_POST})


class PlanRefusedError(Exception):
    """The plan was not applied; the message says why."""


@dataclass(frozen=True)
class Applied:
    """What an application did. Keys of rules; `in_force` is False when the effective time lies ahead."""

    playbook_id: int
    in_force: bool
    appear: tuple[str, ...]
    change: tuple[str, ...]
    end: tuple[str, ...]


@lru_cache(maxsize=8)
def _parsed(sha256: str, content: str) -> Plan:
    return Plan.from_json(content)


def plan_of(playbook: Playbook) -> Plan:
    """The parsed plan of a row; parsed once a process for each content."""
    return _parsed(playbook.sha256, playbook.content)


def playbook_at(now: datetime) -> Playbook | None:
    """The plan in force at `now`: the latest effective one, and of those the one applied last."""
    return (
        Playbook.objects.filter(effective_us__lte=clock.to_us(now))
        .order_by("-effective_us", "-applied_us", "-id")
        .first()
    )


def playbook_id_at(now: datetime) -> int | None:
    """Only the id of the plan in force: a record needs it under the writer's lock, and a plan is long."""
    rows = Playbook.objects.filter(effective_us__lte=clock.to_us(now))
    return rows.order_by("-effective_us", "-applied_us", "-id").values_list("id", flat=True).first()


def store_playbook(*, plan: Plan, effective_at: datetime, by: str, now: datetime, reason: str = "") -> Applied:
    """Store the plan. The worker brings it into force when its time has come, within seconds when that is now."""
    row = _store(plan, max(effective_at, now), by, now, reason)
    return Applied(row.id, False, *_difference(plan))


def apply_playbook(*, plan: Plan, effective_at: datetime, by: str, now: datetime, reason: str = "") -> Applied:
    """Store the plan, and bring it into force here when its time has come; otherwise the worker does so then."""
    row = _store(plan, max(effective_at, now), by, now, reason)
    changes = _difference(plan)
    done = effective_at <= now and bring_into_force(playbook=row, by=by, now=now)
    return Applied(row.id, done, *changes)


def _store(plan: Plan, effective_at: datetime, by: str, now: datetime, reason: str) -> Playbook:
    with write_lock():
        latest = Playbook.objects.order_by("-effective_us", "-applied_us", "-id").first()
        if latest is not None and latest.sha256 == plan.sha256:
            raise PlanRefusedError(_("This plan is the one that is already applied. Nothing was changed."))
        row = Playbook.objects.create(
            name=plan.head.name, version=plan.head.version, sha256=plan.sha256, content=plan.to_json(),
            effective_us=clock.to_us(effective_at), applied_us=clock.to_us(now), applied_by=by, reason=reason,
        )  # fmt: skip
        audit.record(
            by=by, act="duties.playbook.applied", now=now, target=f"playbook:{row.id}",
            detail={"name": row.name, "version": row.version, "sha256": row.sha256},
        )  # fmt: skip
    return row


def _difference(plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    have = {rule.key: rule.spec for rule in Rule.objects.filter(active=True).exclude(key__in=SYSTEM_KEYS)}
    want = {spec.key: spec.spec_json() for spec in plan.rules}
    return (
        tuple(sorted(set(want) - set(have))),
        tuple(sorted(key for key in want if key in have and want[key] != have[key])),
        tuple(sorted(set(have) - set(want))),
    )


def due_playbook(now: datetime) -> Playbook | None:
    """A plan whose time has come and which is not in force yet."""
    current = playbook_at(now)
    return current if current is not None and current.in_force_us is None else None


def bring_into_force(*, playbook: Playbook, by: str, now: datetime) -> bool:
    """Make rules and duties what `playbook` says. False when another process is already doing it.

    Resumable: each step leaves what is already right alone. One process at a time: two would give the same window
    back twice. Whoever has it holds a lease, so that a process that dies is taken over.
    """
    lease = _Lease(playbook, now)
    if not lease.take():
        return False
    try:
        _bring(playbook, now, lease)
    finally:
        lease.give_up()
    if Playbook.objects.filter(id=playbook.id, in_force_us__isnull=True).update(in_force_us=clock.to_us(now)):
        audit.record(by=by, act="duties.playbook.in_force", now=now, target=f"playbook:{playbook.id}")
    return True


class _Lease:
    """The right to bring plans into force: one for all of them, kept on the row that is being worked on."""

    def __init__(self, playbook: Playbook, now: datetime) -> None:
        self._id = playbook.id
        self._now_us, self._began = clock.to_us(now), time.monotonic()

    def _until_us(self) -> int:
        return self._now_us + int((time.monotonic() - self._began) * SECOND_US) + LEASE_US

    def take(self) -> bool:
        with write_lock():
            # Only a lock on all of them keeps two processes from taking two rows at once.
            held = Playbook.objects.select_for_update().order_by("id").values_list("bringing_until_us", flat=True)
            if any(until is not None and until > self._now_us for until in held):
                return False
            Playbook.objects.filter(id=self._id).update(bringing_until_us=self._until_us())
        return True

    def renew(self) -> None:
        Playbook.objects.filter(id=self._id).update(bringing_until_us=self._until_us())

    def give_up(self) -> None:
        Playbook.objects.filter(id=self._id).update(bringing_until_us=None)


def _bring(playbook: Playbook, now: datetime, lease: _Lease) -> None:
    plan = plan_of(playbook)
    wanted = {spec.key: spec for spec in plan.rules}
    with write_lock():
        for rule in Rule.objects.filter(active=True).exclude(key__in=SYSTEM_KEYS):
            if rule.key not in wanted:
                Rule.objects.filter(id=rule.id).update(active=False)
    for rule in Rule.objects.filter(active=False).exclude(key__in=SYSTEM_KEYS):
        end_duties(rule=rule, now=now)
        lease.renew()
    for spec in plan.rules:
        _bring_rule(spec, playbook, now)
        lease.renew()


def _bring_rule(spec: RuleSpec, playbook: Playbook, now: datetime) -> None:
    with write_lock():
        rule = Rule.objects.filter(key=spec.key).select_related("playbook").first()
        old = _spec_before(rule) if rule is not None and rule.active else None
        rule, _made = Rule.objects.update_or_create(
            key=spec.key,
            defaults={
                "cohort": spec.cohort, "subject_kind": spec.subject, "corner": spec.corner,
                "spec": spec.spec_json(), "active": True,
            },
        )  # fmt: skip
    if old is not None and old.schedule != spec.schedule:
        reschedule(rule=rule, now=now)
    elif old is not None and old.grace_minutes != spec.grace_minutes:
        regrace(rule=rule)
    if old is not None and old.cohort != spec.cohort:
        end_duties(rule=rule, now=now, outside=spec.cohort)
    owe(rule=rule, now=now)
    # Last, because it says that the rule's duties follow this plan: an interrupted run compares with the plan before.
    Rule.objects.filter(id=rule.id).update(playbook=playbook)


def _spec_before(rule: Rule) -> RuleSpec:
    """What the rule's duties follow today."""
    before = plan_of(rule.playbook).rule(rule.key) if rule.playbook is not None else None
    return before or RuleSpec.from_spec(rule.spec)


def owe(*, rule: Rule, now: datetime) -> int:
    """Give every member of the rule's cohort the duty it does not have yet. Returns how many were made."""
    spec = RuleSpec.from_spec(rule.spec)
    members = list(
        Member.objects.filter(cohort__key=rule.cohort, cohort__closed_us__isnull=True, until_us__isnull=True)
        .exclude(subject__duties__in=Duty.objects.filter(rule=rule, ended_us__isnull=True))
        .select_related("cohort")
    )
    in_chunks(members, lambda part: make_duties(rule=rule, spec=spec, members=part, now=now))
    return len(members)


def make_duties(*, rule: Rule, spec: RuleSpec, members: Sequence[Member], now: datetime) -> None:
    """Duties of one rule for members that have none, counted in windows that are already open. In a transaction."""
    now_us = clock.to_us(now)
    rows = []
    for member in members:
        window = schedules.first_window(
            spec.schedule, since_us=max(now_us, member.since_us), opens_us=member.opens_us, due_us=member.due_us
        )
        if window is None:
            continue
        rows.append(
            Duty(
                rule=rule, cohort_id=member.cohort_id, subject_id=member.subject_id, place_id=member.place_id,
                node_id=member.node_id, node_next_id=member.node_id, window_us=window.start_us, due_us=window.due_us,
                deadline_us=window.due_us + spec.grace_minutes * MINUTE_US,
            )
        )  # fmt: skip
    Duty.objects.bulk_create(rows, batch_size=1_000)
    count_new(rule=rule, spec=spec, duties=rows, now=now)


def count_new(*, rule: Rule, spec: RuleSpec, duties: Sequence[Duty], now: datetime) -> None:
    """Add new duties to `expected` where their window is already open, and to the standings of their subjects."""
    ledger = Ledger()
    opened = _opened_windows(rule, {(duty.cohort_id, duty.window_us) for duty in duties}, spec)
    for duty in duties:
        if (duty.cohort_id, duty.window_us) in opened:
            ledger.count((rule.id, duty.cohort_id, duty.window_us, duty.node_id), "expected")
        if rule.corner:
            ledger.enrolled(duty.subject_id, rule.subject_kind, duty.node_id)
    ledger.post()


def _opened_windows(rule: Rule, wanted: set[tuple[int, int]], spec: RuleSpec) -> set[tuple[int, int]]:
    """Of these (cohort, window) the ones whose counters exist. What is owed once is open from its enrolment on."""
    if spec.schedule.type == "once":
        return wanted
    return opened_windows(rule.id, wanted)


def regrace(*, rule: Rule) -> None:
    """Only the grace changed: what is owed keeps its window and gets a new deadline."""
    grace = RuleSpec.from_spec(rule.spec).grace_minutes * MINUTE_US
    owed = Duty.objects.filter(rule=rule, ended_us__isnull=True, deadline_us__isnull=False)
    ids = list(owed.order_by("id").values_list("id", flat=True))

    def write(part: Sequence[UUID]) -> None:
        owed.filter(id__in=part).update(deadline_us=F("due_us") + grace)

    in_chunks(ids, write)


def reschedule(*, rule: Rule, now: datetime) -> None:
    """Times of a rule changed: what is owed from now on follows the new times, what has lapsed stays as it is.

    A window that was open under the old times is given back (expected - 1), since nobody can be held to it any more.
    A window that a subject has already behind it is not asked of it again.
    """
    spec = RuleSpec.from_spec(rule.spec)
    owed = Duty.objects.filter(rule=rule, ended_us__isnull=True, deadline_us__isnull=False)
    ids = list(owed.order_by("id").values_list("id", flat=True))
    # The rows are read again inside each transaction: a record from the field may have moved one on meanwhile.
    in_chunks(ids, lambda part: _reschedule(owed.filter(id__in=part), rule, spec, now))


def _reschedule(rows: QuerySet[Duty], rule: Rule, spec: RuleSpec, now: datetime) -> None:
    duties = list(rows.select_for_update().order_by("id"))
    give_back(duties=duties, rule=rule, spec=spec)
    moved: dict[Window, list[Duty]] = defaultdict(list)
    for duty, window in _new_windows(duties, rule, spec, clock.to_us(now)):
        moved[window].append(duty)
    ledger = Ledger()
    for window, part in moved.items():
        opened = _opened_windows(rule, {(duty.cohort_id, window.start_us) for duty in part}, spec)
        for duty in part:
            if (duty.cohort_id, window.start_us) in opened:
                ledger.count((rule.id, duty.cohort_id, window.start_us, duty.node_next_id), "expected")
        # One statement a window: nearly all of a rule's duties stand in the same one.
        Duty.objects.filter(id__in=[duty.id for duty in part]).update(
            window_us=window.start_us, due_us=window.due_us, node_id=F("node_next_id"),
            deadline_us=window.due_us + spec.grace_minutes * MINUTE_US,
        )  # fmt: skip
    ledger.post()


def _new_windows(duties: Sequence[Duty], rule: Rule, spec: RuleSpec, now_us: int) -> Iterator[tuple[Duty, Window]]:
    rows = Member.objects.filter(
        cohort__key=rule.cohort, until_us__isnull=True, subject_id__in=[d.subject_id for d in duties]
    )
    members = {(member.cohort_id, member.subject_id): member for member in rows}
    passed: dict[tuple[int, int], bool] = {}
    for duty in duties:
        member = members.get((duty.cohort_id, duty.subject_id))
        if member is None:
            continue
        window = schedules.first_window(
            spec.schedule, since_us=now_us, opens_us=member.opens_us, due_us=member.due_us
        )  # fmt: skip
        if window is not None and duty.window_us > window.start_us and spec.schedule.type != "once":
            key = (duty.cohort_id, window.start_us)
            if key not in passed:
                passed[key] = key in opened_windows(rule.id, {key})
            if passed[key]:
                window = schedules.next_window(spec.schedule, window)
        if window is not None:
            yield duty, window


def give_back(*, duties: Sequence[Duty], rule: Rule, spec: RuleSpec) -> None:
    """Take these duties out of `expected` of the windows they still have before them, where those were opened.

    Usually that is the current one; a duty that the sweep has not reached yet is expected in the window after it too.
    """
    ledger = Ledger()
    owed = [duty for duty in duties if duty.deadline_us is not None]
    opened = _opened_from(rule, spec, owed)
    for duty in owed:
        for window_us in opened[duty.cohort_id]:
            if window_us == duty.window_us or (window_us > duty.window_us and spec.schedule.type != "once"):
                node_id = duty.node_id if window_us == duty.window_us else duty.node_next_id
                ledger.count((rule.id, duty.cohort_id, window_us, node_id), "expected", -1)
    ledger.post()


def _opened_from(rule: Rule, spec: RuleSpec, duties: Sequence[Duty]) -> dict[int, set[int]]:
    """Starts of opened windows by cohort, from the earliest that one of these duties stands in."""
    found: dict[int, set[int]] = defaultdict(set)
    if spec.schedule.type == "once":
        for duty in duties:
            found[duty.cohort_id].add(duty.window_us)
    elif duties:
        rows = Opened.objects.filter(rule=rule, window_us__gte=min(duty.window_us for duty in duties))
        for cohort_id, window_us in rows.values_list("cohort_id", "window_us"):
            found[cohort_id].add(window_us)
    return found


def end_duties(*, rule: Rule, now: datetime, outside: str | None = None) -> int:
    """End the duties of a rule (or those of cohorts other than `outside`) with their open gaps. Returns how many."""
    rows = Duty.objects.filter(rule=rule, ended_us__isnull=True)
    if outside is not None:
        rows = rows.exclude(cohort__key=outside)
    duties = list(rows.order_by("id"))
    reason = _("The plan no longer asks for this.")
    in_chunks(duties, lambda part: end_these(duties=part, rule=rule, by="worker", now=now, reason=reason))
    return len(duties)


@transaction.atomic
def end_these(*, duties: Sequence[Duty], rule: Rule, by: str, now: datetime, reason: str) -> None:
    """End duties of one rule. Their open gaps are waived with the reason, their current windows given back."""
    now_us = clock.to_us(now)
    give_back(duties=duties, rule=rule, spec=RuleSpec.from_spec(rule.spec))
    ledger = Ledger()
    gaps = list(Gap.objects.filter(duty__in=list(duties), status=GapStatus.OPEN).select_related("duty"))
    for gap in gaps:
        key = (gap.rule_id, gap.duty.cohort_id, gap.window_us, gap.node_id)
        ledger.count(key, gap.cause, -1)
        ledger.count(key, "waived")
        if rule.corner:
            ledger.gaps(gap.duty.subject_id, -1)
    Gap.objects.filter(id__in=[gap.id for gap in gaps]).update(
        status=GapStatus.WAIVED, closed_us=now_us, closed_by=by, reason=reason
    )
    Duty.objects.filter(id__in=[duty.id for duty in duties]).update(ended_us=now_us, deadline_us=None)
    if rule.corner:
        for duty in duties:
            ledger.enrolled(duty.subject_id, rule.subject_kind, duty.node_next_id, -1)
    ledger.post()


def system_rule(key: str) -> Rule:
    """The built-in rule for one-off duties, or for empty posts. Made with the first duty that needs it."""
    titles = {
        ONE_OFF: {"zh": "交办事项", "en": "Given duty"},
        EMPTY_POST: {"zh": "岗位空缺", "en": "Empty post"},
    }
    steps = [
        {"role": "committee_secretary", "after_minutes": 0},
        {"role": "section_head", "after_minutes": 240},
        {"role": "street_leader", "after_minutes": 720},
    ]
    spec = {
        "key": key, "cohort": key, "subject": "work" if key == ONE_OFF else "place", "title": titles[key],
        "corner": False, "channel": "console", "grace_minutes": 0, "schedule": {"type": "once"},
        "escalation": steps if key == ONE_OFF else [{"role": "street_leader", "after_minutes": 0}],
    }  # fmt: skip
    rule, _made = Rule.objects.get_or_create(
        key=key,
        defaults={
            "cohort": key, "subject_kind": spec["subject"], "corner": False, "spec": spec, "active": True,
        },
    )  # fmt: skip
    return rule


def system_cohort(key: str) -> Cohort:
    return Cohort.objects.get_or_create(key=key, instance="")[0]
