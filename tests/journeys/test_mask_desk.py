"""A committee's desk in a round, in a browser: every page is accessible, and an evening's telling goes by keyboard."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.masks.actions import allocate, desk
from fangxian.masks.actions.applications import apply_unplaced
from fangxian.masks.actions.register import phone_aad
from fangxian.masks.actions.register_items import Ask
from fangxian.masks.models import Call, Registration, Special
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from tests.support.browser import barriers, sign_in
from tests.support.factories import PASSWORD, make_person, make_staff
from tests.support.masks import MaskGround, make_round, registered, stocked

PARTS = ("", "numbers/", "calls/", "visits/", "addresses/", "doors/", "special/")


@pytest.fixture
def ground(transactional_db: None) -> MaskGround:
    """Registration opened yesterday; the first three numbers are called for tomorrow; something waits on each page."""
    now = clock.now()
    before = now - timedelta(days=1)
    made = make_round(now=before, register_from=clock.local_day(before), doors_per_block=6)
    committee = made.committees[0]
    rows = registered(made, 0, 1, 2, 3, now=before)
    for row, number in zip(rows, ("+8613812345678", "+8613900001111"), strict=False):
        row.phone_sealed, row.phone_mask = crypto.seal(number, phone_aad(row.id)), f"{number[3:6]}****{number[-4:]}"
        row.save()
    homes = list(Place.objects.filter(committee.subtree, kind=PlaceKind.DWELLING).order_by("path"))
    make_person("陈阿婆", homes[9], birth=date(1930, 1, 1), now=before)
    desk.ask_home(round=made.round, unit=homes[6], applicant="陈阿婆", phone="", by="test", now=now)
    desk.mark_special(unit=homes[8], group=Special.PREGNANT, deliver=False, by="test", now=now)
    stocked(made, 0, 60, now=before)
    allocate.run(round=made.round, sale_day=clock.local_day(now) + timedelta(days=1), by="test", now=now)
    [waiting] = registered_last(made, homes[7])
    desk.dispute(registration=waiting, claimant="李梅", phone="", statement="我住这里", by="", now=now)
    ask = Ask(id=new_id(), round=made.round.id.hex, address="九号九楼", applicant="吴先生", wants={"adult": 5})
    apply_unplaced(ask, now, round=made.round, committee=committee, by="test", trusted=True)
    return made


def registered_last(ground: MaskGround, home: Place) -> list[Registration]:
    """One more that nobody has called yet."""
    rows = registered(ground, 0, 5)
    Registration.objects.filter(id=rows[0].id).update(unit=home.id)
    return list(Registration.objects.filter(id=rows[0].id).select_related("round", "committee"))


@pytest.fixture
def secretary(ground: MaskGround, visit: Callable[..., Page]) -> Callable[[int], Page]:
    staff = make_staff(Role.COMMITTEE_SECRETARY, ground.committees[0], "王书记", clock.now() - timedelta(minutes=1))

    def open_at(width: int) -> Page:
        page = visit("/sign-in/", width=width, height=900)
        sign_in(page, staff.username, PASSWORD)
        return page

    return open_at


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_the_desk_is_accessible_and_fits(
    width: int, ground: MaskGround, secretary: Callable[[int], Page]
) -> None:
    page = secretary(width)
    found: list[str] = []
    for part in PARTS:
        page.goto(f"/mask-desk/{ground.committees[0].id}/{part}")
        found += [f"{part}: {fault}" for fault in barriers(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"{part}: wider than the window")
    page.goto(f"/mask-desk/{ground.committees[0].id}/addresses/")
    page.locator(".table a").first.click()
    expect(page.locator(".desk-written")).to_have_text("九号九楼")
    found += [f"application: {fault}" for fault in barriers(page)]
    assert found == []


def test_an_evenings_numbers_are_told(ground: MaskGround, secretary: Callable[[int], Page]) -> None:
    page = secretary(1440)
    page.goto(f"/mask-desk/{ground.committees[0].id}/calls/")
    text = page.locator("textarea").first
    expect(text).not_to_be_visible()
    # one telephone number, shown by the keyboard
    show = page.locator("td form button").first
    show.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".desk-phone")).to_have_count(1)
    assert Entry.objects.filter(act="masks.phone.revealed").count() == 1
    every = page.locator("[data-every]")
    every.focus()
    page.keyboard.press("Space")
    untold = Call.objects.filter(told_us__isnull=True).count()
    assert untold == 4
    expect(page.locator("[data-number]")).to_have_text(str(untold))
    page.locator("button[value=sms]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".desk-told")).to_have_count(untold)
    assert not Call.objects.filter(told_us__isnull=True).exists()
