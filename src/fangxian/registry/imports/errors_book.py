"""What was refused, as a workbook of the same shape, ready to be mended and sent again."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _
from xlsxwriter.worksheet import Worksheet

from fangxian.registry.imports.reader import Cell
from fangxian.registry.imports.rows import KINDS, Checked
from fangxian.registry.imports.tables import Table
from fangxian.registry.models import ImportKind

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_COMMENT_ROWS = 2_000
_WIDEST = 40


LANGUAGES = ("zh-hans", "en")
"""The languages of those who send and mend lists; the first is the street's own."""


def in_language(reports: Mapping[str, str], language: str | None) -> str:
    """The digest of the workbook in a reader's language, else in the street's; empty for none."""
    return reports.get(language or "", "") or reports.get(LANGUAGES[0], "")


def reason_headings() -> set[str]:
    """The last column's heading in every language: whoever mends a list may read another one."""
    found = set()
    for language in LANGUAGES:
        with translation.override(language):
            found.add(reason_heading())
    return found


def reason_heading() -> str:
    """The last column's heading; a list that comes back with it is read as if it were not there."""
    return _("Reason for refusal")


def make(refused: Sequence[Checked], kind: ImportKind) -> bytes:
    """An .xlsx with the headings, columns and sheets of what was sent, holding the refused rows only.

    Every text is written as text, never as a formula. Columns of numbers that a spreadsheet would mangle are
    formatted as text, so that they can be typed again.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    writer = _Writer(book, {field.key for field in KINDS[kind].fields if field.identifier})
    by_table: dict[int, list[Checked]] = {}
    for row in refused:
        by_table.setdefault(id(row.table), []).append(row)
    names: set[str] = set()
    for rows in by_table.values():
        writer.sheet(rows[0].table, rows, _sheet_name(rows[0].table.sheet, names))
    if not by_table:
        book.add_worksheet()
    book.close()
    return out.getvalue()


def _sheet_name(wanted: str, taken: set[str]) -> str:
    clean = "".join(char for char in wanted if char not in "[]:*?/\\").strip("'")[:28] or "Sheet1"
    name, number = clean, 2
    while name.casefold() in taken:
        name, number = f"{clean}{number}", number + 1
    taken.add(name.casefold())
    return name


def shown(value: Cell) -> str:
    """A cell as text for people: dates as ISO, whole numbers without .0; nothing a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def defused(text: str) -> str:
    """For files that know no types (CSV): a leading apostrophe keeps a spreadsheet from running the cell."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, identifiers: set[str]) -> None:
        self.book = book
        self.identifiers = identifiers
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.plain = book.add_format({"num_format": "@"})
        self.bad = book.add_format({"num_format": "@", "bg_color": "#F8C9C4", "font_color": "#8C1D18"})
        self.why = book.add_format({"text_wrap": True, "font_color": "#8C1D18"})

    def sheet(self, table: Table, rows: Sequence[Checked], name: str) -> None:
        sheet = self.book.add_worksheet(name)
        headings = reason_headings()
        reason = next((i for i, one in enumerate(table.headers) if one in headings), len(table.headers))
        at = 0
        for above in table.above:
            self._cells(sheet, at, above, {})
            at += 1
        for column, header in enumerate(table.headers):
            sheet.write_string(at, column, header, self.head)
            sheet.set_column(column, column, min(max(len(header) * 2 + 2, 12), _WIDEST))
        sheet.write_string(at, reason, reason_heading(), self.head)
        sheet.set_column(reason, reason, 60)
        sheet.freeze_panes(at + 1, 0)
        label = ""
        for row in rows:
            if row.line.label != label:
                label = row.line.label
                at += 1
                sheet.merge_range(at, 0, at, max(len(table.headers) - 1, 1), label, self.head)
            at += 1
            self._row(sheet, at, row, reason)

    def _row(self, sheet: Worksheet, at: int, row: Checked, reason: int) -> None:
        bad = {row.columns[key]: refusal.text for key, refusal in row.errors.items() if key in row.columns}
        cells = [cell for column, cell in enumerate(row.line.cells) if column != reason]
        self._cells(sheet, at, cells, bad)
        for column, text in bad.items():
            if column >= len(cells) or cells[column] is None:
                sheet.write_blank(at, column, None, self.bad)
            if at < _COMMENT_ROWS:
                sheet.write_comment(at, column, text, {"x_scale": 2})
        sheet.write_string(at, reason, "\n".join(self._reasons(row)), self.why)

    def _reasons(self, row: Checked) -> list[str]:
        lines = []
        for key, refusal in row.errors.items():
            header = row.table.headers[row.columns[key]] if key in row.columns else ""
            lines.append(_("%(column)s: %(reason)s") % {"column": header, "reason": refusal.text} if header
                         else refusal.text)  # fmt: skip
        return lines

    def _cells(self, sheet: Worksheet, at: int, cells: Sequence[Cell], bad: dict[int, str]) -> None:
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            style = self.bad if column in bad else self.plain
            sheet.write_string(at, column, shown(cell), style)
