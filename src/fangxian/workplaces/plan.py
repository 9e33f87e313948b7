"""What the plan in force says about workplaces, and its key regions."""

from dataclasses import dataclass
from datetime import datetime

from fangxian.duties.actions import plan_of, playbook_at
from fangxian.screening.playbook import KeyRegion, ScreeningSection
from fangxian.workplaces.playbook import WorkplacesSection


@dataclass(frozen=True)
class InForce:
    playbook_id: int | None
    section: WorkplacesSection
    regions: tuple[KeyRegion, ...]
    """All key regions of the plan, past ones too: whether one held is asked for the day of somebody's journey."""


def plan_at(now: datetime) -> InForce:
    """Without a plan, or without its section on workplaces, the defaults of the section hold."""
    row = playbook_at(now)
    if row is None:
        return InForce(None, WorkplacesSection(), ())
    plan = plan_of(row)
    section = plan.read(WorkplacesSection) if WorkplacesSection.section in plan.sections else WorkplacesSection()
    regions = plan.read(ScreeningSection).key_regions if ScreeningSection.section in plan.sections else ()
    return InForce(row.id, section, regions)
