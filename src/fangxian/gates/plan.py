"""What the plan in force says about gates."""

from dataclasses import dataclass
from datetime import datetime

from fangxian.duties.actions import plan_of, playbook_at
from fangxian.duties.sections import RetentionSection, ThresholdsSection
from fangxian.gates.playbook import GatesSection

LOG_RETENTION = "gate-log"
FEVER = "fever_celsius"
REST = "fever_rest_minutes"
SHELF = "parcel_shelf_minutes"


@dataclass(frozen=True)
class InForce:
    """The figures come from the plan's thresholds, where a form of the console changes them."""

    playbook_id: int | None
    section: GatesSection
    log_days: int | None


def plan_at(now: datetime) -> InForce:
    """Without a plan, or without its section on gates, the defaults of the section hold."""
    row = playbook_at(now)
    if row is None:
        return InForce(None, GatesSection(), None)
    plan = plan_of(row)
    section = plan.read(GatesSection) if GatesSection.section in plan.sections else GatesSection()
    changed: dict[str, int] = {}
    if ThresholdsSection.section in plan.sections:
        thresholds = plan.read(ThresholdsSection)
        if (fever := thresholds.find(FEVER)) is not None:
            changed["fever_decidec"] = round(fever.value * 10)
        if (rest := thresholds.find(REST)) is not None:
            changed["rest_minutes"] = round(rest.value)
        if (shelf := thresholds.find(SHELF)) is not None:
            changed["shelf_minutes"] = round(shelf.value)
    terms = plan.read(RetentionSection).retention if RetentionSection.section in plan.sections else ()
    days = next((term.keep_days for term in terms if term.key == LOG_RETENTION), None)
    return InForce(row.id, section.model_copy(update=changed), days)
