"""Measurement of the trace: who was in a building with one person, among five million checks."""

import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from fangxian.accounts.access import Reach
from fangxian.gates.queries.trace import plan_of_place, trace
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import PlaceKind
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US, HOUR_US
from fangxian.shared.measure import Figure, percentile
from fangxian.shared.writer import renew_statistics

NOW: Final = datetime(2020, 2, 17, 2, 0, tzinfo=UTC)
CHECKS: Final = int(os.environ.get("BENCH_CHECKS", "5000000"))
BUILDINGS: Final = 20
PEOPLE_OF_BUILDING: Final = 850
ASKED: Final = 20
COLUMNS: Final = (
    "id", "gate_id", "place_id", "subject_id", "direction", "outcome", "code", "said", "marks", "method", "plate",
    "override", "offline", "observed_us", "received_us", "device_id", "guard", "folded",
)  # fmt: skip


def run(checks: int = CHECKS) -> Iterator[Figure]:
    """Milliseconds of a question about one working day of one person, for people drawn at random."""
    gates, reach = _ground()
    began = time.perf_counter()
    _fill(checks, gates)
    renew_statistics()
    size = f"{checks:,} checks"
    yield Figure("trace.rows_made", time.perf_counter() - began, "s", None, size)
    days = max(1, checks // (2 * len(gates) * PEOPLE_OF_BUILDING))
    chance = random.Random(20200217)  # noqa: S311 - who is asked about
    times, most = [], 0
    for _ in range(ASKED):
        day_us = clock.to_us(NOW) + chance.randrange(days) * DAY_US
        person = _person(chance.randrange(len(gates)), chance.randrange(PEOPLE_OF_BUILDING))
        began = time.perf_counter()
        found = trace(subject_id=person, since_us=day_us - 2 * HOUR_US, until_us=day_us + 14 * HOUR_US, held=reach)
        times.append((time.perf_counter() - began) * 1_000)
        most = max(most, len(found.contacts))
        if not found.own:
            raise AssertionError("a person who was there was not found")
    told = f"{size}, up to {most} people told"
    yield Figure("trace.one_day.p50", percentile(times, 50), "ms", None, told)
    yield Figure("trace.one_day.max", max(times), "ms", 1_000.0, told)
    day_us = clock.to_us(NOW) + days // 2 * DAY_US
    for line in plan_of_place(gates[0][0], day_us - 14 * HOUR_US, day_us + 14 * HOUR_US).splitlines():
        print(f"    {line}")  # noqa: T201 - the plan stands beside its measurement


def _ground() -> tuple[list[tuple[UUID, UUID]], Reach]:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "何家角居委会", street.id)
    buildings = [NewPlace(PlaceKind.BUILDING, f"{number}号楼", hood.id) for number in range(1, BUILDINGS + 1)]
    gates = [NewPlace(PlaceKind.GATE, "正门", building.id) for building in buildings]
    made = places.add(places=[city, district, street, hood, *buildings, *gates], by="bench", now=NOW)
    return [(building.id, gate.id) for building, gate in zip(buildings, gates, strict=True)], Reach(
        paths=(made[0].path,)
    )


def _person(building: int, number: int) -> UUID:
    return UUID(int=(7 << 100) | (building << 40) | number)


def _rows(checks: int, gates: list[tuple[UUID, UUID]]) -> Iterator[tuple[object, ...]]:
    """Each working day everybody comes in the first two hours and leaves eight to ten hours later."""
    chance = random.Random(1)  # noqa: S311 - made-up times
    device, made, day = UUID(int=9 << 100), 0, 0
    while made < checks:
        for building, (place, gate) in enumerate(gates):
            for number in range(PEOPLE_OF_BUILDING):
                came = clock.to_us(NOW) + day * DAY_US + chance.randrange(2 * HOUR_US)
                for direction, at in (("in", came), ("out", came + 8 * HOUR_US + chance.randrange(2 * HOUR_US))):
                    # as a device makes them: the time stands first
                    ident = UUID(int=((at // 1_000) << 80) | (7 << 76) | (2 << 62) | made)
                    yield (
                        ident, gate, place, _person(building, number), direction, "admit", "ok", "", "", "", "", "",
                        False, at, at, device, "", True,
                    )  # fmt: skip
                    made += 1
        day += 1


def _fill(checks: int, gates: list[tuple[UUID, UUID]]) -> None:
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    if connection.vendor == "postgresql":
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY gates_check ({names}) FROM STDIN") as copy,
        ):
            for row in _rows(checks, gates):
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(COLUMNS))
    connection.ensure_connection()
    with transaction.atomic():
        # past Django's cursor, which rewrites the text of each statement
        connection.connection.executemany(
            f"INSERT INTO gates_check ({names}) VALUES ({marks})",  # noqa: S608 - names of columns from above
            (tuple(value.hex if isinstance(value, UUID) else value for value in row) for row in _rows(checks, gates)),
        )
