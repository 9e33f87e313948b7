"""The sweep: deadlines that passed become gaps. Its cost follows what is due, never the register.

Raw statements, since a million duties may lapse in one minute. Rows are read in pages without the writer's lock and
grouped by rule and window; each short transaction then moves its duties by comparing the deadline that was read, so
that one fulfilled meanwhile is left alone, and writes the gaps of those it moved.
"""

import json
from collections import Counter as Counted
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from django.db import connection

from fangxian.duties import rules
from fangxian.duties.actions.plan import playbook_at
from fangxian.duties.actions.windows import open_window, opened_windows
from fangxian.duties.ledger import Ledger, post_gaps
from fangxian.duties.models import Cause, Cohort, Duty, Gap, GapStatus, Heartbeat, Rule
from fangxian.duties.plan_schema import RuleSpec
from fangxian.duties.schedules import Window, next_window, window_at
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.ids import db_id, from_db, new_id
from fangxian.shared.writer import Pace, in_chunks, write_lock

PAGE: Final = 5_000
MOST_ROUNDS: Final = 400
"""How many windows back one sweep catches up, after the worker stood still."""

DbId = Any
"""An id as the database stores it: it is only handed back, so it is never turned into a UUID on the way."""


@dataclass
class SweepReport:
    lapsed: int = 0
    unknown: int = 0
    opened: int = 0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class _Key:
    """What all duties of one group share."""

    rule_id: int
    window: Window
    deadline_us: int


Row = tuple[DbId, int, DbId, DbId, int]
"""(duty, cohort, subject, node, step)"""


@dataclass
class _Sweep:
    now_us: int
    playbook_id: int | None
    report: SweepReport
    rules: dict[int, Rule]
    pace: Pace
    polite: bool
    specs: dict[int, RuleSpec] = field(default_factory=dict)

    def spec(self, rule_id: int) -> RuleSpec:
        if rule_id not in self.specs:
            self.specs[rule_id] = RuleSpec.from_spec(self.rules[rule_id].spec)
        return self.specs[rule_id]

    def cause(self, key: _Key) -> Cause:
        start = max(key.window.start_us, key.window.due_us - rules.LAST_STRETCH_US)
        beats = _beats(self.spec(key.rule_id).channel, start, key.deadline_us)
        down = rules.outages(beats, start_us=start, end_us=key.deadline_us)
        return rules.cause_of_lapse(key.window, key.deadline_us, down)


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
    state = _Sweep(
        now_us=clock.to_us(now), playbook_id=plan.id if plan else None, report=report,
        rules={rule.id: rule for rule in Rule.objects.all()}, pace=Pace.for_database() if polite else Pace.alone(),
        polite=polite,
    )  # fmt: skip
    for _round in range(MOST_ROUNDS):
        waiting = _lapsed_ids(state.now_us)
        before = report.lapsed + report.unknown
        for start in range(0, len(waiting), PAGE):
            for key, rows in _read(waiting[start : start + PAGE], state.now_us):
                _lapse(state, key, rows)
        if report.lapsed + report.unknown == before:
            break
        report.rounds += 1
    report.opened += open_due_windows(now=now) if report.rounds else 0
    return report


