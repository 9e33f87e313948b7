"""From the sheets of a file to tables: where the headings are, which rows are data, and what is neither."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fangxian.registry.imports import mapping
from fangxian.registry.imports.fields import Field
from fangxian.registry.imports.problems import FileProblem, UnreadableFileError
from fangxian.registry.imports.reader import Area, Cell, Sheet

HEADER_WITHIN = 15
_FOOTERS = (
    "合计", "总计", "小计", "共计", "填表人", "制表", "审核", "负责人", "填报人", "填报单位", "填表日期",
    "注:", "注：", "备注:", "备注：", "说明:", "说明：", "total", "sum",
)  # fmt: skip
_LABEL_COLUMNS = 2


class NoteKind(StrEnum):
    SHEET_LEFT_OUT = "sheet_left_out"
    SHEET_EMPTY = "sheet_empty"
    HEADER_REPEATED = "header_repeated"
    FOOTER = "footer"
    GROUP_LABEL = "group_label"


@dataclass(frozen=True)
class Note:
    """Something in the file that is not a row of data. `row` counts from 1; 0 for a whole sheet."""

    kind: NoteKind
    sheet: str
    row: int = 0


@dataclass(frozen=True)
class Line:
    """One row of data. `label` is the text of the group heading above it, if any."""

    number: int
    cells: list[Cell]
    label: str = ""


@dataclass(frozen=True)
class Table:
    """The data of one sheet. `above` are the rows before the headings, kept for the workbook that goes back."""

    sheet: str
    headers: list[str]
    above: list[list[Cell]]
    lines: list[Line]
    notes: list[Note] = field(default_factory=list)


def find(sheets: Sequence[Sheet], fields: Sequence[Field]) -> tuple[list[Table], list[Note]]:
    """Every sheet with headings that fit. Raises UnreadableFileError when there is none, or nothing below any."""
    tables: list[Table] = []
    notes: list[Note] = []
    for sheet in sheets:
        table = _table(sheet, fields)
        if table is None:
            notes.append(Note(NoteKind.SHEET_LEFT_OUT, sheet.name))
        elif not table.lines:
            notes.append(Note(NoteKind.SHEET_EMPTY, sheet.name))
        else:
            tables.append(table)
            notes += table.notes
    if not tables:
        empty = any(note.kind is NoteKind.SHEET_EMPTY for note in notes)
        raise UnreadableFileError(FileProblem.NO_ROWS if empty else FileProblem.NO_HEADER)
    return tables, notes


def _table(sheet: Sheet, fields: Sequence[Field]) -> Table | None:
    found = _header(sheet, fields)
    if found is None:
        return None
    first, last, headers = found
    lines, notes = _lines(sheet, last + 1, headers)
    width = max([len(headers), *(len(line.cells) for line in lines)])
    headers += [""] * (width - len(headers))
    return Table(sheet.name, headers, sheet.rows[:first], lines, notes)


def _header(sheet: Sheet, fields: Sequence[Field]) -> tuple[int, int, list[str]] | None:
    """First and last row of the headings, and the headings. The first best row wins; two fields make a header."""
    core = {one.key for one in fields if one.core}
    best: tuple[int, int, int, list[str]] | None = None
    for number, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        candidates = [(number, [_heading(cell) for cell in row])]
        # one value over all columns is the list's title; a row that names groups says at least two things
        groups = len({heading for cell in row if (heading := _heading(cell))}) > 1
        if groups and _spans(sheet.merged, number) and number + 1 < len(sheet.rows):
            candidates.append((number + 1, _two_rows(sheet, number, fields)))
        for last, headers in candidates:
            hit = mapping.hits(headers, fields)
            score = len(hit) if core <= hit or len(hit) > len(core) + 2 else 0
            if score >= min(2, len(fields)) and (best is None or score > best[0]):
                best = (score, number, last, headers)
    return best[1:] if best else None


def _heading(cell: Cell) -> str:
    return str(cell).strip() if cell is not None else ""


def _spans(merged: Sequence[Area], row: int) -> bool:
    return any(r1 == row and (c2 > c1 or r2 > r1) for r1, c1, r2, c2 in merged)


def _two_rows(sheet: Sheet, number: int, fields: Sequence[Field]) -> list[str]:
    """Headings in two rows, the upper one naming groups: the lower word, or both where it says nothing alone."""
    upper, lower = sheet.rows[number], sheet.rows[number + 1]
    headers = []
    for column in range(max(len(upper), len(lower))):
        above = _heading(upper[column]) if column < len(upper) else ""
        below = _heading(lower[column]) if column < len(lower) else ""
        alone = not below or below == above or bool(mapping.hits([below], fields))
        headers.append((below or above) if alone else f"{above}{below}")
    return headers


def _lines(sheet: Sheet, start: int, headers: Sequence[str]) -> tuple[list[Line], list[Note]]:
    keys = [mapping.header_key(header) for header in headers]
    labels = {r1: c2 - c1 + 1 for r1, c1, r2, c2 in sheet.merged if r1 == r2 and c2 > c1}
    lines: list[Line] = []
    notes: list[Note] = []
    label = ""
    for index in range(start, len(sheet.rows)):
        row = sheet.rows[index]
        filled = [cell for cell in row if cell is not None]
        if not filled:
            continue
        kind = _not_data(filled, row, keys, labels.get(index, 0))
        if kind is None:
            lines.append(Line(index + 1, row, label))
            continue
        if kind is NoteKind.GROUP_LABEL:
            label = str(filled[0])
        notes.append(Note(kind, sheet.name, index + 1))
    return lines, notes


def _repeats(row: Sequence[Cell], keys: Sequence[str]) -> bool:
    """The headings again. A first look at one cell spares most rows the comparison."""
    first = next((index for index, cell in enumerate(row) if cell is not None), 0)
    if first >= len(keys) or mapping.header_key(row[first]) != keys[first]:
        return False
    same = sum(mapping.header_key(cell) == key for cell, key in zip(row, keys, strict=False) if key)
    return same >= 2 and same * 2 > sum(1 for key in keys if key)


def _not_data(filled: Sequence[Cell], row: Sequence[Cell], keys: Sequence[str], merged: int) -> NoteKind | None:
    """What a row is when it is no data: the headings again, a heading of a group, a line under the list."""
    if all(isinstance(cell, str) for cell in filled) and _repeats(row, keys):
        return NoteKind.HEADER_REPEATED
    if len(filled) <= _LABEL_COLUMNS + 1 and str(filled[0]).casefold().startswith(_FOOTERS):
        return NoteKind.FOOTER
    if merged >= max(_LABEL_COLUMNS, len(filled)) and len(keys) > _LABEL_COLUMNS and len(set(map(str, filled))) == 1:
        return NoteKind.GROUP_LABEL
    return None
