"""The shape of a playbook (预案): schedules, rules, and the plan as one value.

Pure: no rows, no clock. A plan is a mapping of section name -> validated model. Each package registers the
model of its own section in ``settings.PLAYBOOK_SECTIONS``; this module holds the two sections that duties
cannot do without (``plan`` and ``rules``). Values are validated in strict JSON mode: ``"3"`` is not a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, cached_property
from importlib import import_module
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from django.conf import settings
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

Path = tuple[str | int, ...]

KEY_PATTERN = r"^[a-z0-9]+([-_.:][a-z0-9]+)*$"
VERSION_PATTERN = r"^[0-9A-Za-z]+([.\-][0-9A-Za-z]+)*$"
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN, max_length=64)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Weekday = Annotated[int, Field(ge=1, le=7)]
Language = Literal["zh", "en", "ja", "ko"]
SubjectName = Literal["person", "vehicle", "place", "household", "enterprise", "work"]


def jsonable(value: object) -> object:
    """TOML values as JSON values: dates and times become ISO text."""
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Text(Frozen):
    zh: Words
    en: Words
    ja: Words | None = None
    ko: Words | None = None

    def say(self, language: str) -> str:
        """The wording for a Django language code. A language without a wording reads English."""
        short = language.split("-")[0]
        chosen = {"zh": self.zh, "ja": self.ja, "ko": self.ko}.get(short)
        return chosen or self.en


class Once(Frozen):
    """One time only; the due time comes with the enrolment."""

    type: Literal["once"]


class Windows(Frozen):
    """Once in each window of every day; times are local to the street."""

    type: Literal["windows"]
    windows: Annotated[tuple[tuple[time, time], ...], Field(min_length=1, max_length=24)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        before: time | None = None
        for start, end in self.windows:
            if start >= end:
                raise fault("window_backwards", start=f"{start:%H:%M}", end=f"{end:%H:%M}")
            if before is not None and start < before:
                raise fault("window_overlap", start=f"{start:%H:%M}", before=f"{before:%H:%M}")
            before = end
        return self


class Every(Frozen):
    """Every so many hours between two local times of each day."""

    type: Literal["every"]
    hours: Annotated[int, Field(ge=1, le=24)]
    from_: time = Field(alias="from")
    until: time

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ >= self.until:
            raise fault("window_backwards", start=f"{self.from_:%H:%M}", end=f"{self.until:%H:%M}")
        minutes = (self.until.hour - self.from_.hour) * 60 + self.until.minute - self.from_.minute
        if minutes < self.hours * 60:
            span = f"{self.from_:%H:%M}-{self.until:%H:%M}"
            raise fault("every_too_long", hours=self.hours, span=span)
        return self


class Days(Frozen):
    """On certain days by a local time: every so many days from enrolment, or on weekdays (1 = Monday)."""

    type: Literal["days"]
    every_days: Annotated[int, Field(ge=1, le=60)] | None = None
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] | None = None
    by: time

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.every_days is None) == (self.weekdays is None):
            raise fault("days_one_of")
        if self.weekdays is not None and list(self.weekdays) != sorted(set(self.weekdays)):
            raise fault("weekdays_order")
        return self


Schedule = Annotated[Once | Windows | Every | Days, Field(discriminator="type")]


_SCHEDULE: TypeAdapter[Once | Windows | Every | Days] = TypeAdapter(Schedule)


def schedule_from(data: Mapping[str, Any]) -> Once | Windows | Every | Days:
    """One schedule from its JSON: ``{"type": "every", "hours": 2, "from": "08:00", "until": "20:00"}``."""
    return _SCHEDULE.validate_json(json.dumps(jsonable(data)))


class EscalationStep(Frozen):
    role: str
    after_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 30)]


class RuleSpec(Frozen):
    """One rule: what is owed by every subject of a cohort, when, and who owns it when it is missed."""

    key: Key
    cohort: Key
    subject: SubjectName
    title: Text
    corner: bool = True  # counts in the three big numbers
    channel: Key  # the heartbeat that tells our own outage from their omission
    grace_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 7)]
    schedule: Schedule
    escalation: Annotated[tuple[EscalationStep, ...], Field(min_length=1, max_length=8)]
    source: Words | None = None
    confirmed: bool = True  # false: the figure is not yet confirmed by an official text

    @model_validator(mode="after")
    def _steps_climb(self) -> Self:
        minutes = [step.after_minutes for step in self.escalation]
        if minutes[0] != 0:
            raise fault("escalation_starts_late", minutes=minutes[0])
        if minutes != sorted(set(minutes)):
            raise fault("escalation_order")
        roles = [step.role for step in self.escalation]
        if len(roles) != len(set(roles)):
            raise fault("escalation_repeats")
        return self

    def spec_json(self) -> dict[str, Any]:
        """What the rule's row stores; the same rule always gives the same dict."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        return cls.model_validate_json(json.dumps(spec, ensure_ascii=False))


class Section(Frozen):
    """A part of the plan that one package owns; ``section`` also names its file (``<section>.toml``)."""

    section: ClassVar[str]


class PlanHead(Section):
    section: ClassVar[str] = "plan"

    name: Key
    version: Annotated[str, StringConstraints(pattern=VERSION_PATTERN, max_length=32)]
    title: Text
    disease: Text
    effective_from: AwareDatetime
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    note: Words | None = None

    @model_validator(mode="after")
    def _languages_once(self) -> Self:
        if len(set(self.languages)) != len(self.languages):
            raise fault("languages_repeat")
        return self


