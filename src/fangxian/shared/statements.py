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
from msgspec import Struct

Row = Sequence[Any]

SQLITE_ROWS: Final = 256
"""Rows of one INSERT: each value is a variable of the statement, and SQLite takes 32,766."""


def _sqlite(statement: str, values: Sequence[Any]) -> list[Row]:
    """Straight to the driver: Django reads the whole text for its own kind of placeholders each time."""
    with connection.wrap_database_errors:
        found: list[Row] = connection.connection.execute(statement, values).fetchall()
        return found


def _padded(values: Sequence[Any]) -> list[Any]:
    return [*values, *[values[-1]] * ((1 << (len(values) - 1).bit_length()) - len(values))]


class Select:
    """`columns` of the rows that `source` finds; `{in}` in it stands for a list of values, %s for what comes after.

    Columns are numbers and texts, ids too; bytes are to be selected as hex.
    """

    def __init__(self, columns: str, source: str) -> None:
        self._columns = columns
        self._source = source
        self._sqlite: dict[int, str] = {}

    def __call__(self, values: Collection[Any], *more: str | int) -> list[Row]:
        return together(self.of(values, *more))[0]

    def of(self, values: Collection[Any], *more: str | int) -> "Asked":
        """For `together`."""
        return Asked(self, list(values), more)

    def sqlite(self, size: int) -> str:
        """An expression: all rows as one text of JSON."""
        statement = self._sqlite.get(size)
        if statement is None:
            source = self._source.replace("{in}", f"IN ({', '.join('?' * size)})").replace("%s", "?")
            statement = f"(SELECT json_group_array(json_array({self._columns})) {source})"
            self._sqlite[size] = statement
        return statement

    def postgresql(self) -> str:
        return f"SELECT {self._columns} {self._source}".replace("{in}", "= ANY(%s)")


class Asked(Struct):
    select: Select
    values: list[Any]
    more: tuple[str | int, ...] = ()


def together(*asked: Asked) -> list[list[Row]]:
    """The rows of several selects, in one statement on SQLite. What asks for nothing is left out."""
    found: list[list[Row]] = [[] for _ in asked]
    wanted = [(place, one) for place, one in enumerate(asked) if one.values]
    if not wanted:
        return found
    if connection.vendor == "sqlite":
        texts: list[str] = []
        values: list[Any] = []
        for _, one in wanted:
            padded = _padded(one.values)
            texts.append(one.select.sqlite(len(padded)))
            values += padded
            values += one.more
        row = _sqlite(f"SELECT {', '.join(texts)}", values)[0]
        for (place, _), text in zip(wanted, row, strict=True):
            found[place] = msgspec.json.decode(text)
        return found
    with connection.cursor() as cursor:
        for place, one in wanted:
            cursor.execute(one.select.postgresql(), [one.values, *one.more])
            found[place] = [[value.hex if type(value) is UUID else value for value in row] for row in cursor.fetchall()]
    return found


class Insert:
    """Rows into `table`. What breaks a constraint raises: nothing is passed over."""

    def __init__(
        self, table: str, columns: Sequence[tuple[str, str]], *, tail: str = "", repeatable: bool = False
    ) -> None:
        """`columns`: name and PostgreSQL's type; `tail` what stands behind the rows, such as ON CONFLICT.

        `repeatable`: by its tail, a row that is written twice is as if written once. The last may then fill up the
        statement, where otherwise a batch takes several.
        """
        self._repeatable = repeatable
        self._start = f"INSERT INTO {table} ({', '.join(name for name, _ in columns)}) "
        self._tail = f" {tail}" if tail else ""
        self._row = f"({', '.join('?' * len(columns))})"
        arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
        self._postgresql = f"{self._start}SELECT * FROM unnest({arrays}){self._tail}"

    def __call__(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if connection.vendor == "sqlite":
            self._write_sqlite(rows)
            return
        with connection.cursor() as cursor:
            cursor.execute(self._postgresql, [list(column) for column in zip(*rows, strict=True)])

    def _write_sqlite(self, rows: Sequence[Row]) -> None:
        start = 0
        while start < len(rows):
            left = len(rows) - start
            power = (left - 1).bit_length() if self._repeatable else left.bit_length() - 1
            size = min(SQLITE_ROWS, 1 << power)
            part = _padded(rows[start : start + size])
            statement = f"{self._start}VALUES {', '.join([self._row] * size)}{self._tail}"
            _sqlite(statement, list(chain.from_iterable(part)))
            start += size
