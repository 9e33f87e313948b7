"""Gates at the desk: the board, one gate's setup, its rota and the hold list of its place."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.gates.actions import checks
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.setup import Settings, SetupError, set_up
from fangxian.gates.folds import fold_checks
from fangxian.gates.models import Check, GateSetup, Held, Pass
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Enterprise, Relation, Subject
from fangxian.rota import actions as rota
from fangxian.rota.models import Assignment, Slot, Training
from fangxian.shared.writer import write_lock
from tests.support.desk import at_desk
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office, check, employee_pass, make_enterprise, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eight() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def manager(office: Office) -> Client:
    return at_desk(make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏"), language="zh-hans")


@pytest.fixture
def permit(office: Office, street: Street) -> Pass:
    return employee_pass(office.building, street.dwellings[0])


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def page(client: Client, office: Office, name: str = "gate") -> HttpResponse:
    return client.get(reverse(f"gates:{name}", args=[office.front.id]))


def send(client: Client, what: str, office: Office, *more: object, **data: object) -> HttpResponse:
    return client.post(reverse(f"gates:{what}", args=[office.front.id, *more]), data, follow=True)


def record(office: Office, *items: CheckIn) -> None:
    """As `checks.record` does, on this thread: the rows of a test are not seen by another."""
    hot.forget()
    with write_lock():
        write_batch(checks.prepare(items, office.device, MORNING))


def plan(client: Client, office: Office) -> list[Slot]:
    send(client, "plan", office, day="2020-02-17", times="07:00-15:00，15:00-23:00", needed=1)
    return list(Slot.objects.order_by("from_us"))


def test_it_lists_the_gates_within_reach_and_no_others(street: Street, office: Office, manager: Client) -> None:
    make_office(street, "另一幢楼")

    said = text(manager.get(reverse("gates:list")))

    assert "正门" in said
    assert "地库口" in said
    assert "虹桥大厦" in said
    assert "另一幢楼" not in said


def test_it_counts_inside_lately_and_refused(office: Office, manager: Client, permit: Pass) -> None:
    entry, unmasked = check(permit), check(permit, mask=False)
    record(office, entry)
    record(office, unmasked)
    assert sorted(Check.objects.values_list("outcome", flat=True)) == ["admit", "refuse"]
    fold_checks(now=MORNING)

    said = text(page(manager, office))

    assert 'tile-label">当前在内</span><span class="tile-number">1</span>' in said
    assert "近15分钟查验2次" in said
    assert 'tile-label">今日拒绝</span><span class="tile-number">1</span>' in said
    assert "<strong>1</strong>" in said


def test_it_sends_only_what_changed_and_nothing_when_nothing_did(
    office: Office, manager: Client, permit: Pass
) -> None:  # fmt: skip
    address = reverse("gates:list-live")
    first = manager.get(address)
    assert manager.get(address, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304

    record(office, check(permit))
    second = manager.get(address, HTTP_IF_NONE_MATCH=first["ETag"])

    assert second.status_code == 200
    assert f'data-key="{office.front.id.hex}.lately"' in text(second)
    assert f'data-key="{office.front.id.hex}.open"' not in text(second)


def test_it_shows_a_live_gate_its_new_counts(office: Office, manager: Client, permit: Pass) -> None:
    address = reverse("gates:gate-live", args=[office.front.id])
    first = manager.get(address)

    record(office, check(permit))
    second = manager.get(address, HTTP_IF_NONE_MATCH=first["ETag"])

    assert 'data-key="tiles"' in text(second)


def test_it_sets_a_gate_up(office: Office, manager: Client) -> None:
    said = send(manager, "setup", office, direction="in", zones=["Y", "B"], day_cap=900, staffed="on")

    row = GateSetup.objects.get(gate=office.front)
    assert (row.direction, row.is_open, row.zones, row.day_cap, row.staffed) == ("in", False, "BY", 900, True)
    assert "关闭" in text(said)


def test_it_refuses_a_gate_inside_itself(office: Office, manager: Client) -> None:
    send(manager, "setup", office, direction="both", is_open="on")
    garage = reverse("gates:setup", args=[office.garage.id])
    manager.post(garage, {"direction": "both", "is_open": "on", "inner_of": str(office.front.id)})
    assert GateSetup.objects.get(gate=office.garage).inner_of_id == office.front.id

    answer = send(manager, "setup", office, direction="both", is_open="on", inner_of=str(office.garage.id))

    assert answer.status_code == 400
    assert GateSetup.objects.get(gate=office.front).inner_of_id is None


def tenant(building: Place, name: str = "长宁银行") -> Subject:
    firm = make_enterprise(name)
    Enterprise.objects.create(subject=firm, name=name, name_key=name)
    Attachment.objects.create(subject=firm, relation=Relation.TENANT, place=building, since=MORNING.date())
    return firm


def counter(office: Office, client: Client, **data: object) -> HttpResponse:
    """Set the garage's gate up as a counter behind the front door."""
    send(client, "setup", office, direction="both", is_open="on")
    return client.post(reverse("gates:setup", args=[office.garage.id]), {"direction": "both", "is_open": "on"} | data)


