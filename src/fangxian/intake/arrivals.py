"""When people come to a gate in the morning: for the simulator."""

import random
from typing import Final

FROM_MINUTE: Final = 7 * 60 + 30
UNTIL_MINUTE: Final = 10 * 60
SPAN_SECONDS: Final = (UNTIL_MINUTE - FROM_MINUTE) * 60
SHAPE: Final = (2.2, 2.4)
"""Of a beta distribution between 07:30 and 10:00: three in five come between 08:15 and 09:15."""


def arrivals(people: int, seed: int) -> list[float]:
    """Seconds after 07:30 at which each person comes, in order.

    Independent arrivals with one density are a Poisson process of varying rate, given how many came.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation is to be repeated from its seed
    return sorted(chance.betavariate(*SHAPE) * SPAN_SECONDS for _ in range(people))


def steady(people: int, rate: float) -> list[float]:
    """So many a second, evenly: for a measurement."""
    return [number / rate for number in range(people)]
