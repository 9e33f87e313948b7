"""A server that is killed in the rush: every registration that was answered is there once, and numbers have no gap."""

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
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from fangxian.masks.doors import door_token
from fangxian.shared import clock, load
from fangxian.shared.ids import new_id
from tests.support.masks import MaskGround, make_round

KILLS = 4
HOMES = 15
"""Doors on each of four blocks."""
LONGEST_SECONDS = 90
SEED = int(os.environ.get("FANGXIAN_SEED", "20200217"))

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[[str], list[tuple[Any, ...]]]


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
    else:
        environment.pop("DATABASE_URL", None)
    # the server reads codes of doors that were made here
    if (settings.DATA_DIR / "keys").is_file():
        shutil.copy(settings.DATA_DIR / "keys", folder / "keys")
    return environment


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[dict[str, str], MaskGround, Ask]]:
    """A database of its own with an open round, and a way to ask it from outside."""
    now = clock.now()
    ground = make_round(doors_per_block=HOMES, now=now, register_from=clock.local_day(now - timedelta(days=2)))
    environment = _environment(tmp_path)
    if connection.vendor == "postgresql":
        yield environment, ground, _ask_here
        return
    copy = tmp_path / "db.sqlite3"
    with sqlite3.connect(str(connection.settings_dict["NAME"])) as source, sqlite3.connect(copy) as target:
        source.backup(target)

    def ask(statement: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(copy) as there:
            return there.execute(statement).fetchall()

    yield environment, ground, ask
    shutil.rmtree(tmp_path, ignore_errors=True)


def _ask_here(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _serve(environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--workers", "1", "--blocking-threads", "32", "--no-ws", "--log-level", "error",
        "fangxian.config.wsgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.1)
    raise TimeoutError


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Home(threading.Thread):
    """Somebody at the telephone: the same is sent again until it was answered. Several ask for the same homes."""

    def __init__(self, port: int, ground: MaskGround, homes: list[int]) -> None:
        super().__init__(daemon=True)
        self.port, self.ground, self.homes = port, ground, homes
        self.stored: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.unanswered = 0

    def run(self) -> None:
        last = time.monotonic() + LONGEST_SECONDS
        for number in self.homes:
            round_id, home = self.ground.round.id, self.ground.street.dwellings[number]
            item = {
                "id": str(new_id()), "round": round_id.hex, "door": door_token(round_id, home.id),
                "wants": {"adult": 5}, "applicant": "陈小明", "phone": "13800138000",
            }  # fmt: skip
            line = None
            while line is None and time.monotonic() < last:
                line = self._send(item)
            if line is None:
                self.unanswered += 1
            elif line["status"] in ("stored", "known"):
                self.stored[line["id"]] = line["voucher"]
            else:
                self.refused[line["id"]] = line["standing"]
            time.sleep(0.08)

    def _send(self, item: dict[str, Any]) -> dict[str, Any] | None:
        raw = load.request("/intake/v1/mask-registrations", json.dumps(item).encode(), "-", self.port)
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as sock:
                sock.settimeout(5)
                sock.sendall(raw.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1))
                answer = b""
                while part := sock.recv(65_536):
                    answer += part
            head, _, body = answer.partition(b"\r\n\r\n")
            found = dict(json.loads(body)["items"][0]) if b" 200 " in head[:20] else None
            return found if found and found["status"] != "failed" else None
        except (OSError, ValueError):
            time.sleep(0.05)
            return None


def test_a_server_killed_in_the_rush_loses_no_number_and_gives_none_twice(
    scene: tuple[dict[str, str], MaskGround, Ask],
) -> None:
    environment, ground, ask = scene
    chance = random.Random(SEED)
    port = _free_port()
    web = _serve(environment, port)
    every = range(len(ground.street.dwellings))
    homes = [_Home(port, ground, chance.sample(every, len(every))) for _ in range(6)]
    for home in homes:
        home.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 0.8))
            _kill(web)
            web = _serve(environment, port)
        for home in homes:
            home.join(LONGEST_SECONDS + 10)
        assert sum(home.unanswered for home in homes) == 0, f"seed {SEED}"
        told = {ident: number for home in homes for ident, number in home.stored.items()}
        shorts = dict(ask("SELECT committee_id, short FROM masks_counter"))
        rows = ask("SELECT id, committee_id, seq FROM masks_registration")
        held = {str(ident).replace("-", ""): f"R2-{shorts[hood]}-{seq:04d}" for ident, hood, seq in rows}
        assert held == told, f"seed {SEED}"
        assert len(held) == len(every)
        assert {number for home in homes for number in home.refused.values()} <= set(held.values())
        assert ask("SELECT count(DISTINCT unit) FROM masks_registration") == [(len(every),)]
        numbers = ask("SELECT committee_id, count(*), min(seq), max(seq) FROM masks_registration GROUP BY committee_id")
        assert sorted(numbers) == sorted(
            (hood, last, 1, last) for hood, last in ask("SELECT committee_id, last FROM masks_counter")
        )
    finally:
        _kill(web)
