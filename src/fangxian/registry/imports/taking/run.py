"""What every row of one import has in common."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from fangxian.registry.imports.taking.where import Where


@dataclass(frozen=True)
class Run:
    batch_id: UUID
    where: Where
    by: str
    now: datetime
    now_us: int
    today: date
    firms: frozenset[UUID] = frozenset()
    """The enterprises whose people alone the list may name; empty: anybody's."""

    named: set[UUID] = field(default_factory=set)
    """Public areas that rows of this list have meant so far."""

    @property
    def source(self) -> str:
        """How attachments name the list that made them."""
        return f"import:{self.batch_id.hex}"
