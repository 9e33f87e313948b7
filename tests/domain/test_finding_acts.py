"""A finding from act to act: who may, what each needs, what is owed after it, and who is told."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from django.db.models import Q
from django.utils import translation

from fangxian.accounts.access import live_grants
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.actions import sweep
from fangxian.duties.gap_queries import my_day, open_gaps
from fangxian.duties.models import Duty, Gap, Heartbeat, Member
from fangxian.duties.queries import recount
from fangxian.inspections.actions import findings
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.actions.photos import keep_photo
from fangxian.inspections.models import Assignment, Finding, FindingAct, FindingStatus, Occasion, Severity
from fangxian.inspections.queries import access
from fangxian.inspections.rules import Actor
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.pictures import portrait
from tests.support.walks import find, send, walk
from tests.support.works import MORNING, Works, make_staff, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
TEN = NINE + timedelta(hours=1)
A = FindingAct


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def photo(tmp_path: object, settings: object) -> str:
    settings.FILES_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's settings
    return keep_photo(content=portrait(), name="a.jpg", by="test", now=MORNING)


def do(row: Finding, act: FindingAct, by: Staff, at: datetime, **more: object) -> Finding:
    actors = access.actors_at(by, row.place, at)
    values = {"text": "因为", **more}
    return findings.act(finding=row, act=act, actors=actors, by=by.actor, now=at, **values).finding  # type: ignore[arg-type]  # a test's own choice


def owed(row: Finding) -> dict[str, int | None]:
    """Rules under which something is owed for this finding now, with the time by which."""
    rows = Duty.objects.filter(subject=row.subject, deadline_us__isnull=False)
    return dict(rows.values_list("rule__key", "due_us"))


def minutes(row: Finding, rule: str) -> float:
    due = owed(row)[rule]
    assert due is not None
    return (due - clock.to_us(NINE)) / clock.MINUTE_US


def test_from_found_to_closed(works: Works, photo: str) -> None:
    manager = works.towers[0].manager
    row = find(works.towers[0].building, works.head, NINE, spot="车库")
    assert owed(row) == {"finding-red": clock.to_us(TEN)}
    assert row.subject.label == "A2 必测温"
    row = do(row, A.PLAN, works.head, NINE, plan_who="王工", plan_what="加一支额温枪", plan_until=TEN)
    assert (row.status, row.plan_who, row.plan_until_us) == ("planned", "王工", clock.to_us(TEN))
    row = do(row, A.MEND, manager, NINE + timedelta(minutes=30), photos=[photo])
    assert row.status == "mended"
    assert set(owed(row)) == {"finding-recheck"}
    assert minutes(row, "finding-recheck") == 90
    row = do(row, A.PASS, works.head, NINE + timedelta(minutes=50))
    assert (row.status, owed(row)) == ("closed", {})
    assert row.closed_us == clock.to_us(NINE + timedelta(minutes=50))
    acts = list(row.steps.order_by("received_us", "id").values_list("act", "before", "after"))
    assert acts == [
        ("", "", "open"), ("plan", "open", "planned"), ("mend", "planned", "mended"), ("pass", "mended", "closed"),
    ]  # fmt: skip
    trail = Entry.objects.filter(target=f"finding:{row.id}", act__startswith="inspections.finding")
    assert [entry.act.rsplit(".")[-1] for entry in trail.order_by("id")] == ["made", "plan", "mend", "pass"]
    assert recount(works.street) == []


def test_what_was_not_put_right_is_owed_anew_with_a_new_time(works: Works, photo: str) -> None:
    row = find(works.towers[0].building, works.head, NINE)
    do(row, A.MEND, works.towers[0].manager, NINE + timedelta(minutes=30), photos=[photo])
    row = do(row, A.FAIL, works.head, TEN, text="仍有一个入口不测温")
    assert (row.status, set(owed(row)), minutes(row, "finding-red")) == ("reopened", {"finding-red"}, 120)
    assert row.due_us == clock.to_us(TEN + timedelta(hours=1))
    row = do(row, A.MEND, works.towers[0].manager, TEN + timedelta(minutes=30), photos=[photo])
    row = do(row, A.PASS, works.head, TEN + timedelta(minutes=40))
    assert (row.status, owed(row)) == ("closed", {})
    assert recount(works.street) == []


def test_found_again_before_its_re_inspection_it_had_not_been_put_right(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.towers[0].manager, TEN)
    again = find(works.towers[0].building, works.towers[1].worker, TEN + timedelta(hours=1), item="D1")
    assert (again.id, again.status, again.times) == (row.id, "reopened", 2)
    assert set(owed(again)) == {"finding-amber"}
    assert recount(works.street) == []


def test_a_sight_from_before_it_was_put_right_opens_nothing_again(works: Works) -> None:
    """Seen at nine without network, sent after the manager had reported it as put right at ten."""
    other = make_staff("head2", "另一位科长", Role.SECTION_HEAD, works.street)
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.towers[0].manager, TEN)
    told = send(walk(works.towers[0].building, NINE, {"D1": {}}, offline=True), other, TEN + timedelta(hours=1))
    row.refresh_from_db()
    assert (told.again, row.status, row.times) == ((row.id,), "mended", 2)
    assert set(owed(row)) == {"finding-recheck"}


def test_late_is_late_and_the_gap_closes(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="A3")
    for minute in range(240):
        Heartbeat.objects.create(channel="field", minute_us=clock.to_us(NINE + timedelta(minutes=minute)))
    sweep(now=TEN + timedelta(minutes=5))
    assert Gap.objects.get(duty__subject=row.subject).status == "open"
    do(row, A.ANNUL, works.leader, TEN + timedelta(minutes=10), text="误记")
    gap = Gap.objects.get(duty__subject=row.subject)
    assert (gap.status, gap.reason) == ("waived", "误记")
    assert recount(works.street) == []


def test_the_clock_takes_it_to_the_section_head_and_then_to_the_leader(works: Works) -> None:
    """Red: the manager within the hour, the section head a quarter of an hour later, the leader after an hour."""
    row = find(works.towers[0].building, works.head, NINE, item="A3")
    for minute in range(240):
        Heartbeat.objects.create(channel="field", minute_us=clock.to_us(NINE + timedelta(minutes=minute)))
    sweep(now=TEN + timedelta(seconds=1))
    owners = []
    for minute in (1, 14, 16, 59, 61):
        (line,) = open_gaps(Q(duty__subject=row.subject), TEN + timedelta(minutes=minute))
        owners.append([holder.staff_id for holder in line.owner.people])
    manager, head, leader = ([one.id] for one in (works.towers[0].manager, works.head, works.leader))
    assert owners == [manager, manager, head, head, leader]


def test_put_right_after_its_time_it_counts_as_late(works: Works, photo: str) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="A3")
    for minute in range(240):
        Heartbeat.objects.create(channel="field", minute_us=clock.to_us(NINE + timedelta(minutes=minute)))
    sweep(now=TEN + timedelta(minutes=5))
    do(row, A.MEND, works.towers[0].manager, TEN + timedelta(minutes=20), photos=[photo])
    gap = Gap.objects.get(duty__subject=row.subject)
    assert (gap.status, gap.outcome) == ("closed", "late")
    assert recount(works.street) == []


def test_a_mend_without_network_is_judged_by_when_it_was_done(works: Works, photo: str) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="A3")
    for minute in range(240):
        Heartbeat.objects.create(channel="field", minute_us=clock.to_us(NINE + timedelta(minutes=minute)))
    sweep(now=TEN + timedelta(minutes=5))
    step, late = new_id(), TEN + timedelta(hours=2)
    seen = NINE + timedelta(minutes=40)
    row = do(row, A.MEND, works.towers[0].manager, late, photos=[photo], step_id=step, observed_at=seen)
    assert Gap.objects.get(duty__subject=row.subject).outcome == "met"
    again = findings.act(
        finding=row, act=A.MEND, actors=set(Actor), by=works.towers[0].manager.actor, now=late, step_id=step
    )  # fmt: skip
    assert (again.known, again.step.id, row.steps.filter(act="mend").count()) == (True, step, 1)
    ahead = findings.act(
        finding=row, act=A.FAIL, actors={Actor.INSPECTOR}, by=works.head.actor, now=late, text="不行",
        observed_at=late + timedelta(days=1),
    )  # fmt: skip
    assert ahead.step.observed_us == clock.to_us(late)


@pytest.mark.parametrize(
    ("act", "more", "says"),
    [
        (A.MEND, {}, "photo"),
        (A.MEND, {"photos": ["0" * 64]}, "not arrived"),
        (A.PLAN, {"plan_who": "王工"}, "all three"),
        (A.PLAN, {"plan_who": "王工", "plan_what": "修", "plan_until": MORNING}, "past"),
        (A.ANNUL, {"text": " "}, "Say why"),
        (A.PASS, {}, "cannot be done now"),
        (A.AGAIN, {}, "cannot be done now"),
    ],
)
def test_an_act_that_lacks_something_changes_nothing(
    works: Works, act: FindingAct, more: dict[str, object], says: str
) -> None:
    row = find(works.towers[0].building, works.head, NINE)
    with pytest.raises(InspectionError, match=says):
        findings.act(finding=row, act=act, actors=set(Actor), by="test", now=NINE, **more)  # type: ignore[arg-type]  # a test's own choice
    row.refresh_from_db()
    assert (row.status, row.steps.count(), set(owed(row))) == ("open", 1, {"finding-red"})


def test_a_refusal_needs_a_reason_and_leaves_it_where_it_was(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.towers[0].manager, TEN)
    with pytest.raises(InspectionError, match="Say why"):
        do(row, A.FAIL, works.head, TEN, text="")


def test_as_whom_somebody_acts_at_a_place(works: Works) -> None:
    here, there = works.towers[0], works.towers[1]

    def of(staff: Staff, tower: Place) -> set[Actor]:
        return set(access.actors_at(staff, tower, NINE))

    assert of(here.manager, here.building) == {Actor.RESPONSIBLE}
    assert of(here.worker, here.building) == {Actor.RESPONSIBLE}
    assert of(works.head, here.building) == of(works.leader, here.building) == {Actor.INSPECTOR, Actor.LEADER}
    assert of(works.secretary, here.building) == {Actor.RESPONSIBLE}
    assert of(works.guard, here.building) == of(works.firms[0].hr, here.building) == set()
    assert of(there.worker, here.building) == set()
    send_there(there.worker, here.building)
    assert of(there.worker, here.building) == {Actor.INSPECTOR}
    assert set(access.actors_at(there.worker, here.building, NINE + timedelta(days=15))) == set()
    send_there(here.worker, here.building)
    assert of(here.worker, here.building) == {Actor.RESPONSIBLE}
    at_grid = make_staff("gridded", "楼宇党群三", Role.BUILDING_PARTY_WORKER, here.grid)
    send_there(at_grid, here.building)
    assert of(at_grid, here.building) == {Actor.RESPONSIBLE}


def send_there(staff: Staff, place: Place) -> None:
    Assignment.objects.create(
        place=place, day=clock.local_day(NINE), occasion=Occasion.RECHECK, inspector=staff.id, made_us=1, by="test"
    )  # fmt: skip


def test_only_somebody_from_elsewhere_re_inspects(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.head, TEN)
    for staff, says in ((works.towers[0].worker, "own place"), (works.head, "yourself")):
        for act in (A.PASS, A.FAIL):
            with pytest.raises(InspectionError, match=says):
                findings.act(finding=row, act=act, actors=set(Actor), by=staff.actor, now=TEN, text="因为")
    with pytest.raises(InspectionError, match="cannot be done now"):
        do(row, A.PASS, works.towers[0].manager, TEN)
    assert do(row, A.PASS, works.leader, TEN).status == "closed"


def test_the_manager_sees_it_on_his_first_page_at_once(works: Works) -> None:
    """Red within the hour, amber the same day, and white too, which is due in three days only."""
    manager = works.towers[0].manager
    send(walk(works.towers[0].building, NINE, {"A3": {}, "D1": {}, "C1": {}}), works.head, NINE)
    day = my_day(manager, list(live_grants(manager, NINE)), NINE)
    shown = {group.rule: (group.count, group.due_at) for group in day.duties if group.rule.startswith("finding")}
    assert shown == {
        "finding-red": (1, TEN), "finding-amber": (1, clock.at(clock.local_day(NINE) + timedelta(days=1), time.min)),
        "finding-white": (1, clock.at(clock.local_day(NINE) + timedelta(days=4), time.min)),
    }  # fmt: skip
    other = works.towers[1].manager
    assert not my_day(other, list(live_grants(other, NINE)), NINE).duties


def test_one_that_was_put_right_sends_somebody_to_look_the_same_day(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.towers[0].manager, TEN)
    sent = Assignment.objects.get()
    assert (sent.occasion, sent.inspector, sent.day) == ("recheck", works.head.id, clock.local_day(TEN))


def test_a_finding_outside_of_a_checklist(works: Works) -> None:
    row = findings.report(
        place=works.towers[0].building, title="消防门被堵", severity=Severity.AMBER, spot="9层", by=works.leader.actor,
        now=NINE,
    )  # fmt: skip
    assert (row.item, row.suspends, row.subject.label) == ("", "", "消防门被堵")
    assert set(owed(row)) == {"finding-amber"}
    twin = findings.report(
        place=row.place, title=row.title, severity=Severity.AMBER, spot=row.spot, by=works.head.actor, now=TEN
    )  # fmt: skip
    assert twin.id != row.id
    with pytest.raises(InspectionError, match="not in order"):
        findings.report(place=row.place, title=" ", severity=Severity.RED, by="test", now=NINE)
    with pytest.raises(InspectionError, match="office building"):
        findings.report(place=works.street, title="x", severity=Severity.RED, by="test", now=NINE)
    assert Finding.objects.count() == 2


def test_at_a_compound_the_committee_is_asked(works: Works) -> None:
    compound = places.add(
        places=[NewPlace(PlaceKind.COMPOUND, "古北新苑", works.hood.id)], by="test", now=MORNING
    )[0]  # fmt: skip
    row = find(compound, works.head, NINE, item="J1")
    assert set(owed(row)) == {"estate-finding-amber"}
    day = my_day(works.secretary, list(live_grants(works.secretary, NINE)), NINE)
    assert {group.rule for group in day.duties} == {"estate-finding-amber"}
    row = do(row, A.MEND, works.secretary, TEN)
    assert set(owed(row)) == {"finding-recheck"}
    assert do(row, A.PASS, works.leader, TEN).status == FindingStatus.CLOSED
    assert not Member.objects.filter(subject=row.subject, until_us__isnull=True).exists()


def test_a_re_inspection_by_the_form_closes_what_is_in_order_and_opens_what_is_not(works: Works) -> None:
    first = find(works.towers[0].building, works.head, NINE, item="D1")
    second = find(works.towers[0].building, works.head, NINE + timedelta(minutes=1), item="D2", spot="3号梯")
    third = find(works.towers[0].building, works.head, NINE + timedelta(minutes=2), item="D3")
    for row in (first, second):
        do(row, A.MEND, works.towers[0].manager, TEN)
    sent = walk(works.towers[0].building, TEN + timedelta(hours=1), {"D2": {"spot": "3号梯"}}, occasion="recheck")
    told = send(sent, works.leader, TEN + timedelta(hours=1))
    assert (told.status, told.passed, told.again, told.made) == ("stored", (first.id,), (second.id,), ())
    for row, status in ((first, "closed"), (second, "reopened"), (third, "open")):
        row.refresh_from_db()
        assert row.status == status
    assert recount(works.street) == []


def test_a_re_inspection_from_before_it_was_put_right_closes_nothing(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.towers[0].manager, TEN)
    early = walk(works.towers[0].building, NINE + timedelta(minutes=30), occasion="recheck", offline=True)
    assert send(early, works.leader, TEN + timedelta(hours=1)).passed == ()
    row.refresh_from_db()
    assert row.status == "mended"


@pytest.mark.parametrize("act", [A.PASS, A.FAIL])
def test_looked_at_before_it_was_last_put_right_it_neither_closes_nor_opens_again(works: Works, act: A) -> None:
    """Judged at half past nine without a network; put right at ten, and sent at eleven."""
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    do(row, A.MEND, works.towers[0].manager, TEN)
    eleven, early = TEN + timedelta(hours=1), NINE + timedelta(minutes=30)
    with pytest.raises(InspectionError, match="before it was last reported"):
        do(row, act, works.head, eleven, observed_at=early)
    row.refresh_from_db()
    assert (row.status, row.steps.count(), set(owed(row))) == ("mended", 2, {"finding-recheck"})
    assert do(row, act, works.head, eleven, observed_at=TEN + timedelta(minutes=1)).status != "mended"


def test_nothing_is_done_before_what_it_answers(works: Works) -> None:
    """The clock of a device runs behind: put right not before it was found, nor before it was found wanting."""
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    row = do(row, A.MEND, works.towers[0].manager, TEN, observed_at=NINE - timedelta(days=1))
    assert row.steps.get(act=A.MEND).observed_us == clock.to_us(NINE)
    row = do(row, A.FAIL, works.head, TEN)
    later = TEN + timedelta(minutes=30)
    row = do(row, A.MEND, works.towers[0].manager, later, observed_at=NINE + timedelta(minutes=5))
    assert row.steps.filter(act=A.MEND).latest("received_us").observed_us == clock.to_us(TEN)


def test_a_number_that_is_taken_answers_only_who_took_it_for_the_same_finding(works: Works) -> None:
    row = find(works.towers[0].building, works.head, NINE, item="D1")
    other = find(works.towers[0].building, works.head, NINE, item="D2")
    step, manager = new_id(), works.towers[0].manager
    do(row, A.MEND, manager, TEN, step_id=step)
    for finding, by in ((other, manager), (row, works.leader)):
        with pytest.raises(InspectionError, match="same number"):
            do(finding, A.MEND, by, TEN, step_id=step)
    other.refresh_from_db()
    assert (other.status, other.steps.count(), row.steps.count()) == ("open", 1, 2)
    assert findings.act(finding=row, act=A.MEND, actors=set(Actor), by=manager.actor, now=TEN, step_id=step).known


def test_a_walk_of_whoever_put_something_right_is_kept_and_that_waits_for_somebody_else(works: Works) -> None:
    own = find(works.towers[0].building, works.head, NINE, item="D1")
    theirs = find(works.towers[0].building, works.head, NINE + timedelta(minutes=1), item="D2")
    do(own, A.MEND, works.leader, TEN)
    do(theirs, A.MEND, works.towers[0].manager, TEN)
    at = TEN + timedelta(hours=1)
    sent = walk(works.towers[0].building, at, occasion="recheck")
    told = send(sent, works.leader, at)
    assert (told.status, told.passed, told.marks) == ("stored", (theirs.id,), ("own-mend",))
    assert send(sent, works.leader, at).marks == ("own-mend",)
    own.refresh_from_db()
    assert own.status == "mended"
    again = send(walk(works.towers[0].building, at, occasion="recheck"), works.head, at)
    assert again.passed == (own.id,)
