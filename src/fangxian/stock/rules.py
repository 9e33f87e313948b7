"""Pure decisions about stock: which lots to take, and how a book is recomputed from its transfers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Held:
    """So much of a lot lies in an account."""

    lot_id: UUID
    account_id: UUID
    quantity: int
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Take:
    lot_id: UUID
    account_id: UUID
    quantity: int


def choose_lots(held: Sequence[Held], wanted: int, *, today: date, expired_too: bool = False) -> tuple[Take, ...]:
    """First expired, first out: what expires soonest is taken first, undated lots last.

    Accounts are used in the order in which `held` names them first, so a nearer store goes before a farther one.
    Expired lots are left alone unless `expired_too`. Takes what there is: the sum may be less than `wanted`.
    """
    rank: dict[UUID, int] = {}
    for row in held:
        rank.setdefault(row.account_id, len(rank))
    usable = [
        row for row in held if row.quantity > 0 and (expired_too or row.expires_on is None or row.expires_on >= today)
    ]
    usable.sort(key=lambda row: (rank[row.account_id], row.expires_on or date.max, row.lot_id))
    takes, left = [], wanted
    for row in usable:
        if left <= 0:
            break
        part = min(row.quantity, left)
        takes.append(Take(row.lot_id, row.account_id, part))
        left -= part
    return tuple(takes)


@dataclass(frozen=True, slots=True)
class Entry:
    """A transfer as far as a book needs it."""

    lot_id: UUID
    credit_id: UUID
    debit_id: UUID
    quantity: int


def book(entries: Iterable[Entry]) -> dict[tuple[UUID, UUID], int]:
    """Balances by (lot, account), from the transfers alone. For each lot they sum to nothing."""
    totals: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for entry in entries:
        totals[(entry.lot_id, entry.credit_id)] -= entry.quantity
        totals[(entry.lot_id, entry.debit_id)] += entry.quantity
    return dict(totals)
