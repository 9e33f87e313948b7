"""Whether a building has one way in and one way out. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fangxian.gates.kinds import Direction


class DoorFault(StrEnum):
    NO_ENTRANCE = "no_entrance"
    ENTRANCES = "entrances"
    NO_EXIT = "no_exit"
    EXITS = "exits"
    SAME_DOOR = "same_door"
    """One door is both the way in and the way out."""


@dataclass(frozen=True, slots=True)
class DoorState:
    is_open: bool
    direction: str
    inner: bool = False
    """A tenant's counter behind another gate: no door of the building."""


def faults(doors: Iterable[DoorState]) -> Sequence[DoorFault]:
    """What is wrong with the doors that are open: one in and one out, and not the same one."""
    live = [door for door in doors if door.is_open and not door.inner]
    ways_in = [door for door in live if door.direction != Direction.OUT]
    ways_out = [door for door in live if door.direction != Direction.IN]
    if len(live) == 1 and ways_in and ways_out:
        return (DoorFault.SAME_DOOR,)
    found = (
        (DoorFault.NO_ENTRANCE, not ways_in), (DoorFault.ENTRANCES, len(ways_in) > 1),
        (DoorFault.NO_EXIT, not ways_out), (DoorFault.EXITS, len(ways_out) > 1),
    )  # fmt: skip
    return tuple(fault for fault, holds in found if holds)
