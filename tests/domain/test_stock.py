"""The ledger: what comes in is stored, used, written off or differs in counting, and no store is ever below nothing."""

import threading
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fangxian.audit.models import Entry
from fangxian.places.models import Place
from fangxian.shared.ids import new_id
from fangxian.stock import actions as stock
from fangxian.stock import queries
from fangxian.stock.actions import StockError, Use
from fangxian.stock.models import Balance, Item, Lot, Reason, Transfer, Unit
from tests.support.yard import MORNING, Yard, make_yard

SOON, LATER = date(2020, 3, 1), date(2021, 3, 1)


def make_item(key: str = "chlorine-84") -> Item:
    return stock.define_item(key=key, name="84消毒液", name_en="84 disinfectant", unit=Unit.ML, by="test", now=MORNING)


def receive(item: Item, place: Place, quantity: int, batch: str = "A", expires: date | None = LATER) -> Lot:
    return stock.receive(
        id=new_id(), item=item, place=place, quantity=quantity, batch=batch, expires_on=expires, by="test", now=MORNING
    )


def draw(item: Item, place: Place, quantity: int) -> None:
    stock.draw(
        id=new_id(), item=item, place=place, quantity=quantity, reason=Reason.DISINFECTION, by="test", now=MORNING
    )


def held(place: Place, key: str = "chlorine-84") -> int:
    return queries.held_by([place.id], key).get(place.id, 0)


@pytest.fixture
def yard(db: None) -> Yard:
    return make_yard()


def test_goods_go_from_the_supplier_through_stores_to_the_floor(yard: Yard) -> None:
    item, street, committee = make_item(), yard["虹桥街道"], yard["何家角"]
    lot = receive(item, street, 10_000)
    stock.move(id=new_id(), lot=lot, from_place=street, to_place=committee, quantity=4_000, by="test", now=MORNING)
    draw(item, committee, 1_500)
    stock.write_off(id=new_id(), lot=lot, place=committee, quantity=500, reason=Reason.SPOILT, by="test", now=MORNING)
    assert (held(street), held(committee)) == (6_000, 2_000)
    proof = queries.prove()[0]
    assert (proof.received, proof.stored, proof.used, proof.written_off, proof.difference) == (
        10_000,
        8_000,
        1_500,
        500,
        0,
    )
    assert proof.holds


def test_the_lot_that_expires_first_is_used_first_and_an_expired_one_is_not(yard: Yard) -> None:
    item, store = make_item(), yard["何家角"]
    late, soon, gone = (
        receive(item, store, 1_000, "late", LATER),
        receive(item, store, 1_000, "soon", SOON),
        receive(item, store, 1_000, "gone", date(2020, 2, 1)),
    )
    draw(item, store, 1_200)
    left = {row.lot_id: row.quantity for row in Balance.objects.filter(account__place=store)}
    assert (left[soon.id], left[late.id], left[gone.id]) == (0, 800, 1_000)
    with pytest.raises(StockError, match="800"):
        draw(item, store, 900)
    assert next(line for line in queries.lines(Q(), today=date(2020, 2, 17)) if line.lot_id == gone.id).expired


def test_a_draw_of_more_than_there_is_says_how_much_there_is_and_books_nothing(yard: Yard) -> None:
    item, store = make_item(), yard["何家角"]
    receive(item, store, 300)
    before = Transfer.objects.count()
    with pytest.raises(StockError, match=r"何家角.*300.*301"):
        draw(item, store, 301)
    with pytest.raises(StockError):
        draw(item, yard["虹储"], 1)
    assert Transfer.objects.count() == before
    assert held(store) == 300