def test_it_gives_a_counter_to_a_tenant(office: Office, manager: Client) -> None:
    bank = tenant(office.building)

    counter(office, manager, inner_of=str(office.front.id), tenant=str(bank.id))

    assert GateSetup.objects.get(gate=office.garage).inner_enterprise == bank
    said = text(manager.get(reverse("gates:settings", args=[office.garage.id])))
    assert f'<option value="{bank.id}" selected>长宁银行</option>' in said


def test_it_keeps_the_counter_of_a_tenant_who_moved_out(office: Office, manager: Client) -> None:
    bank = tenant(office.building)
    counter(office, manager, inner_of=str(office.front.id), tenant=str(bank.id))
    Attachment.objects.update(until=MORNING.date())

    answer = counter(office, manager, inner_of=str(office.front.id), tenant=str(bank.id), staffed="on")

    assert answer.status_code == 302
    assert GateSetup.objects.get(gate=office.garage).inner_enterprise == bank


def test_it_gives_no_counter_to_a_company_elsewhere(street: Street, office: Office, manager: Client) -> None:
    stranger = tenant(make_office(street, "另一幢楼").building)

    answer = counter(office, manager, inner_of=str(office.front.id), tenant=str(stranger.id))

    assert answer.status_code == 400
    assert not GateSetup.objects.filter(gate=office.garage).exists()
    with pytest.raises(SetupError):
        set_up(
            gate=office.garage, settings=Settings(inner_of=office.front.id, inner_enterprise=stranger.id), by="test",
            now=MORNING,
        )  # fmt: skip


def test_it_gives_a_tenant_no_gate_that_stands_alone(office: Office, manager: Client) -> None:
    bank = tenant(office.building)

    answer = counter(office, manager, tenant=str(bank.id))

    assert answer.status_code == 400
    assert "请选择设在哪个门岗之内" in text(answer)
    with pytest.raises(SetupError):
        set_up(gate=office.garage, settings=Settings(inner_enterprise=bank.id), by="test", now=MORNING)


def test_it_plans_assigns_and_warns_of_who_is_not_trained(office: Office, manager: Client) -> None:
    guard = make_staff(Role.GATE_GUARD, office.building, "孙立")
    slot, _late = plan(manager, office)

    said = text(send(manager, "assign", office, slot=str(slot.pk), staff=str(guard.id)))
    assert "孙立尚未完成本岗位的培训确认" in said
    send(manager, "sign-off", office, guard.id)

    assert Training.objects.get().staff == guard
    shown = text(page(manager, office, "rota")).partition("安排值守员")[0]
    assert "孙立" in shown
    assert "未培训" not in shown


def test_it_refuses_times_that_are_none(office: Office, manager: Client) -> None:
    answer = send(manager, "plan", office, day="2020-02-17", times="25:00-26:00", needed=1)

    assert answer.status_code == 400
    assert "不是有效时段" in text(answer)
    assert not Slot.objects.exists()


def test_it_lets_a_guard_check_in_and_shows_the_name_on_the_board(office: Office, manager: Client) -> None:
    guard = make_staff(Role.GATE_GUARD, office.building, "孙立")
    slot, _late = plan(manager, office)
    assert "无人值守" in text(manager.get(reverse("gates:list")))

    send(at_desk(guard), "came", office, slot.pk)

    said = text(manager.get(reverse("gates:list")))
    assert "孙立" in said
    assert "无人值守" not in said
    row = Assignment.objects.get()
    send(at_desk(guard), "left", office, row.id)
    assert "孙立" not in text(manager.get(reverse("gates:list")))


