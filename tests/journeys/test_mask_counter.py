"""A pharmacy's counter loses the network: it goes on by its list, and what two counters gave out twice is found."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.models import OneOff
from fangxian.masks import rules
from fangxian.masks.models import Call, CallStatus, Collection, Message, MessageKind, Registration
from fangxian.masks.queries.pharmacy import secret_key
from fangxian.shared import clock
from tests.support.browser import barriers, picture, sign_in
from tests.support.factories import PASSWORD, make_staff
from tests.support.mask_goods import Goods, arrive, call, doors, prove, register
from tests.support.masks import make_round

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "294716"
NAMES = ("王建国", "李桂兰", "张秀英", "陈阿婆", "佐藤健")


@pytest.fixture
def goods(transactional_db: None) -> Goods:
    """A round in its days of sale on the machine's own clock: five numbers of 何家角, the last in a later slot."""
    now = clock.now()
    start = now - timedelta(days=3)
    goods = Goods(make_round(now=start, register_from=clock.local_day(start)))
    arrive(goods, 60, now=now - timedelta(hours=14))
    for number, (name, door) in enumerate(zip(NAMES, doors(goods, 0), strict=False)):
        row = register(
            goods.ground, door, goods.ground.committees[0], name=name, document_mask=f"310105********00{number}7"
        )
        call(goods, row, now=now - timedelta(hours=12))
    from_us = clock.to_us(now) - 5 * clock.MINUTE_US
    Call.objects.update(
        slot_from_us=from_us, slot_until_us=from_us + 30 * clock.MINUTE_US, deadline_us=from_us + clock.DAY_US
    )
    last = goods.calls[-1]
    Call.objects.filter(id=last.id).update(
        slot_from_us=from_us + 90 * clock.MINUTE_US, slot_until_us=from_us + 120 * clock.MINUTE_US
    )
    return goods


@pytest.fixture
def counters(browser: Browser, goods: Goods, server: str) -> Iterator[Callable[[Staff], Page]]:
    """Another counter each time. What is not fetched while it is offline is no fault; an error in a script is."""
    contexts = []
    faults: list[str] = []

    def open_counter(staff: Staff) -> Page:
        context = browser.new_context(
            base_url=server, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1024, "height": 768}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        sign_in(page, staff.username, PASSWORD)
        page.goto("/mask-counter/")
        page.get_by_role("link", name="开柜发放").click()
        page.get_by_role("button", name="领取今日名单").click()
        page.get_by_placeholder("设置密码").fill(PIN)
        page.get_by_placeholder("再输一次密码").fill(PIN)
        page.locator("button[type=submit]").click()
        expect(page.locator("#typed")).to_be_visible()
        # the worker has the shell once it controls the page
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return page

    yield open_counter
    for context in contexts:
        context.close()
    assert not faults, faults


def pharmacist(goods: Goods, name: str) -> Staff:
    return make_staff(Role.PHARMACY, goods.pharmacy, name, clock.now() - timedelta(minutes=1))


def show(page: Page, text: str) -> None:
    """As a scanner types it, or a hand: the text and Enter."""
    page.locator("#typed").fill(text)
    page.keyboard.press("Enter")


def hand_out(page: Page, money: str) -> None:
    expect(page.locator("#give")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".verdict.good h1")).to_have_text(f"请收 {money} 元")


def waiting(page: Page, count: int) -> None:
    expect(page.locator("#waiting")).to_have_attribute("data-count", str(count))


def code_of(goods: Goods, number: int) -> str:
    row = Registration.objects.get(round=goods.ground.round, seq=number)
    return rules.qr_text(f"R2-何家角-{number:04d}", row.secret)


def serve_alone(page: Page, goods: Goods) -> None:
    """Three households without the network: by the last digits, by the code, and a part of it by a neighbour."""
    show(page, "1")
    expect(page.locator(".holder")).to_contain_text("王建国")
    expect(page.locator(".holder")).to_contain_text("310105********0007")
    assert barriers(page) == []
    picture(page, "counter-offline")
    hand_out(page, "12.50")
    assert barriers(page) == []
    show(page, code_of(goods, 2))
    hand_out(page, "12.50")
    show(page, "r2 何家角 0003")
    page.locator(".stepper button").first.click()
    page.locator(".stepper button").first.click()
    page.locator("#neighbour").click()
    page.locator("#collector").fill("孙大姐")
    page.locator("#give").click()
    expect(page.locator(".verdict.good h1")).to_have_text("请收 7.50 元")
    waiting(page, 3)


