"""What the gate's tablet is told, and who is told nothing."""

import hashlib

import pytest
import time_machine
from django.test import Client

from fangxian.accounts.roles import Role
from fangxian.gates.models import Device, DeviceKind
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared import clock
from tests.support.desk import NOW, Desks, at_desk, make_desks
from tests.support.factories import make_staff
from tests.support.gates import make_gate

pytestmark = pytest.mark.django_db
TOKEN = "fxd_" + "a" * 43
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def desks() -> Desks:
    return make_desks()


@pytest.fixture
def tablet(desks: Desks) -> Device:
    hot.forget()
    door = Place.objects.select_related("parent__parent").get(id=desks.here.door.id)
    assert door.parent is not None
    assert door.parent.parent is not None
    gate = make_gate(door.parent.parent)
    return Device.objects.create(
        kind=DeviceKind.TABLET, gate=gate, name="平板", enrolled_us=clock.to_us(NOW),
        digest=hashlib.sha256(TOKEN.encode()).digest(),
    )  # fmt: skip


def test_only_a_registered_tablet_gets_the_bundle(tablet: Device) -> None:
    for address in ("/gate/bundle/", "/gate/cards/"):
        assert Client().get(address).status_code == 401
        assert Client().get(address, headers={"Authorization": "Bearer fxd_unknown"}).status_code == 401
        told = Client().get(address, headers=BEARER)
        assert told.status_code == 200
        assert told["Cache-Control"] == "no-store"
    Device.objects.update(revoked_us=clock.to_us(NOW))
    hot.forget()
    refused = Client().get("/gate/bundle/", headers=BEARER)
    assert refused.status_code == 401
    assert "error" in refused.json()


def test_a_turnstile_is_no_tablet(tablet: Device) -> None:
    Device.objects.update(kind=DeviceKind.TURNSTILE)
    assert Client().get("/gate/bundle/", headers=BEARER).status_code == 401


def test_a_guard_is_bound_to_tablets_of_gates_within_reach(tablet: Device, desks: Desks) -> None:
    with time_machine.travel(NOW, tick=False):
        here = at_desk(make_staff(Role.GATE_GUARD, desks.here.hood, "张值守"))
        there = at_desk(make_staff(Role.GATE_GUARD, desks.there.hood, "李值守"))
        assert here.get("/gate/hello/", headers=BEARER).json()["name"] == "张值守"
        assert there.get("/gate/hello/", headers=BEARER).status_code == 403


def test_the_shell_says_every_decision_in_words_and_nothing_about_anybody(tablet: Device) -> None:
    page = Client(headers={"accept-language": "zh-hans"}).get("/gate/")
    text = page.content.decode()
    assert "no_declaration" in text
    assert "平板" in text
    assert Client().get("/gate/worker.js")["Content-Type"].startswith("text/javascript")
    assert Client().get("/gate/app.webmanifest").json()["scope"] == "/gate/"


def test_a_host_is_asked_only_by_a_guard_of_this_gate_about_a_door_behind_it(tablet: Device, desks: Desks) -> None:
    with time_machine.travel(NOW, tick=False):
        guard = make_staff(Role.GATE_GUARD, desks.here.hood, "张值守")
        stranger = make_staff(Role.GATE_GUARD, desks.there.hood, "李值守")

        def post(path: str, **content: object) -> tuple[int, dict[str, str]]:
            answer = Client(enforce_csrf_checks=True).post(
                path, {"guard": str(guard.id), **content}, content_type="application/json", headers=BEARER
            )
            return answer.status_code, answer.json()

        assert post("/gate/hosts/", text="101", guard=str(stranger.id))[0] == 403
        assert post("/gate/hosts/", text="101")[0] == 200
        assert post("/gate/hosts/", guard="nobody")[0] == 400
        status, told = post("/gate/visits/", text="101", host=str(guard.id), name="孙来访")
        assert status == 409
        assert told["error"]
        assert post(f"/gate/visits/{guard.id}/")[0] == 404
        assert Client().post("/gate/hosts/", {}, content_type="application/json").status_code == 401
