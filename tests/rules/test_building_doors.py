"""One way in and one way out."""

import pytest

from fangxian.gates.kinds import Direction
from fangxian.workplaces.doors import DoorFault, DoorState, faults

IN, OUT, BOTH = (DoorState(True, one) for one in (Direction.IN, Direction.OUT, Direction.BOTH))
SHUT = DoorState(False, Direction.BOTH)
COUNTER = DoorState(True, Direction.BOTH, inner=True)


@pytest.mark.parametrize(
    ("doors", "wrong"),
    [
        ((IN, OUT), ()),
        ((IN, OUT, SHUT, SHUT), ()),
        ((IN, OUT, COUNTER), ()),
        ((BOTH,), (DoorFault.SAME_DOOR,)),
        ((), (DoorFault.NO_ENTRANCE, DoorFault.NO_EXIT)),
        ((IN,), (DoorFault.NO_EXIT,)),
        ((OUT, SHUT), (DoorFault.NO_ENTRANCE,)),
        ((IN, IN, OUT), (DoorFault.ENTRANCES,)),
        ((IN, OUT, OUT), (DoorFault.EXITS,)),
        ((BOTH, BOTH), (DoorFault.ENTRANCES, DoorFault.EXITS)),
        ((IN, BOTH), (DoorFault.ENTRANCES,)),
    ],
)
def test_it_finds_what_is_wrong_with_the_doors_that_are_open(
    doors: tuple[DoorState, ...], wrong: tuple[DoorFault, ...]
) -> None:
    assert faults(doors) == wrong
