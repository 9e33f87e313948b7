"""The batches of a shelf: what came, what a piece of each costs, and what is on hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fangxian.masks.models import Arrival, Shelf
from fangxian.stock.rules import Held


def on_hand(shelf: Shelf) -> int:
    return shelf.arrived - shelf.sold - shelf.lost


@dataclass(frozen=True, slots=True)
class Priced:
    """A batch that came, with what a piece of it is sold for."""

    lot_id: UUID
    quantity: int
    price_fen: int


def batches(*, round_id: UUID, pharmacy_id: UUID, variant_id: int) -> list[Priced]:
    """What came to a shelf, oldest first."""
    rows = Arrival.objects.filter(round_id=round_id, pharmacy_id=pharmacy_id, variant_id=variant_id)
    return [Priced(*row) for row in rows.order_by("at_us", "id").values_list("lot_id", "quantity", "price_fen")]


def lots(came: Sequence[Priced]) -> list[UUID]:
    return list(dict.fromkeys(batch.lot_id for batch in came))


def price_of(lot_id: UUID, came: Sequence[Priced], held: Sequence[Held]) -> int:
    """What the next piece of a lot costs: the price of the oldest of its batches of which something is left."""
    left = sum(row.quantity for row in held if row.lot_id == lot_id)
    mine = [batch for batch in came if batch.lot_id == lot_id]
    for batch in reversed(mine):
        left -= batch.quantity
        if left <= 0:
            return batch.price_fen
    return mine[0].price_fen
