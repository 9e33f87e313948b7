"""A page of gaps as the tables show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from fangxian.duties import gap_queries
from fangxian.duties.gap_queries import GapLine
from fangxian.shared import clock

PAGE_ROWS = 50


@dataclass(frozen=True)
class Cursor:
    """Where a page of gaps begins: after the gap that lapsed then, with that id."""

    lapsed_us: int
    gap_id: UUID

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """None for no cursor, and for one that somebody has mangled."""
        lapsed, _dot, gap = text.partition(".")
        try:
            return cls(int(lapsed), UUID(hex=gap))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.lapsed_us}.{self.gap_id.hex}"


@dataclass(frozen=True)
class GapPage:
    rows: Sequence[GapLine]
    first: bool
    next: str
    previous: str = ""


def gap_page(where: Q, now: datetime, *, rule: str = "", kind: str = "", after: Cursor | None = None) -> GapPage:
    """Open gaps, oldest first, a page at a time."""
    start = (after.lapsed_us, after.gap_id) if after else None
    rows = gap_queries.open_gaps(where, now, rule=rule, kind=kind, after=start, limit=PAGE_ROWS + 1)
    more, rows = len(rows) > PAGE_ROWS, rows[:PAGE_ROWS]
    last = str(Cursor(clock.to_us(rows[-1].lapsed_at), rows[-1].id)) if more else ""
    return GapPage(rows, after is None, last)
