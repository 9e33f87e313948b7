"""What the worker takes from rounds: each duty once, however many workers run, and whatever came first."""

from datetime import date, datetime, timedelta

import pytest
from django.db.models import Count

from fangxian.duties.actions import sweep
from fangxian.duties.models import Duty, Fulfilment, Gap, GapStatus, Member
from fangxian.masks import folds
from fangxian.masks.actions import desk, rounds
from fangxian.masks.actions.close import close_day, instance_of
from fangxian.masks.models import Call, CallStatus, Outlet, Registration, Round, Special
from fangxian.masks.playbook import CLOSE, DOORS, SPECIAL
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.worker.loop import JOBS
from tests.support.factories import MORNING
from tests.support.mask_goods import TUESDAY, Goods, arrive, call, doors, prove, register, selling
from tests.support.masks import make_round
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

OPEN = MORNING + timedelta(hours=2)
DAY = date(2020, 2, 18)


def owed(cohort: str, **where: object) -> int:
    return Duty.objects.filter(cohort__key=cohort, last_us__isnull=True, **where).count()


def mark(place: Place, now: datetime = OPEN) -> None:
    desk.mark_special(unit=place, group=Special.ELDERLY, deliver=True, by="desk", now=now)


def gaps(cohort: str) -> int:
    return Gap.objects.filter(duty__cohort__key=cohort, status=GapStatus.OPEN).count()


def test_an_announced_round_enrols_its_doors_once() -> None:
    goods = Goods(make_round())
    mark(doors(goods, 0)[0], MORNING)
    folds.fold(now=MORNING)
    assert (owed(DOORS), owed(SPECIAL)) == (12, 1)
    assert Round.objects.get().enrolled_us == clock.to_us(MORNING)
    assert folds.fold(now=OPEN) == 0
    assert (owed(DOORS), owed(SPECIAL)) == (12, 1)


def test_a_door_that_is_built_while_the_round_registers_is_told_too() -> None:
    goods = Goods(make_round())
    folds.fold(now=MORNING)
    assert folds.follow_doors(now=OPEN) == 0
    block = doors(goods, 0)[0].parent
    assert block is not None
    new = [NewPlace(PlaceKind.DWELLING, name, block.id) for name in ("901室", "902室")]
    first, second = places.add(places=new, by="test", now=OPEN)
    register(goods.ground, second, goods.ground.committees[0])
    assert folds.follow_doors(now=OPEN) == 1  # who registered knows of it
    assert Duty.objects.get(cohort__key=DOORS, subject_id=first.id).last_us is None
    assert folds.follow_doors(now=OPEN) == 0
    after = clock.from_us(Round.objects.get().register_until_us)
    places.add(places=[NewPlace(PlaceKind.DWELLING, "903室", block.id)], by="test", now=after)
    assert folds.follow_doors(now=after) == 0


def test_a_draft_and_a_cancelled_round_enrol_nobody() -> None:
    ground = make_round(announced=False)
    assert folds.fold(now=OPEN) == 0
    rounds.announce(round=ground.round, by="test", now=OPEN)
    rounds.cancel(round=ground.round, reason="缺货", by="test", now=OPEN)
    assert folds.fold(now=OPEN) == 0
    assert not Duty.objects.exists()


def test_who_registered_was_told_and_a_special_household_is_no_gap() -> None:
    goods = Goods(make_round())
    mark(doors(goods, 0)[0], MORNING)
    row = register(goods.ground, doors(goods, 0)[0], goods.ground.committees[0])
    folds.fold(now=OPEN)
    assert (owed(DOORS), owed(SPECIAL)) == (11, 0)
    assert Registration.objects.get().folded
    done = Fulfilment.objects.filter(ref=f"mask-registration:{row.id.hex}")
    assert done.count() == 2
    folds.fold(now=OPEN)
    assert Fulfilment.objects.count() == 2


def test_a_registration_is_not_folded_before_the_doors_are_enrolled() -> None:
    goods = Goods(make_round())
    register(goods.ground, doors(goods, 0)[0], goods.ground.committees[0])
    assert folds.fold_registrations(now=OPEN) == 0
    assert not Registration.objects.get().folded
    folds.fold(now=OPEN)
    assert owed(DOORS) == 11


def test_a_withdrawn_registration_fulfils_nothing() -> None:
    goods = Goods(make_round())
    register(goods.ground, doors(goods, 0)[0], goods.ground.committees[0], withdrawn_us=1)
    folds.fold(now=OPEN)
    assert (owed(DOORS), Registration.objects.get().folded) == (12, True)


def test_special_households_added_later_are_enrolled_registered_or_not() -> None:
    goods = Goods(make_round())
    register(goods.ground, doors(goods, 0)[0], goods.ground.committees[0])
    folds.fold(now=OPEN)
    mark(doors(goods, 0)[0])
    mark(doors(goods, 0)[1])
    folds.fold(now=OPEN)
    assert Duty.objects.filter(cohort__key=SPECIAL).count() == 2
    assert owed(SPECIAL) == 1
    assert owed(SPECIAL, subject_id=doors(goods, 0)[1].id) == 1
    assert folds.fold(now=OPEN) == 0
    desk.mark_special(unit=doors(goods, 0)[1], group=Special.NONE, deliver=False, by="desk", now=OPEN)
    assert Duty.objects.filter(cohort__key=SPECIAL, ended_us__isnull=True).count() == 1
    folds.fold(now=OPEN)
    assert Duty.objects.filter(cohort__key=SPECIAL, ended_us__isnull=True).count() == 1


