"""The last checks on the page of one gate, and who reads names there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.gates.actions import checks
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.checks import DeviceFacts
from fangxian.gates.models import Pass
from fangxian.gates.queries import hot
from fangxian.gates.queries.latest import MOST
from fangxian.shared.writer import write_lock
from tests.support.desk import at_desk
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office, check, employee_pass, make_device

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


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


def record(office: Office, *items: CheckIn) -> None:
    hot.forget()
    with write_lock():
        write_batch(checks.prepare(items, office.device, MORNING))


def last(client: Client, office: Office) -> list[str]:
    """The rows of the table, as they are written."""
    said = client.get(reverse("gates:gate", args=[office.front.id])).content.decode()
    table = said.partition('data-key="last"')[2].partition("</section>")[0].partition("<tbody>")[2]
    return [row for row in table.split("</tr>") if "<tr>" in row]


def test_it_says_when_what_why_and_whose(office: Office, manager: Client, permit: Pass) -> None:
    record(office, check(permit, MORNING - MINUTE, mask=False))
    record(office, check(permit))

    newest, older = last(manager, office)

    assert "08:00" in newest
    assert "放行" in newest
    assert "请进。" in newest
    assert "员工通行证" in newest
    assert "李雷" in newest
    assert "07:59" in older
    assert ">拒绝<" in older
    assert "请佩戴口罩。" in older


@pytest.mark.parametrize("role", [Role.GATE_GUARD, Role.STREET_LEADER, Role.DISTRICT_LEADER])
def test_it_names_nobody_to_those_who_issue_no_passes(
    office: Office, street: Street, manager: Client, permit: Pass, role: Role
) -> None:
    record(office, check(permit), check(token=None, plate="沪B99999", occupants=1))
    where = office.building if role == Role.GATE_GUARD else street.street
    one = at_desk(make_staff(role, where, "旁人"), language="zh-hans")

    said = "".join(last(one, office))

    assert "请进。" in said
    assert "员工通行证" in said
    assert "李雷" not in said
    assert "沪B99999" not in said
    assert "沪B99999" in "".join(last(manager, office))
    live = one.get(reverse("gates:gate-live", args=[office.front.id])).content.decode()
    assert 'data-key="last"' in live
    assert "李雷" not in live


def test_it_names_nobody_with_a_fever(office: Office, manager: Client, permit: Pass) -> None:
    record(office, check(permit, temp=38.2))

    [row] = last(manager, office)

    assert "暂留" in row
    assert "李雷" not in row
    assert "38" not in row


def test_it_shows_the_last_twenty_of_this_gate_and_day(
    office: Office, street: Street, manager: Client, permit: Pass
) -> None:
    record(office, check(permit, MORNING - timedelta(hours=9), mask=False))
    assert last(manager, office) == []
    record(office, *(check(permit, MORNING - n * MINUTE, mask=False) for n in range(MOST + 2)))
    other = make_device(office.garage)
    with write_lock():
        write_batch(checks.prepare([check(permit, temp=None)], DeviceFacts(other.id, office.garage.id), MORNING))

    rows = last(manager, office)

    assert len(rows) == MOST
    assert "08:00" in rows[0]
    assert "07:41" in rows[-1]


def test_it_sends_a_new_check_to_an_open_page(office: Office, manager: Client, permit: Pass) -> None:
    address = reverse("gates:gate-live", args=[office.front.id])
    first = manager.get(address)
    assert manager.get(address, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304

    record(office, check(permit))
    second = manager.get(address, HTTP_IF_NONE_MATCH=first["ETag"]).content.decode()

    assert 'data-key="last"' in second
    assert "李雷" in second
