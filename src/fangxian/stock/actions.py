"""Every write to the ledger. A balance changes only together with the transfer that explains it.

The transfers are the record of who moved what; acts of a person at the desk are in the audit as well.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock
from fangxian.stock import rules
from fangxian.stock.models import SOURCES, Account, AccountKind, Balance, Item, Lot, Reason, Transfer, Unit
from fangxian.stock.rules import Held, Take

MOST = 10**12


class StockError(Exception):
    """Nothing was booked; the message says why, with how much there is."""


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer to be booked."""

    lot_id: UUID
    credit_id: UUID
    debit_id: UUID
    quantity: int
    reason: Reason
    ref: str = ""
    id: UUID = field(default_factory=new_id)


def define_item(*, key: str, name: str, name_en: str, unit: Unit, by: str, now: datetime) -> Item:
    """The item with this key; made when there is none. An item that exists stays as it is."""
    with write_lock():
        item, made = Item.objects.get_or_create(key=key, defaults={"name": name, "name_en": name_en, "unit": unit})
        if made:
            audit.record(by=by, act="stock.item.defined", now=now, target=f"item:{item.id}", detail={"key": key})
    return item


def store_at(place: Place) -> Account:
    """The store of a place; made with the first thing that comes there. In the caller's transaction."""
    return Account.objects.get_or_create(place=place, defaults={"kind": AccountKind.PLACE})[0]


def outside(kind: AccountKind) -> Account:
    return Account.objects.get_or_create(kind=kind, place=None)[0]


def receive(
    *, id: UUID, item: Item, place: Place, quantity: int, by: str, now: datetime, batch: str = "", brand: str = "",
    expires_on: date | None = None, unit_cost: Decimal | None = None, donated: bool = False, ref: str = "",
) -> Lot:  # fmt: skip
    """Goods arrived at a store. The same id again changes nothing."""
    _check_quantity(quantity)
    with write_lock():
        done = Transfer.objects.filter(id=id).select_related("lot").first()
        if done is not None:
            return done.lot
        lot = _lot(item, batch.strip(), brand.strip(), expires_on, unit_cost)
        source = outside(AccountKind.DONOR if donated else AccountKind.SUPPLIER)
        reason = Reason.DONATION if donated else Reason.PURCHASE
        post([Move(lot.id, source.id, store_at(place).id, quantity, reason, ref, id)], by=by, now=now)
        audit.record(
            by=by, act="stock.received", now=now, target=f"lot:{lot.id}", place=place.id, detail={"quantity": quantity}
        )
    return lot


def _lot(item: Item, batch: str, brand: str, expires_on: date | None, unit_cost: Decimal | None) -> Lot:
    named = {"item": item, "batch": batch, "brand": brand, "expires_on": expires_on}
    found = Lot.objects.filter(**named).first()
    if found is None:
        return Lot.objects.create(**named, unit_cost=unit_cost)
    if unit_cost is not None and found.unit_cost is None:
        found.unit_cost = unit_cost
        found.save(update_fields=["unit_cost"])
    return found


def draw(
    *, id: UUID, item: Item, place: Place, quantity: int, reason: Reason, by: str, now: datetime, ref: str = ""
) -> tuple[Take, ...]:
    """Use from a store, first expired first; all of it or nothing. Raises StockError when the store holds less.

    Expired lots are not used: they are written off. The same id again changes nothing.
    """
    _check_quantity(quantity)
    with write_lock():
        if Transfer.objects.filter(id=id).exists():
            return ()
        account = Account.objects.filter(place=place).first()
        held = _held([account.id], [item.id]) if account else []
        takes = rules.choose_lots(held, quantity, today=clock.local_day(now))
        if sum(take.quantity for take in takes) < quantity:
            usable = sum(t.quantity for t in rules.choose_lots(held, MOST, today=clock.local_day(now)))
            raise StockError(_short(item, place, usable, quantity))
        used = outside(AccountKind.CONSUMED)
        moves = [
            # The first carries the caller's id, which is how a resend is known; the others follow from it.
            Move(t.lot_id, t.account_id, used.id, t.quantity, reason, ref, id if n == 0 else uuid5(id, str(n)))
            for n, t in enumerate(takes)
        ]
        post(moves, by=by, now=now)
    return takes


