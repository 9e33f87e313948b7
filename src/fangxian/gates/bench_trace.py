"""Measurement of "who was there" over a month of checks, with the database's plan beside it."""

import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from fangxian.accounts.access import Reach
from fangxian.gates.models import Check
from fangxian.gates.queries.trace import plan_of_place, trace
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from fangxian.shared.ids import db_id
from fangxian.shared.measure import Figure, percentile

NOW: Final = datetime(2020, 3, 17, 16, 0, tzinfo=UTC)
CHECKS: Final = 5_000_000
BUILDINGS: Final = 38
PEOPLE: Final = 17_000
DAYS: Final = 30
ASKED: Final = 40
COLUMNS: Final = (
    "id, gate_id, place_id, subject_id, direction, outcome, code, said, marks, decidec, method, plate, override, "
    "offline, observed_us, received_us, device_id, guard, folded"
)


def run(checks: int = CHECKS) -> Iterator[Figure]:
    """A person and a working day, asked of the whole street. Names of those found are read with it."""
    chance = random.Random(20200217)  # noqa: S311 - made-up days
    buildings, gates = _ground()
    people = _fill(checks, buildings, gates, chance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    held = Reach(paths=(buildings[0].path[:15],))
    times, found = [], []
    for _ in range(ASKED):
        person = chance.choice(people)
        since = clock.to_us(NOW - timedelta(days=chance.randrange(1, DAYS - 1)))
        began = time.perf_counter()
        told = trace(subject_id=person, since_us=since - DAY_US // 2, until_us=since + DAY_US // 2, held=held)
        times.append((time.perf_counter() - began) * 1000)
        found.append(len(told.contacts))
    size = f"{Check.objects.count():,} checks, {BUILDINGS} buildings, {statistics.median(found):.0f} contacts"
    yield Figure("trace.day.p50", statistics.median(times), "ms", None, size)
    yield Figure("trace.day.p95", percentile(times, 95), "ms", 1_000.0, size)
    since = clock.to_us(NOW) - 3 * DAY_US
    yield Figure(f"trace.plan: {_one_line(buildings[0].id, since)}", 1, "", None, size)


def _one_line(place_id: UUID, since: int) -> str:
    return " | ".join(line.strip() for line in plan_of_place(place_id, since, since + DAY_US).splitlines()[:3])


def _ground() -> tuple[list[Place], list[Place]]:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "何家角居委会", street.id)
    buildings = [NewPlace(PlaceKind.BUILDING, f"{n}号楼", hood.id) for n in range(BUILDINGS)]
    gates = [NewPlace(PlaceKind.GATE, "正门", building.id) for building in buildings]
    made = places.add(places=[city, district, street, hood, *buildings, *gates], by="bench", now=NOW)
    return [p for p in made if p.kind == PlaceKind.BUILDING], [p for p in made if p.kind == PlaceKind.GATE]


def _fill(checks: int, buildings: list[Place], gates: list[Place], chance: random.Random) -> list[UUID]:
    """Everybody comes in the morning, goes out and in through the day: passages until there are `checks` of them."""
    gate_of = {gate.parent_id: gate.id for gate in gates}
    people = [UUID(int=(1 << 100) + n) for n in range(PEOPLE)]
    home = {person: chance.choice(buildings).id for person in people}
    first = clock.to_us(NOW) // DAY_US * DAY_US - DAYS * DAY_US
    rounds = checks // (PEOPLE * DAYS) + 1
    rows: list[tuple[int | str | UUID, ...]] = []
    made = 0
    for day in range(DAYS):
        for person in people:
            place = home[person]
            at = first + day * DAY_US + chance.randrange(0, 2 * HOUR_US)
            for number in range(rounds):
                if made >= checks:
                    break
                made += 1
                rows.append(_row(made, at, place, gate_of[place], person, "out" if number % 2 else "in"))
                at += chance.randrange(20 * MINUTE_US, 2 * HOUR_US)
        if len(rows) > 200_000:
            _store(rows)
            rows = []
    _store(rows)
    return people


def _row(number: int, at: int, place: UUID, gate: UUID, person: UUID, direction: str) -> tuple[int | str | UUID, ...]:
    ident = UUID(int=((at // 1_000) << 80) + number)
    return (
        db_id(ident), db_id(gate), db_id(place), db_id(person), direction, "admit", "ok", "", "", 365, "forehead", "",
        "", False, at, at + SECOND_US, db_id(gate), "", True,
    )  # fmt: skip


def _store(rows: list[tuple[int | str | UUID, ...]]) -> None:
    table = Check._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(COLUMNS.split(",")))
        cursor.execute("BEGIN")
        cursor.executemany(f"INSERT INTO {table} ({COLUMNS}) VALUES ({marks})", rows)
        cursor.execute("COMMIT")
