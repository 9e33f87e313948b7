"""The ``gates`` section of a playbook: what is asked at a gate, and what passes allow."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fangxian.duties.plan_schema import Frozen, Section, SectionSpec, Text

Minutes = Annotated[int, Field(ge=0, le=1_440)]
Days = Annotated[int, Field(ge=1, le=366)]

GATE_SLOT = "gate-slot"
EMPLOYEE_DAY = "employee-day"


class ZoneRule(Frozen):
    """Floors of one colour, and when its people arrive (minutes of the local day)."""

    letter: Literal["R", "Y", "B"]
    title: Text
    floors: tuple[int, int]
    arrive_from: Minutes | None = None
    arrive_until: Minutes | None = None


class GatesSection(Section):
    """Defaults are what holds while a plan does not have the section."""

    section: ClassVar[str] = "gates"

    ask_mask: bool = True
    ask_temperature: bool = True
    ask_declaration: bool = True
    fever_decidec: Annotated[int, Field(ge=360, le=420)] = 373
    lowest_decidec: Annotated[int, Field(ge=300, le=360)] = 340
    rest_minutes: Minutes = 15
    declaration_days: Days = 14
    outings: Annotated[int, Field(ge=0, le=50)] = 1
    outing_days: Days = 2
    resident_days: Days = 30
    employee_days: Days = 30
    vehicle_days: Days = 30
    visitor_hours: Annotated[int, Field(ge=1, le=24)] = 12
    shelf_minutes: Minutes = 120
    slot_grace_minutes: Minutes = 10
    early_minutes: Minutes = 15
    clock_tolerance_minutes: Minutes = 5
    turnstile_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    zones: tuple[ZoneRule, ...] = ()


def _cohorts(section: GatesSection) -> tuple[str, ...]:
    return (GATE_SLOT, EMPLOYEE_DAY)


SECTIONS = (SectionSpec(GatesSection, cohorts=_cohorts, required=False),)
