"""What a person does in every journey."""

import os

from playwright.sync_api import Page, expect

from tests.support.repository import ROOT

PICTURES = ROOT / "docs" / "pictures"


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    expect(page.locator("input[name=username]")).to_have_count(0)


def picture(page: Page, name: str) -> None:
    """Take a screenshot for the README. Only with FANGXIAN_PICTURES=1, so that a run of the suite changes no file."""
    if os.environ.get("FANGXIAN_PICTURES") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
