"""The board as its templates need it, and as its fragments compare it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import PlaceKind


@dataclass(frozen=True)
class Kind:
    """One of the three big numbers."""

    key: str
    label: Promise
    promise: Promise
    column: Promise


KINDS = (
    Kind("person", _("People"), _("not one person missed"), _("People covered")),
    Kind("vehicle", _("Vehicles"), _("not one vehicle missed"), _("Vehicles covered")),
    Kind("place", _("Corners"), _("not one corner missed"), _("Corners covered")),
)

# what the rows below a node are called
ROW_WORDS: Mapping[str, Promise] = {
    PlaceKind.CITY: _("District"), PlaceKind.DISTRICT: _("Sub-district"), PlaceKind.STREET: _("Neighbourhood"),
    PlaceKind.NEIGHBOURHOOD: _("Grid or building"),
}  # fmt: skip
ROW_TITLES: Mapping[str, Promise] = {
    PlaceKind.CITY: _("By district"), PlaceKind.DISTRICT: _("By sub-district"), PlaceKind.STREET: _("By neighbourhood"),
    PlaceKind.NEIGHBOURHOOD: _("By grid"),
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """Subjects of one kind at one node: how many are expected to be covered, and how many have a gap open."""

    expected: int = 0
    missing: int = 0

    @property
    def covered(self) -> int:
        return self.expected - self.missing


@dataclass(frozen=True)
class Cell:
    key: str
    kind: str
    label: str
    promise: str
    column: str
    expected: int
    missing: int

    @property
    def covered(self) -> int:
        return self.expected - self.missing


@dataclass(frozen=True)
class Row:
    key: str
    id: UUID
    name: str
    cells: Sequence[Cell]
    oldest_us: int | None
    oldest_seconds: int | None

    @property
    def short_name(self) -> str:
        """On a wall of committees nobody needs to read 居委会 twenty times."""
        return self.name.removesuffix("居民委员会").removesuffix("居委会") or self.name

    @property
    def missing(self) -> int:
        return sum(cell.missing for cell in self.cells)

    @property
    def expected(self) -> int:
        return sum(cell.expected for cell in self.cells)


@dataclass(frozen=True)
class Board:
    id: UUID
    name: str
    kind: str
    at: datetime
    big: Sequence[Cell]
    rows: Sequence[Row]

    @property
    def row_word(self) -> str:
        return str(ROW_WORDS.get(self.kind, ""))

    @property
    def rows_title(self) -> str:
        return str(ROW_TITLES.get(self.kind, ""))


def cells(key: str, figures: Mapping[str, Figure]) -> list[Cell]:
    found = []
    for kind in KINDS:
        figure = figures.get(kind.key, Figure())
        found.append(
            Cell(
                f"{key}.{kind.key}",
                kind.key,
                str(kind.label),
                str(kind.promise),
                str(kind.column),
                figure.expected,
                figure.missing,
            )  # fmt: skip
        )
    return found


def sort_rows(rows: Iterable[Row], sort: str) -> list[Row]:
    """By `name` (the order of the tree, as the rows come), `person`, `vehicle`, `place` (most missing first), `oldest`.

    A leading minus turns the order. Unknown words leave the rows as they come.
    """
    key, backwards = sort.lstrip("-"), sort.startswith("-")
    found = list(rows)
    if key == "oldest":
        # no gap at all counts as younger than any
        found.sort(key=lambda row: (row.oldest_us is None, row.oldest_us or 0), reverse=backwards)
    elif key in {kind.key for kind in KINDS}:
        place = [kind.key for kind in KINDS].index(key)
        found.sort(key=lambda row: row.cells[place].missing, reverse=not backwards)
    elif key == "name" and backwards:
        found.reverse()
    return found


def version(states: Mapping[str, str]) -> str:
    """The ETag of a board: changes when any piece of it does."""
    text = "\n".join(f"{key}={value}" for key, value in sorted(states.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
