"""From files to sections: what people upload, with the line of every key kept for the report of faults.

Pure apart from ``read_folder``. Nothing here judges values; it opens archives carefully and finds lines.
"""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

from fangxian.duties.plan_lines import find_lines
from fangxian.duties.plan_schema import Path

MAX_FILE_BYTES = 512 * 1024
MAX_TOTAL_BYTES = 2 * 1024 * 1024
MAX_FILES = 40
_LIMITS: Mapping[str, str | int | float] = {"files": MAX_FILES, "kib": MAX_TOTAL_BYTES // 1024}


@dataclass(frozen=True)
class SourceFault:
    """A file that cannot be read at all. ``line`` is None when no line is to blame."""

    file: str
    line: int | None
    code: str
    values: Mapping[str, str | int | float]


@dataclass(frozen=True)
class Source:
    """The parsed files: section name -> data, and for each section the line of every path."""

    sections: dict[str, dict[str, Any]]
    lines: dict[str, dict[Path, int]]
    faults: tuple[SourceFault, ...]

    def line(self, section: str, path: Path) -> int | None:
        """The line of a path, or of the nearest thing around it (a missing key is reported at its table)."""
        known = self.lines.get(section)
        if known is None:
            return None
        for length in range(len(path), -1, -1):
            if path[:length] in known:
                return known[path[:length]]
        return 1


def read_folder(folder: FilePath) -> dict[str, bytes]:
    """Every ``*.toml`` of a folder, by file name. Raises FileNotFoundError when the folder is not there."""
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}


def open_upload(uploads: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[SourceFault]]:
    """Uploaded files by name, with archives opened. Refuses what is too large before it unpacks anything."""
    files: dict[str, bytes] = {}
    faults: list[SourceFault] = []
    for name, data in uploads.items():
        if name.lower().endswith(".zip"):
            inside, wrong = _open_zip(name, data)
            faults += wrong
        else:
            inside = {PurePosixPath(name.replace("\\", "/")).name: data}
        for inner, content in inside.items():
            if inner in files:
                faults.append(SourceFault(inner, None, "file_twice", {}))
            files[inner] = content
    return files, faults


def _open_zip(name: str, data: bytes) -> tuple[dict[str, bytes], list[SourceFault]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return {}, [SourceFault(name, None, "zip_broken", {})]
    entries = [e for e in archive.infolist() if not e.is_dir() and not _is_litter(e.filename)]
    # The sizes in the directory are only a claim: the read below is bounded, so a lie ends in a fault.
    if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_TOTAL_BYTES:
        return {}, [SourceFault(name, None, "zip_too_large", _LIMITS)]
    files: dict[str, bytes] = {}
    faults: list[SourceFault] = []
    for entry in entries:
        inner = PurePosixPath(entry.filename.replace("\\", "/")).name
        if entry.flag_bits & 1:
            faults.append(SourceFault(inner, None, "zip_locked", {}))
            continue
        try:
            with archive.open(entry) as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
        except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError):
            faults.append(SourceFault(inner, None, "zip_broken", {}))
            continue
        if inner in files:
            faults.append(SourceFault(inner, None, "file_twice", {}))
        files[inner] = content
    return files, faults


def _is_litter(name: str) -> bool:
    """What archivers of other systems add by themselves."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in {".DS_Store", "Thumbs.db"}


def parse(files: Mapping[str, bytes]) -> Source:
    """One section a file; every file that cannot be read is a fault, and the others are still read."""
    sections: dict[str, dict[str, Any]] = {}
    lines: dict[str, dict[Path, int]] = {}
    faults: list[SourceFault] = []
    if not files:
        faults.append(SourceFault("plan.toml", None, "no_files", {}))
    if len(files) > MAX_FILES or sum(len(data) for data in files.values()) > MAX_TOTAL_BYTES:
        return Source({}, {}, (SourceFault("plan.toml", None, "zip_too_large", _LIMITS),))
    for name, data in files.items():
        got = _parse_file(name, data)
        if isinstance(got, SourceFault):
            faults.append(got)
        else:
            section = name.removesuffix(".toml")
            sections[section], lines[section] = got
    return Source(sections, lines, tuple(faults))


def _parse_file(name: str, data: bytes) -> tuple[dict[str, Any], dict[Path, int]] | SourceFault:
    if not name.endswith(".toml"):
        return SourceFault(name, None, "not_toml_file", {})
    if len(data) > MAX_FILE_BYTES:
        return SourceFault(name, None, "file_too_large", {"kib": MAX_FILE_BYTES // 1024})
    try:
        # Windows Notepad puts a byte order mark first; TOML does not know it.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return SourceFault(name, data[: error.start].count(b"\n") + 1, "not_utf8", {})
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _bad_toml(name, text, str(error))
    except RecursionError:
        return SourceFault(name, None, "toml_too_deep", {})
    return parsed, find_lines(text)


def _bad_toml(name: str, text: str, message: str) -> SourceFault:
    place = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", message)
    line = text.count("\n") + 1
    if place is not None and place.group(1):
        line = int(place.group(1))
    detail = re.sub(r"\s*\(at .*\)$", "", message)
    return SourceFault(name, line, "toml", {"detail": detail[:200]})
