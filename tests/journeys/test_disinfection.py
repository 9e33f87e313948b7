"""A grid worker on the stairs: three touches and a photo, and the store and the board know it."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties import actions as duties
from fangxian.duties.models import Gap, GapStatus
from fangxian.files.models import StoredFile
from fangxian.hygiene import actions
from fangxian.hygiene.models import DisinfectionLog
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.stock import actions as stock
from fangxian.stock import queries as stock_queries
from fangxian.stock.models import Item
from tests.support.browser import picture, sign_in
from tests.support.yard import Yard, apply_covid, make_yard, staff


@pytest.fixture
def yard(transactional_db: None) -> Yard:
    """Since yesterday nobody has disinfected anything; today's gaps are open."""
    now = clock.now()
    before = now - timedelta(days=1)
    yard = make_yard(before)
    apply_covid(before)
    actions.list_agents(by="test", now=before)
    actions.enrol_areas(places=list(yard.areas.values()), by="test", now=before)
    stock.receive(
        id=new_id(), item=Item.objects.get(key="chlorine-84"), place=yard["何家角"], quantity=5_000, by="test",
        now=before,
    )  # fmt: skip
    duties.sweep(now=now)
    return yard


def test_an_area_is_recorded_with_three_touches(visit: Callable[..., Page], yard: Yard, tmp_path: Path) -> None:
    worker = staff(Role.GRID_WORKER, yard["网格03"], "grid", clock.now())
    staff(Role.COMMITTEE_SECRETARY, yard["何家角"], "secretary", clock.now())
    phone = visit("/sign-in/", width=390, height=844)
    sign_in(phone, "grid", "a-long-enough-secret")
    phone.goto("/hygiene/")
    lobby = phone.locator(".touch-list a", has_text="门厅")
    expect(lobby).to_contain_text("未办")
    picture(phone, "disinfection")
    lobby.click()
    shot = tmp_path / "现场.jpg"
    out = BytesIO()
    Image.new("RGB", (2_400, 1_800), "grey").save(out, "JPEG")
    shot.write_bytes(out.getvalue())
    phone.set_input_files("input[type=file]", shot)
    phone.locator(".touch-done").click()
    expect(phone.locator(".notice.success")).to_contain_text("已记录")
    expect(phone.locator(".touch-list a", has_text="门厅")).to_have_count(0)
    row = DisinfectionLog.objects.get()
    assert (row.area_id, row.by, row.drawn_units) == (yard.areas["lobby"].id, worker.actor, 50)
    assert row.photo == StoredFile.objects.get().digest
    assert not Gap.objects.filter(duty__subject_id=row.area_id, status=GapStatus.OPEN).exists()

    # Looking at a photo is in the audit, so it is fetched when it is opened and not before.
    phone.goto(f"/hygiene/areas/{row.area_id}/")
    assert not Entry.objects.filter(act="hygiene.photo.opened").exists()
    with phone.expect_response("**/photo/") as answer:
        phone.click("summary >> text=照片")
    assert answer.value.status == 200
    expect(phone.locator(".photo img")).to_have_js_property("naturalWidth", 1_600)

    desk = visit("/sign-in/")
    sign_in(desk, "secretary", "a-long-enough-secret")
    desk.goto("/stock/")
    expect(desk.locator("tbody")).to_contain_text("4,950")
    desk.click("tbody a >> nth=0")
    desk.click("summary >> text=盘点")
    desk.fill("[name=counted]", "4900")
    desk.click("text=盘点入账")
    expect(desk.locator(".notice.success")).to_contain_text("-50")
    proof = next(found for found in stock_queries.prove() if found.item_key == "chlorine-84")
    assert (proof.used, proof.difference, proof.holds) == (50, -50, True)
