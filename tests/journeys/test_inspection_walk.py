"""An inspector in a garage without a network; the zone that stands still until what was found is put right."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from fangxian.accounts.models import Staff
from fangxian.gates.actions import passes, setup
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import Direction, Pass, PassKind, PassStatus
from fangxian.inspections.actions import assign
from fangxian.inspections.models import Answer, Finding, FindingStatus, FindingStep, Inspection, Occasion
from fangxian.inspections.queries import suspensions
from fangxian.shared import clock
from tests.support.browser import barriers, picture, sign_in
from tests.support.pictures import portrait
from tests.support.walks import find
from tests.support.works import PASSWORD, Works, make_works

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "294716"
GARAGE = "地库口"


@pytest.fixture
def works(transactional_db: None) -> Works:
    """Three employees of the blue zone, whose door is the garage; two of the red one. The first tower is inspected by
    the party worker of the second."""
    now = clock.now() - timedelta(hours=3)
    ground = make_works(now=now)
    tower = ground.towers[0]
    setup.set_up(gate=tower.garage, settings=Settings(direction=Direction.IN, zones="B"), by="test", now=now)
    until_us = clock.to_us(now) + 5 * clock.DAY_US
    for number, zone in enumerate("BBBRR"):
        new = NewPass(
            kind=PassKind.VISITOR, place_id=tower.id, holder=f"员工{number}", zone=zone, from_us=clock.to_us(now),
            until_us=until_us,
        )  # fmt: skip
        passes.issue(passes=[new], by="test", now=now)
    assign.assign(
        place=tower.building, day=clock.local_day(clock.now()), inspector=ground.towers[1].worker.id,
        occasion=Occasion.DAILY, by="test", now=clock.now(),
    )  # fmt: skip
    return ground


@pytest.fixture
def phone(browser: Browser, works: Works, server: str) -> Iterator[Callable[[Staff], Page]]:
    """Another phone each time. What is not fetched while it is offline is no fault; an error in a script is."""
    contexts = []
    faults: list[str] = []

    def open_phone(staff: Staff) -> Page:
        context = browser.new_context(
            base_url=server, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 412, "height": 880},
            has_touch=True,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        sign_in(page, staff.username, PASSWORD)
        return page

    yield open_phone
    for context in contexts:
        context.close()
    assert not faults, faults


def photo(size: tuple[int, int], *, least_mb: int = 0) -> bytes:
    """A JPEG with a place in its EXIF; of noise and so at least that large, as the best cameras make them."""
    if not least_mb:
        return portrait(size=size)
    made = Image.effect_noise(size, 90).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    made.save(out, "JPEG", quality=98, subsampling=0, exif=exif)
    assert out.tell() > least_mb * 1024 * 1024, out.tell()
    return out.getvalue()


def take_along(page: Page) -> None:
    page.goto("/inspect/")
    page.get_by_role("link", name="开始：把今天的单位带上").click()
    page.get_by_role("button", name="把今天的单位带上").click()
    page.get_by_placeholder("设置密码").fill(PIN)
    page.get_by_placeholder("再输一次密码").fill(PIN)
    page.locator("button[type=submit]").click()
    expect(page.locator(".places")).to_be_visible()
    # the worker has the shell once it controls the page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def unlock(page: Page) -> None:
    page.locator("input.pin").fill(PIN)
    page.locator("button[type=submit]").click()


def waiting(page: Page, count: int) -> None:
    expect(page.locator("#waiting")).to_have_attribute("data-count", str(count), timeout=30_000)


def answer(page: Page, item: str, result: str) -> None:
    page.locator(f"#item-{item} [data-result={result}]").click()


def walk_the_garage(page: Page, folder: Path) -> None:
    """Nothing measured at the garage: where, what, and two photos, one of them of forty megabytes."""
    answer(page, "A1", "ok")
    answer(page, "A2", "fault")
    card = page.locator("#item-A2")
    expect(card).to_contain_text("红色（一小时内整改）")
    card.locator(f"[data-spot='{GARAGE}']").click()
    card.locator("textarea").fill("车库入口无人测温")
    taken = [photo((2400, 1800)), photo((6560, 4920), least_mb=40), b"\xff\xd8 no picture at all"]
    for number, content in enumerate(taken):
        (folder / f"{number}.jpg").write_bytes(content)
    card.locator("[data-photo]").set_input_files([folder / f"{number}.jpg" for number in range(3)], timeout=60_000)
    expect(card.locator("figure")).to_have_count(2, timeout=60_000)
    expect(card.locator(".photo-said")).to_contain_text("无法读取")
    expect(page.locator("#score")).to_contain_text("2/22")


def test_a_finding_in_the_garage_goes_from_the_offline_phone_to_its_closing(
    works: Works, phone: Callable[[Staff], Page], tmp_path: Path
) -> None:
    tower, inspector = works.towers[0], works.towers[1].worker
    page = phone(inspector)
    take_along(page)
    assert barriers(page) == []
    page.context.set_offline(True)
    page.get_by_role("button", name="虹桥大厦").click()
    walk_the_garage(page, tmp_path)
    assert barriers(page) == []
    picture(page, "inspection-walk")

    # the camera's own program pushed the page out of the phone's memory: the walk goes on where it was
    page.reload()
    unlock(page)
    expect(page.locator("#item-A2 textarea")).to_have_value("车库入口无人测温")
    expect(page.locator("#item-A2 figure")).to_have_count(2)
    for item in [one.get_attribute("id") for one in page.locator(".check[data-open]").all()]:
        assert item is not None
        answer(page, item.removeprefix("item-"), "none" if item == "item-F2" else "ok")
    expect(page.locator("#score")).to_contain_text("22/22")
    page.locator("#finish").click()
    page.locator("#done").click()
    expect(page.locator("#toast")).to_contain_text("没有签字")
    page.get_by_role("button", name=tower.manager.name).click()
    page.locator("#agrees").check()
    assert barriers(page) == []
    page.locator("#done").click()
    waiting(page, 3)
    expect(page.locator(".places")).to_contain_text("合格 20/21")
    assert Inspection.objects.count() == 0

    _sent_twice_kept_once(page)
    expect(page.locator(".places .badge.ok")).to_contain_text("合格 20/21")
    inspection = Inspection.objects.get()
    assert (inspection.in_order, inspection.applicable, inspection.offline) == (20, 21, True)
    assert inspection.signed_name == tower.manager.name
    finding = Finding.objects.get()
    assert (finding.item, finding.spot, finding.zone, finding.times) == ("A2", GARAGE, "B", 1)
    assert len(Answer.objects.get(item="A2").photos) == 2
    assert suspensions.standing(tower.id) == {"B"}
    assert Pass.objects.filter(status=PassStatus.SUSPENDED).count() == 3

    _put_right(phone(tower.manager), finding, tmp_path)
    _looked_at_again(page, finding)
    finding.refresh_from_db()
    assert (finding.status, finding.times) == (FindingStatus.CLOSED, 1)
    assert suspensions.standing(tower.id) == set()
    assert Pass.objects.filter(status=PassStatus.LIVE).count() == 5
    _every_step(phone(works.leader), finding, works)


def _sent_twice_kept_once(page: Page) -> None:
    """The server takes it, and its answer is lost on the way: the phone sends it again."""
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/inspect/sync/", lose)
    page.context.set_offline(False)
    waiting(page, 1)
    page.wait_for_timeout(200)
    assert lost == [200]
    assert Inspection.objects.count() == 1
    page.locator("#send").click()
    waiting(page, 0)
    page.unroute("**/inspect/sync/")


def _put_right(page: Page, finding: Finding, folder: Path) -> None:
    """The property manager finds it at the top of the list, and reports it with a photo."""
    page.goto("/findings/")
    row = page.locator(".finding-row").first
    expect(row).to_contain_text("该您处理")
    expect(row).to_contain_text("蓝区")
    row.get_by_role("link").first.click()
    expect(page.locator(".notice.error")).to_contain_text("3 人")
    assert barriers(page) == []
    page.locator("summary", has_text="上报整改完成").click()
    form = page.locator("form", has=page.locator("#mend_text"))
    form.locator("#mend_text").fill("车库加派一名测温员，设备已校准")
    taken = folder / "mended.jpg"
    taken.write_bytes(photo((3000, 2000)))
    form.locator("input[type=file]").set_input_files(taken)
    expect(form.locator("[data-said]")).to_contain_text("1 张照片")
    form.get_by_role("button", name="上报整改完成").click()
    expect(page.locator(".notice.success").first).to_contain_text("已上报整改完成")
    finding.refresh_from_db()
    assert finding.status == FindingStatus.MENDED


def _looked_at_again(page: Page, finding: Finding) -> None:
    """The re-inspection comes to the inspector's phone by itself; only what was mended is asked."""
    page.reload()
    unlock(page)
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
    page.get_by_role("button", name="复查").click(timeout=60_000)
    card = page.locator(f"#finding-{finding.id}")
    expect(page.locator("#next")).to_contain_text("1")
    card.locator("[data-judge=pass]").click()
    assert barriers(page) == []
    page.locator("#finish").click()
    page.locator("#why").fill("物业经理在另一处")
    page.locator("#done").click()
    waiting(page, 0)
    expect(page.locator(".places .badge.ok")).to_have_count(2)


