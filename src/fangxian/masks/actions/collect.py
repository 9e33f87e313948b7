"""Goods go over a counter. The database decides about single use; a hand-over without a network is a fact."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.masks import counter
from fangxian.masks.actions import facts, shelves, supply
from fangxian.masks.actions.collect_items import Handed, Taken
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.counter import CallFacts, Code, Warn
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Collection, DayClose, Shelf
from fangxian.masks.queries import counter as lookups
from fangxian.masks.queries.training import is_trained
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.writer import write_lock
from fangxian.stock import sales
from fangxian.stock.actions import StockError

logger = logging.getLogger(__name__)

CLOCK_TOLERANCE_US: Final = 2 * MINUTE_US


@dataclass(frozen=True, slots=True)
class _Case:
    """One hand-over at one counter: what was sent, and when it happened by the server's clock."""

    item: Handed
    pharmacy: Place
    by: str
    now: datetime
    observed_us: int
    warnings: tuple[str, ...]

    @property
    def now_us(self) -> int:
        return clock.to_us(self.now)


def hand_over(
    items: Sequence[Handed], *, pharmacy: Place, by: str, now: datetime, device_us: int | None = None
) -> list[Taken]:
    """Decide and store `items`, each in a transaction of its own; one answer for each, in their order.

    Sending an item again is harmless. `device_us` is what the counter's clock showed when it sent them.
    """
    warnings = () if is_trained(by, now) else (str(Warn.UNTRAINED),)
    shift = 0 if device_us is None else clock.to_us(now) - device_us
    found = []
    for item in items:
        case = _Case(item, pharmacy, by, now, _observed(item, shift, clock.to_us(now)), warnings)
        try:
            found.append(_take(case))
        except DatabaseError:
            # the class and the place in the code are logged, never the row; the counter keeps the item and sends again
            logger.exception("a hand-over was not stored")
            found.append(Taken(id=item.id.hex, status="failed", code=""))
    return found


def _observed(item: Handed, shift: int, now_us: int) -> int:
    """Online it happens now. Offline the counter's clock says when, set right by how wrong it is; never later."""
    if not item.offline or not item.at:
        return now_us
    return min(item.at + (shift if abs(shift) > CLOCK_TOLERANCE_US else 0), now_us)


class _CalledAgainError(Exception):
    """While this one waited for the shelf, its number lapsed and was called again: that call is the one to settle."""


def _take(case: _Case) -> Taken:
    try:
        with write_lock():
            return _decide(case)
    except (IntegrityError, _CalledAgainError):
        # The constraint is the last guard of single use: what it refused is known now, and is decided by it.
        with write_lock():
            return _decide(case)


def _decide(case: _Case) -> Taken:
    known = _known(case)
    if known is not None:
        return known
    call, problem = lookups.resolve(case.pharmacy, case.item.call, case.item.variant)
    if call is None:
        if case.item.offline:
            facts.unattached(
                case.item, pharmacy=case.pharmacy, code=problem, observed_us=case.observed_us, by=case.by, now=case.now
            )
        return Taken(id=case.item.id.hex, status="refused", code=problem)
    held = _lock(call, case)
    known = _known(case)  # the same item may have been stored while this one waited for the shelf
    if known is not None:
        return known
    call = Call.objects.select_for_update(of=("self",)).select_related(*lookups.WITH_CALL).get(id=call.id)
    if call.status == CallStatus.LAPSED and not _may_stand(call):
        raise _CalledAgainError
    standing = Collection.objects.filter(call=call, standing=True, voided_us__isnull=True).first()
    seen = CallFacts(
        call.status, call.pharmacy_id.hex, call.quantity, call.slot_from_us, call.deadline_us, standing is not None
    )
    wrong = counter.faults(
        call=seen, pharmacy=case.pharmacy.id.hex, quantity=case.item.quantity, identity=case.item.identity,
        at_us=case.observed_us,
    )  # fmt: skip
    if counter.early(seen, case.observed_us):
        case = replace(case, warnings=(*case.warnings, str(Warn.EARLY)))
    if Code.NOTHING in wrong or (wrong and not case.item.offline):
        return facts.refuse(case.item, call, wrong[0], standing)
    return _store(case, call, held, wrong, standing)


def _known(case: _Case) -> Taken | None:
    rows = Collection.objects.select_related("pharmacy", *(f"call__{one}" for one in lookups.WITH_CALL))
    found = rows.filter(id=case.item.id).first()
    return facts.answer_again(found) if found is not None else None


def _lock(call: Call, case: _Case) -> dict[UUID, Shelf]:
    """The shelf that the call was promised from, and the one that the goods leave, always in one order.

    Shelves come before calls: whoever allocates, moves or releases holds the shelf first.
    """
    # A counter that is sent elsewhere leaves no empty shelf behind; only what has left already is booked there.
    selling = {case.pharmacy.id} if case.item.offline else set()
    pharmacies = sorted({call.pharmacy_id, *selling})
    return {
        pharmacy_id: shelves.lock(
            round_id=call.round_id, pharmacy_id=pharmacy_id, variant_ids=[call.variant_id], now_us=case.now_us
        )[call.variant_id]
        for pharmacy_id in pharmacies
    }


