"""The holder's page of a pass, on any telephone: without an account, without scripts, in four languages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from fangxian.gates.actions import passes, photos, visits
from fangxian.gates.models import Pass, PassKind, VisitRequest, VisitStatus
from tests.support.factories import MORNING, Street
from tests.support.gates import Office, employee_pass, make_enterprise
from tests.support.pictures import portrait

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def permit(street: Street, office: Office) -> Pass:
    return employee_pass(office.building, street.dwellings[0], zone="R", slot_from=480, slot_until=510)


def page(permit: Pass, language: str = "en") -> HttpResponse:
    answer: HttpResponse = Client(headers={"Accept-Language": language}).get(f"/w/{permit.wallet}/")
    return answer


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_it_shows_the_pass_with_its_code(permit: Pass) -> None:
    body = text(page(permit))
    assert "<svg" in body
    assert all(words in body for words in ("李雷", "银杏贸易有限公司", "Red zone", "In force", "08:00–08:30"))
    assert f"{permit.number[:5]} {permit.number[5:]}" in body
    assert permit.token not in body


def test_it_needs_no_scripts_and_keeps_to_the_policy(permit: Pass) -> None:
    answer = page(permit)
    assert not re.search(r"<script|style=|\son\w+=", text(answer))
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "员工通行证"), ("ja", "従業員通行証"), ("ko", "직원 통행증"), ("fr, ja;q=0.5", "有効")],
)
def test_it_speaks_the_language_of_the_telephone(permit: Pass, language: str, words: str) -> None:
    assert words in text(page(permit, language))


@pytest.mark.parametrize("language", ["zh-CN", "en", "ja", "ko"])
def test_it_offers_each_language_in_its_own_words(permit: Pass, language: str) -> None:
    body = text(page(permit, language))
    assert all(f">{name}</button>" in body for name in ("简体中文", "English", "日本語", "한국어"))


def test_it_remembers_the_language_that_was_chosen(permit: Pass) -> None:
    client = Client(headers={"Accept-Language": "zh-CN"})
    address = f"/w/{permit.wallet}/"
    assert client.post("/w/language/", {"language": "ko", "next": address})["Location"] == address
    assert "직원 통행증" in text(client.get(address))


def test_it_tells_why_a_pass_is_not_in_force_and_shows_no_code(permit: Pass) -> None:
    passes.suspend(passes=[permit], reason="居家观察", by="test", now=MORNING)
    body = text(page(permit))
    assert "Suspended" in body
    assert "居家观察" in body
    assert "<svg" not in body
    passes.restore(passes=[permit], reason="观察结束", by="test", now=MORNING)
    assert "<svg" in text(page(permit))
    passes.revoke(passes=[permit], reason="离职", by="test", now=MORNING)
    assert "Revoked" in text(page(permit))


def test_it_tells_that_a_pass_is_over(permit: Pass, morning: time_machine.Traveller) -> None:
    morning.move_to(MORNING + timedelta(days=31))
    body = text(page(permit))
    assert "Expired" in body
    assert "<svg" not in body


def test_it_reads_no_markup_in_a_name(street: Street, office: Office) -> None:
    body = text(page(employee_pass(office.building, street.dwellings[0], "<script>alert(1)</script>")))
    assert "<script" not in body


@pytest.fixture
def with_photo(permit: Pass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pass:
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path)
    photos.set_photo(permit=permit, content=portrait(), name="a.jpg", by="test", now=MORNING)
    return permit


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "持证人照片"), ("en", "Photo of the holder"), ("ja", "所持者の写真"), ("ko", "소지자 사진")],
)
def test_it_shows_the_photo_of_the_holder(with_photo: Pass, language: str, words: str) -> None:
    address = f"/w/{with_photo.wallet}/photo/"
    assert f'src="{address}" alt="{words}"' in text(page(with_photo, language))
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in answer["Cache-Control"]


def test_only_the_secret_of_that_pass_opens_the_photo(with_photo: Pass, street: Street, office: Office) -> None:
    other = employee_pass(office.building, street.dwellings[1], "韩梅梅")
    assert "/photo/" not in text(page(other))
    for secret in (other.wallet, with_photo.number, str(with_photo.id), with_photo.photo, with_photo.wallet[:-1]):
        assert Client().get(f"/w/{secret}/photo/").status_code == 404


def test_a_pass_that_is_not_in_force_shows_no_photo(with_photo: Pass, morning: time_machine.Traveller) -> None:
    address = f"/w/{with_photo.wallet}/photo/"
    passes.suspend(passes=[with_photo], reason="居家观察", by="test", now=MORNING)
    assert address not in text(page(with_photo))
    assert Client().get(address).status_code == 404
    passes.restore(passes=[with_photo], reason="观察结束", by="test", now=MORNING)
    assert Client().get(address).status_code == 200
    morning.move_to(MORNING + timedelta(days=31))
    assert Client().get(address).status_code == 404


def test_an_address_that_nobody_has_shows_nothing(permit: Pass) -> None:
    for secret in (permit.wallet[:-1], permit.number, str(permit.id), "x" * 300):
        answer = Client(headers={"Accept-Language": "en"}).get(f"/w/{secret}/")
        assert answer.status_code == 404
        assert "nothing at this address" in text(answer)


@pytest.fixture
def asked(street: Street, office: Office) -> VisitRequest:
    subject = make_enterprise()
    return visits.ask(gate=office.front, kind=PassKind.VISITOR, host=subject, name="王芳", by="test", now=MORNING)


def test_a_host_agrees_and_the_visitor_gets_a_pass(asked: VisitRequest) -> None:
    client = Client(headers={"Accept-Language": "en"})
    address = f"/visit/{asked.secret}/"
    assert "王芳" in text(client.get(address))
    body = text(client.post(address, {"answer": "yes"}, follow=True))
    assert "You agreed" in body
    assert "<button class=" not in body
    asked.refresh_from_db()
    assert asked.channel == "link"
    assert asked.granted is not None


def test_a_host_declines_once_and_for_all(asked: VisitRequest) -> None:
    client = Client(headers={"Accept-Language": "ja"})
    address = f"/visit/{asked.secret}/"
    client.post(address, {"answer": "no"})
    assert "お断りしました" in text(client.post(address, {"answer": "yes"}, follow=True))
    asked.refresh_from_db()
    assert (asked.status, asked.granted) == (VisitStatus.DECLINED, None)


def test_an_answer_that_says_nothing_records_nothing(asked: VisitRequest) -> None:
    answer = Client(headers={"Accept-Language": "en"}).post(f"/visit/{asked.secret}/", {"answer": "perhaps"})
    assert answer.status_code == 400
    asked.refresh_from_db()
    assert asked.status == VisitStatus.ASKED


def test_a_host_who_comes_too_late_is_told(asked: VisitRequest, morning: time_machine.Traveller) -> None:
    morning.move_to(MORNING + timedelta(hours=1))
    client = Client(headers={"Accept-Language": "ko"})
    assert "시간 안에 답이 없었습니다" in text(client.post(f"/visit/{asked.secret}/", {"answer": "yes"}, follow=True))
