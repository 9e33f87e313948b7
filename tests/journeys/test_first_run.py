"""An administrator brings an empty street to its first round, led by the guide."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Locator, Page, expect

from fangxian.duties.queries import numbers
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import ImportKind
from tests.support import workbooks
from tests.support.browser import sign_in
from tests.support.lists_desk import send_list, take_in, tiles, to_preview

STREET = "310115401"
"""芦潮港农场: a real one with a single neighbourhood."""
FIRST, OWN = "brown-kettle-71", "lantern-rain-48"


@pytest.fixture
def street(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("FANGXIAN_ADMIN_PASSWORD", FIRST)
    call_command("new_street", code=STREET, admin="admin", name="高文", verbosity=0)
    return Place.objects.get(code=STREET)


def set_own_password(page: Page, first: str) -> None:
    """The first sign-in asks for it."""
    page.wait_for_url("**/me/password/")
    page.fill("[name=old]", first)
    page.fill("[name=new]", OWN)
    page.fill("[name=again]", OWN)
    page.locator("main form button.primary").click()
    page.wait_for_url(lambda url: "/password/" not in url)


def next_step(page: Page, number: int) -> Locator:
    """The guide, and its step that comes next: this one and no other."""
    page.goto("/first-steps/")
    step = page.locator(".steps > li").nth(number)
    expect(page.locator(".step-next")).to_have_count(1)
    expect(step).to_have_class("panel step-next")
    expect(page.locator(".steps .badge", has_text="已就绪")).to_have_count(number)
    return step


def add_place(page: Page, under: Place, kind: PlaceKind, name: str, address: str = "", grid: str = "") -> Place:
    page.goto(f"/places/{under.id}/")
    page.locator("summary", has_text="新增").click()
    page.select_option("[name=add-kind]", kind.value)
    page.fill("[name=add-name]", name)
    page.fill("[name=add-address]", address)
    if grid:
        page.select_option("[name=add-grid]", grid)
    page.locator("form[action$='/add/'] button.primary").click()
    expect(page.locator(".notice.success")).to_be_visible()
    return Place.objects.get(kind=kind, name=name)


def lists(page: Page, hood: Place) -> None:
    next_step(page, 1).locator("a.primary").click()
    page.wait_for_url("**/lists/")
    doors: list[list[workbooks.Value]] = [["小区", "楼号", "室号"]]
    doors += [["芦潮新村", "1号", f"{floor}01室"] for floor in (1, 2, 3)]
    send_list(page, ImportKind.DWELLINGS, hood, "房屋.xlsx", workbooks.xlsx(doors))
    to_preview(page)
    take_in(page)
    assert tiles(page) == [3, 3, 0, 0, 0]
    next_step(page, 2).locator("a.primary").click()
    people = [
        ["姓名", "手机", "住址"],
        ["王建国", 13800138000, "芦潮新村1号101室"],
        ["佐藤健", None, "芦潮新村1号201室"],
    ]
    send_list(page, ImportKind.PERSONS, hood, "居民.xlsx", workbooks.xlsx(people))
    to_preview(page)
    take_in(page)
    assert tiles(page) == [2, 2, 0, 0, 0]


def plan(page: Page) -> None:
    next_step(page, 3).locator("a.primary").click()
    page.wait_for_url("**/playbook/")
    page.locator("form[action*='covid-2020-02'] button").click()
    page.get_by_label("理由").fill("街道防控办2月15日通知")
    page.get_by_role("button", name="启用").click()
    expect(page.locator(".notice.success")).to_be_visible()
    expect(page.locator("[data-poll-again]")).to_have_count(0, timeout=30_000)


def secretary_account(page: Page, hood: Place) -> str:
    """Returns the first password, as it is shown once."""
    next_step(page, 4).locator("a.primary").click()
    page.fill("[name=username]", "zhao")
    page.fill("[name=name]", "赵兰")
    page.select_option("[name=role]", "committee_secretary")
    page.select_option("[name=place]", str(hood.id))
    page.locator("main form button.primary").click()
    return page.locator(".facts dd strong").inner_text()


def test_an_empty_street_comes_to_its_first_round(street: Place, visit: Callable[..., Page], worker: None) -> None:
    hood = Place.objects.get(parent=street, kind=PlaceKind.NEIGHBOURHOOD)
    page = visit("/sign-in/")
    sign_in(page, "admin", FIRST)
    set_own_password(page, FIRST)
    page.goto("/")
    page.locator("a[href='/first-steps/']").click()
    expect(page.locator("h1")).to_contain_text(street.name)
    next_step(page, 0).locator("a.primary").click()
    page.wait_for_url("**/places/**")
    page.get_by_role("link", name=hood.name).click()
    grid = add_place(page, hood, PlaceKind.GRID, "第1网格")
    add_place(page, hood, PlaceKind.COMPOUND, "芦潮新村", "潮和路88弄", str(grid.id))
    lists(page, hood)
    plan(page)
    first = secretary_account(page, hood)

    desk = visit("/sign-in/")
    sign_in(desk, "zhao", first)
    set_own_password(desk, first)
    desk.goto("/rounds/open/")
    desk.fill("[name=title]", "第一轮入户排摸")
    desk.select_option("[name=place]", str(hood.id))
    desk.locator("main form button.primary").click()
    expect(desk.locator(".tile-number").first).to_contain_text("/ 3")
    desk.goto("/board/")
    expect(desk.locator('[data-key="all.place"] .big-number')).to_have_text("3")
    found = numbers(street)
    assert (found["place"].expected, found["person"].expected) == (3, 2)
    assert Place.objects.filter(kind=PlaceKind.DWELLING, grid=grid).count() == 3

    page.goto("/first-steps/")
    expect(page.locator(".steps .badge", has_text="已就绪")).to_have_count(6)
    expect(page.locator(".step-next")).to_have_count(0)
