"""Dwellings: one row a door."""

from dataclasses import dataclass
from typing import Any

from fangxian.registry.imports import fields
from fangxian.registry.imports.kinds.cells import Cells, Home, read_home
from fangxian.registry.refusals import Code

FIELDS = (
    fields.ADDRESS, fields.COMPOUND, fields.BLOCK, fields.STAIR, fields.ROOM, fields.GRID, fields.NEIGHBOURHOOD,
    fields.NOTE,
)  # fmt: skip


@dataclass(frozen=True)
class DwellingRow:
    home: Home
    grid: str
    profile: dict[str, Any]


def read(cells: Cells) -> DwellingRow | None:
    home = read_home(cells)
    if not home.room and not cells.errors:
        key = "room" if "room" in cells.values or "address" not in cells.values else "address"
        code = Code.ADDRESS_NO_ROOM if home.says_anything else Code.ADDRESS_UNREADABLE
        cells.refuse(key, code if home.written else Code.REQUIRED)
    note = cells.text("note", 200)
    grid = cells.text("grid", 60)
    return None if cells.errors else DwellingRow(home, grid, {"note": note} if note else {})
