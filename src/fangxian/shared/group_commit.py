"""The group-commit writer: many callers, one transaction, one flush, and then all the answers.

A batch grows while the one before it commits, so the more people wait, the fewer flushes each of them costs. An answer
is given only after the commit. Nothing is decided from memory here: `write` reads and writes the database inside its
transaction, so any number of processes may run beside each other.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import close_old_connections, connection

from fangxian.shared.writer import write_lock

logger = logging.getLogger(__name__)

I = TypeVar("I")  # noqa: E741 - an item, beside R for its result
R = TypeVar("R")

MOST_WAITING = 4_000
MOST_ITEMS = 400
BUSY_ENTRIES = 8
GATHER_SECONDS = 0.002
POSTGRES_LOCK = 0x66616E67
"""Batches of several processes follow each other: each then reads what the one before it decided."""


class FullError(Exception):
    """Too much is waiting. Nothing was taken; the same may be sent again after a moment."""


class NotStoredError(Exception):
    """The database did not take it. Whether it is stored is not known; sending it again is harmless."""


class _Waiting(Generic[I, R]):
    __slots__ = ("done", "items", "results")

    def __init__(self, items: Sequence[I]) -> None:
        self.items = items
        self.done = threading.Lock()
        self.results: Sequence[R | None] | None = None
        self.done.acquire()


class GroupCommit(Generic[I, R]):
    """`write` gets the items of a batch inside one transaction and returns one result for each, in their order."""

    def __init__(
        self, write: Callable[[Sequence[I]], Sequence[R]], *, most_waiting: int = MOST_WAITING, name: str = "writer"
    ) -> None:
        self._write = write
        self._most = most_waiting
        self._name = name
        self._queue: deque[_Waiting[I, R]] = deque()
        self._count = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        # held while the writer's thread sleeps; it is woken when as many wait as it sleeps for
        self._wake = threading.Lock()
        self._wake.acquire()
        self._sleeps_for = 0
        self._last = 0
        self.batches = 0
        self.taken = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """Items that are queued or being written."""
        return self._count

    def submit(self, items: Sequence[I]) -> Sequence[R | None]:
        """Store `items` and wait until they are committed; None stands for one that alone could not be stored.

        Raises FullError, or NotStoredError when none was stored.
        """
        mine: _Waiting[I, R] = _Waiting(items)
        with self._lock:
            # a lone long array is taken when nothing waits, so that a week's queue can come in at all
            if self._count and self._count + len(items) > self._most:
                self.refused += len(items)
                raise FullError
            self._queue.append(mine)
            self._count += len(items)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._wake_writer(len(self._queue))
        mine.done.acquire()
        if mine.results is None:
            raise NotStoredError
        return mine.results

    def stop(self) -> None:
        """End the thread and its connection once nothing waits; the next item starts another."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._wake_writer(self._sleeps_for)
        if thread is not None:
            thread.join()

    def _wake_writer(self, queued: int) -> None:
        """With the lock held: the writer sleeps for that many or fewer."""
        if 0 < self._sleeps_for <= queued:
            self._sleeps_for = 0
            self._wake.release()

    def _sleep(self, queued: int, seconds: float = -1) -> None:
        """Until that many entries are queued, `seconds` at most."""
        with self._lock:
            if len(self._queue) >= queued or self._thread is not threading.current_thread():
                return
            self._sleeps_for = queued
        if not self._wake.acquire(timeout=seconds):
            with self._lock:
                if self._sleeps_for == 0:
                    self._wake.acquire()  # woken in the same instant
                self._sleeps_for = 0

    def _next(self) -> list[_Waiting[I, R]]:
        """The next batch; empty when the thread is to end, or another was faster."""
        self._sleep(1)
        if self._last >= BUSY_ENTRIES:
            # those who were just answered are about to ask again: a fuller batch costs each of them less
            self._sleep(self._last, GATHER_SECONDS)
        batch: list[_Waiting[I, R]] = []
        size = 0
        with self._lock:
            while self._queue and (not batch or size + len(self._queue[0].items) <= MOST_ITEMS):
                size += len(self._queue[0].items)
                batch.append(self._queue.popleft())
        self._last = len(batch)
        return batch

    def _run(self) -> None:
        while (batch := self._next()) or self._thread is threading.current_thread():
            if not batch:
                continue
            try:
                self._commit(batch)
            finally:
                with self._lock:
                    self._count -= sum(len(entry.items) for entry in batch)
                for entry in batch:
                    entry.done.release()
        connection.close()

    def _commit(self, batch: list[_Waiting[I, R]]) -> None:
        """All together; when that fails, each item alone, so that one bad row costs nobody else an answer."""
        items = [item for entry in batch for item in entry.items]
        results: list[R | None] | None = self._try(items)
        if results is None:
            results = [found[0] if (found := self._try([item])) else None for item in items] if len(items) > 1 else []
        at = 0
        for entry in batch:
            mine = results[at : at + len(entry.items)]
            entry.results = mine if any(result is not None for result in mine) else None
            at += len(entry.items)

    def _try(self, items: list[I]) -> list[R | None] | None:
        try:
            with write_lock():
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POSTGRES_LOCK])
                results = self._write(items)
        except Exception:
            # the class and the place in the code are logged, never the row
            logger.exception("%s: a batch of %d was not stored", self._name, len(items))
            close_old_connections()
            return None
        self.batches += 1
        self.taken += len(items)
        return list(results)
