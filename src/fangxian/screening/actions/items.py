"""What comes from the field, and what is answered for each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """One person behind the door: a `subject_id` of the register, or the `name` of somebody it does not know.

    `presence`, `travel`: values of Presence and Travel; `regions`: keys of the plan's key regions.
    """

    presence: str
    subject_id: UUID | None = None
    name: str = ""
    travel: str = ""
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a door. `id` is made where it is recorded; sending the same id again changes nothing.

    `known_since`: for a record made offline, when the device last heard from the server. `device_at` and `marks`: what
    the reader of the device's clock found.
    """

    id: UUID
    round_id: UUID
    dwelling_id: UUID
    disposition: str
    observed_at: datetime
    people: tuple[PersonAnswer, ...] = ()
    next_try_at: datetime | None = None
    note: str = ""
    offline: bool = False
    known_since: datetime | None = None
    device_at: datetime | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One vehicle seen at `place_id`. `plate` as it was read; `host_id`: the dwelling that a visitor belongs to."""

    id: UUID
    round_id: UUID
    plate: str
    place_id: UUID
    disposition: str
    observed_at: datetime
    host_id: UUID | None = None
    travel: str = ""
    regions: tuple[str, ...] = ()
    note: str = ""
    offline: bool = False
    known_since: datetime | None = None
    device_at: datetime | None = None
    marks: tuple[str, ...] = ()


class Status(StrEnum):
    STORED = "stored"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to one record. KNOWN: it was stored before. REFUSED: `reason` says why and what to do."""

    id: UUID
    status: Status
    marks: tuple[str, ...] = ()
    reason: str = ""
