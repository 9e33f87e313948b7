"""What is said of a round in figures: how far the numbers are, who still waits, and who is before whom."""

from datetime import date, timedelta

import pytest

from fangxian.masks.actions import allocate
from fangxian.masks.models import Call, CallStatus, Registration, Run, Yield
from fangxian.masks.queries import mine, progress
from fangxian.masks.queries.public import rates_of
from fangxian.shared import clock
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round, registered, stocked

pytestmark = pytest.mark.django_db
NIGHT = MORNING + timedelta(hours=13)


def run(ground: MaskGround, night: int = 0) -> Run:
    day = date(2020, 2, 18) + timedelta(days=night)
    return allocate.run(round=ground.round, sale_day=day, by="test", now=NIGHT + timedelta(days=night))


def line(ground: MaskGround) -> progress.CommitteeLine:
    return progress.overview(ground.round).committees[0]


def test_who_is_called_from_the_reserve_is_not_how_far_the_numbers_are() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2, 3)
    registered(ground, 0, 4, special="elderly")
    stocked(ground, 0, 10, reserve=5)
    run(ground)
    assert Call.objects.filter(reserved=True, registration__seq=4).exists()
    assert (line(ground).called_to, line(ground).called, line(ground).waiting) == (1, 2, 2)


def test_a_number_that_lapsed_and_was_called_again_is_one_household() -> None:
    ground = make_round()
    registered(ground, 0, 1, 2)
    stocked(ground, 0, 5, reserve=0)
    run(ground)
    Call.objects.update(status=CallStatus.LAPSED)
    assert (line(ground).called, line(ground).lapsed, line(ground).waiting) == (0, 1, 1)
    stocked(ground, 0, 10, reserve=0)
    second = run(ground, 1)
    assert second.called == 2
    assert (line(ground).called, line(ground).lapsed, line(ground).waiting) == (2, 0, 0)
    assert rates_of(ground.round) == {ground.committees[0].id: (1, 1)}


def test_who_gave_their_place_waits_in_the_other_one() -> None:
    ground = make_round()
    rows = registered(ground, 0, 1, 2, 3, 4, 5)
    assert [mine.ahead_of(row) for row in rows] == [0, 1, 2, 3, 4]
    Yield.objects.create(registration=rows[1], taken_by=rows[3], at_us=clock.to_us(MORNING))
    assert [mine.ahead_of(row) for row in fresh(rows)] == [0, 3, 2, 1, 4]
    Yield.objects.create(registration=rows[0], taken_by=rows[4], at_us=clock.to_us(MORNING))
    assert [mine.ahead_of(row) for row in fresh(rows)] == [4, 3, 2, 1, 0]


def fresh(rows: list[Registration]) -> list[Registration]:
    return [Registration.objects.select_related("round").get(id=row.id) for row in rows]
