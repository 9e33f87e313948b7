"""What a gate counts stays right while passes change: those inside, and which of a vehicle's passes a plate shows."""

from datetime import timedelta

import pytest

from fangxian.gates.actions import passes
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn, Taken
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.actions.passes import Change
from fangxian.gates.models import Check, PassKind, Presence, Used
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_vehicle
from tests.support.gates import Office, check, employee_pass, leaving, make_gate, resident_permit

NOW = MORNING + timedelta(minutes=5)
NOW_US = clock.to_us(NOW)
pytestmark = pytest.mark.django_db


def record(office: Office, *items: CheckIn, gate: Place | None = None) -> list[Taken]:
    hot.forget()
    with write_lock():
        return write_batch(prepare(items, DeviceFacts(office.tablet.id, (gate or office.front).id), NOW))


def inside(place: Place) -> int:
    return Used.objects.get(key=f"in:{place.id.hex}").count


def test_a_count_that_has_drifted_ends_at_nothing_and_costs_no_check(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    record(office, check(permit))
    Used.objects.update(count=0)
    assert [one.code for one in record(office, leaving(permit))] == ["exit"]
    assert Check.objects.count() == 2
    assert inside(office.building) == 0


@pytest.mark.parametrize("how", ["reissue", "revoke", "many"])
def test_a_revoked_pass_stays_inside_nowhere_and_still_lets_out(street: Street, office: Office, how: str) -> None:
    gate = make_gate(street.compounds[0])
    old, other = (resident_permit(street.compounds[0], door) for door in street.dwellings[:2])
    record(office, check(old), check(other), gate=gate)
    if how == "reissue":
        passes.reissue(permit=old, reason="遗失", by="test", now=NOW)
    elif how == "revoke":
        passes.revoke(passes=[old], reason="遗失", by="test", now=NOW)
    else:
        passes.change_many(ids=[old.id], what=Change.REVOKE, reason="遗失", by="test", now=NOW)
    assert list(Presence.objects.filter(inside=True).values_list("who", flat=True)) == [f"p:{other.id.hex}"]
    assert inside(street.compounds[0]) == 1
    assert record(office, leaving(old), gate=gate)[0].code == "exit"
    assert inside(street.compounds[0]) == 1


def test_a_plate_shows_the_pass_for_this_gate_that_is_in_force(street: Street, office: Office) -> None:
    vehicle = make_vehicle("沪A12345", street.compounds[0])
    kind = {"kind": PassKind.VEHICLE, "subject_id": vehicle.pk, "company": ""}
    door = street.dwellings[0]
    here = employee_pass(office.building, door, "沪A12345", **kind)
    elsewhere = employee_pass(street.compounds[0], door, "沪A12345", until_us=NOW_US + 90 * clock.DAY_US, **kind)
    seen = {"token": None, "plate": "沪A12345", "occupants": 1}
    told = record(office, check(**seen))[0]
    assert (told.code, Check.objects.get().pass_id) == ("ok", here.id)
    passes.suspend(passes=[here], reason="欠费", by="test", now=NOW)
    assert record(office, check(**seen))[0].code == "suspended"
    passes.revoke(passes=[here, elsewhere], reason="迁走", by="test", now=NOW)
    assert record(office, check(**seen))[0].code == "no_pass"
