"""Writing beside others: short transactions, taken politely.

SQLite has one writer. A writer that waits in SQLite's own busy handler sleeps for tens of milliseconds and starves the
rest, so every writer here asks with no wait and asks again after half a millisecond. Batch work (sweep, folds, import)
commits in chunks cut by time and then pauses at least as long as it held the lock.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.db import OperationalError, connection, transaction

T = TypeVar("T")

RETRY_SECONDS = 0.0005
GIVE_UP_SECONDS = 30.0
SQLITE_WAIT_SECONDS = 5.0
"""How long Python's sqlite3 waits unless the settings say otherwise."""
SQLITE_HOLD_SECONDS = 0.005
SQLITE_FIRST_ROWS = 100
CHECKPOINT_SECONDS = 0.1
"""Often and little: a checkpoint a second copies so much at once that commits beside it wait 30 to 200 ms."""
MOST_HOLD_SECONDS = 0.02
LEAST_ROWS = 20
POSTGRES_ROWS = 2_000


class WriterBusyError(Exception):
    """The database's writer did not come free in time; nothing was written, and the same call may be made again."""


@contextmanager
def write_lock() -> Iterator[None]:
    """One transaction that holds the writer from its first statement on."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    connection.ensure_connection()
    block = transaction.atomic()
    _busy_timeout(0)
    try:
        _enter(block)
    finally:
        # The connection lives on: a plain transaction after this one would fail at once where it ought to wait.
        _busy_timeout(float(connection.settings_dict["OPTIONS"].get("timeout", SQLITE_WAIT_SECONDS)))
    try:
        yield
    except BaseException as error:
        block.__exit__(type(error), error, error.__traceback__)
        raise
    block.__exit__(None, None, None)


def _enter(block: "transaction.Atomic") -> None:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            block.__enter__()
            return
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise WriterBusyError from error
            time.sleep(RETRY_SECONDS)


def _busy_timeout(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def checkpoint() -> int:
    """Copy what SQLite's journal holds into the database, without making anybody wait. Returns the pages copied.

    Connections leave this to the worker, so that no person's commit pays for it.
    """
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return int(cursor.fetchone()[2])


def renew_statistics() -> int:
    """Let the planner know how large the tables are: without it SQLite walks every place to sum a street's board.

    A table at a time, from a sample on SQLite, so that the writer is held for milliseconds. Returns the tables.
    """
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 400")
        for name in names:
            with write_lock():
                cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return len(names)


@dataclass
class Pace:
    """How many rows the next chunk takes, learned from how long the last one held the writer."""

    rows: int
    target_seconds: float
    largest: int
    pause: bool

    @classmethod
    def for_database(cls) -> "Pace":
        if connection.vendor == "sqlite":
            return cls(SQLITE_FIRST_ROWS, SQLITE_HOLD_SECONDS, 20_000, pause=True)
        return cls(POSTGRES_ROWS, 1.0, POSTGRES_ROWS, pause=False)

    @classmethod
    def alone(cls) -> "Pace":
        """For work that nobody waits beside, such as the first load of a street."""
        return cls(POSTGRES_ROWS, 1.0, POSTGRES_ROWS, pause=False)

    def learn(self, rows: int, work_seconds: float, commit_seconds: float) -> None:
        """Aim the next chunk at the time a transaction may hold the writer.

        A slow disk's commit costs the same whatever it commits: where it alone takes longer than the aim, smaller
        chunks would only commit more often, so the rows are then given as much time as the commit takes.
        """
        if not self.pause or rows == 0:
            return
        per_row = max(work_seconds / rows, 1e-7)
        aim = min(max(self.target_seconds, commit_seconds), MOST_HOLD_SECONDS)
        self.rows = max(LEAST_ROWS, min(int(aim / per_row), self.rows * 2, self.largest))


def in_chunks(
    items: Sequence[T], write: Callable[[Sequence[T]], None], *, pace: Pace | None = None, polite: bool = True
) -> None:
    """Write `items` in transactions cut by time. `write` is called inside each transaction with its slice.

    `polite=False` takes large chunks without a pause: for work that nobody waits beside.
    """
    pace = pace or (Pace.for_database() if polite else Pace.alone())
    start = 0
    while start < len(items):
        part = items[start : start + pace.rows]
        with write_lock():
            began = time.perf_counter()
            write(part)
            worked = time.perf_counter()
        held = time.perf_counter() - began
        start += len(part)
        pace.learn(len(part), worked - began, held - (worked - began))
        if pace.pause and polite:
            time.sleep(max(held, RETRY_SECONDS))


def while_there_is(write: Callable[[int], int], *, seconds: float) -> int:
    """Write what waits, in transactions cut by time, until nothing does or `seconds` are over. Returns how much.

    `write` is called inside each transaction with how many rows it may take, and returns how many it took.
    """
    pace = Pace.for_database()
    done = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with write_lock():
            began = time.perf_counter()
            count = write(pace.rows)
            worked = time.perf_counter()
        held = time.perf_counter() - began
        done += count
        if count == 0:
            break
        pace.learn(count, worked - began, held - (worked - began))
        if pace.pause:
            time.sleep(max(held, RETRY_SECONDS))
    return done
