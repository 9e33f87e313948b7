"""The ``workplaces`` section of a playbook: filings, rosters, the daily report and the return wave."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from fangxian.duties.plan_schema import Frozen, Key, Section, SectionSpec, Text, Words, fault

HEALTH = "firm-health"
VISIT = "firm-visit"

Minute = Annotated[int, Field(ge=0, le=1_440)]
Percent = Annotated[int, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
Method = Literal["handheld", "form", "thermal", "turnstile"]
METHODS: tuple[Method, ...] = ("handheld", "form", "thermal", "turnstile")


class Named(Frozen):
    key: Key
    title: Text
    confirmed: bool = True


class Goods(Frozen):
    """Something that must be held ready; how much of it one person, and the place itself, use in a day."""

    key: Key
    title: Text
    per_head: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0.0
    per_place: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = 0.0
    confirmed: bool = True


class ServiceRule(Frozen):
    """How long one person takes at one server of this method; `spread` is the coefficient of variation."""

    method: Method
    title: Text
    seconds: Seconds
    spread: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)] = 1.0
    rain_factor: Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)] = 1.0
    source: Words | None = None
    confirmed: bool = True


class WaveRule(Frozen):
    """What the return wave is planned by.

    Arrivals of a window are shaped like a beta distribution over the window; nobody is asked to start before `first` or
    after `last`. `wait_minutes` is the longest wait that nineteen of twenty may have (p95).
    """

    first: Minute = 450
    last: Minute = 600
    window_minutes: Annotated[int, Field(ge=10, le=120)] = 30
    step_minutes: Annotated[int, Field(ge=5, le=60)] = 15
    slot_minutes: Annotated[int, Field(ge=1, le=15)] = 5
    alpha: Annotated[float, Field(ge=0.5, le=20, allow_inf_nan=False)] = 2.0
    beta: Annotated[float, Field(ge=0.5, le=20, allow_inf_nan=False)] = 3.0
    wait_minutes: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 5.0
    home_cost: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] = 60.0
    closed_cost: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = 480.0
    home_most: Percent = 80
    volunteers_per: Annotated[int, Field(ge=1, le=1_000)] = 40
    services: tuple[ServiceRule, ...] = ()

    @model_validator(mode="after")
    def _day(self) -> Self:
        if self.last - self.first < self.window_minutes:
            raise fault("window_backwards", start=str(self.first), end=str(self.last))
        return self

    def service(self, method: str) -> ServiceRule | None:
        return next((one for one in self.services if one.method == method), None)


class WorkplacesSection(Section):
    """Defaults are what holds while a plan does not have the section."""

    section: ClassVar[str] = "workplaces"

    supply_days: Annotated[int, Field(ge=1, le=90)] = 14
    travel_days: Annotated[int, Field(ge=1, le=60)] = 14
    observation_days: Annotated[int, Field(ge=0, le=60)] = 14
    earliest_start: date | None = None
    plan_length: Annotated[int, Field(ge=0, le=4_000)] = 40
    decide_hours: Annotated[int, Field(ge=1, le=240)] = 24
    report_by: Minute = 600
    commitment: Text | None = None
    main_statement: Text | None = None
    posts_statement: Text | None = None
    goods: tuple[Goods, ...] = ()
    return_reasons: tuple[Named, ...] = ()
    wave: WaveRule = WaveRule()


def _cohorts(section: WorkplacesSection) -> tuple[str, ...]:
    return (HEALTH, VISIT)


SECTIONS = (SectionSpec(WorkplacesSection, cohorts=_cohorts, required=False),)
