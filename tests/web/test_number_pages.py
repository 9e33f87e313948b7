"""A home's own pages: the form behind the letter's code, and the page of its number."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.masks.actions.register import register
from fangxian.masks.actions.register_items import Answer, Ask
from fangxian.masks.doors import door_token
from fangxian.masks.models import Dispute, Registration, Yield
from fangxian.shared.ids import new_id
from tests.support.desk import NOW
from tests.support.masks import MaskGround, make_round

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    with time_machine.travel(NOW, tick=False):
        yield make_round()


def door(ground: MaskGround, number: int = 0) -> str:
    return door_token(ground.round.id, ground.street.dwellings[number].id)


def registered(ground: MaskGround, number: int = 0, **changes: object) -> Answer:
    values = {"id": new_id(), "round": ground.round.id.hex, "door": door(ground, number), "wants": {"adult": 5},
              "applicant": "王建国"} | changes  # fmt: skip
    return register([Ask(**values)], NOW)[0]  # type: ignore[arg-type]  # values of a keyword's own type


def text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_letters_code_opens_the_form_of_that_home_only(client: Client, ground: MaskGround) -> None:
    page = client.get(reverse("resident:register", args=[2, door(ground)]), headers={"accept-language": "en"})
    assert "何家角小区1号101室" in text(page)
    assert 'action="/intake/v1/mask-registrations"' in text(page)
    assert client.get(reverse("resident:register", args=[2, "A" * 43])).status_code == 404
    other = door_token(new_id(), ground.street.dwellings[0].id)
    assert client.get(reverse("resident:register", args=[2, other])).status_code == 404


def test_the_page_of_a_number_says_how_many_wait_before_it(client: Client, ground: MaskGround) -> None:
    registered(ground, 0)
    mine = registered(ground, 1)
    page = text(client.get(reverse("resident:number", args=[mine.secret]), headers={"accept-language": "en"}))
    assert "R2-何家角-0002" in page
    assert "1 number before yours waits too." in page
    assert "No day can be named" in page
    assert "王建国" not in page


def test_a_place_is_given_away_with_one_tap_and_once(client: Client, ground: MaskGround) -> None:
    mine = registered(ground)
    address = reverse("resident:yield", args=[mine.secret])
    assert client.post(address).status_code == 302
    assert Yield.objects.get().registration == Registration.objects.get()
    again = client.post(address, headers={"accept-language": "en"})
    assert again.status_code == 409
    assert "gave its place before" in text(again)


def test_what_is_withdrawn_frees_the_address(client: Client, ground: MaskGround) -> None:
    mine = registered(ground)
    client.post(reverse("resident:withdraw", args=[mine.secret]))
    page = client.get(reverse("resident:number", args=[mine.secret]), headers={"accept-language": "en"})
    assert "Withdrawn" in text(page)
    assert registered(ground).seq == 2


def test_a_second_comer_may_dispute(client: Client, ground: MaskGround) -> None:
    registered(ground)
    address = reverse("resident:register", args=[2, door(ground)])
    page = client.get(f"{address}?code=taken&standing=R2-x-0001", headers={"accept-language": "en"})
    assert "It was not my home that registered" in text(page)
    answer = client.post(reverse("resident:dispute", args=[2, door(ground)]), {"applicant": "李红"})
    assert answer.status_code == 200
    assert Dispute.objects.get().claimant == "李红"
