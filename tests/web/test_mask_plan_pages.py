"""What the plan says about rounds of goods, changed by a form as every other part of it is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.masks.plan import plan_at
from fangxian.masks.playbook import MasksSection
from tests.support import playbooks
from tests.support.desk import at_desk
from tests.support.factories import make_staff, make_street

NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
WHEN = {"when": "now", "reason": "区里通知"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_nine() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin(db: None) -> Client:
    street = make_street(1, EARLIER)
    apply_playbook(plan=playbooks.plan(), effective_at=EARLIER, by="test", now=EARLIER)
    staff = make_staff(Role.ADMINISTRATOR, street.street, "管理员", EARLIER)
    return at_desk(staff, language="en", now=NOW)


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def in_force() -> MasksSection:
    return plan_at(NOW).section


def as_shown(client: Client, name: str, **of: object) -> dict[str, Any]:
    """The form as a browser would send it back unchanged."""
    form = client.get(reverse(f"playbooks:{name}", kwargs=of)).context["form"]
    held = {field.html_name: field.value() for field in form if field.html_name not in {"when", "at", "reason"}}
    return {key: "on" if value is True else value for key, value in held.items() if value not in (None, False)}


def apply(client: Client, name: str, sent: dict[str, Any], **of: object) -> HttpResponse:
    """Send the form, and bring what it proposes into force."""
    compared = client.post(reverse(f"playbooks:{name}", kwargs=of), sent | WHEN)
    assert compared.status_code == 200, text(compared)
    found = re.search(r'name="proposal" value="([^"]+)"', text(compared))
    assert found is not None
    client.post(reverse("playbooks:apply"), {"proposal": found[1]})
    return compared


def test_it_shows_every_value_of_the_section(admin: Client) -> None:
    answer = admin.get(reverse("playbooks:home") + "?show=masks")

    shown = answer.context["rows"]
    assert {row.key for row in shown.values} | {"goods", "answers"} == set(MasksSection.model_fields)
    assert "in order of registration" in text(answer)
    assert len(shown.answers) == len(in_force().answers)
    assert {row.key for row in shown.goods} == {rule.key for rule in in_force().goods}


def test_sent_back_unchanged_it_changes_nothing(admin: Client) -> None:
    before = in_force()
    compared = admin.post(reverse("playbooks:masks"), as_shown(admin, "masks") | WHEN)
    assert compared.status_code == 200
    apply(admin, "goods", as_shown(admin, "goods", key="masks"), key="masks")
    assert in_force() == before


def test_it_changes_how_rounds_run(admin: Client) -> None:
    before = in_force()
    sent = as_shown(admin, "masks") | {
        "policy": "lottery", "reserve_percent": "7.5", "close_by": "21:30", "notice_zh": "{begin}开始登记",
        "notice_ja": "",
    }  # fmt: skip
    apply(admin, "masks", sent)

    after = in_force()
    assert (after.notice.zh, after.notice.en, after.notice.ja) == ("{begin}开始登记", before.notice.en, None)
    assert (after.policy, after.reserve_percent, after.close_by) == ("lottery", 7.5, time(21, 30))
    assert after.goods == before.goods
    assert after.answers == before.answers


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"open_from": "18:00", "open_until": "09:00"}, "ends before it begins"),
        ({"slot_minutes": "1"}, "5"),
        ({"reserve_percent": "101"}, "100"),
        ({"policy": "who shouts loudest"}, "who shouts loudest"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_changes(admin: Client, change: dict[str, str], fault: str) -> None:
    before = in_force()
    answer = admin.post(reverse("playbooks:masks"), as_shown(admin, "masks") | change | WHEN)

    assert answer.status_code == 400
    assert fault in text(answer)
    assert in_force() == before


def test_it_changes_the_quota_of_goods_and_adds_a_kind(admin: Client) -> None:
    first = in_force().goods[0]
    free = len(first.variants) + 1
    sent = as_shown(admin, "goods", key=first.key) | {
        "quota_1": "10", f"key_{free}": "n95", f"variant_{free}_zh": "N95口罩", f"variant_{free}_en": "N95 mask",
        f"quota_{free}": "2",
    }  # fmt: skip
    apply(admin, "goods", sent, key=first.key)

    after = in_force().goods[0]
    assert [variant.quota for variant in after.variants] == [10, *[v.quota for v in first.variants[1:]], 2]
    assert (after.variants[-1].key, after.variants[-1].title.zh) == ("n95", "N95口罩")
    assert (after.title, after.source) == (first.title, first.source)


def test_a_kind_without_its_quota_is_refused(admin: Client) -> None:
    key = in_force().goods[0].key
    sent = as_shown(admin, "goods", key=key) | {"key_4": "n95"}
    answer = admin.post(reverse("playbooks:goods", kwargs={"key": key}), sent | WHEN)
    assert answer.status_code == 400
    assert text(answer).count("This kind needs it") == 3
    assert admin.get(reverse("playbooks:goods", kwargs={"key": "ventilators"})).status_code == 404


def test_questions_are_added_changed_and_taken_away(admin: Client) -> None:
    before = in_force().answers
    sent = {
        "question_zh": "要带什么？",
        "question_en": "What to bring?",
        "answer_zh": "证件",
        "answer_en": "A document",
    }
    apply(admin, "new-answer", sent)
    number = len(before) + 1
    assert [one.question.en for one in in_force().answers][-1] == "What to bring?"

    apply(admin, "answer", as_shown(admin, "answer", number=number) | {"answer_en": "Your document"}, number=number)
    assert in_force().answers[-1].answer.en == "Your document"

    apply(admin, "answer", as_shown(admin, "answer", number=number) | {"drop": "1"}, number=number)
    assert in_force().answers == before
    assert admin.get(reverse("playbooks:answer", kwargs={"number": number})).status_code == 404


def test_an_answer_without_its_words_is_refused(admin: Client) -> None:
    before = in_force().answers
    answer = admin.post(reverse("playbooks:new-answer"), {"question_zh": "要带什么？"} | WHEN)
    assert answer.status_code == 400
    assert in_force().answers == before