def test_two_counters_without_network_lose_nothing_and_the_double_is_found(
    goods: Goods, counters: Callable[[Staff], Page]
) -> None:
    first = counters(pharmacist(goods, "陈药师"))
    second = counters(pharmacist(goods, "吴药师"))
    for page in (first, second):
        page.context.set_offline(True)
    serve_alone(first, goods)
    assert Collection.objects.count() == 0

    # the device is switched on again without the network: the list is there, and so is what was handed out
    first.reload()
    first.locator("input.pin").fill(PIN)
    first.locator("button[type=submit]").click()
    waiting(first, 3)
    show(first, "0001")
    expect(first.locator(".verdict h1")).to_have_text("该号已领取")

    show(second, "0001")
    hand_out(second, "12.50")
    waiting(second, 1)

    first.context.set_offline(False)
    waiting(first, 0)
    second.context.set_offline(False)
    waiting(second, 0)
    expect(second.locator("#answers")).to_contain_text("R2-何家角-0001")
    expect(second.locator("#answers")).to_contain_text("由街道处理")
    assert barriers(second) == []

    assert Collection.objects.count() == 4
    double = Collection.objects.get(standing=False)
    assert double.call.registration.seq == 1
    part = Collection.objects.get(call__registration__seq=3)
    assert (part.quantity, part.collector, part.identity) == (3, "孙大姐", True)
    message = Message.objects.get(kind=MessageKind.INCIDENT)
    assert OneOff.objects.filter(duty_id=message.duty_id).exists()
    prove(goods)


def test_with_the_network_the_server_decides_and_the_big_answer_says_why(
    goods: Goods, counters: Callable[[Staff], Page]
) -> None:
    page = counters(pharmacist(goods, "陈药师"))
    other = counters(pharmacist(goods, "吴药师"))
    other.route("**/list/", lambda route: route.abort())
    show(page, "0001")
    hand_out(page, "12.50")
    waiting(page, 0)
    assert Call.objects.get(id=goods.calls[0].id).status == CallStatus.COLLECTED

    # the other counter's list is older than that: the server refuses, and nothing is kept
    show(other, "0001")
    expect(other.locator("#give")).to_be_focused()
    other.keyboard.press("Enter")
    expect(other.locator(".verdict h1")).to_have_text("不能发放")
    expect(other.locator(".verdict")).to_contain_text("第1药房")
    assert Collection.objects.count() == 1

    show(page, "R2-何家角-0005")
    expect(page.locator(".verdict.soon h1")).to_have_text("未到时段")
    page.locator("#cancel").click()
    show(page, "R2-何家角-0002#somebody-elses")
    expect(page.locator(".verdict.bad h1")).to_have_text("二维码与号码不符")
    show(page, "R2-何家角-0044")
    expect(page.locator(".verdict.bad")).to_contain_text("0044")
    # the next code is scanned while the button to hand out has the focus: it is looked up, and nothing is handed out
    show(page, "0003")
    expect(page.locator("#give")).to_be_focused()
    page.keyboard.type(f"?-??-0004#{code_of(goods, 4).partition('#')[2]}")
    page.keyboard.press("Enter")
    expect(page.locator(".holder")).to_contain_text("陈阿婆")
    assert Collection.objects.count() == 1
    page.locator("#cancel").click()
    show(page, f"?-??-0002#{code_of(goods, 2).partition('#')[2]}")
    expect(page.locator(".holder")).to_contain_text("李桂兰")
    assert barriers(page) == []


FIND = """async ([list, text, now, done]) => {
  const { lookUp } = await import("/static/console/js/counter/find.js");
  return lookUp(list, text, now, done);
}"""
HOUR = clock.HOUR_US


