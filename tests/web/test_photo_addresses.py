"""Who sees the photo of a pass's holder: a guard of the gate, the desk, the holder; nobody else, and no cache."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.gates.actions import passes, photos
from fangxian.gates.models import Device, DeviceKind, Pass
from fangxian.gates.queries import hot
from fangxian.shared import clock
from tests.support.desk import NOW, at_desk
from tests.support.factories import MORNING, Street, make_staff, make_street
from tests.support.gates import Office, employee_pass, make_office
from tests.support.pictures import portrait

pytestmark = pytest.mark.django_db
TOKEN, OTHER_TOKEN = "fxd_" + "a" * 43, "fxd_" + "b" * 43


@pytest.fixture(autouse=True)
def eleven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    hot.forget()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def street() -> Street:
    return make_street()


@pytest.fixture
def office(street: Street) -> Office:
    return make_office(street)


@pytest.fixture
def permit(street: Street, office: Office) -> Pass:
    made = employee_pass(office.building, street.dwellings[0])
    photos.set_photo(permit=made, content=portrait(), name="a.jpg", by="test", now=MORNING)
    return made


def a_tablet(office: Office, token: str = TOKEN) -> Device:
    return Device.objects.create(
        kind=DeviceKind.TABLET, gate=office.front, name="平板", enrolled_us=clock.to_us(NOW),
        digest=hashlib.sha256(token.encode()).digest(),
    )  # fmt: skip


def ask(token: str = TOKEN, **content: str) -> HttpResponse:
    answer: HttpResponse = Client(enforce_csrf_checks=True).post(
        "/gate/photo/", content, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    return answer


def is_photo(answer: HttpResponse) -> bool:
    assert "no-store" in answer["Cache-Control"]
    if answer.status_code != 200 or answer["Content-Type"] != "image/jpeg":
        return False
    with Image.open(BytesIO(answer.content)) as picture:
        return picture.size == (600, 800)


def test_the_gates_own_tablet_and_guard_see_it_by_code_and_by_number(permit: Pass, office: Office) -> None:
    a_tablet(office)
    guard = make_staff(Role.GATE_GUARD, office.building, "张值守")
    assert is_photo(ask(guard=guard.id.hex, id=permit.id.hex))
    assert is_photo(ask(guard=str(guard.id), number=f" {permit.number.lower()}"))
    seen = Entry.objects.filter(act="gates.photo.shown")
    assert {(entry.actor, entry.target) for entry in seen} == {(guard.actor, f"gate:{office.front.id}")}


def test_a_pass_of_another_place_is_not_shown_even_to_a_guard_of_both(
    permit: Pass, office: Office, street: Street
) -> None:
    a_tablet(office)
    elsewhere = employee_pass(street.compounds[0], street.dwellings[1], "赵六")
    photos.set_photo(permit=elsewhere, content=portrait("red"), name="a.jpg", by="test", now=MORNING)
    guard = make_staff(Role.GATE_GUARD, street.street, "张值守")
    assert is_photo(ask(guard=str(guard.id), id=str(permit.id)))
    for wanted in ({"id": str(elsewhere.id)}, {"number": elsewhere.number}, {"id": str(guard.id)}, {}):
        answer = ask(guard=str(guard.id), **wanted)
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_guard_of_another_gate_sees_none(permit: Pass, office: Office, street: Street) -> None:
    a_tablet(office)
    stranger = make_staff(Role.GATE_GUARD, street.compounds[1], "李值守")
    assert ask(guard=str(stranger.id), id=str(permit.id)).status_code == 403
    assert ask(guard=str(permit.id), id=str(permit.id)).status_code == 403
    helper = make_staff(Role.GRID_WORKER, office.building, "王网格")
    assert ask(guard=str(helper.id), id=str(permit.id)).status_code == 403
    assert not Entry.objects.filter(act="gates.photo.shown").exists()


def test_a_guard_without_a_registered_tablet_sees_none(permit: Pass, office: Office) -> None:
    guard = make_staff(Role.GATE_GUARD, office.building, "张值守")
    wanted = {"guard": str(guard.id), "id": str(permit.id)}
    assert ask(**wanted).status_code == 401
    assert at_desk(guard).post("/gate/photo/", wanted, content_type="application/json").status_code == 401
    tablet = a_tablet(office)
    hot.forget()
    assert is_photo(ask(**wanted))
    Device.objects.filter(id=tablet.id).update(revoked_us=clock.to_us(NOW))
    hot.forget()
    assert ask(**wanted).status_code == 401


def test_a_pass_that_lets_nobody_in_shows_nobody(permit: Pass, office: Office) -> None:
    a_tablet(office)
    guard = make_staff(Role.GATE_GUARD, office.building, "张值守")
    passes.suspend(passes=[permit], reason="居家观察", by="test", now=MORNING)
    assert ask(guard=str(guard.id), id=str(permit.id)).status_code == 204
    passes.restore(passes=[permit], reason="观察结束", by="test", now=MORNING)
    assert is_photo(ask(guard=str(guard.id), id=str(permit.id)))
    for path in Path(settings.FILES_DIR).rglob("*"):
        if path.is_file():
            path.unlink()
    assert ask(guard=str(guard.id), id=str(permit.id)).status_code == 204


def test_what_cannot_be_read_is_refused(permit: Pass, office: Office) -> None:
    a_tablet(office)
    assert ask(guard="nobody", id=str(permit.id)).status_code == 400
    assert ask(id=str(permit.id)).status_code == 400
