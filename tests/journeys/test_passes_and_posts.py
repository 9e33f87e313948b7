"""Passes changed in number by keyboard alone, one issued to somebody of the register, and a volunteer's own post."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.gates.models import Pass
from fangxian.registry.models import Attachment, Enterprise, Relation
from fangxian.rota import actions as rota
from fangxian.rota.models import Assignment
from fangxian.shared import clock
from tests.support.browser import barriers, sign_in
from tests.support.factories import PASSWORD, Street, make_person, make_staff, make_street
from tests.support.gates import Office, employee_pass, make_enterprise, make_office

COMPANY = "银杏贸易有限公司"


@pytest.fixture
def street(transactional_db: None) -> Street:
    return make_street(now=clock.now() - timedelta(hours=1))


@pytest.fixture
def office(street: Street) -> Office:
    return make_office(street, now=clock.now() - timedelta(hours=1))


def staff(role: Role, office: Office, name: str) -> Staff:
    return make_staff(role, office.building, name, clock.now() - timedelta(minutes=30))


def firm_of(office: Office, street: Street, names: tuple[str, ...]) -> None:
    since = clock.local_day(clock.now())
    company = make_enterprise(COMPANY)
    Enterprise.objects.create(subject=company, name=COMPANY, name_key=COMPANY)
    Attachment.objects.create(subject=company, relation=Relation.TENANT, place=office.building, since=since)
    for name in names:
        person = make_person(name, street.dwellings[0])
        Attachment.objects.create(subject=person.subject, relation=Relation.EMPLOYED, other=company, since=since)


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Go on with the Tab key until the element has the focus."""
    wanted = page.locator(selector).first
    for _step in range(most):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by the keyboard")


@pytest.mark.parametrize("width", [1440, 390])
def test_passes_are_suspended_by_keyboard(
    width: int, street: Street, office: Office, visit: Callable[..., Page]
) -> None:
    now = clock.now() - timedelta(minutes=10)
    for name in ("李雷", "韩梅梅", "张三"):
        employee_pass(office.building, street.dwellings[0], name, now=now)
    manager = staff(Role.PROPERTY_MANAGER, office, "赵敏")
    page = visit("/sign-in/", width=width)
    sign_in(page, manager.username, PASSWORD)
    page.goto("/passes/")
    assert barriers(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    tab_to(page, "[data-every]")
    page.keyboard.press("Space")
    expect(page.locator("[data-number]")).to_have_text("3")
    tab_to(page, "input[name=pick]")
    page.keyboard.press("Space")
    expect(page.locator("[data-number]")).to_have_text("2")
    tab_to(page, "button[name=what][value=suspend]")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=seen]")).to_have_value("2")
    assert barriers(page) == []
    assert not Pass.objects.exclude(status="live").exists()
    tab_to(page, "input[name=reason]")
    page.keyboard.type("集中核查")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.success")).to_contain_text("2")
    assert barriers(page) == []
    assert Pass.objects.filter(status="suspended", reason="集中核查").count() == 2


def test_one_pass_is_issued_to_somebody_of_the_register(
    street: Street, office: Office, visit: Callable[..., Page]
) -> None:
    firm_of(office, street, ("李雷", "李蕾"))
    manager = staff(Role.PROPERTY_MANAGER, office, "赵敏")
    page = visit("/sign-in/")
    sign_in(page, manager.username, PASSWORD)
    page.goto("/passes/issue/?kind=employee")
    assert barriers(page) == []
    page.select_option("select[name=place]", str(office.building.id))
    page.fill("input[name=words]", "李")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=whom]")).to_have_count(2)
    assert barriers(page) == []
    page.get_by_label("李雷").check()
    page.click("button[value=issue]")
    expect(page.locator("h1")).to_have_text("李雷")
    permit = Pass.objects.get()
    assert (permit.holder, permit.company) == ("李雷", COMPANY)
    assert permit.subject_id is not None


@pytest.mark.parametrize("width", [1440, 390])
def test_a_volunteer_checks_in_at_their_own_post(width: int, office: Office, visit: Callable[..., Page]) -> None:
    now = clock.now()
    volunteer = staff(Role.VOLUNTEER, office, "王芳")
    post = rota.open_post(place=office.front, by="test", now=now)
    start, end = (clock.local(now + timedelta(hours=hours)).time().replace(microsecond=0) for hours in (-1, 1))
    day = clock.local_day(now - timedelta(hours=1))
    [slot] = rota.plan_day(post=post, day=day, times=[(start, end)], by="test", now=now)
    rota.assign(slot=slot, staff=volunteer, by="test", now=now)
    page = visit("/sign-in/", width=width)
    sign_in(page, volunteer.username, PASSWORD)
    page.goto("/my-posts/")
    assert barriers(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.click(".slot button")
    expect(page.locator(".slot")).to_contain_text("在岗")
    assert Assignment.objects.get().came_us is not None


def test_the_rota_of_a_gate_is_accessible(office: Office, visit: Callable[..., Page]) -> None:
    manager = staff(Role.PROPERTY_MANAGER, office, "赵敏")
    guard = staff(Role.SPECIAL_GUARD, office, "孙立")
    page = visit("/sign-in/")
    sign_in(page, manager.username, PASSWORD)
    page.goto(f"/gates/{office.front.id}/")
    assert barriers(page) == []
    page.click(".tabs a:has-text('值守排班')")
    page.click("summary:has-text('按周排班')")
    page.check(f"input[name=people][value='{guard.id}']")
    page.fill("#repeat_start", "06:00")
    page.click("details[open] form[action$='/repeat/'] button")
    expect(page.locator("#rota")).to_contain_text("每天")
    for summary in page.locator("#rota summary").all():
        if not summary.evaluate("element => element.parentElement.open"):
            summary.click()
    assert barriers(page) == []
    assert Assignment.objects.filter(staff=guard).count() >= 27


@pytest.mark.parametrize("width", [1440, 390])
def test_the_other_pages_of_a_gate_are_accessible(
    width: int, street: Street, office: Office, visit: Callable[..., Page]
) -> None:
    now = clock.now() - timedelta(minutes=10)
    permit = employee_pass(office.building, street.dwellings[0], "李雷", now=now)
    manager = staff(Role.PROPERTY_MANAGER, office, "赵敏")
    page = visit("/sign-in/", width=width)
    sign_in(page, manager.username, PASSWORD)
    page.goto(f"/gates/{office.front.id}/")
    page.click(".tabs a:has-text('暂不放行名单')")
    page.click("summary:has-text('列入暂不放行名单')")
    page.fill("input[name=who]", permit.number)
    page.fill("input[name=reason]", "居家观察")
    page.click("details[open] button")
    expect(page.locator(".notice.success")).to_be_visible()
    expect(page.locator("main")).to_contain_text("居家观察")
    page.click("summary:has-text('列入暂不放行名单')")
    assert barriers(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.click(".tabs a:has-text('门岗设置')")
    assert barriers(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.uncheck("input[name=is_open]")
    page.click("form[action$='/setup/'] button")
    expect(page.locator(".tile", has_text="值守员")).to_contain_text("关闭")
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