@dataclass(frozen=True, slots=True)
class Use:
    """Something was used on the floor; `places` name the stores it may have come from, nearest first."""

    item_id: UUID
    places: tuple[UUID, ...]
    quantity: int
    ref: str


def draw_what_there_is(*, uses: Sequence[Use], reason: Reason, by: str, now: datetime) -> list[int]:
    """Book uses that have happened already: for each, how much of it the stores could give, in the same order.

    Never refuses: a floor that used more than the book holds is a shortage for the caller to raise.
    """
    with write_lock():
        wanted = {place for use in uses for place in use.places}
        accounts = dict(Account.objects.filter(place__in=wanted).values_list("place_id", "id"))
        held = _held(list(accounts.values()), list({use.item_id for use in uses}))
        lots = dict(Lot.objects.filter(id__in={row.lot_id for row in held}).values_list("id", "item_id"))
        left = {(row.lot_id, row.account_id): row for row in held}
        used, today = outside(AccountKind.CONSUMED), clock.local_day(now)
        moves: list[Move] = []
        drawn: list[int] = []
        for use in uses:
            near = [accounts[place] for place in use.places if place in accounts]
            stores = {account: number for number, account in enumerate(near)}
            own = [h for h in left.values() if h.account_id in stores and lots[h.lot_id] == use.item_id]
            own.sort(key=lambda row: stores[row.account_id])
            takes = rules.choose_lots(own, use.quantity, today=today)
            for take in takes:
                key = (take.lot_id, take.account_id)
                row = left[key]
                left[key] = Held(row.lot_id, row.account_id, row.quantity - take.quantity, row.expires_on)
                moves.append(Move(take.lot_id, take.account_id, used.id, take.quantity, reason, use.ref))
            drawn.append(sum(take.quantity for take in takes))
        post(moves, by=by, now=now)
    return drawn


def move(
    *, id: UUID, lot: Lot, from_place: Place, to_place: Place, quantity: int, by: str, now: datetime, ref: str = ""
) -> None:
    """Bring some of a lot from one store to another. Raises StockError when there is less."""
    _check_quantity(quantity)
    if from_place.id == to_place.id:
        raise StockError(_("Both stores are the same. Nothing was booked. Choose another store to move it to."))
    with write_lock():
        if Transfer.objects.filter(id=id).exists():
            return
        target = store_at(to_place)
        store = _store_or_refuse(from_place, lot, quantity, target)
        post([Move(lot.id, store.id, target.id, quantity, Reason.MOVE, ref, id)], by=by, now=now)
        audit.record(
            by=by, act="stock.moved", now=now, target=f"lot:{lot.id}", place=to_place.id, detail={"quantity": quantity}
        )


def write_off(
    *, id: UUID, lot: Lot, place: Place, quantity: int, reason: Reason, by: str, now: datetime, ref: str = ""
) -> None:
    """Take some of a lot out of the book because it is spoilt, expired or lost. Raises StockError."""
    _check_quantity(quantity)
    if reason not in (Reason.SPOILT, Reason.EXPIRED, Reason.LOST):
        raise StockError(_("Only spoilt, expired or lost goods are written off. Nothing was booked."))
    with write_lock():
        if Transfer.objects.filter(id=id).exists():
            return
        gone = outside(AccountKind.WRITTEN_OFF)
        store = _store_or_refuse(place, lot, quantity, gone)
        post([Move(lot.id, store.id, gone.id, quantity, reason, ref, id)], by=by, now=now)
        audit.record(
            by=by, act="stock.written_off", now=now, target=f"lot:{lot.id}", place=place.id,
            detail={"quantity": quantity, "reason": str(reason)},
        )  # fmt: skip


