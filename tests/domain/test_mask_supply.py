"""Goods come to a pharmacy and are counted there: shelf and ledger change together, and no number vanishes."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import translation

from fangxian.accounts.roles import Role
from fangxian.duties.models import Duty, OneOff
from fangxian.masks.actions import shelves, supply
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Arrival, Call, CallStatus, Message, MessageKind, Outlet, Shelf
from fangxian.masks.playbook import ARRIVED
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import queries as stock
from fangxian.stock.models import Reason, Transfer
from tests.support.mask_goods import TUESDAY, Goods, arrive, prove, selling
from tests.support.masks import make_round
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def correct(goods: Goods, counted: int, reason: str = "淋湿") -> int:
    return supply.correct(
        round=goods.ground.round, pharmacy=goods.pharmacy, variant=goods.ground.adult, counted=counted, reason=reason,
        by="test", now=TUESDAY,
    )  # fmt: skip


def test_an_arrival_is_a_lot_of_the_ledger_a_message_and_a_duty_to_call() -> None:
    goods = Goods(make_round())
    arrival = arrive(goods, 200, price_fen=250, batch="B1", expires_on=date(2022, 1, 31))
    assert (arrival.lot.brand, arrival.lot.batch, arrival.lot.expires_on) == ("飘安", "B1", date(2022, 1, 31))
    assert arrival.lot.unit_cost is not None
    assert str(arrival.lot.unit_cost) == "2.5"
    shelf = goods.shelf()
    assert (shelf.arrived, shelf.reserve, shelves.free(shelf)) == (200, 10, 200)
    message = Message.objects.get()
    assert (message.kind, message.pharmacy_id, message.duty_id) == (MessageKind.ARRIVAL, goods.pharmacy.id, None)
    duty = Duty.objects.get(cohort__key=ARRIVED, cohort__instance=arrival.id.hex)
    assert duty.due_us == clock.to_us(TUESDAY) + 36 * clock.HOUR_US
    prove(goods)


def test_the_same_arrival_sent_again_changes_nothing() -> None:
    goods = Goods(make_round())
    ident = new_id()
    assert arrive(goods, 200, id=ident) == arrive(goods, 200, id=ident)
    assert goods.shelf().arrived == 200
    assert Arrival.objects.count() == Message.objects.count() == Transfer.objects.count() == 1


def test_each_arrival_owes_its_own_calls() -> None:
    goods = Goods(make_round())
    for batch in ("B1", "B2"):
        arrive(goods, 100, batch=batch)
    assert Duty.objects.filter(cohort__key=ARRIVED).count() == 2
    prove(goods)


@pytest.mark.parametrize(
    ("quantity", "price", "expires", "said"),
    [
        (0, 250, None, "above 0"),
        (-1, 250, None, "above 0"),
        (10, -1, None, "price"),
        (10, 250, date(2020, 2, 17), "expired"),
    ],
)
def test_what_cannot_have_arrived_is_refused(quantity: int, price: int, expires: date | None, said: str) -> None:
    goods = Goods(make_round())
    with pytest.raises(MaskError, match=said):
        arrive(goods, quantity, price_fen=price, expires_on=expires)
    assert not Arrival.objects.exists()
    assert not Shelf.objects.exists()


def test_a_pharmacy_that_left_the_round_takes_nothing_in() -> None:
    goods = Goods(make_round())
    Outlet.objects.filter(pharmacy=goods.pharmacy).update(dropped_us=1, reason="闭店")
    with pytest.raises(MaskError, match="does not sell"):
        arrive(goods, 10)


def test_a_count_that_agrees_changes_nothing_and_is_audited() -> None:
    goods = selling()
    assert correct(goods, 30) == 0
    assert goods.shelf().lost == 0
    assert not OneOff.objects.exists()
    prove(goods)


def test_more_than_booked_is_found_stock() -> None:
    goods = selling()
    assert correct(goods, 33) == 3
    shelf = goods.shelf()
    assert (shelf.lost, shelves.on_hand(shelf), shelf.short) == (-3, 33, 0)
    assert Transfer.objects.filter(reason=Reason.COUNT_OVER).count() == 1
    prove(goods)


def test_a_loss_that_nobody_was_promised_owes_nothing() -> None:
    goods = selling(called=3, arrived=30)
    assert correct(goods, 15) == -15
    assert goods.shelf().short == 0
    assert not OneOff.objects.exists()
    prove(goods)


def test_below_what_is_called_every_call_stays_and_the_numbers_are_named() -> None:
    goods = selling(called=3, arrived=30)
    correct(goods, 8)
    shelf = goods.shelf()
    assert (shelf.promised, shelf.short, shelves.free(shelf)) == (15, 7, 0)
    assert Call.objects.filter(status=CallStatus.CALLED).count() == 3
    tasks = OneOff.objects.order_by("role")
    assert [task.role for task in tasks] == [Role.PHARMACY, Role.SECTION_HEAD]
    for task in tasks:
        # seven of fifteen are missing: the two who come last find too little
        assert "R2-何家角-0002" in task.note
        assert "R2-何家角-0003" in task.note
        assert "R2-何家角-0001" not in task.note
        assert "王海" not in task.note + task.title
    message = Message.objects.get(kind=MessageKind.SHORTAGE)
    assert message.duty_id is not None
    prove(goods)


def test_a_later_arrival_heals_what_is_missing_first() -> None:
    goods = selling(called=3, arrived=30)
    correct(goods, 8)
    arrive(goods, 5, batch="B2")
    assert (goods.shelf().short, shelves.free(goods.shelf()), goods.shelf().reserve) == (2, 0, 0)
    assert Message.objects.filter(kind=MessageKind.SHORTAGE, answered_us__isnull=False).count() == 0
    arrive(goods, 10, batch="B3")
    assert (goods.shelf().short, shelves.free(goods.shelf())) == (0, 8)
    assert all(task.duty.last_us is not None for task in OneOff.objects.select_related("duty"))
    assert Message.objects.filter(kind=MessageKind.SHORTAGE, answered_us__isnull=False).count() == 1
    prove(goods)


def test_a_count_must_be_a_number_with_a_reason() -> None:
    goods = selling()
    with pytest.raises(MaskError, match="Say why"):
        correct(goods, 3, reason=" ")
    with pytest.raises(MaskError, match="whole number"):
        correct(goods, -1)
    with pytest.raises(MaskError, match="ever came"):
        supply.correct(
            round=goods.ground.round, pharmacy=goods.other, variant=goods.ground.adult, counted=3, reason="盘点",
            by="test", now=TUESDAY,
        )  # fmt: skip
    assert goods.shelf().lost == 0


def test_the_ledger_proves_itself() -> None:
    goods = selling()
    correct(goods, 20)
    arrive(goods, 5, now=TUESDAY + timedelta(hours=1))
    assert all(proof.holds for proof in stock.prove())


@pytest.mark.django_db(transaction=True)
def test_one_arrival_sent_twice_at_once_and_another_beside_it() -> None:
    goods = Goods(make_round())
    ident = new_id()
    at_once(
        lambda: arrive(goods, 200, id=ident), lambda: arrive(goods, 200, id=ident),
        lambda: arrive(goods, 50, batch="B2"),
    )  # fmt: skip
    assert (goods.shelf().arrived, Arrival.objects.count()) == (250, 2)
    assert Duty.objects.filter(cohort__key=ARRIVED).count() == 2
    prove(goods)
