"""The decision at a gate, as one pure function of what is known and what was seen there.

Everything that may change between two people at two gates (inside or outside, outings, single use, cap) arrives in
`State`, read inside the batch that stores the check, so that the answer is final.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from fangxian.gates.models import Direction, Method, Outcome, PassKind, PassStatus
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
    NOT_TODAY = "not_today"
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


class PassFacts(Struct, frozen=True, gc=False):
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
    window_from: int | None = None
    """The enterprise's arrival window here on that day, by a plan; it goes before the slot on the pass."""
    window_until: int | None = None
    window_closed: bool = False
    """By that plan nobody of the enterprise comes on that day."""

    @property
    def slot(self) -> tuple[int, int] | None:
        """Between which minutes of the local day the holder is to arrive."""
        if self.window_from is not None and self.window_until is not None:
            return self.window_from, self.window_until
        return None if self.slot_from is None or self.slot_until is None else (self.slot_from, self.slot_until)


class Window(NamedTuple):
    """An arrival window of an enterprise. Days are counted from 1970 and both hold; minutes are of the local day."""

    from_day: int
    until_day: int
    from_minute: int
    until_minute: int
    closed: bool = False
    """Nobody of it is to come on these days."""


def window_on(windows: Iterable[Window], day: int) -> Window | None:
    return next((one for one in windows if one.from_day <= day <= one.until_day), None)


class GateFacts(Struct, frozen=True, gc=False):
    gate_id: str
    place_id: str
    direction: Direction
    is_open: bool = True
    zones: str = ""
    day_cap: int | None = None
    inner_enterprise: str = ""


class Seen(Struct, frozen=True, gc=False):
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


class State(Struct, frozen=True, gc=False):
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


OK = Decision(Outcome.ADMIT, Code.OK)
EXIT = Decision(Outcome.ADMIT, Code.EXIT)
SECOND_OK = Decision(Outcome.ADMIT, Code.SECOND_OK)
REFUSED = {code: Decision(Outcome.REFUSE, code) for code in Code}
HOLDS = {code: Decision(Outcome.HOLD, code) for code in Code}
# a wrong clock is not the fault of who stands there
PROBLEMS = REFUSED | {Code.WRONG_CLOCK: HOLDS[Code.WRONG_CLOCK]}
FEVER_AGAIN = Decision(Outcome.REFER, Code.FEVER_AGAIN)
FEVERS = (HOLDS[Code.FEVER], FEVER_AGAIN)
HIGHEST_DECIDEC = 420
"""Above this the thermometer is wrong, not the person."""


def decide(*, plan: GatesSection, gate: GateFacts, permit: PassFacts | None, seen: Seen, state: State) -> Decision:
    """Admit, refuse, hold or refer, and why. The first thing that is wrong decides, in the order a guard asks.

    The gate, then the pass, then the person (mask, temperature, identity, declaration), then what is counted. A
    fever outranks a missing mask: somebody who is turned away is still measured. A reading that was taken counts
    even where the plan does not ask for one. Nobody is locked in: whatever is wrong with a pass, it lets out.
    Overrides are not decided here.
    """
    if not gate.is_open:
        return REFUSED[Code.GATE_CLOSED]
    if gate.direction != Direction.BOTH and gate.direction != seen.direction:
        return REFUSED[Code.WRONG_DIRECTION]
    if seen.direction == Direction.OUT:
        return _leaving(plan, permit, seen, state)
    if seen.problem is not None:
        return PROBLEMS[seen.problem]
    if permit is None:
        return _without_pass(seen, state)
    return (
        _pass_fault(gate, permit, seen)
        or _held_fault(permit, state)
        or _body_fault(plan, seen)
        or _person_fault(plan, permit, seen, state)
        or _count_fault(plan, gate, permit, seen, state)
        or (OK if seen.second_of_us is None else SECOND_OK)
    )


def _leaving(plan: GatesSection, permit: PassFacts | None, seen: Seen, state: State) -> Decision:
    """Under observation at home means not out of the compound; out of an office everybody may go."""
    if state.held and (permit is None or permit.kind == PassKind.RESIDENT):
        return REFUSED[Code.HELD_HERE]
    if permit is not None and permit.kind == PassKind.RESIDENT and 0 < plan.outings <= state.outings_used:
        return HOLDS[Code.NO_OUTINGS]
    if state.inside is False and not seen.again:
        return HOLDS[Code.ALREADY_OUTSIDE]
    return EXIT


def _without_pass(seen: Seen, state: State) -> Decision:
    """A person is sent away; a vehicle cannot be without blocking the drive, so it waits while it is looked up."""
    if not seen.plate:
        return REFUSED[Code.NO_PASS]
    return HOLDS[Code.NO_PASS] if state.known else HOLDS[Code.UNKNOWN_VEHICLE]


