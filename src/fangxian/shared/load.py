"""A load generator: many kept-alive connections in one thread, closed loop or at a steady rate. To 127.0.0.1 only."""

import math
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

RECEIVE: Final = 65_536


@dataclass
class Outcome:
    """Seconds that each answer took, how many were not 200 or never sent, and how long it all lasted."""

    times: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds if self.seconds else 0.0


@dataclass
class _Line:
    sock: socket.socket
    due: float = 0.0
    buffer: bytes = b""
    busy: bool = False


def request(path: str, body: bytes, token: str, port: int) -> bytes:
    """One POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ready(requests: Iterator[bytes], *, seconds: float, most: int = 12_000) -> Iterator[bytes]:
    """As many as `most` a second can take in that time, made beforehand: a generator that works takes the core beside
    the server's from it."""
    return iter(list(islice(requests, int(seconds * most))))


def closed_loop(port: int, requests: Iterator[bytes], *, lines: int, seconds: float, keep: bool = False) -> Outcome:
    """As fast as the answers come: each connection sends its next request when it has its answer.

    It ends after `seconds`, or with the last of `requests`.
    """
    return _run(port, requests, lines, seconds, None, keep)


def steady(port: int, requests: Iterator[bytes], *, lines: int, seconds: float, rate: float) -> Outcome:
    """`rate` requests a second, whether or not the answers keep up.

    An answer is measured from the instant at which its request was due: a server that stands still makes everybody
    wait who comes meanwhile, also those whose request could not be sent yet. What was due is sent until twice the time
    is over; what was not sent by then has failed.
    """
    return _run(port, requests, lines, seconds, rate, False)


def _run(port: int, requests: Iterator[bytes], lines: int, seconds: float, rate: float | None, keep: bool) -> Outcome:
    found = Outcome()
    chooser = selectors.DefaultSelector()
    idle: list[_Line] = []
    for _ in range(lines):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = _Line(sock)
        chooser.register(sock, selectors.EVENT_READ, line)
        idle.append(line)
    began = time.perf_counter()
    sent = 0
    busy = 0
    raw = next(requests, None)

    def due() -> float:
        """When the next request is to be sent; the end of time when there is none left."""
        now = time.perf_counter()
        at = now if rate is None else began + sent / rate
        late = now - began >= (seconds if rate is None else 2 * seconds)
        return math.inf if raw is None or late or at - began >= seconds else at

    while (at := due()) < math.inf or busy:
        while idle and raw is not None and at <= time.perf_counter():
            line = idle.pop()
            line.due = at
            line.sock.sendall(raw)
            raw = next(requests, None)
            sent += 1
            busy += 1
            at = due()
        for key, _mask in chooser.select(0.001):
            line = key.data
            if _received(line, found, keep):
                busy -= 1
                idle.append(line)
    found.seconds = time.perf_counter() - began
    if rate is not None and raw is not None:
        found.failed += max(0, math.floor(seconds * rate) - sent)
    for key in list(chooser.get_map().values()):
        key.data.sock.close()
    chooser.close()
    return found


def _received(line: _Line, found: Outcome, keep: bool) -> bool:
    """Whether the whole answer has come."""
    line.buffer += line.sock.recv(RECEIVE)
    head_end = line.buffer.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    head = line.buffer[:head_end].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None])
    if len(line.buffer) < head_end + 4 + length:
        return False
    found.times.append(time.perf_counter() - line.due)
    if b" 200 " not in head[:20]:
        found.failed += 1
    if keep:
        found.bodies.append(line.buffer[head_end + 4 :])
    line.buffer = b""
    return True
