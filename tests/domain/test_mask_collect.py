"""Goods go over a counter: once for each called number, wherever it is shown, with and without a network."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from fangxian.accounts.roles import Role
from fangxian.duties.models import OneOff
from fangxian.masks.actions import allocate, shelves, supply
from fangxian.masks.actions.collect import hand_over, void_collection
from fangxian.masks.actions.collect_items import Handed, Taken
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.counter import Code
from fangxian.masks.models import Call, CallStatus, Collection, DayClose, Message, MessageKind
from fangxian.masks.proof import recount
from fangxian.masks.queries import counter as lookups
from fangxian.rota.models import Training
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import queries as stock
from fangxian.stock.models import Reason, Transfer
from tests.support.factories import make_staff
from tests.support.mask_goods import TUESDAY, Goods, arrive, call, doors, give, prove, register, selling
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_a_called_number_is_collected_and_paid() -> None:
    goods = selling()
    taken = give(goods, "r2 何家角 0001")
    assert (taken.status, taken.code, taken.voucher) == ("stored", "ok", "R2-何家角-0001")
    assert (taken.quantity, taken.price_fen, taken.money_fen, taken.warnings) == (5, 250, 1250, ())
    shelf = goods.shelf()
    assert (shelf.sold, shelf.promised, shelves.on_hand(shelf)) == (5, 10, 25)
    assert Call.objects.get(id=goods.calls[0].id).status == CallStatus.COLLECTED
    sold = Transfer.objects.get(reason=Reason.SALE)
    assert sold.ref == f"mask-collection:{taken.id}"
    prove(goods)
    assert all(proof.holds for proof in stock.prove())


def test_the_id_of_a_call_does_as_well_as_its_voucher() -> None:
    goods = selling()
    assert give(goods, goods.calls[1].id.hex, minutes=40).voucher == "R2-何家角-0002"


def test_the_same_hand_over_sent_again_changes_nothing() -> None:
    goods = selling()
    ident = new_id()
    first, second = (give(goods, "R2-何家角-0001", id=ident) for _ in range(2))
    assert (first.status, second.status, second.code, second.money_fen) == ("stored", "known", "ok", 1250)
    assert Collection.objects.count() == 1
    prove(goods)


def test_a_second_time_is_told_when_and_where_it_was_collected() -> None:
    goods = selling()
    give(goods, "R2-何家角-0001")
    again = give(goods, "R2-何家角-0001", minutes=15)
    assert (again.status, again.code, again.pharmacy) == ("double", "double", "第1药房")
    assert again.collected_us == clock.to_us(TUESDAY + timedelta(minutes=10))
    assert give(goods, "R2-何家角-0001", pharmacy=goods.other).status == "double"
    assert Collection.objects.count() == 1
    prove(goods)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"pharmacy": "other"}, "wrong_pharmacy"),
        ({"identity": False}, "no_identity"),
        ({"quantity": 0}, "nothing"),
        ({"quantity": 6}, "too_many"),
        ({"minutes": 32 * 60}, "lapsed"),
        ({"minutes": 32 * 60 - 1}, "ok"),
    ],
)
def test_what_a_counter_with_network_may_not_hand_out(fields: dict[str, object], code: str) -> None:
    goods = selling()
    if "pharmacy" in fields:
        fields = {"pharmacy": goods.other}
    taken = give(goods, "R2-何家角-0001", **fields)  # type: ignore[arg-type]  # a table of its keywords
    assert taken.code == code
    assert (taken.status == "stored") == (code == "ok")
    assert Collection.objects.count() == (code == "ok")
    assert goods.shelf().promised == (10 if code == "ok" else 15)
    assert taken.pharmacy == "第1药房"
    assert goods.ground.round.shelves.filter(pharmacy=goods.other).count() == 0
    prove(goods)


@pytest.mark.parametrize("written", ["R2-何家角-0099", "R9-何家角-0001", "王海", "", "R2-虹桥-0001"])
def test_a_number_that_nobody_knows(written: str) -> None:
    goods = selling()
    assert give(goods, written).code == "unknown"
    assert give(goods, new_id().hex).code == "unknown"


def test_a_number_that_is_not_called_yet() -> None:
    goods = selling()
    register(goods.ground, doors(goods, 0)[5], goods.ground.committees[0])
    assert give(goods, "R2-何家角-0004").code == "not_called"


def test_a_void_call_is_refused_and_the_number_called_anew_is_taken() -> None:
    goods = selling(called=1)
    first = goods.calls[0]
    shelf = goods.shelf()
    shelf.promised -= 5
    shelves.put(shelf, 1)
    Call.objects.filter(id=first.id).update(status=CallStatus.VOID, reason="重复叫号")
    assert give(goods, first.id.hex).code == "void"
    call(goods, first.registration, slot=0)
    assert give(goods, first.id.hex).status == "stored"
    prove(goods)


def test_a_call_that_moved_is_collected_where_it_is_called_now() -> None:
    goods = selling(called=1)
    first = goods.calls[0]
    Call.objects.filter(id=first.id).update(status=CallStatus.MOVED, reason="闭店")
    shelf = goods.shelf()
    shelf.promised -= 5
    shelves.put(shelf, 1)
    arrive(goods, 10, pharmacy=goods.other, batch="B9")
    call(goods, first.registration, pharmacy=goods.other)
    assert (give(goods, first.id.hex).code, give(goods, first.id.hex).pharmacy) == ("wrong_pharmacy", "第2药房")
    assert give(goods, first.id.hex, pharmacy=goods.other).status == "stored"
    prove(goods)


def test_before_the_slot_is_a_warning_and_no_more() -> None:
    goods = selling()
    taken = give(goods, "R2-何家角-0003", minutes=0)
    assert (taken.status, taken.warnings) == ("stored", ("early",))


def test_who_has_not_signed_the_training_is_told_so() -> None:
    goods = selling()
    staff = make_staff(Role.PHARMACY, goods.pharmacy, "陈药师")
    assert give(goods, "R2-何家角-0001", by=staff.actor).warnings == ("untrained",)
    Training.objects.create(staff=staff, topic="mask-round", signed_us=1, by="test")
    assert give(goods, "R2-何家角-0002", by=staff.actor, minutes=40).warnings == ()


def test_a_neighbour_collects_and_both_names_are_kept() -> None:
    goods = selling()
    give(goods, "R2-何家角-0001", collector="李梅")
    row = Collection.objects.select_related("call__registration").get()
    assert (row.collector, row.call.registration.applicant) == ("李梅", "王海")


def test_a_part_releases_the_rest() -> None:
    goods = selling(called=1)
    taken = give(goods, "R2-何家角-0001", quantity=3)
    assert (taken.quantity, taken.money_fen) == (3, 750)
    shelf = goods.shelf()
    assert (shelf.sold, shelf.promised, shelves.free(shelf)) == (3, 0, 27)
    assert give(goods, "R2-何家角-0001", quantity=2).status == "double"
    prove(goods)


def test_the_rest_of_a_reserved_call_is_for_the_special_groups_again() -> None:
    goods = selling(called=0, arrived=100)
    before = goods.shelf().reserve
    registration = register(goods.ground, doors(goods, 0)[0], goods.ground.committees[0], special="elderly")
    call(goods, registration, reserved=True)
    give(goods, "R2-何家角-0001", quantity=2)
    assert goods.shelf().reserve == before + 3


def test_a_piece_costs_what_the_oldest_batch_of_which_some_is_left_costs() -> None:
    goods = selling(called=0, arrived=5)
    arrive(goods, 20, price_fen=300, batch="B2")
    for door in doors(goods, 0)[:3]:
        call(goods, register(goods.ground, door, goods.ground.committees[0]))
    prices = [give(goods, f"R2-何家角-000{n}", quantity=q).price_fen for n, q in ((1, 4), (2, 2), (3, 5))]
    assert prices == [250, 250, 300]
    assert sorted(Collection.objects.values_list("quantity", "price_fen")) == [(2, 250), (4, 250), (5, 300)]
    prove(goods)


def test_batches_of_one_lot_with_two_prices_are_sold_oldest_first() -> None:
    goods = selling(called=0, arrived=5)
    arrive(goods, 20, price_fen=300)
    for door in doors(goods, 0)[:2]:
        call(goods, register(goods.ground, door, goods.ground.committees[0]))
    assert [give(goods, f"R2-何家角-000{n}").price_fen for n in (1, 2)] == [250, 300]


def test_nothing_is_handed_out_that_the_book_does_not_hold() -> None:
    goods = selling(called=1)
    supply.correct(
        round=goods.ground.round, pharmacy=goods.pharmacy, variant=goods.ground.adult, counted=0, reason="被淹",
        by="test", now=TUESDAY,
    )  # fmt: skip
    assert give(goods, "R2-何家角-0001").code == "no_stock"
    assert not Collection.objects.exists()
    assert Call.objects.get().status == CallStatus.CALLED
    prove(goods)


# ------------------------------------------------------------------------------------------------- without a network


def incidents() -> list[str]:
    return list(
        Message.objects.filter(kind=MessageKind.INCIDENT).order_by("at_us", "id").values_list("text", flat=True)
    )


def test_what_was_handed_out_in_time_is_simply_stored() -> None:
    goods = selling()
    taken = give(goods, "R2-何家角-0001", offline=True, minutes=10, heard=300)
    assert (taken.status, taken.code) == ("stored", "ok")
    row = Collection.objects.get()
    assert (row.observed_us, row.received_us) == (
        clock.to_us(TUESDAY + timedelta(minutes=10)), clock.to_us(TUESDAY + timedelta(minutes=300)),
    )  # fmt: skip
    assert incidents() == []
    prove(goods)


def test_a_second_use_is_a_fact_that_does_not_stand_with_a_duty_and_a_message() -> None:
    goods = selling()
    give(goods, "R2-何家角-0001")
    ident = new_id()
    for _ in range(2):
        taken = give(goods, "R2-何家角-0001", offline=True, minutes=20, heard=300, id=ident)
        assert taken.code == "double"
    assert list(Collection.objects.order_by("observed_us").values_list("standing", flat=True)) == [True, False]
    assert goods.shelf().sold == 10
    assert goods.shelf().promised == 10
    [text] = incidents()
    assert "R2-何家角-0001" in text
    task = OneOff.objects.get()
    assert task.role == Role.SECTION_HEAD
    assert "王海" not in task.title + task.note + text
    prove(goods)
    assert recount(goods.ground.round) == []


def test_a_second_use_of_the_last_pieces_names_whose_goods_are_missing() -> None:
    goods = selling(called=3, arrived=15)
    give(goods, "R2-何家角-0001")
    give(goods, "R2-何家角-0001", offline=True, heard=60)
    shelf = goods.shelf()
    assert (shelf.sold, shelf.promised, shelf.short) == (10, 10, 5)
    assert "R2-何家角-0003" in Message.objects.get(kind=MessageKind.SHORTAGE).text
    prove(goods)


def test_more_than_the_book_holds_is_booked_as_found_and_sold() -> None:
    goods = selling(called=1, arrived=5)
    give(goods, "R2-何家角-0001")
    give(goods, "R2-何家角-0001", offline=True, heard=60)
    shelf = goods.shelf()
    assert (shelf.sold, shelf.lost, shelves.on_hand(shelf)) == (10, -5, 0)
    assert all(proof.holds for proof in stock.prove())
    prove(goods)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"minutes": 33 * 60}, "lapsed"),
        ({"identity": False}, "no_identity"),
        ({"quantity": 7}, "too_many"),
    ],
)
def test_each_contradiction_stands_and_is_somebodys_duty(fields: dict[str, object], code: str) -> None:
    goods = selling()
    taken = give(goods, "R2-何家角-0001", offline=True, heard=34 * 60, **fields)  # type: ignore[arg-type]  # a table of its keywords
    assert (taken.status, taken.code) == ("stored", code)
    assert Collection.objects.get().standing
    assert len(incidents()) == OneOff.objects.count() == 1
    prove(goods)


def test_at_the_wrong_pharmacy_the_promise_ends_where_it_was_and_the_goods_leave_where_they_were() -> None:
    goods = selling()
    arrive(goods, 20, pharmacy=goods.other, batch="B7", price_fen=280)
    taken = give(goods, "R2-何家角-0001", pharmacy=goods.other, offline=True, heard=60)
    assert (taken.code, taken.price_fen) == ("wrong_pharmacy", 280)
    assert (goods.shelf().promised, goods.shelf().sold) == (10, 0)
    assert (goods.shelf(goods.other).sold, goods.shelf(goods.other).promised) == (5, 0)
    prove(goods)


def test_where_nothing_of_it_ever_came_the_fact_is_kept_without_a_lot() -> None:
    goods = selling()
    give(goods, "R2-何家角-0001", pharmacy=goods.other, offline=True, heard=60)
    row = Collection.objects.get()
    assert (row.lot_id, row.price_fen, goods.shelf(goods.other).sold, goods.shelf(goods.other).lost) == (None, 0, 5, -5)
    prove(goods)


def test_collected_in_time_but_heard_of_after_the_worker_released_it() -> None:
    goods = selling(called=1)
    shelf = goods.shelf()
    shelf.promised -= 5
    shelves.put(shelf, 1)
    Call.objects.update(status=CallStatus.LAPSED)
    taken = give(goods, "R2-何家角-0001", offline=True, heard=40 * 60)
    assert (taken.code, Collection.objects.get().standing) == ("ok", True)
    assert (Call.objects.get().status, goods.shelf().promised) == (CallStatus.COLLECTED, 0)
    prove(goods)


def lapsed_and_called_again(goods: Goods) -> tuple[Call, Call]:
    [old] = goods.calls
    allocate.lapse(now=clock.from_us(old.deadline_us))
    return Call.objects.get(id=old.id), call(goods, old.registration, now=clock.from_us(old.deadline_us))


def test_in_time_for_a_call_that_was_made_again_settles_the_new_one() -> None:
    goods = selling(called=1)
    old, new = lapsed_and_called_again(goods)
    taken = give(goods, old.id.hex, offline=True, heard=40 * 60)
    assert (taken.status, taken.call) == ("stored", new.id.hex)
    assert give(goods, "R2-何家角-0001", minutes=41 * 60).status == "double"
    assert (goods.shelf().sold, goods.shelf().promised) == (5, 0)
    prove(goods)


def test_a_call_made_again_while_the_hand_over_waits_is_settled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    goods = selling(called=1)
    old, new = lapsed_and_called_again(goods)
    found, read = [(old, Code.OK)], lookups.resolve
    monkeypatch.setattr(lookups, "resolve", lambda *asked: found.pop() if found else read(*asked))
    taken = give(goods, old.id.hex, offline=True, heard=40 * 60)
    assert (taken.status, taken.call, found) == ("stored", new.id.hex, [])
    assert list(Collection.objects.values_list("call_id", "standing")) == [(new.id, True)]
    assert not Call.objects.filter(status=CallStatus.CALLED).exists()
    assert give(goods, "R2-何家角-0001", minutes=41 * 60).status == "double"
    assert (goods.shelf().sold, goods.shelf().promised) == (5, 0)
    prove(goods)


def test_a_number_nobody_knows_is_reported_once_without_what_was_typed() -> None:
    goods = selling()
    ident = new_id()
    for _ in range(2):
        assert give(goods, "王海", offline=True, heard=60, id=ident).status == "refused"
    [text] = incidents()
    assert "王海" not in text
    assert OneOff.objects.count() == 1


def test_a_wrong_clock_is_set_right() -> None:
    goods = selling()
    now = TUESDAY + timedelta(hours=3)
    day_us = clock.DAY_US
    item = Handed(
        id=new_id(), call="R2-何家角-0001", quantity=5, identity=True, offline=True,
        at=clock.to_us(TUESDAY) + day_us,
    )  # fmt: skip
    hand_over([item], pharmacy=goods.pharmacy, by="test", now=now, device_us=clock.to_us(now) + day_us)
    assert Collection.objects.get().observed_us == clock.to_us(TUESDAY)


def test_goods_of_a_closed_day_ask_once_for_counting_again() -> None:
    goods = selling()
    DayClose.objects.create(
        round=goods.ground.round, pharmacy=goods.pharmacy, day=clock.local_day(TUESDAY), sold={}, by_committee={},
        counted={}, expected={}, money_fen=0, money_expected_fen=0, made_us=1, by="test",
    )  # fmt: skip
    first = give(goods, "R2-何家角-0001", offline=True, heard=12 * 60)
    give(goods, "R2-何家角-0002", offline=True, minutes=40, heard=12 * 60)
    assert first.warnings == ("after_close",)
    assert [task.role for task in OneOff.objects.all()] == [Role.PHARMACY]


# ------------------------------------------------------------------------------------------------------- taken back


def test_what_was_entered_by_mistake_is_taken_back() -> None:
    goods = selling(called=1)
    give(goods, "R2-何家角-0001", quantity=2)
    void_collection(collection=Collection.objects.get(), reason="扫错码", by="test", now=TUESDAY)
    shelf = goods.shelf()
    assert (shelf.sold, shelf.promised, shelves.on_hand(shelf)) == (0, 5, 30)
    with pytest.raises(MaskError, match="already"):
        void_collection(collection=Collection.objects.get(), reason="扫错码", by="test", now=TUESDAY)
    assert give(goods, "R2-何家角-0001", minutes=20).status == "stored"
    assert Collection.objects.count() == 2
    assert all(proof.holds for proof in stock.prove())
    prove(goods)


def test_after_its_deadline_it_is_free_again_and_a_closed_day_stays_closed() -> None:
    goods = selling(called=2)
    give(goods, "R2-何家角-0001")
    give(goods, "R2-何家角-0002", minutes=40)
    first, second = Collection.objects.order_by("observed_us")
    with pytest.raises(MaskError, match="Say why"):
        void_collection(collection=first, reason="", by="test", now=TUESDAY)
    void_collection(collection=first, reason="扫错码", by="test", now=TUESDAY + timedelta(days=2))
    assert Call.objects.get(id=first.call_id).status == CallStatus.LAPSED
    assert goods.shelf().promised == 0
    DayClose.objects.create(
        round=goods.ground.round, pharmacy=goods.pharmacy, day=clock.local_day(TUESDAY), sold={}, by_committee={},
        counted={}, expected={}, money_fen=0, money_expected_fen=0, made_us=1, by="test",
    )  # fmt: skip
    with pytest.raises(MaskError, match="closed"):
        void_collection(collection=second, reason="扫错码", by="test", now=TUESDAY)
    prove(goods)


# --------------------------------------------------------------------------------------------------- at the same time


def test_the_database_itself_refuses_a_second_standing_collection() -> None:
    goods = selling(called=1)
    give(goods, "R2-何家角-0001")
    row = Collection.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Collection.objects.create(
            call=row.call, pharmacy=goods.other, quantity=1, price_fen=1, identity=True, observed_us=1, received_us=1,
            by="test",
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("offline", [False, True])
def test_two_counters_at_once_use_a_number_once(offline: bool) -> None:
    goods = selling(called=3)
    arrive(goods, 20, pharmacy=goods.other, batch="B7")
    answers: list[Taken] = []
    at_once(
        *[
            lambda pharmacy=pharmacy: answers.append(
                give(goods, "R2-何家角-0001", pharmacy=pharmacy, offline=offline, heard=60)
            )
            for pharmacy in (goods.pharmacy, goods.other, goods.pharmacy, goods.other)
        ]
    )
    assert Collection.objects.filter(standing=True).count() == 1
    assert Collection.objects.count() == (4 if offline else 1)
    assert sorted(answer.status for answer in answers).count("stored") == (4 if offline else 1)
    assert {answer.status for answer in answers} <= {"stored", "double", "refused"}
    prove(goods)
    assert all(proof.holds for proof in stock.prove())


@pytest.mark.django_db(transaction=True)
def test_the_same_queue_sent_twice_at_once_is_stored_once() -> None:
    goods = selling(called=3)
    ids = [new_id() for _ in range(3)]

    def send() -> None:
        for number, ident in enumerate(ids, start=1):
            give(goods, f"R2-何家角-000{number}", offline=True, heard=120, id=ident)

    at_once(send, send, send)
    assert Collection.objects.count() == 3
    assert Collection.objects.filter(standing=True).count() == 3
    assert not OneOff.objects.exists()
    prove(goods)
