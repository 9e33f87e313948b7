"""Office buildings at the desk: all of them at a glance, and each page of one of them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.gates.actions import setup
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import Direction
from fangxian.inspections.models import Finding, Severity, Suspension
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.workplaces.actions import buildings
from fangxian.workplaces.actions.buildings import BuildingFacts, LiftFacts
from fangxian.workplaces.models import (
    Building,
    DutyDay,
    Filing,
    FilingStatus,
    Lift,
    Measure,
    MeasureKind,
    Statement,
    StatementKind,
    Supply,
    TaskMember,
    TaskRole,
)
from tests.support.desk import at_desk
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
TODAY = date(2020, 2, 17)
PAGES = ("building", "force", "inside", "tenants")


@pytest.fixture(autouse=True)
def seven() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def works() -> Works:
    return make_works()


@pytest.fixture
def manager(works: Works) -> Client:
    return at_desk(works.towers[0].manager, now=MORNING)


def text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def page(client: Client, works: Works, name: str = "building", tower: int = 0) -> HttpResponse:
    return client.get(reverse(f"buildings:{name}", args=[works.towers[tower].id]))


def send(client: Client, what: str, works: Works, *more: object, **data: object) -> HttpResponse:
    return client.post(reverse(f"buildings:{what}", args=[works.towers[0].id, *more]), data, follow=True)


def force(works: Works, *roles: TaskRole, deputy: bool = False) -> list[TaskMember]:
    return [
        buildings.appoint(
            place=works.towers[0].building, role=role, name=f"{role.value}甲", phone="62000000", deputy=deputy,
            by="test", now=MORNING,
        )
        for role in roles
    ]  # fmt: skip


def find(works: Works, severity: Severity = Severity.RED, zone: str | None = None) -> Finding:
    now_us, place = clock.to_us(MORNING), works.towers[0].building
    subject = Subject.objects.create(kind=SubjectKind.WORK, label="问题", created_us=now_us)
    row = Finding.objects.create(
        subject=subject, place=place, item="A2", title="地库口未测温", spot="地库口", severity=severity, by="test",
        opened_us=now_us - 90 * MINUTE_US, due_us=now_us - 30 * MINUTE_US,
    )  # fmt: skip
    if zone is not None:
        Suspension.objects.create(finding=row, place=place, zone=zone, since_us=now_us, by="test")
    return row


# ---- at a glance


def test_it_shows_each_building_in_reach_with_what_is_missing(works: Works) -> None:
    force(works, TaskRole.LEADER, TaskRole.MANAGER)
    find(works, zone="Y")
    Filing.objects.create(
        enterprise_id=works.firms[1].id, place=works.towers[0].building, status=FilingStatus.SUBMITTED, people=4,
        created_us=0, changed_us=0, by="test",
    )  # fmt: skip

    said = text(at_desk(works.head, now=MORNING).get(reverse("buildings:list")))

    assert "虹桥大厦" in said
    assert "古北中心" in said
    assert "zone Y: passes suspended" in said
    assert "1 red" in said
    assert "1 past its term" in said
    assert "Missing: head of section, building party worker, party organisation of the building" in said
    assert "filed 1, 1 to decide" in said
    assert "2 buildings" in said


def test_it_shows_a_property_manager_the_own_building_alone(works: Works, manager: Client) -> None:
    said = text(manager.get(reverse("buildings:list")))

    assert "虹桥大厦" in said
    assert "古北中心" not in said
    assert page(manager, works, tower=1).status_code == 404
    assert manager.get(reverse("buildings:building", args=[works.hood.id])).status_code == 404


def test_it_sorts_by_a_column_and_back(works: Works) -> None:
    find(works)
    client, address = at_desk(works.head, now=MORNING), reverse("buildings:list")

    def order(sort: str) -> list[str]:
        return [row.name for row in client.get(address, {"sort": sort}).context["rows"]]

    assert order("open") == ["虹桥大厦", "古北中心"]
    assert order("-open") == ["古北中心", "虹桥大厦"]
    assert 'aria-sort="ascending"' in text(client.get(address, {"sort": "open"}))


def test_it_needs_few_queries_on_every_page(
    works: Works, manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    force(works, *TaskRole)
    find(works, zone="")
    place = works.towers[0].building
    buildings.roster_days(place=place, from_day=TODAY, days=14, by="test", now=MORNING)
    buildings.add_lift(place=place, facts=LiftFacts("1号梯", 6, 1, 17), by="test", now=MORNING)
    buildings.set_up(place=place, facts=BuildingFacts(isolation_room="104室"), by="test", now=MORNING)
    measure(works, verified=True)
    # the first page of a session renews it, and keeps the street's name
    manager.get(reverse("buildings:list"))
    with django_assert_max_num_queries(11):
        assert manager.get(reverse("buildings:list")).status_code == 200
    for name in PAGES:
        with django_assert_max_num_queries(12):
            assert page(manager, works, name).status_code == 200, name


def test_it_lets_a_leader_look_and_change_nothing(works: Works) -> None:
    leader = at_desk(works.leader, now=MORNING)
    for name in PAGES:
        answer = page(leader, works, name)
        assert answer.status_code == 200
        forms = re.findall(r'<form[^>]*action="([^"]*)"', text(answer))
        assert [one for one in forms if "/buildings/" in one and "/verify/" not in one] == []
    assert send(leader, "appoint", works, role="manager", name="钱经理").status_code == 403
    assert not TaskMember.objects.exists()


# ---- task force and calendar


def test_it_appoints_by_account_or_by_name_and_ends_a_period(works: Works, manager: Client) -> None:
    said = text(
        send(manager, "appoint", works, role="manager", account=str(works.towers[0].manager.id), phone="62001234")
    )
    assert "物业经理1 is in the task force" in said
    row = TaskMember.objects.get()
    assert (row.staff, row.name, row.phone, row.deputy) == (works.towers[0].manager.id, "物业经理1", "62001234", False)

    send(manager, "appoint", works, role="branch", name="赵书记", deputy="on", until="2020-02-20")
    deputy = TaskMember.objects.get(role="branch")
    assert deputy.until_us == clock.day_start_us(date(2020, 2, 21))
    assert "a deputy alone does not fill the role" in text(page(manager, works, "force"))

    send(manager, "release", works, row.id)
    row.refresh_from_db()
    assert row.until_us == clock.to_us(MORNING)


def test_it_asks_who_it_is_and_keeps_what_was_typed(works: Works, manager: Client) -> None:
    answer = send(manager, "appoint", works, role="manager", phone="62001234")

    assert answer.status_code == 400
    assert "Choose an account, or give a name." in text(answer)
    assert 'value="62001234"' in text(answer)
    assert send(manager, "appoint", works, role="manager", name="钱经理", until="2020-02-16").status_code == 400
    assert not TaskMember.objects.exists()


def test_it_shows_a_role_as_empty_at_once_when_its_period_has_ended(works: Works, manager: Client) -> None:
    force(works, *TaskRole)
    buildings.appoint(
        place=works.towers[0].building, role=TaskRole.SECTION, name="李科长", by="test", now=MORNING,
        until=MORNING + timedelta(hours=1),
    )  # fmt: skip
    assert page(manager, works, "building").context["shown"].missing == ()

    with time_machine.travel(MORNING + timedelta(hours=1), tick=False):
        later = at_desk(works.towers[0].manager, now=MORNING)
        assert page(later, works, "building").context["shown"].missing == (TaskRole.SECTION,)


def test_it_plans_days_by_rotation_and_changes_one(works: Works, manager: Client) -> None:
    rows = force(works, TaskRole.PARTY_WORKER, TaskRole.MANAGER)
    said = text(
        send(manager, "roster", works, from_day="2020-02-17", days=4, members=[str(row.id) for row in rows])
    )  # fmt: skip
    assert "4 days were planned." in said
    assert said.count('class="duty-name">worker甲') == 2
    send(manager, "day", works, day="2020-02-18", member=str(rows[0].id))
    assert DutyDay.objects.get(day=date(2020, 2, 18)).member_id == rows[0].id
    assert "On duty today:</" not in said
    assert "worker甲" in text(page(manager, works, "building"))

    ended = text(send(manager, "release", works, rows[1].id))
    assert "1 day of the duty calendar has nobody now." in ended


def test_it_refuses_to_plan_the_past_and_says_why(works: Works, manager: Client) -> None:
    rows = force(works, TaskRole.MANAGER)
    answer = send(manager, "roster", works, from_day="2020-02-10", days=4, members=[str(rows[0].id)])

    assert answer.status_code == 400
    assert "The first day lies in the past." in text(answer)
    assert send(manager, "roster", works, from_day="2020-02-17", days=4).status_code == 400
    assert not DutyDay.objects.exists()


def test_it_turns_the_pages_of_the_calendar(works: Works, manager: Client) -> None:
    address = reverse("buildings:force", args=[works.towers[0].id])

    assert manager.get(address, {"month": "2020-03"}).context["month"].first == date(2020, 3, 1)
    for bad in ("2020-13", "nonsense", ""):
        assert manager.get(address, {"month": bad}).context["month"].first == date(2020, 2, 1)


# ---- statements and supplies


def test_it_signs_what_the_plan_says_and_prints_it(works: Works, manager: Client) -> None:
    said = text(send(manager, "sign", works, "main", signer="钱经理", post="物业经理", read="on"))
    assert "The statement is signed." in said
    row = Statement.objects.get()
    assert row.kind == StatementKind.MAIN
    assert row.text.startswith("The head of this building")

    printed = text(manager.get(reverse("buildings:statement", args=[works.towers[0].id, row.id])))
    assert "钱经理" in printed
    assert "data-print" in printed
    other = at_desk(works.towers[1].manager, now=MORNING)
    assert other.get(reverse("buildings:statement", args=[works.towers[0].id, row.id])).status_code == 404
    assert other.get(reverse("buildings:statement", args=[works.towers[1].id, row.id])).status_code == 404


def test_it_signs_nothing_that_was_not_read(works: Works, manager: Client) -> None:
    assert send(manager, "sign", works, "main", signer="钱经理", post="物业经理").status_code == 400
    assert send(manager, "sign", works, "return", signer="钱经理", post="物业经理", read="on").status_code == 404
    assert not Statement.objects.exists()


def test_it_shows_supplies_as_days_left(works: Works, manager: Client) -> None:
    assert "never counted" in text(page(manager, works))
    said = text(send(manager, "count", works, "masks", quantity=1300, per_day=100))

    assert Supply.objects.get().quantity == 1300
    assert "13 days" in said
    assert "1,300 held, 100 used a day" in said
    short = page(manager, works).context["shown"].supplies[0]
    assert not short.enough
    assert send(manager, "count", works, "masks", quantity=-1, per_day=100).status_code == 400
    send(manager, "count", works, "gloves", quantity=1, per_day=1)
    assert Supply.objects.count() == 1


# ---- doors, lifts, isolation room


def test_it_says_when_there_is_not_one_way_in_and_one_way_out(works: Works, manager: Client) -> None:
    assert page(manager, works, "inside").context["faults"] == []
    setup.set_up(gate=works.towers[0].garage, settings=Settings(direction=Direction.BOTH), by="test", now=MORNING)

    said = text(page(manager, works, "inside"))
    assert "not one in, one out" in said
    assert "More than one entrance is open." in said


def test_it_shows_floors_from_the_top_with_their_colours(works: Works, manager: Client) -> None:
    floors = page(manager, works, "inside").context["shown"].floors

    assert [line.name for line in floors] == ["17层", "9层", "1层"]
    assert all(line.zone for line in floors)
    assert floors[0].units == ("1701室",)


def test_it_keeps_lifts_and_the_isolation_room(works: Works, manager: Client) -> None:
    lift = {"name": "1号梯", "cap": 6, "floor_from": 1, "floor_until": 17, "round_trip_seconds": 90, "is_open": "on"}
    send(manager, "add-lift", works, **lift)
    row = Lift.objects.get()
    again = send(manager, "add-lift", works, **lift)
    assert again.status_code == 400
    assert "a lift of that name already" in text(again)
    send(manager, "change-lift", works, row.id, **{**lift, "cap": 4, "is_open": ""})
    row.refresh_from_db()
    assert (row.cap, row.is_open) == (4, False)
    send(manager, "change-lift", works, row.id, remove="1")
    assert not Lift.objects.exists()

    assert "Say first where the isolation room is." in text(send(manager, "isolation", works))
    send(manager, "setup", works, isolation_room="1层104室", people_cap=900)
    send(manager, "isolation", works)
    building = Building.objects.get()
    assert (building.isolation_room, building.people_cap, building.isolation_checked_us) == (
        "1层104室", 900, clock.to_us(MORNING),
    )  # fmt: skip


# ---- tenants and measures


def measure(works: Works, *, verified: bool = False) -> Measure:
    return Measure.objects.create(
        enterprise_id=works.firms[0].id, place=works.towers[0].building, kind=MeasureKind.ONLINE_ONLY,
        text="仅线上接单", since=TODAY, by="test", verified_by=works.head.actor if verified else "",
        verified_us=clock.to_us(MORNING) if verified else None, holds=True if verified else None,
    )  # fmt: skip


def test_it_lists_tenants_by_floor_with_their_filing_and_measures(works: Works, manager: Client) -> None:
    measure(works, verified=True)
    Filing.objects.create(
        enterprise_id=works.firms[1].id, place=works.towers[0].building, status=FilingStatus.ACCEPTED, people=4,
        created_us=0, changed_us=0, by="test",
    )  # fmt: skip

    floors = page(manager, works, "tenants").context["floors"]

    assert [(floor.floor, [line.name for line in floor.tenants]) for floor in floors] == [
        ("17层", ["云帆软件有限公司"]),
        ("9层", ["银杏贸易有限公司"]),
    ]
    assert floors[0].tenants[0].status == "accepted"
    said = text(page(manager, works, "tenants"))
    assert "仅线上接单" in said
    assert "科室负责人" in said
    assert "松果咨询有限公司" not in said


def test_it_registers_verifies_and_ends_a_measure(works: Works, manager: Client) -> None:
    send(
        manager, "declare", works, enterprise=str(works.firms[0].id), kind="dine_in", text="停止堂食",
        since="2020-02-17",
    )  # fmt: skip
    row = Measure.objects.get()
    outside = send(manager, "declare", works, enterprise=str(works.firms[2].id), kind="dine_in", since="2020-02-17")
    assert outside.status_code == 400

    inspector = at_desk(works.leader, now=MORNING)
    send(inspector, "verify", works, row.id, holds="no")
    row.refresh_from_db()
    assert (row.holds, row.verified_by) == (False, works.leader.actor)
    assert "is not kept" in text(page(manager, works, "tenants"))
    send(manager, "end-measure", works, row.id)
    row.refresh_from_db()
    assert row.until == TODAY


def test_it_lets_a_committee_look_but_not_verify(works: Works) -> None:
    row = measure(works)
    secretary = at_desk(works.secretary, now=MORNING)

    assert page(secretary, works, "tenants").status_code == 200
    assert send(secretary, "verify", works, row.id, holds="yes").status_code == 403
    row.refresh_from_db()
    assert row.holds is None


# ---- what is open


def test_it_warns_of_suspended_passes_and_links_to_the_finding(works: Works, manager: Client) -> None:
    row = find(works, zone="R")

    said = text(page(manager, works))

    assert "Passes of zone R are suspended." in said
    assert reverse("findings:finding", args=[row.id]) in said
    assert "suspends zone R" in said