def _lapsed_ids(now_us: int) -> list[DbId]:
    """Ids of lapsed duties, in table order: visiting pages of the table at random is many times slower."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {Duty._meta.db_table} WHERE deadline_us IS NOT NULL AND deadline_us < %s", [now_us]
        )
        found = [row[0] for row in cursor.fetchall()]
    found.sort()
    return found


def _id_list(ids: Sequence[DbId]) -> tuple[str, str | list[DbId]]:
    """SQL for a list of ids passed as one value, and that value."""
    if connection.vendor == "postgresql":
        return "SELECT unnest(%s::uuid[])", list(ids)
    return "SELECT value FROM json_each(%s)", json.dumps(list(ids))


def _read(ids: Sequence[DbId], now_us: int) -> Iterator[tuple[_Key, list[Row]]]:
    """One page of lapsed duties in groups, table order kept inside a group."""
    source, values = _id_list(ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rule_id, window_us, due_us, deadline_us, id, cohort_id, subject_id, node_id, step "
            f"FROM {Duty._meta.db_table} WHERE id IN ({source}) AND deadline_us < %s "
            "ORDER BY rule_id, deadline_us, window_us, due_us, id",
            [values, now_us],
        )
        found = cursor.fetchall()
    for (rule_id, start_us, due_us, deadline_us), rows in groupby(found, key=lambda row: row[:4]):
        yield _Key(rule_id, Window(start_us, due_us), deadline_us), [row[4:] for row in rows]


def _lapse(state: _Sweep, key: _Key, rows: Sequence[Row]) -> None:
    """Turn one group into gaps, in transactions cut by time."""
    _ensure_open(state, key, {row[1] for row in rows})
    cause = state.cause(key)
    spec = state.spec(key.rule_id)
    then = next_window(spec.schedule, key.window) if state.rules[key.rule_id].active else None
    corner = state.rules[key.rule_id].corner

    def write(part: Sequence[Row]) -> None:
        moved = _advance(key, part, then, spec.grace_minutes * MINUTE_US)
        gone = part if len(moved) == len(part) else [row for row in part if row[0] in moved]
        _insert_gaps(state, key, gone, cause)
        ledger = Ledger()
        for (cohort_id, node), count in Counted((row[1], row[3]) for row in gone).items():
            ledger.count((key.rule_id, cohort_id, key.window.start_us, from_db(node)), cause, count)
        ledger.post()
        if corner:
            post_gaps([row[2] for row in gone])
        if cause == Cause.UNKNOWN:
            state.report.unknown += len(gone)
        else:
            state.report.lapsed += len(gone)

    in_chunks(rows, write, pace=state.pace, polite=state.polite)


def _ensure_open(state: _Sweep, key: _Key, cohort_ids: set[int]) -> None:
    """A window that came and went while the worker stood still is opened before its duties move on."""
    if state.spec(key.rule_id).schedule.type == "once":
        return
    keys = {(cohort_id, key.window.start_us) for cohort_id in cohort_ids}
    for cohort_id, _start in sorted(keys - opened_windows(key.rule_id, keys)):
        with write_lock():
            open_window(rule=state.rules[key.rule_id], cohort_id=cohort_id, window=key.window, now_us=state.now_us)


def _advance(key: _Key, part: Sequence[Row], then: Window | None, grace_us: int) -> set[DbId]:
    """Move these duties to their next window, if nobody moved them first. Returns the ids that were moved here."""
    source, values = _id_list([row[0] for row in part])
    if then is None:
        sets, args = "deadline_us = NULL", []
    else:
        sets = "window_us = %s, due_us = %s, deadline_us = %s, node_id = node_next_id, step = 0"
        args = [then.start_us, then.due_us, then.due_us + grace_us]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Duty._meta.db_table} SET {sets} WHERE id IN ({source}) AND deadline_us = %s RETURNING id",
            [*args, values, key.deadline_us],
        )
        return {row[0] for row in cursor.fetchall()}


_GAP_COLUMNS: Final = (
    "id", "duty_id", "node_id", "step", "rule_id", "window_us", "due_us", "lapsed_us", "noticed_us", "cause", "status",
    "outcome", "closed_by", "reason", "playbook_id",
)  # fmt: skip


def _insert_gaps(state: _Sweep, key: _Key, rows: Sequence[Row], cause: Cause) -> None:
    if not rows:
        return
    same = (
        key.rule_id, key.window.start_us, key.window.due_us, key.deadline_us, state.now_us, cause.value,
        GapStatus.OPEN.value, "", "", "", state.playbook_id,
    )  # fmt: skip
    values = [(db_id(new_id()), row[0], row[3], row[4], *same) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {Gap._meta.db_table} ({', '.join(_GAP_COLUMNS)}) "
            f"VALUES ({', '.join(['%s'] * len(_GAP_COLUMNS))}) ON CONFLICT (duty_id, window_us) DO NOTHING",
            values,
        )
