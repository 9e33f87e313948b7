"""The keys that sign passes at the desk of whoever looks after the whole street."""

from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.gates.actions import checks
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.models import Check, Pass, SigningKey
from fangxian.gates.queries import hot
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.desk import at_desk
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office, check, employee_pass

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eight() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def head(street: Street) -> Client:
    return at_desk(make_staff(Role.SECTION_HEAD, street.street, "何科长"), language="zh-hans")


@pytest.fixture
def permits(office: Office, street: Street) -> list[Pass]:
    return [employee_pass(office.building, street.dwellings[n], name) for n, name in enumerate(("李雷", "韩梅梅"))]


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def row(client: Client, kid: int) -> str:
    return text(client.get(reverse("gates:keys"))).partition(f'id="key-{kid}"')[2].partition("</tr>")[0]


def rotate(client: Client, signs: int) -> HttpResponse:
    return client.post(reverse("gates:key-rotate"), {"signs": signs}, follow=True)


def distrust(client: Client, kid: int, **data: str) -> HttpResponse:
    return client.post(reverse("gates:key-distrust", args=[kid]), data, follow=True)


def decide(office: Office, permit: Pass) -> str:
    item = check(permit)
    hot.forget()
    with write_lock():
        write_batch(checks.prepare([item], office.device, MORNING))
    return Check.objects.get(id=item.id).code


def test_it_lists_each_key_with_the_passes_that_it_signed(head: Client, permits: list[Pass]) -> None:
    Pass.objects.filter(id=permits[1].id).update(until_us=clock.to_us(MORNING))
    rotate(head, 1)

    assert "仅用于验证" in row(head, 1)
    assert '<td class="num" data-label="有效通行证">1</td>' in row(head, 1)
    assert "用于签发" in row(head, 2)
    assert '<td class="num" data-label="有效通行证">0</td>' in row(head, 2)


def test_it_signs_with_a_new_key_and_leaves_the_old_passes_good(
    head: Client, office: Office, street: Street, permits: list[Pass]
) -> None:
    said = text(rotate(head, 1))

    assert "2号密钥" in said
    assert employee_pass(office.building, street.dwellings[2], "王芳").key_id == 2
    assert decide(office, permits[0]) == "ok"


def test_it_makes_one_key_when_the_button_is_pressed_twice(head: Client, permits: list[Pass]) -> None:
    rotate(head, 1)
    said = text(rotate(head, 1))

    assert SigningKey.objects.count() == 2
    assert "密钥已在此期间更换" in said


def test_it_says_how_many_passes_are_refused_and_refuses_them(
    head: Client, office: Office, street: Street, permits: list[Pass]
) -> None:
    assert "2张有效通行证将立即被所有门岗拒绝" in row(head, 1)

    said = text(distrust(head, 1, reason="私钥可能外泄", sure="on"))

    assert "2张通行证即刻失效" in said
    assert "私钥可能外泄" in row(head, 1)
    assert decide(office, permits[0]) == "wrong_key"
    assert Entry.objects.get(act="gates.key.distrusted").detail == {"reason": "私钥可能外泄"}
    assert employee_pass(office.building, street.dwellings[2], "王芳").key_id == 2


@pytest.mark.parametrize("data", [{"reason": "私钥可能外泄"}, {"sure": "on"}, {}])
def test_it_refuses_nothing_without_a_reason_and_a_clear_word(
    head: Client, permits: list[Pass], data: dict[str, str]
) -> None:
    answer = distrust(head, 1, **data)

    assert answer.status_code == 400
    assert SigningKey.objects.get().distrusted_us is None


def test_it_distrusts_a_key_once(head: Client, permits: list[Pass]) -> None:
    distrust(head, 1, reason="私钥可能外泄", sure="on")

    assert distrust(head, 1, reason="又一次", sure="on").status_code == 404
    assert Entry.objects.filter(act="gates.key.distrusted").count() == 1


def test_it_keeps_whoever_looks_after_one_building_from_the_keys(office: Office, permits: list[Pass]) -> None:
    manager = at_desk(make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏"))

    assert manager.get(reverse("gates:keys")).status_code == 403
    assert rotate(manager, 1).status_code == 403
    assert distrust(manager, 1, reason="x", sure="on").status_code == 403
    assert SigningKey.objects.get().distrusted_us is None
    assert reverse("gates:keys") not in text(manager.get(reverse("gates:list")))


def test_it_is_reached_from_the_gates(head: Client) -> None:
    assert reverse("gates:keys") in text(head.get(reverse("gates:list")))
