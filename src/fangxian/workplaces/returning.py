"""What somebody writes about one person's return, and what is wrong with it. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from fangxian.workplaces.models import Returning, StaffState, Transport, Travelled
from fangxian.workplaces.rules import Actor, ReturnFacts


class Mark(StrEnum):
    """What is odd about a row of the ledger."""

    TWO_EMPLOYERS = "two-employers"
    ENTERED = "entered"
    """Came in at a gate although not cleared for work."""
    HEALTH = "health"
    """Suspended by a daily report: comes back only by whom the building or the street answers for."""


class Fault(StrEnum):
    """Why a row is not taken. Words are in `returning_words`."""

    PERSON = "person"
    FUTURE = "future"
    RELEASED_FUTURE = "released_future"
    RELEASED_EARLY = "released_early"
    STAYED_AND_CAME = "stayed_and_came"
    ORIGIN = "origin"
    TRANSPORT = "transport"
    TWICE = "twice"


FIELDS: Final = (
    "left_shanghai", "origin", "arrived_on", "transport", "vehicle_no", "key_region", "regions", "released_on",
    "evidence", "home_office",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewReturning:
    """One person's journey as it was stated. `number`: the row of the list that it stood in."""

    person_id: UUID
    left_shanghai: bool | None = None
    origin: str = ""
    arrived_on: date | None = None
    transport: str = ""
    vehicle_no: str = ""
    key_region: str = ""
    regions: tuple[str, ...] = ()
    released_on: date | None = None
    evidence: str = ""
    home_office: bool | None = None
    number: int = 0


def fault_of(new: NewReturning, today: date) -> Fault | None:
    """The first thing for which a row cannot be taken, whoever it is about."""
    found = (
        (Fault.FUTURE, new.arrived_on is not None and new.arrived_on > today),
        (Fault.RELEASED_FUTURE, new.released_on is not None and new.released_on > today),
        (
            Fault.RELEASED_EARLY,
            new.released_on is not None and new.arrived_on is not None and new.released_on < new.arrived_on,
        ),
        (Fault.STAYED_AND_CAME, new.left_shanghai is False and new.arrived_on is not None),
        (Fault.ORIGIN, bool(new.origin) and not _is_origin(new.origin)),
        (Fault.TRANSPORT, new.transport not in ("", *Transport.values)),
    )
    return next((fault for fault, holds in found if holds), None)


def _is_origin(code: str) -> bool:
    country = len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
    return country or (code.isascii() and code.isdigit() and len(code) in (2, 4, 6))


def fill(row: Returning, new: NewReturning, *, blank_keeps: bool) -> bool:
    """Write what was stated into the row; whether that changed anything.

    `blank_keeps`: as in lists, where an empty cell says nothing. Who did not leave Shanghai has no journey.
    """
    before = tuple(getattr(row, name) for name in FIELDS)
    for name in FIELDS:
        value = getattr(new, name)
        value = list(value) if name == "regions" else value
        if value in (None, "", []) and (blank_keeps or name in ("evidence", "home_office")):
            continue
        setattr(row, name, value)
    if row.left_shanghai is False:
        row.origin, row.arrived_on, row.transport, row.vehicle_no = "", None, Transport.NONE, ""
    return before != tuple(getattr(row, name) for name in FIELDS)


def facts_of(row: Returning, *, has_document: bool) -> ReturnFacts:
    return ReturnFacts(
        left_shanghai=row.left_shanghai, origin=row.origin, arrived_on=row.arrived_on, transport=row.transport,
        key_region=row.key_region or Travelled.UNKNOWN, region_keys=tuple(row.regions), released_on=row.released_on,
        state=row.state, has_document=has_document,
    )  # fmt: skip


def marked(marks: str, add: Iterable[str] = (), drop: Iterable[str] = ()) -> str:
    held = (set(filter(None, marks.split(","))) | set(add)) - set(drop)
    return ",".join(sorted(held))


def may_bring_back(state: str, marks: str, actors: Collection[Actor]) -> bool:
    """Whether somebody may be set to work again by these: after a positive test only by the street, after a fever in
    a daily report also by the building's worker, else also by the enterprise itself."""
    if state == StaffState.POSITIVE:
        return Actor.STREET in actors
    if state == StaffState.SUSPENDED and Mark.HEALTH in marks.split(","):
        return Actor.STREET in actors or Actor.WORKER in actors
    return state == StaffState.SUSPENDED and bool(actors)
