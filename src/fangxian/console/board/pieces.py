"""The parts of a board that change by themselves, and which of them changed since a version.

A piece is an element with a data-key. Its state is what is written in it; the version (the ETag) is a hash over all
states. What a reader has seen is remembered for a few minutes in this process alone: a process that does not know a
version sends every piece, which costs bytes and is never wrong.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import cache

from fangxian.console.board.shape import Row, Shown
from fangxian.console.templatetags.ui import age

REMEMBER_SECONDS = 600


@dataclass(frozen=True)
class Piece:
    key: str
    template: str
    one: object
    state: str


def _oldest(row: Row) -> Piece:
    return Piece(f"{row.key}.oldest", "console/board/oldest.html", row, age(row.oldest_seconds))


def of_board(board: Shown) -> list[Piece]:
    big = [Piece(c.key, "console/board/big.html", c, f"{c.expected} {c.missing}") for c in board.big]
    cells = [
        Piece(c.key, "console/board/cell.html", c, f"{c.expected} {c.missing}") for row in board.rows for c in row.cells
    ]
    counts = [Piece(c.key, "console/board/count.html", c, str(c.count)) for rule in board.rules for c in rule.counts]
    return [*big, *cells, *(_oldest(row) for row in board.rows), *counts]


def of_wall(board: Shown) -> list[Piece]:
    big = [Piece(c.key, "console/board/big.html", c, f"{c.expected} {c.missing}") for c in board.big]
    rows = [Piece(f"{r.key}.wall", "console/board/wall_node.html", r, f"{r.expected} {r.missing}") for r in board.rows]
    return [*big, *rows]


def _states(pieces: list[Piece]) -> dict[str, str]:
    return {piece.key: piece.state for piece in pieces}


def version(pieces: list[Piece], language: str) -> str:
    """The version of these pieces in a language; what they say is remembered under it."""
    states = _states(pieces)
    text = "\n".join([language, *(f"{key}={value}" for key, value in sorted(states.items()))])
    found = hashlib.sha256(text.encode()).hexdigest()[:20]
    cache.set(f"board-version:{found}", states, REMEMBER_SECONDS)
    return found


def changed_since(pieces: list[Piece], since: str) -> list[Piece]:
    seen: Mapping[str, str] | None = cache.get(f"board-version:{since}") if since.isalnum() else None
    if seen is None:
        return pieces
    return [piece for piece in pieces if seen.get(piece.key) != piece.state]
