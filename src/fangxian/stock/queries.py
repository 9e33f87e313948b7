"""Reading the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, Sum

from fangxian.accounts.access import Reach
from fangxian.places.models import Place
from fangxian.stock import rules
from fangxian.stock.models import Account, AccountKind, Balance, Item, Lot, Reason, Transfer, Unit
from fangxian.stock.rules import Entry


@dataclass(frozen=True)
class Line:
    """What a store holds of one lot."""

    lot_id: UUID
    place_id: UUID
    place_name: str
    item_key: str
    item_name: str
    item_name_en: str
    unit: str
    batch: str
    brand: str
    expires_on: date | None
    quantity: int
    expired: bool


@dataclass(frozen=True)
class Step:
    """One transfer as the page shows it; `actor` is resolved by the caller."""

    id: UUID
    at_us: int
    item_name: str
    item_name_en: str
    unit: str
    batch: str
    quantity: int
    source: str
    target: str
    reason: str
    actor: str


def lines(where: Q, *, today: date, with_empty: bool = False, limit: int = 2_000) -> list[Line]:
    """Balances of the stores that `where` (a condition on Balance) reaches, by place, item and expiry."""
    rows = (
        Balance.objects.filter(where, account__kind=AccountKind.PLACE)
        .filter(Q() if with_empty else Q(quantity__gt=0))
        .select_related("lot__item", "account__place")
        .order_by("account__place__path", "lot__item__name", "lot__expires_on", "lot_id")[:limit]
    )
    found = []
    for row in rows:
        lot, place = row.lot, row.account.place
        assert place is not None
        expired = lot.expires_on is not None and lot.expires_on < today
        found.append(
            Line(
                lot.id, place.id, place.name, lot.item.key, lot.item.name, lot.item.name_en, lot.item.unit, lot.batch,
                lot.brand, lot.expires_on, row.quantity, expired,
            )
        )  # fmt: skip
    return found


def within(held: Reach) -> Q:
    """Condition on Balance: its store lies within reach."""
    return held.places(path="account__place__path", grid="account__place__grid_id") | Q(
        account__place__in=sorted(held.grids)
    )


def steps_of_place(place: Place, *, limit: int = 30) -> list[Step]:
    """The last transfers of a store, newest first."""
    rows = (
        Transfer.objects.filter(Q(credit__place=place) | Q(debit__place=place))
        .select_related("lot__item", "credit__place", "debit__place")
        .order_by("-at_us", "-id")[:limit]
    )
    return [
        Step(
            row.id, row.at_us, row.lot.item.name, row.lot.item.name_en, row.lot.item.unit, row.lot.batch, row.quantity,
            _account_name(row.credit), _account_name(row.debit), str(Reason(row.reason).label), row.by,
        )
        for row in rows
    ]  # fmt: skip


def _account_name(account: Account) -> str:
    return account.place.name if account.place is not None else str(AccountKind(account.kind).label)


def held_by(place_ids: Iterable[UUID], item_key: str) -> dict[UUID, int]:
    """For each store that has any: how much of an item it holds, expired lots included."""
    rows = (
        Balance.objects.filter(account__place__in=list(place_ids), lot__item__key=item_key, quantity__gt=0)
        .values("account__place_id")
        .annotate(total=Sum("quantity"))
    )
    return {row["account__place_id"]: row["total"] for row in rows}


def items() -> list[Item]:
    return list(Item.objects.order_by("name"))


def lot_at(place: Place, lot_id: UUID) -> Lot | None:
    """A lot that this store holds or held."""
    return Lot.objects.filter(id=lot_id, balances__account__place=place).select_related("item").first()


def unit_word(unit: str) -> str:
    return str(Unit(unit).label)


@dataclass(frozen=True)
class Proof:
    """What came in and what became of it, for one item. `holds`: nothing appeared or vanished."""

    item_key: str
    received: int
    stored: int
    used: int
    sold: int
    written_off: int
    difference: int  # counted more than booked, less what was counted short
    book_agrees: bool

    @property
    def holds(self) -> bool:
        came_in = self.received + self.difference
        return self.book_agrees and came_in == self.stored + self.used + self.sold + self.written_off


def prove(*, until_us: int | None = None) -> list[Proof]:
    """Recompute every balance from the transfers, up to an instant if one is given, one proof an item.

    Only the whole ledger can be compared with the balances as they stand; at an earlier instant `book_agrees` says
    that no store was below nothing then.
    """
    kinds = dict(Account.objects.values_list("id", "kind"))
    lots = dict(Lot.objects.values_list("id", "item__key"))
    rows = Transfer.objects.filter(at_us__lte=until_us) if until_us is not None else Transfer.objects.all()
    entries = [
        Entry(*row)
        for row in rows.values_list("lot_id", "credit_id", "debit_id", "quantity").iterator(chunk_size=5_000)
    ]
    totals = rules.book(entries)
    agrees = _agrees(totals, lots, kinds, now=until_us is None)
    sums: dict[str, dict[str, int]] = {key: dict.fromkeys(AccountKind.values, 0) for key in set(lots.values())}
    for (lot, account), quantity in totals.items():
        sums[lots[lot]][kinds[account]] += quantity
    return [
        Proof(
            key,
            -by_kind[AccountKind.SUPPLIER] - by_kind[AccountKind.DONOR],
            by_kind[AccountKind.PLACE],
            by_kind[AccountKind.CONSUMED],
            by_kind[AccountKind.CUSTOMER],
            by_kind[AccountKind.WRITTEN_OFF],
            -by_kind[AccountKind.DIFFERENCE],
            key in agrees,
        )
        for key, by_kind in sorted(sums.items())
    ]


def _agrees(
    totals: dict[tuple[UUID, UUID], int], lots: dict[UUID, str], kinds: dict[UUID, str], *, now: bool
) -> frozenset[str]:
    """The items whose recomputed book is right: equal to the balances, or, in the past, never below nothing."""
    wrong = {lots[lot] for (lot, account), n in totals.items() if n < 0 and kinds[account] == AccountKind.PLACE}
    if now:
        kept = {
            (lot, account): n for lot, account, n in Balance.objects.values_list("lot_id", "account_id", "quantity")
        }
        wrong |= {lots[key[0]] for key in kept.keys() | totals.keys() if kept.get(key, 0) != totals.get(key, 0)}
    return frozenset(lots.values()) - wrong
