"""A tablet at a gate: registered, bound to a guard, and at work with and without the network."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from statistics import median
from typing import Any

import base45
import pytest
import segno
from django.db.models import F
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.gates.actions import devices
from fangxian.gates.actions.keys import ensure_key
from fangxian.gates.models import (
    Check,
    Device,
    DeviceKind,
    GateSetup,
    Pass,
    PassKind,
    Presence,
    Referral,
    SigningKey,
)
from fangxian.places.actions import NewPlace, add
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from tests.support import ground as g
from tests.support.browser import AXE, RULES, RUN
from tests.support.gates import employee_pass

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "294716"
SLOWEST_MS = 5.0
PEOPLE = 151


@dataclass
class Office:
    building: Place
    front: Place
    garage: Place
    passes: list[Pass]
    token: str
    garage_token: str


_keys: list[SigningKey] = []


def signing_key(now: datetime) -> None:
    """One key for all of these journeys, with a number of its own: the server keeps keys for seconds, and on a street
    a number never comes back with another key."""
    if not _keys:
        made = ensure_key(by="test", now=now)
        SigningKey.objects.all().delete()
        made.kid = 177
        made.private_sealed = crypto.seal(
            crypto.unseal(bytes(made.private_sealed), "gates.signingkey.1"), "gates.signingkey.177"
        )
        _keys.append(made)
    _keys[0].save(force_insert=True)


def a_tablet(gate: Place) -> str:
    return devices.register(
        kind=DeviceKind.TABLET, gate=gate, name=f"{gate.name}平板", in_charge=None, calibration_due=None, by="test",
        now=clock.now(),
    )[1]  # fmt: skip


@pytest.fixture
def office(transactional_db: None) -> Office:
    now = clock.now()
    here = g.street_like(now - timedelta(hours=3))
    building = NewPlace(PlaceKind.BUILDING, "虹桥大厦", here.neighbourhood.id)
    gates = [NewPlace(PlaceKind.GATE, name, building.id) for name in ("正门", "地库口")]
    made = {row.id: row for row in add(places=[building, *gates], by="test", now=now)}
    front, garage = made[gates[0].id], made[gates[1].id]
    signing_key(now)
    tokens = []
    for place in (front, garage):
        GateSetup.objects.create(gate=place, changed_us=clock.to_us(now))
        tokens.append(a_tablet(place))
    g.staff("guard1", "赵守门", Role.GATE_GUARD, made[building.id], now)
    first = employee_pass(made[building.id], here.dwellings[0], "李雷", now=now, zone="R")
    return Office(made[building.id], front, garage, [first], *tokens)


def press_pin(page: Page, pin: str = PIN) -> None:
    for digit in pin:
        page.locator(".pad button", has_text=digit).click()


def begin_work(page: Page, office: Office, username: str = "guard1", name: str = "赵守门") -> None:
    """Register the tablet, sign in once, choose a PIN."""
    page.goto("/gate/")
    page.locator("#token").fill(office.token)
    page.locator("form button[type=submit]").click()
    page.locator("#add-guard").click()
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(g.PASSWORD)
    page.locator("main form button").first.click()
    expect(page.locator("h1")).to_contain_text(name)
    press_pin(page)
    expect(page.locator("h1")).not_to_contain_text(name)
    press_pin(page)
    expect(page.locator("#net")).to_have_class("net there")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def scan(page: Page, text: str) -> None:
    """A scanner that types like a keyboard."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def answer(page: Page, code: str, outcome: str) -> None:
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-code", code)
    expect(page.locator("#answer")).to_have_class(f"answer {outcome}")


def forged(token: str) -> str:
    message = bytearray(base45.b45decode(token.removeprefix("FX1:")))
    message[-1] ^= 1
    return "FX1:" + str(base45.b45encode(bytes(message)).decode("ascii"))


def test_a_forged_pass_is_refused_with_the_reason_on_the_screen(tablet: Page, office: Office) -> None:
    begin_work(tablet, office)
    scan(tablet, forged(office.passes[0].token))
    answer(tablet, "forged", "refuse")
    expect(tablet.locator("#answer h1")).to_have_text("不能进")
    expect(tablet.locator("#answer .title")).to_contain_text("伪造")
    assert Check.objects.get().code == "forged"
    tablet.locator("#answer .next").click()
    scan(tablet, "HC1:NCFOXN%TSMAHN-H")
    answer(tablet, "foreign_code", "refuse")
    assert Check.objects.count() == 2


