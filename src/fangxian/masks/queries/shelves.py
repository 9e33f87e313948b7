"""What lies on the shelves, what a day sold, and what a counter is to hand out next."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F, Q, Sum

from fangxian.masks.models import Arrival, Call, CallStatus, Collection, DayClose, Round, Shelf
from fangxian.masks.queries.batches import Priced, batches, lots, on_hand, price_of
from fangxian.masks.queries.numbers import shorts_of, voucher_of
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.stock.models import Balance, Reason, Transfer
from fangxian.stock.rules import Held


@dataclass(frozen=True, slots=True)
class Sold:
    """A pharmacy's day: pieces by variant and by committee, and the money for them. From the rows, nothing kept."""

    by_variant: dict[str, int]
    by_committee: dict[str, int]
    pieces: int
    households: int
    money_fen: int


def sold_on(round: Round, pharmacy: Place, day: date) -> Sold:
    """What left the pharmacy on a local day, whether or not it was right: goods and money do not ask."""
    start_us = clock.day_start_us(day)
    rows = list(
        Collection.objects.filter(
            call__round=round, pharmacy=pharmacy, observed_us__gte=start_us, observed_us__lt=start_us + clock.DAY_US,
            voided_us__isnull=True,
        ).values_list("call__variant__key", "call__registration__committee_id", "call__registration_id", "quantity",
                      "price_fen")
    )  # fmt: skip
    shorts = shorts_of([round.id])
    by_variant: dict[str, int] = defaultdict(int)
    by_committee: dict[str, int] = defaultdict(int)
    for variant, committee, _who, quantity, _price in rows:
        by_variant[variant] += quantity
        by_committee[shorts[(round.id, committee)]] += quantity
    return Sold(
        dict(sorted(by_variant.items())), dict(sorted(by_committee.items())), sum(row[3] for row in rows),
        len({row[2] for row in rows}), sum(row[3] * row[4] for row in rows),
    )  # fmt: skip


def book_of(round: Round, pharmacy: Place, day: date | None = None) -> dict[str, int]:
    """What the book says is on hand, by variant, for every variant that ever was there; as of the end of `day`.

    Today's figure, less what came since that day, and with what left since. A difference that was found when that day
    or an earlier one was closed belongs to that day, however late it was closed.
    """
    rows = list(Shelf.objects.filter(round=round, pharmacy=pharmacy).select_related("variant").order_by("variant__key"))
    since = _since(rows, clock.day_start_us(day) + clock.DAY_US, day) if day is not None and rows else {}
    return {row.variant.key: on_hand(row) - since.get(row.variant_id, 0) for row in rows}


def _since(rows: Sequence[Shelf], end_us: int, day: date) -> dict[int, int]:
    """By how much each shelf has grown since an instant: arrivals, hand-overs and counts."""
    grown: dict[int, int] = defaultdict(int)
    here = {"round_id": rows[0].round_id, "pharmacy_id": rows[0].pharmacy_id}
    for variant_id, quantity in Arrival.objects.filter(**here, at_us__gte=end_us).values_list("variant_id", "quantity"):
        grown[variant_id] += quantity
    of_source = {}
    left = Collection.objects.filter(
        call__round=here["round_id"], pharmacy=here["pharmacy_id"], observed_us__gte=end_us, voided_us__isnull=True,
        lot__isnull=False,  # what went out of no lot was never in the book
    ).values_list("id", "call__variant_id", "quantity")  # fmt: skip
    for id_, variant_id, quantity in left:
        grown[variant_id] -= quantity
        of_source[collection_ref(id_)] = variant_id
    counted = {count_ref(row.id): row.variant_id for row in rows}
    moved = Transfer.objects.filter(at_us__gte=end_us, reason__in=(Reason.COUNT_OVER, Reason.COUNT_SHORT)).filter(
        Q(credit__place=here["pharmacy_id"]) | Q(debit__place=here["pharmacy_id"])
    )
    for ref, reason, quantity in moved.values_list("ref", "reason", "quantity"):
        closed = ref.partition(":")[2].partition(":")[2]
        variant = of_source.get(ref, counted.get(ref.removesuffix(f":{closed}")))
        if variant is not None and not (closed and closed <= day.isoformat()):
            grown[variant] += quantity if reason == Reason.COUNT_OVER else -quantity
    return grown


def collection_ref(collection_id: UUID) -> str:
    """What the ledger's transfers, and the duties, of a hand-over name as their source."""
    return f"mask-collection:{collection_id.hex}"


def count_ref(shelf_id: UUID, day: date | None = None) -> str:
    """What the ledger's transfers of a count name as their source; `day`: the one that was closed with it."""
    return f"mask-count:{shelf_id.hex}" + (f":{day.isoformat()}" if day is not None else "")


