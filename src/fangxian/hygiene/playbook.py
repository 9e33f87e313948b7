"""The ``hygiene`` section of a playbook: types of public areas, how each is disinfected, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from fangxian.duties.plan_schema import (
    Flaw,
    Frozen,
    Key,
    Path,
    RulesSection,
    Section,
    SectionSpec,
    Text,
    Validated,
    Words,
    fault,
)
from fangxian.duties.sections import repeated_keys

Strength = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]


class Agent(Frozen):
    """A disinfectant. A solution is diluted with water, a tablet is dissolved, a ready agent is used as it is."""

    key: Key
    title: Text
    form: Literal["solution", "tablet", "ready"]
    stock_mg_per_l: Strength | None = None  # of a solution: active chlorine in the bottle
    mg_per_tablet: Strength | None = None
    base_unit: Literal["ml", "tablet"]  # how the stock ledger counts it
    caution: Text | None = None
    source: Words | None = None
    confirmed: bool = True

    @model_validator(mode="after")
    def _strength_of_form(self) -> Self:
        given = (self.stock_mg_per_l is not None, self.mg_per_tablet is not None)
        if given != {"solution": (True, False), "tablet": (False, True), "ready": (False, False)}[self.form]:
            raise fault("agent_strength", form=self.form)
        if (self.base_unit == "tablet") != (self.form == "tablet"):
            raise fault("agent_unit", form=self.form, unit=self.base_unit)
        return self


class AreaType(Frozen):
    """A kind of public area. The rule with cohort ``area:<key>`` says how often; the rest says how."""

    key: Key
    title: Text
    setting: Literal["compound", "office", "school"]
    rule: Key
    agent: Key
    mg_per_l: Strength | None = None  # None: the agent is used as it is
    minutes: Annotated[int, Field(ge=0, le=240)]  # contact time
    litres: Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)]  # usually used for one such area
    wipe: bool  # wiped with clean water afterwards
    note: Text | None = None
    source: Words | None = None
    confirmed: bool = True

    @property
    def cohort(self) -> str:
        return cohort_of(self.key)


class HygieneSection(Section):
    section: ClassVar[str] = "hygiene"

    agents: tuple[Agent, ...]
    area_types: tuple[AreaType, ...]

    def agent(self, key: str) -> Agent | None:
        return next((agent for agent in self.agents if agent.key == key), None)

    def area_type(self, key: str) -> AreaType | None:
        return next((kind for kind in self.area_types if kind.key == key), None)


def cohort_of(area_type: str) -> str:
    return f"area:{area_type}"


def _check(sections: Validated) -> Iterator[Flaw]:
    found, rules = sections["hygiene"], sections["rules"]
    assert isinstance(found, HygieneSection)
    assert isinstance(rules, RulesSection)
    yield from repeated_keys("hygiene", "agents", found.agents)
    yield from repeated_keys("hygiene", "area_types", found.area_types)
    by_key = {rule.key: rule for rule in rules.rules}
    for position, kind in enumerate(found.area_types):
        at: Path = ("area_types", position)
        rule = by_key.get(kind.rule)
        if rule is None:
            yield Flaw("hygiene", (*at, "rule"), "rule_unknown", {"rule": kind.rule})
        elif rule.cohort != kind.cohort:
            named = {"rule": rule.key, "cohort": rule.cohort, "wanted": kind.cohort}
            yield Flaw("hygiene", (*at, "rule"), "rule_of_other_cohort", named)
        yield from _check_agent(found, kind, at)


def _check_agent(found: HygieneSection, kind: AreaType, at: Path) -> Iterator[Flaw]:
    agent = found.agent(kind.agent)
    if agent is None:
        yield Flaw("hygiene", (*at, "agent"), "agent_unknown", {"agent": kind.agent})
    elif agent.form == "ready" and kind.mg_per_l is not None:
        yield Flaw("hygiene", (*at, "mg_per_l"), "agent_is_ready", {"agent": agent.key})
    elif agent.form != "ready" and kind.mg_per_l is None:
        yield Flaw("hygiene", at, "strength_missing", {"agent": agent.key})
    elif agent.stock_mg_per_l is not None and kind.mg_per_l is not None and kind.mg_per_l > agent.stock_mg_per_l:
        strengths: dict[str, str | int | float] = {
            "wanted": kind.mg_per_l,
            "stock": agent.stock_mg_per_l,
            "agent": agent.key,
        }
        yield Flaw("hygiene", (*at, "mg_per_l"), "dilution_impossible", strengths)


def _cohorts(section: HygieneSection) -> tuple[str, ...]:
    return tuple(kind.cohort for kind in section.area_types)


SECTIONS = (SectionSpec(HygieneSection, cohorts=_cohorts, check=_check),)
