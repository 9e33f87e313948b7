"""Measurement of the complete check: device, pass, rules, record, answer after the commit. Server on one core."""

import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Final

from django.db import connection

from fangxian.gates.actions import devices, passes
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.bench_desk import Desk, worker
from fangxian.gates.models import Check, Device, DeviceKind, Pass, PassKind
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock, load
from fangxian.shared.bench_server import environment, server
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.measure import Figure, percentile
from fangxian.shared.writer import checkpoint

PEOPLE: Final = 17_000
ROUNDS: Final = 3
SECONDS: Final = 3.0
FIRST_SECONDS: Final = 60.0
LINES: Final = 64
RATE: Final = 200
THREADS: Final = 64
"""As in script/server."""
BESIDE_SECONDS: Final = 20.0
CATCH_UP_SECONDS: Final = 300
STORED: Final = (0, 1_000_000, 10_000_000)


def run(people: int = PEOPLE, stored: tuple[int, ...] = STORED) -> Iterator[Figure]:
    """Throughput beside the yardstick in turns, latency at 200 a second, and both again over a longer log."""
    now = datetime.now(UTC)
    gate = _ground(now)
    device, token = devices.register(
        kind=DeviceKind.TABLET, gate=gate, name="bench", in_charge=None, calibration_due=None, by="bench", now=now
    )
    issued = _people(people, gate, now)
    size = f"{people:,} passes"
    with (
        server("fangxian.config.wsgi:application", THREADS) as port,
        server("fangxian.gates.bench_app:application", 1) as plain,
    ):
        # every pass is seen for the first time once, which costs a signature; from then on its digest is remembered
        first = _sound(load.closed_loop(port, _first(issued, token, port), lines=LINES, seconds=FIRST_SECONDS))
        yield Figure("gate_checks.first_sight", first.per_second, "/s", None, size, at_least=True)
        yield from _beside(port, issued, token, gate)
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(ROUNDS):
            ours.append(_throughput(port, _checks(issued, token, port)))
            theirs.append(_throughput(plain, _plain(gate, plain)))
        yield Figure("gate_checks.complete", statistics.median(ours), "/s", None, size, at_least=True)
        yield Figure("gate_checks.django_row", statistics.median(theirs), "/s", None, size, at_least=True)
        ratio = statistics.median(ours) / statistics.median(theirs)
        yield Figure("gate_checks.ratio", ratio, "x", 6.0, size, at_least=True)
        filled = 0
        for rows in stored:
            _fill(rows - filled, device, gate, now)
            filled = max(filled, rows)
            held = f"{Check.objects.count():,} checks stored"
            yield from _paced("at_200", port, _checks(issued, token, port), SECONDS * 2, held)
            full = [_throughput(port, _checks(issued, token, port)) for _ in range(ROUNDS)]
            yield Figure("gate_checks.complete", statistics.median(full), "/s", None, held, at_least=True)


def _beside(port: int, issued: list[Pass], token: str, gate: Place) -> Iterator[Figure]:
    """The same pace while somebody reads the console and the worker folds what has come in."""
    with worker(environment()):
        _caught_up()
        desk = Desk(port, gate, clock.now())
        desk.start()
        size = f"console in use, worker folding, {Check.objects.count():,} checks stored"
        yield from _paced("beside", port, _checks(issued, token, port), BESIDE_SECONDS, size)
        desk.stop()
    assert Check.objects.filter(folded=True).exists(), "the worker did not fold"
    page = percentile(desk.seconds, 95) * 1000
    yield Figure("gate_checks.beside.page_p95", page, "ms", None, f"{len(desk.seconds)} pages of the console")


def _caught_up() -> None:
    """The worker has started and folded what the measurement put there at once; from here on it follows the gates."""
    for _ in range(CATCH_UP_SECONDS):
        if not Check.objects.filter(folded=False).exists():
            return
        time.sleep(1)
    raise TimeoutError("the worker did not fold what came before")


def _paced(name: str, port: int, requests: Iterator[bytes], seconds: float, size: str) -> Iterator[Figure]:
    found = _sound(load.steady(port, requests, lines=LINES, seconds=seconds, rate=RATE))
    for percent in (50, 99):
        target = 50.0 if percent == 99 else None
        yield Figure(f"gate_checks.{name}.p{percent}", percentile(found.times, percent) * 1000, "ms", target, size)


