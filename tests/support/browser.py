"""What a person does in every journey."""

import os
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.repository import ROOT

PICTURES = ROOT / "docs" / "pictures"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
RUN = "rules => axe.run(document, rules).then(found => found.violations)"


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


def barriers(page: Page) -> list[str]:
    """What axe finds on the page that is open, one line a fault.

    The policy of the page refuses a script that is written into it, so axe comes in by the debugger.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN, RULES)
    return [
        f"{violation['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[1].strip()}"
        for violation in found
        for node in violation["nodes"]
    ]
