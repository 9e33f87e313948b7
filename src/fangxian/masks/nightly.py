"""Each night numbers are called: from the plan's hour on, once for the next day of sale, without anybody's button."""

import logging
from datetime import date, datetime, timedelta
from typing import Final

from fangxian.masks.actions import allocate
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Round, Run, Shelf
from fangxian.masks.plan import plan_at
from fangxian.masks.queries import night
from fangxian.shared import clock

logger = logging.getLogger(__name__)
MORNING_MINUTES: Final = 30
"""Nobody is called for a day less than so long before its first counter opens."""


def call_due(*, now: datetime, by: str = "worker") -> int:
    """Call what is due in every round that sells. Returns how many numbers were called.

    A night that the worker missed is made up for until shortly before the counters open. Without anything free to
    call no run is made, so that goods which come later that night are still called for the same day.
    """
    day = _day_due(now)
    if day is None:
        return 0
    start_us = clock.day_start_us(day)
    rounds = Round.objects.filter(
        announced_us__lte=clock.to_us(now), cancelled_us__isnull=True, sale_from_us__lt=start_us + clock.DAY_US,
        sale_until_us__gt=start_us,
    ).exclude(id__in=Run.objects.filter(sale_day=day).values("round"))  # fmt: skip
    count = 0
    for round in rounds.select_related("street").prefetch_related("variants").order_by("announced_us", "id"):
        if any(night.free_of(shelf) for shelf in Shelf.objects.filter(round=round)):
            count += _call(round, day, by, now)
    return count


def _day_due(now: datetime) -> date | None:
    section, today = plan_at(now).section, clock.local_day(now)
    if now >= clock.at(today, section.call_at):
        return today + timedelta(days=1)
    opens = clock.at(today, section.open_from)
    return today if now < opens - timedelta(minutes=MORNING_MINUTES) else None


def _call(round: Round, day: date, by: str, now: datetime) -> int:
    try:
        return allocate.run(round=round, sale_day=day, by=by, now=now).called
    except MaskError as refused:
        # Somebody pressed the button at this moment, the stock moved, or a draw waits for the end of registration.
        logger.info("numbers of round %d were not called: %s", round.number, refused)
        return 0