@dataclass(frozen=True, slots=True)
class OnShelf:
    """One shelf as its counter sees it. `price_fen` is what the next piece costs; None when there is none."""

    variant: str
    title: Mapping[str, str]
    arrived: int
    sold: int
    lost: int
    on_hand: int
    promised: int
    free: int
    short: int
    reserve: int
    price_fen: int | None


def shelves_of(round: Round, pharmacy: Place) -> list[OnShelf]:
    rows = Shelf.objects.filter(round=round, pharmacy=pharmacy).select_related("variant").order_by("variant__key")
    found = []
    for row in rows:
        came = batches(round_id=round.id, pharmacy_id=pharmacy.id, variant_id=row.variant_id)
        here = on_hand(row)
        found.append(
            OnShelf(
                row.variant.key, row.variant.title, row.arrived, row.sold, row.lost, here, row.promised,
                max(0, here - row.promised), row.short, row.reserve, _next_price(pharmacy, came),
            )
        )  # fmt: skip
    return found


def _next_price(pharmacy: Place, came: list[Priced]) -> int | None:
    held = [
        Held(lot_id, account_id, quantity, expires_on)
        for lot_id, account_id, quantity, expires_on in Balance.objects.filter(
            account__place=pharmacy, lot__in=lots(came), quantity__gt=0
        ).values_list("lot_id", "account_id", "quantity", "lot__expires_on")
    ]
    if not held:
        return None
    first = min(held, key=lambda row: (row.expires_on or date.max, row.lot_id))
    return price_of(first.lot_id, came, held)


def arrivals_of(round: Round, pharmacy: Place | None = None) -> list[Arrival]:
    """What came, newest first; of every pharmacy without one."""
    rows = Arrival.objects.filter(round=round).select_related("pharmacy", "variant", "lot")
    return list((rows.filter(pharmacy=pharmacy) if pharmacy is not None else rows).order_by("-at_us", "-id"))


@dataclass(frozen=True, slots=True)
class Pack:
    """What is packed for one committee: households and pieces by variant."""

    committee: str
    households: int
    pieces: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlanSlot:
    """The numbers of one slot."""

    from_us: int
    until_us: int
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What a pharmacy does on a day of sale: packs to make the night before, numbers by slot."""

    day: date
    packs: tuple[Pack, ...]
    slots: tuple[PlanSlot, ...]
    pieces: dict[str, int]
    households: int


def plan_for(round: Round, pharmacy: Place, day: date) -> DayPlan:
    """The calls of a day that are still to be collected. Three queries."""
    start_us = clock.day_start_us(day)
    calls = list(
        Call.objects.filter(
            round=round, pharmacy=pharmacy, status=CallStatus.CALLED, slot_from_us__gte=start_us,
            slot_from_us__lt=start_us + clock.DAY_US,
        )
        .annotate(key=F("variant__key"))
        .select_related("registration__round")
        .order_by("slot_from_us", "registration__committee_id", "registration__seq", "key")
    )  # fmt: skip
    names = voucher_of(call.registration for call in calls)
    shorts = shorts_of([round.id])
    pieces: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    homes: dict[str, set[UUID]] = defaultdict(set)
    slots: dict[tuple[int, int], list[str]] = defaultdict(list)
    for call in calls:
        short = shorts[(round.id, call.registration.committee_id)]
        pieces[short][call.key] += call.quantity
        homes[short].add(call.registration_id)
        slots[(call.slot_from_us, call.slot_until_us)].append(names[call.registration_id])
    packs = tuple(Pack(short, len(homes[short]), dict(pieces[short])) for short in sorted(pieces))
    return DayPlan(
        day, packs,
        tuple(PlanSlot(*key, tuple(dict.fromkeys(found))) for key, found in sorted(slots.items())),
        _total(pack.pieces for pack in packs), sum(pack.households for pack in packs),
    )  # fmt: skip


def _total(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for part in parts:
        for key, count in part.items():
            total[key] += count
    return dict(sorted(total.items()))


def close_of(round: Round, pharmacy: Place, day: date) -> DayClose | None:
    return DayClose.objects.filter(round=round, pharmacy=pharmacy, day=day).first()


def closes_of(round: Round, *, day: date | None = None) -> list[DayClose]:
    """Newest day first, by pharmacy."""
    rows = DayClose.objects.filter(round=round).select_related("pharmacy")
    return list((rows.filter(day=day) if day is not None else rows).order_by("-day", "pharmacy__path"))


def money_of(round: Round) -> int:
    """What was taken for a round so far, in fen."""
    rows = Collection.objects.filter(call__round=round, voided_us__isnull=True)
    return rows.aggregate(total=Sum(F("quantity") * F("price_fen")))["total"] or 0
