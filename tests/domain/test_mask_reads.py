"""What counter, channel and desk read of a round."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.masks.actions import channel as channel_acts
from fangxian.masks.actions import desk as desk_acts
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.models import MessageKind, Special
from fangxian.masks.queries import channel, counter, desk
from fangxian.shared.ids import new_id
from tests.support.factories import MORNING
from tests.support.mask_goods import TUESDAY, Goods, arrive, call, doors, register, selling

pytestmark = pytest.mark.django_db

NOW = TUESDAY + timedelta(minutes=10)
DAY = date(2020, 2, 18)


def collect(goods: Goods, number: int, quantity: int = 5) -> None:
    item = Handed(id=new_id(), call=f"R2-何家角-{number:04d}", quantity=quantity, identity=True)
    assert hand_over([item], pharmacy=goods.pharmacy, by="test", now=NOW)[0].status == "stored"


def test_how_the_day_of_a_counter_stands() -> None:
    goods = selling()
    collect(goods, 2, quantity=4)
    assert [row.quantity for row in counter.collections_of(goods.ground.round, goods.pharmacy)] == [4]


def test_each_side_reads_its_part_of_the_channel() -> None:
    goods = selling(called=0)
    ground = goods.ground
    arrive(goods, 5, pharmacy=goods.other, batch="B8")

    def say(kind: MessageKind, text: str, **where: object) -> None:
        channel_acts.say(round=ground.round, kind=kind, text=text, by="test", now=NOW, **where)  # type: ignore[arg-type]  # places, or none

    say(MessageKind.PROGRESS, "全体注意")
    say(MessageKind.QUESTION, "何家角问", pharmacy=goods.pharmacy, committee=ground.committees[0])
    say(MessageKind.QUESTION, "虹储问", pharmacy=goods.other, committee=ground.committees[1])
    say(MessageKind.CROWD, "", pharmacy=goods.pharmacy, people=9)
    say(MessageKind.CROWD, "", pharmacy=goods.pharmacy, people=12)

    def texts(**of: object) -> list[str]:
        return [one.text for one in channel.feed(ground.round, kinds=["progress", "question"], **of)]  # type: ignore[arg-type]  # places, or none

    assert texts() == ["虹储问", "何家角问", "全体注意"]
    assert texts(pharmacy=goods.pharmacy) == ["何家角问", "全体注意"]
    assert texts(committee=ground.committees[1]) == ["虹储问", "全体注意"]
    served = channel.feed(ground.round, committee=ground.committees[0], kinds=["arrival", "crowd"])
    assert {one.pharmacy for one in served} == {"第1药房"}
    came_up, before = channel.owed(ground.round, DAY)
    assert ([one.text for one in came_up], before) == (["何家角问", "虹储问"], [])
    none, before = channel.owed(ground.round, DAY + timedelta(days=1))
    assert (none, [one.text for one in before]) == ([], ["何家角问", "虹储问"])
    crowds = channel.latest(ground.round, MessageKind.CROWD, DAY)
    assert {key: one.people for key, one in crowds.items()} == {goods.pharmacy.id: 12}
    assert not crowds[goods.pharmacy.id].open


def test_a_desk_sees_its_disputes_and_its_special_households() -> None:
    goods = selling(called=2)
    ground, committee = goods.ground, goods.ground.committees[0]
    homes = doors(goods, 0)
    for unit in (homes[0], homes[4]):
        desk_acts.mark_special(unit=unit, group=Special.ELDERLY, deliver=False, by="desk", now=NOW)
    visit = desk_acts.ask_home(
        round=ground.round, unit=homes[5], applicant="周奶奶", phone="", by="desk", now=MORNING + timedelta(hours=2)
    )
    row = register(ground, homes[3], committee)
    desk_acts.dispute(registration=row, claimant="李梅", phone="", statement="", by="", now=NOW)
    collect(goods, 1)

    found = desk.special_homes(ground.round, committee)
    assert [(one.unit.id, one.voucher, one.called, one.collected) for one in found] == [
        (homes[4].id, "", False, False), (homes[5].id, "R2-何家角-0003", False, False),
        (homes[0].id, "R2-何家角-0001", True, True),
    ]  # fmt: skip
    assert found[1].visit is not None
    assert found[1].visit.id == visit.duty_id
    assert desk.special_homes(ground.round, ground.committees[1]) == []

    [line] = desk.disputes(ground.round, committee)
    assert (line.voucher, line.holder, line.claimant) == ("R2-何家角-0004", "王海", "李梅")
    assert desk.disputes(ground.round, ground.committees[1]) == []


def test_reads_cost_the_same_for_many() -> None:
    goods = selling(called=1)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            channel.feed(goods.ground.round, pharmacy=goods.pharmacy)
            desk.special_homes(goods.ground.round, goods.ground.committees[0])
            desk.disputes(goods.ground.round)
        return len(seen)

    def home(number: int) -> None:
        unit = doors(goods, 0)[number]
        row = register(goods.ground, unit, goods.ground.committees[0])
        call(goods, row)
        desk_acts.mark_special(unit=unit, group=Special.CHRONIC, deliver=False, by="desk", now=NOW)
        desk_acts.dispute(registration=row, claimant="李梅", phone="", statement="", by="", now=NOW)

    home(1)
    before = cost()
    for number in (2, 3, 4):
        home(number)
    assert cost() == before
    assert before <= 16
