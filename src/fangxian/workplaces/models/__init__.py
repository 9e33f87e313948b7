"""Office buildings and their enterprises on the way back to work. Instants are microseconds UTC."""

from fangxian.workplaces.models.buildings import (
    Building,
    DutyDay,
    Lift,
    Measure,
    MeasureKind,
    Statement,
    StatementKind,
    Supply,
    TaskMember,
    TaskRole,
)
from fangxian.workplaces.models.firms import (
    Filing,
    FilingAct,
    FilingStatus,
    FilingStep,
    Firm,
    FirmPost,
    PostKind,
    Visit,
)
from fangxian.workplaces.models.rosters import (
    DayLine,
    DayReport,
    Health,
    Returning,
    StaffState,
    StoppedPass,
    Transport,
    Travelled,
    Verdict,
)
from fangxian.workplaces.models.waves import GateLane, Objection, PlanStatus, WavePlan, WaveSlot

__all__ = [
    "Building", "DayLine", "DayReport", "DutyDay", "Filing", "FilingAct", "FilingStatus", "FilingStep", "Firm",
    "FirmPost", "GateLane", "Health", "Lift", "Measure", "MeasureKind", "Objection", "PlanStatus", "PostKind",
    "Returning", "StaffState", "Statement", "StatementKind", "StoppedPass", "Supply", "TaskMember", "TaskRole",
    "Transport", "Travelled", "Verdict", "Visit", "WavePlan", "WaveSlot",
]  # fmt: skip
