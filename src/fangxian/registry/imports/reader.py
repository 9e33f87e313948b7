"""Opening .xlsx, .xls, .ods and .csv: every sheet as rows of plain cells, merged ranges filled."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import python_calamine

from fangxian.registry.imports import guards
from fangxian.registry.imports.guards import Format
from fangxian.registry.imports.problems import FileProblem, UnreadableFileError

Cell = str | int | float | bool | date | datetime | time | timedelta | None
Area = tuple[int, int, int, int]

_QUOTED_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
MAX_CELL = 2_000


@dataclass(frozen=True)
class Sheet:
    """`rows` from the first row of the sheet on; `merged` as (first row, first column, last row, last column), before
    filling; zero-based."""

    name: str
    rows: list[list[Cell]]
    merged: tuple[Area, ...] = ()


def read(data: bytes, name: str) -> list[Sheet]:
    """All sheets with anything in them. Raises UnreadableFileError."""
    kind = guards.check(data, name)
    sheets = [_csv(data)] if kind is Format.CSV else _workbook(data)
    sheets = [sheet for sheet in sheets if sheet.rows]
    if not sheets:
        raise UnreadableFileError(FileProblem.EMPTY)
    if sum(len(sheet.rows) for sheet in sheets) > guards.MAX_ROWS + 50 * len(sheets):
        raise UnreadableFileError(FileProblem.TOO_MANY_ROWS)
    return sheets


def _workbook(data: bytes) -> list[Sheet]:
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
    except python_calamine.PasswordError as error:
        raise UnreadableFileError(FileProblem.ENCRYPTED) from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError(FileProblem.DAMAGED) from error
    sheets = []
    for number, meta in enumerate(book.sheets_metadata):
        if meta.typ is not python_calamine.SheetTypeEnum.WorkSheet:
            continue
        try:
            sheet = book.get_sheet_by_index(number)
        except python_calamine.PasswordError as error:
            raise UnreadableFileError(FileProblem.ENCRYPTED) from error
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise UnreadableFileError(FileProblem.DAMAGED) from error
        guards.check_size(sheet.total_height, sheet.total_width)
        rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        merged = tuple((r1, c1, r2, c2) for (r1, c1), (r2, c2) in sheet.merged_cell_ranges or ())
        sheets.append(Sheet(meta.name, _filled(rows, merged), merged))
    return sheets


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell[:MAX_CELL].strip() or None
    return cell


def _filled(rows: list[list[Cell]], merged: Sequence[Area]) -> list[list[Cell]]:
    """A merged range means its value for every row and column that it covers."""
    for first_row, first_column, last_row, last_column in merged:
        if first_row >= len(rows) or first_column >= len(rows[first_row]):
            continue
        value = rows[first_row][first_column]
        if value is None:
            continue
        for row in rows[first_row : last_row + 1]:
            end = min(last_column, len(row) - 1)
            for column in range(first_column, end + 1):
                row[column] = value
    return rows


def _csv(data: bytes) -> Sheet:
    text = _decode(data)
    if _CONTROL.search(text[:65536]):
        raise UnreadableFileError(FileProblem.NOT_A_WORKBOOK)
    lines = io.StringIO(text, newline="")
    head = text[:8192]
    delimiter = max(",\t;，", key=lambda mark: (head.count(mark), mark == ","))
    rows: list[list[Cell]] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if len(rows) > guards.MAX_ROWS + 50:
                raise UnreadableFileError(FileProblem.TOO_MANY_ROWS)
            if len(row) > guards.MAX_COLUMNS:
                raise UnreadableFileError(FileProblem.TOO_WIDE)
            rows.append([_csv_cell(cell) for cell in row])
    except csv.Error as error:
        raise UnreadableFileError(FileProblem.DAMAGED) from error
    return Sheet("", rows)


def _csv_cell(cell: str) -> Cell:
    """Exports guard numbers as ="0123" or with a leading apostrophe; the guard is no part of the value."""
    match = _QUOTED_FORMULA.fullmatch(cell.strip())
    text = match[1] if match else cell
    if text.startswith("'") and text[1:2].isdigit():
        text = text[1:]
    return _plain(text)


def _decode(data: bytes) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError(FileProblem.ENCODING)
