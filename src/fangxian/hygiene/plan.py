"""The hygiene section of the plan in force."""

from dataclasses import dataclass
from datetime import datetime

from fangxian.duties.actions import plan_of, playbook_at
from fangxian.duties.sections import RetentionSection
from fangxian.hygiene.playbook import Agent, AreaType, HygieneSection

PHOTO_RETENTION = "photos"
LOG_RETENTION = "disinfection-logs"


@dataclass(frozen=True)
class InForce:
    """What the plan says about disinfection. Without a plan nothing is listed and nothing is refused."""

    playbook_id: int | None
    section: HygieneSection
    photo_days: int | None
    log_days: int | None

    def kind(self, area_type: str) -> AreaType | None:
        return self.section.area_type(area_type)

    def agent(self, key: str) -> Agent | None:
        return self.section.agent(key)


def plan_at(now: datetime) -> InForce:
    row = playbook_at(now)
    if row is None:
        return InForce(None, HygieneSection(agents=(), area_types=()), None, None)
    plan = plan_of(row)
    terms = {term.key: term.keep_days for term in plan.read(RetentionSection).retention}
    return InForce(row.id, plan.read(HygieneSection), terms.get(PHOTO_RETENTION), terms.get(LOG_RETENTION))
