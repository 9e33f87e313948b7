"""An enterprise comes back to work: filed, returned, accepted, let in at its hour; and one zone that stands still until
what was found at the garage has been put right. One story, seven people."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import pytest
from django.db.models import Model
from playwright.sync_api import Page, expect

from fangxian.accounts.models import Staff
from fangxian.duties.actions import apply_playbook
from fangxian.duties.plan_check import check_files
from fangxian.gates.actions import devices, setup
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import DeviceKind, Direction, Pass, PassStatus
from fangxian.inspections.actions import assign
from fangxian.inspections.models import Finding, FindingStatus, Inspection, Occasion
from fangxian.inspections.queries import suspensions
from fangxian.shared import clock
from fangxian.workplaces.models import (
    Filing,
    FilingStatus,
    Objection,
    PlanStatus,
    Returning,
    Verdict,
    WavePlan,
    WaveSlot,
)
from tests.support import playbooks
from tests.support.browser import picture, sign_in
from tests.support.hr_list import resident_id
from tests.support.pictures import portrait
from tests.support.works import PASSWORD, Works, make_works

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "294716"
PLAN_TEXT = (
    "门口专人测温，员工分两批到岗，每日两次消毒，会议改线上；发现发热立即隔离并报告楼宇物业和街道，名单每日更新。"
)
PARTS = ("charge", "people", "plan", "isolation", "supplies", "posts", "wishes", "sign")
STAYED, FROM_HUBEI = "林晓梅", "何志远"
ARRIVED_DAYS, OBSERVED_DAYS = 3, 14
LATER_MINUTES, LAST_BEGIN = 60, 1_430
GARAGE = "地库口"
SLOWEST_S = 60.0


def minute_now() -> int:
    local = clock.local(clock.now())
    return local.hour * 60 + local.minute


def of_day(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def plan(now: datetime) -> None:
    """The story may be told at any hour: the wave has the whole day, and too early is too early to the minute."""
    files = playbooks.files()
    wave = files["workplaces.toml"].decode()
    for old, new in (
        ("first = 450", "first = 0"), ("last = 600", "last = 1440"), ("window_minutes = 30", "window_minutes = 10"),
        ("step_minutes = 15", "step_minutes = 5"),
    ):  # fmt: skip
        assert old in wave
        wave = wave.replace(old, new, 1)
    gates = files["gates.toml"].replace(b"early_minutes = 15", b"early_minutes = 0", 1)
    made = check_files({**files, "workplaces.toml": wave.encode(), "gates.toml": gates})
    assert made.plan is not None, made.faults
    apply_playbook(plan=made.plan, effective_at=now, by="test", now=now)


@pytest.fixture
def awake(server: str) -> None:
    """The first page of a server that has just started takes as long as the machine is busy."""
    host, port = server.removeprefix("http://").split(":")
    asked = HTTPConnection(host, int(port), timeout=120)
    asked.request("GET", "/sign-in/")
    assert asked.getresponse().status == HTTPStatus.OK
    asked.close()


@pytest.fixture
def works(transactional_db: None, awake: None) -> Works:
    """Two towers. The front door of the first is for everybody, its garage for the blue zone; whoever works at the
    second inspects the first."""
    if minute_now() >= LAST_BEGIN - 10:
        pytest.skip("a window later today needs a quarter of an hour of this day")
    now = clock.now() - timedelta(hours=3)
    made = make_works(now, plan=False)
    plan(now)
    tower = made.towers[0]
    setup.set_up(gate=tower.front, settings=Settings(direction=Direction.BOTH), by="test", now=now)
    setup.set_up(gate=tower.garage, settings=Settings(direction=Direction.IN, zones="B"), by="test", now=now)
    assign.assign(
        place=tower.building, day=clock.local_day(clock.now()), inspector=made.towers[1].worker.id,
        occasion=Occasion.DAILY, by="test", now=clock.now(),
    )  # fmt: skip
    return made


def wait_for(row: Model, field: str, value: str, page: Page) -> None:
    """The worker does it when its turn comes."""
    for _ in range(int(SLOWEST_S * 4)):
        row.refresh_from_db()
        if getattr(row, field) == value:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{field} is {getattr(row, field)} and not {value}")


class Story:
    def __init__(self, works: Works, visit: Callable[..., Page]) -> None:
        self.works, self.visit = works, visit
        self.tower, self.firm = works.towers[0], works.firms[1]
        self.seat = f"{self.firm.id}/{self.tower.id}/"

    def desk(self, who: Staff, **more: int) -> Page:
        page = self.visit("/sign-in/", **more)
        sign_in(page, who.username, PASSWORD)
        return page

    @property
    def filing(self) -> Filing:
        return Filing.objects.get(enterprise_id=self.firm.id)

    @property
    def finding(self) -> Finding:
        return Finding.objects.get()

    def board(self, leader: Page, *words: str, without: str = "") -> None:
        """What the leader reads of the first tower on the board of buildings."""
        leader.goto("/buildings/")
        row = leader.locator("table.buildings tbody tr", has_text=self.tower.building.name)
        for word in words:
            expect(row).to_contain_text(word)
        if without:
            expect(row).not_to_contain_text(without)


def fill_part(page: Page, part: str) -> None:
    begin = min(minute_now() + LATER_MINUTES, LAST_BEGIN)
    answers: dict[str, dict[str, str]] = {
        "charge": {"in_charge": "林晓", "phone": "13812345678"},
        "people": {"start_on": clock.local_day(clock.now()).isoformat(), "people": "2"},
        "plan": {"plan": PLAN_TEXT}, "isolation": {"isolation": "十七楼东侧小会议室"},
        "supplies": {"masks": "100", "disinfectant": "60000", "hand-gel": "6000"},
        "posts": {"charge": "林晓", "measure": "小李", "clean": "王阿姨", "supplies": "小李", "report": "林晓"},
        "wishes": {"ask_from": of_day(begin), "ask_until": of_day(begin + 9), "ask_home": "0"},
        "sign": {"signer": "林晓", "post": "总经理"},
    }  # fmt: skip
    for name, value in answers[part].items():
        page.fill(f"[name={name}]", value)
    if part == "sign":
        page.check("[name=agree]")


def file_it(story: Story, page: Page) -> None:
    page.goto(f"/firm/{story.seat}")
    page.locator("form[action$='begin/'] button").click()
    for part in PARTS:
        expect(page.locator("main form.firm-form")).to_be_visible()
        fill_part(page, part)
        page.locator("main form.firm-form button.primary").click()
    expect(page.locator("form[action$='send/'] button")).to_be_disabled()


def put_on_the_ledger(story: Story, page: Page) -> None:
    """One who stayed, and one who came back from Hubei three days ago."""
    for number, name in enumerate((STAYED, FROM_HUBEI)):
        page.goto(f"/staff-ledgers/{story.seat}add/")
        page.fill("[name=name]", name)
        page.fill("[name=document]", resident_id(f"3101051990010100{number + 1}"))
        page.check(f"[name=left][value={'yes' if number else 'no'}]")
        if number:
            page.check("[name=key_region][value=yes]")
            day = clock.local_day(clock.now()) - timedelta(days=ARRIVED_DAYS)
            page.fill("[name=origin]", "湖北武汉")
            page.fill("[name=arrived_on]", day.isoformat())
            page.select_option("[name=transport]", "train")
        page.locator("main form button.primary").click()
        expect(page.locator(".notice.success")).to_be_visible()


def send(story: Story, page: Page) -> None:
    page.goto(f"/firm/{story.seat}filing/")
    page.locator("form[action$='send/'] button").click()
    expect(page.locator(".notice.success")).to_be_visible()
    assert story.filing.status == FilingStatus.SUBMITTED


def return_it(story: Story, page: Page, words: str) -> None:
    page.goto(f"/filings/{story.filing.id}/")
    page.locator("details:has([value=return]) summary").click()
    page.check("input[name=reason][value=plan]")
    page.fill("#text-return", words)
    page.locator("button[value=return]").click()
    expect(page.locator(".timeline")).to_contain_text(words)


def decide(story: Story, page: Page, act: str, status: FilingStatus) -> None:
    page.goto(f"/filings/{story.filing.id}/")
    page.locator(f"button[value={act}]").click()
    expect(page.locator(".notice.success")).to_be_visible()
    assert story.filing.status == status


def who_may_work(story: Story, page: Page) -> None:
    """A pass for who stayed; for who came from Hubei, the day on which there may be one."""
    waits = Returning.objects.get(verdict=Verdict.LATER)
    until = clock.local_day(clock.now()) + timedelta(days=OBSERVED_DAYS - ARRIVED_DAYS)
    assert (waits.person.label, waits.verdict_until) == (FROM_HUBEI, until)
    assert [one.holder for one in Pass.objects.filter(enterprise_id=story.firm.id)] == [STAYED]
    page.goto(f"/staff-ledgers/{story.seat}")
    expect(page.locator(".roster-row", has_text=FROM_HUBEI)).to_contain_text(until.isoformat())
    picture(page, "ledger")


def work_out(story: Story, page: Page, plan_of_day: WavePlan) -> None:
    wait_for(plan_of_day, "status", PlanStatus.DRAFT, page)
    page.goto(f"/waves/{plan_of_day.id}/")
    page.locator(".wave-publish button").click()
    expect(page.locator(".notice.success")).to_be_visible()
    plan_of_day.refresh_from_db()
    assert plan_of_day.status == PlanStatus.PUBLISHED


def plan_the_morning(story: Story, page: Page) -> WaveSlot:
    page.goto("/waves/")
    if not page.locator("#ask [name=day]").is_visible():
        page.locator("#ask summary").click()
    page.fill("#ask [name=day]", clock.local_day(clock.now()).isoformat())
    page.locator("#ask button.primary").click()
    expect(page).to_have_url(re.compile(r"/waves/[0-9a-f-]{36}/"))
    work_out(story, page, WavePlan.objects.get())
    return WaveSlot.objects.get(enterprise_id=story.firm.id, plan__status=PlanStatus.PUBLISHED)


def object_to(page: Page, slot: WaveSlot) -> None:
    page.goto("/our-window/")
    expect(page.locator(".wave-time")).to_contain_text(of_day(slot.from_minute))
    page.locator(f"#slot-{slot.id} summary").click()
    page.fill(f"#slot-{slot.id} [name=text]", "客户会议提前，请允许现在进楼")
    page.locator(f"#slot-{slot.id} button.primary").click()
    expect(page.locator(".notice.warning")).to_contain_text("客户会议提前")


def answer_it(story: Story, page: Page, slot: WaveSlot) -> None:
    """Another window is promised, a new plan keeps it, and it is published."""
    before = WavePlan.objects.get(status=PlanStatus.PUBLISHED)
    page.goto(f"/waves/{before.id}/")
    page.locator(f"#slot-{slot.id} summary").click()
    page.check(f"#slot-{slot.id} [name=what][value=move]")
    begin = minute_now()
    page.fill(f"#slot-{slot.id} [name=from_time]", of_day(begin))
    page.fill(f"#slot-{slot.id} [name=until_time]", of_day(min(begin + 10, 1_439)))
    page.fill(f"#slot-{slot.id} [name=text]", "同意，现在起可以进楼")
    page.locator(f"#slot-{slot.id} button.primary").click()
    expect(page.locator(".notice.success")).to_be_visible()
    slot.refresh_from_db()
    assert slot.objection == Objection.HEARD
    work_out(story, page, WavePlan.objects.exclude(id=before.id).get())


def press_pin(page: Page) -> None:
    for digit in PIN:
        page.locator(".pad button", has_text=digit).click()


def stand_at_the_gate(story: Story, page: Page) -> None:
    token = devices.register(
        kind=DeviceKind.TABLET, gate=story.tower.front, name="正门平板", in_charge=None, calibration_due=None,
        by="test", now=clock.now(),
    )[1]  # fmt: skip
    page.goto("/gate/")
    page.locator("#token").fill(token)
    page.locator("form button[type=submit]").click()
    page.locator("#add-guard").click()
    page.locator("input[name=username]").fill(story.works.guard.username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    expect(page.locator("h1")).to_contain_text(story.works.guard.name)
    press_pin(page)
    expect(page.locator("h1")).not_to_contain_text(story.works.guard.name)
    press_pin(page)
    expect(page.locator("#net")).to_have_class("net there")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def show(page: Page, permit: Pass) -> None:
    """The code is pasted into the field for numbers: a busy machine types too slowly to be taken for a scanner."""
    page.get_by_role("button", name="通行证编号").click()
    page.fill("#typed", permit.token)
    page.press("#typed", "Enter")


def come(page: Page, permit: Pass, code: str, outcome: str) -> None:
    """Shown, measured, and asked where she was, if she has not said it yet. What no temperature changes is answered
    without one, as soon as the tablet has heard of it."""
    show(page, permit)
    answer = page.locator("#answer")
    expect(page.locator("#answer:visible, .name").first).to_be_visible()
    if not answer.is_visible():
        page.locator(".heat", has_text="36.5").click()
    expect(answer).to_be_visible()
    if answer.get_attribute("data-code") == "no_declaration":
        page.locator("#settle").click()
    expect(answer).to_have_attribute("data-code", code)
    expect(answer).to_have_class(f"answer {outcome}")


def go_on(page: Page) -> None:
    if page.locator("#answer .next").is_visible():
        page.locator("#answer .next").click()
    expect(page.locator("#answer")).to_be_hidden()


def go_out(page: Page, permit: Pass) -> None:
    page.locator("[data-direction=out]").click()
    show(page, permit)
    expect(page.locator("#answer")).to_have_attribute("data-code", "exit")
    go_on(page)
    page.locator("[data-direction=in]").click()


def walk(story: Story, page: Page) -> None:
    """All 22 items on a phone; at the garage nobody measures."""
    page.goto("/inspect/")
    page.get_by_role("link", name="开始：把今天的单位带上").click()
    page.get_by_role("button", name="把今天的单位带上").click()
    page.get_by_placeholder("设置密码").fill(PIN)
    page.get_by_placeholder("再输一次密码").fill(PIN)
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name=story.tower.building.name).click()
    page.locator("#item-A2 [data-result=fault]").click()
    page.locator(f"#item-A2 [data-spot='{GARAGE}']").click()
    page.locator("#item-A2 textarea").fill("车库入口无人测温")
    # what was typed is kept a moment later, and only then is the item answered
    expect(page.locator("#item-A2[data-open]")).to_have_count(0)
    for item in page.locator(".check[data-open]").evaluate_all("found => found.map(one => one.id)"):
        page.locator(f"#{item} [data-result=ok]").click()
    expect(page.locator("#score")).to_contain_text("22/22")
    page.locator("#finish").click()
    page.get_by_role("button", name=story.tower.manager.name).click()
    page.locator("#agrees").check()
    page.locator("#done").click()
    expect(page.locator(".places .badge.ok")).to_contain_text("21/22", timeout=30_000)
    assert Inspection.objects.get().signed_name == story.tower.manager.name


def act_on_it(story: Story, page: Page, act: str, fields: dict[str, str], photo: bytes | None = None) -> None:
    page.goto(f"/findings/{story.finding.id}/")
    form = page.locator(f"details:has([name=act][value={act}])")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    if photo is not None:
        shot: Any = [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        form.locator("input[type=file]").set_input_files(shot)
        expect(form.locator("[data-said]")).to_be_visible()
    form.locator(".form-actions button").click()
    expect(page.locator(".notice.success").first).to_be_visible()


def accepted(story: Story, hr: Page, leader: Page, party: Page, head: Page) -> None:
    """Filed, returned once, endorsed and accepted."""
    file_it(story, hr)
    put_on_the_ledger(story, hr)
    send(story, hr)
    story.board(leader, "1 / 2")
    return_it(story, party, "请写明谁在车库口测温")
    hr.goto(f"/firm/{story.seat}")
    expect(hr.locator(".notice.warning")).to_contain_text("请写明谁在车库口测温")
    hr.goto(f"/firm/{story.seat}filing/plan/")
    hr.fill("[name=plan]", f"{PLAN_TEXT}车库口由小李测温。")
    hr.locator("main form.firm-form button.primary").click()
    send(story, hr)
    decide(story, party, "endorse", FilingStatus.ENDORSED)
    assert not Pass.objects.exists()
    decide(story, head, "accept", FilingStatus.ACCEPTED)
    assert story.filing.version == 2
    who_may_work(story, hr)
    story.board(leader, "1 / 2")


def mended(story: Story, inspector: Page) -> None:
    """What the walk has found is planned, mended and looked at again; until then no pass comes back."""
    manager = story.desk(story.tower.manager)
    until = f"{clock.local(clock.now() + timedelta(minutes=40)):%Y-%m-%dT%H:%M}"
    agreed = {"plan_who": "程师傅", "plan_what": "车库口增设测温岗", "plan_until": until}
    act_on_it(story, manager, "plan", agreed)
    assert story.finding.status == FindingStatus.PLANNED
    act_on_it(story, manager, "mend", {"text": "测温员已到岗，设备已校准"}, portrait(size=(1200, 900)))
    assert story.finding.status == FindingStatus.MENDED
    assert Pass.objects.get().status == PassStatus.SUSPENDED
    act_on_it(story, inspector, "pass", {"text": "现场逐车测温"})
    assert (story.finding.status, suspensions.standing(story.tower.id)) == (FindingStatus.CLOSED, set())


def test_an_enterprise_comes_back_and_a_zone_stands_still(
    visit: Callable[..., Page], tablet: Page, works: Works, worker: None
) -> None:
    story = Story(works, visit)
    hr, leader = story.desk(story.firm.hr, width=390, height=844), story.desk(works.leader)
    party, head = story.desk(story.tower.worker), story.desk(works.head)

    accepted(story, hr, leader, party, head)
    permit = Pass.objects.get()
    assert permit.zone == "B"
    slot = plan_the_morning(story, head)
    stand_at_the_gate(story, tablet)
    come(tablet, permit, "too_early", "hold")
    expect(tablet.locator("#answer")).to_contain_text(of_day(slot.from_minute))
    go_on(tablet)
    object_to(hr, slot)
    answer_it(story, head, slot)
    tablet.wait_for_timeout(1_500)  # what the hot path keeps, it keeps for a second
    come(tablet, permit, "ok", "admit")
    expect(tablet.locator("#inside")).to_have_text("1")
    go_on(tablet)
    inside = leader.locator("td[data-label='当前在内']").first
    story.board(leader)
    expect(inside).to_contain_text("1")
    go_out(tablet, permit)

    phone = story.desk(works.towers[1].worker, width=412, height=880)
    walk(story, phone)
    assert suspensions.standing(story.tower.id) == {"B"}
    tablet.wait_for_timeout(1_500)
    come(tablet, permit, "suspended", "refuse")
    go_on(tablet)
    story.board(leader, "21/22", "B", "▲")
    picture(leader, "buildings")

    mended(story, story.desk(works.towers[1].worker))
    tablet.wait_for_timeout(1_500)
    come(tablet, permit, "ok", "admit")

    story.board(leader, "21/22", without="▲")
    leader.goto(f"/findings/{story.finding.id}/")
    for words in ("车库入口无人测温", "程师傅", "测温员已到岗", "现场逐车测温", works.towers[1].worker.name):
        expect(leader.locator("main")).to_contain_text(words)
    picture(leader, "finding")
