"""Small files as people send them, made in memory."""

import io
from collections.abc import Sequence
from datetime import date, datetime

import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

Value = str | int | float | date | None
Rows = Sequence[Sequence[Value]]


def xlsx(rows: Rows, merged: Sequence[tuple[int, int, int, int]] = (), **more_sheets: Rows) -> bytes:
    """`merged` as (first row, first column, last row, last column) on the first sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, content in {"名册": rows, **more_sheets}.items():
        sheet = book.add_worksheet(name)
        if name == "名册":
            for first_row, first_column, last_row, last_column in merged:
                sheet.merge_range(first_row, first_column, last_row, last_column, "")
        for number, row in enumerate(content):
            for column, value in enumerate(row):
                if isinstance(value, date | datetime):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write_number(number, column, value)
    book.close()
    return out.getvalue()


def xls(rows: Rows) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: Rows) -> bytes:
    book = OpenDocumentSpreadsheet()
    table = Table(name="名册")
    for row in rows:
        line = TableRow()
        for value in row:
            if isinstance(value, int | float):
                cell = TableCell(valuetype="float", value=value)
            else:
                cell = TableCell(valuetype="string")
            cell.addElement(P(text="" if value is None else str(value)))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    return "\r\n".join(delimiter.join("" if v is None else str(v) for v in row) for row in rows).encode(encoding)
