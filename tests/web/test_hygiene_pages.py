"""Disinfection on the phone: the list, one area in three touches, photos, mixing and labels."""

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties import actions as duties
from fangxian.files.models import StoredFile
from fangxian.hygiene import actions
from fangxian.hygiene.models import Channel, DisinfectionLog
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import actions as stock
from fangxian.stock.models import Item
from tests.support.desk import NOW, at_desk
from tests.support.yard import NIGHT_BEFORE, Yard, apply_covid, at, make_yard, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def yard(db: None) -> Yard:
    yard = make_yard()
    apply_covid()
    actions.list_agents(by="test", now=NIGHT_BEFORE)
    actions.enrol_areas(places=list(yard.areas.values()), by="test", now=NIGHT_BEFORE)
    for key in ("chlorine-84", "ethanol-75"):
        stock.receive(
            id=new_id(), item=Item.objects.get(key=key), place=yard["何家角"], quantity=5_000, by="test",
            now=NIGHT_BEFORE,
        )  # fmt: skip
    duties.sweep(now=at(8, 5))
    duties.sweep(now=at(10, 20))
    return yard


@pytest.fixture
def worker(yard: Yard) -> Client:
    return at_desk(staff(Role.GRID_WORKER, yard["网格03"]), language="zh-hans")


def page_of(area: Place) -> str:
    return reverse("hygiene:area", args=[area.id])


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def form_id(worker: Client, area: Place) -> str:
    found = re.search(r'name="id" value="([0-9a-f-]{36})"', text(worker.get(page_of(area))))
    assert found is not None
    return found.group(1)


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), "green").save(out, "JPEG")
    return out.getvalue()


def test_the_list_shows_what_is_due_within_reach_the_latest_missed_first(worker: Client, yard: Yard) -> None:
    said = text(worker.get(reverse("hygiene:list")))
    links = re.findall(r'href="(/hygiene/areas/[^"]+)"', said)
    # the cabin lapsed at 10:00, the buttons at 10:15; lobby and stairs are due by 11:00
    assert links[:2] == [page_of(yard.areas["lift-cabin"]), page_of(yard.areas["lift-buttons"])]
    assert set(links[2:]) == {page_of(yard.areas["lobby"]), page_of(yard.areas["stairs"])}
    assert "office-lobby" not in said


def test_two_touches_record_an_area_and_say_when_it_is_due_next(worker: Client, yard: Yard) -> None:
    lobby = yard.areas["lobby"]
    # what the page sends when nothing but the button is touched
    sent = {"id": form_id(worker, lobby), "agent": "chlorine-84", "volume": "5000"}
    answer = worker.post(page_of(lobby), sent, follow=True)
    assert answer.redirect_chain == [(reverse("hygiene:list"), 302)]
    assert "19:00" in text(answer)
    row = DisinfectionLog.objects.get()
    assert (row.area_id, row.mg_per_l, row.working_ml, row.channel) == (lobby.id, 500, 5_000, Channel.PHONE)
    assert row.observed_us == clock.to_us(NOW)
    assert (row.agent_units, row.drawn_units) == (50, 50)


def test_the_defaults_of_the_page_are_the_plans(worker: Client, yard: Yard) -> None:
    said = text(worker.get(page_of(yard.areas["lobby"])))
    checked = re.findall(r'<input[^>]*value="([^"]+)"[^>]*checked', said)
    assert checked == ["chlorine-84", "5000"]
    said = text(worker.get(page_of(yard.areas["lift-buttons"])))
    assert re.findall(r'<input[^>]*value="([^"]+)"[^>]*checked', said) == ["ethanol-75", "100"]


def test_sending_the_form_twice_records_once(worker: Client, yard: Yard) -> None:
    lobby = yard.areas["lobby"]
    sent = {"id": form_id(worker, lobby), "agent": "chlorine-84", "volume": "5000"}
    for _again in range(2):
        assert worker.post(page_of(lobby), sent).status_code == 302
    assert DisinfectionLog.objects.count() == 1


def test_what_was_done_earlier_and_mixed_weaker_is_kept_and_said(worker: Client, yard: Yard) -> None:
    lobby = yard.areas["lobby"]
    sent = {
        "id": form_id(worker, lobby), "agent": "chlorine-84", "volume": "10000", "mg_per_l": "250",
        "earlier": "2020-02-17T09:30",
    }  # fmt: skip
    answer = worker.post(page_of(lobby), sent, follow=True)
    row = DisinfectionLog.objects.get()
    assert (row.mg_per_l, row.channel, clock.from_us(row.observed_us)) == (250, Channel.DESK, at(9, 30))
    assert row.marks == ["too_weak"]
    assert "浓度低于预案要求" in text(answer)
    assert "浓度低于预案要求" in text(worker.get(page_of(lobby)))


@pytest.mark.parametrize(
    "changed",
    [
        {"agent": "bleach"}, {"volume": "123456"}, {"volume": "x"}, {"id": "not-an-id"}, {"earlier": "yesterday"},
        {"earlier": "2020-01-01T09:00"}, {"earlier": "2020-02-18T09:00"}, {"mg_per_l": "-1"}, {"mg_per_l": "2000000"},
    ],
)  # fmt: skip
def test_a_form_that_makes_no_sense_is_shown_again_and_nothing_is_kept(
    worker: Client, yard: Yard, changed: dict[str, str]
) -> None:
    sent = {"id": str(new_id()), "agent": "chlorine-84", "volume": "5000", **changed}
    answer = worker.post(page_of(yard.areas["lobby"]), sent)
    assert answer.status_code == 400
    assert not DisinfectionLog.objects.exists()