def test_it_lets_a_guard_check_in_for_nobody_else(office: Office, manager: Client) -> None:
    one, two = (make_staff(Role.GATE_GUARD, office.building, name) for name in ("孙立", "周洁"))
    slot, _late = plan(manager, office)
    rota.assign(slot=slot, staff=two, by="test", now=MORNING)

    answer = send(at_desk(one), "came", office, slot.pk, staff=str(two.id))

    assert answer.status_code == 403
    assert Assignment.objects.get().came_us is None


def test_it_plans_nothing_for_a_guard(office: Office) -> None:
    guard = at_desk(make_staff(Role.GATE_GUARD, office.building, "孙立"))

    assert send(guard, "plan", office, day="2020-02-17", times="07:00-15:00", needed=1).status_code == 403
    assert reverse("gates:plan", args=[office.front.id]) not in text(page(guard, office, "rota"))


def test_it_holds_somebody_by_pass_number_and_lifts_it(office: Office, manager: Client, permit: Pass) -> None:
    send(manager, "hold", office, who=permit.number.lower(), reason="居家观察", days="14")

    row = Held.objects.get()
    assert row.subject_id == permit.subject_id
    assert "居家观察" in text(page(manager, office, "holds"))
    send(manager, "lift", office, row.id)
    assert "居家观察" not in text(page(manager, office, "holds"))


def test_it_asks_for_the_number_when_two_have_the_name(office: Office, manager: Client, street: Street) -> None:
    for door in street.dwellings[:2]:
        employee_pass(office.building, door, "王芳")

    answer = send(manager, "hold", office, who="王芳", reason="居家观察")

    assert answer.status_code == 400
    assert "多人同名" in text(answer)
    assert not Held.objects.exists()


def test_it_keeps_the_reason_of_a_hold_from_a_guard(office: Office, manager: Client, permit: Pass) -> None:
    send(manager, "hold", office, who=permit.number, reason="居家观察")

    guard = at_desk(make_staff(Role.GATE_GUARD, office.building, "孙立"), language="zh-hans")
    said = text(page(guard, office, "holds"))

    assert "李雷" in said
    assert "居家观察" not in said


def test_it_knows_no_gate_outside_of_reach(street: Street, manager: Client) -> None:
    other = make_office(street, "另一幢楼")

    for name in ("gate", "rota", "holds", "settings"):
        assert page(manager, other, name).status_code == 404
    assert send(manager, "setup", other, direction="in").status_code == 404


def test_it_leads_from_each_page_of_a_gate_to_the_others(office: Office, manager: Client) -> None:
    guard = at_desk(make_staff(Role.GATE_GUARD, office.building, "孙立"))
    names = ("gate", "rota", "holds", "settings")
    for name in names:
        said = text(page(manager, office, name))
        assert said.count(f'href="{reverse(f"gates:{name}", args=[office.front.id])}" aria-current="page"') == 1
        assert all(f'href="{reverse(f"gates:{other}", args=[office.front.id])}"' in said for other in names)
    for name in names[:3]:
        said = text(page(guard, office, name))
        assert reverse("gates:holds", args=[office.front.id]) in said
        assert reverse("gates:settings", args=[office.front.id]) not in said
    assert page(guard, office, "settings").status_code == 403


@pytest.mark.parametrize("name", ["gate", "gate-live", "rota", "holds", "settings"])
def test_each_page_of_a_gate_asks_few_questions(
    office: Office, street: Street, manager: Client, name: str,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:  # fmt: skip
    guards = [make_staff(Role.GATE_GUARD, office.building, f"值守{number}") for number in range(6)]
    for hour in (7, 15):
        answer = send(
            manager, "repeat", office, weekdays=["1", "3"], start=f"{hour}:00", end=f"{hour + 8}:00",
            first_day="2020-02-17", last_day="2020-03-01", needed=2,
            people=[str(one.id) for one in guards[hour // 8 :: 2]],
        )  # fmt: skip
        assert answer.status_code == 200
    assert Assignment.objects.count() == 2 * 3 * 4
    for number in range(3):
        held = employee_pass(office.building, street.dwellings[0], f"李雷{number}")
        send(manager, "hold", office, who=held.number, reason="居家观察")
        record(office, check(held))
    counter(office, manager, inner_of=str(office.front.id), tenant=str(tenant(office.building).id))
    assert Held.objects.count() == 3
    page(manager, office, name)

    with django_assert_max_num_queries(12):
        assert page(manager, office, name).status_code == 200
