"""Rows that wait to be written: prepared outside the transaction, flushed inside it with one statement a table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from fangxian.places.actions import NewPlace
from fangxian.registry.models import (
    Attachment,
    Candidate,
    Change,
    ChangeKind,
    Document,
    Enterprise,
    Household,
    Person,
    Phone,
    SearchRow,
    Subject,
    Vehicle,
)
from fangxian.registry.refusals import Refusal

# parents before children, as the foreign keys ask
_ORDER: tuple[type[models.Model], ...] = (
    Subject, Person, Household, Vehicle, Enterprise, Document, Phone, Attachment, Candidate, Change,
    SearchRow,
)  # fmt: skip
_RANK = {ChangeKind.ADDED: 0, ChangeKind.MOVED: 1, ChangeKind.CHANGED: 2}


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass
class Pending:
    """What one row of a list asks to be written. `errors` by field: the row is then refused and writes nothing."""

    outcome: Outcome = Outcome.UNCHANGED
    errors: dict[str, Refusal] = field(default_factory=dict)
    places: list[NewPlace] = field(default_factory=list)
    rows: list[models.Model] = field(default_factory=list)
    updates: list[tuple[models.Model, tuple[str, ...]]] = field(default_factory=list)
    door: UUID | None = None
    regrid: list[tuple[UUID, UUID]] = field(default_factory=list)
    changed: dict[UUID, ChangeKind] = field(default_factory=dict)
    reindex: set[UUID] = field(default_factory=set)

    @classmethod
    def refuse(cls, errors: dict[str, Refusal]) -> "Pending":
        return cls(Outcome.REFUSED, errors)

    def touch(self, subject_id: UUID, kind: ChangeKind) -> None:
        """The subject changed; of several changes in one row the strongest is told."""
        held = self.changed.get(subject_id)
        if held is None or _RANK[kind] < _RANK[held]:
            self.changed[subject_id] = kind

    def settle(self, created: bool) -> None:
        if created:
            self.outcome = Outcome.CREATED
        elif self.rows or self.updates or self.places or self.regrid:
            self.outcome = Outcome.UPDATED


Statement = tuple[int, str, list[Any]]
Column = tuple[str, bool, Callable[[Any], Any]]


def compiled(rows: Iterable[models.Model]) -> list[Statement]:
    """Rows as what a cursor takes: rank of the table, statement, values. Made outside the writer's lock.

    Values go through the fields as in a save, so a row written here is the row that the ORM would have written.
    """
    made: list[Statement] = []
    for row in rows:
        rank, sql, columns = _statement(type(row))
        held = row.__dict__
        made.append((rank, sql, [held[name] if plain else prepare(held[name]) for name, plain, prepare in columns]))
    return made


def write(statements: Iterable[Statement]) -> None:
    """Insert compiled rows, one call a table, in the order of their foreign keys."""
    by_table: dict[tuple[int, str], list[list[Any]]] = {}
    for rank, sql, values in statements:
        by_table.setdefault((rank, sql), []).append(values)
    with connection.cursor() as cursor:
        for key in sorted(by_table):
            cursor.executemany(key[1], by_table[key])


@cache
def _statement(model: type[models.Model]) -> tuple[int, str, tuple[Column, ...]]:
    connection = connections[DEFAULT_DB_ALIAS]
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    quote = connection.ops.quote_name
    names = ", ".join(quote(one.column) for one in fields)
    marks = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"
    return _ORDER.index(model), sql, tuple(_column(one) for one in fields)


def _column(one: "models.Field[Any, Any]") -> Column:
    """Attribute, whether its value goes in as it is, and else what prepares it."""
    connection = connections[DEFAULT_DB_ALIAS]
    target = one.target_field if isinstance(one, models.ForeignKey) else one
    if isinstance(target, models.UUIDField):
        native = connection.features.has_native_uuid_field
        return one.attname, native, lambda value: None if value is None else value.hex
    if isinstance(target, models.CharField | models.TextField):
        # a choice is written as its value; the driver of PostgreSQL would ask what an enum is
        return one.attname, False, lambda value: value if value is None or type(value) is str else str(value)
    plain = isinstance(target, models.IntegerField | models.BooleanField | models.BinaryField)
    return one.attname, plain, partial(one.get_db_prep_save, connection=connection)


def update(rows: Iterable[tuple[models.Model, tuple[str, ...]]]) -> None:
    for row, names in rows:
        type(row)._base_manager.filter(pk=row.pk).update(**{name: getattr(row, name) for name in names})
