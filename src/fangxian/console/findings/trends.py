"""What is found again and again: day by day, by item, by place, by area."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who, staff_view
from fangxian.inspections.queries.trends import DayLine
from fangxian.inspections.queries.trends import trends as trends_of
from fangxian.shared import clock

DAYS = 14
HEIGHT, STEP, BAR = 120, 40, 14


@dataclass(frozen=True)
class Column:
    """A day in the picture: where its two bars stand, in the picture's own units."""

    day: DayLine
    left: int
    found_top: int
    found_height: int
    closed_left: int
    closed_top: int
    closed_height: int
    middle: int


def _columns(days: tuple[DayLine, ...]) -> list[Column]:
    most = max((max(day.found, day.closed) for day in days), default=0) or 1
    columns = []
    for number, day in enumerate(days):
        left = number * STEP + 4
        found, closed = day.found * HEIGHT // most, day.closed * HEIGHT // most
        columns.append(
            Column(
                day, left, HEIGHT - found + 16, found, left + BAR + 2, HEIGHT - closed + 16, closed, left + BAR + 1
            )
        )  # fmt: skip
    return columns


@staff_view(Capability.FINDINGS)
@require_GET
def trends(request: HttpRequest, who: Who) -> HttpResponse:
    last = clock.local_day(who.now)
    found = trends_of(who.held.places("place__path", "place__grid_id"), last - timedelta(days=DAYS - 1), last, who.now)
    context = {
        "days": DAYS, "columns": _columns(found.days), "width": DAYS * STEP, "height": HEIGHT + 40,
        "base": HEIGHT + 16, "label": HEIGHT + 34, "bar": BAR, "parts": [
            (key, lines, max((line.sightings for line in lines), default=0))
            for key, lines in (("item", found.by_item), ("place", found.by_place), ("area", found.by_area))
        ],
        "total": sum(day.found for day in found.days), "closed": sum(day.closed for day in found.days),
        "inspections": sum(day.inspections for day in found.days),
    }  # fmt: skip
    return render(request, "console/findings/trends.html", context)
