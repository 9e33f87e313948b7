"""What the gate pages show, and which parts of them change by themselves."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from fangxian.console.board import pieces as parts
from fangxian.console.board.pieces import Piece
from fangxian.gates.models import Direction, Outcome, PassKind
from fangxian.gates.queries.board import Day, GateLine
from fangxian.gates.queries.latest import Last
from fangxian.gates.rules import Code
from fangxian.gates.words import WORDS

COLUMNS = ("open", "guards", "queue", "inside", "lately", "refused")


@dataclass(frozen=True)
class Cell:
    key: str
    what: str
    line: GateLine


@dataclass(frozen=True)
class Row:
    line: GateLine
    cells: Sequence[Cell]


def rows(lines: Iterable[GateLine]) -> list[Row]:
    return [Row(line, [Cell(f"{line.gate_id.hex}.{what}", what, line) for what in COLUMNS]) for line in lines]


def of_list(found: Sequence[Row]) -> list[Piece]:
    return [
        Piece(cell.key, "console/gates/cell.html", cell, _state(getattr(row.line, _FIELDS[cell.what]), row.line))
        for row in found
        for cell in row.cells
    ]


_FIELDS: Mapping[str, str] = {
    "open": "is_open", "guards": "guards", "queue": "queue", "inside": "inside", "lately": "lately",
    "refused": "refused",
}  # fmt: skip


def _state(value: object, line: GateLine) -> str:
    return f"{value} {line.unstaffed}"


@dataclass(frozen=True)
class Bar:
    """A quarter of an hour with its total, for the bar beside it."""

    at_us: int
    entered: int
    left: int
    refused: int
    held: int

    @property
    def total(self) -> int:
        return self.entered + self.left + self.refused + self.held


@dataclass(frozen=True)
class Reason:
    text: str
    count: int


@dataclass(frozen=True)
class Past:
    """One of the last checks, in words."""

    at_us: int
    direction: Direction
    outcome: Outcome
    reason: str
    kind: str
    who: str


@dataclass(frozen=True)
class Moment:
    """One gate at one moment: its line, its day, why people were turned away, its last checks."""

    line: GateLine
    day: Day
    bars: Sequence[Bar]
    reasons: Sequence[Reason]
    last: Sequence[Past]


def moment(line: GateLine, day: Day, last: Sequence[Last]) -> Moment:
    bars = [Bar(q.at_us, q.entered, q.left, q.refused, q.held) for q in day.quarters]
    return Moment(line, day, bars, [Reason(_reason(code), count) for code, count in day.reasons], _past(last))


def _past(last: Sequence[Last]) -> list[Past]:
    return [
        Past(
            one.at_us, Direction(one.direction), Outcome(one.outcome), _reason(one.code),
            str(PassKind(one.kind).label) if one.kind else "", one.name or one.plate,
        )
        for one in last
    ]  # fmt: skip


def _reason(code: str) -> str:
    return str(WORDS[Code(code)].title) if code in Code._value2member_map_ else code


def of_gate(shown: Moment) -> list[Piece]:
    state = hashlib.sha256(repr((astuple(shown.line), astuple(shown.day))).encode()).hexdigest()
    # a hash, because the states are remembered and these hold names
    last = hashlib.sha256(repr([astuple(one) for one in shown.last]).encode()).hexdigest()
    return [
        Piece("tiles", "console/gates/tiles.html", shown, state),
        Piece("coming", "console/gates/coming.html", shown, repr([astuple(one) for one in shown.line.coming])),
        Piece("flow", "console/gates/flow.html", shown, state),
        Piece("last", "console/gates/last.html", shown, last),
    ]


def version(pieces: list[Piece]) -> str:
    return parts.version(pieces, get_language() or "")


def changes(request: HttpRequest, pieces: list[Piece], at: object) -> HttpResponse:
    """304 while nothing changed since the reader's version, else the changed pieces alone, under the new version."""
    now_version = version(pieces)
    seen = request.headers.get("If-None-Match", "").strip().removeprefix("W/").strip('"')
    since = seen or request.GET.get("since", "")
    if since == now_version:
        answer = HttpResponse(status=304)
    else:
        context = {"pieces": parts.changed_since(pieces, since), "at": at}
        answer = render(request, "console/gates/pieces.html", context)
    answer["ETag"] = f'"{now_version}"'
    patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    return answer
