"""Who is sent where: rotation, nobody to their own place, unannounced visits, and re-inspections."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import translation

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Role
from fangxian.duties.models import Duty, Member
from fangxian.inspections import folds
from fangxian.inspections.actions import assign, findings
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.models import Assignment, FindingAct, Occasion
from fangxian.inspections.queries import today
from fangxian.inspections.rules import Actor
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.worker.jobs import fold_inspections, plan_inspections
from tests.support.walks import find, send, walk
from tests.support.works import MORNING, Works, make_staff, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
DAY = clock.local_day(MORNING)


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def compounds(works: Works, count: int) -> list[Place]:
    news = [NewPlace(PlaceKind.COMPOUND, f"小区{number}", works.hood.id) for number in range(count)]
    return places.add(places=news, by="test", now=MORNING)


def plan(day_shift: int = 0) -> dict[str, str]:
    assign.plan_day(day=DAY + timedelta(days=day_shift), by="test", now=MORNING)
    rows = Assignment.objects.filter(day=DAY + timedelta(days=day_shift), occasion=Occasion.DAILY)
    return {row.place.name: row.inspector.hex for row in rows.select_related("place")}


def test_buildings_send_their_workers_to_each_other(works: Works) -> None:
    found = plan()
    able = {works.head.id.hex, works.towers[0].worker.id.hex, works.towers[1].worker.id.hex}
    assert set(found) == {"虹桥大厦", "古北中心"}
    assert set(found.values()) <= able
    assert found["虹桥大厦"] != works.towers[0].worker.id.hex
    assert found["古北中心"] != works.towers[1].worker.id.hex
    assert len(set(found.values())) == 2
    assert plan() == found


def test_it_goes_around(works: Works) -> None:
    """Over six days each of the two who may go to a building goes three times."""
    times = Counter((place, who) for shift in range(6) for place, who in plan(shift).items())
    assert set(times.values()) <= {2, 3, 4}
    assert len(times) == 4


def test_a_leader_is_planned_only_where_nobody_else_is(works: Works) -> None:
    assert works.leader.id.hex not in plan().values()
    RoleGrant.objects.exclude(role=Role.STREET_LEADER).update(until=MORNING + timedelta(seconds=1))
    assert set(plan(1).values()) == {works.leader.id.hex}


def test_who_may_not_go_any_more_is_replaced_and_what_is_done_stays(works: Works) -> None:
    extra = make_staff("head2", "另一位科长", Role.SECTION_HEAD, works.street)
    assign.assign(
        place=works.towers[0].building, day=DAY, inspector=extra.id, occasion=Occasion.DAILY, by="test", now=MORNING
    )  # fmt: skip
    done = assign.assign(
        place=works.towers[1].building, day=DAY, inspector=extra.id, occasion=Occasion.DAILY, by="test", now=MORNING
    )  # fmt: skip
    assert send(walk(works.towers[1].building, NINE, assignment=done.id.hex), extra, NINE).status == "stored"
    extra.is_active = False
    extra.save()
    assert assign.plan_day(day=DAY, by="test", now=NINE) == 1
    rows = dict(Assignment.objects.filter(day=DAY).values_list("place__name", "inspector"))
    assert rows["古北中心"] == extra.id
    assert rows["虹桥大厦"] in {works.head.id, works.towers[1].worker.id}


def test_compounds_have_their_turn_once_in_three_days(works: Works) -> None:
    made = compounds(works, 7)
    seen = Counter(name for shift in range(3) for name in plan(shift) if name.startswith("小区"))
    assert seen == {place.name: 1 for place in made}
    daily = [sum(name.startswith("小区") for name in plan(shift)) for shift in range(3)]
    assert max(daily) - min(daily) <= 1


def test_an_assignment_by_hand_says_why_it_cannot_be(works: Works) -> None:
    here = works.towers[0]
    common = {"place": here.building, "day": DAY, "occasion": Occasion.DAILY, "by": "test", "now": MORNING}
    for changes, says in (
        ({"inspector": here.worker.id}, "own place"),
        ({"inspector": works.guard.id}, "no inspector"),
        ({"inspector": new_id()}, "no inspector"),
        ({"inspector": works.head.id, "day": DAY - timedelta(days=1)}, "over"),
        ({"inspector": works.head.id, "place": works.hood}, "open office buildings"),
    ):
        with pytest.raises(InspectionError, match=says):
            assign.assign(**{**common, **changes})  # type: ignore[arg-type]  # a test's own choice
    assert not Assignment.objects.exists()


def test_a_person_by_hand_takes_the_place_of_the_planned_one_until_it_is_done(works: Works) -> None:
    plan()
    here = works.towers[0].building
    common = {"place": here, "day": DAY, "occasion": Occasion.DAILY, "by": "test", "now": MORNING}
    row = assign.assign(inspector=works.leader.id, **common)  # type: ignore[arg-type]  # a test's own choice
    assert list(Assignment.objects.filter(place=here).values_list("inspector", flat=True)) == [works.leader.id]
    send(walk(here, NINE, assignment=row.id.hex), works.leader, NINE)
    with pytest.raises(InspectionError, match="already"):
        assign.assign(inspector=works.head.id, **common)  # type: ignore[arg-type]  # a test's own choice


def test_an_unannounced_visit_is_by_somebody_else_and_shown_to_them_only(works: Works) -> None:
    planned = plan()
    drawn = assign.draw_unannounced(day=DAY, count=5, by="test", now=MORNING)
    assert {row.place.name for row in drawn} == {"虹桥大厦", "古北中心"}
    for row in drawn:
        assert row.inspector.hex != planned[row.place.name]
        other = works.leader.id
        assert row.id not in {line.id for line in today.assigned(Q(place=row.place), DAY, viewer=other)}
        assert row.id in {line.id for line in today.todays_list(row.inspector, MORNING)}
    assert assign.draw_unannounced(day=DAY, count=5, by="test", now=MORNING) == []


def test_one_that_is_done_is_shown_to_everybody(works: Works) -> None:
    row = assign.draw_unannounced(day=DAY, count=1, by="test", now=MORNING)[0]
    by = next(s for s in (works.head, works.towers[0].worker, works.towers[1].worker) if s.id == row.inspector)
    assert today.assigned(Q(), DAY, viewer=works.leader.id) == []
    told = send(walk(row.place, NINE, occasion="unannounced", assignment=row.id.hex), by, NINE)
    (line,) = today.assigned(Q(), DAY, viewer=works.leader.id)
    assert (line.inspection_id, line.done_at, line.inspector) == (told.inspection_id, NINE, by.name)


def test_todays_list_has_re_inspections_first_and_what_is_done_last(works: Works) -> None:
    for tower in works.towers:
        assign.assign(
            place=tower.building, day=DAY, inspector=works.head.id, occasion=Occasion.DAILY, by="test", now=MORNING
        )  # fmt: skip
    first = Assignment.objects.get(place=works.towers[0].building)
    told = send(walk(works.towers[0].building, NINE, {"D1": {}}, assignment=first.id.hex), works.head, NINE)
    row = works.towers[0].building.inspection_findings.get()
    findings.act(finding=row, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by="manager", now=NINE)
    found = today.todays_list(works.head.id, NINE)
    assert [(line.place, line.occasion, line.inspection_id, line.open, line.mended) for line in found] == [
        ("虹桥大厦", "recheck", None, 1, 1),
        ("古北中心", "daily", None, 0, 0),
        ("虹桥大厦", "daily", told.inspection_id, 1, 1),
    ]


def test_the_fold_enrols_what_is_inspected_and_withdraws_what_closed(works: Works) -> None:
    compound = compounds(works, 1)[0]
    assert fold_inspections(MORNING) == 3
    assert fold_inspections(MORNING) == 0
    owed = dict(Duty.objects.filter(ended_us__isnull=True).values_list("subject_id", "rule__key"))
    assert owed == {
        works.towers[0].id: "building-inspected", works.towers[1].id: "building-inspected",
        compound.id: "compound-inspected",
    }  # fmt: skip
    nodes = dict(Member.objects.values_list("place_id", "node_id"))
    assert nodes[works.towers[0].id] == works.towers[0].grid.id
    Place.objects.filter(id=works.towers[1].id).update(closed_on=DAY, grid=None)
    Place.objects.filter(id=works.towers[0].id).update(grid=works.towers[1].grid)
    assert fold_inspections(NINE) == 2
    left = Member.objects.filter(until_us__isnull=True)
    assert dict(left.values_list("place_id", "node_id")) == {
        works.towers[0].id: works.towers[1].grid.id, compound.id: works.hood.id,
    }  # fmt: skip


def test_without_a_checklist_nothing_is_owed() -> None:
    make_works(plan=False)
    assert fold_inspections(MORNING) == plan_inspections(MORNING) == 0
    assert not Member.objects.exists()


def test_the_worker_plans_today_and_tomorrow(works: Works) -> None:
    assert plan_inspections(MORNING) == 4
    assert plan_inspections(MORNING) == 0
    assert sorted(Assignment.objects.values_list("day", flat=True)) == [DAY, DAY, *[DAY + timedelta(days=1)] * 2]


def test_a_re_inspection_that_nobody_made_is_given_out_again_the_next_day(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    findings.act(finding=row, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by="manager", now=NINE)
    assert folds.send_to_rechecks(now=NINE) == 0
    assert folds.send_to_rechecks(now=NINE + timedelta(days=1)) == 1
    assert folds.send_to_rechecks(now=NINE + timedelta(days=1)) == 0
    works.head.is_active = False
    works.head.save()
    assert folds.send_to_rechecks(now=NINE + timedelta(days=2)) == 1
    sent = Assignment.objects.filter(occasion=Occasion.RECHECK).order_by("day")
    assert [one.inspector for one in sent] == [works.head.id, works.head.id, works.towers[1].worker.id]