def test_a_photo_is_kept_without_its_metadata_and_seen_within_reach_only(
    worker: Client, yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    lobby = yard.areas["lobby"]
    sent = {"id": form_id(worker, lobby), "agent": "chlorine-84", "volume": "5000"}
    sent_photo = SimpleUploadedFile("IMG_0001.JPG", jpeg(), "image/jpeg")
    assert worker.post(page_of(lobby), {**sent, "photo": sent_photo}).status_code == 302
    row, kept = DisinfectionLog.objects.get(), StoredFile.objects.get()
    assert (row.photo, kept.retention) == (kept.digest, "photos")
    assert kept.delete_after == NOW + timedelta(days=90)
    address = reverse("hygiene:photo", args=[row.id])
    assert address in text(worker.get(page_of(lobby)))
    seen = worker.get(address)
    assert (seen.status_code, seen["Content-Type"], seen["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert "no-store" in seen["Cache-Control"]
    assert Entry.objects.filter(act="hygiene.photo.opened").count() == 1
    stranger = at_desk(staff(Role.PROPERTY_MANAGER, yard["海螺大厦"]))
    assert stranger.get(address).status_code == 404
    assert Entry.objects.filter(act="hygiene.photo.opened").count() == 1


@pytest.mark.parametrize(
    ("name", "content"), [("a.jpg", b"<script>alert(1)</script>"), ("a.exe", jpeg()), ("../../a.svg", b"<svg/>")]
)
def test_what_is_no_photo_is_refused(worker: Client, yard: Yard, name: str, content: bytes) -> None:
    sent = {"id": str(new_id()), "agent": "chlorine-84", "volume": "5000", "photo": SimpleUploadedFile(name, content)}
    answer = worker.post(page_of(yard.areas["lobby"]), sent)
    assert answer.status_code == 400
    assert 'class="error"' in text(answer)
    assert not DisinfectionLog.objects.exists()
    assert not StoredFile.objects.exists()


def test_an_area_outside_the_reach_does_not_exist(worker: Client, yard: Yard) -> None:
    address = page_of(yard.areas["office-lobby"])
    assert worker.get(address).status_code == 404
    sent = {"id": str(new_id()), "agent": "chlorine-84", "volume": "5000"}
    assert worker.post(address, sent).status_code == 404
    assert worker.get(reverse("hygiene:area", args=[yard["中华新村"].id])).status_code == 404


def test_an_area_whose_type_the_plan_does_not_list_says_so(worker: Client, yard: Yard) -> None:
    Place.objects.filter(id=yard.areas["stairs"].id).update(area_type="no-such-type")
    said = text(worker.get(page_of(yard.areas["stairs"])))
    assert "预案里没有这类区域" in said
    assert 'class="button primary touch-done"' not in said


@pytest.mark.parametrize(
    ("query", "status", "wanted"),
    [
        ("", 200, "常用配比"),
        ("?stock=50000&target=500&volume=5", 200, "<strong>50毫升</strong>"),
        ("?stock=50000&target=500&volume=0.1", 200, "<strong>1毫升</strong>"),
        ("?stock=50000&target=60000&volume=5", 400, "配不出更高的浓度"),
        ("?stock=0&target=500&volume=5", 400, 'class="error"'),
        ("?stock=50000&target=500&volume=0", 400, 'class="error"'),
        ("?stock=1e9&target=x&volume=-3", 400, 'class="error"'),
    ],
)
def test_the_calculator(worker: Client, query: str, status: int, wanted: str) -> None:
    answer = worker.get(reverse("hygiene:mix") + query)
    assert answer.status_code == status
    assert wanted in text(answer)


def test_labels_carry_a_code_that_opens_the_area(worker: Client, yard: Yard) -> None:
    said = text(worker.get(reverse("hygiene:labels")))
    assert said.count("<svg") == 4
    assert "style=" not in said
    assert "office-lobby" not in said
    one = worker.get(reverse("hygiene:labels"), {"area": str(yard.areas["lobby"].id)})
    assert text(one).count("<svg") == 1
    block = worker.get(reverse("hygiene:labels"), {"place": str(yard["1号楼"].id)})
    assert text(block).count("<svg") == 4
    for wrong in ({"area": str(yard.areas["office-lobby"].id)}, {"area": "x"}, {"place": str(new_id())}):
        assert worker.get(reverse("hygiene:labels"), wrong).status_code == 404


@pytest.mark.parametrize(("name", "most"), [("hygiene:list", 9), ("hygiene:mix", 8), ("hygiene:labels", 9)])
def test_a_page_asks_the_database_little(
    worker: Client, name: str, most: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(most):
        assert worker.get(reverse(name)).status_code == 200


def test_the_page_of_an_area_asks_the_database_little(
    worker: Client, yard: Yard, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    lobby = yard.areas["lobby"]
    worker.post(page_of(lobby), {"id": str(new_id()), "agent": "chlorine-84", "volume": "5000"})
    with django_assert_max_num_queries(12):
        assert worker.get(page_of(lobby)).status_code == 200
