"""Statements of a batch, in the words of both databases. Ids travel as 32 hex digits, which SQLite keeps as they are
and PostgreSQL reads as the uuid that the column wants.

A hundred threads wait while a batch is written, and each time a driver lets go of the interpreter's lock they take it
in turns. SQLite's driver does so at every row that it reads or writes, so here all rows of a statement come as one text
of JSON and go in one list of values. Sizes are powers of two: a handful of prepared statements serves every batch.
"""

from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, Final

import msgspec
from django.db import connection
from msgspec import Struct
from psycopg.abc import Buffer
from psycopg.adapt import Loader

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


class _Hex(Loader):
    """An id as 32 hex digits, at half the price of a UUID."""

    def load(self, data: Buffer) -> str:
        return bytes(data).replace(b"-", b"").decode()


def _array(values: Sequence[Any]) -> str:
    """PostgreSQL's own text for a list, of the type that the statement wants there.

    The driver would word each value by itself, which costs the batch more than its decisions.
    """
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:  # noqa: ANN401 - what a column holds
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


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
        cursor.adapters.register_loader("uuid", _Hex)
        for place, one in wanted:
            cursor.execute(one.select.postgresql(), [_array(one.values), *one.more])
            found[place] = cursor.fetchall()
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
        self._bytes = any(kind == "bytea" for _, kind in columns)
        if self._bytes:  # which JSON cannot hold
            source = f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for _, kind in columns)})"
        else:
            values = ", ".join(f"(r->>{place})::{kind}" for place, (_, kind) in enumerate(columns))
            source = f"SELECT {values} FROM jsonb_array_elements(%s::jsonb) r"
        self._postgresql = self._start + source + self._tail

    def __call__(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if connection.vendor == "sqlite":
            self._write_sqlite(rows)
            return
        with connection.cursor() as cursor:
            if self._bytes:
                cursor.execute(self._postgresql, [list(column) for column in zip(*rows, strict=True)])
            else:
                cursor.execute(self._postgresql, [msgspec.json.encode(rows).decode()])

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
