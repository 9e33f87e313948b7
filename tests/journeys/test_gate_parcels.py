"""The hand-over point at a compound's gate: parcels come and go while the network is away."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.gates.models import Parcel
from fangxian.places.actions import NewPlace, add
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from tests.journeys.test_gate_tablet import Office, a_tablet, begin_work, press_pin, readable
from tests.support import ground as g

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_parcel_is_taken_in_and_handed_over_without_the_network(tablet: Page, transactional_db: None) -> None:
    now = clock.now()
    compound = g.street_like(now - timedelta(hours=3)).compound
    gate = add(places=[NewPlace(PlaceKind.GATE, "大门", compound.id)], by="test", now=now)[0]
    g.staff("guard2", "钱守门", Role.GATE_GUARD, compound, now)
    door = Place.objects.select_related("parent").filter(kind=PlaceKind.DWELLING).order_by("path")[0]
    assert door.parent is not None
    begin_work(tablet, Office(compound, gate, gate, [], a_tablet(gate), ""), "guard2", "钱守门")
    tablet.wait_for_function(
        "async () => (await import('/static/console/js/gate/shelf.js')).shelf.doors.length > 0"
    )  # fmt: skip
    tablet.context.set_offline(True)
    tablet.locator("#parcel").click()
    for place, code in (("A-3", "3041"), ("B-1", "")):
        tablet.locator("#parcel-new").click()
        tablet.locator("#parcel-door").fill(f"{door.parent.name}{door.name}")
        tablet.locator(".tiles button", has_text=door.name).click()
        tablet.locator(".ways button", has_text="顺丰").click()
        tablet.locator("#parcel-shelf").fill(place)
        tablet.locator("#parcel-code").fill(code)
        tablet.locator("#parcel-keep").click()
    expect(tablet.locator(".parcel")).to_have_count(2)
    readable(tablet)
    tablet.locator(".parcel", has_text="A-3").click()
    readable(tablet)
    tablet.locator("#compared-code").click()
    expect(tablet.locator(".parcel")).to_have_count(1)
    assert not Parcel.objects.exists()
    tablet.reload()
    tablet.locator(".tiles button").click()
    press_pin(tablet)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "3")
    tablet.context.set_offline(False)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "0", timeout=30_000)
    assert sorted(Parcel.objects.values_list("shelf", "company", "compared", "door__name")) == [
        ("A-3", "顺丰", "code", door.name), ("B-1", "顺丰", "", door.name),
    ]  # fmt: skip
    # one is still there: later it has lain too long, and is handed over
    Parcel.objects.filter(shelf="B-1").update(until_us=clock.to_us(now) - clock.HOUR_US)
    tablet.reload()
    tablet.locator(".tiles button").click()
    press_pin(tablet)
    tablet.locator("#parcel").click()
    expect(tablet.locator(".parcel.late")).to_have_count(1)
    tablet.locator(".parcel.late").click()
    tablet.locator("#parcel-to").fill("邻居")
    tablet.locator("#compared-name").click()
    expect(tablet.locator("#parcels")).to_be_visible()
    expect(tablet.locator(".parcel")).to_have_count(0)
    expect(tablet.locator("#waiting")).to_have_attribute("data-count", "0", timeout=30_000)
    assert Parcel.objects.get(shelf="B-1").taken_by == "邻居"
