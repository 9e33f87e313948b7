"""The queue on the gate's tablet: the server's estimate, until the guard counts."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fangxian.gates.models import Check
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.journeys import test_gate_tablet as at_the_gate
from tests.journeys.test_gate_tablet import Office, begin_work
from tests.support.gates import employee_pass

pytestmark = pytest.mark.django_db(transaction=True)
office = at_the_gate.office


def test_the_queue_is_estimated_until_the_guard_counts(tablet: Page, office: Office) -> None:
    now = clock.now()
    minute = max(1, clock.local(now).hour * 60 + clock.local(now).minute)
    door = Place.objects.filter(kind=PlaceKind.DWELLING).first()
    assert door is not None
    for number in range(12):
        slot = {"slot_from": minute - 1, "slot_until": minute}
        employee_pass(office.building, door, f"员工{number}", now=now, **slot)
    ago = [now - timedelta(minutes=number) for number in range(5)]
    Check.objects.bulk_create(a_check(office, clock.to_us(at)) for at in ago)

    begin_work(tablet, office)

    expect(tablet.locator("#estimate")).to_have_text("估计12人 约 12 分钟")
    tablet.get_by_label("排队加一人").click()
    expect(tablet.locator("#queue")).to_have_text("1")
    expect(tablet.locator("#estimate")).to_have_count(0)


def a_check(office: Office, at_us: int) -> Check:
    return Check(
        id=new_id(), gate_id=office.front.id, place_id=office.building.id, direction="in", outcome="refuse",
        code="no_mask", observed_us=at_us, received_us=at_us, device_id=new_id(), folded=True,
    )  # fmt: skip