def count(*, id: UUID, lot: Lot, place: Place, counted: int, by: str, now: datetime) -> int:
    """So much of a lot was counted in a store. Returns counted - booked, which becomes a transfer of its own."""
    if not 0 <= counted <= MOST:
        raise StockError(_("The quantity counted must be a whole number, 0 or more. Nothing was booked."))
    with write_lock():
        done = Transfer.objects.filter(id=id).first()
        if done is not None:
            return done.quantity if done.reason == Reason.COUNT_OVER else -done.quantity
        store, between = store_at(place), outside(AccountKind.DIFFERENCE)
        booked = _locked([(lot.id, store.id), (lot.id, between.id)])[(lot.id, store.id)].quantity
        difference = counted - booked
        if difference > 0:
            post([Move(lot.id, between.id, store.id, difference, Reason.COUNT_OVER, "", id)], by=by, now=now)
        elif difference < 0:
            post([Move(lot.id, store.id, between.id, -difference, Reason.COUNT_SHORT, "", id)], by=by, now=now)
        audit.record(
            by=by, act="stock.counted", now=now, target=f"lot:{lot.id}", place=place.id,
            detail={"booked": booked, "counted": counted},
        )  # fmt: skip
    return difference


def _check_quantity(quantity: int) -> None:
    if not 0 < quantity <= MOST:
        raise StockError(_("The quantity must be a whole number above 0. Nothing was booked."))


def _short(item: Item, place: Place, there: int, wanted: int) -> str:
    return _("%(place)s holds %(there)d %(unit)s of %(item)s, %(wanted)d were asked for. Nothing was booked.") % {
        "place": place.name, "there": there, "unit": Unit(item.unit).label, "item": item.name, "wanted": wanted,
    }  # fmt: skip


def _store_or_refuse(place: Place, lot: Lot, wanted: int, target: Account) -> Account:
    """The store, with both balances of the coming transfer locked and its own large enough. Raises StockError.

    Both at once: whoever locked its own side first would wait for one who goes the other way.
    """
    account = Account.objects.filter(place=place).first()
    if account is None:
        raise StockError(_short(lot.item, place, 0, wanted))
    there = _locked([(lot.id, account.id), (lot.id, target.id)])[(lot.id, account.id)].quantity
    if there < wanted:
        raise StockError(_short(lot.item, place, there, wanted))
    return account


def _held(account_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> list[Held]:
    """What these accounts hold of these items, locked until the transaction ends."""
    rows = (
        Balance.objects.select_for_update(of=("self",))
        .filter(account__in=list(account_ids), lot__item__in=list(item_ids), quantity__gt=0)
        .select_related("lot")
        .order_by("id")
    )
    return [Held(row.lot_id, row.account_id, row.quantity, row.lot.expires_on) for row in rows]


def _locked(pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Balance]:
    """The balances of these (lot, account), made where missing and locked, always in one order."""
    wanted = sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))
    sources = set(Account.objects.filter(kind__in=SOURCES).values_list("id", flat=True))
    Balance.objects.bulk_create(
        [Balance(lot_id=lot, account_id=account, source=account in sources) for lot, account in wanted],
        ignore_conflicts=True,
        batch_size=500,
    )
    rows = (
        Balance.objects.select_for_update()
        .filter(lot__in={lot for lot, _a in wanted}, account__in={account for _l, account in wanted})
        .order_by("id")
    )
    return {(row.lot_id, row.account_id): row for row in rows}


def post(moves: Sequence[Move], *, by: str, now: datetime) -> None:
    """Write the transfers and move the balances with them, in the caller's transaction. Raises StockError."""
    if not moves:
        return
    pairs = [pair for m in moves for pair in ((m.lot_id, m.credit_id), (m.lot_id, m.debit_id))]
    balances = _locked(pairs)
    changes: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for m in moves:
        changes[(m.lot_id, m.credit_id)] -= m.quantity
        changes[(m.lot_id, m.debit_id)] += m.quantity
    for key, change in changes.items():
        balances[key].quantity += change
    at_us = clock.to_us(now)
    rows = [
        Transfer(
            id=m.id, lot_id=m.lot_id, credit_id=m.credit_id, debit_id=m.debit_id, quantity=m.quantity, at_us=at_us,
            by=by, reason=m.reason, ref=m.ref,
        )
        for m in moves
    ]  # fmt: skip
    try:
        Transfer.objects.bulk_create(rows, batch_size=500)
        Balance.objects.bulk_update([balances[key] for key in sorted(changes)], ["quantity"], batch_size=200)
    except IntegrityError as error:
        # The last guard behind the checks above; the caller's transaction is lost with it.
        raise StockError(_("The store holds less than was asked for. Nothing was booked. Count the store.")) from error
