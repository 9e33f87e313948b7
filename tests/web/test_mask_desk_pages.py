"""The committee's desk: a home by keyboard alone, the second comer told the number that stands, nothing guessed."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.masks.models import Application, Attempt, Registration
from fangxian.shared.ids import new_id
from tests.support.desk import NOW, at_desk
from tests.support.factories import make_staff
from tests.support.masks import MaskGround, make_round

pytestmark = pytest.mark.django_db(transaction=True)
ANA = {"applicant": "王建国", "document": "310105193501010017", "phone": "13812345678"}


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    with time_machine.travel(NOW, tick=False):
        yield make_round()


@pytest.fixture
def desk(ground: MaskGround) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_WORKER, ground.committees[0]))


def post(client: Client, ground: MaskGround, address: str, **changes: str) -> HttpResponse:
    data = {"id": str(new_id()), "address": address, "channel": "desk", "want_adult": "5", **ANA, **changes}
    answer: HttpResponse = client.post(reverse("mask-desk:register", args=[ground.committees[0].id]), data)
    return answer


def text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_home_is_registered_by_what_people_say(desk: Client, ground: MaskGround) -> None:
    page = desk.get(reverse("mask-desk:home"), follow=True)
    assert "何家角居委会" in text(page)
    answer = post(desk, ground, "虹桥路1000弄1号１０１")
    assert answer.status_code == 200, text(answer)
    assert "R2-何家角-0001" in text(answer)
    row = Registration.objects.get()
    assert (row.unit, row.channel, row.verified) == (ground.street.dwellings[0].id, "desk", True)
    assert "310105193501010017" not in text(answer)


def test_the_second_comer_is_told_the_number_and_no_name(desk: Client, ground: MaskGround) -> None:
    post(desk, ground, "何家角小区1号101")
    answer = post(desk, ground, "1000弄1-101", applicant="李红", document="")
    assert answer.status_code == 409
    notice = text(answer).split('<form class="form panel"')[0].split('role="alert"')[1]
    assert "R2-何家角-0001" in notice
    assert "王建国" not in notice
    assert Attempt.objects.get().code == "taken"


def test_an_address_that_nobody_knows_is_asked_about_and_then_kept(desk: Client, ground: MaskGround) -> None:
    answer = post(desk, ground, "虹桥路1000弄9号909")
    assert "No dwelling of this committee has that address" in text(answer)
    assert not Application.objects.exists()
    answer = post(desk, ground, "虹桥路1000弄9号909", keep="1")
    assert "waits on the list" in text(answer)
    assert Application.objects.get().committee == ground.committees[0]


def test_more_than_the_quota_and_a_wrong_document_are_refused(desk: Client, ground: MaskGround) -> None:
    assert post(desk, ground, "1000弄1-101", want_adult="6").status_code == 400
    answer = post(desk, ground, "1000弄1-101", document="310105193501010099")
    assert answer.status_code == 409
    assert "The document&#x27;s number is not right" in text(answer)
    assert not Registration.objects.exists()


def test_those_who_run_the_round_come_after_the_residents(desk: Client, ground: MaskGround) -> None:
    answer = post(desk, ground, "1000弄1-101", staff="on")
    assert "register after the residents" in text(answer)
    assert Attempt.objects.get().code == "staff_later"


def test_a_desk_elsewhere_is_not_found(desk: Client, ground: MaskGround) -> None:
    assert desk.get(reverse("mask-desk:desk", args=[ground.committees[1].id])).status_code == 404


def test_the_page_needs_few_queries(desk: Client, ground: MaskGround, django_assert_max_num_queries: object) -> None:
    post(desk, ground, "1000弄1-101")
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is not typed here
        assert desk.get(reverse("mask-desk:desk", args=[ground.committees[0].id])).status_code == 200
