"""Every write to duties, by verb."""

from fangxian.duties.actions.enrol import NewMember, close_cohort, enrol, renode, withdraw
from fangxian.duties.actions.errors import DutyError
from fangxian.duties.actions.give import give
from fangxian.duties.actions.plan import (
    Applied,
    PlanRefusedError,
    apply_playbook,
    bring_into_force,
    due_playbook,
    plan_of,
    playbook_at,
    store_playbook,
)
from fangxian.duties.actions.posts import check_posts
from fangxian.duties.actions.record import Done, Report, beat, done, fulfil, note, raise_step
from fangxian.duties.actions.sweep import SweepReport, sweep
from fangxian.duties.actions.waive import waive, waive_duty

__all__ = [
    "Applied",
    "Done",
    "DutyError",
    "NewMember",
    "PlanRefusedError",
    "Report",
    "SweepReport",
    "apply_playbook",
    "beat",
    "bring_into_force",
    "check_posts",
    "close_cohort",
    "done",
    "due_playbook",
    "enrol",
    "fulfil",
    "give",
    "note",
    "plan_of",
    "playbook_at",
    "raise_step",
    "renode",
    "store_playbook",
    "sweep",
    "waive",
    "waive_duty",
    "withdraw",
]
