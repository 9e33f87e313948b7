"""The board follows the field without loading the page again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.shared import clock
from tests.support.browser import sign_in
from tests.support.desk import Desks, make_desks
from tests.support.factories import PASSWORD, make_staff


@pytest.fixture
def desks(transactional_db: None) -> Desks:
    return make_desks(clock.now() - timedelta(hours=3))


def test_a_visit_in_the_field_shows_on_the_leaders_board(desks: Desks, visit: Callable[..., Page]) -> None:
    leader = make_staff(Role.STREET_LEADER, desks.street.street, "陈国强", clock.now() - timedelta(minutes=1))
    page = visit("/sign-in/")
    sign_in(page, leader.username, PASSWORD)
    page.goto("/board/")
    page.evaluate("window.stillTheSamePage = true")
    people = page.locator('[data-key="all.person"]')
    expect(people.locator(".big-number")).to_have_text("0")
    expect(page.locator('[data-live="on"]')).to_be_visible()
    duties.fulfil(
        cohort="round-people", instance=desks.here.round.instance, by="test", now=clock.now(),
        items=[duties.Done(desks.here.person.pk, clock.now(), "visit:1")],
    )  # fmt: skip
    expect(people.locator(".big-number")).to_have_text("1", timeout=20_000)
    expect(people.locator(".badge")).to_contain_text("漏 1")
    expect(page.locator(f'[data-key="{desks.here.hood.id.hex}.person"] .of')).to_have_text("1 / 1")
    assert page.evaluate("window.stillTheSamePage") is True


def test_a_quiet_board_asks_and_hears_that_nothing_changed(desks: Desks, visit: Callable[..., Page]) -> None:
    leader = make_staff(Role.STREET_LEADER, desks.street.street, "陈国强", clock.now() - timedelta(minutes=1))
    page = visit("/sign-in/")
    sign_in(page, leader.username, PASSWORD)
    page.goto("/board/")
    with page.expect_response(lambda response: "/fragments" in response.url) as first:
        pass
    assert first.value.status in (200, 304)
    with page.expect_response(lambda response: "/fragments" in response.url and response.status == 304):
        pass


def test_the_board_is_whole_without_scripts(desks: Desks, visit: Callable[..., Page]) -> None:
    leader = make_staff(Role.STREET_LEADER, desks.street.street, "陈国强", clock.now() - timedelta(minutes=1))
    page = visit("/sign-in/")
    page.route("**/*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    sign_in(page, leader.username, PASSWORD)
    page.goto("/board/")
    expect(page.locator('[data-key="all.person"] .big-of')).to_contain_text("应落实 2")
    page.get_by_role("link", name="何家角居委会").click()
    page.get_by_role("link", name="何家角第1网格").click()
    expect(page.get_by_role("link", name="王秀英")).to_be_visible()
