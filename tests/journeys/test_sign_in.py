"""A person signs in, and a stranger who tries too often is told to wait."""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page, expect

from fangxian.accounts.models import Staff
from fangxian.shared import clock
from tests.support.browser import sign_in

PASSWORD = "a-quiet-morning-2020"


@pytest.fixture
def staff(transactional_db: None) -> Staff:
    return Staff.objects.create(username="wang", name="王敏", password=make_password(PASSWORD), created_at=clock.now())


def test_a_person_signs_in_and_out(staff: Staff, visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    sign_in(page, "wang", PASSWORD)
    expect(page.get_by_text("王敏").first).to_be_visible()
    cookie = next(held for held in page.context.cookies() if held["name"] == "fangxian_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"


def test_five_wrong_passwords_lock_the_name_out(staff: Staff, visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    for _ in range(5):
        page.goto("/sign-in/")
        page.fill("input[name=username]", "wang")
        page.fill("input[name=password]", "not the password")
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state()
    answer = page.request.get("/sign-in/")
    assert answer.ok
    page.goto("/sign-in/")
    page.fill("input[name=username]", "wang")
    page.fill("input[name=password]", PASSWORD)
    with page.expect_response(lambda response: response.request.method == "POST") as posted:
        page.press("input[name=password]", "Enter")
    assert posted.value.status == 429
