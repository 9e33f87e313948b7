"""HR on a phone: the ledger, a list that is sent, and the report of the day; each page is accessible."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fangxian.gates.models import Pass, PassStatus
from fangxian.registry.identifiers import Document, read_document
from fangxian.registry.identity import document_lookups, new_document
from fangxian.shared import clock
from fangxian.workplaces.actions import returning
from fangxian.workplaces.models import DayLine, DayReport, Filing, FilingStatus
from fangxian.workplaces.returning import NewReturning
from tests.support import workbooks
from tests.support.browser import barriers, sign_in
from tests.support.hr_list import resident_id
from tests.support.works import PASSWORD, Works, make_works


@pytest.fixture
def works(transactional_db: None) -> Works:
    """An accepted enterprise of three: one may work, one is under observation, of one nothing is known."""
    now = clock.now() - timedelta(minutes=1)
    made = make_works(now=now)
    firm, building, today = made.firms[0], made.towers[0].building, clock.local_day(now)
    for number, person in enumerate(firm.people):
        read = read_document(resident_id(f"31010519850505{number:03d}"), None, "CN", today)
        assert isinstance(read, Document)
        new_document(person.pk, read, document_lookups(read)[0]).save()
    one, two, three = firm.people
    rows = (
        NewReturning(one.pk, left_shanghai=False),
        NewReturning(
            two.pk, left_shanghai=True, origin="420100", arrived_on=today - timedelta(days=3), transport="train",
            vehicle_no="G1722", key_region="yes", regions=("hubei",),
        ),
        NewReturning(three.pk),
    )  # fmt: skip
    returning.put_many(enterprise=firm.enterprise.subject, place=building, rows=rows, by="test", now=now)
    us = clock.to_us(now)
    Filing.objects.create(
        enterprise_id=firm.id, place=building, status=FilingStatus.ACCEPTED, created_us=us, changed_us=us, by="test"
    )
    returning.accept(enterprise=firm.enterprise.subject, place=building, by="test", now=now)
    return made


def begin(works: Works, visit: Callable[..., Page]) -> Page:
    page = visit("/sign-in/", width=390, height=844)
    sign_in(page, "hr1", PASSWORD)
    page.goto(f"/staff-ledgers/{works.firms[0].id}/{works.towers[0].id}/")
    return page


def test_the_day_is_reported_with_a_few_taps(works: Works, visit: Callable[..., Page]) -> None:
    page = begin(works, visit)
    assert barriers(page) == []
    expect(page.get_by_text("观察中", exact=False).first).to_be_visible()
    page.get_by_role("link", name="每日健康报告").click()
    assert barriers(page) == []
    well = page.locator("[data-person=王建国]")
    expect(well.locator("[data-word]")).to_contain_text("正常到岗")
    well.locator("summary").click()
    well.get_by_text("发热", exact=True).click()
    expect(well.locator("[data-word]")).to_contain_text("发热")
    well.locator(".day-degrees input").fill("38.1")
    expect(page.locator("[data-exceptions]")).to_have_text("3")
    assert barriers(page) == []
    page.get_by_role("button", name="提交报告").click()
    expect(page.get_by_text("1人即刻起不得进楼")).to_be_visible()
    assert DayReport.objects.get().well == 0
    assert DayLine.objects.get(health="fever").decidec == 381
    assert Pass.objects.get().status == PassStatus.SUSPENDED


def test_a_list_is_sent_from_the_phone(works: Works, visit: Callable[..., Page], tmp_path: Path) -> None:
    today = clock.local_day(clock.now())
    head: list[workbooks.Value] = [
        "姓名",
        "身份证号",
        "来源地",
        "抵沪日期",
        "交通方式",
        "车次/航班",
        "14天内是否到过重点地区",
    ]
    rows: list[list[workbooks.Value]] = [
        head,
        ["郭敏", resident_id("31010519900520004"), "江苏苏州", today - timedelta(days=1), "高铁", "G7001", "否"],
        ["马超", resident_id("31010519900520012"), "河南", today + timedelta(days=9), "大巴", None, "否"],
    ]
    file = tmp_path / "返岗台账.xlsx"
    file.write_bytes(workbooks.xlsx(rows))
    page = begin(works, visit)
    page.get_by_role("link", name="上传名单").click()
    assert barriers(page) == []
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="先看结果").click()
    expect(page.get_by_text("抵沪日期在今天之后")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("新登记1人")).to_be_visible()
    with page.expect_download() as given:
        page.get_by_role("button", name="下载").click()
    assert given.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("link", name="查看台账").click()
    page.get_by_text("郭敏").click()
    expect(page.get_by_role("heading", name="郭敏")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="暂停到岗").click()
    assert barriers(page) == []
    page.fill("input[name=reason]", "家人发热")
    page.get_by_role("button", name="确认：暂停到岗").click()
    expect(page.get_by_text("通行证停用", exact=False).first).to_be_visible()


def test_the_street_sees_who_waits(works: Works, visit: Callable[..., Page]) -> None:
    page = visit("/sign-in/")
    sign_in(page, "head", PASSWORD)
    page.goto("/staff-ledgers/watch/")
    expect(page.get_by_text("李桂兰")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="每日健康报告").first.click()
    expect(page.get_by_text("1家企业未上报")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="银杏贸易有限公司").click()
    assert barriers(page) == []
