"""A pharmacy's pages: its day, what came and was counted, the channel, the closing. Its own counter and no other."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.masks.actions import channel, rounds
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Arrival, Collection, DayClose, Message, MessageKind, Shelf
from fangxian.masks.plan import plan_at
from fangxian.rota.models import Training
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.desk import at_desk
from tests.support.factories import make_staff
from tests.support.mask_goods import TUESDAY, Goods, selling

pytestmark = pytest.mark.django_db(transaction=True)
NOW = TUESDAY + timedelta(minutes=40)
DAY = "2020-02-18"


@pytest.fixture
def goods() -> Iterator[Goods]:
    with time_machine.travel(NOW, tick=False):
        yield selling()


@pytest.fixture
def counter(goods: Goods) -> Client:
    return at_desk(make_staff(Role.PHARMACY, goods.pharmacy, "陈药师"), now=NOW)


def text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def address(goods: Goods, name: str) -> str:
    return reverse(f"mask-counter:{name}", args=[goods.pharmacy.id])


def sell(goods: Goods, number: int, quantity: int = 5) -> None:
    item = Handed(id=new_id(), call=goods.calls[number].id.hex, quantity=quantity, identity=True)
    assert hand_over([item], pharmacy=goods.pharmacy, by="test", now=NOW)[0].status == "stored"


def test_the_day_shows_slots_numbers_shelf_and_who_is_trained(counter: Client, goods: Goods) -> None:
    sell(goods, 0)
    page = counter.get(reverse("mask-counter:home"), follow=True)
    shown = text(page)
    assert "1 of 3 households came" in shown
    assert "<strong>何家角</strong> 0002" in shown
    assert "0001" not in shown
    assert "all came" in shown
    assert "not signed yet" in shown
    assert "王海" not in shown
    staff = make_staff(Role.PHARMACY, goods.pharmacy, "王药师")
    Training.objects.create(staff=staff, topic=plan_at(NOW).section.training, signed_us=clock.to_us(NOW), by="test")
    assert '王药师 <span class="badge ok">' in text(counter.get(address(goods, "day")))


def test_an_arrival_is_booked_in_yuan_and_once(counter: Client, goods: Goods) -> None:
    sent = {
        "id": str(new_id()), "variant": goods.ground.adult.pk, "quantity": "200", "price": "2.55", "brand": "飘安",
        "batch": "B7", "expires_on": "2022-01-31",
    }  # fmt: skip
    for _again in range(2):
        page = counter.post(address(goods, "arrive"), sent, follow=True)
    assert "200 pieces are booked in." in text(page)
    row = Arrival.objects.get(id=sent["id"])
    assert (row.price_fen, row.lot.brand, goods.shelf().arrived) == (255, "飘安", 230)
    assert "2.55" in text(page)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price": "2.555"}, "no more than 2 decimal places"),
        ({"expires_on": "2020-02-17"}, "have expired"),
        ({"quantity": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_have_come_is_not_booked(counter: Client, goods: Goods, changes: dict[str, str], said: str) -> None:
    sent = {"id": str(new_id()), "variant": str(goods.ground.adult.pk), "quantity": "200", "price": "2.50", **changes}
    answer = counter.post(address(goods, "arrive"), sent)
    assert answer.status_code == 400
    assert said in text(answer)
    assert Arrival.objects.count() == 1


def test_a_count_below_what_is_called_is_named(counter: Client, goods: Goods) -> None:
    sent = {"variant": goods.ground.adult.pk, "counted": "12", "reason": "一箱受潮"}
    page = text(counter.post(address(goods, "correct"), sent, follow=True))
    assert "The book follows the count now: -18." in page
    assert "3 pieces are missing for called numbers" in page
    assert Shelf.objects.get(pharmacy=goods.pharmacy).short == 3
    assert "R2-何家角-0003" in text(counter.get(address(goods, "channel")))


def test_order_on_site_goes_into_the_channel(counter: Client, goods: Goods) -> None:
    for sent in (
        {"kind": "crowd", "people": "18"}, {"kind": "on_duty", "text": "陈药师、民警老周"},
        {"kind": "incident", "text": "有人插队"},
    ):  # fmt: skip
        page = text(counter.post(address(goods, "report"), sent, follow=True))
    assert "18 people waiting" in page
    assert "陈药师、民警老周" in page
    assert Message.objects.get(kind=MessageKind.INCIDENT).duty_id is not None
    page = text(counter.post(address(goods, "report"), {"kind": "crowd", "people": ""}, follow=True))
    assert "Say how many people are waiting" in page


def test_a_committees_question_is_answered_by_its_pharmacy(counter: Client, goods: Goods) -> None:
    committee = goods.ground.committees[0]
    desk = at_desk(make_staff(Role.COMMITTEE_WORKER, committee, "李干事"), now=NOW)
    theirs = reverse("mask-counter:desk-channel", args=[committee.id])
    desk.post(theirs, {"kind": "question", "text": "儿童口罩几时到？", "pharmacy": str(goods.pharmacy.id)})
    asked = Message.objects.get(kind=MessageKind.QUESTION)
    assert (asked.pharmacy, asked.committee) == (goods.pharmacy, committee)
    assert "第1药房 owes the answer" in text(desk.get(theirs))
    sent = {"message": str(asked.id), "answer": "明天上午"}
    assert desk.post(theirs, sent).status_code == 404
    day = text(counter.get(address(goods, "day")))
    assert "儿童口罩几时到" in day
    assert "no answer yet" in day
    counter.post(address(goods, "channel"), sent)
    asked.refresh_from_db()
    assert asked.answer == "明天上午"
    assert "明天上午" in text(desk.get(theirs))


def test_each_reads_what_concerns_it(counter: Client, goods: Goods) -> None:
    for place, said in ((goods.pharmacy, "我们的"), (goods.other, "别人的")):
        channel.say(
            round=goods.ground.round, kind=MessageKind.SHORTAGE, text=said, pharmacy=place, by="test", now=NOW
        )  # fmt: skip
    head = at_desk(make_staff(Role.SECTION_HEAD, goods.ground.street.street), now=NOW)
    street = text(head.get(reverse("mask-counter:street-channel")))
    mine = text(counter.get(address(goods, "channel")))
    assert ("我们的" in mine, "别人的" in mine) == (True, False)
    assert "我们的" in street
    assert "别人的" in street
    message = Message.objects.get(text="别人的")
    head.post(reverse("mask-counter:street-channel"), {"message": str(message.id), "answer": "已调货"})
    message.refresh_from_db()
    assert message.answer == "已调货"


def test_a_day_is_closed_and_a_difference_explained(counter: Client, goods: Goods) -> None:
    sell(goods, 0)
    page = text(counter.get(address(goods, "close")))
    assert "12.50" in page
    assert "何家角 5" in page
    sent = {"counted_adult": "24", "money": "12.50", "problems": "扫码枪失灵\n\n队伍太长"}
    answer = counter.post(address(goods, "close"), sent)
    assert answer.status_code == 400
    assert "adult mask: counted 24, by the book 25" in text(answer)
    page = text(counter.post(address(goods, "close"), {**sent, "explanation": "一只破损"}, follow=True))
    row = DayClose.objects.get()
    assert (row.day.isoformat(), row.counted, row.money_fen) == (DAY, {"adult": 24}, 1250)
    assert row.problems == ["扫码枪失灵", "队伍太长"]
    assert "一只破损" in page
    assert Message.objects.filter(kind=MessageKind.QUESTION).count() == 2


def test_a_mistake_is_taken_back_with_a_reason(counter: Client, goods: Goods) -> None:
    sell(goods, 0)
    row = Collection.objects.get()
    assert "R2-何家角-0001" in text(counter.get(address(goods, "handed")))
    page = text(
        counter.post(address(goods, "take-back"), {"collection": str(row.id), "reason": "扫错了"}, follow=True)
    )  # fmt: skip
    assert "taken back" in page
    assert goods.shelf().sold == 0
    assert counter.post(address(goods, "take-back"), {"collection": "x", "reason": "y"}).status_code == 404


def test_the_packing_list_is_a_file_or_says_why_not(counter: Client, goods: Goods) -> None:
    answer = counter.get(address(goods, "packing"), {"day": DAY})
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert "nothing to pack" in text(counter.get(address(goods, "packing"), follow=True))


def test_another_counter_is_not_found(counter: Client, goods: Goods) -> None:
    for name in ("day", "goods", "handed", "channel", "close", "packing"):
        assert counter.get(reverse(f"mask-counter:{name}", args=[goods.other.id])).status_code == 404


@pytest.mark.parametrize("name", ["day", "goods", "handed", "channel", "close"])
def test_a_page_needs_few_queries(
    counter: Client, goods: Goods, name: str, django_assert_max_num_queries: object
) -> None:
    sell(goods, 0)
    counter.post(address(goods, "report"), {"kind": "incident", "text": "有人插队"})
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is not typed here
        assert counter.get(address(goods, name)).status_code == 200


def test_the_streets_channel_needs_few_queries(goods: Goods, django_assert_max_num_queries: object) -> None:
    head = at_desk(make_staff(Role.SECTION_HEAD, goods.ground.street.street), now=NOW)
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is not typed here
        assert head.get(reverse("mask-counter:street-channel")).status_code == 200


def test_the_round_that_still_sells_stays_on_the_pages_and_the_next_one_can_be_chosen(
    counter: Client, goods: Goods
) -> None:
    ground = goods.ground
    wanted = NewRound(goods="masks", register_from=date(2020, 2, 18), number=3)
    following = rounds.make_round(street=ground.street.street, new=wanted, by="test", now=NOW)
    for committee, pharmacy in zip(ground.committees, ground.pharmacies, strict=True):
        rounds.add_outlet(round=following, pharmacy=pharmacy, by="test", now=NOW)
        rounds.serve(round=following, committee=committee, pharmacy=pharmacy, by="test", now=NOW)
    rounds.announce(round=following, by="test", now=NOW)
    rounds.cancel(round=ground.round, reason="货源取消", by="test", now=NOW)
    assert "0 of 3 households came" in text(counter.get(address(goods, "day")))
    chosen = counter.get(address(goods, "goods"), {"round": "3"})
    assert chosen.context["round"] == following
    fields = {
        "id": str(new_id()),
        "variant": following.variants.get(key="adult").pk,
        "quantity": 9,
        "price": "2.50",
        "brand": "",
        "batch": "",
    }
    assert counter.post(address(goods, "arrive"), fields).status_code == 302
    assert Arrival.objects.get(round=following).quantity == 9
    assert counter.get(address(goods, "close"), {"round": "2"}).context["round"] == ground.round
    assert counter.get(address(goods, "day"), {"round": "77"}).context["round"] == ground.round
