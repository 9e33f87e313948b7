import io
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from fangxian.registry.imports import guards, reader
from fangxian.registry.imports.problems import MESSAGES, FileProblem, UnreadableFileError
from tests.support import workbooks

ROWS = [["姓名", "电话"], ["王秀英", 13800138000], ["李四", "021-62758888"]]


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def _problem(data: bytes, name: str = "list.xlsx") -> FileProblem:
    with pytest.raises(UnreadableFileError) as caught:
        reader.read(data, name)
    assert str(caught.value)
    return caught.value.problem


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.xlsx", workbooks.xlsx),
        ("a.xls", workbooks.xls),
        ("a.ods", workbooks.ods),
        ("a.csv", workbooks.csv),
        ("a.csv", lambda rows: workbooks.csv(rows, "utf-8-sig")),
        ("a.csv", lambda rows: workbooks.csv(rows, "gb18030")),
        ("a.csv", lambda rows: workbooks.csv(rows, "utf-16", "\t")),
        ("a.csv", lambda rows: workbooks.csv(rows, "gb18030", ";")),
        ("a.xls", workbooks.xlsx),
    ],
)
def test_it_reads_every_usual_format(name: str, make: Callable[[workbooks.Rows], bytes]) -> None:
    sheets = reader.read(make(ROWS), name)
    assert [[str(cell) for cell in row] for row in sheets[0].rows] in (
        [["姓名", "电话"], ["王秀英", "13800138000"], ["李四", "021-62758888"]],
        [["姓名", "电话"], ["王秀英", "13800138000.0"], ["李四", "021-62758888"]],
    )


def test_it_fills_merged_ranges_down_and_right() -> None:
    data = workbooks.xlsx(
        [["小区", None], ["古北新城", "1"], [None, "2"], [None, "3"]], merged=[(0, 0, 0, 1), (1, 0, 3, 0)]
    )
    assert reader.read(data, "a.xlsx")[0].rows == [
        ["小区", "小区"], ["古北新城", "1"], ["古北新城", "2"], ["古北新城", "3"],
    ]  # fmt: skip


def test_it_takes_the_guard_off_numbers_in_csv() -> None:
    data = workbooks.csv([["a", "b"], ['="013800"', "'310105"]])
    assert reader.read(data, "a.csv")[0].rows[1] == ["013800", "310105"]


def test_it_reads_all_sheets_by_their_names() -> None:
    data = workbooks.xlsx(ROWS, 说明=[["请填写"]])
    assert [sheet.name for sheet in reader.read(data, "a.xlsx")] == ["名册", "说明"]


@pytest.mark.parametrize(
    ("data", "name", "problem"),
    [
        (b"", "a.xlsx", FileProblem.EMPTY),
        (b"x" * (guards.MAX_BYTES + 1), "a.csv", FileProblem.TOO_LARGE),
        (b"a,b", "a.exe", FileProblem.EXTENSION),
        (b"a,b", "list", FileProblem.EXTENSION),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "a.xlsx", FileProblem.NOT_A_WORKBOOK),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a.csv", FileProblem.NOT_A_WORKBOOK),
        (b"a,b\x00\x01c", "a.csv", FileProblem.NOT_A_WORKBOOK),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a.xls", FileProblem.WEB_PAGE),
        (b"PK\x03\x04 and then nothing", "a.xlsx", FileProblem.DAMAGED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "a.xls", FileProblem.DAMAGED),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "a.xlsx",
            FileProblem.ENCRYPTED,
        ),
        (_zip(**{"readme.txt": b"hello"}), "a.xlsx", FileProblem.NOT_A_WORKBOOK),
        (b"\xff\xff\x81", "a.csv", FileProblem.ENCODING),
    ],
)
def test_it_refuses_what_is_no_list(data: bytes, name: str, problem: FileProblem) -> None:
    assert _problem(data, name) is problem


def test_it_refuses_a_zip_bomb_before_opening_it() -> None:
    bomb = _zip(xl__workbook_xml=b"", **{"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * (30 << 20)})
    assert len(bomb) < 100_000
    assert _problem(bomb) is FileProblem.UNPACKS_TOO_LARGE


def test_it_refuses_a_workbook_whose_parts_are_more_than_it_admits() -> None:
    data = bytearray(workbooks.xlsx([["姓名"], *[[f"某某{i}"] for i in range(3000)]]))
    at = data.rindex(b"PK\x01\x02")
    for name in (b"xl/worksheets/sheet1.xml", b"xl/sharedStrings.xml"):
        at = data.rindex(name)
        header = data.rindex(b"PK\x01\x02", 0, at)
        data[header + 24 : header + 28] = (50).to_bytes(4, "little")
    assert _problem(bytes(data)) is FileProblem.DAMAGED


def test_it_refuses_entities_in_a_workbook() -> None:
    sheet = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'
    assert _problem(_zip(**{"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": sheet})) is FileProblem.DAMAGED


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        (1_048_575, 0, FileProblem.TOO_MANY_ROWS),
        (0, 16_383, FileProblem.TOO_WIDE),
        (190_000, 200, FileProblem.TOO_WIDE),
    ],
)
def test_it_refuses_a_cell_in_the_last_corner(row: int, column: int, problem: FileProblem) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "姓名")
    sheet.write(row, column, "x")
    book.close()
    assert _problem(out.getvalue()) is problem


def test_it_lets_empty_formatted_cells_stand_far_away() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "姓名")
    sheet.write_blank(1_048_575, 16_000, None, book.add_format({"bold": True}))
    book.close()
    assert reader.read(out.getvalue(), "a.xlsx")[0].rows[0][0] == "姓名"


def test_it_refuses_repeated_rows_of_an_ods_that_would_fill_the_memory() -> None:
    content = (
        '<office:document-content><table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        'office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell></table:table-row>'
        "</office:document-content>"
    )
    data = _zip(
        mimetype=b"application/vnd.oasis.opendocument.spreadsheet",
        **{"content.xml": content.encode(), "META-INF/manifest.xml": b"<m/>"},
    )
    assert _problem(data, "a.ods") is FileProblem.TOO_MANY_ROWS


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.xlsx", "passwd.xlsx"),
        ("C:\\Users\\hr\\名单.xlsx", "名单.xlsx"),
        ("a\u202excod.xlsx", "axcod.xlsx"),
        ("<script>.csv", "script.csv"),
        ("\x00\x01.csv", "csv"),
        ("", "list"),
    ],
)
def test_it_makes_a_hostile_name_harmless(name: str, safe: str) -> None:
    assert guards.safe_name(name) == safe


def test_it_keeps_a_long_name_short_and_its_ending() -> None:
    assert guards.safe_name("名" * 300 + ".xlsx").endswith("名.xlsx")
    assert len(guards.safe_name("名" * 300 + ".xlsx")) <= 100


@given(st.binary(max_size=400), st.sampled_from(["a.xlsx", "a.xls", "a.ods", "a.csv"]))
def test_it_reads_or_refuses_any_bytes(data: bytes, name: str) -> None:
    try:
        reader.read(data, name)
    except UnreadableFileError as error:
        assert error.problem in MESSAGES  # noqa: PT017 - which of the two happens depends on the bytes
