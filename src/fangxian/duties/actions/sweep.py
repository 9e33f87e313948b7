"""The sweep: deadlines that passed become gaps. Its cost follows what is due, never the register.

Raw statements, since a million duties may lapse in one minute: one UPDATE a (rule, window) that compares the deadline
it read, so that a duty fulfilled meanwhile is left alone, and one INSERT for the gaps of those it changed.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from fangxian.duties import rules
from fangxian.duties.actions.plan import playbook_at
from fangxian.duties.actions.windows import open_window, opened_windows
from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Cause, Cohort, Duty, Gap, GapStatus, Heartbeat, Rule
from fangxian.duties.plan_schema import RuleSpec
from fangxian.duties.schedules import Window, next_window, window_at
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.ids import db_id, from_db, new_id
from fangxian.shared.writer import in_chunks, write_lock

MOST_ROUNDS = 400
"""How many windows back one sweep catches up, after the worker stood still."""


@dataclass
class SweepReport:
    lapsed: int = 0
    unknown: int = 0
    opened: int = 0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class _Due:
    """One lapsed duty as it was read: what the UPDATE compares, and what the gap needs."""

    id: UUID
    rule_id: int
    cohort_id: int
    subject_id: UUID
    node_id: UUID
    window: Window
    deadline_us: int
    step: int


@dataclass
class _Sweep:
    now_us: int
    playbook_id: int | None
    report: SweepReport
    rules: dict[int, Rule]
    specs: dict[int, RuleSpec] = field(default_factory=dict)
    beats: dict[str, list[int]] = field(default_factory=dict)
    causes: dict[tuple[int, Window, int], Cause] = field(default_factory=dict)

    def spec(self, rule_id: int) -> RuleSpec:
        if rule_id not in self.specs:
            self.specs[rule_id] = RuleSpec.from_spec(self.rules[rule_id].spec)
        return self.specs[rule_id]

    def cause(self, due: _Due) -> Cause:
        key = (due.rule_id, due.window, due.deadline_us)
        if key not in self.causes:
            channel = self.spec(due.rule_id).channel
            start = max(due.window.start_us, due.window.due_us - rules.LAST_STRETCH_US)
            beats = _beats(channel, start, due.deadline_us)
            down = rules.outages(beats, start_us=start, end_us=due.deadline_us)
            self.causes[key] = rules.cause_of_lapse(due.window, due.deadline_us, down)
        return self.causes[key]


def _beats(channel: str, start_us: int, end_us: int) -> list[int]:
    """Heartbeats of the stretch, with the last one before it: a channel that never beat before has none to show."""
    rows = Heartbeat.objects.filter(channel=channel)
    before = rows.filter(minute_us__lte=start_us).order_by("-minute_us").values_list("minute_us", flat=True)[:1]
    inside = rows.filter(minute_us__gt=start_us, minute_us__lte=end_us).order_by("minute_us")
    return [*before, *inside.values_list("minute_us", flat=True)]


def open_due_windows(*, now: datetime) -> int:
    """Open the running window of every recurring rule and cohort that is not open yet. Returns how many."""
    now_us, opened = clock.to_us(now), 0
    cohorts: dict[str, list[int]] = defaultdict(list)
    for pk, key in Cohort.objects.filter(closed_us__isnull=True).values_list("id", "key"):
        cohorts[key].append(pk)
    for rule in Rule.objects.filter(active=True):
        window = window_at(RuleSpec.from_spec(rule.spec).schedule, now_us)
        if window is None:
            continue
        keys = {(cohort_id, window.start_us) for cohort_id in cohorts[rule.cohort]}
        for cohort_id, _start in sorted(keys - opened_windows(rule.id, keys)):
            with write_lock():
                opened += open_window(rule=rule, cohort_id=cohort_id, window=window, now_us=now_us)
    return opened


def sweep(*, now: datetime, polite: bool = True) -> SweepReport:
    """Open the windows that have begun, and turn every deadline that has passed into a gap.

    Resumable: it may be stopped anywhere and run again. `polite=False` leaves out the pauses for other writers.
    """
    report = SweepReport(opened=open_due_windows(now=now))
    plan = playbook_at(now)
    state = _Sweep(clock.to_us(now), plan.id if plan else None, report, {rule.id: rule for rule in Rule.objects.all()})
    for _round in range(MOST_ROUNDS):
        waiting = _lapsed_ids(state.now_us)
        if not waiting:
            break
        report.rounds += 1
        before = report.lapsed + report.unknown
        in_chunks(waiting, lambda part: _lapse(state, part), polite=polite)
        if report.lapsed + report.unknown == before:
            break
    report.opened += open_due_windows(now=now) if report.rounds else 0
    return report


def _lapsed_ids(now_us: int) -> list[Any]:
    """Ids of lapsed duties as the database stores them, in table order: at random is many times slower."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {Duty._meta.db_table} WHERE deadline_us IS NOT NULL AND deadline_us < %s", [now_us]
        )
        found = [row[0] for row in cursor.fetchall()]
    found.sort()
    return found


