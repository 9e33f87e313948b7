"""What every row of one import has in common."""

from dataclasses import dataclass
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

    @property
    def source(self) -> str:
        """How attachments name the list that made them."""
        return f"import:{self.batch_id.hex}"
