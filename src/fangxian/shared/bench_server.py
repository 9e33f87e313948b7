"""A server of its own for a measurement: one worker on the first core, over the measurement's database."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection


def environment() -> dict[str, str]:
    """For a process over the database of this measurement."""
    database = connection.settings_dict["NAME"]
    found = dict(os.environ, **_keys())
    if connection.vendor == "sqlite":
        found["FANGXIAN_DATA"] = str(Path(database).parent)
    else:
        url = urlsplit(os.environ["DATABASE_URL"])
        found["DATABASE_URL"] = url._replace(path=f"/{database}").geturl()
    return found


@contextmanager
def server(target: str, threads: int) -> Iterator[int]:
    """The port of a Granian that serves `target` with one worker and so many threads on the first core."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1", "--port",
        str(port), "--workers", "1", "--blocking-threads", str(threads), "--blocking-threads-idle-timeout", "600",
        "--backpressure", "512", "--no-ws", "--log-level", "error", target,
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment())  # noqa: S603 - our own program
    try:
        os.sched_setaffinity(process.pid, {0})
        _await(port)
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {0})
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _keys() -> dict[str, str]:
    """The measurement's own, so that the server reads the codes that were made here."""

    def listed(keys: dict[int, bytes]) -> str:
        return ",".join(f"{number}:{base64.b64encode(key).decode()}" for number, key in keys.items())

    return {
        "FANGXIAN_SECRET_KEY": settings.SECRET_KEY, "FANGXIAN_FIELD_KEYS": listed(settings.FIELD_KEYS),
        "FANGXIAN_BLIND_KEYS": listed(settings.BLIND_KEYS),
    }  # fmt: skip


def _await(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")
