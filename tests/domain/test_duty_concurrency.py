"""Several writers at once: each record counts once, and the counters agree afterwards."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from fangxian.duties import actions as duties
from fangxian.duties.models import Fulfilment, Gap, Standing
from fangxian.duties.queries import coverage, numbers, recount
from fangxian.places.models import Place
from fangxian.registry import actions as registry
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, done, enrol_places, make_rule, make_street
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
A_MOMENT = 0.5
"""How long a transaction stays open so that another meets what it has written and not yet committed."""


def record(door: Place, ref: str, minutes: int) -> Callable[[], None]:
    def run() -> None:
        moment = MORNING + timedelta(minutes=minutes)
        with write_lock():
            duties.fulfil(cohort="doors", items=[done(door.id, moment, ref)], by="w", now=moment)

    return run


def test_records_and_two_sweeps_at_once_leave_the_counters_true() -> None:
    street = make_street(doors_per_block=4)
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    doors = street.dwellings
    late = MORNING + 3 * HOUR

    at_once(
        lambda: duties.sweep(now=late) and None,
        lambda: duties.sweep(now=late) and None,
        *[record(door, f"visit:{number}", 150 + number) for number, door in enumerate(doors[:8])],
    )

    duties.sweep(now=late, polite=False)
    assert recount(street.street) == []
    [row] = coverage(street.street, late)
    assert row.expected == 16
    assert row.open == 0
    assert row.late == 8
    assert row.missed == 8
    assert numbers(street.street)["place"].uncovered == 8
    assert Gap.objects.filter(status="open").count() == 8


def test_the_same_record_from_two_threads_counts_once() -> None:
    street = make_street()
    make_rule()
    enrol_places(street.dwellings, due=2 * HOUR)
    door = street.dwellings[0]
    at_once(*[record(door, "visit:same", 30) for _thread in range(4)])
    assert Fulfilment.objects.count() == 1
    assert recount(street.street) == []


def test_a_window_is_opened_once_by_whoever_comes_first() -> None:
    street = make_street()
    make_rule(schedule={"type": "windows", "windows": [["06:00", "10:00"], ["16:00", "20:00"]]})
    enrol_places(street.dwellings)
    at_once(
        *[lambda: duties.sweep(now=MORNING + HOUR / 2) and None for _thread in range(3)],
        *[record(door, f"visit:{number}", 40) for number, door in enumerate(street.dwellings[:3])],
    )
    assert recount(street.street) == []
    [row] = coverage(street.street, MORNING)
    assert (row.expected, row.met) == (12, 3)
    if connection.vendor == "sqlite":
        assert row.open == 9


def test_subjects_new_to_the_ledger_are_enrolled_in_two_cohorts_at_once() -> None:
    street = make_street(doors_per_block=4)
    for cohort in ("doors", "shops"):
        make_rule(f"{cohort}-round", cohort)
    doors = street.dwellings
    # the cohorts themselves are there: what meets is the standing of each door
    enrol_places([], "doors")
    enrol_places([], "shops")
    registry.ensure_place_subjects(places=doors, now=MORNING)
    written = threading.Event()

    def first() -> None:
        with write_lock():
            enrol_places(doors[:12], "doors", due=2 * HOUR)
            written.set()
            time.sleep(A_MOMENT)

    def second() -> None:
        assert written.wait(30)
        enrol_places(list(reversed(doors[4:])), "shops", due=2 * HOUR)

    at_once(first, second)

    enrolled = dict(Standing.objects.values_list("subject_id", "enrolled"))
    assert len(doors) == 16
    assert enrolled == {door.id: 2 if 4 <= number < 12 else 1 for number, door in enumerate(doors)}
    assert numbers(street.street)["place"].expected == 16
    assert recount(street.street) == []
    duties.sweep(now=MORNING + 3 * HOUR, polite=False)
    assert numbers(street.street)["place"].uncovered == 16
    assert set(Standing.objects.values_list("subject_id", "open_gaps")) == set(enrolled.items())
    assert recount(street.street) == []
