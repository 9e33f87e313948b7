"""The hand-over point as a tablet asks for it: records with ids of its own, each answered by itself."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.gates.models import Device, DeviceKind, Parcel
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.desk import NOW, Desks, make_desks
from tests.support.factories import make_staff
from tests.support.gates import make_gate

pytestmark = pytest.mark.django_db
TOKEN = "fxd_" + "b" * 43
BEARER = {"Authorization": f"Bearer {TOKEN}"}
AT = clock.to_us(NOW) - clock.HOUR_US


@pytest.fixture(autouse=True)
def eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desks() -> Desks:
    return make_desks()


@pytest.fixture
def guard(desks: Desks) -> Staff:
    return make_staff(Role.GATE_GUARD, desks.here.hood, "张值守")


@pytest.fixture
def gate(desks: Desks) -> Place:
    hot.forget()
    door = Place.objects.select_related("parent__parent").get(id=desks.here.door.id)
    assert door.parent is not None
    assert door.parent.parent is not None
    gate = make_gate(door.parent.parent)
    Device.objects.create(
        kind=DeviceKind.TABLET, gate=gate, name="平板", enrolled_us=clock.to_us(NOW),
        digest=hashlib.sha256(TOKEN.encode()).digest(),
    )  # fmt: skip
    return gate


def send(*items: dict[str, object]) -> Any:  # noqa: ANN401 - what JSON holds
    answer = Client(enforce_csrf_checks=True).post(
        "/gate/parcels/", {"items": items}, content_type="application/json", headers=BEARER
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def left(by: Staff, door: Place, **changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()), "what": "left", "parcel": str(new_id()), "guard": str(by.id), "at": AT,
        "door": str(door.id), "company": "顺丰", "shelf": "A-3", "code": "3041",
    } | changes  # fmt: skip


def taken(guard: Staff, parcel: object, **changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()), "what": "taken", "parcel": parcel, "guard": str(guard.id), "at": AT + clock.MINUTE_US,
        "compared": "code", "to": "",
    } | changes  # fmt: skip


def statuses(told: Any) -> list[str]:  # noqa: ANN401 - what JSON holds
    return [result["status"] for result in told["results"]]


def test_what_was_done_without_the_network_is_stored_as_it_was_and_once(
    gate: Place, guard: Staff, desks: Desks
) -> None:
    one, two = left(guard, desks.here.door), left(guard, desks.here.door, shelf="B-1")
    gone = taken(guard, one["parcel"], to="邻居")
    told = send(one, two, gone)
    assert statuses(told) == ["stored"] * 3
    assert [(line["shelf"], line["code"]) for line in told["parcels"]] == [("B-1", "3041")]
    assert desks.here.door.name in told["parcels"][0]["where"]
    assert statuses(send(one, two, gone)) == ["known"] * 3
    row = Parcel.objects.get(id=str(one["parcel"]))
    assert (row.left_us, row.taken_us, row.taken_by) == (AT, AT + clock.MINUTE_US, "邻居")
    assert (row.by, row.handed_by, row.compared) == (guard.actor, guard.actor, "code")
    assert Parcel.objects.count() == 2


def test_what_cannot_be_taken_is_told_and_keeps_nothing_else_back(gate: Place, guard: Staff, desks: Desks) -> None:
    good = left(guard, desks.here.door)
    told = send(
        left(guard, desks.there.door),
        taken(guard, str(new_id())),
        left(guard, desks.here.door, guard=str(new_id())),
        good,
    )
    assert statuses(told) == ["refused", "refused", "refused", "stored"]
    assert all(result["error"] for result in told["results"][:3])
    assert [row.id for row in Parcel.objects.all()] == [as_id(good["parcel"])]


def as_id(value: object) -> Any:  # noqa: ANN401 - an id as the database gives it
    return type(new_id())(str(value))


def test_a_clock_that_runs_ahead_means_now(gate: Place, guard: Staff, desks: Desks) -> None:
    send(left(guard, desks.here.door, at=clock.to_us(NOW) + clock.DAY_US))
    assert Parcel.objects.get().left_us == clock.to_us(NOW)


def test_only_a_registered_tablet_is_told_anything(gate: Place, guard: Staff, desks: Desks) -> None:
    assert Client().post("/gate/parcels/", {"items": []}, content_type="application/json").status_code == 401
    assert Client().get("/gate/doors/").status_code == 401
    answer = Client().post("/gate/parcels/", {"items": [{}]}, content_type="application/json", headers=BEARER)
    assert answer.status_code == 400
    home = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label="保密家", created_us=AT)
    Household.objects.create(subject=home, dwelling=desks.here.door)
    text = Client().get("/gate/doors/", headers=BEARER).content.decode()
    assert str(desks.here.door.id) in text
    assert str(desks.there.door.id) not in text
    send(left(guard, desks.here.door))
    assert "保密家" not in str(send()) + text


def test_the_list_takes_few_queries(gate: Place, guard: Staff, desks: Desks) -> None:
    send(*[left(guard, desks.here.door) for _ in range(30)])
    with CaptureQueriesContext(connection) as asked:
        send()
    assert len(asked) <= 12
