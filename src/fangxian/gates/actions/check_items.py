"""What a device sends for one check, what is known of it before it is stored, and what is answered."""

from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from fangxian.gates.plan import InForce
from fangxian.gates.queries.hot import GateRow
from fangxian.gates.rules import Code

EARLIEST_US: Final = 946_684_800_000_000
LATEST_US: Final = 4_102_444_800_000_000
"""2000 and 2100: what a clock shows outside of these is no instant."""

Text = Annotated[str, Meta(max_length=200)]
Instant = Annotated[int, Meta(ge=EARLIEST_US, le=LATEST_US)]


class Clock(Struct, frozen=True, gc=False):
    """A device's clock beside the server's: by how much it is behind, and what is not worth setting right."""

    now_us: int
    shift: int
    tolerance: int

    def read(self, at: int) -> tuple[int, bool]:
        """When that was, and whether the device's clock is wrong. Nothing happened in the future."""
        wrong = abs(self.shift) > self.tolerance
        observed = at + self.shift if wrong else at
        if observed > self.now_us + self.tolerance:
            wrong = True
        # two clocks that are off may add up to no instant at all
        return max(EARLIEST_US, min(observed, self.now_us)), wrong


class CheckIn(Struct, frozen=True, kw_only=True, gc=False):
    """One check as a device sends it. `at` and `device_us` are microseconds of the device's own clock."""

    id: UUID
    at: Instant
    dir: Literal["in", "out"]
    token: Annotated[str, Meta(max_length=1_000)] | None = None
    number: Annotated[str, Meta(max_length=24)] | None = None
    plate: Annotated[str, Meta(max_length=12)] | None = None
    occupants: Annotated[int, Meta(ge=0, le=99)] | None = None
    mask: bool | None = None
    temp: Annotated[float, Meta(ge=20, le=50)] | None = None
    method: Literal["", "forehead", "axillary", "camera"] = ""
    identity: bool | None = None
    declared: bool | None = None
    first: UUID | None = None
    again: bool = False
    override: Text = ""
    offline: bool = False
    said: Literal["", "admit", "refuse", "hold", "refer"] = ""
    said_code: Annotated[str, Meta(max_length=24)] = ""
    guard: Annotated[str, Meta(max_length=40)] = ""
    gate: UUID | None = None


class Prepared(Struct, frozen=True, gc=False):
    """A check before its batch: the clock set right, the token vetted. Instants are microseconds UTC."""

    item: CheckIn
    device_id: str
    gate: GateRow
    digest: bytes | None
    problem: Code | None
    observed_us: int
    received_us: int
    wrong_clock: bool
    plan: InForce


class Taken(Struct, gc=False):
    """The answer for one check. `status`: stored, known (it was stored before; the answer is that of then), failed."""

    id: str
    status: Literal["stored", "known", "failed"]
    outcome: str = ""
    code: str = ""
    kind: str = ""
    name: str = ""
    company: str = ""
    zone: str = ""
    inside: int | None = None
    referral: str = ""
    marks: tuple[str, ...] = ()
    slot: tuple[int, int] | None = None
    """Between which minutes of the local day to come, for somebody who is too early."""
