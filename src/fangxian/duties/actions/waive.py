"""What need not be done, and why."""

from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties.actions.errors import DutyError
from fangxian.duties.actions.plan import playbook_at
from fangxian.duties.actions.windows import open_window
from fangxian.duties.ledger import Ledger
from fangxian.duties.models import Cause, Duty, Gap, GapStatus
from fangxian.duties.plan_schema import RuleSpec
from fangxian.duties.schedules import Window, next_window
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.writer import write_lock


@write_lock()
def waive(*, gap: Gap, reason: str, by: str, now: datetime) -> None:
    """Waive an open gap with a reason. Raises DutyError when it is not open any more, or no reason is given."""
    if not reason.strip():
        raise DutyError(_("Say why this may be left undone. The reason stays with the record."))
    changed = Gap.objects.filter(id=gap.id, status=GapStatus.OPEN).update(
        status=GapStatus.WAIVED, closed_us=clock.to_us(now), closed_by=by, reason=reason.strip()
    )
    if not changed:
        raise DutyError(_("This gap is closed already. Nothing was changed; open it again from the list to see how."))
    duty = Duty.objects.select_related("rule").get(id=gap.duty_id)
    ledger = Ledger()
    key = (gap.rule_id, duty.cohort_id, gap.window_us, gap.node_id)
    ledger.count(key, gap.cause, -1)
    ledger.count(key, "waived")
    if duty.rule.corner:
        ledger.gaps(duty.subject_id, -1)
    ledger.post()
    audit.record(by=by, act="duties.gap.waived", now=now, target=f"gap:{gap.id}", place=gap.node_id)


@write_lock()
def waive_duty(*, duty: Duty, reason: str, by: str, now: datetime) -> Gap:
    """Waive the window that is owed now, before it is due. The next window is owed as usual."""
    if not reason.strip():
        raise DutyError(_("Say why this may be left undone. The reason stays with the record."))
    duty = Duty.objects.select_for_update(of=("self",)).select_related("rule").get(id=duty.id)
    if duty.deadline_us is None:
        raise DutyError(_("Nothing is owed here any more. Nothing was changed."))
    spec = RuleSpec.from_spec(duty.rule.spec)
    now_us = clock.to_us(now)
    current = Window(duty.window_us, duty.due_us)
    plan = playbook_at(now)
    gap = Gap.objects.create(
        duty=duty, rule=duty.rule, node_id=duty.node_id, window_us=duty.window_us, due_us=duty.due_us,
        lapsed_us=duty.deadline_us, noticed_us=now_us, cause=Cause.WAIVED, status=GapStatus.WAIVED, closed_us=now_us,
        closed_by=by, reason=reason.strip(), playbook=plan,
    )  # fmt: skip
    ledger = Ledger()
    key = (duty.rule_id, duty.cohort_id, duty.window_us, duty.node_id)
    then = next_window(spec.schedule, current)
    if then is not None:
        open_window(rule=duty.rule, cohort_id=duty.cohort_id, window=current, now_us=now_us)
    ledger.count(key, "waived")
    ledger.post()
    duty.deadline_us = None
    if then is not None:
        duty.window_us, duty.due_us, duty.node_id = then.start_us, then.due_us, duty.node_next_id
        duty.deadline_us = then.due_us + spec.grace_minutes * MINUTE_US
    duty.save(update_fields=["window_us", "due_us", "deadline_us", "node"])
    audit.record(by=by, act="duties.duty.waived", now=now, target=f"duty:{duty.id}", place=gap.node_id)
    return gap