def _store(
    case: _Case, call: Call, held: dict[UUID, Shelf], wrong: Sequence[Code], standing: Collection | None
) -> Taken:
    item = case.item
    shelf = held[case.pharmacy.id]
    before = {key: row.short for key, row in held.items()}
    stands = standing is None and _may_stand(call)
    try:
        lot_id, price_fen, found = _sell(case, call, shelf)
    except StockError:
        return facts.refuse(item, call, Code.NO_STOCK, standing)
    row = Collection.objects.create(
        id=item.id, call=call, pharmacy=case.pharmacy, lot_id=lot_id, quantity=item.quantity, price_fen=price_fen,
        identity=item.identity, collector=item.collector.strip(), standing=stands, offline=item.offline,
        observed_us=case.observed_us, received_us=case.now_us, by=case.by,
    )  # fmt: skip
    shelf.sold += item.quantity
    shelf.lost -= found
    if stands:
        _settle(call, held[call.pharmacy_id], item.quantity, case.now_us)
    for key in sorted(held):
        shelves.put(held[key], case.now_us)
        supply.follow(shelf=held[key], before=before[key], by=case.by, now=case.now)
    warnings = case.warnings
    if facts.ask_to_close_again(row, by=case.by, now=case.now):
        warnings = (*warnings, str(Warn.AFTER_CLOSE))
    if wrong:
        facts.report(row, wrong, by=case.by, now=case.now)
    if stands:
        facts.came(call, row, by=case.by, now=case.now)
    return facts.answer(row, call, status="stored", code=wrong[0] if wrong else Code.OK, warnings=warnings)


def _may_stand(call: Call) -> bool:
    """A call that was released may still have been collected in time, unless the number was called again since."""
    if call.status == CallStatus.CALLED:
        return True
    again = Call.objects.filter(
        registration_id=call.registration_id, variant_id=call.variant_id, status__in=ACTIVE_CALLS
    )
    return call.status == CallStatus.LAPSED and not again.exists()


def _sell(case: _Case, call: Call, shelf: Shelf) -> tuple[UUID | None, int, int]:
    """Book the goods out. Returns the lot, what a piece costs, and how many the book did not know of."""
    came = shelves.batches(round_id=call.round_id, pharmacy_id=case.pharmacy.id, variant_id=call.variant_id)
    if not came and case.item.offline:
        return None, 0, case.item.quantity
    lot_ids = shelves.lots(came)
    there = sales.on_hand(place=case.pharmacy, lot_ids=lot_ids)
    takes = sales.sell(
        id=case.item.id, place=case.pharmacy, lot_ids=lot_ids, quantity=case.item.quantity,
        ref=facts.source_of(case.item.id), fact=case.item.offline, by=case.by, now=case.now,
    )  # fmt: skip
    found = max(0, case.item.quantity - sum(row.quantity for row in there))
    return takes[0].lot_id, shelves.price_of(takes[0].lot_id, came, there), found


def _settle(call: Call, shelf: Shelf, quantity: int, now_us: int) -> None:
    """The call is collected. What was promised and not taken is free again, for special groups if it was theirs."""
    if call.status == CallStatus.CALLED:
        shelf.promised -= call.quantity
        if call.reserved:
            shelf.reserve += max(0, call.quantity - quantity)
    call.status, call.changed_us = CallStatus.COLLECTED, now_us
    call.save(update_fields=["status", "changed_us"])


@write_lock()
def void_collection(*, collection: Collection, reason: str, by: str, now: datetime) -> Collection:
    """It was entered by mistake: the goods are back on the shelf, the number may be collected until its deadline.

    Refused once the day is closed: its count and its money are agreed.
    """
    if not reason.strip():
        raise MaskError(_("Say why this is taken back. Nothing was changed."))
    row = Collection.objects.select_related("call__variant", "pharmacy").get(id=collection.id)
    call, now_us = row.call, clock.to_us(now)
    held = {
        pharmacy_id: shelves.lock(
            round_id=call.round_id, pharmacy_id=pharmacy_id, variant_ids=[call.variant_id], now_us=now_us
        )[call.variant_id]
        for pharmacy_id in sorted({call.pharmacy_id, row.pharmacy_id})
    }
    call = Call.objects.select_for_update().get(id=call.id)
    row = Collection.objects.select_for_update(of=("self",)).select_related("pharmacy").get(id=row.id)
    if row.voided_us is not None:
        raise MaskError(_("This was taken back already. Nothing was changed."))
    day = clock.local_day(clock.from_us(row.observed_us))
    if DayClose.objects.filter(round=call.round_id, pharmacy=row.pharmacy_id, day=day).exists():
        raise MaskError(_("That day is counted and closed. Nothing was changed. Report it in the channel."))
    row.voided_us, row.void_reason = now_us, reason.strip()[:200]
    row.save(update_fields=["voided_us", "void_reason"])
    before = {key: shelf.short for key, shelf in held.items()}
    shelf = held[row.pharmacy_id]
    shelf.sold -= row.quantity
    shelf.lost += row.quantity - sales.bring_back(ref=facts.source_of(row.id), by=by, now=now)
    if row.standing:
        _reopen(call, held[call.pharmacy_id], row.quantity, now_us)
    for key in sorted(held):
        shelves.put(held[key], now_us)
        supply.follow(shelf=held[key], before=before[key], by=by, now=now)
    audit.record(
        by=by, act="masks.collection.voided", now=now, target=f"collection:{row.id}", place=row.pharmacy_id
    )  # fmt: skip
    return row


def _reopen(call: Call, shelf: Shelf, quantity: int, now_us: int) -> None:
    """The number is called as it was, unless its time has passed."""
    call.status = CallStatus.CALLED if now_us < call.deadline_us else CallStatus.LAPSED
    call.changed_us = now_us
    call.save(update_fields=["status", "changed_us"])
    if call.status == CallStatus.CALLED:
        shelf.promised += call.quantity
        if call.reserved:
            shelf.reserve = max(0, shelf.reserve - (call.quantity - quantity))
