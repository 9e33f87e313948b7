"""The counters, kept in the transaction that changes what they count.

A `Ledger` gathers differences and posts them in one fixed order, so that two transactions cannot wait for each other.
"""

import json
from collections import Counter as Counted
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fangxian.duties.models import Counter, Headcount, Standing, Tally
from fangxian.shared import clock
from fangxian.shared.ids import db_id, from_db

COUNTER_COLUMNS: Final = ("expected", "met", "late", "missed", "unknown", "waived")
SqlValue = int | str | UUID | date
CounterKey = tuple[int, int, int, UUID]


class Ledger:
    """Differences to counters (rule, cohort, window, node), headcounts, and standings with their tallies."""

    def __init__(self) -> None:
        self._counters: dict[CounterKey, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._heads: dict[tuple[int, UUID], int] = defaultdict(int)
        self._standings: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
        self._born: dict[UUID, tuple[str, UUID]] = {}

    def count(self, key: CounterKey, column: str, by: int = 1) -> None:
        self._counters[key][column] += by

    def head(self, cohort_id: int, node_id: UUID, by: int = 1) -> None:
        self._heads[(cohort_id, node_id)] += by

    def enrolled(self, subject_id: UUID, kind: str, node_id: UUID, by: int = 1) -> None:
        """A subject gained or lost duties that count as corners."""
        self._standings[subject_id][0] += by
        self._born[subject_id] = (kind, node_id)

    def gaps(self, subject_id: UUID, by: int) -> None:
        self._standings[subject_id][1] += by

    def post(self) -> None:
        self._post_counters()
        self._post_heads()
        self._post_standings()

    def _post_counters(self) -> None:
        rows = [
            ((rule, cohort, window, db_id(node)), tuple(d[column] for column in COUNTER_COLUMNS))
            for (rule, cohort, window, node), d in sorted(self._counters.items())
            if any(d.values())
        ]
        days = [clock.local_day(clock.from_us(int(str(keys[2])))) for keys, _ in rows]
        _add(Counter._meta.db_table, ("rule_id", "cohort_id", "window_us", "node_id"), COUNTER_COLUMNS, rows, days)

    def _post_heads(self) -> None:
        rows = [((cohort, db_id(node)), (by,)) for (cohort, node), by in sorted(self._heads.items()) if by]
        _add(Headcount._meta.db_table, ("cohort_id", "node_id"), ("count",), rows)

    def _post_standings(self) -> None:
        """Add to standings, and move the tallies of those subjects whose state changed by it."""
        changed = {subject: d for subject, d in sorted(self._standings.items()) if any(d)}
        if not changed:
            return
        self._bear([subject for subject in changed if subject in self._born])
        before = {
            row.subject_id: row
            for row in Standing.objects.select_for_update().filter(subject_id__in=list(changed)).order_by("subject_id")
        }
        tallies: dict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0, 0])
        updates = []
        for subject, (enrolled, gaps) in changed.items():
            row = before.get(subject)
            if row is None:
                continue
            was = (row.enrolled, row.open_gaps)
            updates.append((enrolled, gaps, db_id(subject)))
            delta = tallies[(row.node_id, row.kind)]
            delta[0] += (was[0] + enrolled > 0) - (was[0] > 0)
            delta[1] += _uncovered(was[0] + enrolled, was[1] + gaps) - _uncovered(*was)
        table = Standing._meta.db_table
        _run_many(
            f"UPDATE {table} SET enrolled = enrolled + %s, open_gaps = open_gaps + %s WHERE subject_id = %s", updates
        )
        _post_tallies(tallies)

    def _bear(self, subjects: Sequence[UUID]) -> None:
        """Give a standing of zeros to those who have none.

        Before anything is locked, and not as one step with adding to it: another transaction may be making the same
        rows, and is waited for here, so that the lock after it sees what that one wrote.
        """
        have = set(Standing.objects.filter(subject_id__in=subjects).values_list("subject_id", flat=True))
        zeros = [
            (db_id(subject), kind, db_id(node), 0, 0)
            for subject in subjects
            if subject not in have
            for kind, node in (self._born[subject],)
        ]
        _run_many(
            f"INSERT INTO {Standing._meta.db_table} (subject_id, kind, node_id, enrolled, open_gaps) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (subject_id) DO NOTHING",
            zeros,
        )


