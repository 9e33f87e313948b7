"""What is printed and sent of called numbers."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import translation

from fangxian.masks import printing, rules, texts
from fangxian.masks.actions import allocate
from fangxian.masks.models import Run
from fangxian.masks.queries import calls
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round, registered, stocked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def night(*, deliver: bool = False) -> tuple[MaskGround, Run]:
    ground = make_round(goods="masks-family")
    registered(ground, 0, 1, 2, wants="adult=5;child=2", deliver=deliver)
    registered(ground, 1, 1)
    for pharmacy in (0, 1):
        stocked(ground, pharmacy, 10, reserve=0)
    stocked(ground, 0, 2, variant="child", reserve=0)
    made = allocate.run(round=ground.round, sale_day=date(2020, 2, 18), by="test", now=MORNING + timedelta(hours=13))
    return ground, made


def test_a_household_is_one_line_with_all_that_it_collects() -> None:
    ground, made = night()
    [first, second] = calls.of_run(made, pharmacy=ground.pharmacies[0])
    assert (first.voucher, first.wants) == ("R2-何家角-0001", {"adult": 5, "child": 2})
    assert second.wants == {"adult": 5}
    assert len(calls.of_run(made)) == 3
    assert [one.voucher for one in calls.of_run(made, committee=ground.committees[1])] == ["R2-虹储-0001"]
    assert len(calls.to_tell(ground.round)) == 3
    [line] = calls.runs_of(ground.round)
    assert (line.called, line.sale_day, line.sha256) == (4, "2020-02-18", made.sha256)


def test_the_proof_of_a_run_is_read_from_its_file() -> None:
    _ground, made = night()
    lines = {(one.committee, one.variant): one for one in calls.shares_of(made)}
    assert lines["何家角", "adult"].why == "everybody who waited was called"
    assert lines["何家角", "child"].why.startswith("has its full share")
    assert (lines["何家角", "child"].share.called, lines["何家角", "child"].share.waiting) == (1, 2)


def test_a_pharmacy_gets_a_packing_list_and_nothing_when_nothing_is_called() -> None:
    ground, made = night()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert printing.packing_list(made, ground.pharmacies[0]).startswith(b"%PDF")
    other = make_other(ground)
    with pytest.raises(printing.PrintError, match="nothing to pack"):
        printing.packing_list(other, ground.pharmacies[0])


def make_other(ground: MaskGround) -> Run:
    allocate.lapse(now=MORNING + timedelta(days=9))
    return Run.objects.get(round=ground.round)


def test_slips_are_printed_ten_on_a_sheet() -> None:
    ground, made = night()
    assert printing.vouchers(calls.of_run(made), round=ground.round).startswith(b"%PDF")
    with pytest.raises(printing.PrintError, match="no slip"):
        printing.vouchers([], round=ground.round)
    with pytest.raises(printing.PrintError, match="At most"):
        printing.vouchers(calls.of_run(made) * 400, round=ground.round)


def test_the_code_of_a_slip_is_read_as_its_number() -> None:
    assert rules.read_voucher(rules.qr_text("R2-虹储-0137", "abc-DEF")) == (2, "虹储", 137)
    assert printing.code("R2-虹储-0137", "abc").startswith("<svg")


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        (
            "zh-hans",
            ("R2-何家角-0001", "成人口罩×5、儿童口罩×2", "2月18日09:00-09:30", "第1药房（虹桥路1号）", "2月19日 24:00"),
        ),
        ("en", ("5 × adult mask", "18 Feb, 09:00-09:30", "Kept until 19 Feb 24:00")),
        ("ja", ("大人用マスク×5", "2月18日09:00-09:30")),
        ("ko", ("성인용 마스크 5개", "2월 18일 09:00-09:30")),
        ("fr", ("Your number",)),
    ],
)
def test_the_text_says_what_where_and_when_and_names_nobody(language: str, parts: tuple[str, ...]) -> None:
    _ground, made = night()
    text = texts.call_text(calls.of_run(made)[0], street="虹桥街道", language=language, link="https://x.cn/m/s/")
    for part in (*parts, "https://x.cn/m/s/"):
        assert part in text
    assert "王芳" not in text
    assert "{" not in text


def test_who_cannot_come_is_told_to_stay_at_home() -> None:
    _ground, made = night(deliver=True)
    text = texts.call_text(calls.of_run(made)[0], street="虹桥街道")
    assert "送货上门" in text
    assert "09:00" not in text
