"""The one way to change a shelf: locked, changed together with what causes it, and never out of step with itself."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.masks.models import Shelf
from fangxian.masks.queries.batches import batches as batches
from fangxian.masks.queries.batches import lots as lots
from fangxian.masks.queries.batches import on_hand as on_hand
from fangxian.masks.queries.batches import price_of as price_of


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


def free(shelf: Shelf) -> int:
    """What may be promised now: nothing while something that was promised is missing."""
    return max(0, on_hand(shelf) - shelf.promised)


def put(shelf: Shelf, now_us: int) -> None:
    """Save a shelf. What is missing of the promised, and what the reserve can still be, follow from the rest."""
    shelf.short = max(0, shelf.promised - on_hand(shelf))
    shelf.reserve = min(shelf.reserve, free(shelf))
    shelf.changed_us = now_us
    shelf.save(update_fields=["arrived", "sold", "lost", "promised", "short", "reserve", "changed_us"])
