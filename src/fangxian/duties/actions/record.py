"""What was done: records from the field, judged and counted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import rules
from fangxian.duties.actions.errors import DutyError
from fangxian.duties.actions.plan import playbook_id_at
from fangxian.duties.actions.windows import open_window, opened_windows
from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Cause, Duty, Fulfilment, Gap, GapNote, GapStatus, Heartbeat, Outcome, Rule
from fangxian.duties.plan_schema import RuleSpec
from fangxian.duties.schedules import Window
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.writer import write_lock


@dataclass(frozen=True, slots=True)
class Done:
    """Something done about a subject. `ref` names the record (`kind:id`) and makes sending it again harmless."""

    subject_id: UUID
    observed_at: datetime
    ref: str


@dataclass(frozen=True, slots=True)
class Report:
    met: int = 0
    late: int = 0
    extra: int = 0
    gaps_closed: int = 0


@write_lock()
def fulfil(*, cohort: str, items: Sequence[Done], by: str, now: datetime, instance: str = "") -> Report:
    """Take records from the field: each is judged by when it was observed, and counted for the window it belongs to.

    A subject that is no member is passed over: the record is kept by its own package all the same.
    """
    duties = list(
        Duty.objects.select_for_update(of=("self",))
        .filter(
            cohort__key=cohort, cohort__instance=instance, ended_us__isnull=True,
            subject_id__in=[item.subject_id for item in items],
        )
        .select_related("rule")
        .order_by("id")
    )  # fmt: skip
    return _apply(duties, items, by, now) if duties else Report()


def _apply(duties: Sequence[Duty], items: Sequence[Done], by: str, now: datetime) -> Report:
    """Apply records to locked duties, oldest observation first, and post every counter that changes."""
    by_subject: dict[UUID, list[Done]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.observed_at):
        by_subject[item.subject_id].append(item)
    gaps: dict[UUID, list[Gap]] = defaultdict(list)
    for gap in Gap.objects.select_for_update().filter(
        duty__in=[duty.id for duty in duties], status=GapStatus.OPEN
    ).order_by("id"):  # fmt: skip
        gaps[gap.duty_id].append(gap)
    seen = set(
        Fulfilment.objects.filter(
            duty__in=[duty.id for duty in duties], ref__in={item.ref for item in items}
        ).values_list("duty_id", "ref")
    )
    work = _Recording(by, now, _opened_of(duties), _done_late(duties, by_subject))
    for duty in duties:
        for item in by_subject[duty.subject_id]:
            if (duty.id, item.ref) not in seen:
                work.record(duty, gaps[duty.id], item)
    return work.save()


def _done_late(duties: Sequence[Duty], items: Mapping[UUID, Sequence[Done]]) -> dict[UUID, list[Gap]]:
    """Gaps that an earlier arrival closed as late, of duties for which an older observation comes in only now."""
    behind = [
        duty.id
        for duty in duties
        if duty.last_us is not None and clock.to_us(items[duty.subject_id][0].observed_at) < duty.last_us
    ]
    found: dict[UUID, list[Gap]] = defaultdict(list)
    if behind:
        for gap in Gap.objects.select_for_update().filter(duty__in=behind, outcome=Outcome.LATE).order_by("id"):
            found[gap.duty_id].append(gap)
    return found


def _opened_of(duties: Sequence[Duty]) -> set[tuple[int, int, int]]:
    wanted: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for duty in duties:
        if duty.rule.spec["schedule"]["type"] != "once":
            wanted[duty.rule_id].add((duty.cohort_id, duty.window_us))
    return {(rule, *key) for rule, keys in wanted.items() for key in opened_windows(rule, keys)}


class _Recording:
    """The rows that a batch of records leads to, gathered and then written together."""

    def __init__(
        self, by: str, now: datetime, opened: set[tuple[int, int, int]], late: dict[UUID, list[Gap]]
    ) -> None:  # fmt: skip
        self.by, self.now_us = by, clock.to_us(now)
        self.late = late
        self.playbook_id = playbook_id_at(now)
        self.opened = opened
        self.ledger = Ledger()
        self.specs: dict[int, RuleSpec] = {}
        self.duties: dict[UUID, Duty] = {}
        self.gaps: dict[UUID, Gap] = {}
        self.made: list[Fulfilment] = []
        self.closed = 0

    def record(self, duty: Duty, gaps: list[Gap], item: Done) -> None:
        spec = self._spec(duty.rule)
        grace = spec.grace_minutes * MINUTE_US
        observed = clock.to_us(item.observed_at)
        owed = duty.deadline_us is not None
        current = Window(duty.window_us, duty.due_us) if owed else None
        effect = rules.judge_record(
            spec.schedule, current=current, grace_us=grace, observed_us=observed,
            gaps=[rules.OpenGap(Window(g.window_us, g.due_us), g.lapsed_us, Cause(g.cause)) for g in gaps],
        )  # fmt: skip
        for number, outcome in reversed(effect.closes):
            self._close(duty, gaps.pop(number), outcome, item, observed)
        cleared = self._clear(duty, item, observed)
        if effect.window is not None:
            self._fulfil_window(duty, effect, item, observed, grace)
        elif not effect.closes and not cleared:
            self._keep(duty, duty.window_us, duty.node_id, Outcome.EXTRA, item, observed)
        duty.last_us = max(duty.last_us or 0, observed)
        self.duties[duty.id] = duty

    def _spec(self, rule: Rule) -> RuleSpec:
        if rule.id not in self.specs:
            self.specs[rule.id] = RuleSpec.from_spec(rule.spec)
        return self.specs[rule.id]

    def _close(self, duty: Duty, gap: Gap, outcome: Outcome, item: Done, observed: int) -> None:
        gap.status, gap.outcome = GapStatus.CLOSED, outcome
        gap.closed_us, gap.closed_by = self.now_us, self.by
        self.gaps[gap.id] = gap
        self.closed += 1
        key = (gap.rule_id, duty.cohort_id, gap.window_us, gap.node_id)
        self.ledger.count(key, gap.cause, -1)
        self.ledger.count(key, outcome)
        if duty.rule.corner:
            self.ledger.gaps(duty.subject_id, -1)
        self._keep(duty, gap.window_us, gap.node_id, outcome, item, observed)

    def _clear(self, duty: Duty, item: Done, observed: int) -> bool:
        """Somebody else's later visit closed the gap as late; now it is known that it had been done in time."""
        late = [gap for gap in self.late[duty.id] if gap.window_us <= observed <= gap.lapsed_us]
        for gap in late:
            self.late[duty.id].remove(gap)
            gap.outcome = Outcome.MET
            self.gaps[gap.id] = gap
            key = (gap.rule_id, duty.cohort_id, gap.window_us, gap.node_id)
            self.ledger.count(key, Outcome.LATE, -1)
            self.ledger.count(key, Outcome.MET)
            rows = Fulfilment.objects.filter(duty=duty, window_us=gap.window_us, outcome=Outcome.LATE)
            rows.update(outcome=Outcome.EXTRA)
            self._keep(duty, gap.window_us, gap.node_id, Outcome.MET, item, observed)
        return bool(late)

    def _fulfil_window(self, duty: Duty, effect: rules.Effect, item: Done, observed: int, grace: int) -> None:
        assert effect.window is not None
        key = (duty.rule_id, duty.cohort_id, duty.window_us, duty.node_id)
        once = effect.then is None
        if not once and key[:3] not in self.opened:
            # the worker has not opened this window yet; a count without `expected` would read as more than all
            window = Window(duty.window_us, duty.due_us)
            open_window(rule=duty.rule, cohort_id=duty.cohort_id, window=window, now_us=self.now_us)
            self.opened.add(key[:3])
        self.ledger.count(key, effect.window)
        self._keep(duty, duty.window_us, duty.node_id, effect.window, item, observed)
        duty.step = 0
        if effect.then is None:
            duty.deadline_us = None
            return
        duty.window_us, duty.due_us = effect.then.start_us, effect.then.due_us
        duty.deadline_us = effect.then.due_us + grace
        duty.node_id = duty.node_next_id

    def _keep(self, duty: Duty, window: int, node: UUID, outcome: Outcome, item: Done, observed: int) -> None:
        self.made.append(
            Fulfilment(
                id=new_id(), duty_id=duty.id, window_us=window, node_id=node, outcome=outcome, observed_us=observed,
                received_us=self.now_us, ref=item.ref, by=self.by, playbook_id=self.playbook_id,
            )
        )  # fmt: skip

    def save(self) -> Report:
        Fulfilment.objects.bulk_create(self.made, batch_size=1_000, ignore_conflicts=True)
        Gap.objects.bulk_update(self.gaps.values(), ["status", "outcome", "closed_us", "closed_by"], batch_size=200)
        self._save_duties()
        self.ledger.post()
        tally: dict[str, int] = defaultdict(int)
        for row in self.made:
            tally[row.outcome] += 1
        return Report(tally[Outcome.MET], tally[Outcome.LATE], tally[Outcome.EXTRA], self.closed)

    def _save_duties(self) -> None:
        """One prepared statement for all: bulk_update builds a CASE for each column and costs ten times as much."""
        rows = [
            (d.window_us, d.due_us, d.deadline_us, db_id(d.node_id), d.last_us, d.step, db_id(d.id))
            for d in self.duties.values()
        ]
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"UPDATE {Duty._meta.db_table} SET window_us = %s, due_us = %s, deadline_us = %s, node_id = %s, "
                    "last_us = %s, step = %s WHERE id = %s",
                    rows,
                )


