"""Measurements of the sweep and of the boards, on generated rows in a scratch database."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from statistics import median
from typing import Final

from django.db import connection, transaction
from django.db.models import Count

from fangxian.audit.models import Entry
from fangxian.duties import actions
from fangxian.duties.models import Cohort, Duty, Gap, Headcount, Rule, Standing, Tally
from fangxian.duties.plan_schema import RuleSpec
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.measure import Figure, percentile
from fangxian.shared.writer import CHECKPOINT_SECONDS, checkpoint, write_lock

NOW: Final = datetime(2020, 2, 17, 2, 0, tzinfo=UTC)
GRIDS: Final = 100
Rows = tuple[tuple[object, ...], ...]
CHUNK: Final = 20_000
RATE: Final = 200
RUNS: Final = 7
_SPEC: Final = {
    "key": "bench", "cohort": "bench", "subject": "place", "title": {"zh": "测量", "en": "Bench"}, "corner": True,
    "channel": "field", "grace_minutes": 0,
    "schedule": {"type": "windows", "windows": [["06:00", "10:00"], ["16:00", "20:00"]]},
    "escalation": [{"role": "grid_worker", "after_minutes": 0}],
}  # fmt: skip


def _ground() -> list[Place]:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id, code="310105009")
    hoods = [NewPlace(PlaceKind.NEIGHBOURHOOD, f"{n}居委会", street.id) for n in range(20)]
    grids = [NewPlace(PlaceKind.GRID, f"网格{n}", hoods[n % 20].id) for n in range(GRIDS)]
    made = places.add(places=[city, district, street, *hoods, *grids], by="bench", now=NOW)
    return [place for place in made if place.kind == PlaceKind.GRID]


def _rows(count: int, due: int, grids: Sequence[Place], rule: Rule, cohort: Cohort) -> Iterator[Rows]:
    """Subject, standing and duty of each; `due` of them, spread over the table, lapsed at 10:00."""
    lapsed, morning = clock.to_us(NOW), clock.to_us(NOW - timedelta(hours=4))
    evening, end = clock.to_us(NOW + timedelta(hours=6)), clock.to_us(NOW + timedelta(hours=10))
    every = max(1, count // due)
    nodes = [db_id(grid.id) for grid in grids]
    for number in range(count):
        subject, duty = db_id(new_id()), db_id(new_id())
        node = nodes[number * GRIDS // count]  # rounds and areas are enrolled in the order of the tree
        window = (morning, lapsed, lapsed) if number % every == 0 else (evening, end, end)
        yield (
            (subject, "place", "x", lapsed),
            (subject, "place", node, 1, 0),
            (duty, rule.id, cohort.id, subject, node, node, node, *window, 0),
        )  # fmt: skip


_INTO_STANDINGS: Final = (
    f"INSERT INTO {Standing._meta.db_table} (subject_id, kind, node_id, enrolled, open_gaps) "
    "VALUES (%s, %s, %s, %s, %s)"
)
_INTO_DUTIES: Final = (
    f"INSERT INTO {Duty._meta.db_table} (id, rule_id, cohort_id, subject_id, place_id, node_id, node_next_id, "
    "window_us, due_us, deadline_us, step) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_INSERTS: Final = (
    f"INSERT INTO {Subject._meta.db_table} (id, kind, label, created_us) VALUES (%s, %s, %s, %s)",
    _INTO_STANDINGS,
    _INTO_DUTIES,
)


def _fill(count: int, due: int, grids: Sequence[Place], rule: Rule, cohort: Cohort) -> None:
    batch: list[Rows] = []
    for row in _rows(count, due, grids, rule, cohort):
        batch.append(row)
        if len(batch) == CHUNK:
            _write(batch)
            batch.clear()
    _write(batch)


def _write(batch: Sequence[Rows]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, rows in zip(_INSERTS, zip(*batch, strict=True), strict=True) if batch else ():
            cursor.executemany(sql, rows)


def sweep(duties: int = 1_000_000) -> Iterator[Figure]:
    """One percent due; the same with twice the rest; then all due in one minute beside a burst of records."""
    grids = _ground()
    spec = RuleSpec.from_spec(_SPEC)
    rule = Rule.objects.create(key="bench", cohort="bench", subject_kind="place", spec=spec.spec_json())
    cohort = Cohort.objects.create(key="bench")
    due = duties // 100
    _fill(duties, due, grids, rule, cohort)
    Tally.objects.bulk_create([Tally(node=grid, kind="place", enrolled=duties // GRIDS) for grid in grids])
    _settle()
    size = f"{duties:,} duties, {due:,} due"
    with _journal_kept_short():
        yield Figure("sweep.one_percent", _timed(_sweep_morning), "s", 5.0, size)
        single = _median_of_runs(rule, due)
        _fill(duties, 1, grids, rule, cohort)
        _settle()
        double = _median_of_runs(rule, due)
        size = f"{2 * duties:,} duties, medians of {RUNS} runs each"
        yield Figure("sweep.rest_doubled", double / single, "x", 1.2, size)
        yield from _hard_morning(duties)


def _sweep_morning() -> None:
    actions.sweep(now=NOW + timedelta(minutes=1), polite=False)


def _median_of_runs(rule: Rule, due: int) -> float:
    times = []
    for _run in range(RUNS):
        _reset(rule, due)
        times.append(_timed(_sweep_morning))
    return median(times)


def _settle() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _reset(rule: Rule, due: int) -> None:
    """The lapsed ones are due again, with no gap open."""
    ids = list(Gap.objects.filter(rule=rule).values_list("duty_id", flat=True)[:due])
    Gap.objects.filter(rule=rule).delete()
    Standing.objects.filter(open_gaps__gt=0).update(open_gaps=0)
    Tally.objects.update(uncovered=0)
    lapsed = clock.to_us(NOW)
    for start in range(0, len(ids), 500):
        Duty.objects.filter(id__in=ids[start : start + 500]).update(
            window_us=lapsed - 4 * clock.HOUR_US, due_us=lapsed, deadline_us=lapsed
        )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _hard_morning(duties: int) -> Iterator[Figure]:
    """All of one million due in the same minute, while records come in at a steady rate from another process."""
    evening = NOW + timedelta(hours=10)
    keep = Duty.objects.order_by("-id").values_list("id", flat=True)[: max(0, Duty.objects.count() - duties)]
    drop = list(keep)
    for start in range(0, len(drop), 900):
        Duty.objects.filter(id__in=drop[start : start + 900]).update(deadline_us=None)
    _settle()
    # the evening's window opens when it begins, hours before it ends
    Headcount.objects.bulk_create(
        [
            Headcount(cohort_id=cohort_id, node_id=node_id, count=count)
            for cohort_id, node_id, count in Duty.objects.filter(deadline_us__isnull=False)
            .values_list("cohort_id", "node_id")
            .annotate(n=Count("id"))
            .order_by()
        ]
    )
    actions.sweep(now=NOW + timedelta(hours=6, minutes=1), polite=False)
    connection.close()
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    burst = context.Process(target=_burst, args=(there,))
    burst.start()
    here.recv()
    seconds = _timed(lambda: actions.sweep(now=evening + timedelta(minutes=1)))
    here.send("stop")
    waits: list[float] = here.recv()
    burst.join()
    size = f"{duties:,} duties due in one minute, {RATE} records/s beside it"
    yield Figure("sweep.hard_morning", seconds, "s", 180.0, size)
    yield Figure("sweep.hard_morning.record_p50", percentile(waits, 50) * 1000, "ms", 50.0, f"{len(waits):,} records")
    yield Figure("sweep.hard_morning.record_p99", percentile(waits, 99) * 1000, "ms", 50.0, f"{len(waits):,} records")
    yield Figure("sweep.hard_morning.record_max", max(waits) * 1000, "ms", None, f"{len(waits):,} records")


@contextmanager
def _journal_kept_short() -> Iterator[None]:
    """A process beside this one makes the checkpoints, as the worker's own lane does."""
    connection.close()
    keeper = multiprocessing.get_context("fork").Process(target=_keep_journal_short, daemon=True)
    keeper.start()
    yield
    keeper.terminate()


def _keep_journal_short() -> None:
    """What the worker's own lane does."""
    connection.close()
    while True:
        checkpoint()
        time.sleep(CHECKPOINT_SECONDS)


def _burst(pipe: Connection) -> None:
    """Records arrive at RATE a second, open loop; those that wait are committed together, as the hot path does it.

    A record's wait is from the instant it was due to arrive until its commit.
    """
    connection.close()
    waits: list[float] = []
    pipe.send("ready")
    began = time.perf_counter()
    while not pipe.poll():
        now = time.perf_counter()
        arrived = [began + number / RATE for number in range(len(waits), int((now - began) * RATE) + 1)]
        if not arrived:
            time.sleep(began + len(waits) / RATE - now)
            continue
        rows = [
            Entry(at_us=clock.to_us(NOW), actor="bench", act="bench.record", target=f"record:{len(waits) + offset}")
            for offset in range(len(arrived))
        ]
        with write_lock():
            Entry.objects.bulk_create(rows)
        committed = time.perf_counter()
        waits += [committed - moment for moment in arrived]
    pipe.recv()
    pipe.send(waits)
