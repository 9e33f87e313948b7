"""What the plan in force says about rounds of goods."""

from dataclasses import dataclass
from datetime import datetime

from fangxian.duties.actions import plan_of, playbook_at
from fangxian.masks.playbook import MasksSection


@dataclass(frozen=True)
class InForce:
    playbook_id: int | None
    section: MasksSection


def plan_at(now: datetime) -> InForce:
    """Without a plan, or without its section on masks, the defaults of the section hold."""
    row = playbook_at(now)
    if row is None:
        return InForce(None, MasksSection())
    plan = plan_of(row)
    section = plan.read(MasksSection) if MasksSection.section in plan.sections else MasksSection()
    return InForce(row.id, section)