def test_a_scan_and_one_tap_let_in_and_a_fever_waits_for_a_second_reading(tablet: Page, office: Office) -> None:
    begin_work(tablet, office)
    scan(tablet, office.passes[0].token)
    expect(tablet.locator(".name")).to_have_text("李雷")
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    tablet.locator("#settle").click()
    answer(tablet, "ok", "admit")
    expect(tablet.locator("#inside")).to_have_text("1")
    expect(tablet.locator("#answer")).to_be_hidden()
    row = Check.objects.get(outcome="admit")
    assert (row.decidec, row.mask, row.identity, row.offline) == (365, True, True, False)
    assert row.guard

    tablet.locator("[data-direction=out]").click()
    scan(tablet, office.passes[0].token)
    answer(tablet, "exit", "admit")
    tablet.locator("#answer .next").click()
    tablet.locator("[data-direction=in]").click()

    scan(tablet, office.passes[0].token)
    tablet.locator("#keypad").click()
    for key in "378":
        tablet.locator(".pad button", has_text=key).click()
    tablet.locator("#enter").click()
    answer(tablet, "fever", "hold")
    tablet.locator("#answer .next").click()
    expect(tablet.locator(".held")).to_contain_text("14:")
    tablet.locator(".held").click()
    for key in "371":
        tablet.locator(".pad button", has_text=key).first.click()
    tablet.locator("#enter").click()
    answer(tablet, "second_too_soon", "hold")
    tablet.locator("#answer .next").click()
    expect(tablet.locator(".held")).to_have_count(1)

    # a cooler forehead settles nothing, with the network or without, and no reason of the guard does
    for away in (False, True):
        tablet.context.set_offline(away)
        scan(tablet, office.passes[0].token)
        tablet.locator(".heat", has_text="36.5").click()
        answer(tablet, "second_not_axillary", "hold")
        expect(tablet.locator("#override")).to_have_count(0)
        tablet.locator("#answer .next").click()
        expect(tablet.locator(".held")).to_have_count(1)
    tablet.context.set_offline(False)

    # a quarter of an hour later
    Check.objects.filter(code="fever").update(observed_us=F("observed_us") - 16 * clock.MINUTE_US)
    tablet.locator(".held").click()
    for key in "376":
        tablet.locator(".pad button", has_text=key).first.click()
    tablet.locator("#enter").click()
    answer(tablet, "fever_again", "refer")
    expect(tablet.locator("#answer .number")).to_contain_text(Referral.objects.get().number)
    expect(tablet.locator("#override")).to_have_count(0)
    tablet.locator("#answer .next").click()
    expect(tablet.locator(".held")).to_have_count(0)


def test_five_wrong_pins_ask_for_the_account_again(tablet: Page, office: Office) -> None:
    begin_work(tablet, office)
    tablet.context.set_offline(True)
    tablet.locator("#lock").click()
    tablet.locator(".tiles button").click()
    for left in range(4, -1, -1):
        press_pin(tablet, "918273")
        expect(tablet.locator("#toast")).to_contain_text(str(left) if left else "重新用账号登录")
    expect(tablet.locator("#add-guard")).to_be_visible()
    expect(tablet.locator(".tiles button")).to_have_count(0)


WORK = """async (tokens) => {
  const engine = await import("/static/console/js/gate/engine.js");
  const usual = { temp: 36.5, method: "forehead", mask: true, identity: true, declared: true };
  const spent = [];
  const outcomes = {};
  const one = async (input) => {
    const answer = await engine.check(input);
    spent.push(answer.ms);
    const said = `${answer.outcome} ${answer.code} ${answer.offline}`;
    outcomes[said] = (outcomes[said] ?? 0) + 1;
  };
  for (const token of tokens) await one({ token, direction: "in", ...usual });
  for (const token of tokens.slice(2)) await one({ token, direction: "out" });
  return { spent, outcomes };
}"""


def at_the_garage(page: Page, office: Office, permit: Pass) -> None:
    """The same pass goes in by the other gate, whose tablet has the network."""
    item = {
        "id": str(new_id()), "at": clock.to_us(clock.now()), "dir": "in", "token": permit.token, "mask": True,
        "temp": 36.4, "identity": True, "declared": True,
    }  # fmt: skip
    told: dict[str, Any] = page.request.post(
        "/intake/v1/gate-checks", data=item, headers={"Authorization": f"Bearer {office.garage_token}"}
    ).json()
    assert told["items"][0]["outcome"] == "admit", told


