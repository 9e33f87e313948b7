"""How long somebody was inside, from the checks at its gates, and who was there at the same time. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fangxian.shared.clock import HOUR_US

LONGEST_US: Final = 14 * HOUR_US
"""Who was never checked out is taken to have stayed no longer than this: a missed exit is no night in the office."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One admission. `who`: the subject, else the household, else the pass. Instants in microseconds UTC."""

    who: UUID
    place_id: UUID
    gate_id: UUID
    entering: bool
    at_us: int


@dataclass(frozen=True, slots=True)
class Stay:
    who: UUID
    place_id: UUID
    from_us: int
    until_us: int


def stays(passages: Sequence[Passage], until_us: int) -> list[Stay]:
    """Stays from passages in the order of time. A second entry begins a new stay; an exit without an entry is none."""
    open_: dict[tuple[UUID, UUID], int] = {}
    found: list[Stay] = []
    for passage in passages:
        key = (passage.who, passage.place_id)
        began = open_.pop(key, None)
        if began is not None:
            found.append(Stay(*key, began, min(passage.at_us, began + LONGEST_US)))
        if passage.entering:
            open_[key] = passage.at_us
    found += [Stay(*key, began, min(until_us, began + LONGEST_US)) for key, began in open_.items()]
    return found


def together_us(one: Iterable[Stay], other: Iterable[Stay]) -> int:
    """How long two people were in the same place at once."""
    mine = list(one)
    return sum(
        max(0, min(a.until_us, b.until_us) - max(a.from_us, b.from_us))
        for b in other
        for a in mine
        if a.place_id == b.place_id
    )
