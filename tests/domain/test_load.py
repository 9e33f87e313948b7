"""A load generator measures what those who come would wait, and not only what it sent."""

import socket
import threading
import time
from collections.abc import Iterator
from itertools import repeat

import pytest

from fangxian.shared import load

STOPPED: float = 0.5
OK: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def port() -> Iterator[int]:
    """A server on one connection, which stands still once, in the middle of its work."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listening.accept()
        answered = 0
        with line:
            while line.recv(65_536):
                answered += 1
                if answered == 10:
                    time.sleep(STOPPED)
                line.sendall(OK)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    thread.join(10)
    listening.close()


def asked(port: int) -> Iterator[bytes]:
    return repeat(load.request("/", b"{}", "token", port))


def test_whoever_comes_while_the_server_stands_still_waits_too(port: int) -> None:
    found = load.steady(port, asked(port), lines=1, seconds=1.0, rate=50)
    assert (len(found.times), found.failed) == (50, 0)
    # of 25 who came in that half second, each waited for what was left of it
    assert sum(one > STOPPED / 5 for one in found.times) >= 15
    assert max(found.times) >= STOPPED


def test_a_closed_loop_measures_from_the_sending(port: int) -> None:
    found = load.closed_loop(port, asked(port), lines=1, seconds=0.8)
    assert sum(one > STOPPED / 5 for one in found.times) == 1


def test_what_could_not_be_sent_has_failed(port: int) -> None:
    found = load.steady(port, asked(port), lines=1, seconds=0.1, rate=1_000_000)
    assert len(found.times) + found.failed == 100_000
    assert found.failed > 0
