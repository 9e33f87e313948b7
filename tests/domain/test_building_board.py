"""All office buildings at a glance."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.access import Reach
from fangxian.gates.models import Direction, Flow, Outcome, Used
from fangxian.inspections.models import Finding, FindingStatus, Inspection, Occasion, Severity, Suspension
from fangxian.places.models import Place
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import HOUR_US, MINUTE_US
from fangxian.shared.ids import new_id
from fangxian.workplaces import bench_board
from fangxian.workplaces.actions import buildings
from fangxian.workplaces.models import (
    Filing,
    FilingStatus,
    PlanStatus,
    Returning,
    StaffState,
    TaskRole,
    Verdict,
    WavePlan,
    WaveSlot,
)
from fangxian.workplaces.queries import board as boards
from fangxian.workplaces.queries.board import Board, Figures, Open, Row
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
TODAY = date(2020, 2, 17)
NOW_US = clock.to_us(MORNING)
EIGHT = MORNING + timedelta(hours=1)


@pytest.fixture
def works() -> Works:
    return make_works()


def shown(works: Works) -> Board:
    return boards.board(Reach(paths=(works.street.path,)), EIGHT)


def first(works: Works) -> Row:
    return shown(works).rows[0]


def file(works: Works, firm: int, status: FilingStatus, people: int, tower: int = 0) -> Filing:
    return Filing.objects.create(
        enterprise_id=works.firms[firm].id, place=works.towers[tower].building, status=status, people=people,
        created_us=NOW_US, changed_us=NOW_US, by="test",
    )  # fmt: skip


def returning(
    works: Works, firm: int, verdict: Verdict = Verdict.NOW, state: StaffState = StaffState.ACTIVE, tower: int = 0
) -> None:
    for person in works.firms[firm].people:
        Returning.objects.create(
            enterprise_id=works.firms[firm].id, place=works.towers[tower].building, person_id=person.pk, state=state,
            verdict=verdict, verdict_until=date(2020, 3, 1) if verdict == Verdict.LATER else None, since_us=NOW_US,
            missing="origin" if verdict == Verdict.UNKNOWN else "", by="test",
        )  # fmt: skip


def find(place: Place, severity: Severity, ago: int, due: int, **more: object) -> Finding:
    subject = Subject.objects.create(kind=SubjectKind.WORK, label="问题", created_us=NOW_US)
    return Finding.objects.create(
        subject=subject, place=place, title="地库口未测温", severity=severity, by="test",
        opened_us=clock.to_us(EIGHT) - ago * MINUTE_US, due_us=clock.to_us(EIGHT) + due * MINUTE_US, **more,
    )  # fmt: skip


def test_it_counts_who_filed_who_is_accepted_and_who_may_be_back(works: Works) -> None:
    file(works, 0, FilingStatus.ACCEPTED, 3)
    file(works, 1, FilingStatus.SUBMITTED, 4)
    file(works, 0, FilingStatus.DRAFT, 3, tower=1)
    returning(works, 0)
    returning(works, 1)

    one, other = shown(works).rows

    assert (one.figures.tenants, other.figures.tenants) == (2, 2)
    assert (one.figures.filed, one.figures.waiting, one.figures.accepted, one.figures.planned) == (2, 1, 1, 7)
    assert one.figures.back == 3, "the people of an enterprise that is not accepted are not back"
    assert other.figures == Figures(tenants=2)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.LATER, StaffState.ACTIVE),
        (Verdict.UNKNOWN, StaffState.ACTIVE),
        (Verdict.NOW, StaffState.LEFT),
        (Verdict.NOW, StaffState.POSITIVE),
    ],
)
def test_it_counts_nobody_back_who_may_not_work(works: Works, verdict: Verdict, state: StaffState) -> None:
    file(works, 0, FilingStatus.ACCEPTED, 3)
    returning(works, 0, verdict, state)

    assert first(works).figures.back == 0


def test_it_counts_a_tenant_of_several_rooms_once(works: Works) -> None:
    works.firms[1].enterprise.subject.attachments.create(
        relation="tenant", place=works.towers[0].units[9], since=date(2020, 1, 1)
    )

    assert first(works).figures.tenants == 2


def test_it_shows_open_findings_by_severity_and_age_and_what_they_suspend(works: Works) -> None:
    one, other = works.towers[0].building, works.towers[1].building
    red = find(one, Severity.RED, ago=90, due=-30)
    find(one, Severity.WHITE, ago=10, due=600)
    find(one, Severity.AMBER, ago=900, due=-900, status=FindingStatus.CLOSED, closed_us=NOW_US)
    Suspension.objects.create(finding=red, place=one, zone="Y", since_us=NOW_US, by="test")
    lifted = find(other, Severity.AMBER, ago=5, due=60)
    Suspension.objects.create(finding=lifted, place=other, since_us=NOW_US, until_us=NOW_US + 1, by="test")

    a, b = shown(works).rows

    assert a.open == Open(red=1, white=1, overdue=1, oldest_us=clock.to_us(EIGHT) - 90 * MINUTE_US)
    assert (a.suspended, b.suspended) == (("Y",), None)
    assert shown(works).open.total == 3


def test_it_says_that_a_whole_building_is_suspended(works: Works) -> None:
    place = works.towers[0].building
    for zone in ("R", ""):
        red = find(place, Severity.RED, ago=90, due=-30, spot=zone or "大堂")
        Suspension.objects.create(finding=red, place=place, zone=zone, since_us=NOW_US, by="test")

    assert first(works).suspended == ()


def test_it_shows_the_last_inspection_of_today_alone(works: Works) -> None:
    place = works.towers[0].building
    for day, hours, good in ((TODAY, 0, 20), (TODAY, 1, 22), (TODAY - timedelta(days=1), 2, 3)):
        Inspection.objects.create(
            id=new_id(), place=place, day=day, occasion=Occasion.DAILY, inspector=UUID(int=1), checklist="0" * 64,
            begun_us=NOW_US, observed_us=NOW_US + hours * HOUR_US, received_us=NOW_US, in_order=good, applicable=22,
            signed_name="钱经理", signed_us=NOW_US,
        )  # fmt: skip

    board = shown(works)

    assert board.rows[0].checked is not None
    assert (board.rows[0].checked.percent, board.inspected) == (100, 1)
    assert board.rows[1].checked is None


def test_it_names_the_roles_that_are_missing_and_a_deputy_fills_none(works: Works) -> None:
    place = works.towers[0].building
    for role in TaskRole:
        buildings.appoint(
            place=place, role=role, name=role.label, deputy=role == TaskRole.SECTION, by="test", now=MORNING
        )  # fmt: skip

    board = shown(works)

    assert board.rows[0].missing == (TaskRole.SECTION,)
    assert board.full == 0
    assert board.rows[1].missing == tuple(TaskRole)


def test_it_holds_the_wave_against_the_published_plan_of_today(works: Works) -> None:
    place = works.towers[0].building
    for status, day in (
        (PlanStatus.PUBLISHED, TODAY),
        (PlanStatus.DRAFT, TODAY),
        (PlanStatus.PUBLISHED, date(2020, 2, 18)),
    ):
        plan = WavePlan.objects.create(place=works.street, day=day, status=status, made_us=NOW_US, by="test")
        for firm, start, resumes in ((0, 450, True), (1, 465, True), (2, 465, False)):
            WaveSlot.objects.create(
                plan=plan, enterprise_id=works.firms[firm].id, place=place, people=30, home=0, ask_from=510,
                ask_until=540, from_minute=start, until_minute=start + 30, resumes=resumes,
            )  # fmt: skip
    start = clock.day_start_us(TODAY)
    for at, direction, outcome in (
        (start + 7 * HOUR_US, Direction.IN, Outcome.ADMIT),
        (start + 7 * HOUR_US, Direction.IN, Outcome.REFUSE),
        (start + 7 * HOUR_US, Direction.OUT, Outcome.ADMIT),
        (start - HOUR_US, Direction.IN, Outcome.ADMIT),
    ):
        Flow.objects.create(
            gate_id=works.towers[0].front.id, place_id=place.id, quarter_us=at, direction=direction, outcome=outcome,
            code="ok", count=41,
        )  # fmt: skip
    Used.objects.create(key=f"in:{place.id.hex}", count=38)

    row = first(works)

    # at 8:00 the window from 7:30 is over and the one from 7:45 half over
    assert (row.figures.expected, row.figures.due, row.figures.entered, row.figures.inside) == (60, 45, 41, 38)
    assert row.has_plan
    assert not shown(works).rows[1].has_plan


@pytest.mark.parametrize(("minute", "due"), [(449.0, 0), (450.0, 0), (465.0, 15), (480.0, 30), (900.0, 30)])
def test_it_expects_a_window_to_fill_evenly(minute: float, due: int) -> None:
    assert boards.due_by(30, 450, 480, minute) == due


def test_it_sums_a_row_of_totals_and_keeps_to_the_reach(works: Works) -> None:
    file(works, 0, FilingStatus.ACCEPTED, 3)
    file(works, 2, FilingStatus.ENDORSED, 2, tower=1)

    assert shown(works).total.planned == 5
    assert shown(works).total.filed == 2
    mine = boards.board(Reach(paths=(works.towers[1].building.path,)), EIGHT)
    assert [row.name for row in mine.rows] == ["古北中心"]
    assert boards.board(Reach(grids=frozenset({works.towers[0].grid.id})), EIGHT).rows[0].name == "虹桥大厦"
    assert boards.board(Reach(subjects=frozenset({works.firms[0].id})), EIGHT).rows == ()


def test_it_asks_the_database_eight_times_however_many_buildings(
    works: Works, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(8):
        shown(works)


def test_it_puts_first_what_needs_looking_at(works: Works) -> None:
    find(works.towers[1].building, Severity.RED, ago=5, due=55)
    for role in TaskRole:
        buildings.appoint(place=works.towers[1].building, role=role, name=role.label, by="test", now=MORNING)
    rows = shown(works).rows

    assert [row.name for row in boards.sort_rows(rows, "open")] == ["古北中心", "虹桥大厦"]
    assert [row.name for row in boards.sort_rows(rows, "force")] == ["虹桥大厦", "古北中心"]
    assert [row.name for row in boards.sort_rows(rows, "-force")] == ["古北中心", "虹桥大厦"]
    assert boards.sort_rows(rows, "nothing") == list(rows)
    for key in boards.SORTS:
        assert sorted(row.name for row in boards.sort_rows(rows, key)) == ["古北中心", "虹桥大厦"]


def test_the_board_is_measured_on_a_small_street() -> None:
    figures = list(bench_board.run(buildings=3, firms=12, people=60, others=20))

    assert [figure.name for figure in figures] == ["building_board.p50", "building_board.p95"]
    assert figures[0].value > 0