def test_a_move_or_write_off_of_more_than_there_is_is_refused(yard: Yard) -> None:
    item, store, other = make_item(), yard["何家角"], yard["虹储"]
    lot = receive(item, store, 100)
    with pytest.raises(StockError, match="100"):
        stock.move(id=new_id(), lot=lot, from_place=store, to_place=other, quantity=101, by="test", now=MORNING)
    with pytest.raises(StockError, match="0"):
        stock.move(id=new_id(), lot=lot, from_place=other, to_place=store, quantity=1, by="test", now=MORNING)
    with pytest.raises(StockError):
        stock.move(id=new_id(), lot=lot, from_place=store, to_place=store, quantity=1, by="test", now=MORNING)
    with pytest.raises(StockError):
        stock.write_off(id=new_id(), lot=lot, place=store, quantity=101, reason=Reason.LOST, by="test", now=MORNING)
    with pytest.raises(StockError):
        stock.write_off(id=new_id(), lot=lot, place=store, quantity=1, reason=Reason.MOVE, by="test", now=MORNING)
    assert held(store) == 100


@pytest.mark.parametrize("quantity", [0, -5, stock.MOST + 1])
def test_a_quantity_is_a_whole_number_above_nothing(yard: Yard, quantity: int) -> None:
    with pytest.raises(StockError):
        receive(make_item(), yard["何家角"], quantity)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(("counted", "difference"), [(70, -30), (100, 0), (130, 30), (0, -100)])
def test_what_a_count_finds_becomes_a_transfer_with_its_reason(yard: Yard, counted: int, difference: int) -> None:
    item, store = make_item(), yard["何家角"]
    lot, sent = receive(item, store, 100), new_id()
    for _again in range(2):
        found = stock.count(id=sent, lot=lot, place=store, counted=counted, by="test", now=MORNING)
        assert (found, held(store)) == (difference, counted) if not _again or difference else (0, counted)
    proof = queries.prove()[0]
    assert (proof.difference, proof.holds) == (difference, True)
    reasons = set(Transfer.objects.exclude(reason=Reason.PURCHASE).values_list("reason", flat=True))
    assert reasons == ({Reason.COUNT_OVER} if difference > 0 else {Reason.COUNT_SHORT} if difference < 0 else set())


def test_the_same_delivery_sent_twice_is_one(yard: Yard) -> None:
    item, store, sent = make_item(), yard["何家角"], new_id()
    for _again in range(2):
        stock.receive(id=sent, item=item, place=store, quantity=50, by="test", now=MORNING)
    assert held(store) == 50
    drawn = new_id()
    receive(item, store, 50, "second", SOON)
    for _again in range(2):
        stock.draw(id=drawn, item=item, place=store, quantity=80, reason=Reason.ISSUE, by="test", now=MORNING)
    assert held(store) == 20


def test_a_donation_is_told_from_a_purchase_and_desk_acts_are_in_the_audit(yard: Yard) -> None:
    item, store = make_item("mask"), yard["何家角"]
    lot = stock.receive(
        id=new_id(), item=item, place=store, quantity=1_000, donated=True, by="test", now=MORNING, ref="donation:1"
    )
    assert Transfer.objects.get(lot=lot).reason == Reason.DONATION
    assert queries.prove()[0].holds
    assert "stock.received" in set(Entry.objects.values_list("act", flat=True))


def test_uses_that_have_happened_are_booked_as_far_as_the_stores_reach(yard: Yard) -> None:
    item, near, far = make_item(), yard["中华新村"], yard["何家角"]
    receive(item, near, 100)
    receive(item, far, 50)
    line = (near.id, far.id)
    uses = [Use(item.id, line, 80, "a:1"), Use(item.id, line, 60, "a:2"), Use(item.id, line, 60, "a:3")]
    assert stock.draw_what_there_is(uses=uses, reason=Reason.DISINFECTION, by="test", now=MORNING) == [80, 60, 10]
    assert (held(near), held(far)) == (0, 0)
    assert queries.prove()[0].holds


