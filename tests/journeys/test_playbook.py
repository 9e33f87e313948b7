"""An administrator changes the plan in the console, and a plan with a time takes effect while everything runs."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.duties.models import Playbook, Rule
from fangxian.duties.plan_files import to_zip
from fangxian.shared import clock
from tests.support import playbooks
from tests.support.browser import sign_in
from tests.support.factories import PASSWORD, make_staff, make_street


@pytest.fixture
def admin(transactional_db: None) -> Staff:
    now = clock.now() - timedelta(minutes=1)
    return make_staff(Role.ADMINISTRATOR, make_street(1, now).street, "管理员", now)


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def upload(page: Page, files: dict[str, bytes]) -> None:
    page.goto("/playbook/")
    page.set_input_files("input[name=playbook]", [payload(name, data) for name, data in files.items()])
    page.get_by_role("button", name="校验并比对").click()


def test_an_administrator_checks_compares_and_applies_a_plan(
    admin: Staff, visit: Callable[..., Page], worker: None
) -> None:
    page = visit("/sign-in/")
    sign_in(page, admin.username, PASSWORD)

    upload(page, playbooks.edited("hygiene.toml", "\nmg_per_l = 500\n", "\nmg_per_l = 60000\n"))
    expect(page.get_by_role("heading", level=1)).to_have_text("未通过：1 处错误")
    expect(page.get_by_text("配不出 60000 mg/L")).to_be_visible()
    assert not Playbook.objects.exists()

    upload(page, {"预案.zip": to_zip(playbooks.plan())})
    expect(page.locator(".tile-number").first).to_have_text("43")
    page.get_by_label("理由").fill("区防控办2月15日通知")
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_text(re.compile("已生效：新增 43 项应办事项"))).to_be_visible()
    expect(page.get_by_text("正在建立应办事项")).to_have_count(0, timeout=20_000)
    assert Rule.objects.filter(active=True, key="disinfect-lift-buttons").exists()

    page.get_by_role("link", name="阈值").click()
    page.get_by_role("row", name=re.compile("发热阈值")).get_by_role("link", name="修改").click()
    page.get_by_label("新值").fill("37.0")
    page.get_by_label("理由").fill("区防控办第12号通知")
    page.get_by_role("button", name="比对").click()
    expect(page.get_by_role("row", name=re.compile("发热阈值"))).to_contain_text("37.3 → 37")
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_text("管理员 · 区防控办第12号通知")).to_be_visible()

    with page.expect_download() as started:
        page.get_by_role("link", name="下载文件").click()
    upload(page, {"again.zip": Path(started.value.path()).read_bytes()})
    expect(page.get_by_text("两份预案完全相同")).to_be_visible()


def test_a_plan_takes_effect_at_its_time_without_a_restart(
    admin: Staff, visit: Callable[..., Page], worker: None
) -> None:
    now = clock.now()
    apply_playbook(plan=playbooks.plan(), effective_at=now, by="test", now=now)
    page = visit("/sign-in/")
    sign_in(page, admin.username, PASSWORD)
    page.goto("/playbook/")
    expect(page.get_by_role("heading", level=2, name="新冠肺炎")).to_be_visible()

    now = clock.now()
    at = now + timedelta(seconds=4)
    apply_playbook(plan=playbooks.plan(playbooks.INFLUENZA), effective_at=at, by="test", now=now)
    page.reload()
    expect(page.get_by_text(re.compile("正待生效"))).to_be_visible()
    assert Rule.objects.filter(key="disinfect-lift-buttons", active=True).exists()

    deadline = time.monotonic() + 30
    while not Rule.objects.filter(key="disinfect-canteen", active=True).exists():
        assert time.monotonic() < deadline, "the worker did not bring the plan into force"
        time.sleep(0.2)
    page.reload()
    expect(page.get_by_role("heading", level=2, name="流感")).to_be_visible()
    expect(page.get_by_text("食堂消毒")).to_be_visible()
