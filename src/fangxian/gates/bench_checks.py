"""Measurement of the complete check: device, pass, rules, record, answer after the commit. Server on one core."""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.db import connection

from fangxian.gates.actions import devices, passes
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.models import Check, Device, DeviceKind, Pass, PassKind
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock, load
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.measure import Figure, percentile
from fangxian.shared.writer import checkpoint

PEOPLE: Final = 17_000
ROUNDS: Final = 3
SECONDS: Final = 3.0
FIRST_SECONDS: Final = 60.0
LINES: Final = 64
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
        _server("fangxian.config.wsgi:application", 128) as port,
        _server("fangxian.gates.bench_app:application", 1) as plain,
    ):
        # every pass is seen for the first time once, which costs a signature; from then on its digest is remembered
        first = _sound(load.closed_loop(port, _first(issued, token, port), lines=LINES, seconds=FIRST_SECONDS))
        yield Figure("gate_checks.first_sight", first.per_second, "/s", None, size, at_least=True)
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
            paced = _sound(load.steady(port, _checks(issued, token, port), lines=LINES, seconds=SECONDS * 2, rate=200))
            for percent in (50, 99):
                target = 50.0 if percent == 99 else None
                value = percentile(paced.times, percent) * 1000
                yield Figure(f"gate_checks.at_200.p{percent}", value, "ms", target, held)
            full = [_throughput(port, _checks(issued, token, port)) for _ in range(ROUNDS)]
            yield Figure("gate_checks.complete", statistics.median(full), "/s", None, held, at_least=True)


def _throughput(port: int, requests: Iterator[bytes]) -> float:
    return _sound(load.closed_loop(port, requests, lines=LINES, seconds=SECONDS)).per_second


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


@contextmanager
def _server(target: str, threads: int) -> Iterator[int]:
    """Granian with one worker on the first core, over the database of this measurement."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = connection.settings_dict
    environment = dict(os.environ)
    if connection.vendor == "sqlite":
        environment["FANGXIAN_DATA"] = str(Path(settings["NAME"]).parent)
    else:
        url = urlsplit(os.environ["DATABASE_URL"])
        environment["DATABASE_URL"] = url._replace(path=f"/{settings['NAME']}").geturl()
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--workers", "1", "--blocking-threads", str(threads), "--backpressure", "512", "--no-ws",
        "--log-level", "error", target,
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - our own program
    try:
        os.sched_setaffinity(process.pid, {0})
        _await(port)
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {0})
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")
