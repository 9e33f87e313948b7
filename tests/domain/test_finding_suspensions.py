"""Passes while a finding is open: which are not good, and which come back, when, and only those."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import translation

from fangxian.accounts.models import Staff
from fangxian.audit.models import Entry
from fangxian.gates.actions import passes
from fangxian.gates.actions.passes import Change, NewPass
from fangxian.gates.models import Pass, PassKind
from fangxian.inspections import folds
from fangxian.inspections.actions import findings, suspend
from fangxian.inspections.models import Finding, FindingAct, SuspendedPass, Suspension
from fangxian.inspections.queries import suspensions
from fangxian.inspections.rules import Actor
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.workplaces.actions import staff_passes
from tests.support.walks import find
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
TEN = NINE + timedelta(hours=1)


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def give(place: Place, zone: str, kind: PassKind = PassKind.VISITOR, days: int = 30) -> Pass:
    new = NewPass(
        kind=kind, place_id=place.id, holder="访客", zone=zone, from_us=clock.to_us(MORNING) - clock.HOUR_US,
        until_us=clock.to_us(MORNING + timedelta(days=days)),
    )  # fmt: skip
    return passes.issue(passes=[new], by="test", now=MORNING)[0]


def status(*permits: Pass) -> list[str]:
    rows = dict(Pass.objects.filter(id__in=[permit.id for permit in permits]).values_list("id", "status"))
    return [rows[permit.id] for permit in permits]


def close(row: Finding, by: Staff, how: FindingAct = FindingAct.PASS) -> None:
    row.refresh_from_db()
    if how == FindingAct.PASS:
        Finding.objects.filter(id=row.id).update(severity="amber")  # a photo is not what this is about
        findings.act(finding=row, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by="manager", now=TEN)
    findings.act(finding=row, act=how, actors=set(Actor), by=by.actor, now=TEN, text="复查")


def test_a_zone_is_suspended_and_restored_with_its_closing(works: Works) -> None:
    building = works.towers[0].building
    red, yellow, none = give(building, "R"), give(building, "Y"), give(building, "")
    elsewhere = give(works.towers[1].building, "R")
    row = find(building, works.head, NINE, spot="车库", zone="R")
    assert status(red, yellow, none, elsewhere) == ["suspended", "live", "live", "live"]
    red.refresh_from_db()
    assert red.reason.endswith("A2 必测温 车库")
    assert suspensions.standing(building.id) == {"R"}
    (line,) = suspensions.lines([building.id])
    assert (line.zone, line.finding_id, line.passes, line.since_at) == ("R", row.id, 1, NINE)
    close(row, works.head)
    assert status(red, yellow, none, elsewhere) == ["live"] * 4
    assert suspensions.standing(building.id) == set()
    trail = Entry.objects.filter(target=f"finding:{row.id}", act__in=("inspections.suspended", "inspections.lifted"))
    assert [entry.act for entry in trail.order_by("id")] == ["inspections.suspended", "inspections.lifted"]


@pytest.mark.parametrize(("item", "zone"), [("A1", "R"), ("A2", "")])
def test_all_of_the_building_where_the_item_says_so_or_the_zone_is_not_known(
    works: Works, item: str, zone: str
) -> None:  # fmt: skip
    building = works.towers[0].building
    every = [give(building, letter) for letter in ("R", "Y", "")]
    row = find(building, works.head, NINE, item=item, zone=zone)
    assert status(*every) == ["suspended"] * 3
    assert suspensions.standing(building.id) == {""}
    close(row, works.leader, FindingAct.ANNUL)
    assert status(*every) == ["live"] * 3


@pytest.mark.parametrize("item", ["A3", "D1", "E1"])
def test_an_item_that_the_plan_lets_stand_suspends_nothing(works: Works, item: str) -> None:
    permit = give(works.towers[0].building, "R")
    row = find(works.towers[0].building, works.head, NINE, item=item, zone="R")
    assert (status(permit), row.suspends, Suspension.objects.count()) == (["live"], "", 0)


def test_it_stays_suspended_while_it_waits_for_its_re_inspection_and_when_that_fails(works: Works) -> None:
    permit = give(works.towers[0].building, "R")
    row = find(works.towers[0].building, works.head, NINE, zone="R")
    Finding.objects.update(severity="amber")
    findings.act(finding=row, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by="manager", now=TEN)
    assert status(permit) == ["suspended"]
    findings.act(finding=row, act=FindingAct.FAIL, actors={Actor.LEADER}, by="leader", now=TEN, text="没有整改")
    assert status(permit) == ["suspended"]
    close(row, works.head)
    assert status(permit) == ["live"]


@pytest.mark.parametrize("first_closed", [0, 1])
def test_a_pass_that_two_suspensions_hold_comes_back_with_the_last(works: Works, first_closed: int) -> None:
    building = works.towers[0].building
    red, yellow = give(building, "R"), give(building, "Y")
    rows = [find(building, works.head, NINE, zone="R"), find(building, works.head, TEN, item="A1")]
    assert status(red, yellow) == ["suspended", "suspended"]
    close(rows[first_closed], works.head)
    assert status(red, yellow) == ["suspended", "suspended" if first_closed == 0 else "live"]
    close(rows[1 - first_closed], works.head)
    assert status(red, yellow) == ["live", "live"]
    assert not SuspendedPass.objects.filter(ended=False).exists()


def test_what_somebody_else_suspended_or_revoked_stays_as_it_is(works: Works) -> None:
    building = works.towers[0].building
    lost, gone, mine = give(building, "R"), give(building, "R"), give(building, "R")
    passes.suspend(passes=[lost], reason="遗失", by="test", now=MORNING)
    row = find(building, works.head, NINE, zone="R")
    passes.revoke(passes=[gone], reason="离职", by="test", now=NINE)
    close(row, works.head)
    assert status(lost, gone, mine) == ["suspended", "revoked", "live"]


def test_a_reason_of_somebodys_own_outlives_the_suspension(works: Works) -> None:
    """A person falls ill while the zone is suspended: putting the garage right does not let them in."""
    building = works.towers[0].building
    ill, well = give(building, "R"), give(building, "R")
    row = find(building, works.head, NINE, zone="R")
    assert suspend.hand_over(permit_ids=[ill.id, new_id()], reason="发热待排查", by="test", now=TEN) == {ill.id}
    ill.refresh_from_db()
    assert (ill.status, ill.reason) == ("suspended", "发热待排查")
    folds.fold(now=TEN)
    close(row, works.head)
    assert status(ill, well) == ["suspended", "live"]


def test_who_is_not_cleared_for_work_meanwhile_does_not_come_in_when_it_is_put_right(works: Works) -> None:
    firm, building = works.firms[0], works.towers[0].building
    ill, well = firm.people[:2]
    permits = [
        passes.issue(
            passes=[
                NewPass(
                    kind=PassKind.EMPLOYEE, subject_id=person.pk, place_id=building.id, enterprise_id=firm.id,
                    holder=person.name, zone="R", from_us=clock.to_us(MORNING),
                    until_us=clock.to_us(MORNING + timedelta(days=30)),
                )
            ],
            by="test", now=MORNING,
        )[0]
        for person in (ill, well)
    ]  # fmt: skip
    row = find(building, works.head, NINE, zone="R")
    assert status(*permits) == ["suspended", "suspended"]
    held = list(Pass.objects.filter(id=permits[0].id))
    assert staff_passes.stop(permits=held, reason="未获准返岗", by="test", now=TEN) == 1
    folds.fold(now=TEN)
    close(row, works.head)
    assert status(*permits) == ["suspended", "live"]
    held = list(Pass.objects.filter(id=permits[0].id))
    assert staff_passes.bring_back(permits=held, reason="已获准返岗", by="test", now=TEN) == 1
    assert status(*permits) == ["live", "live"]


def test_a_pass_issued_or_restored_meanwhile_is_suspended_by_the_fold(works: Works) -> None:
    building = works.towers[0].building
    early = give(building, "R")
    row = find(building, works.head, NINE, zone="R")
    fresh = give(building, "R")
    passes.restore(passes=[early], reason="误操作", by="test", now=NINE)
    assert status(early, fresh) == ["live", "live"]
    assert suspend.keep_up(now=NINE) == 2
    assert suspend.keep_up(now=NINE) == 0
    assert status(early, fresh) == ["suspended", "suspended"]
    close(row, works.head)
    assert status(early, fresh) == ["live", "live"]


def test_a_process_that_died_before_the_passes_is_made_up_for(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    building = works.towers[0].building
    permit = give(building, "R")
    with monkeypatch.context() as patch:
        patch.setattr(suspend, "settle", lambda **_kwargs: None)
        row = find(building, works.head, NINE, zone="R")
    assert status(permit) == ["live"]
    assert suspend.keep_up(now=NINE) == 1
    with monkeypatch.context() as patch:
        patch.setattr(suspend, "settle", lambda **_kwargs: None)
        close(row, works.head)
    assert status(permit) == ["suspended"]
    assert suspend.keep_up(now=TEN) == 1
    assert status(permit) == ["live"]


def test_nobody_is_kept_out_of_their_own_home(works: Works) -> None:
    resident = give(works.towers[0].building, "R", PassKind.RESIDENT)
    employee = give(works.towers[0].building, "R", PassKind.VEHICLE)
    find(works.towers[0].building, works.head, NINE, item="A1")
    assert status(resident, employee) == ["live", "suspended"]


def test_found_again_in_another_zone_all_of_the_building_is_suspended(works: Works) -> None:
    building = works.towers[0].building
    red, yellow = give(building, "R"), give(building, "Y")
    row = find(building, works.head, NINE, zone="R")
    find(building, works.leader, TEN, zone="Y")
    row.refresh_from_db()
    assert (row.zone, suspensions.standing(building.id)) == ("", {""})
    assert status(red, yellow) == ["suspended", "suspended"]
    close(row, works.head)
    assert status(red, yellow) == ["live", "live"]


def test_a_pass_that_is_over_is_left_alone(works: Works) -> None:
    permit = give(works.towers[0].building, "R", days=1)
    row = find(works.towers[0].building, works.head, NINE + timedelta(days=2), zone="R")
    assert status(permit) == ["live"]
    close(row, works.head)
    assert status(permit) == ["live"]


def test_a_whole_building_of_people_is_suspended_and_comes_back(works: Works) -> None:
    building = works.towers[0].building
    new = NewPass(
        kind=PassKind.VISITOR, place_id=building.id, holder="访客", zone="R", from_us=clock.to_us(MORNING),
        until_us=clock.to_us(MORNING + timedelta(days=30)),
    )  # fmt: skip
    issued = passes.issue(passes=[new] * 450, by="test", now=MORNING, polite=False)
    row = find(building, works.head, NINE, item="B3")
    assert set(status(*issued)) == {"suspended"}
    assert SuspendedPass.objects.filter(ended=False).count() == 450
    close(row, works.head)
    assert set(status(*issued)) == {"live"}
    assert passes.change_many(
        ids=[issued[0].id], what=Change.SUSPEND, reason="其他", by="test", now=TEN
    ) == {issued[0].id}  # fmt: skip