def test_a_shift_without_network_arrives_once_with_its_double_uses(
    tablet: Page, office: Office, visit: Callable[..., Page]
) -> None:
    now = clock.now()
    home = Place.objects.filter(kind=PlaceKind.DWELLING).order_by("path")[0]
    passes = [employee_pass(office.building, home, f"员工{n}", now=now) for n in range(PEOPLE)]
    begin_work(tablet, office)
    tablet.context.set_offline(True)
    elsewhere = visit("/health/")
    for permit in passes[:2]:
        at_the_garage(elsewhere, office, permit)
    done = tablet.evaluate(WORK, [permit.token for permit in passes])
    assert done["outcomes"] == {"admit ok true": PEOPLE, "admit exit true": PEOPLE - 2}
    assert len(done["spent"]) == 300
    assert median(done["spent"]) < SLOWEST_MS

    # a tablet that is closed and opened again without the network has everything
    tablet.reload()
    tablet.locator(".tiles button", has_text="赵守门").click()
    press_pin(tablet)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "300")
    expect(tablet.locator("#net")).to_have_class("net away")
    scan(tablet, passes[0].token)
    tablet.locator(".heat", has_text="36.4").click()
    answer(tablet, "no_declaration", "hold")
    expect(tablet.locator("#answer .by-tablet")).to_be_visible()
    tablet.locator("#answer .next").click()
    assert Check.objects.count() == 2

    tablet.context.set_offline(False)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "0", timeout=30_000)
    mine = Check.objects.filter(gate_id=office.front.id)
    assert mine.count() == 301
    assert mine.filter(offline=True).count() == 301
    doubles = mine.filter(marks__contains="double_use")
    assert {row.pass_id for row in doubles} == {permit.id for permit in passes[:2]}
    assert doubles.count() == 2
    assert Presence.objects.filter(inside=True).count() == 2
    expect(tablet.locator(".warnings")).to_contain_text("2")


def test_a_lost_tablet_keeps_nothing_that_can_be_read(tablet: Page, office: Office) -> None:
    begin_work(tablet, office)
    tablet.context.set_offline(True)
    scan(tablet, office.passes[0].token)
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    kept = tablet.evaluate("""async () => {
      const asked = indexedDB.open("fangxian-gate");
      const db = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
      const all = [];
      for (const name of db.objectStoreNames) {
        const wanted = db.transaction(name).objectStore(name).getAll();
        const rows = await new Promise((done) => { wanted.onsuccess = () => done(wanted.result); });
        const letters = (buffer) => Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
        const plain = (_, value) => value instanceof ArrayBuffer ? letters(value) : value;
        all.push([name, JSON.stringify(rows, plain), rows.some((row) => row instanceof CryptoKey && row.extractable)]);
      }
      return all;
    }""")
    text = json.dumps(kept, ensure_ascii=False)
    assert "queue" in text
    for secret in ("李雷", "赵守门", "银杏", office.token, office.passes[0].token, "36.5"):
        assert secret not in text
    assert not any(extractable for _, _, extractable in kept)

    devices.revoke(device=Device.objects.get(gate=office.front), reason="丢失", by="test", now=clock.now())
    tablet.wait_for_timeout(2_500)  # the server remembers a token for two seconds
    tablet.context.set_offline(False)
    expect(tablet.locator("#token")).to_be_visible(timeout=30_000)
    assert Check.objects.count() == 0

    # found again: it has forgotten its guards, and hands over what it kept
    tablet.locator("#token").fill(f"https://fangxian.example/gate/#{a_tablet(office.front)}")
    tablet.locator("form button[type=submit]").click()
    expect(tablet.locator("#add-guard")).to_be_visible()
    expect(tablet.locator(".tiles button")).to_have_count(0)
    tablet.evaluate("import('/static/console/js/gate/engine.js').then((engine) => engine.sync())")
    assert Check.objects.get().offline


def test_typed_numbers_and_plates_are_known_without_the_network(tablet: Page, office: Office) -> None:
    now = clock.now()
    home = Place.objects.filter(kind=PlaceKind.DWELLING).order_by("path")[0]
    vehicle = g.vehicle("沪A12345", None, now)
    employee_pass(office.building, home, "沪A12345", now=now, kind=PassKind.VEHICLE, subject_id=vehicle.pk, company="")
    begin_work(tablet, office)
    tablet.context.set_offline(True)
    for button, text, code, outcome in (
        ("#number", office.passes[0].number.lower(), "no_declaration", "hold"),
        ("#plate", "沪a·12345", "no_declaration", "hold"),
        ("#plate", "苏E99999", "unknown_vehicle", "hold"),
    ):
        tablet.locator(button).click()
        tablet.locator("#typed").fill(text)
        tablet.locator("form button[type=submit]").click()
        if button == "#plate":
            tablet.locator(".counts button", has_text="3").click()
        tablet.locator(".heat", has_text="36.5").click()
        answer(tablet, code, outcome)
        tablet.locator("#answer .next").click()
    tablet.locator("#number").click()
    tablet.locator("#typed").fill("ZZZZZZZZZZ")
    tablet.locator("form button[type=submit]").click()
    answer(tablet, "unknown_pass", "refuse")
    tablet.locator("#answer .next").click()
    tablet.context.set_offline(False)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "0", timeout=30_000)
    assert sorted(Check.objects.values_list("code", "plate", "occupants")) == [
        ("no_declaration", "", None), ("no_declaration", "沪A12345", 3), ("unknown_pass", "", None),
        ("unknown_vehicle", "苏E99999", 3),
    ]  # fmt: skip


