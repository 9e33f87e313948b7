"""What every journey stands on: the real server, the real browser, and what it grants to our pages."""

from collections.abc import Callable

from playwright.sync_api import Page


def test_a_stranger_is_asked_to_sign_in(visit: Callable[..., Page]) -> None:
    page = visit("/")
    assert page.locator("input[name=username]").is_visible()
    assert page.evaluate("document.documentElement.lang").lower().startswith("zh")


def test_the_browser_grants_what_offline_work_needs(visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    assert page.evaluate("isSecureContext && 'serviceWorker' in navigator && !!crypto.subtle")


def test_style_sheets_arrive_and_inline_script_does_not_run(visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    assert page.evaluate("document.styleSheets.length") > 0
    policy = page.request.get("/sign-in/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
