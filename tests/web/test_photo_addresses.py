"""Who sees the photo of a pass's holder: a guard of the gate, the desk, the holder; nobody else, and no cache."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation
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


def sent(content: bytes, name: str = "face.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def desk(street: Street) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0], "何书记"))


def address(permit: Pass, what: str = "photo") -> str:
    return reverse(f"passes:{what}", args=[permit.id])


def test_the_desk_puts_replaces_and_removes_it(desk: Client, street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    page = desk.get(address(permit, "story")).content.decode()
    assert f'src="{address(permit)}"' not in page
    assert address(permit, "photo-put") in page
    desk.post(address(permit, "photo-put"), {"photo": sent(portrait(kind="PNG"), "face.png")})
    assert f'src="{address(permit)}"' in desk.get(address(permit, "story")).content.decode()
    assert is_photo(desk.get(address(permit)))
    first = Pass.objects.get(id=permit.id).photo
    desk.post(address(permit, "photo-put"), {"photo": sent(portrait("red"))})
    assert Pass.objects.get(id=permit.id).photo not in ("", first)
    desk.post(address(permit, "photo-remove"), {"reason": ""})
    assert Pass.objects.get(id=permit.id).photo
    desk.post(address(permit, "photo-remove"), {"reason": "asked"})
    assert Pass.objects.get(id=permit.id).photo == ""
    assert desk.get(address(permit)).status_code == 404
    story = desk.get(address(permit, "story"), headers={"accept-language": "en"}).content.decode()
    assert "photo removed" in story
    assert "gates.photo" not in story
    assert Entry.objects.filter(act="gates.photo.opened", target=f"pass:{permit.id}").exists()


def test_the_desk_is_told_why_a_photo_is_refused(desk: Client, street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    answer = desk.post(
        address(permit, "photo-put"), {"photo": sent(b"MZ" * 40)}, follow=True, headers={"accept-language": "en"}
    )
    assert "not a photo" in answer.content.decode()
    assert Pass.objects.get(id=permit.id).photo == ""
    nothing = desk.post(address(permit, "photo-put"), {}, follow=True)
    assert "notice error" in nothing.content.decode()


def test_another_neighbourhood_and_a_guard_have_no_desk_for_it(permit: Pass, street: Street, office: Office) -> None:
    there = at_desk(make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[1], "储书记"))
    guard = at_desk(make_staff(Role.GATE_GUARD, office.building, "张值守"))
    for client, status in ((there, 404), (guard, 403), (Client(), 302)):
        assert client.get(address(permit)).status_code == status
        assert client.post(address(permit, "photo-put"), {"photo": sent(portrait("red"))}).status_code == status
        assert client.post(address(permit, "photo-remove"), {"reason": "asked"}).status_code == status
    before = permit.photo
    there.post(reverse("passes:photos"), {"photos": [sent(portrait("red"), f"{permit.number}.jpg")]})
    permit.refresh_from_db()
    assert permit.photo == before


def test_many_are_put_by_their_file_names_and_each_is_told_about(desk: Client, street: Street, office: Office) -> None:
    one, two = (employee_pass(office.building, street.dwellings[n], name) for n, name in enumerate(("李雷", "韩梅梅")))
    files = [
        sent(portrait(), f"{one.number}.jpg"), sent(b"MZ" * 40, f"{two.number}.jpg"), sent(portrait(), "<b>王芳.jpg"),
    ]  # fmt: skip
    page = desk.post(reverse("passes:photos"), {"photos": files}, headers={"accept-language": "en"}).content.decode()
    assert page.count('data-badge="ok"') == 1
    assert page.count('data-badge="gap"') == 2
    assert "&lt;b&gt;王芳.jpg" in page
    assert "Stored: 1. Not stored: 2." in page
    assert Pass.objects.get(id=one.id).photo
    rows = desk.post(
        reverse("passes:photos"), {"photos": [sent(portrait("red"), f"{two.number}.webp")]}, headers={"X-Part": "1"}
    ).content.decode()
    assert "<html" not in rows
    assert 'data-badge="ok"' in rows
    assert desk.post(reverse("passes:photos"), {}).status_code == 400


def test_the_printed_card_has_it(desk: Client, permit: Pass, street: Street, office: Office) -> None:
    other = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    with translation.override("zh-hans"):
        assert b"/DCTDecode" in desk.get(reverse("passes:card", args=[permit.id])).content
        assert b"/DCTDecode" not in desk.get(reverse("passes:card", args=[other.id])).content
    assert Entry.objects.get(act="gates.photo.printed").detail == {"count": 1}