def test_a_pharmacy_with_goods_owes_the_closing_of_each_day_of_sale() -> None:
    goods = selling()
    folds.fold(now=TUESDAY)
    [duty] = Duty.objects.filter(cohort__key=CLOSE)
    assert (duty.subject_id, duty.cohort.instance) == (goods.pharmacy.id, "2020-02-18:2")
    assert clock.local(clock.from_us(duty.due_us)).isoformat() == "2020-02-18T20:00:00+08:00"
    sweep(now=TUESDAY + timedelta(hours=11, minutes=29))
    assert gaps(CLOSE) == 0
    sweep(now=TUESDAY + timedelta(hours=11, minutes=31))
    assert gaps(CLOSE) == 1
    arrive(goods, 10, pharmacy=goods.other, batch="B2")
    folds.fold(now=TUESDAY + timedelta(days=1))
    assert Duty.objects.filter(cohort__key=CLOSE, cohort__instance="2020-02-19:2").count() == 2


def test_before_sale_and_after_it_nothing_is_to_be_closed() -> None:
    goods = selling()
    assert folds.enrol_closes(now=TUESDAY - timedelta(minutes=1)) == 0
    last = clock.from_us(goods.ground.round.sale_until_us)
    folds.enrol_closes(now=last + timedelta(days=3))
    days = set(Member.objects.filter(cohort__key=CLOSE).values_list("cohort__instance", flat=True))
    assert max(days) == instance_of(goods.ground.round, clock.local_day(last))
    assert folds.enrol_closes(now=last + timedelta(days=30)) == 0


def test_goods_that_come_after_closing_time_owe_no_closing_that_day() -> None:
    goods = Goods(make_round())
    arrive(goods, 10, now=TUESDAY + timedelta(hours=12))
    assert folds.enrol_closes(now=TUESDAY + timedelta(hours=13)) == 0
    assert folds.enrol_closes(now=TUESDAY + timedelta(days=1)) == 1


def test_a_pharmacy_that_dropped_out_closes_its_last_day() -> None:
    goods = selling()
    Outlet.objects.filter(pharmacy=goods.pharmacy).update(dropped_us=clock.to_us(TUESDAY), reason="闭店")
    folds.enrol_closes(now=TUESDAY + timedelta(days=1))
    assert list(Member.objects.filter(cohort__key=CLOSE).values_list("cohort__instance", flat=True)) == ["2020-02-18:2"]


def test_a_day_closed_while_no_worker_ran_is_closed() -> None:
    goods = selling()
    close_day(
        round=goods.ground.round, pharmacy=goods.pharmacy, day=DAY, counted={"adult": 30}, money_fen=0, explanation="",
        problems=[], by="test", now=TUESDAY + timedelta(hours=10),
    )  # fmt: skip
    folds.fold(now=TUESDAY + timedelta(hours=30))
    assert owed(CLOSE, cohort__instance="2020-02-18:2") == 0
    assert owed(CLOSE, cohort__instance="2020-02-19:2") == 1


def test_what_was_not_collected_lapses() -> None:
    goods = selling(called=2)
    folds.fold(now=TUESDAY + timedelta(days=1, hours=9))
    assert set(Call.objects.values_list("status", flat=True)) == {CallStatus.LAPSED}
    prove(goods)


def test_the_worker_runs_it() -> None:
    goods = Goods(make_round())
    register(goods.ground, doors(goods, 0)[0], goods.ground.committees[0])
    [job] = [job for job in JOBS if job.name == "masks"]
    assert job.run(OPEN) > 0
    assert Registration.objects.get().folded


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_fold_each_thing_once() -> None:
    goods = Goods(make_round())
    arrive(goods, 60, now=TUESDAY - timedelta(hours=10))
    committee = goods.ground.committees[0]
    mark(doors(goods, 0)[0], MORNING)
    rows = [register(goods.ground, door, committee) for door in doors(goods, 0)]
    call(goods, rows[0])
    at_once(*[lambda: folds.fold(now=TUESDAY)] * 3)
    at_once(*[lambda: folds.fold(now=TUESDAY + timedelta(seconds=2))] * 2)
    assert Duty.objects.filter(cohort__key=DOORS).count() == 12
    assert Duty.objects.filter(cohort__key=SPECIAL).count() == 1
    assert Duty.objects.filter(cohort__key=CLOSE).count() == 1
    assert (owed(DOORS), owed(SPECIAL)) == (6, 0)
    assert not Registration.objects.filter(folded=False).exists()
    twice = Fulfilment.objects.values("duty_id", "ref").annotate(n=Count("id")).filter(n__gt=1)
    assert not twice.exists()
