"""A home's own pages: the form behind the letter's code, and the page of its number."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.duties.models import Duty
from fangxian.masks import typed
from fangxian.masks.actions import allocate, rounds
from fangxian.masks.actions.register import register
from fangxian.masks.actions.register_items import Answer, Ask
from fangxian.masks.doors import door_token
from fangxian.masks.models import Dispute, Registration, Round, Yield
from fangxian.masks.playbook import DOORS
from fangxian.notices.models import Told
from fangxian.shared import clock
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


def test_a_home_finds_itself_in_the_published_file(client: Client, ground: MaskGround) -> None:
    mine = registered(ground, 0)
    address = reverse("resident:number", args=[mine.secret])
    assert "published files" not in text(client.get(address, headers={"accept-language": "en"}))
    made = allocate.run(round=ground.round, sale_day=date(2020, 2, 18), by="test", now=NOW)
    page = text(client.get(address, headers={"accept-language": "en"}))
    found = re.search(r"In the published files you are <code>(\w{32})</code>", page)
    assert found is not None
    assert f'"{found[1]} 1 5"' in made.document


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


def test_a_form_that_was_refused_still_holds_what_was_typed(client: Client, ground: MaskGround) -> None:
    address = reverse("resident:register", args=[2, door(ground)])
    fields = {
        "round": ground.round.id.hex, "door": door(ground), "applicant": "王建国", "phone": "1380013",
        "want_adult": "3", "document_kind": "passport", "document": "E12345678",
    }  # fmt: skip
    kept = typed.keep(fields, NOW)
    assert "HttpOnly; SameSite=Strict" in kept
    assert "Path=/m/" in kept
    assert "王建国" not in kept
    client.cookies[typed.COOKIE] = kept.partition(";")[0].partition("=")[2]
    page = text(client.get(f"{address}?code=bad_phone"))
    for value in ('value="王建国"', 'value="1380013"', 'value="E12345678"', '<option value="3" selected>',
                  '<option value="passport" selected>'):  # fmt: skip
        assert value in page
    assert "王建国" not in text(client.get(address))
    other = reverse("resident:register", args=[2, door(ground, 1)])
    assert "王建国" not in text(client.get(f"{other}?code=bad_phone"))
    with time_machine.travel(NOW + timedelta(seconds=typed.SECONDS + 1), tick=False):
        assert "王建国" not in text(client.get(f"{address}?code=bad_phone"))
    client.cookies[typed.COOKIE] = "nonsense"
    assert client.get(f"{address}?code=bad_phone").status_code == 200


def test_a_home_without_the_letter_registers_by_its_address(client: Client, ground: MaskGround) -> None:
    public = text(client.get("/r/en/"))
    address = f"/m/2/?round={ground.round.id.hex}"
    assert address in public
    page = text(client.get(address))
    assert 'name="address"' in page
    assert 'name="door"' not in page
    assert f'name="back" value="{address}"' in page
    assert client.get("/m/9/").status_code == 404
    assert client.get(f"/m/2/?round={new_id().hex}").status_code == 404


def test_of_two_streets_with_rounds_of_one_number_each_letter_finds_its_own(client: Client, ground: MaskGround) -> None:
    mine = ground.round
    theirs = Round.objects.get(id=mine.id)
    theirs.pk, theirs.street = new_id(), ground.committees[0]
    theirs.save(force_insert=True)
    page = client.get(reverse("resident:register", args=[2, door(ground)]))
    assert f'name="round" value="{mine.id.hex}"' in text(page)
    code = door_token(theirs.id, ground.street.dwellings[0].id)
    assert f'name="round" value="{theirs.id.hex}"' in text(client.get(reverse("resident:register", args=[2, code])))
    assert client.get("/m/2/").status_code == 404
    assert f'value="{theirs.id.hex}"' in text(client.get(f"/m/2/?round={theirs.id.hex}"))


def test_who_opens_the_page_was_reached(client: Client, ground: MaskGround) -> None:
    rounds.enrol_doors(round=ground.round, by="worker", now=NOW)
    unit = ground.street.dwellings[0].id
    client.get(reverse("resident:register", args=[2, door(ground)]))
    told = Told.objects.get()
    assert (told.subject_id, told.channel, told.seen_us) == (unit, "page", clock.to_us(NOW))
    assert Duty.objects.get(rule__cohort=DOORS, subject_id=unit).last_us is not None
    second = registered(ground, 1)
    rounds.tell_doors(round=ground.round, unit_ids=[ground.street.dwellings[1].id], channel="letter", by="x", now=NOW)
    client.get(reverse("resident:number", args=[second.secret]))
    client.get(reverse("resident:number", args=[second.secret]))
    assert list(Told.objects.order_by("at_us", "id").values_list("channel", flat=True)) == ["page", "letter"]
    assert not Told.objects.filter(seen_us__isnull=True).exists()


@pytest.mark.parametrize(
    ("policy", "says", "not_said"),
    [
        ("lottery", "The lot decides", "before yours"),
        ("odd_even", "these days of sale: 02-18, 02-20, 02-22", "No day can be named"),
        ("queue", "1 number before yours waits too", "these days of sale"),
    ],
)  # fmt: skip
def test_what_is_said_of_waiting_holds_for_the_policy(
    client: Client, ground: MaskGround, policy: str, says: str, not_said: str
) -> None:
    Round.objects.update(policy=policy)
    registered(ground, 0)
    mine = registered(ground, 1, document="310105194802121233")
    Registration.objects.update(digit=2)
    page = text(client.get(reverse("resident:number", args=[mine.secret]), headers={"accept-language": "en"}))
    assert says in page
    assert not_said not in page