def _uncovered(enrolled: int, open_gaps: int) -> int:
    """Whether a subject counts as uncovered: one that is enrolled in nothing any more is not expected to be covered."""
    return int(enrolled > 0 and open_gaps > 0)


def renode_standing(subject_ids: Iterable[UUID], node_id: UUID) -> None:
    """The subjects belong to another node from now on: their standing, and the tallies of both nodes, follow."""
    tallies: dict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0, 0])
    rows = list(
        Standing.objects.select_for_update()
        .filter(subject_id__in=list(subject_ids))
        .exclude(node_id=node_id)
        .order_by("subject_id")
    )
    for row in rows:
        for node, sign in ((row.node_id, -1), (node_id, 1)):
            tallies[(node, row.kind)][0] += sign * int(row.enrolled > 0)
            tallies[(node, row.kind)][1] += sign * _uncovered(row.enrolled, row.open_gaps)
    Standing.objects.filter(subject_id__in=[row.subject_id for row in rows]).update(node_id=node_id)
    _post_tallies(tallies)


def post_gaps(subject_ids: Sequence[Any]) -> None:
    """One more open gap for each of these subjects, ids as the database stores them. Built for the sweep: one UPDATE.

    A subject without a standing is enrolled in nothing that counts, and is passed over.
    """
    table = Standing._meta.db_table
    once = list(dict.fromkeys(subject_ids))
    lock, source = "", "SELECT value FROM json_each(%s)"
    values: list[Any] = []
    if connection.vendor == "postgresql":
        source, values = "SELECT unnest(%s::uuid[])", [once]
        # in one order, because a record may hold some of these rows and ask for others
        lock = f"SELECT 1 FROM {table} WHERE subject_id IN ({source}) ORDER BY subject_id FOR UPDATE"
    else:
        values = [json.dumps(once)]
    with connection.cursor() as cursor:
        if lock:
            cursor.execute(lock, values)
        cursor.execute(
            f"UPDATE {table} SET open_gaps = open_gaps + 1 WHERE subject_id IN ({source}) "
            "RETURNING node_id, kind, open_gaps, enrolled",
            values,
        )
        first = Counted((row[0], row[1]) for row in cursor.fetchall() if row[2] == 1 and row[3] > 0)
    _post_tallies({(from_db(node), kind): [0, count] for (node, kind), count in first.items()})
    again = list((Counted(subject_ids) - Counted(once)).elements())
    if again:
        post_gaps(again)


def _post_tallies(tallies: Mapping[tuple[UUID, str], list[int]]) -> None:
    rows = [((db_id(node), kind), tuple(delta)) for (node, kind), delta in sorted(tallies.items()) if any(delta)]
    _add(Tally._meta.db_table, ("node_id", "kind"), ("enrolled", "uncovered"), rows)


def _add(
    table: str,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Sequence[tuple[tuple[SqlValue, ...], tuple[int, ...]]],
    days: list[date] | None = None,
) -> None:
    """Add differences to counter rows, making a row of zeros first where there is none.

    One INSERT ... ON CONFLICT DO UPDATE would not do: the database checks "not negative" on the proposed row, which
    here is a difference, before it looks for the conflict.
    """
    extra = ("day",) if days is not None else ()
    names = (*keys, *columns, *extra)
    zeros = [
        (*key, *([0] * len(columns)), *((days[number],) if days is not None else ()))
        for number, (key, _) in enumerate(rows)
    ]
    _run_many(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) "
        f"ON CONFLICT ({', '.join(keys)}) DO NOTHING",
        zeros,
    )
    steps = ", ".join(f"{column} = {column} + %s" for column in columns)
    where = " AND ".join(f"{key} = %s" for key in keys)
    _run_many(f"UPDATE {table} SET {steps} WHERE {where}", [(*values, *key) for key, values in rows])


def _run_many(sql: str, rows: Sequence[tuple[SqlValue, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)
