"""Slots that come back every week: made for all their days at once, and ended together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from django.utils.translation import gettext as _

from fangxian.accounts.models import Staff
from fangxian.audit import actions as audit
from fangxian.rota import rules
from fangxian.rota.actions.posts import RotaError, assign, plan_day, remove_slots
from fangxian.rota.models import Pattern, Post, Slot
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

LONGEST_DAYS: Final = 92
"""A quarter: who stands where is not known for longer."""


@dataclass(frozen=True, slots=True)
class NewPattern:
    """Weekdays (1 is Monday), from, until, how many people, from which day to which, and who stands there."""

    weekdays: Sequence[int]
    start: time
    end: time
    first_day: date
    last_day: date
    needed: int = 1
    people: Sequence[Staff] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """What of a pattern was left out: a day, or on a day a person. The text says why."""

    day: date
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Repeated:
    pattern: Pattern
    slots: int
    left_out: tuple[Refused, ...]


def repeat(*, post: Post, new: NewPattern, by: str, now: datetime) -> Repeated:
    """Make a pattern and its slots, a day in a transaction: a day whose slot cannot be made stops no other.

    Raises RotaError, before anything is made, where the pattern itself cannot be.
    """
    days = _days(new, now)
    with write_lock():
        if not Post.objects.select_for_update().filter(id=post.id, closed_us__isnull=True).exists():
            raise RotaError(_("This post is closed. Open it again before planning slots."))
        pattern = Pattern.objects.create(
            post=post, weekdays="".join(str(day) for day in sorted(set(new.weekdays))), start=new.start, end=new.end,
            needed=new.needed, first_day=new.first_day, last_day=new.last_day, by=by,
        )  # fmt: skip
        pattern.people.set(new.people)
        audit.record(
            by=by, act="rota.pattern.made", now=now, target=f"pattern:{pattern.id}", place=post.place_id,
            detail={"days": len(days), "people": len(new.people), "needed": new.needed},
        )  # fmt: skip
    left_out: list[Refused] = []
    made = sum(_one_day(pattern, day, new.people, left_out, by, now) for day in days)
    return Repeated(pattern, made, tuple(left_out))


def check_pattern(*, new: NewPattern, now: datetime) -> int:
    """How many days `repeat` would try. Raises RotaError where the pattern cannot be."""
    return len(_days(new, now))


def _days(new: NewPattern, now: datetime) -> list[date]:
    """The days whose slot is not over. Raises RotaError."""
    if new.last_day < new.first_day:
        raise RotaError(_("The last day is before the first. Nothing was changed."))
    if (new.last_day - new.first_day).days >= LONGEST_DAYS:
        raise RotaError(_("Plan at most %(days)d days ahead. Nothing was changed.") % {"days": LONGEST_DAYS})
    if new.needed < 1:
        raise RotaError(_("A slot needs at least one person."))
    now_us = clock.to_us(now)
    days = [
        day
        for day in rules.days_of(new.weekdays, new.first_day, new.last_day)
        if rules.span_of(day, new.start, new.end).until_us > now_us
    ]
    if not days:
        raise RotaError(_("None of these days is still to come. Nothing was changed; look at the weekdays and dates."))
    return days


@write_lock()
def _one_day(
    pattern: Pattern, day: date, people: Sequence[Staff], left_out: list[Refused], by: str, now: datetime
) -> int:
    times = [(pattern.start, pattern.end)]
    try:
        [slot] = plan_day(
            post=pattern.post, day=day, times=times, needed=pattern.needed, pattern=pattern, by=by, now=now
        )
    except RotaError as refused:
        left_out.append(Refused(day, str(refused)))
        return 0
    for staff in people:
        try:
            assign(slot=slot, staff=staff, by=by, now=now)
        except RotaError as refused:
            left_out.append(Refused(day, str(refused), staff.name))
    return 1


@write_lock()
def end_pattern(*, pattern: Pattern, by: str, now: datetime) -> int | None:
    """Its slots to come are taken off the plan. Returns how many; None when it had ended already."""
    now_us = clock.to_us(now)
    if not Pattern.objects.filter(id=pattern.id, ended_us__isnull=True).update(ended_us=now_us):
        return None
    coming = list(Slot.objects.filter(pattern=pattern, from_us__gt=now_us).order_by("from_us"))
    remove_slots(coming, pattern.post, "pattern ended", by, now)
    audit.record(
        by=by, act="rota.pattern.ended", now=now, target=f"pattern:{pattern.id}", place=pattern.post.place_id,
        detail={"slots": len(coming)},
    )  # fmt: skip
    return len(coming)
