"""Sending a list in the console, as whoever answers for it does."""

import re

from playwright.sync_api import Page, expect

from fangxian.places.models import Place
from fangxian.registry.models import ImportKind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send_list(page: Page, kind: ImportKind, place: Place, name: str, content: bytes) -> None:
    """Up to the page that says what the columns mean."""
    page.goto("/lists/")
    page.select_option("[name=kind]", kind.value)
    page.select_option("[name=place]", str(place.id))
    page.fill("[name=year]", "2020")
    page.set_input_files("[name=file]", {"name": name, "mimeType": XLSX, "buffer": content})
    page.locator("form[enctype] button").click()
    page.wait_for_url("**/lists/*-*/")


def to_preview(page: Page) -> None:
    page.locator("form[action$='/columns/'] button.primary").click()
    page.wait_for_url("**/preview/")


def take_in(page: Page) -> None:
    """From the preview to the result; the worker does it meanwhile."""
    page.locator("form[action$='/confirm/'] button.primary").click()
    page.wait_for_url(re.compile(r"/lists/[0-9a-f-]{36}/$"))
    expect(page.locator(".tile-number")).to_have_count(5, timeout=60_000)


def tiles(page: Page) -> list[int]:
    return [int(text) for text in page.locator(".tile-number").all_inner_texts()]
