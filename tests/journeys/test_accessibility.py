"""The main pages keep to WCAG 2.1 AA as far as a program can tell, at a desk and on a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from fangxian.accounts.roles import Role
from fangxian.shared import clock
from tests.support.browser import barriers, sign_in
from tests.support.desk import Desks, make_desks
from tests.support.factories import PASSWORD, make_staff


def faults(page: Page, path: str) -> list[str]:
    """What axe finds on a page, one line a fault."""
    page.goto(path)
    return [f"{path}: {fault}" for fault in barriers(page)]


@pytest.fixture
def desks(transactional_db: None) -> Desks:
    return make_desks(clock.now() - timedelta(hours=3))


def _pages(desks: Desks) -> list[str]:
    street, here = desks.street, desks.here
    return [
        "/", "/board/", f"/board/{street.street.id}/", f"/board/{here.hood.id}/", f"/board/{here.grid.id}/",
        f"/board/{street.street.id}/wall/", "/gaps/", f"/gaps/{here.gap.id}/", "/given/", "/find/",
        f"/register/{here.person.pk}/", f"/places/{street.compounds[0].id}/", "/me/", "/me/password/", "/rounds/",
        f"/rounds/{here.round.id}/", "/field/", f"/field/round/{here.round.id}/door/{here.door.id}/", "/hygiene/",
        f"/hygiene/areas/{here.area.id}/", "/stock/", "/lists/", "/rounds/open/",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_of_the_street_are_accessible(width: int, desks: Desks, visit: Callable[..., Page]) -> None:
    head = make_staff(Role.SECTION_HEAD, desks.street.street, "赵科长", clock.now() - timedelta(minutes=1))
    page = visit("/sign-in/", width=width)
    found = faults(page, "/sign-in/")
    sign_in(page, head.username, PASSWORD)
    for path in _pages(desks):
        found += faults(page, path)
    assert found == []


def test_pages_of_the_administrator_are_accessible(desks: Desks, visit: Callable[..., Page]) -> None:
    admin = make_staff(Role.ADMINISTRATOR, desks.street.street, "周敏", clock.now() - timedelta(minutes=1))
    page = visit("/sign-in/")
    sign_in(page, admin.username, PASSWORD)
    found = []
    for path in (
        "/staff/",
        "/staff/new/",
        f"/staff/{desks.here.worker.id}/",
        "/playbook/",
        "/first-steps/",
        "/me/two-step/",
    ):
        found += faults(page, path)
    assert found == []


@pytest.mark.parametrize("width", [390, 360])
def test_no_page_is_wider_than_the_phone(width: int, desks: Desks, visit: Callable[..., Page]) -> None:
    head = make_staff(Role.SECTION_HEAD, desks.street.street, "赵科长", clock.now() - timedelta(minutes=1))
    page = visit("/sign-in/", width=width, height=740)
    sign_in(page, head.username, PASSWORD)
    wide = []
    for path in _pages(desks):
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
    assert wide == []
