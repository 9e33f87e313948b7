"""The demonstration street as its people see it, in the middle of its work; the pictures of the README."""

import os
import re
from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from fangxian.demo.cast import PASSWORD
from fangxian.demo.generator import SMALLEST
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import ImportKind
from fangxian.screening.models import Round, RoundStatus
from tests.support import hr_list
from tests.support.browser import picture, sign_in
from tests.support.lists_desk import send_list, to_preview

# for the pictures a street that looks like one
HOUSEHOLDS = 2_000 if os.environ.get("FANGXIAN_PICTURES") == "1" else SMALLEST


@pytest.fixture
def street(transactional_db: None) -> Place:
    call_command("load_demo", households=HOUSEHOLDS, verbosity=0)
    return Place.objects.get(kind=PlaceKind.STREET)


def board_and_wall(page: Page, street: Place) -> None:
    sign_in(page, "leader", PASSWORD)
    page.goto("/board/")
    expect(page.locator("h1")).to_have_text(street.name)
    expect(page.locator(".board-table tbody tr")).to_have_count(20)
    for kind in ("person", "vehicle", "place"):
        expect(page.locator(f'[data-key="all.{kind}"] .big-number')).to_have_text(re.compile(r"^[1-9][\d,]*$"))
    expect(page.locator('[data-live="on"]')).to_be_visible()
    picture(page, "board")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"/board/{street.id}/wall/")
    expect(page.locator(".wall-nodes li")).to_have_count(20)
    expect(page.locator('[data-live="on"]')).to_be_visible()
    picture(page, "wall")


def rounds_on_the_phone(page: Page) -> None:
    sign_in(page, "grid", PASSWORD)
    page.goto("/field/")
    page.locator("main a.primary").first.click()
    owed = page.url
    page.locator(".tabs a", has_text="全部").click()
    expect(page.locator(".door-row").first).to_be_visible()
    page.goto(owed)
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    picture(page, "round")


def preview_of_a_list(page: Page) -> None:
    sign_in(page, "secretary", PASSWORD)
    hood = Place.objects.get(kind=PlaceKind.NEIGHBOURHOOD, name__startswith="何家角")
    compound = Place.objects.filter(hood.subtree, kind=PlaceKind.COMPOUND).exclude(address="").order_by("path")[0]
    send_list(page, ImportKind.PERSONS, hood, "返沪员工(最终版).xlsx", hr_list.messy(compound.name, compound.address))
    page.locator("tr", has_text=hr_list.ADDRESS).locator("select").select_option("address")
    to_preview(page)
    expect(page.locator("tbody tr")).to_have_count(4)
    picture(page, "preview")


def test_the_demonstration_street_is_in_the_middle_of_its_work(street: Place, visit: Callable[..., Page]) -> None:
    assert Round.objects.filter(status=RoundStatus.OPEN).exists()
    board_and_wall(visit("/sign-in/"), street)
    rounds_on_the_phone(visit("/sign-in/", width=390, height=844))
    preview_of_a_list(visit("/sign-in/", height=760))
