"""The shelves, proved from what they follow from: arrivals, calls, collections and the ledger."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from fangxian.masks.models import ACTIVE_CALLS, Arrival, Call, CallStatus, Collection, Round, Run, Shelf, Variant
from fangxian.places.models import Place
from fangxian.stock.models import Balance

Key = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a shelf that its causes do not bear out. `of` is a column of `Shelf`, or what else was compared."""

    pharmacy: str
    variant: str
    of: str
    stated: int
    found: int


def recount(round: Round) -> list[Difference]:
    """What does not agree; nothing when all does. Reads only."""
    shelves = {(row.pharmacy_id, row.variant_id): row for row in Shelf.objects.filter(round=round)}
    arrived = _sums(Arrival.objects.filter(round=round).values_list("pharmacy_id", "variant_id", "quantity"))
    called = Call.objects.filter(round=round, status=CallStatus.CALLED)
    promised = _sums(called.values_list("pharmacy_id", "variant_id", "quantity"))
    # what a counter without network gave out a second time does not stand, but it left the shelf
    gone = Collection.objects.filter(call__round=round, voided_us__isnull=True)
    sold = _sums(gone.values_list("pharmacy_id", "call__variant_id", "quantity"))
    names = dict(Place.objects.filter(id__in={key[0] for key in shelves}).values_list("id", "name"))
    keys = dict(Variant.objects.filter(round=round).values_list("id", "key"))
    found: list[Difference] = []

    def compare(key: Key, of: str, stated: int, counted: int) -> None:
        if stated != counted:
            found.append(Difference(names.get(key[0], ""), keys[key[1]], of, stated, counted))

    for key in sorted({*shelves, *arrived, *promised, *sold}, key=str):
        shelf = shelves.get(key) or Shelf()
        compare(key, "arrived", shelf.arrived, arrived[key])
        compare(key, "promised", shelf.promised, promised[key])
        compare(key, "sold", shelf.sold, sold[key])
        on_hand = shelf.arrived - shelf.sold - shelf.lost
        compare(key, "short", shelf.short, max(0, shelf.promised - on_hand))
        compare(key, "reserve", shelf.reserve, min(shelf.reserve, max(0, on_hand - shelf.promised)))
    for key, (stated, counted) in _ledger(round).items():
        compare(key, "ledger", stated, counted)
    return found + _calls(round)


def _sums(rows: object) -> dict[Key, int]:
    sums: dict[Key, int] = defaultdict(int)
    for pharmacy, variant, quantity in rows:  # type: ignore[attr-defined]  # a values list of three columns
        sums[pharmacy, variant] += quantity
    return sums


def _ledger(round: Round) -> dict[Key, tuple[int, int]]:
    """On hand by the shelves of all rounds that share a variant's lots at a pharmacy, and by the ledger."""
    compared: dict[Key, tuple[int, int]] = {}
    for shelf in Shelf.objects.filter(round=round).select_related("variant"):
        arrivals = Arrival.objects.filter(pharmacy_id=shelf.pharmacy_id, variant__item_id=shelf.variant.item_id)
        lots = set(arrivals.values_list("lot_id", flat=True))
        if not lots:
            continue
        held = Balance.objects.filter(account__place_id=shelf.pharmacy_id, lot_id__in=lots)
        others = Shelf.objects.filter(pharmacy_id=shelf.pharmacy_id, variant__item_id=shelf.variant.item_id)
        stated = sum(row.arrived - row.sold - row.lost for row in others)
        compared[shelf.pharmacy_id, shelf.variant_id] = (stated, held.aggregate(n=Sum("quantity"))["n"] or 0)
    return compared


def _calls(round: Round) -> list[Difference]:
    """Nobody got more than they were called for, and each run has the calls that its file states."""
    found = [
        Difference("", str(run.sale_day), "calls of the run", run.called, count)
        for run in Run.objects.filter(round=round).defer("document").order_by("number")
        if (count := Call.objects.filter(run=run).count()) < run.called
    ]
    over = (
        Collection.objects.filter(call__round=round, call__status__in=ACTIVE_CALLS, standing=True)
        .filter(voided_us__isnull=True)
        .values_list("call_id", "call__quantity", "call__pharmacy__name", "call__variant__key")
        .annotate(n=Sum("quantity"))
    )
    found += [Difference(row[2], row[3], "collected", row[1], row[4]) for row in over if row[4] > row[1]]
    return found