def _pass_fault(gate: GateFacts, permit: PassFacts, seen: Seen) -> Decision | None:
    """In force, here, by this door. A pass without a zone (a courier's) goes by any door of a zone. A pass for one
    gate also counts at the counters inside it, where the company decides."""
    if permit.status != PassStatus.LIVE:
        return REFUSED[Code.REVOKED if permit.status == PassStatus.REVOKED else Code.SUSPENDED]
    if seen.at_us < permit.from_us:
        return REFUSED[Code.NOT_YET]
    if seen.at_us >= permit.until_us:
        return REFUSED[Code.EXPIRED]
    if gate.place_id not in permit.place_ids:
        return REFUSED[Code.WRONG_PLACE]
    if permit.gate_id and permit.gate_id != gate.gate_id and not gate.inner_enterprise:
        return REFUSED[Code.WRONG_GATE]
    if gate.zones and permit.zone not in gate.zones:
        return REFUSED[Code.WRONG_ZONE]
    if gate.inner_enterprise and permit.enterprise_id != gate.inner_enterprise:
        return REFUSED[Code.WRONG_COMPANY]
    return None


def _held_fault(permit: PassFacts, state: State) -> Decision | None:
    """Under observation one goes home, and nowhere else."""
    return REFUSED[Code.HELD_HERE] if state.held and permit.kind != PassKind.RESIDENT else None


def _body_fault(plan: GatesSection, seen: Seen) -> Decision | None:
    reading = _temperature_fault(plan, seen)
    if plan.ask_mask and not seen.mask and reading not in FEVERS:
        return HOLDS[Code.NO_MASK] if seen.mask is None else REFUSED[Code.NO_MASK]
    return reading


def _temperature_fault(plan: GatesSection, seen: Seen) -> Decision | None:
    if seen.decidec is None:
        asked = plan.ask_temperature or seen.second_of_us is not None
        return HOLDS[Code.NO_TEMPERATURE] if asked else None
    if seen.decidec < plan.lowest_decidec or seen.decidec > HIGHEST_DECIDEC:
        return HOLDS[Code.ODD_TEMPERATURE]
    if seen.second_of_us is None:
        return HOLDS[Code.FEVER] if seen.decidec >= plan.fever_decidec else None
    if seen.method != Method.AXILLARY:
        return HOLDS[Code.SECOND_NOT_AXILLARY]
    if not fever_wait_over(plan, seen.second_of_us, seen.at_us):
        return HOLDS[Code.SECOND_TOO_SOON]
    return FEVER_AGAIN if seen.decidec >= plan.fever_decidec else None


def is_unsettled(plan: GatesSection, seen: Seen) -> bool:
    """Whether a fever is still to be measured a second time, and this was not that: nobody's reason lets in on it."""
    return seen.second_of_us is not None and _temperature_fault(plan, seen) is not None


def _person_fault(plan: GatesSection, permit: PassFacts, seen: Seen, state: State) -> Decision | None:
    """A vehicle's pass names no face: its occupants are counted instead."""
    if permit.kind == PassKind.VEHICLE:
        if seen.occupants is None:
            return HOLDS[Code.NO_OCCUPANTS]
    elif not seen.identity:
        return HOLDS[Code.NOT_CONFIRMED] if seen.identity is None else REFUSED[Code.NOT_THE_HOLDER]
    if plan.ask_declaration and not state.declaration_ok and not seen.declared:
        return HOLDS[Code.NO_DECLARATION]
    return None


def _count_fault(plan: GatesSection, gate: GateFacts, permit: PassFacts, seen: Seen, state: State) -> Decision | None:
    """To be late is fine. The entry of a single-use pass is the outer gate's: the counters inside do not ask again."""
    if permit.window_closed:
        return HOLDS[Code.NOT_TODAY]
    if permit.window_from is not None:
        if seen.minute < permit.window_from - plan.early_minutes:
            return HOLDS[Code.TOO_EARLY]
    elif permit.slot_from is not None and seen.minute < permit.slot_from - plan.early_minutes:
        return HOLDS[Code.TOO_EARLY]
    if permit.once and state.uses > 0 and not gate.inner_enterprise:
        return REFUSED[Code.USED_UP]
    if state.inside and not seen.again:
        return HOLDS[Code.ALREADY_INSIDE]
    if gate.day_cap is not None and state.entries_today >= gate.day_cap:
        return HOLDS[Code.FULL]
    return None


def fever_wait_over(plan: GatesSection, first_us: int, at_us: int) -> bool:
    return at_us - first_us >= plan.rest_minutes * MINUTE_US


def outing_key(owner: str, day: int, days: int) -> str:
    """The counter of a household's outings in the period of `days` that holds `day`; days are counted from 1970."""
    return f"out:{owner}:{day // days * days}"
