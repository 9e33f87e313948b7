"""What a device did alone, told late: it happened, whatever the server had decided meanwhile."""

from datetime import timedelta

import pytest
from msgspec import structs

from fangxian.accounts.roles import Role
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn, Taken
from fangxian.gates.actions.checks import prepare
from fangxian.gates.models import Check, GateSetup, PassKind, Presence, SigningKey, Used
from fangxian.gates.queries import hot
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office, check, employee_pass

NOW = MORNING + timedelta(minutes=5)
pytestmark = pytest.mark.django_db


def record(office: Office, *items: CheckIn) -> list[Taken]:
    hot.forget()
    with write_lock():
        return write_batch(prepare(items, office.device, NOW))


def test_a_device_that_gave_up_waiting_and_let_in_is_believed_once(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    GateSetup.objects.create(gate=office.front, day_cap=0, changed_us=0)
    item = check(permit)
    assert record(office, item)[0].code == "full"
    Check.objects.update(folded=True)
    again = structs.replace(item, offline=True, said="admit", said_code="ok")
    told = record(office, again, again)
    assert [(one.status, one.outcome, one.code) for one in told] == [("known", "admit", "ok")] * 2
    assert [one.marks for one in told] == [("over_cap",), ()]
    row = Check.objects.get()
    assert (row.outcome, row.code, row.said, row.marks) == ("admit", "ok", "hold", "over_cap")
    assert (row.offline, row.folded) == (True, False)
    assert Presence.objects.get(inside=True).check_id == item.id
    Check.objects.update(folded=True)
    record(office, again)
    assert Check.objects.get().folded is True
    assert Used.objects.get(key=f"in:{office.building.id.hex}").count == 1


def test_a_device_that_gave_up_waiting_and_let_nobody_in_is_believed_too(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0], kind=PassKind.COURIER, once=True)
    item = check(permit)
    assert record(office, item)[0].outcome == "admit"
    told = record(office, structs.replace(item, offline=True, said="hold", said_code="full"))[0]
    assert (told.outcome, told.code, told.marks) == ("hold", "full", ())
    assert Check.objects.get().said == "admit"
    assert not Presence.objects.filter(inside=True).exists()
    assert set(Used.objects.values_list("count", flat=True)) == {0}
    assert record(office, check(permit))[0].outcome == "admit"


def test_a_forged_pass_and_an_unknown_plate_are_marked_also_where_a_device_alone_refused(
    street: Street, office: Office
) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    guard = make_staff(Role.GATE_GUARD, street.neighbourhoods[0])
    SigningKey.objects.update(distrusted_us=clock.to_us(MORNING))
    refused = check(permit, offline=True, said="refuse", said_code="wrong_key")
    held = check(token=None, plate="沪B99999", occupants=1, offline=True, said="hold", said_code="unknown_vehicle")
    let_in = check(
        token=None, plate="沪B88888", occupants=1, offline=True, said="admit", said_code="overridden",
        override="急诊", guard=guard.id.hex,
    )  # fmt: skip
    told = record(office, refused, held, let_in)
    assert [one.marks for one in told] == [("forged",), ("unknown_vehicle",), ("unknown_vehicle",)]
