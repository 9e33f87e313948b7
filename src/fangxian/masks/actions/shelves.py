"""The one way to change a shelf: locked, changed together with what causes it, and never out of step with itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from fangxian.masks.models import Arrival, Shelf
from fangxian.stock.rules import Held


def lock(*, round_id: UUID, pharmacy_id: UUID, variant_ids: Iterable[int], now_us: int) -> dict[int, Shelf]:
    """Shelves of a pharmacy, made where missing and locked in one order until the caller's transaction ends."""
    wanted = sorted(set(variant_ids))
    Shelf.objects.bulk_create(
        [Shelf(round_id=round_id, pharmacy_id=pharmacy_id, variant_id=key, changed_us=now_us) for key in wanted],
        ignore_conflicts=True,
    )
    rows = Shelf.objects.select_for_update().filter(
        round_id=round_id, pharmacy_id=pharmacy_id, variant_id__in=wanted
    )  # fmt: skip
    return {row.variant_id: row for row in rows.order_by("id")}


def on_hand(shelf: Shelf) -> int:
    return shelf.arrived - shelf.sold - shelf.lost


def free(shelf: Shelf) -> int:
    """What may be promised now: nothing while something that was promised is missing."""
    return max(0, on_hand(shelf) - shelf.promised)


def put(shelf: Shelf, now_us: int) -> None:
    """Save a shelf. What is missing of the promised, and what the reserve can still be, follow from the rest."""
    shelf.short = max(0, shelf.promised - on_hand(shelf))
    shelf.reserve = min(shelf.reserve, free(shelf))
    shelf.changed_us = now_us
    shelf.save(update_fields=["arrived", "sold", "lost", "promised", "short", "reserve", "changed_us"])


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
