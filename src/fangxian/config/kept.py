"""Public pages, answered from memory: what everybody asks at once is made once in some seconds.

Only addresses under `PREFIX`, only GET without a query, and only answers of 200 that set no cookie. Their language
stands in the address. Everybody who asks while a page is made anew gets the one before it.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

PREFIX: Final = "/r/"
KEPT_SECONDS: Final = 10.0
"""The published figures are never older than this and the time to make the page; 30 seconds are promised."""
MOST_KEPT: Final = 512

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Answer:
    status: str
    headers: Headers
    body: bytes
    until: float


Make = Callable[[WSGIEnvironment], tuple[str, Headers, bytes]]


class Kept:
    """`make` runs the whole application for one request."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._answers: dict[str, Answer] = {}
        self._making: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """The answer, or None when this request is none of ours."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING"):
            return None
        key = environ["PATH_INFO"]
        kept = self._answers.get(key)
        if kept is None or kept.until < time.monotonic():
            kept = self._renew(key, environ, kept)
            if kept is None:
                return None
        start_response(kept.status, kept.headers)
        return [kept.body]

    def _renew(self, key: str, environ: WSGIEnvironment, old: Answer | None) -> Answer | None:
        with self._lock:
            if old is not None and key in self._making:
                return old
            self._making.add(key)
        try:
            status, headers, body = self._make(environ)
        finally:
            with self._lock:
                self._making.discard(key)
        fresh = Answer(status, headers, body, time.monotonic() + KEPT_SECONDS)
        if status.startswith("200") and not any(name.lower() == "set-cookie" for name, _ in headers):
            with self._lock:
                if len(self._answers) >= MOST_KEPT:
                    self._answers.clear()
                self._answers[key] = fresh
        return fresh
