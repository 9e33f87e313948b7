"""The guard and the photo: the person before the gate is compared with the one on the pass (人证合一)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.gates.actions import photos
from fangxian.gates.models import Check, Pass
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from tests.journeys import test_gate_tablet as at_the_gate
from tests.journeys.test_gate_tablet import Office, answer, begin_work, readable, scan
from tests.support import ground as g
from tests.support.browser import sign_in
from tests.support.gates import employee_pass
from tests.support.pictures import portrait

pytestmark = pytest.mark.django_db(transaction=True)
office = at_the_gate.office
"""The same office as in the tablet's own journeys."""
KEPT_HERE = """async () => {
  const kept = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) kept.push(new URL(request.url).pathname);
  }
  return kept;
}"""


def a_photo(permit: Pass) -> None:
    photos.set_photo(permit=permit, content=portrait(), name="face.jpg", by="test", now=clock.now())


def test_the_guard_compares_the_person_with_the_photo_and_confirms(tablet: Page, office: Office) -> None:
    second = employee_pass(
        office.building, Place.objects.filter(kind=PlaceKind.DWELLING).order_by("path")[1], "韩梅梅", now=clock.now()
    )
    a_photo(office.passes[0])
    begin_work(tablet, office)
    scan(tablet, office.passes[0].token)
    photo = tablet.locator(".panel-who [data-face]")
    expect(photo).to_have_attribute("data-face", "there")
    box = photo.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) >= (220, 300)
    inked = photo.locator("canvas").evaluate("(at) => at.getContext('2d').getImageData(300, 300, 1, 1).data[3]")
    assert inked == 255
    tablet.locator("#identity").click()
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "not_the_holder", "refuse")
    expect(tablet.locator("#answer [data-face=there]")).to_be_visible()
    tablet.locator("#answer .next").click()
    expect(tablet.locator("[data-face]")).to_have_count(0)

    scan(tablet, office.passes[0].token)
    expect(photo).to_have_attribute("data-face", "there")
    tablet.locator(".heat", has_text="36.5").click()
    tablet.locator("#settle").click()
    answer(tablet, "ok", "admit")
    assert list(Check.objects.order_by("id").values_list("identity", "outcome"))[::2] == [
        (False, "refuse"), (True, "admit"),
    ]  # fmt: skip
    kept = tablet.evaluate(KEPT_HERE)
    assert "/gate/" in kept
    assert not [path for path in kept if path.startswith("/gate/photo")]

    # a pass without a photo, and no network: the identity card is compared
    tablet.locator("#answer .next").click()
    scan(tablet, second.token)
    expect(photo).to_have_attribute("data-face", "missing")
    expect(photo).to_contain_text("身份证")
    tablet.locator("#cancel").click()
    tablet.context.set_offline(True)
    expect(tablet.locator("#net")).to_have_class("net away")
    scan(tablet, office.passes[0].token)
    expect(photo).to_have_attribute("data-face", "away")
    expect(photo).to_contain_text("身份证")


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (800, 1280)])
def test_nothing_is_pushed_off_the_screen_by_a_photo(tablet: Page, office: Office, width: int, height: int) -> None:
    home = Place.objects.filter(kind=PlaceKind.DWELLING).order_by("path")[1]
    permit = employee_pass(
        office.building,
        home,
        "阿卜杜热合曼·买买提艾力",
        now=clock.now(),
        zone="B",
        company="上海虹桥国际商务信息咨询服务有限公司",
    )
    a_photo(permit)
    tablet.set_viewport_size({"width": width, "height": height})
    begin_work(tablet, office)
    scan(tablet, permit.token)
    expect(tablet.locator("[data-face=there]")).to_be_visible()
    readable(tablet)
    assert tablet.evaluate("() => document.documentElement.scrollHeight - window.innerHeight") <= 0
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    readable(tablet)


def test_the_desk_chooses_many_files_and_is_told_about_each(visit: Callable[..., Page], office: Office) -> None:
    """More than one request may bring: they are sent in parts."""
    home = Place.objects.filter(kind=PlaceKind.DWELLING).order_by("path")[1]
    passes = [office.passes[0], *(employee_pass(office.building, home, f"员工{n}", now=clock.now()) for n in range(20))]
    g.staff("building", "沈楼长", Role.BUILDING_PARTY_WORKER, office.building, clock.now())
    desk = visit("/sign-in/")
    sign_in(desk, "building", g.PASSWORD)
    desk.goto("/passes/photos/")
    desk.locator("#photos").set_input_files(
        [
            {"name": f"{permit.number}.jpg", "mimeType": "image/jpeg", "buffer": portrait(size=(300, 400))}
            for permit in passes
        ]
        + [
            {"name": "员工表.jpg", "mimeType": "image/jpeg", "buffer": portrait()},
            {"name": f"{passes[0].number}.png", "mimeType": "image/png", "buffer": b"no picture"},
        ]
    )
    desk.locator("[data-photos] button").click()
    expect(desk.locator("tbody tr")).to_have_count(23, timeout=30_000)
    expect(desk.locator("[data-progress]")).to_contain_text("2个未保存")
    expect(desk.locator("tbody tr[data-badge=ok]")).to_have_count(21)
    assert not Pass.objects.filter(photo="").exists()
    desk.locator("tbody a").first.click()
    expect(desk.locator(".pass-photo img")).to_be_visible()
