"""What a morning at one building consists of, and what a plan for it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Lane:
    """One server. `seconds` is the mean of one check, `spread` its coefficient of variation."""

    method: str
    seconds: float
    spread: float


@dataclass(frozen=True, slots=True)
class Gate:
    """One door with one line of people in front of its lanes. Without lanes it is closed."""

    key: str
    lanes: tuple[Lane, ...]

    @property
    def per_minute(self) -> float:
        """How many it lets in when all lanes are always busy."""
        return sum(60.0 / lane.seconds for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class Firm:
    """An enterprise as it asked. `people` are all who work again, `home_ask` of them from home."""

    key: str
    people: int
    home_ask: int
    ask_from: int
    ask_until: int
    pinned: bool = False
    """Its asked window is kept, whatever it costs the others."""

    @property
    def comers(self) -> int:
        return self.people - self.home_ask


@dataclass(frozen=True, slots=True)
class Site:
    """One building. People choose between its gates in proportion to what these let in.

    `lobby_per_slot`: how many the lifts take up in one slot (None: nobody needs a lift); `lobby_cap`: how many may
    wait for them. `people_cap`: how many may come; `firm_cap`: how many enterprises may resume. None: no limit.
    """

    key: str
    gates: tuple[Gate, ...]
    lobby_per_slot: float | None
    lobby_cap: int | None
    people_cap: int | None
    firm_cap: int | None
    firms: tuple[Firm, ...]

    @property
    def per_minute(self) -> float:
        return sum(gate.per_minute for gate in self.gates)


class Problem(StrEnum):
    """Why a building cannot have all its people in time."""

    NO_LANE = "no-lane"
    """All gates are closed, and people come."""
    LANES = "lanes"
    """More people come than its lanes let in between the first and the last minute."""
    LOBBY = "lobby"
    """More people come than its lifts take up."""
    PEOPLE_CAP = "people-cap"
    """More people come than its cap."""
    FIRM_CAP = "firm-cap"
    """More enterprises resume than its cap."""
    PINNED = "pinned"
    """The enterprises whose windows are kept already fill its lanes or lifts."""
    TARGET = "target"
    """Simulated, the wait is over the target all the same (or there was no time left to try on)."""


@dataclass(frozen=True, slots=True)
class GateQueue:
    """One gate's morning over all replications. Waits in minutes, before the check begins; lengths in people.

    People stand one metre apart, so a length is also the metres of the line.
    """

    key: str
    lanes: int
    people: float
    """Who came, on average of a morning."""
    mean: float
    p50: float
    p95: float
    longest: float
    """Of all people in all replications."""
    over: float
    """Share of the people who waited longer than the target."""
    length: tuple[float, ...]
    """Waiting at the end of each slot, on average."""
    length_p95: tuple[float, ...]
    """Of twenty mornings, nineteen have no more than this waiting at the end of the slot."""
    wait_p95: tuple[float, ...]
    """Of those who arrive in the slot, nineteen of twenty wait no longer; 0 where hardly anybody arrives."""
    busy: tuple[float, ...]
    """Utilisation of the lanes in each slot."""


@dataclass(frozen=True, slots=True)
class LobbyQueue:
    length: tuple[float, ...]
    """Waiting for a lift at the end of each slot, on average."""
    most_p95: float
    """The fullest moment of a morning, of nineteen of twenty mornings."""
    over: float
    """Share of the mornings in which the lobby is over its cap at some time."""


@dataclass(frozen=True, slots=True)
class Morning:
    """One building's morning as simulated. Slot i begins `start + i * slot` minutes after midnight."""

    start: int
    slot: int
    arrivals: tuple[float, ...]
    """Expected per slot."""
    gates: tuple[GateQueue, ...]
    lobby: LobbyQueue | None
    lanes_needed: tuple[int, ...]
    """Per slot, so that the lanes are busy less than nine tenths of the time."""
    volunteers: tuple[int, ...]
    """Per slot, to keep the lines in order."""

    @property
    def p95(self) -> float:
        """Of the whole morning, at the gate where it is longest."""
        return max((gate.p95 for gate in self.gates), default=0.0)

    @property
    def worst(self) -> float:
        """p95 of who arrives in the worst slot: what is held against the target."""
        return max((wait for gate in self.gates for wait in gate.wait_p95), default=0.0)

    @property
    def longest_line(self) -> float:
        return max((max(gate.length, default=0.0) for gate in self.gates), default=0.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who comes when. Every firm has a window, also one that does not resume (the one nearest to what it asked).

    `bound`: no plan within the model (expected arrivals, the margin that held) costs less; `gap` is
    (cost - bound) / cost.
    """

    site: str
    windows: Mapping[str, tuple[int, int]]
    home: Mapping[str, int]
    """Who work from home, those who asked to included. Of a firm that does not resume: everybody."""
    resumes: Mapping[str, bool]
    cost: float
    bound: float
    gap: float
    floor: float
    """The bound with nothing held back for chance."""
    margin: float
    """Share of the lanes' capacity that is held back for chance."""
    lobby_margin: float
    """The same of the lifts and the lobby."""
    held: bool
    """Simulated: at each gate and in each slot nineteen of twenty wait no longer than the target, and on nineteen of
    twenty mornings the lobby does not overflow."""
    problems: tuple[Problem, ...]
    lanes_more: int | None
    """Fewest further lanes (of the kind the building has most of) with which everybody who asked to come can; None
    where none are needed or none would help."""
    before: Morning
    """As asked, everybody resuming."""
    after: Morning
    seconds: float


@dataclass(frozen=True, slots=True)
class Total:
    plans: tuple[Plan, ...]
    cost: float
    bound: float
    gap: float
    seconds: float
