"""Pure decisions about rounds: what a record leads to, when the next try is, what a device's clock is worth."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

from fangxian.screening.models import DoorDisposition, Mark, Presence, Travel, VehicleDisposition
from fangxian.screening.playbook import Outcome
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US

CLOCK_TOLERANCE_US: Final = 2 * MINUTE_US
"""Phones drift by seconds, and a request takes some; more than this is a wrong clock."""
FIRST_KNOCK: Final = time(9, 0)
LAST_KNOCK: Final = time(20, 30)

# What follows when a plan does not say: the wording may change, what a disposition means does not.
DOOR_OUTCOMES: Final[dict[str, Outcome]] = {
    DoorDisposition.MET: "done",
    DoorDisposition.NOBODY_HOME: "again",
    DoorDisposition.VACANT: "done",
    DoorDisposition.LET: "done",
    DoorDisposition.REFUSED: "escalate",
}
VEHICLE_OUTCOMES: Final[dict[str, Outcome]] = {
    VehicleDisposition.RESIDENT: "done",
    VehicleDisposition.VISITOR: "done",
    VehicleDisposition.KEY_REGION: "done",
    VehicleDisposition.UNKNOWN: "open",
}


@dataclass(frozen=True, slots=True)
class DoorEffect:
    """What one visit does to the door's duty.

    `fulfils`: the door has its disposition. `attempt`: a try is noted, and owed again. `raises`: the escalation goes a
    step up. `refused`: police and secretary are asked.
    """

    fulfils: bool
    attempt: bool
    raises: bool
    refused: bool


def judge_door(outcome: Outcome, *, tries_before: int, max_tries: int) -> DoorEffect:
    """`tries_before`: earlier visits of this round at which nobody was home. The last allowed try raises the step."""
    if outcome == "done":
        return DoorEffect(fulfils=True, attempt=False, raises=False, refused=False)
    if outcome == "escalate":
        return DoorEffect(fulfils=False, attempt=False, raises=True, refused=True)
    return DoorEffect(fulfils=False, attempt=True, raises=tries_before + 1 == max_tries, refused=False)


def next_try_us(observed_us: int, *, retry_hours: int) -> int:
    """When to knock again: after the plan's hours, never at night."""
    at = clock.local(clock.from_us(observed_us)) + timedelta(hours=retry_hours)
    if at.time() > LAST_KNOCK:
        at = clock.at(at.date() + timedelta(days=1), FIRST_KNOCK)
    elif at.time() < FIRST_KNOCK:
        at = clock.at(at.date(), FIRST_KNOCK)
    return clock.to_us(at)


def accounts_for(presence: str) -> bool:
    """Whether this answer settles the person's own duty in the round. Somebody who has left is accounted for too."""
    return presence in (Presence.PRESENT, Presence.AWAY, Presence.GONE)


def was_in_key_region(travel: str, regions: Sequence[str]) -> bool:
    return travel == Travel.KEY_REGION or bool(regions)


def door_marks(
    *,
    disposition: str,
    registered: int,
    observed_us: int,
    round_closed_us: int | None,
    place_closed: bool,
    in_round: bool,
    seen_meanwhile: bool,
) -> list[str]:
    """What a visit contradicts, in the order of Mark."""
    found = (
        (Mark.REGISTERED_THERE, disposition == DoorDisposition.VACANT and registered > 0),
        (Mark.VISITED_MEANWHILE, seen_meanwhile),
        (Mark.ROUND_CLOSED, round_closed_us is not None and observed_us > round_closed_us),
        (Mark.PLACE_CLOSED, place_closed),
        (Mark.NOT_IN_ROUND, not in_round),
    )
    return [mark.value for mark, holds in found if holds]


def someone_else_meanwhile(others: Iterable[tuple[str, int]], *, by: str, known_since_us: int | None) -> bool:
    """Whether another person's record of the same thing came in after this device last heard from the server.

    `others`: (actor, received_us). Online there is nothing to miss: a second visit is a second try.
    """
    return known_since_us is not None and any(who != by and at > known_since_us for who, at in others)


@dataclass(frozen=True, slots=True)
class Observed:
    """`observed_us` as it is believed; `device_us` as the device said, where that differs; marks of the difference."""

    observed_us: int
    device_us: int | None
    marks: tuple[str, ...]


def believed_time(
    device_us: int, *, issued_us: int, received_us: int, offset_then_us: int, offset_now_us: int
) -> Observed:
    """When something was observed, by a device whose clock may be wrong.

    Offsets are server minus device: `offset_then_us` when the day pack was taken, `offset_now_us` at this sync.
    A record can only lie between the two. A clock that was wrong all the time is corrected; one that was changed is
    corrected by whichever offset fits, and else only bounded.
    """
    off_then, off_now = abs(offset_then_us) > CLOCK_TOLERANCE_US, abs(offset_now_us) > CLOCK_TOLERANCE_US

    def fits(at: int) -> bool:
        return issued_us - CLOCK_TOLERANCE_US <= at <= received_us + CLOCK_TOLERANCE_US

    def bounded(at: int) -> int:
        return min(max(at, issued_us), received_us)

    if not off_then and not off_now and fits(device_us):
        at = bounded(device_us)
        return Observed(at, None, ())
    then, now = device_us + offset_then_us, device_us + offset_now_us
    if abs(then - now) <= CLOCK_TOLERANCE_US and fits(then):
        return Observed(bounded(then), device_us, (Mark.CLOCK.value,))
    if fits(then) != fits(now):
        return Observed(bounded(then if fits(then) else now), device_us, (Mark.CLOCK.value,))
    return Observed(bounded(then), device_us, (Mark.CLOCK_UNSURE.value,))


_NUMBER = re.compile(r"(\d+)")


def natural_key(*names: str) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sorts as people count: 2号 before 10号, 302 before 1201."""
    return tuple(
        tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in _NUMBER.split(name) if part)
        for name in names
    )
