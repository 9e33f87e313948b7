"""Measurements of the board: one street, and all Shanghai in the city's own database of roll-ups."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection

from fangxian.command.queries import board
from fangxian.duties.models import Cohort, Counter, Duty, Gap, Rule, Tally
from fangxian.places.loading import load_city
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.measure import Figure, percentile

NOW: Final = datetime(2020, 2, 17, 2, 0, tzinfo=UTC)
RULES: Final = 15
DAYS: Final = 14
RUNS: Final = 21
BATCH: Final = 2_000
GAPS: Final = 2_000
"""Open in the street: gaps stay in the street's own database, the city has the counters alone."""


def boards(days: int = DAYS) -> Iterator[Figure]:
    """Medians over repeated calls, with every row read and every object made; 25 million people in the counters."""
    load_city(by="bench", now=NOW)
    hoods = list(Place.objects.filter(kind=PlaceKind.NEIGHBOURHOOD))
    _fill(hoods, days)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    street = Place.objects.get(code="310105009")
    city = Place.objects.get(kind=PlaceKind.CITY)
    _lapse([hood for hood in hoods if hood.path.startswith(street.path)])
    size = f"{len(hoods):,} neighbourhoods x {RULES} rules x {days} days, 25 M people, {GAPS:,} open gaps in the street"
    for name, place, target in (("board.street", street, 50.0), ("board.city", city, 150.0)):
        times = []
        for _run in range(RUNS):
            began = time.perf_counter()
            shown = board(place, NOW)
            times.append((time.perf_counter() - began) * 1000)
        yield Figure(name, percentile(times, 50), "ms", target, size)
        yield Figure(f"{name}.p95", percentile(times, 95), "ms", None, f"{len(shown.rows)} rows")


def _fill(hoods: list[Place], days: int) -> None:
    rules = Rule.objects.bulk_create(
        [
            Rule(
                key=f"bench-{n}", cohort=f"bench-{n}", subject_kind=("person", "vehicle", "place")[n % 3],
                spec={"title": {"zh": f"规则{n}", "en": f"Rule {n}"}, "schedule": {"type": "windows"}},
            )
            for n in range(RULES)
        ]
    )  # fmt: skip
    cohorts = Cohort.objects.bulk_create([Cohort(key=rule.cohort) for rule in rules])
    people = 25_000_000 // len(hoods)
    Tally.objects.bulk_create(
        [
            Tally(node=hood, kind=kind, enrolled=count, uncovered=count // 40)
            for hood in hoods
            for kind, count in (("person", people), ("vehicle", people // 5), ("place", people // 3))
        ],
        batch_size=BATCH,
    )
    for back in range(days):
        day = clock.local_day(NOW - timedelta(days=back))
        Counter.objects.bulk_create(
            [
                Counter(
                    rule=rule, cohort=cohort, node=hood, window_us=clock.day_start_us(day), day=day, expected=people,
                    met=people - 90, late=20, missed=40, unknown=5, waived=5,
                )
                for hood in hoods
                for rule, cohort in zip(rules, cohorts, strict=True)
            ],
            batch_size=BATCH,
        )  # fmt: skip


def _lapse(hoods: list[Place]) -> None:
    """Open gaps in one street, as the sweep leaves them: its board names the oldest of each neighbourhood."""
    rules, due_us = list(Rule.objects.all()), clock.to_us(NOW)
    cohorts = {cohort.key: cohort for cohort in Cohort.objects.all()}
    places = [hoods[n % len(hoods)] for n in range(GAPS)]
    subjects = Subject.objects.bulk_create([Subject(kind="place", label="x", created_us=due_us) for _hood in places])
    duties = Duty.objects.bulk_create(
        [
            Duty(
                rule=rules[n % RULES], cohort=cohorts[rules[n % RULES].cohort], subject=subject, place=hood, node=hood,
                node_next=hood, window_us=due_us - clock.HOUR_US, due_us=due_us,
            )
            for n, (hood, subject) in enumerate(zip(places, subjects, strict=True))
        ]
    )  # fmt: skip
    Gap.objects.bulk_create(
        [
            Gap(
                duty=duty, rule=duty.rule, node=duty.node, window_us=duty.window_us, due_us=due_us,
                lapsed_us=due_us + n, noticed_us=due_us + n, cause="missed",
            )
            for n, duty in enumerate(duties)
        ]
    )  # fmt: skip
