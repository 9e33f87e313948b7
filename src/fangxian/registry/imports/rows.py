"""From a table and a mapping to checked rows: the pure middle of an import."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fangxian.registry.imports import mapping, reader, tables
from fangxian.registry.imports.fields import Field
from fangxian.registry.imports.kinds import areas, dwellings, enterprises, persons, vehicles
from fangxian.registry.imports.kinds.areas import AreaRow
from fangxian.registry.imports.kinds.cells import Cells, Context
from fangxian.registry.imports.kinds.dwellings import DwellingRow
from fangxian.registry.imports.kinds.enterprises import EnterpriseRow
from fangxian.registry.imports.kinds.persons import PersonRow
from fangxian.registry.imports.kinds.vehicles import VehicleRow
from fangxian.registry.imports.reader import Cell
from fangxian.registry.imports.tables import Line, Note, Table
from fangxian.registry.models import ImportKind
from fangxian.registry.refusals import Refusal

Record = PersonRow | VehicleRow | EnterpriseRow | DwellingRow | AreaRow
PREVIEW_SAMPLES = 60


@dataclass(frozen=True)
class Kind:
    fields: tuple[Field, ...]
    read: Callable[[Cells], Record | None]


KINDS: dict[ImportKind, Kind] = {
    ImportKind.PERSONS: Kind(persons.FIELDS, persons.read),
    ImportKind.VEHICLES: Kind(vehicles.FIELDS, vehicles.read),
    ImportKind.ENTERPRISES: Kind(enterprises.FIELDS, enterprises.read),
    ImportKind.DWELLINGS: Kind(dwellings.FIELDS, dwellings.read),
    ImportKind.AREAS: Kind(areas.FIELDS, areas.read),
}


@dataclass(frozen=True)
class Book:
    """A file as far as it can be understood without the register."""

    kind: ImportKind
    tables: list[Table]
    notes: list[Note]

    @property
    def rows(self) -> int:
        return sum(len(table.lines) for table in self.tables)

    @property
    def headers(self) -> list[str]:
        """All headings, each once, in the order of the sheets."""
        return list(dict.fromkeys(header for table in self.tables for header in table.headers if header))


@dataclass
class Checked:
    """One row of data: a record, or the reasons by column. `columns`: field to column of this table."""

    table: Table
    line: Line
    columns: Mapping[str, int]
    record: Record | None
    errors: dict[str, Refusal]


def open_book(data: bytes, name: str, kind: ImportKind) -> Book:
    """Read a file as a list of this kind. Raises UnreadableFileError."""
    found, notes = tables.find(reader.read(data, name), KINDS[kind].fields)
    return Book(kind, found, notes)


def propose(book: Book, remembered: Mapping[str, str] | None = None) -> list[mapping.Column]:
    """One proposal per different heading over all sheets."""
    fields = KINDS[book.kind].fields
    proposals: dict[str, mapping.Column] = {}
    for table in book.tables:
        rows = [line.cells for line in table.lines[: PREVIEW_SAMPLES * 4]]
        for column in mapping.propose(table.headers, rows, fields, remembered):
            if column.header:
                proposals.setdefault(mapping.header_key(column.header), column)
    return list(proposals.values())


def as_mapping(columns: Sequence[mapping.Column]) -> dict[str, str]:
    """Heading key to field, as it is stored; headings that are not used map to nothing."""
    return {mapping.header_key(column.header): column.field for column in columns}


def columns_of(table: Table, chosen: Mapping[str, str], fields: Sequence[Field]) -> dict[str, int]:
    """Field to column in this table; the second column of a field that may have several is `phone_2`."""
    many = {field.key for field in fields if field.many}
    known = {field.key for field in fields}
    found: dict[str, int] = {}
    for index, header in enumerate(table.headers):
        field = chosen.get(mapping.header_key(header), "")
        if field not in known:
            continue
        if field not in found:
            found[field] = index
        elif field in many:
            number = 2
            while f"{field}_{number}" in found:
                number += 1
            found[f"{field}_{number}"] = index
    return found


def check(book: Book, chosen: Mapping[str, str], context: Context) -> Iterator[Checked]:
    """Every row of data in order, checked as far as the register is not needed."""
    kind = KINDS[book.kind]
    for table in book.tables:
        columns = columns_of(table, chosen, kind.fields)
        for line in table.lines:
            yield check_line(table, line, columns, kind, context)


def check_line(table: Table, line: Line, columns: Mapping[str, int], kind: Kind, context: Context) -> Checked:
    values: dict[str, Cell] = {field: line.cells[index] for field, index in columns.items() if index < len(line.cells)}
    cells = Cells(values, context, line.label)
    record = kind.read(cells)
    return Checked(table, line, columns, record, cells.errors)


def missing_core(chosen: Mapping[str, str], kind: ImportKind) -> list[Field]:
    """Fields without which no row of this kind can be taken."""
    used: set[Any] = set(chosen.values())
    return [field for field in KINDS[kind].fields if field.core and field.key not in used]
