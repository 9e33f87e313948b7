"""The board as its templates need it, and as its fragments compare it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.command.queries import Board, BoardRow
from fangxian.duties.queries import Numbers, RuleCoverage
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
    open_gaps: int
    oldest_at: datetime | None
    oldest_seconds: float | None

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
class Count:
    key: str
    name: str
    head: str
    count: int


@dataclass(frozen=True)
class RuleRow:
    """Today's counters of one rule."""

    key: str
    title: str
    kind: str
    counts: Sequence[Count]


@dataclass(frozen=True)
class Shown:
    id: UUID
    name: str
    kind: str
    at: datetime
    big: Sequence[Cell]
    rows: Sequence[Row]
    rules: Sequence[RuleRow]

    @property
    def heads(self) -> list[str]:
        return [str(head) for _name, head in RULE_HEADS]

    @property
    def row_word(self) -> str:
        return str(ROW_WORDS.get(self.kind, ""))

    @property
    def rows_title(self) -> str:
        return str(ROW_TITLES.get(self.kind, ""))


RULE_HEADS: tuple[tuple[str, Promise], ...] = (
    ("expected", _("To be done")), ("met", _("In time")), ("late", _("Late")), ("missed", _("Missed")),
    ("unknown", _("Ask again")), ("waived", _("Waived")), ("open", _("Not yet due")), ("open_gaps", _("Open gaps")),
)  # fmt: skip


def _cells(key: str, numbers: Mapping[str, Numbers]) -> list[Cell]:
    found = []
    for kind in KINDS:
        of = numbers.get(kind.key, Numbers())
        found.append(
            Cell(
                f"{key}.{kind.key}",
                kind.key,
                str(kind.label),
                str(kind.promise),
                str(kind.column),
                of.expected,
                of.uncovered,
            )  # fmt: skip
        )
    return found


def _row(row: BoardRow, now: datetime) -> Row:
    age = (now - row.oldest_at).total_seconds() if row.oldest_at else None
    key = row.place_id.hex
    return Row(key, row.place_id, row.name, _cells(key, row.numbers), row.open_gaps, row.oldest_at, age)


def _rule(row: RuleCoverage, language: str) -> RuleRow:
    title = row.title.get(language.split("-")[0]) or row.title["en"]
    counts = [Count(f"{row.rule}.{name}", name, str(head), int(getattr(row, name))) for name, head in RULE_HEADS]
    return RuleRow(row.rule, title, row.kind, counts)


def shown(board: Board, now: datetime, language: str) -> Shown:
    return Shown(
        board.place_id, board.name, board.kind, now, _cells("all", board.totals),
        [_row(row, now) for row in board.rows], [_rule(row, language) for row in board.rules],
    )  # fmt: skip


def sort_rows(rows: Iterable[Row], sort: str) -> list[Row]:
    """By `name` (the order of the tree, as the rows come), `person`, `vehicle`, `place` (most missing first), `oldest`.

    A leading minus turns the order. Unknown words leave the rows as they come.
    """
    key, backwards = sort.lstrip("-"), sort.startswith("-")
    found = list(rows)
    if key == "oldest":
        # no gap at all counts as younger than any
        found.sort(key=lambda row: -1.0 if row.oldest_seconds is None else row.oldest_seconds, reverse=not backwards)
    elif key in {kind.key for kind in KINDS}:
        place = [kind.key for kind in KINDS].index(key)
        found.sort(key=lambda row: row.cells[place].missing, reverse=not backwards)
    elif key == "name" and backwards:
        found.reverse()
    return found


@dataclass(frozen=True)
class Tab:
    kind: str
    label: str
    current: bool


def kind_tabs(kind: str) -> list[Tab]:
    """Tabs that narrow a list of gaps to people, vehicles or corners."""
    return [Tab("", str(_("All")), not kind), *(Tab(one.key, str(one.label), one.key == kind) for one in KINDS)]
