"""What is found again and again: by item, by place, by area of the checklist, and day by day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.utils.translation import get_language

from fangxian.inspections.models import Finding, FindingAct, FindingStatus, FindingStep, Inspection, Occasion
from fangxian.inspections.plan import plan_at
from fangxian.inspections.queries.findings import titles_now
from fangxian.places.models import Place
from fangxian.shared import clock


@dataclass(frozen=True)
class TrendLine:
    """Findings of one item, place or area (`key`: its key or id) that were seen first in the period. `sightings` counts
    every time one was found; `reopened` those that had not been put right; `closed_us`: the median time until one was
    closed, None where none was."""

    key: str
    title: str
    found: int
    sightings: int
    open: int
    reopened: int
    closed_us: int | None


@dataclass(frozen=True)
class DayLine:
    """One day: inspections made and the share of items in order (None without any), findings made and closed."""

    day: date
    inspections: int
    score: float | None
    found: int
    closed: int


@dataclass(frozen=True)
class Trends:
    by_item: tuple[TrendLine, ...]
    by_place: tuple[TrendLine, ...]
    by_area: tuple[TrendLine, ...]
    days: tuple[DayLine, ...]


def trends(where: Q, first: date, last: date, now: datetime) -> Trends:
    """From `first` to `last`, both included, within `where`, a condition over `place__path` and `place__grid_id`, which
    findings and inspections both have. Most found first. Findings recorded in error do not count."""
    start, end = clock.day_start_us(first), clock.day_start_us(last + timedelta(days=1))
    rows = list(
        Finding.objects.filter(where, opened_us__gte=start, opened_us__lt=end).exclude(status=FindingStatus.VOID)
    )
    reopened = set(
        FindingStep.objects.filter(
            finding__in=[row.id for row in rows],
            after=FindingStatus.REOPENED,
            act__in=(FindingAct.FAIL, FindingAct.AGAIN),
        ).values_list("finding_id", flat=True)
    )
    areas, area_titles = _areas(now)
    places = dict(Place.objects.filter(id__in={row.place_id for row in rows}).values_list("id", "name"))
    return Trends(
        _lines(((row.item, row) for row in rows if row.item), titles_now(now), reopened),
        _lines(((row.place_id.hex, row) for row in rows), {key.hex: name for key, name in places.items()}, reopened),
        _lines(((areas[row.item], row) for row in rows if row.item in areas), area_titles, reopened),
        _days(where, rows, first, last),
    )


def _areas(now: datetime) -> tuple[dict[str, str], dict[str, str]]:
    language, section = get_language() or "en", plan_at(now).section
    return {item.key: item.area for item in section.items}, {
        area.key: area.title.say(language) for area in section.areas
    }


def _lines(
    rows: Iterable[tuple[str, Finding]], titles: dict[str, str], reopened: set[UUID]
) -> tuple[TrendLine, ...]:  # fmt: skip
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for key, row in rows:
        grouped[key].append(row)
    found = [
        TrendLine(
            key, titles.get(key) or part[0].title, len(part), sum(row.times for row in part),
            sum(row.closed_us is None for row in part), sum(row.id in reopened for row in part), _median(part),
        )
        for key, part in grouped.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda line: (-line.sightings, -line.found, line.key)))


def _median(rows: Iterable[Finding]) -> int | None:
    times = sorted(row.closed_us - row.opened_us for row in rows if row.closed_us is not None)
    return times[len(times) // 2] if times else None


def _days(where: Q, rows: list[Finding], first: date, last: date) -> tuple[DayLine, ...]:
    made: dict[date, int] = defaultdict(int)
    for row in rows:
        made[clock.local_day(clock.from_us(row.opened_us))] += 1
    start, end = clock.day_start_us(first), clock.day_start_us(last + timedelta(days=1))
    closed: dict[date, int] = defaultdict(int)
    ended = Finding.objects.filter(where, closed_us__gte=start, closed_us__lt=end, status=FindingStatus.CLOSED)
    for closed_us in ended.values_list("closed_us", flat=True):
        closed[clock.local_day(clock.from_us(closed_us or 0))] += 1
    scores: dict[date, tuple[int, int, int]] = {}
    inspected = Inspection.objects.filter(where, day__gte=first, day__lte=last).exclude(occasion=Occasion.RECHECK)
    for score in inspected.values("day").annotate(good=Sum("in_order"), of=Sum("applicable"), n=Count("id")).order_by():
        scores[score["day"]] = (score["n"], score["good"], score["of"])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(
        DayLine(
            day, scores[day][0] if day in scores else 0,
            scores[day][1] / scores[day][2] if day in scores and scores[day][2] else None, made[day], closed[day],
        )
        for day in days
    )  # fmt: skip
