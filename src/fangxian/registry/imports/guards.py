"""What is checked of a file before a spreadsheet library opens it.

The reading library keeps a sheet as a full rectangle: one cell in the last corner would cost gigabytes. So the
corners are looked up in the packed XML first, together with sizes and ratios.
"""

import io
import re
import zipfile
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath

from fangxian.registry.imports.problems import FileProblem, UnreadableFileError
from fangxian.shared.text import fold

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 150
RATIO_FROM = 4 * 1024 * 1024
MAX_PARTS = 2_000
MAX_ROWS = 200_000
MAX_COLUMNS = 256
MAX_CELLS = 6_000_000
_STEP = 1 << 20
_OVERLAP = 512

_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>/]*>')
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")
_REPEATED_ROW = re.compile(
    rb'<table:table-row\b[^>]*number-rows-repeated="(\d+)"[^>]*(?<!/)>(.*?)</table:table-row>', re.DOTALL
)
_REPEATED_CELL = re.compile(rb'<table:(?:covered-)?table-cell\b([^>]*)number-columns-repeated="(\d+)"([^>]*)>')


class Format(StrEnum):
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    CSV = "csv"


def safe_name(name: str) -> str:
    """A file's name without folders, control characters or tricks of direction, at most 100 characters."""
    last = PurePosixPath(PureWindowsPath(fold(name)).name).name
    kept = "".join(char for char in last if char.isprintable() and char not in '<>:"|?*\\/').strip(". ")
    stem, dot, end = kept.rpartition(".")
    if not dot:
        return kept[:100] or "list"
    return f"{stem[: 99 - len(end)] or 'list'}.{end}" if len(end) <= 5 else kept[:100]


def check(data: bytes, name: str) -> Format:
    """The true format of the file. Raises UnreadableFileError for what is not opened at all."""
    if not data:
        raise UnreadableFileError(FileProblem.EMPTY)
    if len(data) > MAX_BYTES:
        raise UnreadableFileError(FileProblem.TOO_LARGE)
    extension = safe_name(name).rpartition(".")[2].lower()
    if extension not in {one.value for one in Format}:
        raise UnreadableFileError(FileProblem.EXTENSION)
    if data[:4] == b"PK\x03\x04":
        return _check_zip(data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UnreadableFileError(FileProblem.ENCRYPTED)
        return Format.XLS
    if (
        data[:1024]
        .lstrip(b"\xef\xbb\xbf \r\n\t")
        .lower()
        .startswith((b"<html", b"<!doctype html", b"<table", b"<?xml"))
    ):
        raise UnreadableFileError(FileProblem.WEB_PAGE)
    if extension != Format.CSV:
        raise UnreadableFileError(FileProblem.NOT_A_WORKBOOK)
    return Format.CSV


def _check_zip(data: bytes) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise UnreadableFileError(FileProblem.DAMAGED) from error


def _check_parts(archive: zipfile.ZipFile) -> Format:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFileError(FileProblem.ENCRYPTED)
    packed_well = any(
        part.file_size > RATIO_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1) for part in parts
    )
    if len(parts) > MAX_PARTS or packed_well or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnreadableFileError(FileProblem.UNPACKS_TOO_LARGE)
    if "xl/workbook.xml" in names:
        kind = Format.XLSX
    elif "content.xml" in names and b"spreadsheet" in archive.read("mimetype")[:200]:
        kind = Format.ODS
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableFileError(FileProblem.ENCRYPTED)
    else:
        raise UnreadableFileError(FileProblem.NOT_A_WORKBOOK)
    for part in parts:
        # read to the end: a size that the directory understates shows as a wrong checksum
        _check_part(archive, part)
    return kind


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.filename == "content.xml":
        _check_ods(archive.read(part))
        return
    sheet = part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
    cells = last_row = last_column = 0
    tail = b""
    with archive.open(part) as stream:
        while step := stream.read(_STEP):
            text = tail + step
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise UnreadableFileError(FileProblem.DAMAGED)
            if sheet:
                found = _CELL.findall(text)
                cells += len(_ANY_CELL.findall(step))
                last_row = max(last_row, max((int(row) for _column, row in found), default=0))
                last_column = max(last_column, max((_column_number(c) for c in {c for c, _row in found}), default=0))
            tail = text[-_OVERLAP:]
    check_size(last_row, last_column, cells)


def check_size(rows: int, columns: int, cells: int = 0) -> None:
    if rows > MAX_ROWS + 50:
        raise UnreadableFileError(FileProblem.TOO_MANY_ROWS)
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS or cells > MAX_CELLS:
        raise UnreadableFileError(FileProblem.TOO_WIDE)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_ods(content: bytes) -> None:
    """Repeat counts are normal on empty cells at the end, and a bomb on cells that hold something."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableFileError(FileProblem.DAMAGED)
    for match in _REPEATED_ROW.finditer(content):
        if int(match[1]) > MAX_ROWS and (b"office:value" in match[2] or b"<text:p" in match[2]):
            raise UnreadableFileError(FileProblem.TOO_MANY_ROWS)
    rows = sum(
        int(match[1]) for match in _REPEATED_ROW.finditer(content) if b"<text:p" in match[2] or b"value" in match[2]
    )
    columns = max((int(m[2]) for m in _REPEATED_CELL.finditer(content) if b"office:value" in m[1] + m[3]), default=0)
    check_size(rows, columns, rows * max(columns, 1))