def test_a_visitor_goes_in_when_the_host_agrees_on_the_telephone(tablet: Page, office: Office) -> None:
    """The compound's gate: the door is found, the host asked, and the pass that comes of it is checked at once."""
    now = clock.now()
    compound = Place.objects.get(kind=PlaceKind.COMPOUND)
    gate = add(places=[NewPlace(PlaceKind.GATE, "大门", compound.id)], by="test", now=now)[0]
    g.staff("guard2", "钱守门", Role.GATE_GUARD, compound, now)
    door = Place.objects.filter(kind=PlaceKind.DWELLING).order_by("path")[0]
    household = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="王家", created_us=clock.to_us(now))
    Household.objects.create(subject=household, dwelling=door)
    begin_work(tablet, replace(office, token=a_tablet(gate)), "guard2", "钱守门")
    tablet.locator("#visitor").click()
    tablet.locator("#door").fill(door.name)
    tablet.keyboard.press("Enter")
    tablet.locator(".tiles button", has_text=door.name).first.click()
    tablet.locator("#visitor-name").fill("孙来访")
    tablet.locator("#ask-visitor").click()
    tablet.locator("#host-agrees").click()
    tablet.locator(".heat", has_text="36.4").click()
    answer(tablet, "no_declaration", "hold")
    tablet.locator("#settle").click()
    answer(tablet, "ok", "admit")
    expect(tablet.locator("#answer .who")).to_contain_text("孙来访")
    permit = Pass.objects.get(kind=PassKind.VISITOR)
    assert (permit.gate_id, permit.host_id) == (gate.id, household.id)
    assert Check.objects.get(outcome="admit").pass_id == permit.id


def test_a_clock_that_was_set_back_is_its_own_reason(tablet: Page, office: Office) -> None:
    begin_work(tablet, office)
    tablet.evaluate(
        "async () => { const s = await import('/static/console/js/gate/store.js');"
        " await s.put('clock', { seen_us: Date.now() * 1000 + 3600e6, offset_us: 0 }); }"
    )
    tablet.context.set_offline(True)
    tablet.reload()
    tablet.locator(".tiles button").click()
    press_pin(tablet)
    expect(tablet.locator(".warnings")).to_contain_text("时间")
    scan(tablet, office.passes[0].token)
    answer(tablet, "wrong_clock", "hold")
    tablet.locator("#override").click()
    tablet.locator(".reasons button", has_text="负责人").click()
    answer(tablet, "overridden", "admit")
    tablet.context.set_offline(False)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "0", timeout=30_000)
    expect(tablet.locator(".warnings p")).to_have_count(0)
    assert Check.objects.get(outcome="admit").override == "负责人指示"


def test_the_camera_reads_a_pass(tablet: Page, office: Office) -> None:
    """Only the lens is another one: its picture is the pass's own code, a little turned, on a grey ground."""
    begin_work(tablet, office)
    image = BytesIO()
    segno.make(office.passes[0].token, error="m").save(image, kind="png", scale=6, border=6)
    tablet.evaluate(
        """async (data) => {
          const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
          const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
          const pen = canvas.getContext("2d");
          const draw = () => {
            pen.resetTransform();
            pen.fillStyle = "#999";
            pen.fillRect(0, 0, 1280, 720);
            pen.translate(640, 360);
            pen.rotate(0.12);
            pen.drawImage(image, -image.width / 2, -image.height / 2);
          };
          setInterval(draw, 50);
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
        }""",
        base64.b64encode(image.getvalue()).decode(),
    )
    tablet.locator("#camera").click()
    expect(tablet.locator(".name")).to_have_text("李雷")


SMALL = """() => [...document.querySelectorAll("button")]
  .filter((button) => button.offsetHeight && (button.offsetHeight < 56 || button.offsetWidth < 56))
  .map((button) => button.textContent)"""


def readable(page: Page) -> None:
    """What axe finds; what a glove cannot press; what runs out of the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert [(found["id"], found["nodes"][0]["html"][:120]) for found in page.evaluate(RUN, RULES)] == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (800, 1280)])
def test_the_tablet_is_usable_by_everybody(tablet: Page, office: Office, width: int, height: int) -> None:
    tablet.set_viewport_size({"width": width, "height": height})
    begin_work(tablet, office)
    scan(tablet, office.passes[0].token)
    expect(tablet.locator(".name")).to_have_text("李雷")
    readable(tablet)
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    readable(tablet)
    tablet.locator("#override").click()
    readable(tablet)
    tablet.locator(".reasons button").first.click()
    answer(tablet, "overridden", "admit")
    readable(tablet)
    tablet.locator("#answer .next").click()
    readable(tablet)
