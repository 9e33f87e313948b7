"""A shift without the network: a pack is taken, doors, a vehicle and an area are recorded, and all arrive once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fangxian.accounts.actions import set_active
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions import sweep
from fangxian.duties.models import Gap, GapStatus
from fangxian.hygiene.actions import enrol_areas
from fangxian.hygiene.models import DisinfectionLog
from fangxian.screening.actions import open_round
from fangxian.screening.models import DoorVisit, Round, RoundKind, UnregisteredFinding, VehicleSighting, VisitPerson
from fangxian.shared import clock
from tests.support import ground as g
from tests.support.browser import AXE, RULES, RUN

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "294716"


@pytest.fixture
def phone(browser: Browser, transactional_db: None, server: str) -> Iterator[Page]:
    """A worker's phone. What is not fetched while it is offline is no fault; an error in a script is."""
    context = browser.new_context(
        base_url=server, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 390, "height": 844},
        has_touch=True,
    )  # fmt: skip
    faults: list[str] = []
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert not faults, faults


@pytest.fixture
def street(transactional_db: None) -> tuple[g.Ground, Round]:
    """A round that ended an hour ago on a ground of eight doors, so that everything is a gap; and its grid worker."""
    now = clock.now()
    start = now - timedelta(hours=30)
    here = g.street_like(start)
    for name, room in (("王敏", "101"), ("王小明", "101"), ("佐藤健", "102")):
        g.person(name, here.door(1, room), start)
    g.vehicle("沪B67890", here.compound, start)
    g.staff("grid1", "李网格", Role.GRID_WORKER, here.grids[0], start)
    enrol_areas(places=[here.area], by="test", now=start)
    round = open_round(
        title="入户排摸", place=here.neighbourhood, kinds=RoundKind.values, opens_at=start,
        due_at=now - timedelta(hours=3), by="test", now=start, polite=False,
    )  # fmt: skip
    sweep(now=now)
    return here, round


