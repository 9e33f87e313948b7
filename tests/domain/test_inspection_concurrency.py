"""Inspectors who send at once, and findings over the same passes that are closed at once, in either order."""

from datetime import timedelta

import pytest

from fangxian.accounts.roles import Role
from fangxian.duties.queries import recount
from fangxian.gates.actions import passes
from fangxian.inspections import folds
from fangxian.inspections.actions import findings, suspend
from fangxian.inspections.models import (
    Assignment,
    Finding,
    FindingAct,
    Inspection,
    Occasion,
    SuspendedPass,
    Suspension,
)
from fangxian.inspections.rules import Actor
from fangxian.shared import clock
from tests.domain.test_finding_suspensions import give, status
from tests.support.threads import at_once
from tests.support.walks import find, send, walk
from tests.support.works import MORNING, Works, make_staff, make_works

pytestmark = pytest.mark.django_db(transaction=True)
NINE = MORNING + timedelta(hours=2)
TEN = NINE + timedelta(hours=1)


def act(row: Finding, what: FindingAct, by: str) -> None:
    findings.act(finding=row, act=what, actors=set(Actor), by=by, now=TEN, text="复查")


def mended(works: Works, *about: tuple[str, str]) -> list[Finding]:
    """Findings of an item and a zone each, reported as put right."""
    rows = [find(works.towers[0].building, works.head, NINE, item=item, zone=zone) for item, zone in about]
    Finding.objects.update(severity="amber")  # a photo is not what this is about
    for row in rows:
        act(row, FindingAct.MEND, "manager")
    return rows


def test_two_inspectors_who_send_at_once_make_one_finding() -> None:
    works = make_works()
    folds.enrol_places(now=MORNING)
    building = works.towers[0].building
    permit = give(building, "R")
    people = [works.head, make_staff("head2", "另一位科长", Role.SECTION_HEAD, works.street), works.leader]
    sent = [walk(building, NINE, {"A2": {"spot": "车库", "zone": "R"}, "D1": {}}) for _person in people]
    at_once(*(lambda one=one, by=by: send(one, by, NINE) for one, by in zip(sent, people, strict=True)))
    assert Inspection.objects.count() == 3
    assert dict(Finding.objects.values_list("item", "times")) == {"A2": 3, "D1": 3}
    assert (Suspension.objects.count(), status(permit)) == (1, ["suspended"])
    assert recount(works.street) == []


def test_one_walk_that_arrives_three_times_at_once_is_kept_once() -> None:
    works = make_works()
    sent = walk(works.towers[0].building, NINE, {"A2": {}})
    told: list[str] = []
    at_once(*(lambda: told.append(send(sent, works.head, NINE).status) for _time in range(3)))
    assert sorted(told) == ["known", "known", "stored"]
    assert (Inspection.objects.count(), Finding.objects.get().times) == (1, 1)


@pytest.mark.parametrize("turn", range(3))
def test_two_findings_over_the_same_passes_closed_at_once(turn: int) -> None:
    """A fold and somebody who issues a pass run beside them."""
    works = make_works()
    building = works.towers[0].building
    held = [give(building, zone) for zone in ("R", "R", "Y", "")]
    theirs = give(building, "R")
    passes.suspend(passes=[theirs], reason="遗失", by="test", now=MORNING)
    first, second = mended(works, ("A2", "R"), ("A1", ""))
    assert set(status(*held)) == {"suspended"}
    pair = [(first, "head"), (second, "leader")]
    work = [lambda row=row, by=by: act(row, FindingAct.PASS, by) for row, by in pair]
    at_once(*(work if turn % 2 else reversed(work)), lambda: suspend.keep_up(now=TEN), lambda: give(building, "R"))
    suspend.keep_up(now=TEN)
    assert status(*held, theirs) == ["live"] * 4 + ["suspended"]
    assert not SuspendedPass.objects.filter(ended=False).exists()
    assert set(Finding.objects.values_list("status", flat=True)) == {"closed"}


def test_one_is_closed_while_another_is_found() -> None:
    works = make_works()
    building = works.towers[0].building
    held = [give(building, zone) for zone in ("R", "Y")]
    (row,) = mended(works, ("A2", "R"))
    at_once(
        lambda: act(row, FindingAct.PASS, "leader"),
        lambda: send(walk(building, TEN, {"A1": {}}), works.head, TEN),
    )
    assert status(*held) == ["suspended", "suspended"]
    assert list(Suspension.objects.filter(until_us__isnull=True).values_list("zone", flat=True)) == [""]


def test_two_who_close_the_same_finding_close_it_once() -> None:
    works = make_works()
    (row,) = mended(works, ("A2", "R"))
    refused: list[str] = []

    def close(by: str) -> None:
        try:
            act(row, FindingAct.PASS, by)
        except findings.InspectionError as error:
            refused.append(str(error))

    at_once(lambda: close("one"), lambda: close("two"))
    assert (len(refused), row.steps.filter(act="pass").count()) == (1, 1)
    assert recount(works.street) == []


def test_findings_of_several_places_move_at_once() -> None:
    """One put right, one refused at its re-inspection, one found: each takes what it changes in the same order."""
    works = make_works()
    first, second = mended(works, ("A2", "R"), ("A1", ""))
    other = find(works.towers[1].building, works.head, NINE, item="D1")
    at_once(
        lambda: act(first, FindingAct.FAIL, "leader"),
        lambda: act(other, FindingAct.MEND, "manager"),
        lambda: act(second, FindingAct.PASS, "leader"),
        lambda: send(walk(works.towers[1].building, TEN, {"D2": {}, "A2": {}}), works.head, TEN),
    )
    found = dict(Finding.objects.values_list("item", "status"))
    assert {row.status for row in Finding.objects.filter(place=works.towers[0].building)} == {"reopened", "closed"}
    assert (found["D1"], found["D2"]) == ("mended", "open")
    assert recount(works.street) == []


def test_two_workers_plan_the_same_day_once() -> None:
    works = make_works()
    at_once(lambda: folds.plan_days(now=MORNING), lambda: folds.plan_days(now=MORNING))
    at_once(lambda: folds.fold(now=MORNING), lambda: folds.fold(now=MORNING))
    rows = Assignment.objects.filter(day=clock.local_day(MORNING), occasion=Occasion.DAILY)
    assert sorted(rows.values_list("place_id", flat=True)) == sorted(tower.id for tower in works.towers)
    assert recount(works.street) == []
