"""Photos of holders: sealed until the pass is over, replaced, removed, carried over, and sent in many at once."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Q
from django.utils import translation
from PIL import Image

from fangxian.audit.models import Entry
from fangxian.files import actions as files
from fangxian.files.actions import FileRefusedError
from fangxian.files.models import StoredFile
from fangxian.gates.actions import passes, photos
from fangxian.gates.actions.passes import PassError
from fangxian.gates.actions.photos import Removal, Result, Sent
from fangxian.gates.models import Pass, PassKind
from fangxian.gates.queries import photos as queries
from fangxian.shared import clock
from tests.support.factories import MORNING, Street, make_street
from tests.support.gates import Office, employee_pass, make_office
from tests.support.pictures import portrait

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    with translation.override("en"):
        yield tmp_path


@pytest.fixture
def street() -> Street:
    return make_street()


@pytest.fixture
def office(street: Street) -> Office:
    return make_office(street)


@pytest.fixture
def permit(street: Street, office: Office) -> Pass:
    return employee_pass(office.building, street.dwellings[0])


def put(permit: Pass, content: bytes, name: str = "face.jpg") -> Result:
    return photos.set_photo(permit=permit, content=content, name=name, by="test", now=MORNING)


def acts() -> list[str]:
    return list(Entry.objects.filter(act__startswith="gates.photo").order_by("id").values_list("act", flat=True))


def after_purge() -> set[str]:
    while files.purge(now=MORNING):
        pass
    return set(StoredFile.objects.values_list("digest", flat=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_it_is_kept_small_and_sealed_until_the_pass_is_over(permit: Pass, folder: Path, kind: str) -> None:
    assert put(permit, portrait(kind=kind, size=(3000, 4000)), f"face.{kind.lower()}") is Result.STORED
    permit.refresh_from_db()
    row = StoredFile.objects.get()
    assert (row.digest, row.retention) == (permit.photo, "pass-photos")
    assert row.delete_after == clock.from_us(permit.until_us)
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    assert b"JFIF" not in kept.read_bytes()
    _media_type, content = photos.open_photo(permit=permit, by="test", now=MORNING)
    with Image.open(BytesIO(content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (600, 800))
    assert acts() == ["gates.photo.set", "gates.photo.opened"]
    files.purge(now=clock.from_us(permit.until_us))
    assert not queries.is_kept(permit)


def test_the_audit_says_who_put_it_on_which_pass_and_holds_nothing_of_it(permit: Pass) -> None:
    put(permit, portrait())
    entry = Entry.objects.get(act="gates.photo.set")
    assert (entry.actor, entry.target, entry.detail) == ("test", f"pass:{permit.id}", {"replaced": False})


def test_another_photo_takes_the_place_of_the_first_which_is_deleted(permit: Pass) -> None:
    put(permit, portrait("red"))
    first = permit.photo
    assert put(permit, portrait("red")) is Result.SAME
    assert put(permit, portrait("blue")) is Result.REPLACED
    assert acts() == ["gates.photo.set", "gates.photo.set"]
    assert after_purge() == {Pass.objects.get(id=permit.id).photo} - {first}


def test_it_is_removed_with_a_reason_and_deleted(permit: Pass) -> None:
    put(permit, portrait())
    assert photos.remove_photo(permit=permit, reason=Removal.ASKED, by="test", now=MORNING)
    assert Pass.objects.get(id=permit.id).photo == ""
    assert Entry.objects.get(act="gates.photo.removed").detail == {"reason": "asked"}
    assert after_purge() == set()
    assert not photos.remove_photo(permit=permit, reason=Removal.ASKED, by="test", now=MORNING)
    assert acts() == ["gates.photo.set", "gates.photo.removed"]


def test_a_photo_that_another_pass_shows_stays(permit: Pass, street: Street, office: Office) -> None:
    other = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    put(permit, portrait())
    put(other, portrait())
    photos.remove_photo(permit=permit, reason=Removal.WRONG_PERSON, by="test", now=MORNING)
    assert after_purge() == {other.photo}
    photos.remove_photo(permit=other, reason=Removal.WRONG_PERSON, by="test", now=MORNING)
    assert after_purge() == set()


def test_a_photo_removed_and_put_back_before_the_purge_is_kept(permit: Pass) -> None:
    put(permit, portrait())
    photos.remove_photo(permit=permit, reason=Removal.POOR, by="test", now=MORNING)
    put(permit, portrait())
    assert after_purge() == {permit.photo}


def test_a_pass_that_is_issued_again_has_the_photo(permit: Pass) -> None:
    put(permit, portrait())
    new = passes.reissue(permit=Pass.objects.get(id=permit.id), reason="遗失", by="test", now=MORNING)
    assert new.photo == permit.photo
    assert queries.is_kept(new)
    photos.remove_photo(permit=new, reason=Removal.ASKED, by="test", now=MORNING)
    assert after_purge() == set()
    assert not queries.is_kept(Pass.objects.get(id=permit.id))


def test_what_cannot_have_one_keeps_nothing(permit: Pass, street: Street, office: Office) -> None:
    vehicle = employee_pass(office.building, street.dwellings[1], "沪A12345", kind=PassKind.VEHICLE)
    over = employee_pass(office.building, street.dwellings[2], "王芳")
    passes.revoke(passes=[over], reason="离职", by="test", now=MORNING)
    for wrong in (vehicle, over):
        with pytest.raises(PassError, match="Nothing was kept"):
            put(wrong, portrait())
    with pytest.raises(PassError, match="Nothing was kept"):
        photos.set_photo(permit=permit, content=portrait(), name="a.jpg", by="test", now=clock.from_us(permit.until_us))
    with pytest.raises(FileRefusedError, match="Nothing was kept"):
        put(permit, b"no picture")
    assert not StoredFile.objects.exists()
    assert acts() == []


def test_a_pass_that_is_revoked_while_the_photo_is_read_keeps_nothing(permit: Pass) -> None:
    stale = Pass.objects.get(id=permit.id)
    passes.revoke(passes=[permit], reason="离职", by="test", now=MORNING)
    with pytest.raises(PassError, match="Nothing was kept"):
        put(stale, portrait())
    assert after_purge() == set()


def test_several_are_told_about_one_by_one(permit: Pass, street: Street, office: Office) -> None:
    second = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    third = employee_pass(office.building, street.dwellings[2], "王芳")
    put(second, portrait("red"))
    elsewhere = employee_pass(street.compounds[0], street.dwellings[3], "赵六")
    spoken = f"{third.number[:5].lower()} {third.number[5:]}"
    told = photos.set_several(
        photos=[
            Sent(f"{permit.number}.jpg", portrait("blue")), Sent(f"{permit.number}.png", portrait("green", "PNG")),
            Sent(f"{second.number}.jpg", portrait("blue")), Sent(f"{spoken}.webp", portrait("grey", "WEBP")),
            Sent("李雷.jpg", portrait()), Sent(f"{elsewhere.number}.jpg", portrait()),
            Sent("ABCDEFGHJK.jpg", portrait()),
        ],
        scope=Q(place=office.building), by="test", now=MORNING,
    )  # fmt: skip
    assert [one.result.value for one in told] == [
        "stored", "twice", "replaced", "stored", "unknown", "unknown", "unknown"
    ]  # fmt: skip
    assert Pass.objects.get(id=elsewhere.id).photo == ""
    assert Pass.objects.exclude(photo="").count() == 3


def test_a_bad_picture_among_several_stops_no_other(permit: Pass, street: Street, office: Office) -> None:
    second = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    told = photos.set_several(
        photos=[
            Sent(f"{permit.number}.jpg", b"MZ" * 50), Sent(f"{permit.number}.jpeg", portrait()),
            Sent(f"{second.number}.gif", portrait()), Sent(f"{second.number}.jpg", b"\xff" * (15 * 1024 * 1024 + 1)),
        ],
        scope=Q(place=office.building), by="test", now=MORNING,
    )  # fmt: skip
    assert [one.result for one in told] == [Result.REFUSED, Result.STORED, Result.REFUSED, Result.REFUSED]
    assert "not a photo" in told[0].text
    assert "too large" in told[3].text
    assert Pass.objects.get(id=second.id).photo == ""


def test_a_gate_knows_only_passes_in_force_for_its_own_place(permit: Pass, street: Street, office: Office) -> None:
    elsewhere = employee_pass(street.compounds[0], street.dwellings[1], "赵六")
    for gate in (office.front, office.garage):
        assert queries.at_gate(gate, pass_id=permit.id, number=None, now=MORNING) == permit
        assert queries.at_gate(gate, pass_id=None, number=permit.number, now=MORNING) == permit
        assert queries.at_gate(gate, pass_id=elsewhere.id, number=None, now=MORNING) is None
        assert queries.at_gate(gate, pass_id=None, number=elsewhere.number, now=MORNING) is None
        assert queries.at_gate(gate, pass_id=None, number=None, now=MORNING) is None
    later = MORNING + timedelta(days=31)
    assert queries.at_gate(office.front, pass_id=permit.id, number=None, now=later) is None
    passes.suspend(passes=[permit], reason="居家观察", by="test", now=MORNING)
    assert queries.at_gate(office.front, pass_id=permit.id, number=None, now=MORNING) is None
