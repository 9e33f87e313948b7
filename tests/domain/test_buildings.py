"""A building's task force, calendar, statements and supplies, and the duties for what it lacks."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from fangxian.audit.models import Entry
from fangxian.duties.actions import done, sweep, waive
from fangxian.duties.models import Duty, Gap, GapStatus
from fangxian.places import actions as places
from fangxian.shared import clock
from fangxian.workplaces import folds
from fangxian.workplaces.actions import buildings, measures
from fangxian.workplaces.actions.buildings import BuildingFacts, LiftFacts
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import (
    Building,
    DutyDay,
    Lift,
    Measure,
    MeasureKind,
    Statement,
    StatementKind,
    Supply,
    TaskMember,
    TaskRole,
)
from fangxian.workplaces.readiness import check_buildings
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
TODAY = date(2020, 2, 17)


@pytest.fixture
def works() -> Works:
    return make_works()


def appoint(works: Works, role: TaskRole, name: str, **more: object) -> TaskMember:
    now = more.pop("now", MORNING)
    return buildings.appoint(place=works.towers[0].building, role=role, name=name, by="test", now=now, **more)  # type: ignore[arg-type]  # the keys are its own


def full_force(works: Works) -> list[TaskMember]:
    names = ("张领导", "李科长", "王党群", "赵书记", "钱经理")
    return [appoint(works, role, name) for role, name in zip(TaskRole, names, strict=True)]


def asked(prefix: str = "taskforce:") -> set[str]:
    """Sources that stand open, without the name of the building."""
    standing = Duty.objects.filter(one_off__source__startswith=prefix, deadline_us__isnull=False)
    return {source.split(":")[-1] for source in standing.values_list("one_off__source", flat=True)}


def close_second(works: Works) -> None:
    """Only the first building is looked at."""
    places.close(place=works.towers[1].building, on=TODAY, by="test", now=MORNING)


# ---- task force


def test_it_ends_the_period_of_the_holder_before(works: Works) -> None:
    first = appoint(works, TaskRole.MANAGER, "钱经理")
    later = MORNING + timedelta(hours=1)
    second = appoint(works, TaskRole.MANAGER, "孙经理", now=later)

    first.refresh_from_db()
    assert first.until_us == clock.to_us(later)
    live = TaskMember.objects.filter(buildings.in_post(later), place=works.towers[0].building)
    assert [row.id for row in live] == [second.id]
    assert Entry.objects.filter(act="workplaces.task_force.appointed").count() == 2


def test_it_lets_a_deputy_stand_beside_the_holder_and_become_the_holder(works: Works) -> None:
    holder = appoint(works, TaskRole.MANAGER, "钱经理")
    deputy = appoint(works, TaskRole.MANAGER, "孙副经理", deputy=True)
    later = MORNING + timedelta(hours=1)
    buildings.release(member=holder, by="test", now=later)
    promoted = appoint(works, TaskRole.MANAGER, "孙副经理", now=later)

    deputy.refresh_from_db()
    live = TaskMember.objects.filter(buildings.in_post(later), place=works.towers[0].building)
    assert [(row.id, row.deputy) for row in live] == [(promoted.id, False)]
    assert deputy.until_us == clock.to_us(later)


def test_it_refuses_a_period_that_ends_before_it_begins_and_a_nameless_member(works: Works) -> None:
    with pytest.raises(WorkplaceError):
        appoint(works, TaskRole.MANAGER, "  ")
    with pytest.raises(WorkplaceError):
        appoint(works, TaskRole.MANAGER, "钱经理", until=MORNING)
    assert not TaskMember.objects.exists()


def test_it_refuses_what_is_no_building_in_use(works: Works) -> None:
    with pytest.raises(WorkplaceError):
        buildings.appoint(place=works.hood, role=TaskRole.MANAGER, name="钱经理", by="test", now=MORNING)
    close_second(works)
    works.towers[1].building.refresh_from_db()
    with pytest.raises(WorkplaceError):
        buildings.set_up(place=works.towers[1].building, facts=BuildingFacts(), by="test", now=MORNING)


# ---- duties for what a building lacks


def test_it_asks_for_each_role_nobody_holds_once_and_opens_a_gap_at_once(works: Works) -> None:
    close_second(works)
    appoint(works, TaskRole.LEADER, "张领导")

    check_buildings(now=MORNING)
    check_buildings(now=MORNING)

    assert asked() == {"section", "worker", "branch", "manager"}
    assert Duty.objects.filter(one_off__source__startswith="taskforce:").count() == 4
    sweep(now=MORNING + timedelta(minutes=2), polite=False)
    gaps = Gap.objects.filter(duty__one_off__source__startswith="taskforce:", status=GapStatus.OPEN)
    assert gaps.count() == 4
    assert set(gaps.values_list("node_id", flat=True)) == {works.towers[0].grid.id}


def test_it_does_not_take_a_deputy_for_a_holder(works: Works) -> None:
    close_second(works)
    full_force(works)
    holder = TaskMember.objects.get(role=TaskRole.MANAGER)
    appoint(works, TaskRole.MANAGER, "孙副经理", deputy=True)
    check_buildings(now=MORNING)
    assert asked() == set()

    later = MORNING + timedelta(minutes=1)
    buildings.release(member=holder, by="test", now=later)
    check_buildings(now=later)

    assert asked() == {"manager"}


def test_it_asks_at_once_when_a_period_has_run_out_by_itself(works: Works) -> None:
    close_second(works)
    full_force(works)
    end = MORNING + timedelta(days=1)
    appoint(works, TaskRole.SECTION, "李科长", until=end)
    check_buildings(now=end - timedelta(seconds=1))
    assert asked() == set()

    check_buildings(now=end)

    assert asked() == {"section"}


def test_it_settles_what_is_filled_again(works: Works) -> None:
    close_second(works)
    check_buildings(now=MORNING)
    sweep(now=MORNING + timedelta(minutes=2), polite=False)
    assert Gap.objects.filter(status=GapStatus.OPEN, duty__one_off__source__startswith="taskforce:").count() == 5

    full_force(works)
    check_buildings(now=MORNING + timedelta(minutes=5))

    assert not Gap.objects.filter(status=GapStatus.OPEN, duty__one_off__source__startswith="taskforce:").exists()
    assert asked() == set()


def test_it_asks_again_after_somebody_called_it_done_that_was_not(works: Works) -> None:
    close_second(works)
    full_force(works)
    buildings.release(member=TaskMember.objects.get(role=TaskRole.PARTY_BRANCH), by="test", now=MORNING)
    check_buildings(now=MORNING)
    done(duty=Duty.objects.get(one_off__source__endswith=":branch"), by="test", now=MORNING)
    assert asked() == set()

    check_buildings(now=MORNING + timedelta(minutes=1))

    assert asked() == {"branch"}


def test_it_leaves_a_waived_one_alone_until_the_next_day(works: Works) -> None:
    close_second(works)
    full_force(works)
    buildings.release(member=TaskMember.objects.get(role=TaskRole.PARTY_BRANCH), by="test", now=MORNING)
    check_buildings(now=MORNING)
    sweep(now=MORNING + timedelta(minutes=2), polite=False)
    gap = Gap.objects.get(duty__one_off__source__endswith=":branch")
    waive(gap=gap, reason="楼宇无党组织，由街道代管", by="test", now=MORNING + timedelta(minutes=3))

    check_buildings(now=MORNING + timedelta(minutes=4))
    assert asked() == set()
    check_buildings(now=MORNING + timedelta(days=1))

    assert asked() == {"branch"}


def test_it_asks_for_supplies_and_statements_until_they_are_there(works: Works) -> None:
    close_second(works)
    place = works.towers[0].building
    check_buildings(now=MORNING)
    assert asked("statement:") == {"main", "posts"}
    assert len(asked("supplies:")) == 1

    for kind in (StatementKind.MAIN, StatementKind.POSTS):
        buildings.sign_building(
            place=place, kind=kind, text="责任到岗", signer="钱经理", post="物业经理", by="test", now=MORNING
        )
    for goods in ("masks", "disinfectant"):
        buildings.count_supply(
            holder=place.id, goods=goods, quantity=140, per_day=10, by="test", now=MORNING, place=place
        )  # fmt: skip
    buildings.count_supply(
        holder=place.id, goods="hand-gel", quantity=139, per_day=10, by="test", now=MORNING, place=place
    )
    check_buildings(now=MORNING)
    assert asked("statement:") == set()
    assert len(asked("supplies:")) == 1, "139 of 10 a day do not last 14 days"

    buildings.count_supply(
        holder=place.id, goods="hand-gel", quantity=140, per_day=10, by="test", now=MORNING, place=place
    )
    check_buildings(now=MORNING)
    assert asked("supplies:") == set()


def test_it_asks_for_nothing_while_no_plan_speaks_of_the_return_to_work() -> None:
    make_works(plan=False)

    assert check_buildings(now=MORNING) == 0
    assert not Duty.objects.exists()


def test_it_is_part_of_what_the_worker_does(works: Works) -> None:
    assert folds.fold(MORNING) >= 10
    assert asked() == {role.value for role in TaskRole}


# ---- duty calendar


def test_it_fills_empty_days_by_rotation_and_goes_on_where_it_stopped(works: Works) -> None:
    force = full_force(works)
    place = works.towers[0].building

    assert buildings.roster_days(place=place, from_day=TODAY, days=7, by="test", now=MORNING) == 7
    held = list(DutyDay.objects.filter(place=place).order_by("day").values_list("member_id", flat=True))
    assert held == [force[n % 5].id for n in range(7)]
    assert buildings.roster_days(place=place, from_day=TODAY, days=8, by="test", now=MORNING) == 1
    assert DutyDay.objects.get(day=TODAY + timedelta(days=7)).member_id == force[2].id


def test_it_plans_only_those_who_are_chosen_and_only_while_their_period_runs(works: Works) -> None:
    force = full_force(works)
    short = appoint(works, TaskRole.MANAGER, "孙经理", until=datetime(2020, 2, 19, 16, 0, tzinfo=UTC))
    place = works.towers[0].building

    buildings.roster_days(
        place=place, from_day=TODAY, days=5, members=[short.id, force[2].id], by="test", now=MORNING
    )  # fmt: skip

    held = list(DutyDay.objects.order_by("day").values_list("member__name", flat=True))
    assert held == ["孙经理", "王党群", "孙经理", "王党群", "王党群"]


def test_it_takes_those_who_left_off_the_days_to_come(works: Works) -> None:
    force = full_force(works)
    place = works.towers[0].building
    buildings.roster_days(place=place, from_day=TODAY, days=10, by="test", now=MORNING)

    assert buildings.release(member=force[0], by="test", now=MORNING) == 1
    assert DutyDay.objects.filter(member=force[0]).get().day == TODAY
    assert not DutyDay.objects.filter(day=TODAY + timedelta(days=5)).exists()


def test_it_refuses_to_plan_the_past_nobody_and_too_much(works: Works) -> None:
    place = works.towers[0].building
    with pytest.raises(WorkplaceError):
        buildings.roster_days(place=place, from_day=TODAY, days=7, by="test", now=MORNING)
    full_force(works)
    for start, days in ((TODAY - timedelta(days=1), 7), (TODAY, 0), (TODAY, 93)):
        with pytest.raises(WorkplaceError):
            buildings.roster_days(place=place, from_day=start, days=days, by="test", now=MORNING)
    assert not DutyDay.objects.exists()


def test_it_gives_one_day_to_another_person(works: Works) -> None:
    force = full_force(works)
    place = works.towers[0].building
    buildings.roster_days(place=place, from_day=TODAY, days=2, by="test", now=MORNING)

    buildings.set_day(place=place, day=TODAY, member=force[4], by="test", now=MORNING)

    assert DutyDay.objects.get(day=TODAY).member_id == force[4].id
    buildings.release(member=force[3], by="test", now=MORNING)
    force[3].refresh_from_db()
    with pytest.raises(WorkplaceError):
        buildings.set_day(place=place, day=TODAY, member=force[3], by="test", now=MORNING)


# ---- setup, lifts, isolation, statements, measures


def test_it_asks_to_check_an_isolation_room_again_when_it_is_another_one(works: Works) -> None:
    place = works.towers[0].building
    with pytest.raises(WorkplaceError):
        buildings.check_isolation(place=place, by="test", now=MORNING)
    buildings.set_up(place=place, facts=BuildingFacts(isolation_room="1层104室"), by="test", now=MORNING)
    buildings.check_isolation(place=place, by="test", now=MORNING)
    facts = BuildingFacts(isolation_room="1层104室", people_cap=900)
    assert buildings.set_up(place=place, facts=facts, by="test", now=MORNING).isolation_checked_us

    buildings.set_up(place=place, facts=BuildingFacts(isolation_room="2层201室"), by="test", now=MORNING)

    assert Building.objects.get(place=place).isolation_checked_us is None


def test_it_keeps_a_lift_once_and_only_one_that_carries(works: Works) -> None:
    place = works.towers[0].building
    facts = LiftFacts("1号梯", 6, 1, 17)
    lift = buildings.add_lift(place=place, facts=facts, by="test", now=MORNING)
    for bad in (facts, LiftFacts("2号梯", 0, 1, 17), LiftFacts("2号梯", 6, 17, 1)):
        with pytest.raises(WorkplaceError):
            buildings.add_lift(place=place, facts=bad, by="test", now=MORNING)
    buildings.change_lift(lift=lift, facts=LiftFacts("1号梯", 4, 1, 17, 90, is_open=False), by="test", now=MORNING)

    row = Lift.objects.get()
    assert (row.cap, row.is_open, row.round_trip_seconds) == (4, False, 90)
    buildings.remove_lift(lift=row, by="test", now=MORNING)
    assert not Lift.objects.exists()


def test_it_keeps_a_statement_as_it_was_signed_and_once(works: Works) -> None:
    place = works.towers[0].building

    def sign(text: str) -> Statement:
        return buildings.sign_building(
            place=place, kind=StatementKind.MAIN, text=text, signer="钱经理", post="物业经理", by="test", now=MORNING
        )

    first = sign("第一责任人")
    assert sign("第一责任人").id == first.id
    assert sign("第一责任人，六个方面").id != first.id
    assert Statement.objects.count() == 2
    with pytest.raises(WorkplaceError):
        sign("   ")


def test_it_counts_supplies_of_goods_the_plan_asks_for(works: Works) -> None:
    place = works.towers[0].building
    with pytest.raises(WorkplaceError):
        buildings.count_supply(
            holder=place.id, goods="gloves", quantity=1, per_day=1, by="test", now=MORNING, place=place
        )
    for quantity in (100, 70):
        buildings.count_supply(
            holder=place.id, goods="masks", quantity=quantity, per_day=5, by="test", now=MORNING, place=place
        )  # fmt: skip
    assert Supply.objects.get().quantity == 70


def test_it_registers_verifies_and_ends_a_measure_of_a_tenant(works: Works) -> None:
    place, firm = works.towers[0].building, works.firms[0]

    def declare(enterprise: UUID = firm.id, text: str = "餐饮区停止堂食") -> Measure:
        return measures.declare(
            enterprise=enterprise, place=place, kind=MeasureKind.DINE_IN_CLOSED, text=text, since=TODAY, by="test",
            now=MORNING,
        )  # fmt: skip

    row = declare()
    assert declare().id == row.id
    with pytest.raises(WorkplaceError):
        declare(works.firms[2].id)
    seen = measures.verify(measure=row, holds=False, by="test", now=MORNING).measure
    assert (seen.holds, seen.verified_us) == (False, clock.to_us(MORNING))
    with pytest.raises(WorkplaceError):
        measures.end(measure=row, on=TODAY - timedelta(days=1), by="test", now=MORNING)
    measures.end(measure=row, on=TODAY, by="test", now=MORNING)
    with pytest.raises(WorkplaceError):
        measures.verify(measure=row, holds=True, by="test", now=MORNING + timedelta(days=1))
    assert declare().id != row.id