@write_lock()
def done(*, duty: Duty, by: str, now: datetime, observed_at: datetime | None = None, ref: str = "") -> Report:
    """One duty was done, as somebody says it: for one-off duties, and for a gap that is settled by a call."""
    row = Duty.objects.select_for_update(of=("self",)).select_related("rule").get(id=duty.id)
    if row.ended_us is not None:
        raise DutyError(_("This is not owed any more. Nothing was changed."))
    item = Done(row.subject_id, observed_at or now, ref or f"staff:{by}:{clock.to_us(now)}")
    report = _apply([row], [item], by, now)
    audit.record(by=by, act="duties.done", now=now, target=f"duty:{row.id}", place=row.node_id)
    return report


def beat(*, channel: str, now: datetime) -> None:
    """This channel is up in this minute."""
    minute = clock.to_us(now) // MINUTE_US * MINUTE_US
    Heartbeat.objects.bulk_create([Heartbeat(channel=channel, minute_us=minute)], ignore_conflicts=True)


@write_lock()
def raise_step(
    *, cohort: str, subject_ids: Sequence[UUID], kind: GapNote.Kind, text: str, by: str, now: datetime,
    instance: str = "", raise_by: int = 1,
) -> None:  # fmt: skip
    """The owner could not do it (refused, nobody home): note it on open gaps, and start the escalation further up."""
    duties = list(
        Duty.objects.select_for_update(of=("self",))
        .filter(cohort__key=cohort, cohort__instance=instance, subject_id__in=subject_ids, ended_us__isnull=True)
        .select_related("rule")
        .order_by("id")
    )
    tops = {duty.rule_id: len(RuleSpec.from_spec(duty.rule.spec).escalation) - 1 for duty in duties}
    for duty in duties:
        duty.step = min(duty.step + raise_by, tops[duty.rule_id])
    Duty.objects.bulk_update(duties, ["step"], batch_size=200)
    steps = {duty.id: duty.step for duty in duties}
    gaps = list(Gap.objects.filter(duty__in=list(steps), status=GapStatus.OPEN))
    for gap in gaps:
        gap.step = max(gap.step, steps[gap.duty_id])
    Gap.objects.bulk_update(gaps, ["step"], batch_size=200)
    GapNote.objects.bulk_create([GapNote(gap=gap, kind=kind, text=text, at_us=clock.to_us(now), by=by) for gap in gaps])


@write_lock()
def note(*, gap: Gap, kind: GapNote.Kind, text: str, by: str, now: datetime) -> GapNote:
    audit.record(by=by, act=f"duties.gap.{kind}", now=now, target=f"gap:{gap.id}")
    return GapNote.objects.create(gap=gap, kind=kind, text=text, at_us=clock.to_us(now), by=by)
