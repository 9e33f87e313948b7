"""Random rounds, night after night: whatever happens between, shelves are borne out by what was done and nobody is
given more than they asked for."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
LAST_DAY = 5


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


def a_second_time_without_network(ground: MaskGround, day: int) -> None:
    """A fact that the rows contradict: it is kept, does not stand, and the shelf follows it."""
    given = Collection.objects.filter(standing=True).select_related("call", "pharmacy").order_by("id").first()
    if given is not None:
        item = Handed(
            id=new_id(), call=given.call_id.hex, quantity=1, identity=True, offline=True, at=given.observed_us
        )  # fmt: skip
        [taken] = hand_over([item], pharmacy=given.pharmacy, by="test", now=evening(day))
        assert (taken.status, taken.code) == ("stored", "double")


class Walk:
    """A round whose days are drawn: after each step everything adds up."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.ground, self.day = dice, make_round(goods="masks-family"), 0
        self.last, self.shops = [0, 0], [0, 1]

    def step(self, kind: str) -> None:
        match kind:
            case "register":
                people_register(self.ground, self.dice, self.last)
            case "goods":
                goods_come(self.ground, self.dice, self.day, self.shops)
            case "yield":
                somebody_yields(self.dice)
            case "night":
                self.night()
            case "twice":
                a_second_time_without_network(self.ground, self.day)
            case "drop" if self.shops == [0, 1]:
                drop_outlet(
                    round=self.ground.round, pharmacy=self.ground.pharmacies[0], reason="flooded", by="test",
                    now=evening(self.day),
                )  # fmt: skip
                self.shops = [1]
        everything_adds_up(self.ground)

    def night(self) -> None:
        """Numbers are called in the evening, and the day after is sold."""
        if self.day == LAST_DAY:
            return
        sale_day = FIRST + timedelta(days=self.day)
        made = allocate.run(round=self.ground.round, sale_day=sale_day, by="test", now=evening(self.day))
        assert publishing.verify(made.document).faults == []
        assert Call.objects.filter(run=made).count() >= made.called
        everything_adds_up(self.ground)
        if Shelf.objects.exists():
            a_day_at_the_counter(self.ground, self.dice, self.day)
        self.day += 1


STEPS = st.lists(st.sampled_from(("register", "goods", "yield", "night", "twice", "drop", "night")), max_size=14)


@settings(
    max_examples=8, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_happens_in_a_round_it_adds_up(steps: list[str], dice: random.Random) -> None:
    with transaction.atomic():
        walk = Walk(dice)
        for kind in ("register", "goods", *steps, "night"):
            walk.step(kind)
        open_ = Call.objects.filter(status=CallStatus.CALLED).count()
        assert allocate.lapse(now=evening(12)) == open_
        assert not Shelf.objects.filter(promised__gt=0).exists()
        everything_adds_up(walk.ground)
        transaction.set_rollback(True)