def _every_step(page: Page, finding: Finding, works: Works) -> None:
    page.goto("/findings/?status=closed")
    page.locator(".finding-row a").first.click()
    history = page.locator(".timeline")
    for words in (
        "车库入口无人测温",
        "车库加派一名测温员",
        "复查通过",
        works.towers[0].manager.name,
        works.towers[1].worker.name,
    ):
        expect(history).to_contain_text(words)
    expect(page.locator(".notice.success")).to_contain_text("3 人")
    expect(history.locator("img")).to_have_count(3)
    expect(history.locator("img").first).to_have_js_property("complete", True)
    assert FindingStep.objects.filter(finding=finding).count() == 3
    assert barriers(page) == []


def test_the_desk_sees_lists_trends_and_who_inspects_what(works: Works, phone: Callable[[Staff], Page]) -> None:
    now = clock.now()
    find(works.towers[0].building, works.towers[1].worker, now - timedelta(minutes=90), spot=GARAGE, zone="B")
    find(works.towers[1].building, works.towers[0].worker, now - timedelta(minutes=30), "F2")
    page = phone(works.head)
    for width in (412, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for address, words in (
            ("/findings/", GARAGE), ("/findings/trends/", "A2"), ("/findings/new/", "随手报问题"),
            ("/inspect/plan/?day=" + clock.local_day(now).isoformat(), works.towers[1].worker.name),
            ("/inspect/", "巡查"),
        ):  # fmt: skip
            page.goto(address)
            expect(page.locator("main")).to_contain_text(words)
            assert barriers(page) == [], address
