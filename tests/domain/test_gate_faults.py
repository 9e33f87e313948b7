"""Real processes, killed at random moments under load: what was answered is there once, and is counted once."""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from fangxian.gates.actions import devices
from fangxian.gates.models import DeviceKind, Pass
from fangxian.shared import clock, load
from fangxian.shared.ids import new_id
from tests.support.factories import make_street
from tests.support.gates import employee_pass, make_office

KILLS = 4
LONGEST_SECONDS = 60
SEED = int(os.environ.get("FANGXIAN_SEED", "20200217"))

pytestmark = pytest.mark.django_db(transaction=True)
Count = Callable[[str], int]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    environment = dict(
        os.environ, FANGXIAN_DATA=str(folder), FANGXIAN_ENV="test", FANGXIAN_LOG_LEVEL="CRITICAL",
        DJANGO_SETTINGS_MODULE="fangxian.config.settings", PYTHONPATH=str(settings.ROOT / "src"),
    )  # fmt: skip
    if connection.vendor == "postgresql":
        url = urlsplit(os.environ["DATABASE_URL"])
        environment["DATABASE_URL"] = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return environment


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[dict[str, str], list[Pass], str, Count]]:
    """A database of its own with passes and a device, and a way to count its rows from outside."""
    street = make_street()
    now = clock.now()
    office = make_office(street, now=now)
    _device, token = devices.register(
        kind=DeviceKind.TABLET, gate=office.front, name="平板", in_charge=None, calibration_due=None, by="test", now=now
    )
    permits = [employee_pass(office.building, street.dwellings[0], f"员工{n}", now=now) for n in range(40)]
    environment = _environment(tmp_path)
    if connection.vendor == "postgresql":
        yield environment, permits, token, _count_here
        return
    copy = tmp_path / "db.sqlite3"
    with sqlite3.connect(str(connection.settings_dict["NAME"])) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    environment.pop("DATABASE_URL", None)

    def count(statement: str) -> int:
        with sqlite3.connect(copy) as there:
            return int(there.execute(statement).fetchone()[0] or 0)

    yield environment, permits, token, count
    shutil.rmtree(tmp_path, ignore_errors=True)


def _count_here(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0] or 0)


def _serve(environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--workers", "1", "--blocking-threads", "32", "--no-ws", "--log-level", "error",
        "fangxian.config.wsgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.1)
    raise TimeoutError


def _work(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "django", "worker"]
    return subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Gate(threading.Thread):
    """A tablet: it sends what is not acknowledged again and again, as the real one does."""

    def __init__(self, port: int, token: str, permits: Sequence[Pass]) -> None:
        super().__init__(daemon=True)
        self.port, self.token, self.permits = port, token, permits
        self.going = True
        self.acknowledged: set[str] = set()
        self.sent: list[str] = []

    def run(self) -> None:
        waiting: list[dict[str, Any]] = []
        number = 0
        last = time.monotonic() + LONGEST_SECONDS
        while (self.going or waiting) and time.monotonic() < last:
            while self.going and len(waiting) < 5:
                permit = self.permits[number % len(self.permits)]
                number += 1
                waiting.append(_item(permit, number))
                self.sent.append(waiting[-1]["id"].replace("-", ""))
            for line in self._send(waiting):
                if line["status"] in ("stored", "known"):
                    self.acknowledged.add(line["id"])
            waiting = [item for item in waiting if item["id"].replace("-", "") not in self.acknowledged]

    def _send(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        raw = load.request("/intake/v1/gate-checks", json.dumps(items).encode(), self.token, self.port)
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as sock:
                sock.settimeout(5)
                sock.sendall(raw.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1))
                answer = b""
                while part := sock.recv(65_536):
                    answer += part
            head, _, body = answer.partition(b"\r\n\r\n")
            return list(json.loads(body)["items"]) if b" 200 " in head[:20] else []
        except (OSError, ValueError):
            time.sleep(0.05)
            return []


def _item(permit: Pass, number: int) -> dict[str, Any]:
    return {
        "id": str(new_id()), "at": time.time_ns() // 1000, "dir": "in" if number % 3 else "out", "token": permit.token,
        "mask": True, "temp": 36.5, "identity": True, "declared": True, "again": True,
    }  # fmt: skip


def test_kills_at_random_moments_lose_nothing_and_count_nothing_twice(
    scene: tuple[dict[str, str], list[Pass], str, Count],
) -> None:
    environment, permits, token, count = scene
    chance = random.Random(SEED)
    port = _free_port()
    web, worker = _serve(environment, port), _work(environment)
    gates = [_Gate(port, token, permits[number::4]) for number in range(4)]
    for gate in gates:
        gate.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.2))
            _kill(web)
            if chance.random() < 0.5:
                _kill(worker)
                worker = _work(environment)
            web = _serve(environment, port)
        time.sleep(0.5)
        for gate in gates:
            gate.going = False
        for gate in gates:
            gate.join(30)
        acknowledged = set().union(*(gate.acknowledged for gate in gates))
        assert acknowledged == {sent for gate in gates for sent in gate.sent}, f"seed {SEED}"
        assert len(acknowledged) > 50
        assert count("SELECT count(*) FROM gates_check") == len(acknowledged)
        inside = count("SELECT count(*) FROM gates_presence WHERE inside")
        assert count("SELECT sum(count) FROM gates_used WHERE key LIKE 'in:%'") == inside
        deadline = time.monotonic() + 40
        while count("SELECT count(*) FROM gates_check WHERE NOT folded") and time.monotonic() < deadline:
            time.sleep(0.2)
        assert count("SELECT count(*) FROM gates_check WHERE NOT folded") == 0
        assert count("SELECT sum(count) FROM gates_flow") == len(acknowledged)
    finally:
        _kill(web)
        _kill(worker)
