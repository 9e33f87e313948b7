"""Who is on duty at a building on which day: a rotation that goes on where the last one ended. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody in the rotation: the last day on duty before it, and the first and last day on which turns are taken."""

    member: UUID
    last: date | None = None
    since: date | None = None
    until: date | None = None

    def may(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def rotation(
    turns: Sequence[Turn], *, from_day: date, days: int, taken: Mapping[date, UUID] | None = None
) -> list[tuple[date, UUID]]:
    """Who has which day: of those who may, the one whose last day lies furthest back; nobody yet comes before anybody,
    and among equals the order of `turns` holds. Days in `taken` keep whom they have, which counts as a turn; a day on
    which nobody may stays empty."""
    kept = taken or {}
    turn_of = {turn.member: turn.last for turn in turns}
    found: list[tuple[date, UUID]] = []
    for step in range(days):
        day = from_day + timedelta(days=step)
        able = [turn for turn in turns if turn.may(day)]
        if day in kept:
            turn_of[kept[day]] = day
            continue
        if not able:
            continue
        chosen = min(able, key=lambda turn: turn_of[turn.member] or date.min).member
        turn_of[chosen] = day
        found.append((day, chosen))
    return found
