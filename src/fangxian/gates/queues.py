"""How many people wait at a gate and for how long, as far as that can be known without counting heads.

Known are the arrival slots of passes, who has come of them, and how fast the gate has checked. Who is expected by now
and has not come may be late or absent as well as in the queue; so they count as waiting only while the gate is busy,
and where the gate has nothing to show, nothing is said.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

LATELY_MINUTES: Final = 5
"""What the gate does at this moment is its mean over so many minutes."""
LATE_MINUTES: Final = 30
"""Who has not come so long after the end of the slot is not on the way."""
BUSY: Final = 0.5
"""A gate that works at less than this part of its best rate has no queue before it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Passes of one place with the same gate, zone and arrival slot: how many, and how many of them came today."""

    gate_id: str
    zone: str
    slot_from: int
    slot_until: int
    passes: int
    came: int


@dataclass(frozen=True, slots=True)
class Door:
    """A gate of the place on the way in. `lately` counts its checks of the last minutes, the newest first.

    `best_quarter` is the most that it checked in a quarter of an hour recently.
    """

    gate_id: str
    takes_in: bool
    zones: str
    lately: tuple[int, ...]
    best_quarter: int

    @property
    def flow(self) -> float:
        """Checks a minute at this moment."""
        return sum(self.lately[:LATELY_MINUTES]) / LATELY_MINUTES

    @property
    def service(self) -> float:
        """The most checks a minute that it has shown recently."""
        return max([*self.lately, self.best_quarter / 15])


@dataclass(frozen=True, slots=True)
class Queue:
    waiting: int
    minutes: int


def estimate(doors: Collection[Door], expected: Iterable[Expected], minute: int) -> Mapping[str, Queue]:
    """The queue at each door of a place at this minute of the day. A door of which nothing can be said is left out.

    Who may use several doors is shared out as the doors work at this moment.
    """
    shares: dict[str, float] = {}
    for group in expected:
        if not group.slot_from <= minute < group.slot_until + LATE_MINUTES:
            continue
        able = [door for door in doors if _lets_in(door, group)]
        flow = sum(door.flow for door in able)
        for door in able:
            if door.flow > 0:
                shares[door.gate_id] = shares.get(door.gate_id, 0.0) + missing(group, minute) * door.flow / flow
    return {door.gate_id: _queue(door, shares[door.gate_id]) for door in doors if door.gate_id in shares}


def _lets_in(door: Door, group: Expected) -> bool:
    if not door.takes_in or (group.gate_id and group.gate_id != door.gate_id):
        return False
    return not door.zones or group.zone in door.zones


def missing(group: Expected, minute: int) -> float:
    """How many of a group should have come by this minute and have not. They come evenly over their slot."""
    gone = (minute - group.slot_from) / (group.slot_until - group.slot_from)
    return max(0.0, group.passes * min(1.0, max(0.0, gone)) - group.came)


def _queue(door: Door, share: float) -> Queue:
    if door.flow < BUSY * door.service:
        return Queue(0, 0)
    waiting = round(share)
    return Queue(waiting, math.ceil(waiting / door.service))
