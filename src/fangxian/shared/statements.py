"""Statements of a batch, in the words of both databases. Ids travel as 32 hex digits, which SQLite keeps as they are
and PostgreSQL reads as the uuid that the column wants.

A hundred threads wait while a batch is written, and each time a driver lets go of the interpreter's lock they take it
in turns. SQLite's driver does so at every row that it reads or writes, so here all rows of a statement come as one text
of JSON and go in one list of values. Sizes are powers of two: a handful of prepared statements serves every batch.
"""

from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

Row = Sequence[Any]

SQLITE_ROWS: Final = 256
"""Rows of one INSERT: each value is a variable of the statement, and SQLite takes 32,766."""


def _sqlite(statement: str, values: Sequence[Any]) -> list[Row]:
    """Straight to the driver: Django reads the whole text for its own kind of placeholders each time."""
    with connection.wrap_database_errors:
        found: list[Row] = connection.connection.execute(statement, values).fetchall()
        return found


class Select:
    """`columns` of the rows that `source` finds; `{in}` in it stands for a list of values, %s for what comes after.

    Columns are numbers and texts, ids too; bytes are to be selected as hex.
    """

    def __init__(self, columns: str, source: str) -> None:
        self._columns = columns
        self._source = source
        self._sqlite: dict[int, str] = {}

    def __call__(self, values: Collection[Any], *more: str | int) -> list[Row]:
        if not values:
            return []
        if connection.vendor == "sqlite":
            listed = list(values)
            size = 1 << (len(listed) - 1).bit_length()
            statement = self._sqlite.get(size) or self._sqlite_statement(size)
            padded = [*listed, *[listed[-1]] * (size - len(listed)), *more]
            rows: list[Row] = msgspec.json.decode(_sqlite(statement, padded)[0][0])
            return rows
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {self._columns} {self._source}".replace("{in}", "= ANY(%s)"), [list(values), *more])
            return [[value.hex if type(value) is UUID else value for value in row] for row in cursor.fetchall()]

    def _sqlite_statement(self, size: int) -> str:
        source = self._source.replace("{in}", f"IN ({', '.join('?' * size)})").replace("%s", "?")
        statement = f"SELECT json_group_array(json_array({self._columns})) {source}"
        self._sqlite[size] = statement
        return statement


class Insert:
    """Rows into `table`. What breaks a constraint raises: nothing is passed over."""

    def __init__(self, table: str, columns: Sequence[tuple[str, str]], *, tail: str = "") -> None:
        """`columns`: name and PostgreSQL's type; `tail` what stands behind the rows, such as ON CONFLICT."""
        self._start = f"INSERT INTO {table} ({', '.join(name for name, _ in columns)}) "
        self._tail = f" {tail}" if tail else ""
        self._row = f"({', '.join('?' * len(columns))})"
        arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
        self._postgresql = f"{self._start}SELECT * FROM unnest({arrays}){self._tail}"

    def __call__(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if connection.vendor == "sqlite":
            start = 0
            while start < len(rows):
                size = min(SQLITE_ROWS, 1 << ((len(rows) - start).bit_length() - 1))
                statement = f"{self._start}VALUES {', '.join([self._row] * size)}{self._tail}"
                _sqlite(statement, list(chain.from_iterable(rows[start : start + size])))
                start += size
            return
        with connection.cursor() as cursor:
            cursor.execute(self._postgresql, [list(column) for column in zip(*rows, strict=True)])
