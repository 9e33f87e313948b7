"""Pages of the return wave: asked for, compared, published, objected to from a phone, answered; and lanes of gates."""

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.accounts.models import Staff
from fangxian.console.templatetags.ui import of_day
from fangxian.gates.models import ArrivalSlot
from fangxian.shared import clock
from fangxian.workplaces.actions import waves
from fangxian.workplaces.models import GateLane, Objection, PlanStatus, WavePlan, WaveSlot
from tests.support.morning import accepted, crowd, tenants, worked_out
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NOW = MORNING + timedelta(hours=3)
TOMORROW = clock.local_day(NOW) + timedelta(days=1)


@pytest.fixture(autouse=True)
def at_ten() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def works() -> Works:
    """430 people at one door; 银杏贸易 is one of the enterprises."""
    made = make_works()
    first = made.towers[0].building
    tenants(first, {f"企业{n}": 70 for n in range(6)}, NOW)
    accepted(made.firms[0].id, first, NOW)
    crowd(made.firms[0].id, first, 10, NOW)
    return made


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    session = client.session
    session["epoch"], session["signed_in_us"] = staff.session_epoch, clock.to_us(NOW)
    session.save()
    return client


def page(client: Client, name: str, *args: object, query: str = "", status: int = 200) -> str:
    """As it is the second time: the first writes the session and, of an enterprise, that it has looked."""
    address = reverse(name, args=args) + query
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.status_code == status
    most = 12 if name.startswith(("waves:", "firm-wave:")) else 15
    assert len(asked) <= most, [one["sql"].split(" FROM ")[-1][:60] for one in asked]
    return answer.content.decode()


def plan_of(works: Works, *, publish: bool = False) -> WavePlan:
    plan = worked_out(works.street, NOW)
    if publish:
        waves.publish(plan=plan, by="test", now=NOW)
        plan.refresh_from_db()
    return plan


def slot_of(works: Works, plan: WavePlan) -> WaveSlot:
    return WaveSlot.objects.get(plan=plan, enterprise_id=works.firms[0].id)


def test_a_plan_is_asked_for_worked_out_and_published(works: Works) -> None:
    head = signed_in(works.head)
    assert "虹桥大厦 · 正门" in page(head, "waves:list")
    sent = {"place": works.street.id, "day": TOMORROW.isoformat(), "lane_count": 1}
    answer = head.post(reverse("waves:ask"), sent)
    plan = WavePlan.objects.get()
    assert answer.headers["Location"] == reverse("waves:plan", args=[plan.id])
    assert 'http-equiv="refresh"' in page(head, "waves:plan", plan.id)
    assert waves.work_next(now=NOW) == 1
    shown = page(head, "waves:plan", plan.id)
    assert 'http-equiv="refresh"' not in shown
    assert reverse("waves:picture", args=[plan.id]) in shown
    assert "虹桥大厦" in shown
    answer = head.post(reverse("waves:publish", args=[plan.id]), follow=True)
    assert "7" in str(next(iter(answer.context["messages"])))
    assert ArrivalSlot.objects.filter(ended_us__isnull=True).count() == 7
    # pressed twice
    answer = head.post(reverse("waves:publish", args=[plan.id]), follow=True)
    assert next(iter(answer.context["messages"])).level_tag == "error"


def test_what_if_stands_beside_the_plan_that_holds(works: Works) -> None:
    plan_of(works, publish=True)
    head = signed_in(works.head)
    gate = works.towers[0].front.id.hex
    sent = {"place": works.street.id, "day": TOMORROW.isoformat(), "lane_gate": gate, "lane_method": "thermal"}
    answer = head.post(reverse("waves:ask"), sent)
    assert answer.status_code == 400  # how many?
    head.post(reverse("waves:ask"), {**sent, "lane_count": 1, "rain": "on"})
    draft = WavePlan.objects.get(status=PlanStatus.QUEUED)
    assert [change["what"] for change in draft.what_if["changes"]] == ["lane", "rain"]
    waves.work_next(now=NOW)
    shown = page(head, "waves:plan", draft.id)
    assert "虹桥大厦 · 正门" in shown
    assert shown.count('<th scope="col" class="num">') >= 2
    assert str(WavePlan.objects.get(status=PlanStatus.PUBLISHED).id) in shown


@pytest.mark.parametrize(
    ("field", "value"), [("day", "2020-02-01"), ("day", "morgen"), ("place", "x"), ("close", "x"), ("method", "dog")]
)
def test_what_cannot_be_asked_comes_back_with_the_form(works: Works, field: str, value: str) -> None:
    sent = {"place": works.street.id, "day": TOMORROW.isoformat(), field: value}
    answer = signed_in(works.head).post(reverse("waves:ask"), sent)
    assert answer.status_code == 400
    assert "has-error" in answer.content.decode() or "notice error" in answer.content.decode()
    assert not WavePlan.objects.exists()


def test_a_building_worker_sees_the_own_part_and_decides_nothing(works: Works) -> None:
    plan = plan_of(works)
    worker = signed_in(works.towers[0].worker)
    shown = page(worker, "waves:plan", plan.id)
    assert "虹桥大厦" in shown
    assert reverse("waves:publish", args=[plan.id]) not in shown
    assert worker.post(reverse("waves:publish", args=[plan.id])).status_code == 403
    other = signed_in(works.towers[1].worker)
    assert "虹桥大厦" not in page(other, "waves:plan", plan.id)
    page(other, "waves:part", plan.id, works.towers[0].id, status=404)
    page(other, "waves:part-picture", plan.id, works.towers[0].id, status=404)


