"""The street's pages of a round: prepared from the plan, announced once it is served, called, checked."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.masks.actions import supply
from fangxian.masks.models import Call, Outlet, Round, Run, Serving
from tests.support.desk import NOW, at_desk
from tests.support.factories import make_staff
from tests.support.masks import MaskGround, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    with time_machine.travel(NOW, tick=False):
        yield make_round()


@pytest.fixture
def street(ground: MaskGround) -> Client:
    return at_desk(make_staff(Role.SECTION_HEAD, ground.street.street))


def text(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_round_is_prepared_served_and_announced(street: Client, ground: MaskGround) -> None:
    page = street.get(reverse("masks:new"))
    values = page.context["form"].initial | {"goods": "masks"}
    made = street.post(reverse("masks:new"), values, follow=True)
    round = Round.objects.get(number=3)
    assert "Nobody sees it until it is announced" in text(made)
    refused = street.post(reverse("masks:announce", args=[round.id]), follow=True)
    assert "No pharmacy sells in this round yet" in text(refused)
    outlet = {"pharmacy": ground.pharmacies[0].id, "open_from": "09:00", "open_until": "17:00", "slot_people": 20}
    street.post(reverse("masks:outlet", args=[round.id]), outlet)
    assert Outlet.objects.get(round=round).open_from == 540
    street.post(reverse("masks:serve", args=[round.id]), {"spread": "1"})
    assert Serving.objects.filter(round=round).count() == 2
    done = street.post(reverse("masks:announce", args=[round.id]), follow=True)
    assert "Every door is now to be told" in text(done)
    assert Round.objects.get(id=round.id).announced_us is not None


def test_numbers_are_called_and_the_round_is_checked(
    street: Client, ground: MaskGround, django_assert_max_num_queries: object
) -> None:
    address = reverse("masks:round", args=[ground.round.id])
    street.get(address)  # the name of the street is kept from then on
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is not typed here
        assert "何家角居委会" in text(street.get(address))
    supply.arrive(
        round=ground.round, pharmacy=ground.pharmacies[0], variant=ground.adult, quantity=100, price_fen=250,
        by="test", now=NOW,
    )  # fmt: skip
    answer = street.post(reverse("masks:allocate", args=[ground.round.id]), {"day": "2020-02-18"}, follow=True)
    assert "0 numbers are called for 2020-02-18" in text(answer)
    assert not Call.objects.exists()
    again = street.post(reverse("masks:allocate", args=[ground.round.id]), {"day": "2020-02-18"}, follow=True)
    assert Run.objects.count() == 1
    assert 'class="notice error"' in text(again)
    checked = text(street.get(reverse("masks:check", args=[ground.round.id])))
    assert checked.count("Agrees") == 2
    assert street.get(reverse("masks:run", args=[Run.objects.get().id]))["Content-Type"] == "application/json"
    assert Client().get("/r/2/1.json").content.decode() == Run.objects.get().document


def test_a_round_is_cancelled_with_a_reason(street: Client, ground: MaskGround) -> None:
    street.post(reverse("masks:cancel", args=[ground.round.id]), {"reason": ""})
    assert Round.objects.get().cancelled_us is None
    street.post(reverse("masks:cancel", args=[ground.round.id]), {"reason": "货源取消"})
    assert Round.objects.get().reason == "货源取消"


def test_the_auditor_checks_and_changes_nothing(ground: MaskGround) -> None:
    auditor = at_desk(make_staff(Role.AUDITOR, ground.street.street))
    assert "Round 2: masks" in text(auditor.get(reverse("masks:audits")))
    assert auditor.get(reverse("masks:audit", args=[ground.round.id])).status_code == 200
    assert auditor.post(reverse("masks:allocate", args=[ground.round.id])).status_code == 403
