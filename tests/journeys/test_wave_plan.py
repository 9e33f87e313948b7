"""The return wave: the head asks for a plan, the worker works it out, it is published; an enterprise objects from a
phone and is promised another window."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from fangxian.shared import clock
from fangxian.workplaces.models import Objection, PlanStatus, WavePlan, WaveSlot
from tests.support.browser import barriers, sign_in
from tests.support.morning import accepted, crowd, tenants
from tests.support.works import PASSWORD, Works, make_works

pytestmark = pytest.mark.django_db(transaction=True)
SLOWEST_MS = 90_000
NAMES = ("宏远国际货运", "东方律师事务所", "华盛资本", "明德教育咨询", "浦江广告", "海纳信息技术")


@pytest.fixture
def works() -> Works:
    """430 people at one door of one lane, all at half past eight."""
    now = clock.now()
    made = make_works(now)
    first = made.towers[0].building
    tenants(first, dict.fromkeys(NAMES, 70), now)
    accepted(made.firms[0].id, first, now)
    crowd(made.firms[0].id, first, 10, now)
    return made


@pytest.fixture
def phone(browser: Browser, server: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=server, viewport={"width": 390, "height": 844}, locale="zh-CN", is_mobile=True, has_touch=True
    )
    yield context.new_page()
    context.close()


def test_a_plan_from_the_question_to_the_answered_objection(
    works: Works, worker: None, visit: Callable[..., Page], phone: Page
) -> None:
    head = visit("/sign-in/")
    head.set_default_timeout(SLOWEST_MS)
    phone.set_default_timeout(SLOWEST_MS)
    sign_in(head, "head", PASSWORD)
    head.goto("/waves/")
    tomorrow = clock.local_day(clock.now()) + timedelta(days=1)
    head.select_option("select[name=place]", label=works.street.name)
    head.fill("input[name=day]", tomorrow.isoformat())
    head.click(".wave-ask .button.primary")
    # the page shows by itself what the worker has found
    head.locator("figure img").wait_for(timeout=SLOWEST_MS)
    assert head.evaluate("document.querySelector('figure img').naturalWidth") == 760
    # before and after stand side by side, and each building has its row
    expect(head.locator(".wave-compare tbody tr").first).to_be_visible()
    expect(head.locator("table.cards")).to_contain_text(works.towers[0].building.name)
    assert barriers(head) == []
    head.click(".wave-publish .button.primary")
    expect(head.locator(".notice.success")).to_be_visible()
    plan = WavePlan.objects.get(status=PlanStatus.PUBLISHED)
    head.goto(f"/waves/{plan.id}/{works.towers[0].id}/")
    assert barriers(head) == []

    slot = WaveSlot.objects.get(plan=plan, enterprise_id=works.firms[0].id)
    sign_in(phone, "hr1", PASSWORD)
    phone.goto("/our-window/")
    expect(phone.locator(".wave-time")).to_contain_text(f"{slot.from_minute // 60:02}:{slot.from_minute % 60:02}")
    assert barriers(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.click(".wave-window summary")
    phone.fill("textarea", "班车七点半到，希望安排在七点半")
    phone.click(".wave-window .button.primary")
    expect(phone.locator(".notice.warning")).to_be_visible()

    head.goto(f"/waves/{plan.id}/")
    head.click("#objections summary")
    head.check("input[name=what][value=move]")
    head.fill("input[name=from_time]", "07:30")
    head.fill("input[name=until_time]", "08:00")
    head.fill("#objections textarea", "同意，改为七点半至八点。")
    head.click("#objections .button.primary")
    head.locator(".wave-publish").wait_for(timeout=SLOWEST_MS)
    head.click(".wave-publish .button.primary")
    expect(head.locator(".notice.success")).to_be_visible()
    phone.goto("/our-window/")
    expect(phone.locator(".wave-time")).to_have_text("07:30–08:00")
    assert WaveSlot.objects.get(id=slot.id).objection == Objection.HEARD
    head.goto(f"/waves/buildings/{works.towers[0].id}/?day={tomorrow.isoformat()}")
    assert barriers(head) == []
