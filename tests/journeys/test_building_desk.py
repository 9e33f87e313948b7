"""An office building is made ready in a browser: its task force, its days, its statements and supplies."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fangxian.accounts.models import Staff
from fangxian.inspections.models import Finding, Severity, Suspension
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import HOUR_US, MINUTE_US
from fangxian.workplaces.actions import buildings, measures
from fangxian.workplaces.actions.buildings import BuildingFacts, LiftFacts
from fangxian.workplaces.models import DutyDay, Filing, FilingStatus, MeasureKind, StatementKind, Supply, TaskRole
from fangxian.workplaces.readiness import check_buildings
from tests.support.browser import barriers, picture, sign_in
from tests.support.works import PASSWORD, Works, make_works

PAGES = ("", "force/", "inside/", "tenants/")


@pytest.fixture
def works(transactional_db: None) -> Works:
    """The first building is ready but for a red finding; the second one lacks everything."""
    now = clock.now() - timedelta(hours=2)
    made = make_works(now)
    place = made.towers[0].building
    for role, name in zip(TaskRole, ("张领导", "李科长", "王小红", "赵书记", "钱经理"), strict=True):
        buildings.appoint(place=place, role=role, name=name, phone="021-62000000", by="test", now=now)
    buildings.appoint(place=place, role=TaskRole.MANAGER, name="孙副经理", deputy=True, by="test", now=now)
    buildings.roster_days(place=place, from_day=clock.local_day(now), days=20, by="test", now=now)
    facts = BuildingFacts("万科物业", 900, 40, 60, "1层104室")
    buildings.set_up(place=place, facts=facts, by="test", now=now)
    buildings.add_lift(place=place, facts=LiftFacts("1号梯", 6, 1, 17), by="test", now=now)
    buildings.count_supply(holder=place.id, goods="masks", quantity=1300, per_day=100, by="test", now=now, place=place)
    buildings.sign_building(
        place=place, kind=StatementKind.MAIN, text="责任到岗", signer="钱经理", post="物业经理", by="test", now=now
    )
    measures.declare(
        enterprise=made.firms[0].id, place=place, kind=MeasureKind.DINE_IN_CLOSED, text="员工餐厅改为盒饭",
        since=clock.local_day(now), by="test", now=now,
    )  # fmt: skip
    for firm, status in ((0, FilingStatus.ACCEPTED), (1, FilingStatus.SUBMITTED)):
        Filing.objects.create(
            enterprise_id=made.firms[firm].id, place=place, status=status, people=3, created_us=clock.to_us(now),
            changed_us=clock.to_us(now), by="test",
        )  # fmt: skip
    _find(made, now_us=clock.to_us(now))
    return made


def _find(works: Works, now_us: int) -> None:
    place = works.towers[0].building
    subject = Subject.objects.create(kind=SubjectKind.WORK, label="问题", created_us=now_us)
    row = Finding.objects.create(
        subject=subject, place=place, item="A2", title="必测温", spot="地库口", zone="Y", severity=Severity.RED,
        suspends="zone", opened_us=now_us - 90 * MINUTE_US, due_us=now_us - 30 * MINUTE_US, by="test",
    )  # fmt: skip
    Suspension.objects.create(finding=row, place=place, zone="Y", since_us=now_us - HOUR_US, by="test")


def opened(visit: Callable[..., Page], staff: Staff, width: int) -> Page:
    page = visit("/sign-in/", width=width, height=900)
    sign_in(page, staff.username, PASSWORD)
    return page


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_a_building_is_accessible_and_fits(
    width: int, works: Works, visit: Callable[..., Page]
) -> None:  # fmt: skip
    page = opened(visit, works.head, width)
    found: list[str] = []
    paths = ["/buildings/", *(f"/buildings/{tower.id}/{part}" for tower in works.towers for part in PAGES)]
    for path in paths:
        page.goto(path)
        found += [f"{path}: {fault}" for fault in barriers(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"{path}: wider than the window")
        picture(page, f"building-{width}-{paths.index(path)}")
    assert found == []


def test_a_property_manager_makes_the_building_ready(works: Works, visit: Callable[..., Page]) -> None:
    tower = works.towers[1]
    check_buildings(now=clock.now())
    page = opened(visit, tower.manager, 390)
    page.goto("/buildings/")
    expect(page.locator("tbody th a")).to_have_text("古北中心")
    page.locator("tbody th a").click()
    page.get_by_role("link", name="任命和排班").click()
    for role, name in zip(TaskRole, ("张领导", "李科长", "王小红", "赵书记"), strict=False):
        page.locator("summary", has_text="任命").click()
        page.locator("#appoint_role").select_option(role.value)
        page.locator("#appoint_name").fill(name)
        page.get_by_role("button", name="任命").click()
        expect(page.locator(".notice.success")).to_contain_text(name)
    page.locator("summary", has_text="任命").click()
    page.locator("#appoint_role").select_option("manager")
    page.locator("#appoint_account").select_option(str(tower.manager.id))
    page.get_by_role("button", name="任命").click()
    expect(page.locator(".notice.success")).to_contain_text("物业经理2")
    page.locator("summary", has_text="轮流排班").click()
    page.locator("form[action$='/roster/'] button.primary").click()
    expect(page.locator(".notice.success")).to_contain_text("已排班14天")
    assert DutyDay.objects.filter(place=tower.building).count() == 14

    page.goto(f"/buildings/{tower.id}/")
    for goods in ("masks", "disinfectant", "hand-gel"):
        form = page.locator(f"form[action$='/supplies/{goods}/']")
        form.locator("xpath=ancestor::details/summary").click()
        form.locator("[name=quantity]").fill("140")
        form.locator("[name=per_day]").fill("10")
        form.get_by_role("button").click()
        expect(page.locator(".notice.success")).to_be_visible()
    assert Supply.objects.filter(holder_id=tower.id).count() == 3
    for kind in ("main", "posts"):
        form = page.locator(f"form[action$='/sign/{kind}/']")
        # the manager of the task force stands in the form already
        expect(form.locator("[name=signer]")).to_have_value("物业经理2")
        form.locator("[name=read]").check()
        form.get_by_role("button", name="签署").click()
        expect(page.locator(".notice.success")).to_contain_text("责任书已签署")
    page.get_by_role("link", name="查看并打印").first.click()
    expect(page.get_by_role("button", name="打印")).to_be_visible()

    settled = check_buildings(now=clock.now())
    assert settled == 8, "five roles, the supplies and two statements were asked for, and are there"
