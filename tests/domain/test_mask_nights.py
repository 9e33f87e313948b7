"""Random rounds, night after night: whatever happens between, shelves are borne out by what was done and nobody is
given more than they asked for."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db.models import Sum
from django.utils import translation

from fangxian.masks import publishing, rules
from fangxian.masks.actions import allocate, supply
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.actions.dropping import drop_outlet
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Collection, Registration, Shelf, Variant, Yield
from fangxian.masks.proof import recount
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round, registered, stocked

pytestmark = pytest.mark.django_db

FIRST = date(2020, 2, 18)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def evening(day: int) -> datetime:
    return MORNING + timedelta(days=day, hours=13)


def goods_come(ground: MaskGround, dice: random.Random, day: int, shops: list[int]) -> None:
    for shop in shops:
        for variant in ("adult", "child", "n95"):
            if dice.random() < 0.7:
                stocked(ground, shop, dice.randint(1, 14), variant=variant, now=evening(day))


def people_register(ground: MaskGround, dice: random.Random, last: list[int]) -> None:
    for committee in (0, 1):
        for _ in range(dice.randint(0, 4)):
            if last[committee] == 6:
                break
            last[committee] += 1
            wants = {"adult": dice.randint(0, 5), "child": dice.randint(0, 5), "n95": dice.randint(1, 2)}
            registered(
                ground, committee, last[committee], wants=rules.wants_text(wants), deliver=dice.random() < 0.2,
                special=dice.choice(("", "", "elderly")), urgent=dice.random() < 0.3,
            )  # fmt: skip


def somebody_yields(dice: random.Random) -> None:
    waiting = list(Registration.objects.filter(urgent=False, yielded__isnull=True, calls__isnull=True).order_by("seq"))
    if waiting:
        Yield.objects.create(registration=dice.choice(waiting), at_us=1, by="")


def a_day_at_the_counter(ground: MaskGround, dice: random.Random, day: int) -> None:
    for call in Call.objects.filter(status=CallStatus.CALLED).select_related("pharmacy").order_by("id"):
        chance = dice.random()
        at = clock.from_us(call.slot_from_us)
        if chance < 0.5 and at < evening(day + 1):
            item = Handed(id=new_id(), call=call.id.hex, quantity=dice.randint(1, call.quantity), identity=True)
            [taken] = hand_over([item], pharmacy=call.pharmacy, by="test", now=at)
            assert taken.status in ("stored", "refused")
        elif chance < 0.6:
            allocate.void_call(call=call, reason="called in error", by="test", now=evening(day))
    if dice.random() < 0.4:
        shelf = dice.choice(list(Shelf.objects.filter(round=ground.round).select_related("pharmacy", "variant")))
        there = shelf.arrived - shelf.sold - shelf.lost
        if there > 1:
            supply.correct(
                round=ground.round, pharmacy=shelf.pharmacy, variant=shelf.variant, counted=there - 1,
                reason="one was torn", by="test", now=evening(day),
            )  # fmt: skip


def everything_adds_up(ground: MaskGround) -> None:
    assert recount(ground.round) == []
    for shelf in Shelf.objects.filter(round=ground.round):
        assert shelf.promised - shelf.short <= shelf.arrived - shelf.sold - shelf.lost
    quotas = {variant.id: variant.key for variant in Variant.objects.filter(round=ground.round)}
    for row in Registration.objects.filter(round=ground.round):
        asked = rules.parse_wants(row.wants)
        for variant, key in quotas.items():
            held = Call.objects.filter(registration=row, variant_id=variant, status__in=ACTIVE_CALLS)
            assert held.count() <= 1
            got = Collection.objects.filter(call__registration=row, call__variant_id=variant, standing=True)
            assert (got.aggregate(n=Sum("quantity"))["n"] or 0) <= asked.get(key, 0)


@pytest.mark.parametrize("seed", range(4))
def test_random_rounds_add_up(seed: int) -> None:
    dice = random.Random(seed)
    ground = make_round(goods="masks-family")
    last, shops = [0, 0], [0, 1]
    for day in range(5):
        people_register(ground, dice, last)
        goods_come(ground, dice, day, shops)
        somebody_yields(dice)
        if day == 3 and seed % 2:
            drop_outlet(
                round=ground.round, pharmacy=ground.pharmacies[0], reason="flooded", by="test", now=evening(day)
            )
            shops = [1]
            everything_adds_up(ground)
        made = allocate.run(
            round=ground.round, sale_day=FIRST + timedelta(days=day), by="test", now=evening(day)
        )  # fmt: skip
        assert publishing.verify(made.document).faults == []
        assert Call.objects.filter(run=made).count() >= made.called
        everything_adds_up(ground)
        a_day_at_the_counter(ground, dice, day)
        everything_adds_up(ground)
    assert Collection.objects.exists()
    open_ = Call.objects.filter(status=CallStatus.CALLED).count()
    assert allocate.lapse(now=evening(12)) == open_
    assert not Shelf.objects.filter(promised__gt=0).exists()
    everything_adds_up(ground)
