"""Goods that go over a counter: sold from named lots, brought back, and counted together.

Whoever sells names the lots that may be sold, so that what lies in the same store for another purpose stays there.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock
from fangxian.stock import rules
from fangxian.stock.actions import MOST, Move, StockError, outside, post, store_at
from fangxian.stock.models import AccountKind, Balance, Reason, Transfer
from fangxian.stock.rules import Held, Take


def on_hand(*, place: Place, lot_ids: Sequence[UUID]) -> list[Held]:
    """What the store holds of these lots, locked until the caller's transaction ends; in the order of `lot_ids`."""
    rows = (
        Balance.objects.select_for_update(of=("self",))
        .filter(account__place=place, lot__in=list(lot_ids), quantity__gt=0)
        .select_related("lot")
        .order_by("id")
    )
    held = {row.lot_id: Held(row.lot_id, row.account_id, row.quantity, row.lot.expires_on) for row in rows}
    return [held[lot_id] for lot_id in lot_ids if lot_id in held]


@write_lock()
def sell(
    *, id: UUID, place: Place, lot_ids: Sequence[UUID], quantity: int, ref: str, by: str, now: datetime,
    fact: bool = False,
) -> tuple[Take, ...]:  # fmt: skip
    """So much of these lots was sold from a store. The same id again changes nothing.

    `fact`: it has left the store already. Then an expired lot counts too, and what the book does not hold is first
    booked as found, on the lot named last. Otherwise raises StockError when the store holds less.
    """
    if not 0 < quantity <= MOST:
        raise StockError(_("The quantity must be a whole number above 0. Nothing was booked."))
    if Transfer.objects.filter(id=id).exists():
        return ()
    held = on_hand(place=place, lot_ids=lot_ids)
    takes = list(rules.choose_lots(held, quantity, today=clock.local_day(now), expired_too=fact))
    short = quantity - sum(take.quantity for take in takes)
    moves: list[Move] = []
    if short and (not fact or not lot_ids):
        raise StockError(_("The store holds less than was asked for. Nothing was booked. Count the store."))
    if short:
        store = store_at(place)
        moves.append(Move(lot_ids[-1], outside(AccountKind.DIFFERENCE).id, store.id, short, Reason.COUNT_OVER, ref))
        takes.append(Take(lot_ids[-1], store.id, short))
    customer = outside(AccountKind.CUSTOMER)
    moves += [
        Move(t.lot_id, t.account_id, customer.id, t.quantity, Reason.SALE, ref, id if n == 0 else uuid5(id, str(n)))
        for n, t in enumerate(takes)
    ]
    post(moves, by=by, now=now)
    return tuple(takes)


@write_lock()
def bring_back(*, ref: str, by: str, now: datetime) -> int:
    """What was sold under this reference came back to the lots and the store it had left. Returns how much.

    Once for each sale: a second call brings back nothing.
    """
    sold = list(Transfer.objects.filter(ref=ref, reason=Reason.SALE).order_by("id"))
    back = [
        Move(row.lot_id, row.debit_id, row.credit_id, row.quantity, Reason.RETURN, ref, uuid5(row.id, "back"))
        for row in sold
    ]
    have = set(Transfer.objects.filter(id__in=[move.id for move in back]).values_list("id", flat=True))
    fresh = [move for move in back if move.id not in have]
    post(fresh, by=by, now=now)
    return sum(move.quantity for move in fresh)


@write_lock()
def count_together(*, place: Place, lot_ids: Sequence[UUID], counted: int, ref: str, by: str, now: datetime) -> int:
    """These lots were counted together. Returns counted - booked, which becomes transfers.

    What is missing is taken from the lots in their order; what was found lies with the last one.
    """
    if not 0 <= counted <= MOST:
        raise StockError(_("The quantity counted must be a whole number, 0 or more. Nothing was booked."))
    held = on_hand(place=place, lot_ids=lot_ids)
    difference = counted - sum(row.quantity for row in held)
    between = outside(AccountKind.DIFFERENCE)
    if difference > 0:
        if not lot_ids:
            raise StockError(_("Nothing of this ever came to the store. Nothing was booked. Record the arrival."))
        post([Move(lot_ids[-1], between.id, store_at(place).id, difference, Reason.COUNT_OVER, ref)], by=by, now=now)
    elif difference < 0:
        takes = rules.choose_lots(held, -difference, today=clock.local_day(now), expired_too=True)
        post(
            [Move(t.lot_id, t.account_id, between.id, t.quantity, Reason.COUNT_SHORT, ref, new_id()) for t in takes],
            by=by, now=now,
        )  # fmt: skip
    return difference