def test_one_building_of_a_plan(works: Works) -> None:
    plan = plan_of(works)
    shown = page(signed_in(works.towers[0].manager), "waves:part", plan.id, works.towers[0].id)
    slot = slot_of(works, plan)
    assert of_day(slot.from_minute) in shown
    assert "08:30–09:00" in shown
    assert "正门" in shown


def test_pictures_are_svg_without_style_or_script(works: Works) -> None:
    plan = plan_of(works)
    head = signed_in(works.head)
    for address in (
        reverse("waves:picture", args=[plan.id]), reverse("waves:part-picture", args=[plan.id, works.towers[0].id]),
    ):  # fmt: skip
        answer = head.get(address)
        text = answer.content.decode()
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert text.startswith("<svg")
        assert "style=" not in text
        assert "<script" not in text
        assert "<polyline" in text


def test_an_enterprise_reads_its_window_objects_and_reads_the_answer(works: Works) -> None:
    plan = plan_of(works, publish=True)
    slot = slot_of(works, plan)
    hr, head = signed_in(works.firms[0].hr), signed_in(works.head)
    begins, ends = of_day(slot.from_minute), of_day(slot.until_minute)
    assert f"{begins}–{ends}" in page(hr, "firm-wave:home")
    slot.refresh_from_db()
    assert slot.seen_us == clock.to_us(NOW)
    answer = hr.post(reverse("firm-wave:object", args=[slot.id]), {"text": "班车七点半到"}, follow=True)
    assert answer.status_code == 200
    shown = page(head, "waves:plan", plan.id)
    assert "班车七点半到" in shown
    bad = head.post(reverse("waves:answer", args=[slot.id]), {"what": "move", "text": "好", "from_time": "07:30"})
    assert bad.status_code == 400
    assert Objection(WaveSlot.objects.get(id=slot.id).objection) == Objection.RAISED
    sent = {"what": "move", "text": "改为七点半", "from_time": "07:30", "until_time": "08:00"}
    answer = head.post(reverse("waves:answer", args=[slot.id]), sent)
    asked = WavePlan.objects.get(status=PlanStatus.QUEUED)
    assert answer.headers["Location"] == reverse("waves:plan", args=[asked.id])
    shown = page(hr, "firm-wave:home")
    assert "改为七点半" in shown
    assert "07:30–08:00" in shown


def test_an_objection_is_not_sent_twice_and_the_other_firms_windows_are_not_ours(works: Works) -> None:
    plan = plan_of(works, publish=True)
    slot = slot_of(works, plan)
    hr, other = signed_in(works.firms[0].hr), signed_in(works.firms[1].hr)
    hr.post(reverse("firm-wave:object", args=[slot.id]), {"text": "不行"})
    assert hr.post(reverse("firm-wave:object", args=[slot.id]), {"text": "再说"}).status_code == 400
    assert hr.post(reverse("firm-wave:object", args=[slot.id]), {"text": ""}).status_code == 400
    assert other.post(reverse("firm-wave:object", args=[slot.id]), {"text": "别人的"}).status_code == 404
    assert "银杏" not in page(other, "firm-wave:home")
    slot.refresh_from_db()
    assert slot.objection_text == "不行"


def test_a_building_and_its_lanes(works: Works) -> None:
    tower = works.towers[0]
    manager = signed_in(tower.manager)
    assert "正门" in page(manager, "waves:place", tower.id)
    page(manager, "waves:place", tower.id, query="?day=2020-02-18")
    page(manager, "waves:place", tower.id, query="?day=2020-13-45")
    page(manager, "waves:place", works.towers[1].id, status=404)
    sent = {"handheld": "2", "thermal": "1", "form": "", "turnstile": "0"}
    answer = manager.post(reverse("waves:lanes", args=[tower.front.id]), sent)
    assert answer.status_code == 302
    assert dict(GateLane.objects.values_list("method", "count")) == {"handheld": 2, "thermal": 1}
    assert manager.post(reverse("waves:lanes", args=[tower.front.id]), {"handheld": "99"}).status_code == 400
    assert manager.post(reverse("waves:lanes", args=[works.towers[1].front.id]), sent).status_code == 404


def test_guards_see_who_comes_now(works: Works) -> None:
    plan = worked_out(works.street, NOW, clock.local_day(NOW))
    waves.publish(plan=plan, by="test", now=NOW)
    slot = WaveSlot.objects.filter(plan=plan).order_by("from_minute")[0]
    at = clock.from_us(clock.day_start_us(plan.day)) + timedelta(minutes=slot.from_minute + 1)
    with time_machine.travel(at, tick=False):
        shown = page(signed_in_at(works.guard, at), "gates:gate", works.towers[0].front.id)
    name = slot.enterprise.label
    assert name in shown


def signed_in_at(staff: Staff, at: object) -> Client:
    client = signed_in(staff)
    session = client.session
    session["signed_in_us"] = clock.to_us(at)  # type: ignore[arg-type]  # an instant
    session.save()
    return client


def test_ids_of_nothing(works: Works) -> None:
    head = signed_in(works.head)
    nothing = UUID(int=1)
    for name, args in (("waves:plan", [nothing]), ("waves:part", [nothing, nothing]), ("waves:place", [nothing])):
        page(head, name, *args, status=404)
