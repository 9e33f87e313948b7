"""The sections of a playbook that duties owns, and the references between them.

``checklist`` is registered by the package that inspects; its shape is here, where plans are edited and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Protocol, Self

from pydantic import Field, model_validator

from fangxian.accounts.roles import Role
from fangxian.duties.plan_schema import (
    Flaw,
    Frozen,
    Key,
    Path,
    PlanHead,
    RulesSection,
    Section,
    SectionSpec,
    Text,
    Validated,
    Words,
    fault,
    known_cohorts,
)

Severity = Literal["red", "amber", "white"]
PlaceType = Literal["building", "compound"]
Scope = Literal["zone", "building"]
Unit = Literal["celsius", "days", "hours", "minutes", "times", "people", "percent", "mg_per_l"]

# What a figure of that unit can sensibly be: 373 for 37.3 is a slip of the hand, not a policy.
PLAUSIBLE: dict[str, tuple[float, float]] = {
    "celsius": (34, 43),
    "days": (0, 365),
    "hours": (0, 720),
    "minutes": (0, 10_080),
    "times": (0, 1_000),
    "people": (0, 100_000),
    "percent": (0, 100),
    "mg_per_l": (0, 100_000),
}


class Threshold(Frozen):
    """One figure that decides something: a temperature, a number of days, a limit."""

    key: Key
    title: Text
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: Unit
    source: Words | None = None
    confirmed: bool = True

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        low, high = PLAUSIBLE[self.unit]
        if not low <= self.value <= high:
            raise fault("threshold_range", value=self.value, low=low, high=high, unit=self.unit)
        return self


class ThresholdsSection(Section):
    section: ClassVar[str] = "thresholds"

    thresholds: tuple[Threshold, ...] = ()

    def find(self, key: str) -> Threshold | None:
        return next((threshold for threshold in self.thresholds if threshold.key == key), None)

    def value(self, key: str) -> float:
        """KeyError when the plan has no such threshold."""
        found = self.find(key)
        if found is None:
            raise KeyError(key)
        return found.value


class SeverityTerm(Frozen):
    """By when a finding of this severity must be put right: minutes, or the end of the day after so many days."""

    key: Severity
    title: Text
    within_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    within_days: Annotated[int, Field(ge=0, le=60)] | None = None
    confirmed: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.within_minutes is None) == (self.within_days is None):
            raise fault("term_one_of")
        return self


class ChecklistArea(Frozen):
    key: Annotated[str, Field(pattern=r"^[A-Z]$")]
    title: Text


class ChecklistItem(Frozen):
    key: Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,2}$")]
    area: str
    title: Text
    criterion: Text
    severity: Severity
    at: Annotated[tuple[PlaceType, ...], Field(min_length=1)] = ("building",)
    guidance: Text | None = None
    suspends: Scope | None = None  # whose passes an open finding of this item makes not good
    source: Words | None = None
    confirmed: bool = True


class ChecklistSection(Section):
    section: ClassVar[str] = "checklist"

    severities: tuple[SeverityTerm, ...] = ()
    areas: tuple[ChecklistArea, ...] = ()
    items: tuple[ChecklistItem, ...] = ()

    def items_at(self, place: PlaceType) -> tuple[ChecklistItem, ...]:
        return tuple(item for item in self.items if place in item.at)

    def term(self, severity: str) -> SeverityTerm | None:
        return next((term for term in self.severities if term.key == severity), None)


class RetentionRule(Frozen):
    key: Key
    title: Text
    keep_days: Annotated[int, Field(ge=1, le=3_650)]
    counted_from: Literal["recorded", "released", "round-audited", "plan-ended"]
    then: Literal["delete", "de-identify"]
    source: Words | None = None
    confirmed: bool = True


class RetentionSection(Section):
    section: ClassVar[str] = "retention"

    retention: tuple[RetentionRule, ...] = ()


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


def repeated_keys(section: str, field: str, items: Sequence[_Keyed]) -> Iterator[Flaw]:
    """A flaw for each second use of a key, at the second use."""
    seen: set[str] = set()
    for position, item in enumerate(items):
        if item.key in seen:
            yield Flaw(section, (field, position, "key"), "key_twice", {"key": item.key})
        seen.add(item.key)


def _check_rules(sections: Validated) -> Iterator[Flaw]:
    rules = sections["rules"]
    assert isinstance(rules, RulesSection)
    cohorts = known_cohorts(sections)
    roles = {role.value for role in Role}
    yield from repeated_keys("rules", "rules", rules.rules)
    for position, rule in enumerate(rules.rules):
        at: Path = ("rules", position)
        if rule.cohort not in cohorts:
            known = ", ".join(sorted(cohorts))
            yield Flaw("rules", (*at, "cohort"), "cohort_unknown", {"cohort": rule.cohort, "known": known})
        for number, step in enumerate(rule.escalation):
            if step.role not in roles:
                place = (*at, "escalation", number, "role")
                known = ", ".join(sorted(roles))
                yield Flaw("rules", place, "role_unknown", {"role": step.role, "known": known})


def _check_head(sections: Validated) -> Iterator[Flaw]:
    head = sections["plan"]
    assert isinstance(head, PlanHead)
    if "zh" not in head.languages:
        yield Flaw("plan", ("languages",), "language_missing", {"language": "zh"})


def _check_thresholds(sections: Validated) -> Iterable[Flaw]:
    found = sections["thresholds"]
    assert isinstance(found, ThresholdsSection)
    return repeated_keys("thresholds", "thresholds", found.thresholds)


def _check_retention(sections: Validated) -> Iterable[Flaw]:
    found = sections.get("retention")
    if not isinstance(found, RetentionSection):
        return ()
    return repeated_keys("retention", "retention", found.retention)


SECTIONS = (
    SectionSpec(PlanHead, check=_check_head),
    SectionSpec(RulesSection, check=_check_rules),
    SectionSpec(ThresholdsSection, check=_check_thresholds),
    SectionSpec(RetentionSection, check=_check_retention),
)
