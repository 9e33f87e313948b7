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
from fangxian.masks.actions.applications import apply_unplaced
from fangxian.masks.actions.close import close_day
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.models import Application, Call, Outlet, Registration, Round, Run, Serving, Shelf
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.asks import ask
from tests.support.desk import NOW, at_desk
from tests.support.factories import make_staff
from tests.support.mask_goods import TUESDAY, Goods, arrive, call, doors, register
from tests.support.masks import MaskGround, make_round, registered

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


def test_the_street_sees_a_day_of_all_pharmacies(
    street: Client, ground: MaskGround, django_assert_max_num_queries: object
) -> None:
    goods = Goods(ground)
    arrive(goods, 30, now=NOW)
    with time_machine.travel(TUESDAY, tick=False):
        client = at_desk(make_staff(Role.SECTION_HEAD, ground.street.street), now=TUESDAY)
        [first, second] = [register(ground, door, ground.committees[0]) for door in doors(goods, 0)[:2]]
        call(goods, first)
        later = call(goods, second)
        Call.objects.filter(id=later.id).update(
            slot_from_us=later.slot_from_us + clock.DAY_US, slot_until_us=later.slot_until_us + clock.DAY_US
        )
        hand_over(
            [Handed(id=new_id(), call=goods.calls[0].id.hex, quantity=5, identity=True)], pharmacy=goods.pharmacy,
            by="test", now=TUESDAY,
        )  # fmt: skip
        close_day(
            round=ground.round, pharmacy=goods.pharmacy, day=clock.local_day(TUESDAY), counted={"adult": 24},
            money_fen=1250, explanation="一只破损", problems=["消毒液不够"], by="test", now=TUESDAY,
        )  # fmt: skip
        address = reverse("masks:day", args=[ground.round.id])
        client.get(address)
        with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture is not typed here
            said = text(client.get(address))
    figures = ("一只破损", "× -1", "12.50", "消毒液不够", "Not closed yet", "1 household ·", "何家角</dt>")
    for wanted in figures:
        assert wanted in said, wanted
    assert "Owner: section head" in said


def test_the_street_gives_an_address_of_no_committee_to_one_or_refuses_it(street: Client, ground: MaskGround) -> None:
    asks = [ask(ground.round, address="虹桥路某处", applicant="吴先生") for _n in range(2)]
    for one in asks:
        apply_unplaced(one, NOW, round=ground.round)
    pages = [reverse("masks:application", args=[ground.round.id, one.id]) for one in asks]
    assert pages[0] in text(street.get(reverse("masks:addresses", args=[ground.round.id])))
    assert "吴先生" in text(street.get(pages[0]))
    there = ground.committees[1]
    assert f"Passed on to {there.name}" in text(street.post(pages[0], {"committee": there.id}, follow=True))
    assert "Say why" in text(street.post(pages[1], {"refuse": "1", "reason": ""}, follow=True))
    assert "Refused." in text(street.post(pages[1], {"refuse": "1", "reason": "不在本街道"}, follow=True))
    assert set(Application.objects.values_list("committee", "reason")) == {(there.id, ""), (None, "不在本街道")}


def test_one_document_at_two_addresses_is_shown_to_the_street_and_to_both_committees(
    street: Client, ground: MaskGround
) -> None:
    mine, theirs = ground.committees
    for committee in (0, 1):
        registered(ground, committee, 1, document_index=b"d" * 16)
    shown = text(street.get(reverse("masks:addresses", args=[ground.round.id])))
    assert "R2-何家角-0001" in shown
    assert "R2-虹储-0001" in shown
    desk = at_desk(make_staff(Role.COMMITTEE_SECRETARY, mine))
    address = reverse("mask-desk:addresses", args=[mine.id]) + "?same=1"
    assert "R2-虹储-0001" in text(desk.get(address))
    Registration.objects.filter(committee=theirs).update(document_index=None)
    assert "No document registered two addresses." in text(desk.get(address))


def test_the_check_names_what_differs_in_words(street: Client, ground: MaskGround) -> None:
    supply.arrive(
        round=ground.round, pharmacy=ground.pharmacies[0], variant=ground.adult, quantity=100, price_fen=250,
        by="test", now=NOW,
    )  # fmt: skip
    Shelf.objects.update(reserve=0, sold=5)
    said = text(street.get(reverse("masks:check", args=[ground.round.id])))
    title = ground.adult.title["en"]
    assert f"第1药房 · {title} · sold: stated 5, found 0" in said
    assert f"{title} · on hand by the ledger: stated 95, found 100" in said
    assert "adult ·" not in said
