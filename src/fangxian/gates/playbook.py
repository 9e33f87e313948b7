"""The ``gates`` section of a playbook: what is asked at a gate, and what passes allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fangxian.accounts.roles import Role
from fangxian.duties.plan_schema import Flaw, Frozen, Section, SectionSpec, Text, Validated

Minutes = Annotated[int, Field(ge=0, le=1_440)]
Days = Annotated[int, Field(ge=1, le=366)]

GATE_SLOT = "gate-slot"
EMPLOYEE_DAY = "employee-day"
DROPPED = frozenset({"slot_grace_minutes"})


class ZoneRule(Frozen):
    """Floors of one colour, and when its people arrive (minutes of the local day)."""

    letter: Literal["R", "Y", "B"]
    title: Text
    floors: tuple[int, int]
    arrive_from: Minutes | None = None
    arrive_until: Minutes | None = None


class GatesSection(Section):
    """Defaults are what holds while a plan does not have the section.

    `parcel_role` settles a parcel that lay too long, within `parcel_hours`; empty: whoever runs the place.
    """

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
    parcel_role: Annotated[str, Field(max_length=24)] = ""
    parcel_hours: Annotated[int, Field(ge=1, le=168)] = 4
    early_minutes: Minutes = 15
    clock_tolerance_minutes: Minutes = 5
    turnstile_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    zones: tuple[ZoneRule, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_what_nobody_read(cls, found: object) -> object:
        """Plans that were published before it was dropped still say how late one may come; late is always fine."""
        if not isinstance(found, dict):
            return found
        # What a validator before the others returns is judged as Python, where a list is no tuple.
        return {key: _as_python(value) for key, value in found.items() if key not in DROPPED}


def _as_python(value: object) -> object:
    if isinstance(value, dict):
        return {key: _as_python(inner) for key, inner in value.items()}
    return tuple(map(_as_python, value)) if isinstance(value, list) else value


def _cohorts(section: GatesSection) -> tuple[str, ...]:
    return (GATE_SLOT, EMPLOYEE_DAY)


def _check(sections: Validated) -> Iterator[Flaw]:
    found = sections["gates"]
    assert isinstance(found, GatesSection)
    roles = sorted(role.value for role in Role)
    if found.parcel_role and found.parcel_role not in roles:
        given = {"role": found.parcel_role, "known": ", ".join(roles)}
        yield Flaw("gates", ("parcel_role",), "role_unknown", given)


SECTIONS = (SectionSpec(GatesSection, cohorts=_cohorts, check=_check, required=False),)