def listed(voucher: str, secret: str, **more: object) -> dict[str, object]:
    line = {
        "call": voucher + str(more.get("variant", "")), "voucher": voucher, "key": secret_key(secret),
        "variant": "adult", "quantity": 5, "status": "called", "slot_from_us": 10 * HOUR, "slot_until_us": 11 * HOUR,
        "deadline_us": 40 * HOUR, "elsewhere": "", "name": "", "mask": "", "deliver": False, "collected_us": 0,
    }  # fmt: skip
    return line | more


LIST = {
    "number": 2, "shorts": ["虹储", "虹储东", "何家角"], "place": "第1药房",
    "lines": [
        listed("R2-虹储-0137", "one"),
        listed("R2-虹储-0137", "one", variant="child", slot_from_us=12 * HOUR),
        listed("R2-何家角-0137", "two"),
        listed("R2-何家角-0002", "three", elsewhere="第2药房"),
        listed("R2-何家角-0003", "four", status="collected", collected_us=9 * HOUR),
        listed("R2-何家角-0004", "five", status="lapsed", deadline_us=5 * HOUR),
        listed("R2-何家角-0005", "six", status="lapsed", deadline_us=5 * HOUR),
        listed("R2-何家角-0005", "six", call="again"),
        listed("R2-何家角-0006", "seven", deadline_us=9 * HOUR),
    ],
}  # fmt: skip
CASES = [
    ("R2-虹储-0137", "ok"), ("ｒ２ 虹储　０１３７", "ok"), ("R2—虹储—0137", "ok"), ("虹储137", "ok"),
    ("虹储-0137", "ok"),
    ("R2-虹储-0137#one", "ok"), ("R2-虹储-0137#two", "wrong_code"), ("R2-虹储-0137#else", "wrong_code"),
    ("??#one", "ok"), ("??#else", "unknown"), ("R2-虹储东-0137#else", "not_called"),
    ("137", ["R2-虹储-0137", "R2-何家角-0137"]), ("2", "elsewhere"), ("3", "double"), ("4", "lapsed"), ("5", "ok"),
    ("6", "lapsed"), ("R2-何家角-0099", "not_called"), ("99", "not_called"), ("R1-何家角-0003", "unknown"),
    ("R2-别处-0003", "unknown"), ("abc", "unknown"), ("", "unknown"),
]  # fmt: skip


def test_a_counter_without_network_says_what_the_list_says(visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    for text, wanted in CASES:
        found = page.evaluate(FIND, [LIST, text, 10 * HOUR, {}])
        assert found.get("choices", found.get("code")) == wanted, text
    found = page.evaluate(FIND, [LIST, "虹储137", 9 * HOUR, {}])
    assert (found["code"], len(found["lines"])) == ("early", 2)
    done = {"R2-虹储-0137": {"us": 8 * HOUR}}
    found = page.evaluate(FIND, [LIST, "虹储137", 10 * HOUR, done])
    assert [line["variant"] for line in found["lines"]] == ["child"]
    found = page.evaluate(FIND, [LIST, "R2-何家角-0137", 10 * HOUR, {"R2-何家角-0137": {"us": 8 * HOUR}}])
    assert (found["code"], found["us"]) == ("double", 8 * HOUR)


def test_the_pages_of_a_pharmacy_are_accessible_and_its_day_is_closed(goods: Goods, visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    sign_in(page, pharmacist(goods, "陈药师").username, PASSWORD)
    found = []
    for name in ("", "goods/", "handed/", "channel/", "close/"):
        page.goto(f"/mask-counter/{goods.pharmacy.id}/{name}")
        found += [f"{name}: {fault}" for fault in barriers(page)]
        page.set_viewport_size({"width": 390, "height": 844})
        found += [f"{name} on a phone: {fault}" for fault in barriers(page)]
        page.set_viewport_size({"width": 1440, "height": 900})
    assert found == []
    page.locator("input[name=counted_adult]").fill("60")
    page.locator("input[name=money]").fill("0")
    page.get_by_role("button", name="完成盘点").click()
    expect(page.locator(".badge.ok").first).to_contain_text("已盘点")
