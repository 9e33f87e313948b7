"""The evening at a pharmacy: goods and money against the rows, differences explained, problems with somebody who owes
an answer; and the property that whatever happens in between, nothing appears and nothing vanishes."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.actions import NewMember
from fangxian.duties.models import Duty, OneOff
from fangxian.masks.actions import channel, close, shelves, supply
from fangxian.masks.actions.close import close_day
from fangxian.masks.actions.collect import hand_over, void_collection
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Arrival, Call, CallStatus, Collection, DayClose, Message, MessageKind
from fangxian.masks.playbook import CLOSE
from fangxian.masks.queries.shelves import money_of, plan_for, shelves_of, sold_on
from fangxian.registry.actions import ensure_place_subjects
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import queries as stock
from tests.support.mask_goods import TUESDAY, Goods, arrive, call, doors, prove, register, selling

pytestmark = pytest.mark.django_db

DAY = date(2020, 2, 18)
EVENING = TUESDAY + timedelta(hours=10)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def collect(goods: Goods, number: int, quantity: int = 5) -> None:
    item = Handed(id=new_id(), call=f"R2-何家角-{number:04d}", quantity=quantity, identity=True)
    now = TUESDAY + timedelta(hours=2)
    assert hand_over([item], pharmacy=goods.pharmacy, by="test", now=now)[0].status == "stored"


def shut(
    goods: Goods, *, counted: int, money_fen: int, explanation: str = "", problems: tuple[str, ...] = (),
    now: datetime = EVENING,
) -> DayClose:  # fmt: skip
    return close_day(
        round=goods.ground.round, pharmacy=goods.pharmacy, day=DAY, counted={"adult": counted}, money_fen=money_fen,
        explanation=explanation, problems=problems, by="test", now=now,
    )  # fmt: skip


def test_a_day_that_agrees_is_closed_without_words() -> None:
    goods = selling()
    collect(goods, 1)
    collect(goods, 2, quantity=3)
    row = shut(goods, counted=22, money_fen=2000)
    assert (row.sold, row.by_committee, row.expected) == ({"adult": 8}, {"何家角": 8}, {"adult": 22})
    assert (row.money_fen, row.money_expected_fen, row.explanation) == (2000, 2000, "")
    prove(goods)


def test_each_committee_is_summed_by_its_name() -> None:
    goods = selling(called=1)
    other = register(goods.ground, doors(goods, 1)[0], goods.ground.committees[1])
    call(goods, other)
    collect(goods, 1)
    hand_over(
        [Handed(id=new_id(), call="R2-虹储-0001", quantity=4, identity=True)], pharmacy=goods.pharmacy, by="test",
        now=TUESDAY + timedelta(hours=2),
    )  # fmt: skip
    assert shut(goods, counted=21, money_fen=2250).by_committee == {"何家角": 5, "虹储": 4}


@pytest.mark.parametrize(
    ("counted", "money", "said"),
    [(24, 1250, "counted 24, by the book 25"), (25, 1200, "counted 12.00 yuan, by the book 12.50 yuan")],
)
def test_a_difference_needs_an_explanation_and_says_where_it_lies(counted: int, money: int, said: str) -> None:
    goods = selling()
    collect(goods, 1)
    with pytest.raises(MaskError, match=said):
        shut(goods, counted=counted, money_fen=money)
    assert not DayClose.objects.exists()
    row = shut(goods, counted=counted, money_fen=money, explanation="一只口罩破损")
    assert row.explanation == "一只口罩破损"
    prove(goods)


def test_the_database_itself_wants_the_explanation() -> None:
    goods = selling()
    row = shut(goods, counted=30, money_fen=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        DayClose.objects.filter(id=row.id).update(money_fen=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        DayClose.objects.filter(id=row.id).update(counted={"adult": 29})


def test_the_book_follows_what_was_counted_and_names_who_has_nothing() -> None:
    goods = selling(called=3, arrived=15)
    shut(goods, counted=10, money_fen=0, explanation="受潮")
    assert (goods.shelf().lost, goods.shelf().short) == (5, 5)
    assert "R2-何家角-0003" in Message.objects.get(kind=MessageKind.SHORTAGE).text
    prove(goods)
    assert all(proof.holds for proof in stock.prove())


@pytest.mark.parametrize("counted", [{}, {"adult": 30, "child": 1}, {"adult": -1}, {"child": 30}])
def test_every_kind_is_counted(counted: dict[str, int]) -> None:
    goods = selling()
    with pytest.raises(MaskError, match="Count every kind"):
        close_day(
            round=goods.ground.round, pharmacy=goods.pharmacy, day=DAY, counted=counted, money_fen=0, explanation="x",
            problems=[], by="test", now=EVENING,
        )  # fmt: skip


def test_a_day_to_come_and_a_stranger_are_not_closed() -> None:
    goods = selling()
    for day, pharmacy, said in (
        (DAY + timedelta(days=1), goods.pharmacy, "not come yet"),
        (DAY, goods.ground.committees[0], "does not sell"),
    ):
        with pytest.raises(MaskError, match=said):
            close_day(
                round=goods.ground.round, pharmacy=pharmacy, day=day, counted={}, money_fen=0, explanation="",
                problems=[], by="test", now=EVENING,
            )  # fmt: skip


def test_what_was_taken_back_is_neither_sold_nor_paid() -> None:
    goods = selling()
    collect(goods, 1)
    collect(goods, 2)
    void_collection(collection=Collection.objects.order_by("id")[0], reason="扫错码", by="test", now=TUESDAY)
    assert shut(goods, counted=25, money_fen=1250).sold == {"adult": 5}


def test_closing_fulfils_the_duty_and_a_problem_becomes_a_question_with_an_owner() -> None:
    goods = selling()
    pharmacy = goods.pharmacy
    ensure_place_subjects(places=[pharmacy], now=TUESDAY)
    due_us = clock.to_us(TUESDAY + timedelta(hours=11))
    duties.enrol(
        cohort=CLOSE, instance=close.instance_of(goods.ground.round, DAY), by="test", now=TUESDAY,
        members=[NewMember(pharmacy.id, pharmacy.id, pharmacy.id, opens_us=clock.to_us(TUESDAY), due_us=due_us)],
    )  # fmt: skip
    shut(goods, counted=30, money_fen=0, problems=("零钱不够", " ", "零钱不够"))
    assert Duty.objects.get(cohort__key=CLOSE).last_us == clock.to_us(EVENING)
    [message] = Message.objects.filter(kind=MessageKind.QUESTION)
    assert message.text == "零钱不够"
    [task] = OneOff.objects.all()
    assert (task.role, task.duty_id) == (Role.SECTION_HEAD, message.duty_id)
    row = shut(goods, counted=30, money_fen=0, problems=("零钱不够", "取号纸用完"))
    assert row.problems == ["零钱不够", "取号纸用完"]
    assert Message.objects.filter(kind=MessageKind.QUESTION).count() == 2


def test_a_day_closed_again_takes_in_what_became_known_and_ends_the_duty() -> None:
    goods = selling()
    shut(goods, counted=30, money_fen=0)
    item = Handed(
        id=new_id(), call="R2-何家角-0001", quantity=5, identity=True, offline=True,
        at=clock.to_us(TUESDAY + timedelta(hours=1)),
    )  # fmt: skip
    taken = hand_over([item], pharmacy=goods.pharmacy, by="test", now=EVENING)[0]
    assert taken.warnings == ("after_close",)
    row = shut(goods, counted=25, money_fen=1250)
    assert DayClose.objects.count() == 1
    assert row.sold == {"adult": 5}
    assert OneOff.objects.select_related("duty").get().duty.last_us is not None


def test_an_earlier_day_is_compared_with_the_book_of_its_end() -> None:
    goods = selling()
    collect(goods, 1)
    later = EVENING + timedelta(hours=14)
    arrive(goods, 40, now=later, batch="B5")
    item = Handed(id=new_id(), call="R2-何家角-0002", quantity=5, identity=True)
    assert hand_over([item], pharmacy=goods.pharmacy, by="test", now=later)[0].status == "stored"
    supply.correct(
        round=goods.ground.round, pharmacy=goods.pharmacy, variant=goods.ground.adult, counted=58, reason="torn",
        by="test", now=later,
    )  # fmt: skip
    row = shut(goods, counted=25, money_fen=1250, now=later)
    assert (row.expected, shelves.on_hand(goods.shelf())) == ({"adult": 25}, 58)
    with pytest.raises(MaskError, match="counted 24, by the book 25"):
        shut(goods, counted=24, money_fen=1250, now=later)
    shut(goods, counted=24, money_fen=1250, explanation="one was torn", now=later)
    assert shelves.on_hand(goods.shelf()) == 57
    again = shut(goods, counted=24, money_fen=1250, now=later)
    assert (again.expected, shelves.on_hand(goods.shelf())) == ({"adult": 24}, 57)
    prove(goods)


def test_what_the_book_never_held_does_not_come_back_for_an_earlier_day() -> None:
    goods = selling(called=2, arrived=10)
    collect(goods, 1)
    later = EVENING + timedelta(hours=14)
    items = [
        Handed(id=new_id(), call=f"R2-何家角-{n:04d}", quantity=q, identity=True, offline=True, at=clock.to_us(later))
        for n, q in ((1, 3), (2, 5))
    ]
    hand_over(items, pharmacy=goods.pharmacy, by="test", now=later)
    assert (goods.shelf().lost, shelves.on_hand(goods.shelf())) == (-3, 0)
    assert shut(goods, counted=5, money_fen=1250, now=later).expected == {"adult": 5}
    prove(goods)


def test_the_next_day_is_planned_from_the_calls() -> None:
    goods = selling(called=2)
    other = register(goods.ground, doors(goods, 1)[0], goods.ground.committees[1])
    call(goods, other, quantity=2, slot=0)
    plan = plan_for(goods.ground.round, goods.pharmacy, DAY)
    assert [(pack.committee, pack.households, pack.pieces) for pack in plan.packs] == [
        ("何家角", 2, {"adult": 10}), ("虹储", 1, {"adult": 2}),
    ]  # fmt: skip
    assert [set(slot.numbers) for slot in plan.slots] == [{"R2-何家角-0001", "R2-虹储-0001"}, {"R2-何家角-0002"}]
    assert (plan.pieces, plan.households) == ({"adult": 12}, 3)
    collect(goods, 1)
    assert plan_for(goods.ground.round, goods.pharmacy, DAY).households == 2
    assert plan_for(goods.ground.round, goods.pharmacy, DAY + timedelta(days=1)).packs == ()


def test_the_counter_sees_its_shelf_and_the_next_price() -> None:
    goods = selling(called=1, arrived=5)
    arrive(goods, 20, price_fen=300, batch="B2")
    [line] = shelves_of(goods.ground.round, goods.pharmacy)
    assert (line.on_hand, line.promised, line.free, line.price_fen) == (25, 5, 20, 250)
    collect(goods, 1)
    [line] = shelves_of(goods.ground.round, goods.pharmacy)
    assert (line.on_hand, line.promised, line.price_fen) == (20, 0, 300)
    assert money_of(goods.ground.round) == 1250


# ------------------------------------------------------------------------------------------------------- the channel


def test_a_committees_question_is_for_its_pharmacy_and_ends_with_the_answer() -> None:
    goods = selling()
    round, committee = goods.ground.round, goods.ground.committees[0]
    message = channel.say(
        round=round, kind=MessageKind.QUESTION, text="下午还有货吗？", pharmacy=goods.pharmacy, committee=committee,
        by="test", now=TUESDAY,
    )  # fmt: skip
    task = OneOff.objects.get()
    assert (task.role, task.duty.place_id) == (Role.PHARMACY, goods.pharmacy.id)
    channel.answer(message=message, text="有，三点后到", by="test", now=EVENING)
    assert Duty.objects.get(id=task.duty_id).last_us is not None
    with pytest.raises(MaskError, match="before you"):
        channel.answer(message=message, text="没有", by="test", now=EVENING)
    assert Message.objects.get(id=message.id).answer == "有，三点后到"


def test_what_owes_no_answer_gives_no_duty() -> None:
    goods = selling(called=0)
    Message.objects.all().delete()
    say = {"round": goods.ground.round, "pharmacy": goods.pharmacy, "by": "test", "now": TUESDAY}
    channel.say(kind=MessageKind.PROGRESS, text="已分装60份", **say)  # type: ignore[arg-type]  # one table of keywords
    channel.say(kind=MessageKind.CROWD, text="", people=12, **say)  # type: ignore[arg-type]  # one table of keywords
    assert not OneOff.objects.exists()
    for kind, text in ((MessageKind.PROGRESS, " "), (MessageKind.CROWD, ""), (MessageKind.NUMBERS, "号" * 401)):
        with pytest.raises(MaskError, match="Nothing was kept"):
            channel.say(kind=kind, text=text, **say)  # type: ignore[arg-type]  # one table of keywords
    assert Message.objects.count() == 2


def test_an_incident_is_for_the_street() -> None:
    goods = selling(called=0)
    channel.say(
        round=goods.ground.round, kind=MessageKind.INCIDENT, text="有人插队", pharmacy=goods.pharmacy, by="test",
        now=TUESDAY,
    )  # fmt: skip
    assert OneOff.objects.get().role == Role.SECTION_HEAD


# -------------------------------------------------------------------------------------- nothing appears, nothing goes

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.integers(1, 12), st.sampled_from([200, 250, 300])),
        st.tuples(st.just("call"), st.integers(0, 5), st.integers(1, 5)),
        st.tuples(st.just("collect"), st.integers(0, 5), st.integers(1, 5)),
        st.tuples(st.just("offline"), st.integers(0, 5), st.integers(1, 6)),
        st.tuples(st.just("elsewhere"), st.integers(0, 5), st.integers(1, 5)),
        st.tuples(st.just("void"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("correct"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("close"), st.integers(0, 20), st.integers(0, 9_999)),
    ),
    max_size=14,
)


class Walk:
    """A pharmacy's days at random; at each step what is on the shelf follows from what happened."""

    def __init__(self, goods: Goods) -> None:
        self.goods = goods
        self.homes = [register(goods.ground, door, goods.ground.committees[0]) for door in doors(goods, 0)]
        self.money = 0

    def step(self, kind: str, first: int, second: int) -> None:
        getattr(self, kind)(first, second)
        prove(self.goods)
        assert self.money == money_of(self.goods.ground.round)

    def arrive(self, quantity: int, price: int) -> None:
        arrive(self.goods, quantity, price_fen=price, batch=f"B{Arrival.objects.count() % 3}")

    def call(self, home: int, quantity: int) -> None:
        shelf = shelves.lock(
            round_id=self.goods.ground.round.id, pharmacy_id=self.goods.pharmacy.id,
            variant_ids=[self.goods.ground.adult.id], now_us=1,
        )[self.goods.ground.adult.id]  # fmt: skip
        active = Call.objects.filter(registration=self.homes[home], status__in=("called", "collected")).exists()
        if not active and shelves.free(shelf) >= quantity:
            call(self.goods, self.homes[home], quantity=quantity)

    def collect(self, home: int, quantity: int, **fields: object) -> None:
        where = fields.pop("pharmacy", self.goods.pharmacy)
        item = Handed(
            id=new_id(), call=f"R2-何家角-{home + 1:04d}", quantity=quantity, identity=True, at=clock.to_us(TUESDAY),
            **fields,  # type: ignore[arg-type]  # only `offline`
        )  # fmt: skip
        taken = hand_over([item], pharmacy=where, by="test", now=TUESDAY + timedelta(hours=1))[0]  # type: ignore[arg-type]  # a Place, or the usual one
        assert taken.status != "failed"
        self.money += taken.money_fen if taken.status == "stored" else 0

    def offline(self, home: int, quantity: int) -> None:
        self.collect(home, quantity, offline=True)

    def elsewhere(self, home: int, quantity: int) -> None:
        self.collect(home, quantity, offline=True, pharmacy=self.goods.other)

    def void(self, which: int, _none: int) -> None:
        rows = list(Collection.objects.filter(voided_us__isnull=True).order_by("id"))
        row = rows[which] if which < len(rows) else None
        closed = row is not None and DayClose.objects.filter(pharmacy=row.pharmacy_id).exists()
        if row is not None and not closed:
            void_collection(collection=row, reason="扫错码", by="test", now=TUESDAY + timedelta(hours=1))
            self.money -= row.quantity * row.price_fen

    def correct(self, counted: int, _none: int) -> None:
        if Arrival.objects.exists():
            supply.correct(
                round=self.goods.ground.round, pharmacy=self.goods.pharmacy, variant=self.goods.ground.adult,
                counted=counted, reason="盘点", by="test", now=TUESDAY,
            )  # fmt: skip

    def close(self, counted: int, money: int) -> None:
        if Arrival.objects.exists():
            row = shut(self.goods, counted=counted, money_fen=money, explanation="盘点")
            day = sold_on(self.goods.ground.round, self.goods.pharmacy, DAY)
            assert row.money_expected_fen == day.money_fen
            assert sum(row.by_committee.values()) == sum(row.sold.values()) == day.pieces


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_stock_and_money_are_conserved_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        walk = Walk(selling(called=0, arrived=3))
        for kind, first, second in steps:
            walk.step(kind, first, second)
        assert all(proof.holds for proof in stock.prove())
        standing = Collection.objects.filter(standing=True, voided_us__isnull=True)
        assert standing.count() == standing.values("call").distinct().count()
        assert standing.count() == Call.objects.filter(status=CallStatus.COLLECTED).count()
        transaction.set_rollback(True)