def _lapse(state: _Sweep, ids: Sequence[Any]) -> None:
    """One chunk, in the caller's transaction: read, compare and set, write gaps, post counters."""
    groups: dict[tuple[int, Window, int], list[_Due]] = defaultdict(list)
    for due in _read(ids, state.now_us):
        groups[(due.rule_id, due.window, due.deadline_us)].append(due)
    # before the duties move on: a window that is opened after its end is counted from those that stand in it
    _ensure_open(state, groups)
    ledger = Ledger()
    gaps: list[tuple[_Due, Cause]] = []
    for (rule_id, window, deadline_us), members in groups.items():
        moved = _advance(state, rule_id, window, deadline_us, members)
        cause = state.cause(members[0])
        for due in members:
            if due.id in moved:
                gaps.append((due, cause))
    for due, cause in gaps:
        ledger.count((due.rule_id, due.cohort_id, due.window.start_us, due.node_id), cause)
        if state.rules[due.rule_id].corner:
            ledger.gaps(due.subject_id, 1)
        if cause == Cause.UNKNOWN:
            state.report.unknown += 1
        else:
            state.report.lapsed += 1
    _insert_gaps(state, gaps)
    ledger.post()


def _ensure_open(state: _Sweep, groups: Mapping[tuple[int, Window, int], Sequence[_Due]]) -> None:
    """A window that came and went while the worker stood still is opened before it is counted."""
    wanted: dict[tuple[int, Window], set[tuple[int, int]]] = defaultdict(set)
    for (rule_id, window, _deadline), members in groups.items():
        if state.spec(rule_id).schedule.type != "once":
            wanted[(rule_id, window)] |= {(due.cohort_id, window.start_us) for due in members}
    for (rule_id, window), keys in sorted(wanted.items(), key=lambda item: (item[0][0], item[0][1].start_us)):
        for cohort_id, _start in sorted(keys - opened_windows(rule_id, keys)):
            open_window(rule=state.rules[rule_id], cohort_id=cohort_id, window=window, now_us=state.now_us)


def _read(ids: Sequence[Any], now_us: int) -> list[_Due]:
    columns = "id, rule_id, cohort_id, subject_id, node_id, window_us, due_us, deadline_us, step"
    source, values = _id_list(ids)
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {Duty._meta.db_table} WHERE id IN ({source}) AND deadline_us < %s "
            f"ORDER BY id{lock}",
            [values, now_us],
        )
        return [
            _Due(from_db(r[0]), r[1], r[2], from_db(r[3]), from_db(r[4]), Window(r[5], r[6]), r[7], r[8])
            for r in cursor.fetchall()
        ]


def _id_list(ids: Sequence[Any]) -> tuple[str, str | list[Any]]:
    """SQL for a list of ids passed as one value, and that value."""
    if connection.vendor == "postgresql":
        return "SELECT unnest(%s::uuid[])", list(ids)
    return "SELECT value FROM json_each(%s)", json.dumps(list(ids))


def _advance(state: _Sweep, rule_id: int, window: Window, deadline_us: int, members: Sequence[_Due]) -> set[UUID]:
    """Move these duties to their next window, if nobody moved them first. Returns the ids that were moved here."""
    spec = state.spec(rule_id)
    then = next_window(spec.schedule, window) if state.rules[rule_id].active else None
    source, values = _id_list([db_id(due.id) for due in members])
    if then is None:
        sets, args = "deadline_us = NULL", []
    else:
        sets = "window_us = %s, due_us = %s, deadline_us = %s, node_id = node_next_id, step = 0"
        args = [then.start_us, then.due_us, then.due_us + spec.grace_minutes * MINUTE_US]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Duty._meta.db_table} SET {sets} WHERE id IN ({source}) AND deadline_us = %s RETURNING id",
            [*args, values, deadline_us],
        )
        return {from_db(row[0]) for row in cursor.fetchall()}


def _insert_gaps(state: _Sweep, gaps: Sequence[tuple[_Due, Cause]]) -> None:
    if not gaps:
        return
    names = (
        "id", "duty_id", "rule_id", "node_id", "window_us", "due_us", "lapsed_us", "noticed_us", "step", "cause",
        "status", "outcome", "closed_by", "reason", "playbook_id",
    )  # fmt: skip
    rows = [
        (
            db_id(new_id()), db_id(due.id), due.rule_id, db_id(due.node_id), due.window.start_us, due.window.due_us,
            due.deadline_us, state.now_us, due.step, cause.value, GapStatus.OPEN.value, "", "", "", state.playbook_id,
        )
        for due, cause in gaps
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {Gap._meta.db_table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) "
            "ON CONFLICT (duty_id, window_us) DO NOTHING",
            rows,
        )