def test_the_database_itself_refuses_a_store_below_nothing(yard: Yard) -> None:
    receive(make_item(), yard["何家角"], 10)
    row = Balance.objects.get(account__place=yard["何家角"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Balance.objects.filter(id=row.id).update(quantity=-1)


def test_the_proof_finds_a_balance_that_somebody_changed(yard: Yard) -> None:
    receive(make_item(), yard["何家角"], 10)
    assert queries.prove()[0].holds
    Balance.objects.filter(account__place=yard["何家角"]).update(quantity=11)
    assert not queries.prove()[0].book_agrees


STEP = st.tuples(
    st.sampled_from(["receive", "draw", "move", "write_off", "count", "use"]),
    st.integers(0, 2), st.integers(0, 2), st.integers(0, 1), st.integers(1, 60),
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=25))
def test_whatever_happens_nothing_appears_or_vanishes_and_no_store_falls_below_nothing(
    yard: Yard, steps: list[tuple[str, int, int, int, int]]
) -> None:
    stores = [yard["虹桥街道"], yard["何家角"], yard["中华新村"]]
    with transaction.atomic():
        items = [make_item("one"), make_item("two")]
        lots = [receive(item, stores[0], 30, "first", SOON) for item in items]
        for number, (what, here, there, which, quantity) in enumerate(steps, 1):
            _do(what, stores[here], stores[there], items[which], lots[which], quantity, number)
            assert not Balance.objects.filter(account__place__isnull=False, quantity__lt=0).exists()
        assert all(proof.holds for proof in queries.prove())
        for number in range(len(steps) + 1):
            at_us = int((MORNING + timedelta(minutes=number)).timestamp() * 1_000_000)
            assert all(proof.holds for proof in queries.prove(until_us=at_us))
        transaction.set_rollback(True)


def _do(what: str, here: Place, there: Place, item: Item, lot: Lot, quantity: int, number: int) -> None:
    """One step at its own minute; what the store cannot give is refused, as it should be."""
    now, id = MORNING + timedelta(minutes=number), new_id()
    try:
        if what == "receive":
            stock.receive(id=id, item=item, place=here, quantity=quantity, batch="b", by="test", now=now)
        elif what == "draw":
            stock.draw(id=id, item=item, place=here, quantity=quantity, reason=Reason.ISSUE, by="test", now=now)
        elif what == "move":
            stock.move(id=id, lot=lot, from_place=here, to_place=there, quantity=quantity, by="test", now=now)
        elif what == "write_off":
            stock.write_off(id=id, lot=lot, place=here, quantity=quantity, reason=Reason.LOST, by="test", now=now)
        elif what == "count":
            stock.count(id=id, lot=lot, place=here, counted=quantity, by="test", now=now)
        else:
            uses = [Use(item.id, (here.id, there.id), quantity, "use:1")] * 2
            stock.draw_what_there_is(uses=uses, reason=Reason.DISINFECTION, by="test", now=now)
    except StockError:
        pass


@pytest.mark.django_db(transaction=True)
def test_of_two_who_draw_the_last_litre_at_once_one_gets_it() -> None:
    yard, item = make_yard(), make_item()
    store = yard["何家角"]
    receive(item, store, 1_000)
    gate, got = threading.Barrier(2), []

    def take() -> None:
        try:
            gate.wait(timeout=10)
            draw(item, store, 1_000)
            got.append("litre")
        except StockError as refused:
            got.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(got, key=len)[0] == "litre"
    assert len(got) == 2
    assert got.count("litre") == 1
    assert held(store) == 0
    assert queries.prove()[0].holds


@pytest.mark.django_db(transaction=True)
def test_moves_in_opposite_directions_at_once_do_not_wait_for_each_other() -> None:
    yard, item = make_yard(), make_item()
    one, two = yard["何家角"], yard["虹储"]
    lot = receive(item, one, 500)
    stock.move(id=new_id(), lot=lot, from_place=one, to_place=two, quantity=250, by="test", now=MORNING)
    faults: list[BaseException] = []

    def shift(source: Place, target: Place) -> None:
        try:
            for _n in range(15):
                stock.move(id=new_id(), lot=lot, from_place=source, to_place=target, quantity=5, by="test", now=MORNING)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=shift, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert (held(one), held(two)) == (250, 250)
    assert queries.prove()[0].holds
