"""The decision at a gate, as one pure function of what is known and what was seen there.

Everything that may change between two people at two gates (inside or outside, outings, single use, cap) arrives in
`State`, read inside the batch that stores the check, so that the answer is final.
"""

from dataclasses import dataclass
from enum import StrEnum

from fangxian.gates.models import Direction, Outcome, PassKind, PassStatus
from fangxian.gates.playbook import GatesSection
from fangxian.shared.clock import MINUTE_US


class Code(StrEnum):
    """Why. The words for each, and what to do next, are in `words.py`."""

    OK = "ok"
    EXIT = "exit"
    SECOND_OK = "second_ok"
    OVERRIDDEN = "overridden"
    GATE_CLOSED = "gate_closed"
    WRONG_DIRECTION = "wrong_direction"
    NO_PASS = "no_pass"  # noqa: S105 - the code of a decision
    UNREADABLE = "unreadable"
    FOREIGN_CODE = "foreign_code"
    FORGED = "forged"
    WRONG_KEY = "wrong_key"
    UNKNOWN_PASS = "unknown_pass"  # noqa: S105 - the code of a decision
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    WRONG_PLACE = "wrong_place"
    WRONG_GATE = "wrong_gate"
    WRONG_ZONE = "wrong_zone"
    WRONG_COMPANY = "wrong_company"
    TOO_EARLY = "too_early"
    NO_MASK = "no_mask"
    NO_TEMPERATURE = "no_temperature"
    ODD_TEMPERATURE = "odd_temperature"
    FEVER = "fever"
    FEVER_AGAIN = "fever_again"
    SECOND_TOO_SOON = "second_too_soon"
    SECOND_NOT_AXILLARY = "second_not_axillary"
    NOT_CONFIRMED = "not_confirmed"
    NOT_THE_HOLDER = "not_the_holder"
    NO_DECLARATION = "no_declaration"
    HELD_HERE = "held_here"
    ALREADY_INSIDE = "already_inside"
    ALREADY_OUTSIDE = "already_outside"
    USED_UP = "used_up"
    NO_OUTINGS = "no_outings"
    FULL = "full"
    WRONG_CLOCK = "wrong_clock"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    NO_OCCUPANTS = "no_occupants"


@dataclass(frozen=True, slots=True)
class PassFacts:
    """What the pass says, from its row (online) or its token (offline). Instants in microseconds UTC."""

    kind: PassKind
    status: PassStatus
    place_ids: frozenset[str]
    """The pass's place and what lies on its path, as hex: the gate must stand in one of them."""
    gate_id: str = ""
    enterprise_id: str = ""
    zone: str = ""
    from_us: int = 0
    until_us: int = 0
    slot_from: int | None = None
    slot_until: int | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class GateFacts:
    gate_id: str
    place_id: str
    direction: Direction
    is_open: bool = True
    zones: str = ""
    day_cap: int | None = None
    inner_enterprise: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the guard or the machine saw. `problem` is what was wrong with the code that was shown, if anything."""

    direction: Direction
    at_us: int
    minute: int
    """Minute of the local day."""
    mask: bool | None = None
    decidec: int | None = None
    method: str = ""
    identity: bool | None = None
    declared: bool | None = None
    problem: Code | None = None
    plate: str = ""
    occupants: int | None = None
    second_of_us: int | None = None
    """When the first reading was taken, where this is the second."""
    again: bool = False
    """The guard confirmed that the person is entering although shown as inside (or leaving although outside)."""


@dataclass(frozen=True, slots=True)
class State:
    """What must not be raced, as it is at this instant inside the batch."""

    inside: bool | None = None
    outings_used: int = 0
    uses: int = 0
    entries_today: int = 0
    held: bool = False
    declaration_ok: bool = False
    known: bool = True
    """The plate or person is in the register."""


@dataclass(frozen=True, slots=True)
class Decision:
    outcome: Outcome
    code: Code


def decide(*, plan: GatesSection, gate: GateFacts, permit: PassFacts | None, seen: Seen, state: State) -> Decision:
    """Admit, refuse, hold or refer, and why. The first thing that is wrong decides, in the order a guard asks."""
    raise NotImplementedError


def fever_wait_over(plan: GatesSection, first_us: int, at_us: int) -> bool:
    return at_us - first_us >= plan.rest_minutes * MINUTE_US
