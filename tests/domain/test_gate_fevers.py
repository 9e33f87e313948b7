"""A fever that was seen asks for its second reading, at whatever gate and whoever stands there."""

from datetime import datetime, timedelta

import pytest

from fangxian.accounts.roles import Role
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.models import Check, Referral
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office, check, employee_pass, leaving

pytestmark = pytest.mark.django_db
SOON, LATE = MORNING + timedelta(minutes=3), MORNING + timedelta(minutes=16)


def codes(office: Office, *items: CheckIn, now: datetime, gate: Place | None = None) -> list[str]:
    hot.forget()
    with write_lock():
        told = write_batch(prepare(items, DeviceFacts(office.tablet.id, (gate or office.front).id), now))
    return [one.code for one in told]


def test_who_was_held_is_not_let_in_by_a_cooler_forehead_at_any_gate(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    first = check(permit, temp=38.0)
    assert codes(office, first, now=MORNING) == ["fever"]
    assert codes(office, check(permit, SOON), now=SOON) == ["second_not_axillary"]
    assert codes(office, check(permit, SOON, method="axillary"), now=SOON, gate=office.garage) == ["second_too_soon"]
    assert codes(office, leaving(permit, SOON), now=SOON) == ["exit"]
    good = check(permit, LATE, method="axillary", temp=36.6)
    assert codes(office, good, now=LATE, gate=office.garage) == ["second_ok"]
    assert Check.objects.get(id=good.id).first_id == first.id
    assert codes(office, leaving(permit, LATE), check(permit, LATE), now=LATE) == ["exit", "ok"]


def test_an_older_check_of_somebody_else_is_no_first_reading(street: Street, office: Office) -> None:
    permit, other = (employee_pass(office.building, door) for door in street.dwellings[:2])
    before = check(other)
    first = check(permit, SOON, temp=38.0)
    codes(office, before, first, now=SOON)
    at = SOON + timedelta(minutes=14)
    second = check(permit, at, temp=38.1, method="axillary", first=before.id)
    assert codes(office, second, now=at) == ["second_too_soon"]
    at = SOON + timedelta(minutes=15)
    second = check(permit, at, temp=38.1, method="axillary", first=before.id)
    assert codes(office, second, now=at) == ["fever_again"]
    assert Referral.objects.get().first_id == first.id


def test_no_reason_of_a_guard_stands_for_the_second_reading(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    guard = make_staff(Role.GATE_GUARD, office.building)
    over = {"override": "赶时间", "guard": guard.id.hex}
    told = codes(
        office, check(permit, temp=38.0, **over), check(permit, **over), check(permit, method="axillary", **over),
        check(permit, temp=None, method="", **over), check(permit, mask=False, **over), now=MORNING,
    )  # fmt: skip
    assert told == ["fever", "second_not_axillary", "second_too_soon", "no_temperature", "no_mask"]


def test_the_next_day_begins_with_a_forehead_again(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    codes(office, check(permit, temp=38.0), now=MORNING)
    later = MORNING + timedelta(days=1)
    assert codes(office, check(permit, later), now=later) == ["ok"]