class RulesSection(Section):
    section: ClassVar[str] = "rules"

    rules: tuple[RuleSpec, ...] = ()


@dataclass(frozen=True)
class Flaw:
    """What is wrong at a path of a section; ``code`` names the message, ``values`` fill it."""

    section: str
    path: Path
    code: str
    values: Mapping[str, str | int | float]


Validated = Mapping[str, Section]
Check = Callable[[Validated], Iterable[Flaw]]
S = TypeVar("S", bound=Section)


@dataclass(frozen=True)
class SectionSpec:
    """How a package registers its section.

    ``cohorts`` names the cohorts that the package enrols under this plan; ``check`` looks across sections and
    runs only when every section is valid by itself.
    """

    model: type[Section]
    required: bool = True
    cohorts: Callable[[Any], Iterable[str]] | None = None
    check: Check | None = None

    @property
    def name(self) -> str:
        return self.model.section


class PlanError(Exception):
    """A plan that was refused as a whole, with every flaw that was found."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("; ".join(f"{f.section}{list(f.path)}: {f.code}" for f in self.flaws))


def fault(code: str, **values: str | int | float) -> PydanticCustomError:
    """An error for validators. The wording is in ``plan_words``; the code is enough here."""
    return PydanticCustomError("plan_" + code, "{code}", {"code": code, **values})


@cache
def section_specs() -> Mapping[str, SectionSpec]:
    """Every registered section by name, in the order of ``settings.PLAYBOOK_SECTIONS``."""
    found: dict[str, SectionSpec] = {}
    for module in settings.PLAYBOOK_SECTIONS:
        for spec in import_module(module).SECTIONS:
            if spec.name in found:
                raise ValueError(f"two packages register the playbook section {spec.name!r}")
            found[spec.name] = spec
    return found


def validate_section(spec: SectionSpec, data: Mapping[str, Any]) -> Section | list[Flaw]:
    try:
        return spec.model.model_validate_json(json.dumps(jsonable(data), ensure_ascii=False))
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [_flaw(spec.name, e["loc"], e["type"], e.get("ctx", {}), e["input"]) for e in found]


def _flaw(section: str, path: Path, code: str, context: Mapping[str, Any], value: object) -> Flaw:
    values = {k: v for k, v in context.items() if isinstance(v, str | int | float)}
    if isinstance(value, str | int | float | bool):
        values["value"] = str(value)[:80]
    return Flaw(section, path, code.removeprefix("plan_"), values)


@dataclass(frozen=True)
class Plan:
    """A whole plan that passed every check. Equal content gives an equal ``sha256``."""

    sections: Validated

    @classmethod
    def from_sections(cls, data: Mapping[str, Mapping[str, Any]]) -> Plan:
        """Raises PlanError with every flaw: unknown and missing sections, bad values, broken references."""
        specs = section_specs()
        flaws = [Flaw(name, (), "section_unknown", {"name": name}) for name in data if name not in specs]
        done: dict[str, Section] = {}
        for name, spec in specs.items():
            if name not in data:
                if spec.required:
                    flaws.append(Flaw(name, (), "section_missing", {"name": name}))
                continue
            got = validate_section(spec, data[name])
            if isinstance(got, Section):
                done[name] = got
            else:
                flaws.extend(got)
        if not flaws:
            flaws = [flaw for spec in specs.values() if spec.check for flaw in spec.check(done)]
        if flaws:
            raise PlanError(flaws)
        return cls(done)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """A stored plan. It passed every check when it was stored, so only its values are read again.

        A section that the program has gained since is absent and one that it has lost is left out: a street must
        not stop working because the program was brought up to date.
        """
        data = json.loads(text)
        flaws: list[Flaw] = []
        done: dict[str, Section] = {}
        for name, spec in section_specs().items():
            if name in data:
                got = validate_section(spec, data[name])
                if isinstance(got, Section):
                    done[name] = got
                else:
                    flaws.extend(got)
        if flaws:
            raise PlanError(flaws)
        return cls(done)

    def to_sections(self) -> dict[str, dict[str, Any]]:
        """JSON-able, and only what the author wrote: a default that changes later leaves the hash alone."""
        return {n: s.model_dump(mode="json", by_alias=True, exclude_unset=True) for n, s in self.sections.items()}

    def to_json(self) -> str:
        return json.dumps(self.to_sections(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def section(self, name: str) -> Section:
        return self.sections[name]

    def read(self, model: type[S]) -> S:
        """The section of that model, typed. KeyError when the plan does not have it."""
        found = self.sections[model.section]
        assert isinstance(found, model)
        return found

    @property
    def head(self) -> PlanHead:
        return self.read(PlanHead)

    @property
    def rules(self) -> tuple[RuleSpec, ...]:
        return self.read(RulesSection).rules

    def rule(self, key: str) -> RuleSpec | None:
        return next((rule for rule in self.rules if rule.key == key), None)

    @property
    def cohorts(self) -> frozenset[str]:
        """Every cohort that some package enrols under this plan."""
        return known_cohorts(self.sections)


def known_cohorts(sections: Validated) -> frozenset[str]:
    found: set[str] = set()
    for spec in section_specs().values():
        if spec.cohorts is not None and spec.name in sections:
            found.update(spec.cohorts(sections[spec.name]))
    return frozenset(found)
