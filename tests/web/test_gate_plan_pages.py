"""What the plan says about gates, changed by a form as every other part of it is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.gates.plan import plan_at
from fangxian.gates.playbook import GatesSection
from tests.support import playbooks
from tests.support.desk import at_desk
from tests.support.factories import make_staff, make_street

NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
WHEN = {"when": "now", "reason": "区里通知"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_nine() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin(db: None) -> Client:
    street = make_street(1, EARLIER)
    apply_playbook(plan=playbooks.plan(), effective_at=EARLIER, by="test", now=EARLIER)
    staff = make_staff(Role.ADMINISTRATOR, street.street, "管理员", EARLIER)
    return at_desk(staff, language="zh-hans", now=NOW)


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def in_force() -> GatesSection:
    return plan_at(NOW).section


def as_shown(client: Client) -> dict[str, Any]:
    """The form of the values as a browser would send it back unchanged."""
    form = client.get(reverse("playbooks:gates")).context["form"]
    held = {name: form.initial.get(name) for name in form.names}
    return {name: "on" if value is True else value for name, value in held.items() if value is not False}


def apply(client: Client, name: str, sent: dict[str, Any], **of: str) -> HttpResponse:
    """Send the form, and bring what it proposes into force."""
    compared = client.post(reverse(f"playbooks:{name}", kwargs=of), sent | WHEN)
    assert compared.status_code == 200, text(compared)
    found = re.search(r'name="proposal" value="([^"]+)"', text(compared))
    assert found is not None
    client.post(reverse("playbooks:apply"), {"proposal": found[1]})
    return compared


def test_it_shows_every_value_of_the_section(admin: Client) -> None:
    said = text(admin.get(reverse("playbooks:home") + "?show=gates"))

    assert "37.3 °C" in said
    assert "红区（1至8层）" in said
    assert "08:00–08:30" in said
    shown = admin.get(reverse("playbooks:home") + "?show=gates").context["rows"]
    assert {row.key for row in shown.values} | {"zones"} == set(GatesSection.model_fields)


def test_it_changes_what_is_asked_at_gates(admin: Client) -> None:
    before = in_force()
    sent = as_shown(admin) | {"outings": 2, "parcel_role": "committee_worker", "lowest_decidec": 34.5}
    del sent["ask_declaration"]

    compared = apply(admin, "gates", sent)

    assert "门岗" in text(compared)
    changed = {"outings": 2, "parcel_role": "committee_worker", "lowest_decidec": 345, "ask_declaration": False}
    assert in_force() == before.model_copy(update=changed)


def test_it_leaves_the_section_alone_when_nothing_was_changed(admin: Client) -> None:
    before = in_force()

    apply(admin, "gates", as_shown(admin))

    assert in_force() == before


@pytest.mark.parametrize(
    ("name", "value"), [("outings", 51), ("outings", ""), ("lowest_decidec", 20), ("parcel_role", "nobody")]
)
def test_it_refuses_what_the_plan_cannot_hold(admin: Client, name: str, value: object) -> None:
    before = in_force()

    answer = admin.post(reverse("playbooks:gates"), as_shown(admin) | WHEN | {name: value})

    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == {name}
    assert in_force() == before


def test_it_leaves_to_the_thresholds_what_is_theirs(admin: Client) -> None:
    page = admin.get(reverse("playbooks:gates"))

    assert not {"fever_decidec", "rest_minutes", "shelf_minutes"} & set(page.context["form"].fields)
    assert "请在“阈值”中修改" in text(page)


def zone(**changes: object) -> dict[str, Any]:
    values = {
        "title_zh": "红区（1至6层）", "title_en": "red zone (floors 1 to 6)", "lowest": 1, "highest": 6,
        "arrive_from": "07:45", "arrive_until": "08:15",
    }  # fmt: skip
    return values | changes


def test_it_changes_a_zone_and_leaves_the_others(admin: Client) -> None:
    before = in_force().zones

    apply(admin, "zone", zone(), letter="R")

    red, *others = in_force().zones
    assert (red.letter, red.floors, red.arrive_from, red.arrive_until) == ("R", (1, 6), 465, 495)
    assert red.title.zh == "红区（1至6层）"
    assert others == list(before[1:])


def test_it_takes_a_zone_away_and_adds_it_again(admin: Client) -> None:
    apply(admin, "zone", zone(drop="1"), letter="R")
    assert [rule.letter for rule in in_force().zones] == ["Y", "B"]
    assert "添加" in text(admin.get(reverse("playbooks:home") + "?show=gates"))

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        apply(admin, "zone", zone(arrive_from="", arrive_until=""), letter="R")
        found = plan_at(NOW + timedelta(minutes=1)).section.zones
    assert [rule.letter for rule in found] == ["R", "Y", "B"]
    assert found[0].arrive_from is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"highest": 0, "lowest": 4}, "highest"),
        ({"highest": 9}, "lowest"),
        ({"arrive_until": ""}, "arrive_until"),
        ({"arrive_until": "07:30"}, "arrive_until"),
        ({"title_zh": ""}, "title_zh"),
    ],
)
def test_it_refuses_a_zone_that_cannot_be(admin: Client, changes: dict[str, object], field: str) -> None:
    before = in_force()

    answer = admin.post(reverse("playbooks:zone", args=["R"]), zone(**changes) | WHEN)

    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert in_force() == before


def test_it_knows_no_zone_without_a_colour(admin: Client) -> None:
    assert admin.get(reverse("playbooks:zone", args=["G"])).status_code == 404
