"""The ``screening`` section of a playbook: what can be found at a door or a vehicle, key regions by date, rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from fangxian.accounts.roles import Role
from fangxian.duties.plan_schema import Flaw, Frozen, Key, PlanHead, Section, SectionSpec, Text, Validated, Words, fault
from fangxian.duties.sections import repeated_keys

COHORTS = ("round-doors", "round-people", "round-vehicles")
DoorKey = Literal["met", "nobody_home", "vacant", "let", "refused"]
VehicleKey = Literal["resident", "visitor", "key_region", "unknown"]
# What follows a disposition: nothing more, another try, somebody higher, or a question that is still open.
Outcome = Literal["done", "again", "escalate", "open"]

# A round cannot run without an answer for each of these; the program's own forms offer exactly them.
DOORS: tuple[DoorKey, ...] = ("met", "nobody_home", "vacant", "let", "refused")
VEHICLES: tuple[VehicleKey, ...] = ("resident", "visitor", "key_region", "unknown")


class DoorDisposition(Frozen):
    key: DoorKey
    title: Text
    outcome: Outcome


class VehicleDisposition(Frozen):
    key: VehicleKey
    title: Text
    outcome: Outcome


class KeyRegion(Frozen):
    """A region whose arrivals are watched, from an instant on.

    ``code``: GB/T 2260 digits (a prefix covers everything below it), an ISO 3166-1 alpha-3 country, or ``*`` for
    every place abroad. ``until`` is the first instant at which it no longer holds.
    """

    key: Key
    kind: Literal["china", "country", "abroad"]
    code: Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[A-Z]{3}|\*)$")]
    title: Text
    since: AwareDatetime
    until: AwareDatetime | None = None
    source: Words | None = None
    confirmed: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        right = {"china": self.code.isdigit(), "country": self.code.isalpha(), "abroad": self.code == "*"}
        if not right[self.kind]:
            raise fault("region_code", region=self.code, kind=self.kind)
        if self.until is not None and self.until <= self.since:
            raise fault("region_dates", since=self.since.isoformat(), until=self.until.isoformat())
        return self

    def holds(self, when: datetime) -> bool:
        return self.since <= when and (self.until is None or when < self.until)

    def covers(self, *, country: str, division: str | None) -> bool:
        """Whether a place belongs to this region: alpha-3 country, and GB/T 2260 digits for places in China."""
        if self.kind == "china":
            return country == "CHN" and division is not None and division.startswith(self.code)
        return country == self.code if self.kind == "country" else country != "CHN"


class RoundDefaults(Frozen):
    """How a round runs unless it is opened with other figures."""

    days: Annotated[int, Field(ge=1, le=60)]
    retry_hours: Annotated[int, Field(ge=1, le=168)]
    max_tries: Annotated[int, Field(ge=1, le=20)]
    travel_days: Annotated[int, Field(ge=1, le=60)]  # how far back recent travel is asked
    refused_role: str
    refused_hours: Annotated[int, Field(ge=1, le=168)]
    unknown_vehicle_role: str
    unknown_vehicle_hours: Annotated[int, Field(ge=1, le=168)]
    confirmed: bool = True


class ScreeningSection(Section):
    section: ClassVar[str] = "screening"

    round: RoundDefaults
    door_note: Text  # left at a door where nobody answered
    doors: tuple[DoorDisposition, ...]
    vehicles: tuple[VehicleDisposition, ...]
    key_regions: tuple[KeyRegion, ...] = ()

    def key_regions_at(self, when: datetime) -> tuple[KeyRegion, ...]:
        return tuple(region for region in self.key_regions if region.holds(when))


def _check(sections: Validated) -> Iterator[Flaw]:
    found, head = sections["screening"], sections["plan"]
    assert isinstance(found, ScreeningSection)
    assert isinstance(head, PlanHead)
    yield from repeated_keys("screening", "doors", found.doors)
    yield from repeated_keys("screening", "vehicles", found.vehicles)
    yield from repeated_keys("screening", "key_regions", found.key_regions)
    for key in sorted(set(DOORS) - {d.key for d in found.doors}):
        yield Flaw("screening", ("doors",), "disposition_missing", {"key": key})
    for missing in sorted(set(VEHICLES) - {v.key for v in found.vehicles}):
        yield Flaw("screening", ("vehicles",), "disposition_missing", {"key": missing})
    for language in head.languages:
        if getattr(found.door_note, language) is None:
            yield Flaw("screening", ("door_note",), "language_missing", {"language": language})
    roles = {role.value for role in Role}
    for field in ("refused_role", "unknown_vehicle_role"):
        role = getattr(found.round, field)
        if role not in roles:
            known = ", ".join(sorted(roles))
            yield Flaw("screening", ("round", field), "role_unknown", {"role": role, "known": known})
    yield from _overlaps(found)


def _overlaps(found: ScreeningSection) -> Iterator[Flaw]:
    """The same code twice at one time: which of the two periods holds would be a guess."""
    for position, region in enumerate(found.key_regions):
        for earlier in found.key_regions[:position]:
            apart = (earlier.until is not None and earlier.until <= region.since) or (
                region.until is not None and region.until <= earlier.since
            )
            if earlier.code == region.code and not apart:
                place = ("key_regions", position, "since")
                yield Flaw("screening", place, "region_twice", {"code": region.code, "other": earlier.key})


SECTIONS = (SectionSpec(ScreeningSection, cohorts=lambda _: COHORTS, check=_check),)
