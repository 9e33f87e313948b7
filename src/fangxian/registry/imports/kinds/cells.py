"""Reading one row: each cell by its field, errors collected by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from fangxian.registry import identifiers
from fangxian.registry.imports import countries
from fangxian.registry.imports.reader import Cell
from fangxian.registry.refusals import Code, Refusal
from fangxian.shared.dates import DateError, DateProblem, parse_date
from fangxian.shared.text import Address, fold, is_han, parse_address

T = TypeVar("T")
_EMPTY = frozenset(("", "-", "—", "/", "\\", "无", "n/a", "na", "none", "null", "暂无", "不详", "未知"))
_FORMULA_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
_DATES = {
    DateProblem.UNREADABLE: Code.DATE_UNREADABLE,
    DateProblem.NO_SUCH_DAY: Code.DATE_NO_SUCH_DAY,
    DateProblem.NO_YEAR: Code.DATE_NO_YEAR,
    DateProblem.NO_DAY: Code.DATE_NO_DAY,
    DateProblem.YEAR_LAST: Code.DATE_YEAR_LAST,
    DateProblem.SHORT_YEAR: Code.DATE_SHORT_YEAR,
    DateProblem.NUMBER: Code.DATE_NUMBER,
}
OLDEST_YEARS = 130


@dataclass(frozen=True)
class Context:
    """What a list is about, beside its cells. `area_types`: wording to key, from the playbook in force."""

    today: date
    default_year: int
    area_types: Mapping[str, str] = field(default_factory=dict)


class Cells:
    """The cells of one row by field. Readers return the value, or note an error and return the empty value."""

    def __init__(self, values: Mapping[str, Cell], context: Context, label: str = "") -> None:
        self.values = values
        self.context = context
        self.label = label
        self.errors: dict[str, Refusal] = {}

    def refuse(self, key: str, code: Code, **params: str) -> None:
        self.errors.setdefault(key, Refusal(code, params))

    def text(self, key: str, most: int = 120, required: bool = False) -> str:
        """The folded text of a cell; 无, / and the like count as empty."""
        value = self.values.get(key)
        if value is None:
            if required:
                self.refuse(key, Code.REQUIRED)
            return ""
        text = identifiers.as_text(value)
        if text[:1] == "#" and text.upper() in _FORMULA_ERRORS:
            self.refuse(key, Code.FORMULA_ERROR)
            return ""
        if text.casefold() in _EMPTY:
            text = ""
        if len(text) > most:
            self.refuse(key, Code.TOO_LONG, most=str(most))
            return ""
        if required and not text:
            self.refuse(key, Code.REQUIRED)
        return text

    def many(self, key: str) -> Iterator[tuple[str, Cell]]:
        """The filled cells of a field that several columns may hold: phone, phone_2, …"""
        for name, value in self.values.items():
            numbered = name.startswith(f"{key}_") and name.removeprefix(f"{key}_").isdigit()
            if (name == key or numbered) and value is not None and self.text(name, 300):
                yield name, value

    def taken(self, key: str, found: T | Refusal) -> T | None:
        if isinstance(found, Refusal):
            self.errors.setdefault(key, found)
            return None
        return found

    def date(self, key: str, past: bool = False) -> date | None:
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and not self.text(key)):
            return None
        try:
            day = parse_date(value, self.context.default_year)
        except DateError as error:
            self.refuse(key, _DATES[error.problem])
            return None
        if past and day > self.context.today:
            self.refuse(key, Code.DATE_FUTURE)
            return None
        if past and day.year < self.context.today.year - OLDEST_YEARS:
            self.refuse(key, Code.DATE_TOO_OLD)
            return None
        return day

    def count(self, key: str) -> int | None:
        text = self.text(key).rstrip("人名个 ").removeprefix("约").replace(",", "")
        if not text:
            return None
        if not text.isdigit() or len(text) > 7:
            self.refuse(key, Code.NUMBER)
            return None
        return int(text)

    def country(self, key: str) -> str:
        text = self.text(key, 60)
        if not text:
            return ""
        code = countries.country(text)
        if code is None:
            self.refuse(key, Code.COUNTRY)
        return code or ""

    def phones(self, key: str, country: str) -> tuple[identifiers.Phone, ...]:
        """All telephones of the row; one cell may hold several, divided by / 、 or ;."""
        found: list[identifiers.Phone] = []
        for name, value in self.many(key):
            for part in _parts(value):
                phone = self.taken(name, identifiers.read_phone(part, country or "CN"))
                if phone is not None and phone not in found:
                    found.append(phone)
        return tuple(found)


def _parts(value: Cell) -> list[Cell]:
    if isinstance(value, str) and any(mark in value for mark in "/、;；，,"):
        text = fold(value)
        for mark in "、;,":
            text = text.replace(mark, "/")
        return [part.strip() for part in text.split("/") if part.strip()]
    return [value]


@dataclass(frozen=True)
class Home:
    """A door as a row names it, in keys that compare. `written` is for people."""

    neighbourhood: str = ""
    road_site: str = ""
    site: str = ""
    name: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    written: str = ""

    @property
    def says_anything(self) -> bool:
        return bool(self.road_site or self.site or self.name or self.building or self.room)


def read_home(cells: Cells) -> Home:
    """The address from one column or several; the heading of a group fills in what the row leaves out."""
    whole = parse_address(cells.text("address", 200))
    compound = parse_address(cells.text("compound", 100))
    label = parse_address(cells.label) if cells.label else Address()
    block, stair, room = (cells.text(key, 40) for key in ("block", "stair", "room"))
    block_parts, stair_parts, room_parts = parse_address(block), parse_address(stair), parse_address(room)
    heads = (compound, whole, block_parts, label)
    head = next((one for one in heads if one.road or one.site), Address())
    name = next((one.name for one in (compound, whole, label) if one.name), "")
    if block_parts.name and not name:
        name = block_parts.name
    building = _first(
        block_parts.building or block_parts.room or block_parts.floor, whole.building, room_parts.building,
        compound.building, label.building,
    )  # fmt: skip
    written = cells.text("address", 200) or "".join((cells.text("compound", 100), block, stair, room))
    return Home(
        neighbourhood=cells.text("neighbourhood", 60),
        road_site="-".join(part for part in (head.road, head.site) if part) if head.road else "",
        site=head.site,
        name=name,
        building=building,
        unit=_first(stair_parts.unit or stair_parts.room, block_parts.unit, room_parts.unit, whole.unit),
        room=_first(room_parts.door or room_parts.building, whole.door),
        written=written,
    )


def _first(*found: str) -> str:
    return next((one for one in found if one), "")


def looks_like_a_name(text: str) -> bool:
    return any(is_han(char) or char.isalpha() for char in text)
