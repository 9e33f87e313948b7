"""The code on a slip at a counter: it counts with its own secret only, however the scanner writes it."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from fangxian.masks import rules
from fangxian.masks.models import Collection, Message, MessageKind
from tests.support.mask_goods import give, prove, selling

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_the_code_of_a_slip_counts_only_with_its_own_secret() -> None:
    goods = selling()
    row = goods.calls[0].registration
    wrong = give(goods, "R2-何家角-0001#another-secret")
    assert (wrong.status, wrong.code) == ("refused", "wrong_code")
    assert Collection.objects.count() == 0
    assert give(goods, rules.qr_text("R2-何家角-0001", row.secret)).status == "stored"
    prove(goods)


def test_a_scanner_that_cannot_write_chinese_is_understood_by_the_secret() -> None:
    goods = selling()
    row = goods.calls[1].registration
    assert give(goods, f"R2-??-0002#{row.secret}".replace("R2", "?"), minutes=40).voucher == "R2-何家角-0002"
    assert give(goods, "?#nobodys-secret").code == "unknown"


def test_goods_that_left_without_network_for_a_wrong_code_are_reported() -> None:
    goods = selling()
    assert give(goods, "R2-何家角-0001#another-secret", offline=True, heard=90).code == "wrong_code"
    said = Message.objects.get(kind=MessageKind.INCIDENT).text
    assert said.startswith("R2-何家角-0001")
    assert "二维码与号码不符" in said
