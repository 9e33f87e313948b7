"""One story over six people: a list comes in, a round misses a door of it, and somebody knocks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db.models import Sum
from playwright.sync_api import Locator, Page, expect

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.duties.models import Duty, Fulfilment, Gap, GapStatus, Standing, Tally
from fangxian.duties.plan_check import check_files
from fangxian.duties.queries import coverage, recount
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import ImportBatch, ImportKind, Person
from fangxian.screening.actions import PersonAnswer, Visit, record_visits
from fangxian.screening.actions.visits import residents_of
from fangxian.screening.models import Presence, Round, Travel
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support import hr_list, playbooks
from tests.support.browser import sign_in
from tests.support.factories import PASSWORD, Street, make_staff, make_street
from tests.support.lists_desk import send_list, take_in, tiles, to_preview

TITLE = "第二轮入户排摸"


@dataclass
class Here:
    street: Street
    clerk: Staff
    secretary: Staff
    leader: Staff
    knocker: Staff


@pytest.fixture
def here(transactional_db: None) -> Here:
    """A street of twelve doors and nobody in the register yet; a plan whose rounds know no grace; every post filled."""
    now = clock.now() - timedelta(minutes=30)
    street = make_street(now=now)
    plan = playbooks.files()
    rules = plan["rules.toml"].decode()
    plan["rules.toml"] = rules.replace("grace_minutes = 60", "grace_minutes = 0", 3).encode()
    checked = check_files(plan)
    assert checked.plan is not None
    apply_playbook(plan=checked.plan, effective_at=now, by="test", now=now)
    hood = street.neighbourhoods[0]
    for number, name in enumerate(("周敏", "吴刚", "郑红"), start=1):
        make_staff(Role.GRID_WORKER, street.grids[number], name, now=now)
    return Here(
        street,
        clerk=make_staff(Role.COMMITTEE_WORKER, hood, "李敏", now=now),
        secretary=make_staff(Role.COMMITTEE_SECRETARY, hood, "赵兰", now=now),
        leader=make_staff(Role.STREET_LEADER, street.street, "陈国强", now=now),
        knocker=make_staff(Role.GRID_WORKER, street.grids[0], "陈磊", now=now),
    )


def meaning(page: Page, heading: str) -> Locator:
    """The choice beside a heading of the file."""
    row = page.locator("tr", has=page.locator(f"label:text-is('{heading}')"))
    return row.locator("select")


def people_come_in_by_list(page: Page, here: Here) -> None:
    hood = here.street.neighbourhoods[0]
    sign_in(page, here.clerk.username, PASSWORD)
    send_list(page, ImportKind.PERSONS, hood, "返沪员工(最终版).xlsx", hr_list.messy())
    for heading, field in ((hr_list.NAME, "name"), (hr_list.NUMBER, "document"), (hr_list.ARRIVED, "arrived")):
        expect(meaning(page, heading)).to_have_value(field)
    expect(meaning(page, hr_list.ADDRESS)).to_have_value("")
    meaning(page, hr_list.ADDRESS).select_option("address")
    to_preview(page)
    assert tiles(page) == [4, 0, 1, 3]
    assert not Person.objects.exists()
    take_in(page)
    assert tiles(page) == [8, 4, 0, 1, 3]


def bad_rows_go_back_and_come_again(page: Page, here: Here) -> None:
    hood = here.street.neighbourhoods[0]
    with page.expect_download() as download:
        page.locator("form[action$='/refused/'] button").click()
    returned = hr_list.Returned.read(download.value.path().read_bytes())
    assert len(returned.rows) - returned.head - 1 == hr_list.REFUSED
    assert "15" in returned.reason("陈大明")
    assert len(returned.reason("赵小燕").splitlines()) == 2
    returned.mend("陈大明", hr_list.NUMBER, hr_list.CHEN)
    returned.mend("赵小燕", hr_list.NUMBER, hr_list.ZHAO)
    returned.mend("赵小燕", hr_list.ARRIVED, "2020.2.29")
    returned.mend("周立群", hr_list.ADDRESS, "何家角小区2号201室")
    send_list(page, ImportKind.PERSONS, hood, download.value.suggested_filename, returned.written())
    expect(meaning(page, hr_list.ADDRESS)).to_have_value("address")
    to_preview(page)
    assert tiles(page) == [3, 0, 0, 0]
    take_in(page)
    assert tiles(page) == [3, 3, 0, 0, 0]
    for batch in ImportBatch.objects.all():
        assert batch.rows == batch.created + batch.updated + batch.unchanged + batch.refused
    assert Person.objects.count() == 7


def the_new_household_stands_in_its_grid(page: Page, here: Here) -> Place:
    grid, block = here.street.grids[0], here.street.blocks[0]
    sign_in(page, here.secretary.username, PASSWORD)
    page.goto(f"/places/{block.id}/")
    page.get_by_role("link", name="909室").click()
    expect(page.locator(".facts")).to_contain_text(grid.name)
    behind = page.locator(".panel", has=page.get_by_role("heading", name="现住/现有"))
    expect(behind).to_contain_text("佐藤健")
    expect(behind).to_contain_text("佐藤美咲")
    page.goto("/find/")
    page.get_by_role("searchbox").fill("zuoteng")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("main")).to_contain_text("佐藤健")
    expect(page.locator("main")).to_contain_text("909室")
    return Place.objects.get(kind=PlaceKind.DWELLING, name="909室")


def next_minute(at_least: timedelta) -> datetime:
    """The forms know minutes: the first one that is so far away."""
    soon = clock.local(clock.now() + at_least)
    return soon.replace(second=0, microsecond=0) + timedelta(minutes=1)


def the_secretary_opens_a_round(page: Page, here: Here) -> Round:
    page.goto("/rounds/")
    page.locator("a[href='/rounds/open/']").click()
    page.fill("[name=title]", TITLE)
    page.select_option("[name=place]", str(here.street.neighbourhoods[0].id))
    page.fill("[name=opens]", clock.local(clock.now() - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M"))
    page.fill("[name=due]", next_minute(timedelta(seconds=15)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("main form button.primary").click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.locator(".tile-number").first).to_contain_text("/ 7")
    return Round.objects.get()


def every_door_but_one_is_visited(round: Round, here: Here, missed: Place) -> None:
    now = clock.now()
    doors = [*here.street.doors_of(here.street.grids[0]), *here.street.doors_of(here.street.grids[1])]
    behind = residents_of([door.id for door in doors])
    record_visits(
        by=here.knocker.actor, now=now,
        items=[
            Visit(
                id=new_id(), round_id=round.id, dwelling_id=door.id, disposition="met", observed_at=now,
                people=tuple(PersonAnswer(Presence.PRESENT, one, "", Travel.NONE, ()) for one in behind[door.id]),
            )
            for door in doors
            if door.id != missed.id
        ],
    )  # fmt: skip


def watch(page: Page, place: Place) -> None:
    page.goto("/board/")
    page.wait_for_url(f"**/board/{place.id}/")
    page.evaluate("window.stillTheSamePage = true")
    expect(page.locator('[data-live="on"]')).to_be_visible()


def says(page: Page, kind: str, covered: int, expected: int) -> None:
    """Wait until the big number of a kind says so, on the page that was opened at first."""
    one = page.locator(f'[data-key="all.{kind}"]')
    expect(one.locator(".big-of")).to_contain_text(f"{expected}", timeout=90_000)
    expect(one.locator(".big-number")).to_have_text(f"{covered}", timeout=90_000)
    missing = one.locator(".badge")
    if covered < expected:
        expect(missing).to_contain_text(f"漏 {expected - covered}")
    else:
        expect(missing).to_contain_text("无漏项")
    assert page.evaluate("window.stillTheSamePage") is True


def the_gap_has_a_name_and_an_owner(page: Page, here: Here) -> None:
    page.locator(".page-head a.primary").click()
    page.wait_for_url("**/gaps/**")
    row = page.locator("tbody tr", has_text="入户排摸")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("909室")
    expect(row).to_contain_text(here.street.grids[0].name)
    expect(row).to_contain_text(here.knocker.name)
    expect(row).to_contain_text("网格员")
    row.locator("th a").click()
    owner = page.locator(".panel", has=page.get_by_role("heading", name="责任人"))
    expect(owner).to_contain_text(here.knocker.name)


def the_grid_worker_knocks(phone: Page, here: Here) -> None:
    sign_in(phone, here.knocker.username, PASSWORD)
    phone.goto("/field/")
    phone.locator("a.primary", has_text=here.street.grids[0].name).click()
    expect(phone.locator(".door-row")).to_have_count(1)
    phone.locator(".door-row", has_text="909室").click()
    phone.locator(".big-choices label", has_text="已见面").click()
    for name in ("佐藤健", "佐藤美咲"):
        person = phone.locator(".person", has=phone.locator(f"h3:has-text('{name}')"))
        person.locator("select").nth(0).select_option("present")
        person.locator("select").nth(1).select_option("none")
    assert not phone.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    phone.locator(".save-bar .primary").click()
    expect(phone.locator(".notice.success")).to_contain_text("909室")
    expect(phone.locator(".door-row")).to_have_count(0)


def counters_agree_with_rows(here: Here) -> None:
    street = here.street.street
    assert recount(street) == []
    kinds = {"door-round": "place", "person-round": "person"}
    found = {row.rule: row for row in coverage(street, clock.now()) if row.rule in kinds}
    assert set(found) == set(kinds)
    for key, kind in kinds.items():
        row, done = found[key], Fulfilment.objects.filter(duty__rule__key=key)
        assert row.expected == Duty.objects.filter(rule__key=key).count()
        assert (row.met, row.late) == (done.filter(outcome="met").count(), done.filter(outcome="late").count())
        gaps = Gap.objects.filter(rule__key=key)
        assert (row.missed, row.open, row.open_gaps) == (0, 0, gaps.filter(status=GapStatus.OPEN).count())
        assert gaps.filter(status=GapStatus.CLOSED).count() == row.late
        tally = Tally.objects.filter(kind=kind).aggregate(enrolled=Sum("enrolled"), uncovered=Sum("uncovered"))
        standing = Standing.objects.filter(kind=kind, enrolled__gt=0)
        assert tally == {"enrolled": standing.count(), "uncovered": standing.filter(open_gaps__gt=0).count()}
    assert (found["door-round"].expected, found["door-round"].late) == (7, 1)
    assert (found["person-round"].expected, found["person-round"].late) == (7, 2)


def test_the_line_stands(here: Here, visit: Callable[..., Page], worker: None) -> None:
    street, hood = here.street.street, here.street.neighbourhoods[0]
    desk = visit("/sign-in/")
    people_come_in_by_list(desk, here)
    bad_rows_go_back_and_come_again(desk, here)

    committee = visit("/sign-in/")
    door = the_new_household_stands_in_its_grid(committee, here)
    round = the_secretary_opens_a_round(committee, here)
    every_door_but_one_is_visited(round, here, door)

    office = visit("/sign-in/")
    sign_in(office, here.leader.username, PASSWORD)
    for page, place in ((committee, hood), (office, street)):
        watch(page, place)
        says(page, "place", 7, 7)
    # the round runs out, and nobody was at one door
    for page in (committee, office):
        says(page, "place", 6, 7)
        says(page, "person", 5, 7)
    expect(office.locator(f'[data-key="{hood.id.hex}.place"]')).to_contain_text("6 / 7")
    for page, place in ((committee, hood), (office, street)):
        the_gap_has_a_name_and_an_owner(page, here)
        watch(page, place)
        says(page, "place", 6, 7)

    phone = visit("/sign-in/", width=390, height=844)
    the_grid_worker_knocks(phone, here)
    for page in (committee, office):
        says(page, "place", 7, 7)
        says(page, "person", 7, 7)
    expect(office.locator(f'[data-key="{hood.id.hex}.place"]')).to_contain_text("7 / 7")
    counters_agree_with_rows(here)
