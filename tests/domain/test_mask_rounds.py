"""Rounds: made from the plan, announced once everything is served, told at every door."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import translation

from fangxian.duties.actions import sweep
from fangxian.duties.models import Duty, Gap
from fangxian.masks import folds
from fangxian.masks.actions import rounds
from fangxian.masks.actions.close import close_day
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Counter, Round, Serving
from fangxian.masks.playbook import DOORS
from fangxian.masks.queries.rounds import AtCounter, at_counter, current, facts_of, pharmacy_of
from fangxian.masks.rules import Phase, phase_of
from fangxian.notices.models import Channel, Told
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.factories import MORNING
from tests.support.mask_goods import TUESDAY, selling
from tests.support.masks import MaskGround, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_a_round_copies_the_plan() -> None:
    ground = make_round()
    facts = facts_of(ground.round)
    assert facts.quotas == {"adult": 5}
    assert clock.local(clock.from_us(facts.register_from_us)).isoformat() == "2020-02-17T09:00:00+08:00"
    assert clock.local(clock.from_us(facts.register_until_us)).isoformat() == "2020-02-26T17:00:00+08:00"
    assert clock.local(clock.from_us(facts.sale_from_us)).isoformat() == "2020-02-18T09:00:00+08:00"
    assert ground.round.reserve_permille == 50
    assert facts.staff_from_us - facts.register_from_us == 48 * clock.HOUR_US
    assert ground.round.title["zh"] == "第2轮口罩预约登记"


def test_numbers_follow_each_other_and_are_used_once() -> None:
    ground = make_round()
    new = NewRound(goods="masks", register_from=date(2020, 3, 1))
    assert rounds.make_round(street=ground.street.street, new=new, by="test", now=MORNING).number == 3
    with pytest.raises(MaskError, match="exists already"):
        rounds.make_round(
            street=ground.street.street, new=NewRound("masks", date(2020, 3, 1), number=2), by="test", now=MORNING
        )
    with pytest.raises(MaskError, match="no such goods"):
        rounds.make_round(
            street=ground.street.street, new=NewRound("ventilators", date(2020, 3, 1)), by="test", now=MORNING
        )


def test_a_round_is_announced_only_when_every_committee_has_a_pharmacy() -> None:
    ground = make_round(announced=False)
    Serving.objects.filter(committee=ground.committees[0]).delete()
    with pytest.raises(MaskError, match="何家角"):
        rounds.announce(round=ground.round, by="test", now=MORNING)
    assert Round.objects.get(id=ground.round.id).announced_us is None
    assert rounds.spread(round=ground.round, by="test", now=MORNING) == 1
    rounds.announce(round=ground.round, by="test", now=MORNING)
    with pytest.raises(MaskError, match="announced already"):
        rounds.announce(round=ground.round, by="test", now=MORNING)
    assert sorted(Counter.objects.values_list("short", flat=True)) == ["何家角", "虹储"]
    assert current(MORNING) == ground.round
    assert phase_of(facts_of(Round.objects.get()), clock.to_us(MORNING)) == Phase.ANNOUNCED


def test_committees_without_a_pharmacy_go_to_the_one_with_the_fewest_doors() -> None:
    ground = make_round(announced=False)
    Serving.objects.all().delete()
    assert rounds.spread(round=ground.round, by="test", now=MORNING) == 2
    assert {place.id for place in pharmacy_of(ground.round).values()} == {place.id for place in ground.pharmacies}


def test_a_door_that_was_not_told_is_a_gap_and_telling_it_closes_it() -> None:
    ground = make_round()
    assert rounds.enrol_doors(round=ground.round, by="worker", now=MORNING) == 12
    assert rounds.enrol_doors(round=ground.round, by="worker", now=MORNING) == 12  # again changes nothing
    assert Duty.objects.filter(rule__cohort=DOORS).count() == 12
    doors = [door.id for door in ground.street.dwellings]
    rounds.tell_doors(round=ground.round, unit_ids=doors[:11], channel=Channel.LETTER, by="test", now=MORNING)
    later = MORNING + timedelta(hours=6)
    sweep(now=later)
    assert [gap.duty.subject_id for gap in Gap.objects.filter(status="open", rule__cohort=DOORS)] == [doors[11]]
    rounds.tell_doors(round=ground.round, unit_ids=doors[11:], channel=Channel.DOOR, by="test", now=later)
    assert not Gap.objects.filter(status="open", rule__cohort=DOORS).exists()
    assert Told.objects.count() == 12


def test_the_seed_of_a_lottery_is_sealed_until_registration_has_closed() -> None:
    ground = make_round(policy="lottery")
    with pytest.raises(MaskError, match="once registration has closed"):
        rounds.reveal_seed(round=ground.round, by="test", now=MORNING)
    after = clock.from_us(ground.round.register_until_us)
    seed = rounds.reveal_seed(round=ground.round, by="test", now=after)
    assert rounds.commitment(seed) == ground.round.seed_commit


def test_a_cancelled_round_says_why() -> None:
    ground = make_round()
    with pytest.raises(MaskError, match="Say why"):
        rounds.cancel(round=ground.round, reason=" ", by="test", now=MORNING)
    rounds.cancel(round=ground.round, reason="货源取消", by="test", now=MORNING)
    ends = clock.from_us(ground.round.sale_until_us)
    assert (current(MORNING), current(ends)) == (ground.round, None)


def test_a_cancelled_round_gives_way_to_one_that_is_going_on() -> None:
    ground = make_round()
    following = next_round(ground)
    assert current(MORNING + timedelta(days=2)) == following
    rounds.cancel(round=following, reason="货源取消", by="test", now=MORNING)
    assert current(MORNING + timedelta(days=2)) == ground.round
    after = clock.from_us(ground.round.sale_until_us)
    Round.objects.filter(id=following.id).update(sale_until_us=ground.round.sale_until_us + clock.DAY_US)
    assert current(after) == following


def next_round(ground: MaskGround) -> Round:
    """The round after the ground's, announced while that one sells."""
    wanted = NewRound(goods="masks", register_from=date(2020, 2, 19), number=3)
    following = rounds.make_round(street=ground.street.street, new=wanted, by="test", now=MORNING)
    for committee, pharmacy in zip(ground.committees, ground.pharmacies, strict=True):
        rounds.add_outlet(round=following, pharmacy=pharmacy, by="test", now=MORNING)
        rounds.serve(round=following, committee=committee, pharmacy=pharmacy, by="test", now=MORNING)
    rounds.announce(round=following, by="test", now=MORNING)
    return following


def test_a_pharmacy_keeps_the_round_that_it_still_sells_in_or_has_not_closed() -> None:
    goods = selling(called=1)
    ground, now = goods.ground, TUESDAY + timedelta(minutes=5)
    following = next_round(ground)
    here = at_counter(goods.pharmacy, now)
    assert (here.round, here.rounds) == (ground.round, (following, ground.round))
    assert at_counter(goods.other, now).round == following
    rounds.cancel(round=ground.round, reason="货源取消", by="test", now=now)
    assert at_counter(goods.pharmacy, now).round == ground.round
    item = Handed(id=new_id(), call=goods.calls[0].id.hex, quantity=5, identity=True)
    assert hand_over([item], pharmacy=goods.pharmacy, by="test", now=now)[0].status == "stored"
    assert at_counter(goods.pharmacy, now).round == following
    folds.enrol_closes(now=now)
    assert at_counter(goods.pharmacy, now).round == ground.round
    close_day(
        round=ground.round, pharmacy=goods.pharmacy, day=clock.local_day(now), counted={"adult": 25}, money_fen=1250,
        explanation="", problems=(), by="test", now=now,
    )  # fmt: skip
    assert at_counter(goods.pharmacy, now) == AtCounter(following, (following,))
