"""Households that registered and were called, as rows: for tests of what comes after that."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from fangxian.masks.actions import shelves, supply
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed, Taken
from fangxian.masks.models import (
    Arrival,
    Call,
    CallStatus,
    Collection,
    Counter,
    Registration,
    Run,
    Shelf,
    Variant,
)
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock.models import Balance
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round

TUESDAY = MORNING + timedelta(days=1, hours=1)  # 09:00 on 18 February, when sale begins


@dataclass
class Goods:
    ground: MaskGround
    calls: list[Call] = field(default_factory=list)

    @property
    def pharmacy(self) -> Place:
        return self.ground.pharmacies[0]

    @property
    def other(self) -> Place:
        return self.ground.pharmacies[1]

    def shelf(self, pharmacy: Place | None = None, variant: Variant | None = None) -> Shelf:
        return Shelf.objects.get(
            round=self.ground.round, pharmacy=pharmacy or self.pharmacy, variant=variant or self.ground.adult
        )


def arrive(
    goods: Goods, quantity: int, *, price_fen: int = 250, pharmacy: Place | None = None, now: datetime = TUESDAY,
    batch: str = "", id: UUID | None = None, expires_on: date | None = None,
) -> Arrival:  # fmt: skip
    return supply.arrive(
        round=goods.ground.round, pharmacy=pharmacy or goods.pharmacy, variant=goods.ground.adult, quantity=quantity,
        price_fen=price_fen, brand="飘安", batch=batch, expires_on=expires_on, by="test", now=now, id=id,
    )  # fmt: skip


def register(
    ground: MaskGround, door: Place, committee: Place, *, name: str = "王海", **fields: object
) -> Registration:
    counter = Counter.objects.get(round=ground.round, committee=committee)
    counter.last += 1
    counter.save()
    at_us = clock.to_us(MORNING + timedelta(hours=2))
    return Registration.objects.create(
        round=ground.round, committee=committee, seq=counter.last, unit=door.id, applicant=name, channel="desk",
        wants="adult=5", secret=new_id().hex, by="test", observed_us=at_us, received_us=at_us, **fields,
    )  # fmt: skip


@transaction.atomic
def call(
    goods: Goods, registration: Registration, *, pharmacy: Place | None = None, quantity: int = 5,
    now: datetime = TUESDAY, slot: int = 0, reserved: bool = False,
) -> Call:  # fmt: skip
    """Called for a half hour from 09:00 on; may be collected until 17:00 of the next day."""
    ground = goods.ground
    run, _made = Run.objects.get_or_create(
        round=ground.round, number=1,
        defaults={
            "sale_day": date(2020, 2, 18), "document": "{}", "sha256": "", "called": 0, "made_us": 0, "by": "test",
        },
    )  # fmt: skip
    start_us = clock.to_us(TUESDAY) + slot * 30 * clock.MINUTE_US
    where = pharmacy or goods.pharmacy
    now_us = clock.to_us(now)
    held = shelves.lock(
        round_id=ground.round.id, pharmacy_id=where.id, variant_ids=[ground.adult.id], now_us=now_us
    )[ground.adult.id]  # fmt: skip
    assert shelves.free(held) >= quantity, "nothing is called without stock"
    held.promised += quantity
    shelves.put(held, now_us)
    row = Call.objects.create(
        run=run, round=ground.round, registration=registration, variant=ground.adult, pharmacy=where, quantity=quantity,
        slot_from_us=start_us, slot_until_us=start_us + 30 * clock.MINUTE_US, changed_us=now_us, reserved=reserved,
        deadline_us=clock.to_us(TUESDAY + timedelta(days=1, hours=8)),
    )  # fmt: skip
    goods.calls.append(row)
    return row


def selling(*, called: int = 3, arrived: int = 30) -> Goods:
    """A round on its first day of sale: goods at the first pharmacy, the first numbers of 何家角 called there."""
    goods = Goods(make_round())
    arrive(goods, arrived, now=TUESDAY - timedelta(hours=12))
    committee = goods.ground.committees[0]
    for number, door in enumerate(doors(goods, 0)[:called]):
        call(goods, register(goods.ground, door, committee), slot=number)
    return goods


def doors(goods: Goods, committee: int) -> list[Place]:
    """The dwellings of a committee, in the order of its numbers."""
    within = goods.ground.committees[committee].path
    return [door for door in goods.ground.street.dwellings if door.path.startswith(within)]


def prove(goods: Goods, pharmacy: Place | None = None) -> None:
    """Each shelf follows from its rows, and the ledger holds what the shelf says."""
    for shelf in Shelf.objects.filter(round=goods.ground.round):
        arrived = Arrival.objects.filter(round=shelf.round_id, pharmacy=shelf.pharmacy_id, variant=shelf.variant_id)
        sold = Collection.objects.filter(
            call__round=shelf.round_id, call__variant=shelf.variant_id, pharmacy=shelf.pharmacy_id,
            voided_us__isnull=True,
        )  # fmt: skip
        called = Call.objects.filter(
            round=shelf.round_id, pharmacy=shelf.pharmacy_id, variant=shelf.variant_id, status=CallStatus.CALLED
        )
        assert shelf.arrived == _sum(arrived)
        assert shelf.sold == _sum(sold)
        assert shelf.promised == _sum(called)
        assert shelf.short == max(0, shelf.promised - shelves.on_hand(shelf))
        held = Balance.objects.filter(account__place=shelf.pharmacy_id, lot__item=shelf.variant.item_id)
        assert shelves.on_hand(shelf) == _sum(held)


def _sum(rows: object) -> int:
    return rows.aggregate(total=Sum("quantity"))["total"] or 0  # type: ignore[attr-defined]  # any of four querysets


def give(
    goods: Goods, written: str, *, pharmacy: Place | None = None, quantity: int = 5, identity: bool = True,
    offline: bool = False, collector: str = "", minutes: int = 10, heard: int | None = None, by: str = "test",
    variant: str = "", id: object = None,
) -> Taken:  # fmt: skip
    """One hand-over `minutes` after sale began; without a network the server hears of it `heard` minutes after."""
    at = TUESDAY + timedelta(minutes=minutes)
    now = at if heard is None else TUESDAY + timedelta(minutes=heard)
    item = Handed(
        id=id or new_id(), call=written, quantity=quantity, identity=identity, collector=collector, variant=variant,
        offline=offline, at=clock.to_us(at),
    )  # fmt: skip
    return hand_over([item], pharmacy=pharmacy or goods.pharmacy, by=by, now=now)[0]