def _throughput(port: int, requests: Iterator[bytes]) -> float:
    made = load.ready(requests, seconds=SECONDS)
    return _sound(load.closed_loop(port, made, lines=LINES, seconds=SECONDS)).per_second


def _sound(outcome: load.Outcome) -> load.Outcome:
    """A figure of answers that were refusals would be worth nothing."""
    assert outcome.failed == 0, f"{outcome.failed} of {len(outcome.times)} were not answered with 200"
    return outcome


def _ground(now: datetime) -> Place:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "何家角居委会", street.id)
    building = NewPlace(PlaceKind.BUILDING, "虹桥大厦", hood.id)
    gate = NewPlace(PlaceKind.GATE, "正门", building.id)
    return places.add(places=[city, district, street, hood, building, gate], by="bench", now=now)[-1]


def _people(people: int, gate: Place, now: datetime) -> list[Pass]:
    now_us = clock.to_us(now)
    subjects = [Subject(kind=SubjectKind.PERSON, label=f"员工{n}", created_us=now_us) for n in range(people)]
    Subject.objects.bulk_create(subjects, batch_size=1_000)
    assert gate.parent_id is not None
    new = [
        NewPass(
            kind=PassKind.EMPLOYEE, subject_id=subject.id, place_id=gate.parent_id, holder=subject.label,
            company="银杏贸易有限公司", from_us=now_us - clock.HOUR_US,
            until_us=clock.to_us(now + timedelta(days=30)),
        )
        for subject in subjects
    ]  # fmt: skip
    return passes.issue(passes=new, by="bench", now=now)


def _checks(issued: list[Pass], token: str, port: int) -> Iterator[bytes]:
    """Everybody in turn, for ever; `again`, because the same people come a hundred times a minute here."""
    for permit in cycle(issued):
        item = {
            "id": str(new_id()), "at": time.time_ns() // 1000, "dir": "in", "token": permit.token, "mask": True,
            "temp": 36.5, "method": "forehead", "identity": True, "declared": True, "again": True,
        }  # fmt: skip
        yield load.request("/intake/v1/gate-checks", json.dumps(item).encode(), token, port)


def _first(issued: list[Pass], token: str, port: int) -> Iterator[bytes]:
    """Everybody once. `load` stops asking when this ends."""
    return islice(_checks(issued, token, port), len(issued))


def _plain(gate: Place, port: int) -> Iterator[bytes]:
    while True:
        item = {"id": str(new_id()), "at": time.time_ns() // 1000, "dir": "in", "temp": 36.5, "mask": True}
        body = json.dumps({**item, "identity": True}).encode()
        raw = load.request("/store", body, "-", port)
        yield raw.replace(b"\r\nAuthorization", f"\r\nX-Gate: {gate.id.hex}\r\nAuthorization".encode(), 1)


def _fill(rows: int, device: Device, gate: Place, now: datetime) -> None:
    """A log of that many older checks."""
    if rows <= 0:
        return
    start = clock.to_us(now) - 30 * clock.DAY_US
    names = (
        "id, gate_id, place_id, direction, outcome, code, said, marks, method, plate, override, offline, observed_us, "
        "received_us, device_id, guard, folded, subject_id, decidec"
    )
    step = max(1, 29 * clock.DAY_US // rows)
    for at in range(0, rows, 50_000):
        values = [
            (
                db_id(new_id()), db_id(gate.id), db_id(gate.parent_id or gate.id), "in", "admit", "ok", "", "",
                "forehead", "", "", False, start + n * step, start + n * step, db_id(device.id), "", True,
                db_id(new_id()), 365,
            )
            for n in range(at, min(at + 50_000, rows))
        ]  # fmt: skip
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {Check._meta.db_table} ({names}) FROM STDIN") as copy:
                    for row in values:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * 19)
                cursor.execute("BEGIN")
                cursor.executemany(f"INSERT INTO {Check._meta.db_table} ({names}) VALUES ({marks})", values)
                cursor.execute("COMMIT")
    # in a street the worker does this ten times a second; a journal of a million rows is this measurement's own
    checkpoint()
