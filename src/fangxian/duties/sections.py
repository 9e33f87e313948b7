"""The sections of a playbook that duties owns, and the references between them.

``checklist`` and ``retention`` are validated and editable here until the packages that act on them register
their own use of them.
"""

from __future__ import annotations

from collections import Counter
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
    source: Words | None = None
    confirmed: bool = True


class ChecklistSection(Section):
    section: ClassVar[str] = "checklist"

    severities: tuple[SeverityTerm, ...] = ()
    areas: tuple[ChecklistArea, ...] = ()
    items: tuple[ChecklistItem, ...] = ()


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


def _check_checklist(sections: Validated) -> Iterator[Flaw]:
    found = sections.get("checklist")
    if not isinstance(found, ChecklistSection):
        return
    yield from repeated_keys("checklist", "severities", found.severities)
    yield from repeated_keys("checklist", "areas", found.areas)
    yield from repeated_keys("checklist", "items", found.items)
    areas = Counter(item.area for item in found.items)
    severities = {term.key for term in found.severities}
    for position, area in enumerate(found.areas):
        if not areas[area.key]:
            yield Flaw("checklist", ("areas", position, "key"), "area_empty", {"area": area.key})
    known = {area.key for area in found.areas}
    for position, item in enumerate(found.items):
        if item.area not in known:
            place: Path = ("items", position, "area")
            yield Flaw("checklist", place, "area_unknown", {"area": item.area, "known": ", ".join(sorted(known))})
        if item.severity not in severities:
            place = ("items", position, "severity")
            yield Flaw("checklist", place, "severity_unknown", {"severity": item.severity})


def _check_retention(sections: Validated) -> Iterable[Flaw]:
    found = sections.get("retention")
    if not isinstance(found, RetentionSection):
        return ()
    return repeated_keys("retention", "retention", found.retention)


SECTIONS = (
    SectionSpec(PlanHead, check=_check_head),
    SectionSpec(RulesSection, check=_check_rules),
    SectionSpec(ThresholdsSection, check=_check_thresholds),
    SectionSpec(ChecklistSection, required=False, check=_check_checklist),
    SectionSpec(RetentionSection, check=_check_retention),
)
