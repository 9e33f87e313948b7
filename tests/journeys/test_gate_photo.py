"""The guard and the photo: the person before the gate is compared with the one on the pass (人证合一)."""

import pytest
from playwright.sync_api import Page, expect

from fangxian.gates.actions import photos
from fangxian.gates.models import Check, Pass
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from tests.journeys import test_gate_tablet as at_the_gate
from tests.journeys.test_gate_tablet import Office, answer, begin_work, readable, scan
from tests.support.gates import employee_pass
from tests.support.pictures import portrait

pytestmark = pytest.mark.django_db(transaction=True)
office, tablet = at_the_gate.office, at_the_gate.tablet
"""The same office and tablet as in the tablet's own journeys."""
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
    a_photo(office.passes[0])
    tablet.set_viewport_size({"width": width, "height": height})
    begin_work(tablet, office)
    scan(tablet, office.passes[0].token)
    expect(tablet.locator("[data-face=there]")).to_be_visible()
    readable(tablet)
    assert tablet.evaluate("() => document.documentElement.scrollHeight - window.innerHeight") <= 0
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    readable(tablet)
