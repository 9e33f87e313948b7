"""A whole round from its announcement to its check: registered, called, collected, brought, closed. One story."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.duties.models import OneOff
from fangxian.duties.plan_schema import Plan
from fangxian.masks import proof
from fangxian.masks.doors import door_token
from fangxian.masks.models import Call, CallStatus, Collection, DayClose, Registration, Round
from fangxian.notices.models import Told
from fangxian.places.actions import NewPlace, add
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from tests.support import ground as g
from tests.support import playbooks
from tests.support.browser import picture, sign_in
from tests.support.factories import Street, make_street

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "730512"
YESTERDAY = timedelta(days=1)


def plan() -> Plan:
    """The worker's hour of calling numbers does not fall into the story, whenever it is told: the street calls them."""
    files = playbooks.files()
    hours = files["masks.toml"].replace(b"call_at = 21:00:00", b"call_at = 23:59:59")
    hours = hours.replace(b"open_from = 09", b"open_from = 00").replace(b"register_from = 09", b"register_from = 00")
    found = playbooks.check_files({**files, "masks.toml": hours}).plan
    assert found is not None
    return found


@pytest.fixture
def street(transactional_db: None) -> Street:
    """Two committees, a pharmacy, the plan in force, and the five who work."""
    before = clock.now() - YESTERDAY
    made = make_street(now=before)
    apply_playbook(plan=plan(), effective_at=before, by="test", now=before)
    [shop] = add(
        places=[NewPlace(PlaceKind.PHARMACY, "虹桥大药房", made.street.id, address="伊犁路98号")], by="test", now=before
    )
    g.staff("street", "倪科长", Role.SECTION_HEAD, made.street, before)
    g.staff("secretary", "史书记", Role.COMMITTEE_SECRETARY, made.neighbourhoods[0], before)
    g.staff("worker", "赵社工", Role.COMMITTEE_WORKER, made.neighbourhoods[0], before)
    g.staff("auditor", "纪监督", Role.AUDITOR, made.street, before)
    g.staff("pharmacist", "唐药师", Role.PHARMACY, shop, before)
    return made


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Page]:
    """A Korean resident's telephone that runs no scripts."""
    context = browser.new_context(
        base_url=server, locale="ko-KR", timezone_id="Asia/Shanghai", viewport={"width": 390, "height": 844},
        java_script_enabled=False,
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def tomorrow() -> str:
    return (clock.local_day(clock.now()) + timedelta(days=1)).isoformat()


def desk_of(visit: Callable[..., Page], who: str) -> Page:
    page = visit("/sign-in/")
    sign_in(page, who, g.PASSWORD)
    return page


def announce(page: Page) -> Round:
    """Registration opened yesterday, sale too: the story may be told at any hour."""
    page.goto("/masks/new/")
    day = clock.local_day(clock.now() - YESTERDAY)
    page.fill("[name=register_from]", day.isoformat())
    page.fill("[name=sale_after_days]", "0")
    page.fill("[name=reserve_percent]", "20")
    page.click("main button.primary")
    page.get_by_role("link", name="药店与居委会").click()
    page.click("form[action$='/pharmacies/'] button")
    page.click("button[name=spread]")
    page.locator("form[action$='/announce/'] button").first.click()
    expect(page.locator(".notice.success")).to_contain_text("已公布")
    return Round.objects.get()


def tell_the_doors(page: Page, committee: Place) -> None:
    page.goto(f"/mask-desk/{committee.id}/doors/")
    page.locator("[data-every]").check()
    page.click("button[name=way][value=letter]")
    expect(page.locator(".notice.success")).to_be_visible()


def call_for_a_grandmother(page: Page, committee: Place) -> str:
    """One call of a woman of ninety is enough: a number, and somebody who comes."""
    page.goto(f"/mask-desk/{committee.id}/visits/")
    page.fill("[name=address]", "1号301")
    page.fill("[name=applicant]", "陈阿婆")
    page.select_option("[name=group]", "elderly")
    page.select_option("[name=staff]", label="赵社工")
    page.locator("form.form button.primary").click()
    return first_voucher(page.locator(".notice.success").inner_text())


def first_voucher(text: str) -> str:
    found = re.search(r"R\d+-\S+?-\d{4}", text)
    assert found is not None, text
    return found[0]


def register_at_the_desk(page: Page, committee: Place, address: str, name: str) -> None:
    page.goto(f"/mask-desk/{committee.id}/")
    page.fill("[name=address]", address)
    page.keyboard.press("Tab")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def register_on_the_phone(phone: Page, round: Round, door: Place) -> str:
    phone.goto(f"/m/{round.number}/{door_token(round.id, door.id)}/")
    expect(phone.locator("dd").first).to_contain_text("101室")
    phone.fill("[name=applicant]", "KIM MINSEO")
    phone.select_option("[name=document_kind]", "passport")
    phone.fill("[name=document]", "M12345678")
    phone.click("button.primary")
    expect(phone.locator(".number strong")).to_have_text("R1-何家角-0002")
    expect(phone.locator(".state")).to_have_text("호출 대기 중")
    picture(phone, "mask-number")
    return phone.url


def arrive(page: Page) -> None:
    page.goto("/mask-counter/")
    page.locator("a[href$='/goods/']").first.click()
    page.fill("form[action$='/arrived/'] [name=quantity]", "25")
    page.fill("form[action$='/arrived/'] [name=price]", "2.50")
    page.fill("form[action$='/arrived/'] [name=brand]", "海氏海诺")
    page.click("form[action$='/arrived/'] button.primary")
    expect(page.locator(".notice.success")).to_be_visible()


def call_numbers(page: Page, round: Round) -> None:
    page.goto(f"/masks/{round.id}/")
    # for tomorrow, as in the evening: the story may be told at any hour, and who comes before the slot is served
    page.fill("[name=day]", tomorrow())
    page.click("form[action$='/allocate/'] button")
    expect(page.locator(".notice.success")).to_contain_text("叫号 3 个")
    picture(page, "mask-round")


def take_the_list(page: Page) -> None:
    page.goto("/mask-counter/offline/")
    page.locator("#screen button.primary").click()
    for field in page.locator("input.pin").all():
        field.fill(PIN)
    page.locator("form button.primary").click()
    expect(page.locator("#typed")).to_be_visible()


def hand_out(page: Page, voucher: str) -> None:
    page.fill("#typed", voucher)
    page.press("#typed", "Enter")
    expect(page.locator(".verdict .voucher")).to_have_text(voucher)
    page.click("#give")
    expect(page.locator(".recent li").first).to_contain_text(voucher)


def bring_it_home(page: Page, committee: Place, voucher: str) -> None:
    """Whoever promised to come brings number and goods; nothing is left to bring then."""
    page.goto(f"/mask-desk/{committee.id}/visits/")
    row = page.locator("tr", has_text=voucher)
    expect(row).to_contain_text("赵社工")
    row.locator("button.primary").click()
    expect(page.locator(".notice.success")).to_be_visible()
    expect(page.locator("tr", has_text=voucher)).to_have_count(0)


def check(page: Page, address: str) -> None:
    """Goods and numbers agree."""
    page.goto(address)
    expect(page.locator(".badge.ok")).to_have_count(2)


def check_as_auditor(page: Page) -> None:
    page.goto("/masks/audit/")
    check(page, page.locator("ul.places a").get_attribute("href") or "")
    assert page.request.post("/masks/new/").status == 403


def close_the_day(page: Page, shop: Place, left: int) -> None:
    page.goto(f"/mask-counter/{shop.id}/close/")
    page.fill("[name^=counted]", str(left))
    page.fill("[name=money]", "37.50")
    page.click("form.form button.primary")
    expect(page.locator(".notice.success")).to_be_visible()


def test_a_round_from_its_announcement_to_its_check(
    visit: Callable[..., Page], phone: Page, street: Street, worker: None, tmp_path: Path
) -> None:
    committee, doors = street.neighbourhoods[0], street.dwellings
    head, secretary, pharmacist = (desk_of(visit, who) for who in ("street", "secretary", "pharmacist"))

    round = announce(head)
    tell_the_doors(secretary, committee)
    assert Told.objects.filter(channel="letter").count() == 6

    grandmother = call_for_a_grandmother(secretary, committee)
    assert grandmother == "R1-何家角-0001"
    mine = register_on_the_phone(phone, round, doors[0])
    register_at_the_desk(secretary, committee, "2号201", "王建国")
    expect(secretary.locator(".voucher")).to_have_text("R1-何家角-0003")
    register_at_the_desk(secretary, committee, "1号101", "李红")
    expect(secretary.locator(".notice.error")).to_contain_text("R1-何家角-0002")

    arrive(pharmacist)
    call_numbers(head, round)
    assert Call.objects.filter(status=CallStatus.CALLED).count() == 3
    phone.goto(mine)
    expect(phone.locator(".state")).to_contain_text("번호가 호출되었습니다")
    expect(phone.locator("dd").first).to_contain_text("虹桥大药房")

    shop = Place.objects.get(kind=PlaceKind.PHARMACY)
    packing = pharmacist.request.get(f"/mask-counter/{shop.id}/packing/?day={tomorrow()}")
    assert packing.headers["content-type"] == "application/pdf"
    secretary.goto(f"/mask-desk/{committee.id}/calls/")
    secretary.locator("[data-every]").check()
    secretary.click("button[name=way][value=phone]")
    expect(secretary.locator(".notice.success")).to_be_visible()
    assert not Call.objects.filter(told_us__isnull=True).exists()

    take_the_list(pharmacist)
    hand_out(pharmacist, "R1-何家角-0002")
    pharmacist.context.set_offline(True)
    hand_out(pharmacist, "R1-何家角-0003")
    expect(pharmacist.locator("#waiting")).to_have_attribute("data-count", "1")
    pharmacist.context.set_offline(False)
    expect(pharmacist.locator("#waiting")).to_have_attribute("data-count", "0")
    phone.goto(mine)
    expect(phone.locator(".state")).to_contain_text("✓")
    assert Collection.objects.filter(standing=True).count() == 2
    bring_it_home(desk_of(visit, "worker"), committee, grandmother)
    brought = Collection.objects.get(call__registration__seq=1, standing=True)
    assert (brought.quantity, OneOff.objects.get(source__startswith="mask-home:").duty.last_us is not None) == (5, True)

    close_the_day(pharmacist, shop, left=10)
    assert DayClose.objects.get().money_fen == 3750
    check(head, f"/masks/{round.id}/check/")
    assert proof.recount(round) == []
    check_as_auditor(desk_of(visit, "auditor"))
    with head.expect_download() as download:
        head.goto(f"/masks/{round.id}/")
        head.locator("a[href*='/masks/runs/']").click()
    file = tmp_path / "night.json"
    download.value.save_as(file)
    call_command("masks", "verify", str(file))
    assert Registration.objects.count() == 3