def sign_in(page: Page, path: str) -> None:
    page.goto(f"/sign-in/?next={path}")
    page.locator("input[name=username]").fill("grid1")
    page.locator("input[name=password]").fill(g.PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(f"**{path}")


def take_pack(page: Page) -> None:
    page.locator("text=领取今日工作包").click()
    page.get_by_placeholder("设置密码").fill(PIN)
    page.get_by_placeholder("再输一次密码").fill(PIN)
    page.locator("button[type=submit]").click()
    expect(page.locator(".door-row").first).to_be_visible()
    # the worker has the shell once it controls the page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def unlock(page: Page) -> None:
    page.locator("input.pin").fill(PIN)
    page.locator("button[type=submit]").click()


def record(page: Page, room: str, found: str) -> None:
    page.locator(".door-row", has=page.locator(f"strong:text-is('{room}')")).first.click()
    page.locator(".big-choice", has_text=found).click()


def waiting(page: Page, count: int) -> None:
    expect(page.locator("#waiting")).to_have_attribute("data-count", str(count))


def save(page: Page) -> None:
    page.locator(".save-bar .primary").click()


def tab(page: Page, name: str) -> None:
    page.locator("nav.tabs button", has_text=name).click()


def work_offline(page: Page) -> None:
    record(page, "101", "已见面")
    page.locator("button", has_text="全部在家").click()
    save(page)
    waiting(page, 1)
    record(page, "102", "已见面")
    page.locator(".person .segments button", has_text="在家").first.click()
    page.locator(".person .segments button", has_text="重点地区").first.click()
    page.locator(".regions button", has_text="韩国").first.click()
    page.locator("button", has_text="名单上没有的人").click()
    page.get_by_placeholder("姓名").fill("김민준")
    save(page)
    waiting(page, 2)
    record(page, "201", "无人应门")
    save(page)
    waiting(page, 3)
    record(page, "202", "空置")
    save(page)
    waiting(page, 4)


def test_a_shift_without_network_arrives_once_and_closes_its_gaps(
    phone: Page, street: tuple[g.Ground, Round], tmp_path: Path
) -> None:
    here, round = street
    sent: list[str] = []

    def keep(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.continue_()

    phone.route("**/field/sync/", keep)
    sign_in(phone, "/field/offline/")
    take_pack(phone)
    phone.context.set_offline(True)
    work_offline(phone)
    expect(phone.locator("#away")).to_be_visible()
    assert DoorVisit.objects.count() == 0

    phone.reload()
    waiting(phone, 4)
    unlock(phone)
    expect(phone.locator(".segments button", has_text="已完成").first).to_contain_text("3")
    phone.locator(".segments button", has_text="再上门").first.click()
    record(phone, "201", "出租")
    save(phone)
    tab(phone, "车辆")
    phone.locator(".door-row", has_text="沪B67890").click()
    save(phone)
    tab(phone, "区域")
    phone.locator(".door-row").first.click()
    phone.locator("#screen .button.primary").first.click()
    waiting(phone, 7)

    phone.context.set_offline(False)
    waiting(phone, 0)
    assert DoorVisit.objects.count() == 5
    assert (VehicleSighting.objects.count(), DisinfectionLog.objects.count()) == (1, 1)
    assert VisitPerson.objects.filter(regions=["korea"]).count() == 1
    assert UnregisteredFinding.objects.get().label == "김민준"
    open_doors = Gap.objects.filter(status=GapStatus.OPEN, rule__key="door-round", duty__place__parent=here.blocks[0])
    assert not open_doors.exists()
    assert not Gap.objects.filter(status=GapStatus.OPEN, rule__key="vehicle-round").exists()
    assert not Gap.objects.filter(status=GapStatus.OPEN, rule__key="person-round").exists()

    again = phone.evaluate(
        """async (body) => {
          const hello = await (await fetch("/field/hello/")).json();
          const headers = { "Content-Type": "application/json", "X-CSRFToken": hello.token };
          return (await fetch("/field/sync/", { method: "POST", headers, body })).json();
        }""",
        next(body for body in sent if '"items":[{' in body),
    )
    assert {item["status"] for item in again["items"]} == {"known"}
    assert DoorVisit.objects.count() == 5
    assert DisinfectionLog.objects.count() == 1


def test_a_lost_phone_holds_ciphertext_only(phone: Page, street: tuple[g.Ground, Round]) -> None:
    sign_in(phone, "/field/offline/")
    take_pack(phone)
    phone.context.set_offline(True)
    record(phone, "101", "已见面")
    phone.locator("button", has_text="全部在家").click()
    save(phone)
    waiting(phone, 1)
    kept = phone.evaluate(
        """async () => {
          const open = (name) => new Promise((done) => {
            const r = indexedDB.open(name); r.onsuccess = () => done(r.result);
          });
          const db = await open("fangxian-field");
          const found = [];
          for (const store of db.objectStoreNames) {
            const rows = await new Promise((done) => {
              const r = db.transaction(store).objectStore(store).getAll(); r.onsuccess = () => done(r.result);
            });
            const plain = (key, value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value)
              ? new TextDecoder().decode(value) : value;
            found.push(JSON.stringify(rows, plain));
          }
          for (const cache of await caches.keys()) {
            for (const request of await (await caches.open(cache)).keys()) {
              found.push(await (await (await caches.open(cache)).match(request)).text());
            }
          }
          return found.join(" ") + JSON.stringify(localStorage) + JSON.stringify(sessionStorage);
        }"""
    )
    assert "point" in kept
    for personal in ("王敏", "王小明", "佐藤健", "沪B67890", "李网格", PIN):
        assert personal not in kept
    phone.reload()
    for _try in range(5):
        phone.locator("input.pin").fill("111112")
        phone.locator("button[type=submit]").click()
        expect(phone.locator("#toast")).to_be_visible()
        expect(phone.locator("button[type=submit]:disabled")).to_have_count(0)
    expect(phone.locator("#screen")).to_contain_text("本机没有工作包")
    waiting(phone, 1)


def age_pack(page: Page) -> None:
    """As if the shift had ended an hour ago."""
    page.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open("fangxian-field");
          opening.onsuccess = () => {
            const store = opening.result.transaction("pack", "readwrite").objectStore("pack");
            const reading = store.get("current");
            reading.onsuccess = () => {
              const pack = { ...reading.result, expires_us: (Date.now() - 3600000) * 1000 };
              store.put(pack, "current").onsuccess = done;
            };
          };
        })"""
    )


def test_a_pack_is_gone_after_the_shift_and_what_waits_stays(phone: Page, street: tuple[g.Ground, Round]) -> None:
    sign_in(phone, "/field/offline/")
    take_pack(phone)
    phone.context.set_offline(True)
    record(phone, "202", "空置")
    save(phone)
    waiting(phone, 1)
    age_pack(phone)
    phone.reload()
    expect(phone.locator("#screen")).to_contain_text("本机没有工作包")
    waiting(phone, 1)
    phone.context.set_offline(False)
    waiting(phone, 0)
    assert DoorVisit.objects.get().disposition == "vacant"


def test_ending_somebodys_sessions_throws_their_pack_away(phone: Page, street: tuple[g.Ground, Round]) -> None:
    sign_in(phone, "/field/offline/")
    take_pack(phone)
    worker = Staff.objects.get(username="grid1")
    set_active(staff=worker, active=False, by="test", now=clock.now())
    phone.reload()
    expect(phone.locator("#screen")).to_contain_text("本机没有工作包")
    assert phone.locator(".door-row").count() == 0


def test_a_wrong_clock_is_shown_and_put_right(phone: Page, street: tuple[g.Ground, Round]) -> None:
    real = clock.now()
    phone.clock.install(time=real + timedelta(hours=3, minutes=10))
    sign_in(phone, "/field/offline/")
    take_pack(phone)
    expect(phone.locator("#clock")).to_contain_text("快了3小时")
    record(phone, "202", "空置")
    save(phone)
    expect(phone.locator("#toast")).to_contain_text("已上传 1 条")
    waiting(phone, 0)
    visit = DoorVisit.objects.get()
    assert visit.marks == ["clock"]
    assert abs(clock.from_us(visit.observed_us) - real) < timedelta(minutes=3)
    assert visit.device_us is not None
    assert visit.device_us - visit.observed_us > clock.HOUR_US


def test_the_phones_screens_are_accessible(phone: Page, street: tuple[g.Ground, Round]) -> None:
    found: list[str] = []

    def look(screen: str) -> None:
        phone.evaluate(AXE.read_text(encoding="utf-8"))
        found.extend(
            f"{screen}: {violation['id']}: {node['target'][0]}"
            for violation in phone.evaluate(RUN, RULES)
            for node in violation["nodes"]
        )

    sign_in(phone, "/field/offline/")
    expect(phone.locator("text=领取今日工作包")).to_be_visible()
    look("no pack")
    take_pack(phone)
    look("doors")
    record(phone, "102", "已见面")
    phone.locator(".person .segments button", has_text="重点地区").first.click()
    look("door")
    phone.locator(".save-bar .back").click()
    tab(phone, "车辆")
    look("vehicles")
    phone.locator(".door-row").first.click()
    phone.locator(".big-choice", has_text="访客").click()
    look("vehicle")
    phone.locator(".save-bar .back").click()
    tab(phone, "区域")
    phone.locator(".door-row").first.click()
    look("area")
    phone.reload()
    expect(phone.locator("input.pin")).to_be_visible()
    look("locked")
    assert found == []
