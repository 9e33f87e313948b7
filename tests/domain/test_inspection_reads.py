"""What pages and boards are told: forms, lists, one finding, a place at a glance, trends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from fangxian.inspections.actions import findings as acts
from fangxian.inspections.models import Assignment, Finding, FindingAct, Inspection, Occasion, Severity
from fangxian.inspections.plan import version_at
from fangxian.inspections.queries import findings, forms, states, today, trends
from fangxian.inspections.rules import Actor
from fangxian.places.models import subtree
from fangxian.shared import clock
from tests.domain.test_finding_suspensions import give
from tests.support.walks import find, send, walk
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
DAY = clock.local_day(NINE)


@pytest.fixture
def works() -> Works:
    """Since a week: the plan holds for the days that are looked back on."""
    return make_works(MORNING - timedelta(days=7))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def mend(row: Finding, minutes: int) -> None:
    at = NINE + timedelta(minutes=minutes)
    acts.act(finding=row, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by="manager", now=at)  # fmt: skip


def judge(row: Finding, act: FindingAct, minutes: int, by: str = "leader") -> None:
    acts.act(
        finding=row, act=act, actors={Actor.LEADER}, by=by, now=NINE + timedelta(minutes=minutes), text="因为"
    )  # fmt: skip


def test_the_form_asks_what_the_plan_asks_and_shows_what_is_open(works: Works) -> None:
    building = works.towers[0].building
    row = find(building, works.head, NINE, spot="车库", zone="R")
    acts.report(place=building, title="消防门被堵", severity=Severity.AMBER, by="test", now=NINE)
    closed = find(building, works.head, NINE + timedelta(minutes=1), item="D1")
    judge(closed, FindingAct.ANNUL, 5)
    form = forms.form_of(building, NINE + timedelta(hours=2))
    assert [area.key for area in form.areas] == ["A", "B", "C", "D", "E", "F"]
    items = {item.key: item for area in form.areas for item in area.items}
    assert (len(items), form.checklist) == (22, version_at("building", NINE).sha256)
    assert (items["A2"].title, items["A2"].suspends, items["A2"].severity) == (
        "temperature at every entry", "zone", "red",
    )  # fmt: skip
    assert [(line.id, line.spot, line.overdue) for line in items["A2"].open] == [(row.id, "车库", True)]
    assert items["D1"].open == ()
    assert [line.title for line in form.others] == ["消防门被堵"]
    assert (form.managers, form.suspended) == (("物业经理1",), frozenset({"R"}))
    with translation.override("zh-hans"):
        assert forms.form_of(building, NINE).areas[0].items[1].title == "必测温"


def test_a_form_goes_back_as_a_walk(works: Works) -> None:
    """What the form hands out is what the record accepts."""
    form = forms.form_of(works.towers[0].building, NINE)
    sent = walk(works.towers[0].building, NINE, checklist=form.checklist)
    told = send(sent, works.head, NINE)
    assert (told.status, told.marks, told.applicable) == ("stored", (), sum(len(area.items) for area in form.areas))


def test_lists_of_findings_by_state_severity_item_and_reach(works: Works) -> None:
    here, there = works.towers[0].building, works.towers[1].building
    red = find(here, works.head, NINE, item="A3")
    amber = find(here, works.head, NINE + timedelta(minutes=1), item="D1")
    mended = find(there, works.head, NINE + timedelta(minutes=2), item="D2")
    mend(mended, 10)
    closed = find(there, works.head, NINE + timedelta(minutes=3), item="D3")
    mend(closed, 10)
    judge(closed, FindingAct.PASS, 20)
    late = NINE + timedelta(hours=2)

    def ids(**filters: str) -> list[object]:
        return [line.id for line in findings.findings(Q(), late, **filters)]  # type: ignore[arg-type]  # text filters only

    assert ids() == [red.id, amber.id, mended.id]
    assert ids(status="overdue") == [red.id]
    assert ids(status="closed") == [closed.id]
    assert ids(status="") == [red.id, amber.id, mended.id, closed.id]
    assert ids(severity="amber") == [amber.id, mended.id]
    assert ids(item="D2") == [mended.id]
    within = findings.findings(subtree("place__path", here.path), late)
    assert [line.id for line in within] == [red.id, amber.id]
    first = findings.findings(Q(), late, limit=1)
    assert [line.id for line in findings.findings(Q(), late, after=(red.due_us, red.id))] == [amber.id, mended.id]
    assert (first[0].age_us, first[0].where, first[0].times) == (2 * clock.HOUR_US, "虹桥大厦", 1)
    counted = findings.counts(Q(), late)
    assert counted == findings.Counts(open=3, red=1, amber=2, white=0, mended=1, overdue=1)
    assert findings.counts(subtree("place__path", works.towers[1].building.path), late).open == 1


def test_one_finding_with_everything_that_happened_to_it(works: Works) -> None:
    building = works.towers[0].building
    give(building, "R")
    row = find(building, works.head, NINE, zone="R", note="车库口无人测温")
    acts.act(
        finding=row, act=FindingAct.PLAN, actors={Actor.RESPONSIBLE}, by=works.towers[0].manager.actor, now=NINE,
        plan_who="王工", plan_what="加人", plan_until=NINE + timedelta(minutes=30),
    )  # fmt: skip
    view = findings.finding(Finding.objects.select_related("place").get(id=row.id), NINE)
    assert [(step.act, step.after, step.by) for step in view.steps] == [
        ("", "open", "科室负责人"), ("plan", "planned", "物业经理1"),
    ]  # fmt: skip
    assert (view.steps[0].text, view.note, view.held) == ("车库口无人测温", "车库口无人测温", 1)
    assert (view.line.suspended, view.line.plan_who, view.line.plan_until) == (
        ("R",), "王工", NINE + timedelta(minutes=30),
    )  # fmt: skip
    assert view.inspection_id == Inspection.objects.get().id


def test_a_place_at_a_glance(works: Works) -> None:
    here, there = works.towers[0].id, works.towers[1].id
    find(works.towers[0].building, works.head, NINE - timedelta(days=1), item="E1")
    send(walk(works.towers[0].building, NINE, {"A2": {"zone": "R"}, "D1": {}}), works.head, NINE)
    sent = Assignment.objects.create(
        place=works.towers[1].building, day=DAY, occasion=Occasion.RECHECK, inspector=works.head.id, made_us=1,
        by="test",
    )  # fmt: skip
    recheck = walk(works.towers[1].building, NINE, occasion="recheck", assignment=sent.id.hex)
    send(recheck, works.head, NINE)
    mend(Finding.objects.get(item="D1"), 10)
    found = states.states([here, there], DAY, NINE + timedelta(hours=3))
    assert found[here] == states.PlaceState(
        inspected_at=NINE, in_order=20, applicable=22, red=1, amber=1, white=1, mended=1, overdue=1,
        oldest_us=27 * clock.HOUR_US, suspended=frozenset({"R"}),
    )  # fmt: skip
    assert found[there] == states.PlaceState()
    with CaptureQueriesContext(connection) as asked:
        states.states([here, there], DAY, NINE)
    assert len(asked) == 3


def test_trends_by_item_place_and_area(works: Works) -> None:
    here, there = works.towers[0].building, works.towers[1].building
    send(walk(here, NINE - timedelta(days=2), {"A2": {}, "D1": {}}), works.head, NINE - timedelta(days=2))
    row = Finding.objects.get(item="D1")
    mend(row, 0)
    judge(row, FindingAct.FAIL, 10)
    mend(row, 20)
    judge(row, FindingAct.PASS, 60)
    send(walk(here, NINE, {"A2": {}}), works.leader, NINE)
    send(walk(there, NINE, {"D2": {}, "C1": {}}), works.head, NINE)
    judge(Finding.objects.get(item="C1"), FindingAct.ANNUL, 10)
    found = trends.trends(Q(), DAY - timedelta(days=6), DAY, NINE)
    by_item = {line.key: (line.found, line.sightings, line.open, line.reopened) for line in found.by_item}
    assert by_item == {"A2": (1, 2, 1, 0), "D1": (1, 1, 0, 1), "D2": (1, 1, 1, 0)}
    assert (found.by_item[0].key, found.by_item[0].title) == ("A2", "temperature at every entry")
    closed = next(line for line in found.by_item if line.key == "D1")
    assert closed.closed_us == 49 * clock.HOUR_US
    assert [(line.title, line.found) for line in found.by_place] == [("虹桥大厦", 2), ("古北中心", 1)]
    assert [(line.key, line.found, line.sightings) for line in found.by_area] == [("D", 2, 2), ("A", 1, 2)]
    days = {line.day: line for line in found.days}
    assert len(days) == 7
    assert (days[DAY].inspections, days[DAY].found, days[DAY].closed) == (2, 1, 1)
    assert days[DAY].score == pytest.approx(41 / 44)
    assert days[DAY - timedelta(days=1)].score is None
    narrow = trends.trends(subtree("place__path", there.path), DAY, DAY, NINE)
    assert [line.key for line in narrow.by_item] == ["D2"]


def test_past_inspections_and_one_of_them(works: Works) -> None:
    for hour in range(3):
        at = NINE + timedelta(hours=hour)
        send(walk(works.towers[0].building, at, {"D1": {"spot": "大堂"}}, occasion="leader"), works.leader, at)
    newest = today.inspections(Q(place=works.towers[0].building), limit=2)
    assert [line.observed_at for line in newest] == [NINE + timedelta(hours=2), NINE + timedelta(hours=1)]
    rest = today.inspections(Q(), before_us=clock.to_us(newest[-1].observed_at))
    assert [line.observed_at for line in rest] == [NINE]
    view = today.inspection(Inspection.objects.select_related("place").get(id=rest[0].id), NINE)
    answers = {answer.item: answer for answer in view.answers}
    assert (answers["D1"].result, answers["D1"].spot, answers["D1"].title) == ("fault", "大堂", "public areas")
    assert (view.line.inspector, view.line.signed_name, view.line.in_order) == ("街道领导", "物业经理", 21)
    assert view.finding_ids == (Finding.objects.get().id,)
