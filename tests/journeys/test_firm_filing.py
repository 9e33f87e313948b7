"""HR files on a phone: part by part, kept while it is typed, without scripts too; a building worker returns it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from fangxian.shared import clock
from fangxian.workplaces.models import Filing, FilingStatus, FirmPost, Supply
from tests.support.browser import barriers, picture, sign_in
from tests.support.filed import PHONE, PLAN_TEXT, on_ledger, ready
from tests.support.works import PASSWORD, Works, make_works

PARTS = ("charge", "people", "plan", "isolation", "supplies", "posts", "wishes", "sign")


@pytest.fixture
def works(transactional_db: None) -> Works:
    return make_works(clock.now() - timedelta(hours=1))


@pytest.fixture
def phone(visit: Callable[..., Page], works: Works) -> Page:
    page = visit("/sign-in/", width=390, height=844)
    sign_in(page, works.firms[0].hr.username, PASSWORD)
    return page


@pytest.fixture
def plain(browser: Browser, server: str, works: Works) -> Iterator[Page]:
    """A phone whose browser runs no scripts."""
    context = browser.new_context(
        base_url=server, java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="zh-CN"
    )
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("input[name=username]", works.firms[1].hr.username)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button").click()
    yield page
    context.close()


def _desk(works: Works, number: int = 0) -> str:
    return f"/firm/{works.firms[number].id}/{works.towers[0].id}/"


def _ending(end: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(end)}$")


def _small(page: Page) -> list[str]:
    """Controls of the page's own part that a thumb would miss."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main button, main input:not([type=hidden]), main textarea")]
        .filter(one => one.offsetParent && one.getBoundingClientRect().height < 44 && !one.closest(".check"))
        .map(one => one.outerHTML.slice(0, 80))"""
    )
    return found


def _fill(page: Page, part: str) -> None:
    answers = {
        "charge": {"in_charge": "林晓", "phone": PHONE}, "people": {"start_on": "2026-12-01", "people": "3"},
        "plan": {"plan": PLAN_TEXT}, "isolation": {"isolation": "九楼东侧小会议室"},
        "supplies": {"masks": "100", "disinfectant": "60000", "hand-gel": "6000"},
        "posts": {"charge": "林晓", "measure": "小李，小张", "clean": "王阿姨", "supplies": "小李", "report": "林晓"},
        "wishes": {"ask_from": "08:30", "ask_until": "09:00", "ask_home": "20"},
        "sign": {"signer": "林晓", "post": "总经理"},
    }  # fmt: skip
    for name, value in answers[part].items():
        page.fill(f"[name={name}]", value)
    if part == "sign":
        page.check("[name=agree]")


def test_hr_files_on_a_phone(phone: Page, works: Works) -> None:
    phone.goto(_desk(works))
    picture(phone, "firm-begin")
    phone.locator("form[action$='begin/'] button").click()
    for part in PARTS:
        expect(phone).to_have_url(_ending(f"/filing/{part}/"))
        assert barriers(phone) == [], part
        assert _small(phone) == [], part
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), part
        _fill(phone, part)
        if part == "plan":
            expect(phone.locator(".firm-kept")).not_to_be_empty()
            assert Filing.objects.get().plan == PLAN_TEXT
        if part == "supplies":
            expect(phone.locator("[data-days-of=masks]")).to_contain_text("33.3")
            phone.fill("[name=masks]", "21")
            expect(phone.locator("[data-days-of=masks]")).to_have_class("firm-days text-gap")
            phone.fill("[name=masks]", "100")
            picture(phone, "firm-supplies")
        phone.locator("main form.firm-form button.primary").click()
    expect(phone).to_have_url(_ending("/filing/"))
    assert Supply.objects.get(goods="masks").quantity == 100
    assert FirmPost.objects.filter(until_us__isnull=True).count() == 6
    expect(phone.locator("form[action$='send/'] button")).to_be_disabled()
    on_ledger(works.firms[0], works, now=clock.now())
    phone.reload()
    phone.locator("form[action$='send/'] button").click()
    expect(phone.locator(".notice.success")).to_be_visible()
    assert Filing.objects.get().status == FilingStatus.SUBMITTED
    assert barriers(phone) == []
    picture(phone, "firm-sent")


def test_a_worker_returns_it_and_hr_reads_why(phone: Page, works: Works, visit: Callable[..., Page]) -> None:
    filing = ready(works, now=clock.now())
    Filing.objects.filter(id=filing.id).update(start_on="2026-12-01")
    phone.goto(f"{_desk(works)}filing/")
    phone.locator("form[action$='send/'] button").click()
    expect(phone.locator(".notice.success")).to_be_visible()
    desk = visit("/sign-in/", width=1280)
    sign_in(desk, works.towers[0].worker.username, PASSWORD)
    desk.goto("/filings/")
    assert barriers(desk) == []
    desk.get_by_role("link", name="银杏贸易有限公司").click()
    assert barriers(desk) == []
    desk.locator("details:has([value=return]) summary").click()
    desk.check("input[name=reason][value=plan]")
    desk.fill("#text-return", "请写明谁在哪里测温")
    picture(desk, "filing-return")
    desk.locator("button[value=return]").click()
    expect(desk.locator(".timeline")).to_contain_text("请写明谁在哪里测温")
    desk.goto(f"/firms/{works.firms[0].id}/")
    assert barriers(desk) == []
    phone.goto(_desk(works))
    expect(phone.locator(".notice.warning")).to_contain_text("请写明谁在哪里测温")


def test_without_scripts_the_form_goes_part_by_part(plain: Page, works: Works) -> None:
    plain.goto(_desk(works, 1))
    plain.locator("form[action$='begin/'] button").click()
    for part in PARTS:
        _fill(plain, part)
        plain.locator("main form.firm-form button.primary").click()
    row = Filing.objects.get()
    assert (row.in_charge, row.people, row.ask_from, row.statement is not None) == ("林晓", 3, 510, True)
