"""The queue at a gate, as the board, the page of one gate and its tablet show it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.gates.actions import checks, devices
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.models import Check, GateSetup, Pass
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.desk import at_desk
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office, check, employee_pass

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
EIGHT = 480


@pytest.fixture(autouse=True)
def eight() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def manager(office: Office) -> Client:
    return at_desk(make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏"), language="zh-hans")


def expected(office: Office, street: Street, number: int, **changes: object) -> list[Pass]:
    """People who are to come from seven to nine, so that half of them should be here at eight."""
    slot = {"slot_from": EIGHT - 60, "slot_until": EIGHT + 60} | changes
    return [employee_pass(office.building, street.dwellings[0], f"李雷{n}", **slot) for n in range(number)]


def enter(office: Office, permits: list[Pass]) -> None:
    """They come one a minute, the last one just now."""
    hot.forget()
    items = [check(permit, MORNING - number * MINUTE) for number, permit in enumerate(reversed(permits))]
    with write_lock():
        write_batch(checks.prepare(items, office.device, MORNING))


def cell(client: Client, gate: Place) -> str:
    said = client.get(reverse("gates:list")).content.decode()
    return said.partition(f'data-key="{gate.id.hex}.queue"')[2].partition("</td>")[0]


def test_it_estimates_who_waits_and_for_how_long(office: Office, street: Street, manager: Client) -> None:
    permits = expected(office, street, 20)
    enter(office, permits[:5])
    assert Check.objects.filter(outcome="admit").count() == 5

    said = cell(manager, office.front)

    assert "约5人等候" in said
    assert "约5分钟" in said
    assert "无法估算" in cell(manager, office.garage)
    one = manager.get(reverse("gates:gate", args=[office.front.id])).content.decode()
    assert "约5人等候" in one.partition('data-key="tiles"')[2].partition('data-key="flow"')[0]


def test_it_says_that_there_is_no_queue(office: Office, street: Street, manager: Client) -> None:
    enter(office, expected(office, street, 6)[:4])

    assert "无人排队" in cell(manager, office.front)


def test_it_estimates_nothing_where_nobody_is_expected(office: Office, street: Street, manager: Client) -> None:
    permits = expected(office, street, 6, slot_from=None, slot_until=None)
    enter(office, permits[:3])

    assert "无法估算" in cell(manager, office.front)


def test_it_expects_nobody_whose_pass_is_not_in_force(office: Office, street: Street, manager: Client) -> None:
    permits = expected(office, street, 20)
    enter(office, permits[:5])
    ids = [permit.id for permit in permits[5:]]
    Pass.objects.filter(id__in=ids[:7]).update(status="suspended", reason="丢失")
    Pass.objects.filter(id__in=ids[7:]).update(until_us=clock.to_us(MORNING))

    assert "无人排队" in cell(manager, office.front)


def test_it_estimates_nothing_for_a_closed_gate(office: Office, street: Street, manager: Client) -> None:
    enter(office, expected(office, street, 20)[:5])
    GateSetup.objects.create(gate=office.front, is_open=False, changed_us=clock.to_us(MORNING))

    assert "无法估算" in cell(manager, office.front)


def test_it_sends_a_queue_that_has_grown(office: Office, street: Street, manager: Client) -> None:
    permits = expected(office, street, 60)
    enter(office, permits[:5])
    address = reverse("gates:list-live")
    first = manager.get(address)

    with time_machine.travel(MORNING + 2 * MINUTE, tick=False):
        second = manager.get(address, HTTP_IF_NONE_MATCH=first["ETag"])

    assert f'data-key="{office.front.id.hex}.queue"' in second.content.decode()


@pytest.mark.parametrize("name", ["gates:list", "gates:list-live", "gates:gate-live"])
def test_it_asks_few_questions(
    office: Office, street: Street, manager: Client, name: str,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:  # fmt: skip
    enter(office, expected(office, street, 20)[:5])
    address = reverse(name, args=[office.front.id] if name == "gates:gate-live" else [])
    manager.get(address)

    with django_assert_max_num_queries(12):
        manager.get(address)


def test_it_tells_the_tablet(office: Office, street: Street) -> None:
    token = devices.renew_token(device=office.tablet, by="test", now=MORNING)
    bearer = {"Authorization": f"Bearer {token}"}
    hot.forget()
    assert Client().get("/gate/bundle/", headers=bearer).json()["queue"] is None

    enter(office, expected(office, street, 20)[:5])

    assert Client().get("/gate/bundle/", headers=bearer).json()["queue"] == {"waiting": 5, "minutes": 5}
