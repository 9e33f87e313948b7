"""An employee's first morning: on the employer's list, the pass on the telephone, at the gate, counted inside."""

import base64
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fangxian.accounts.roles import Role
from fangxian.gates.actions import visits
from fangxian.gates.models import Check, Pass, PassKind, Presence, Used
from fangxian.places.actions import NewPlace, add
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, Relation
from fangxian.shared import clock
from tests.journeys import test_gate_tablet as at_the_gate
from tests.journeys.test_gate_tablet import Office, answer, begin_work, scan
from tests.support import ground as g
from tests.support.browser import AXE, RULES, RUN, picture, sign_in
from tests.support.gates import make_enterprise

pytestmark = pytest.mark.django_db(transaction=True)
office = at_the_gate.office
"""The same office as in the tablet's own journeys."""
READ = """async (data) => {
  const { decodeQR } = await import("/static/vendor/qr/decode.js");
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
  pen.drawImage(image, 0, 0);
  return decodeQR(pen.getImageData(0, 0, image.width, image.height));
}"""
"""The tablet's own reader of codes, on a picture of the telephone's screen."""


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Page]:
    """A telephone that runs no scripts at all."""
    context = browser.new_context(
        base_url=server, locale="ja-JP", timezone_id="Asia/Shanghai", viewport={"width": 390, "height": 844},
        device_scale_factor=2, java_script_enabled=False,
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def hired(building: Place, name: str) -> None:
    """A company below ground employs somebody: no zone of the plan, so no arrival slot that the clock could miss."""
    now = clock.now()
    [floor] = add(places=[NewPlace(PlaceKind.FLOOR, "地下1层", building.id)], by="test", now=now)
    firm = make_enterprise(now=now)
    Enterprise.objects.create(subject=firm, name=firm.label, name_key=firm.label)
    since = clock.local_day(now)
    Attachment.objects.create(subject=firm, relation=Relation.TENANT, place=floor, since=since)
    person = g.person(name, None, now)
    Attachment.objects.create(subject=person, relation=Relation.EMPLOYED, other=firm, since=since)


def test_an_employee_gets_a_pass_and_is_counted_inside(
    visit: Callable[..., Page], phone: Page, tablet: Page, office: Office
) -> None:
    hired(office.building, "さくら 直子")
    g.staff("building", "沈楼长", Role.BUILDING_PARTY_WORKER, office.building, clock.now())

    desk = visit("/sign-in/")
    sign_in(desk, "building", g.PASSWORD)
    desk.goto("/passes/lists/")
    desk.check("[name=what][value=employees]")
    desk.select_option("[name=place]", str(office.building.id))
    desk.select_option("[name=enterprise]", index=1)
    desk.click("button[value=count]")
    assert not Pass.objects.filter(holder="さくら 直子").exists()
    desk.click("button[value=issue]")
    desk.locator("tbody a", has_text="さくら 直子").click()
    picture(desk, "pass")
    link = desk.locator("input[readonly]").input_value()

    phone.goto(link)
    expect(phone.locator("h1")).to_have_text("さくら 直子")
    expect(phone.locator(".state")).to_contain_text("有効")
    phone.click("footer button[value=ko]")
    expect(phone.locator(".state")).to_contain_text("유효")
    picture(phone, "wallet")
    code = phone.locator(".code").screenshot()

    begin_work(tablet, office)
    scan(tablet, tablet.evaluate(READ, base64.b64encode(code).decode()))
    expect(tablet.locator(".name")).to_have_text("さくら 直子")
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    tablet.locator("#settle").click()
    answer(tablet, "ok", "admit")
    expect(tablet.locator("#inside")).to_have_text("1")

    permit = Pass.objects.get(holder="さくら 直子")
    row = Check.objects.get(outcome="admit")
    assert (row.pass_id, row.subject_id, row.identity) == (permit.id, permit.subject_id, True)
    assert Presence.objects.get(place_id=office.building.id).inside
    assert Used.objects.get(key=f"in:{office.building.id.hex}").count == 1


def test_the_holders_page_is_usable_by_everybody(visit: Callable[..., Page], office: Office) -> None:
    """Big type, big targets, nothing to scroll sideways on a small telephone, and nothing that axe finds."""
    page = visit(f"/w/{office.passes[0].wallet}/", width=320, height=640)
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 20
    small = page.evaluate(
        "[...document.querySelectorAll('button, a')].filter(x => x.offsetHeight < 48 || x.offsetWidth < 48).length"
    )
    assert small == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert [(found["id"], found["nodes"][0]["html"][:120]) for found in page.evaluate(RUN, RULES)] == []


def test_a_host_answers_by_the_link_without_scripts(phone: Page, office: Office) -> None:
    host = make_enterprise(now=clock.now())
    asked = visits.ask(gate=office.front, kind=PassKind.VISITOR, host=host, name="王芳", by="test", now=clock.now())
    phone.goto(f"/visit/{asked.secret}/")
    expect(phone.locator("main")).to_contain_text("王芳")
    phone.click("button[value=yes]")
    expect(phone.locator(".state")).to_contain_text("承諾しました")
    asked.refresh_from_db()
    assert asked.granted is not None
    assert asked.granted.gate_id == office.front.id
