import json
from datetime import time
from typing import Any

import pytest
from django.utils import translation
from pydantic import ValidationError

from fangxian.duties.plan_schema import Days, Every, Once, Plan, PlanError, RuleSpec, Text, Windows, schedule_from
from fangxian.duties.plan_words import say_escalation, say_schedule
from tests.support import playbooks


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"type": "once"}, Once),
        ({"type": "windows", "windows": [["06:00", "10:00"], ["10:00", "20:00"]]}, Windows),
        ({"type": "every", "hours": 2, "from": "08:00", "until": "20:00"}, Every),
        ({"type": "days", "every_days": 3, "by": "18:00"}, Days),
        ({"type": "days", "weekdays": [1, 5], "by": "18:00"}, Days),
    ],
)
def test_it_reads_each_kind_of_schedule(data: dict[str, Any], kind: type) -> None:
    assert isinstance(schedule_from(data), kind)


def test_it_gives_times_as_times() -> None:
    schedule = schedule_from({"type": "every", "hours": 2, "from": "08:00", "until": "20:30"})

    assert isinstance(schedule, Every)
    assert (schedule.from_, schedule.until) == (time(8), time(20, 30))


@pytest.mark.parametrize(
    "data",
    [
        {"type": "once", "by": "18:00"},
        {"type": "windows", "windows": []},
        {"type": "windows", "windows": [["06:00", "06:00"]]},
        {"type": "windows", "windows": [["16:00", "20:00"], ["06:00", "10:00"]]},
        {"type": "every", "hours": 0, "from": "08:00", "until": "20:00"},
        {"type": "every", "hours": 3, "from": "08:00", "until": "10:00"},
        {"type": "every", "hours": 2, "from_": "08:00", "until": "20:00"},
        {"type": "days", "by": "18:00"},
        {"type": "days", "every_days": 2, "weekdays": [1], "by": "18:00"},
        {"type": "days", "weekdays": [5, 1], "by": "18:00"},
        {"type": "days", "weekdays": [0], "by": "18:00"},
        {"type": "days", "every_days": 2, "by": "24:00"},
    ],
)
def test_it_refuses_a_schedule_that_cannot_be_kept(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule_from(data)


@pytest.mark.parametrize("name", playbooks.NAMES)
def test_it_stores_a_rule_and_reads_it_back(name: str) -> None:
    for rule in playbooks.plan(name).rules:
        assert RuleSpec.from_spec(rule.spec_json()) == rule


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "电梯"), ("en", "lift"), ("ja", "エレベーター"), ("ko", "lift"), ("fr", "lift")]
)
def test_it_says_a_text_in_the_language_of_the_reader(language: str, said: str) -> None:
    assert Text(zh="电梯", en="lift", ja="エレベーター").say(language) == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "every", "hours": 2, "from": "08:00", "until": "20:00"}, "every 2 hours from 08:00 to 20:00"),
        ({"type": "windows", "windows": [["06:00", "10:00"]]}, "every day, once in each of: 06:00-10:00"),
        ({"type": "days", "weekdays": [1, 7], "by": "18:00"}, "on Monday, Sunday by 18:00"),
        ({"type": "days", "every_days": 3, "by": "18:00"}, "every 3 days by 18:00"),
    ],
)
def test_it_says_a_schedule_in_a_sentence(data: dict[str, Any], said: str) -> None:
    with translation.override("en"):
        assert say_schedule(data) == said


def test_it_says_an_escalation_in_order() -> None:
    steps = [{"role": "grid_worker", "after_minutes": 0}, {"role": "committee_secretary", "after_minutes": 60}]

    with translation.override("en"):
        assert say_escalation(steps) == "grid worker at once, committee secretary after 1 hour"


def test_it_reads_a_stored_plan_of_an_older_and_of_a_newer_program() -> None:
    stored = json.loads(playbooks.plan().to_json())
    older = {name: section for name, section in stored.items() if name != "hygiene"}
    newer = {**stored, "shields": {"lanes": 2}}

    assert "hygiene" not in Plan.from_json(json.dumps(older)).sections
    assert Plan.from_json(json.dumps(newer)).sha256 == playbooks.plan().sha256


def test_it_refuses_a_stored_plan_with_a_broken_value() -> None:
    stored = json.loads(playbooks.plan().to_json())
    stored["thresholds"]["thresholds"][0]["value"] = "hot"

    with pytest.raises(PlanError):
        Plan.from_json(json.dumps(stored))
