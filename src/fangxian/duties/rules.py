"""Pure decisions about duties: what a record does, what a lapse is, who owns a gap. No rows, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fangxian.duties.models import Cause, Outcome
from fangxian.duties.plan_schema import EscalationStep
from fangxian.duties.schedules import AnySchedule, Window, next_window
from fangxian.shared.clock import HOUR_US, MINUTE_US

DEAF_US: Final = 10 * MINUTE_US
"""An outage of our own channel this long, in the stretch that mattered, makes a lapse unknown."""
LAST_STRETCH_US: Final = HOUR_US
OUTAGE_GAP_US: Final = 3 * MINUTE_US
"""Heartbeats come every minute; two lost in a row are noise, more is an outage."""


@dataclass(frozen=True, slots=True)
class Outage:
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class OpenGap:
    """An open gap of one duty, as far as a record can touch it."""

    window: Window
    deadline_us: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Effect:
    """What one record does to one duty.

    `closes`: indexes into the open gaps with the outcome each takes. `window`: the outcome for the current window, or
    None when the record does not reach it. `then`: the window owed next, only where `window` is set; None for no more.
    """

    closes: tuple[tuple[int, Outcome], ...]
    window: Outcome | None
    then: Window | None


def judge_record(
    schedule: AnySchedule,
    *,
    current: Window | None,
    grace_us: int,
    gaps: Sequence[OpenGap],
    observed_us: int,
) -> Effect:
    """Judge a record by when it was observed, whenever it arrived.

    It closes every open gap whose window had begun by then: met where it was observed in time, late otherwise. It
    fulfils the current window if observed after that window's start.
    """
    closes = tuple(
        (number, Outcome.MET if observed_us <= gap.deadline_us else Outcome.LATE)
        for number, gap in enumerate(gaps)
        if observed_us >= gap.window.start_us
    )
    if current is None or observed_us < current.start_us:
        return Effect(closes, None, None)
    outcome = Outcome.MET if observed_us <= current.due_us + grace_us else Outcome.LATE
    return Effect(closes, outcome, next_window(schedule, current))


def outages(beats: Sequence[int], *, start_us: int, end_us: int) -> tuple[Outage, ...]:
    """Stretches of [start, end] without a heartbeat. `beats` are sorted minutes, the last one before `start` included.

    A channel that has never beaten is not measured, and nothing is said of it.
    """
    if not beats:
        return ()
    found = []
    for before, after in zip(beats, [*beats[1:], end_us], strict=True):
        if after - before > OUTAGE_GAP_US:
            start, end = max(before + MINUTE_US, start_us), min(after, end_us)
            if end > start:
                found.append(Outage(start, end))
    return tuple(found)


def cause_of_lapse(window: Window, deadline_us: int, down: Sequence[Outage]) -> Cause:
    """Missed, or unknown when our own channel was down for ten minutes of the last hour in which it could be done."""
    start = max(window.start_us, window.due_us - LAST_STRETCH_US)
    deaf = sum(max(0, min(outage.end_us, deadline_us) - max(outage.start_us, start)) for outage in down)
    return Cause.UNKNOWN if deaf >= DEAF_US else Cause.MISSED


def steps_due(escalation: Sequence[EscalationStep], *, first: int, age_us: int) -> int:
    """Index of the step that owns a gap of this age. `first` is the step it starts at, after a refusal for instance."""
    reached = first
    for number, step in enumerate(escalation):
        if age_us >= step.after_minutes * MINUTE_US:
            reached = max(reached, number)
    return min(reached, len(escalation) - 1)


def owner_step(escalation: Sequence[EscalationStep], *, due_step: int, held: Sequence[bool]) -> int | None:
    """The first step from `due_step` on whose role somebody holds; None when nobody up to the last step does."""
    for number in range(due_step, len(escalation)):
        if held[number]:
            return number
    return None
