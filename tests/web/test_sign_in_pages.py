from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from fangxian.accounts import actions
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from tests.support.desk import NOW, at_desk
from tests.support.factories import PASSWORD, make_staff, make_street

pytestmark = pytest.mark.django_db
NEW = "quiet-harbour-93"


@pytest.fixture(autouse=True)
def clock_at_eleven() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def wang() -> Staff:
    return make_staff(Role.COMMITTEE_SECRETARY, make_street(1).neighbourhoods[0], "王敏")


def _sign_in(client: Client, staff: Staff, password: str = PASSWORD, **more: str) -> int:
    form = {"username": staff.username, "password": password, **more}
    return client.post("/sign-in/", form, headers={"accept-language": "en"}).status_code


def _code(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key, t0=0):06d}"


def test_signing_in_leads_where_one_was_going(wang: Staff) -> None:
    client = Client()
    assert client.get("/gaps/")["Location"] == "/sign-in/?next=/gaps/"
    answer = client.post("/sign-in/", {"username": wang.username, "password": PASSWORD, "next": "/gaps/"})
    assert answer["Location"] == "/gaps/"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"


def test_signing_in_leads_to_no_other_site(wang: Staff) -> None:
    form = {"username": wang.username, "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert Client().post("/sign-in/", form)["Location"] == "/"


def test_a_wrong_password_says_nothing_about_the_account(wang: Staff) -> None:
    client = Client(headers={"accept-language": "en"})
    known = client.post("/sign-in/", {"username": wang.username, "password": "wrong"}).content.decode()
    unknown = client.post("/sign-in/", {"username": "nobody", "password": "wrong"}).content.decode()
    assert "The user name or the password is wrong" in known
    assert "The user name or the password is wrong" in unknown


def test_the_sixth_attempt_is_locked_out_with_a_page_that_says_what_to_do(wang: Staff) -> None:
    client = Client(headers={"accept-language": "en"})
    for _ in range(5):
        _sign_in(client, wang, "wrong")
    answer = client.post("/sign-in/", {"username": wang.username, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()


def test_an_account_that_is_off_does_not_sign_in(wang: Staff) -> None:
    actions.set_active(staff=wang, active=False, by="test", now=NOW)
    assert _sign_in(Client(), wang) == 400


def test_switching_an_account_off_ends_its_session(wang: Staff) -> None:
    client = at_desk(wang)
    assert client.get("/").status_code == 200
    actions.set_active(staff=wang, active=False, by="test", now=NOW)
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_a_session_ends_after_twelve_hours(wang: Staff, clock_at_eleven: time_machine.Traveller) -> None:
    client = at_desk(wang)
    for _ in range(3):
        clock_at_eleven.shift(timedelta(hours=3, minutes=50))
        assert client.get("/").status_code == 200
    clock_at_eleven.shift(timedelta(minutes=40))
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_a_first_password_is_changed_before_anything_else(wang: Staff) -> None:
    actions.set_password(staff=wang, password=PASSWORD, by="test", now=NOW, must_change=True)
    wang.refresh_from_db()
    client = at_desk(wang)
    assert client.get("/gaps/")["Location"] == reverse("account:password")
    weak = client.post(reverse("account:password"), {"old": PASSWORD, "new": "1234567890", "again": "1234567890"})
    assert weak.status_code == 400
    differ = client.post(reverse("account:password"), {"old": PASSWORD, "new": NEW, "again": NEW + "x"})
    assert differ.status_code == 400
    wrong = client.post(reverse("account:password"), {"old": "wrong", "new": NEW, "again": NEW})
    assert wrong.status_code == 400
    assert client.post(reverse("account:password"), {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert client.get("/gaps/").status_code == 200


def test_a_changed_password_signs_the_other_desks_out(wang: Staff) -> None:
    here, elsewhere = at_desk(wang), at_desk(wang)
    here.post(reverse("account:password"), {"old": PASSWORD, "new": NEW, "again": NEW})
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_the_second_step_counts_once_a_code_was_right(wang: Staff, clock_at_eleven: time_machine.Traveller) -> None:
    client = at_desk(wang)
    assert "<svg" in client.get(reverse("account:two-step")).content.decode()
    device = TOTPDevice.objects.get(user=wang)
    assert client.post(reverse("account:two-step"), {"code": "000000"}).status_code == 400
    assert _sign_in(Client(), wang) == 302
    clock_at_eleven.shift(60)
    assert client.post(reverse("account:two-step"), {"code": _code(device)}).status_code == 302
    clock_at_eleven.shift(60)
    other = Client()
    assert other.post("/sign-in/", {"username": wang.username, "password": PASSWORD})["Location"] == "/sign-in/code/"
    assert other.get("/").status_code == 302
    assert other.post("/sign-in/code/", {"code": _code(device)}).status_code == 302
    assert other.get("/").status_code == 200


def test_a_code_is_asked_for_five_minutes(wang: Staff, clock_at_eleven: time_machine.Traveller) -> None:
    device = TOTPDevice.objects.create(user=wang, confirmed=True, name="TOTP")
    client = Client()
    _sign_in(client, wang)
    clock_at_eleven.shift(timedelta(minutes=6))
    assert client.post("/sign-in/code/", {"code": _code(device)})["Location"] == "/sign-in/"


def test_the_second_step_goes_off_against_the_password(wang: Staff) -> None:
    TOTPDevice.objects.create(user=wang, confirmed=True, name="TOTP")
    client = at_desk(wang)
    client.post(reverse("account:two-step-off"), {"password": "wrong"})
    assert TOTPDevice.objects.filter(user=wang).exists()
    client.post(reverse("account:two-step-off"), {"password": PASSWORD})
    assert not TOTPDevice.objects.filter(user=wang).exists()


def test_signing_out_ends_the_session_and_clears_what_the_browser_kept(wang: Staff) -> None:
    client = at_desk(wang)
    answer = client.post(reverse("account:sign-out"))
    assert answer["Clear-Site-Data"] == '"cache"'
    assert client.get("/").status_code == 302
    assert at_desk(wang).get(reverse("account:sign-out")).status_code == 405


def test_the_language_is_remembered_for_the_person(wang: Staff) -> None:
    client = at_desk(wang, language="zh-hans")
    answer = client.post(reverse("set_language"), {"language": "en", "next": "/me/"})
    assert answer["Location"] == "/me/"
    assert Staff.objects.get(id=wang.id).language == "en"
    assert "My account" in client.get("/me/").content.decode()
    assert client.post(reverse("set_language"), {"language": "xx"}).status_code == 302
    assert Staff.objects.get(id=wang.id).language == "en"


def test_pages_of_staff_are_kept_by_no_cache(wang: Staff) -> None:
    assert "no-store" in at_desk(wang).get("/")["Cache-Control"]


def test_errors_have_pages_of_their_own(wang: Staff) -> None:
    client = at_desk(wang)
    missing = client.get("/no-such-page/")
    assert missing.status_code == 404
    assert "There is no such page" in missing.content.decode()
    refused = client.get(reverse("staff:list"))
    assert refused.status_code == 403
    assert "outside your duties" in refused.content.decode()


def test_a_form_without_its_token_says_what_to_do(wang: Staff) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    answer = client.post("/sign-in/", {"username": wang.username, "password": PASSWORD})
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


def test_a_form_with_far_too_many_fields_is_not_read(wang: Staff) -> None:
    fields = {f"field{number}": "x" for number in range(2_100)}
    answer = at_desk(wang).post(reverse("account:password"), fields)
    assert answer.status_code == 400
    assert "could not be read" in answer.content.decode()
