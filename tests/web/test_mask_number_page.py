"""One number as the street sees it: looked up by its voucher, and a call that is taken back."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.masks.models import Call, CallStatus, Shelf
from fangxian.masks.queries.numbers import voucher_of
from tests.support.desk import NOW, at_desk
from tests.support.factories import make_staff
from tests.support.mask_goods import Goods, selling

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def goods() -> Iterator[Goods]:
    with time_machine.travel(NOW, tick=False):
        yield selling()


def test_a_called_number_is_taken_back_with_a_reason(goods: Goods) -> None:
    street = at_desk(make_staff(Role.SECTION_HEAD, goods.ground.street.street))
    round, call = goods.ground.round, Call.objects.select_related("registration").earliest("slot_from_us", "id")
    voucher = voucher_of([call.registration])[call.registration_id]
    address = reverse("masks:number", args=[round.id])
    shown = street.get(address, {"number": voucher.lower()}).content.decode()
    assert "Take this call back" in shown
    assert call.registration.applicant not in re.sub(r"<[^>]+>", " ", shown) or not call.registration.applicant
    back = reverse("masks:take-back", args=[round.id, call.id])
    promised = Shelf.objects.get(round=round, pharmacy=call.pharmacy, variant=call.variant).promised
    silent = street.post(back, {"reason": " ", "number": voucher}, follow=True).content.decode()
    assert "Say why the number is taken back" in silent
    said = street.post(back, {"reason": "登记地址有误", "number": voucher}, follow=True).content.decode()
    assert "waits again in its place" in said
    call.refresh_from_db()
    assert (call.status, call.reason) == (CallStatus.VOID, "登记地址有误")
    shelf = Shelf.objects.get(round=round, pharmacy=call.pharmacy, variant=call.variant)
    assert shelf.promised == promised - call.quantity
    again = street.post(back, {"reason": "再次", "number": voucher}, follow=True).content.decode()
    assert "not open any more" in again
    assert "no such number" in street.get(address, {"number": "R9-虹储-0001"}).content.decode()
