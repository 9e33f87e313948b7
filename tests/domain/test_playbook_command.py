import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import translation

from fangxian.accounts.models import Staff
from fangxian.duties import plan_queries
from fangxian.duties.actions import bring_into_force, due_playbook
from fangxian.duties.models import Playbook, Rule
from fangxian.duties.plan_files import to_zip
from fangxian.duties.plan_queries import VersionState
from tests.support import playbooks

NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = io.StringIO()
    with translation.override("en"), time_machine.travel(NOW, tick=False):
        call_command("playbook", *args, stdout=out, stderr=out)
    return out.getvalue()


def refused(*args: str) -> tuple[str, str]:
    """What was printed before the refusal, and the refusal."""
    out = io.StringIO()
    with (
        translation.override("en"),
        time_machine.travel(NOW, tick=False),
        pytest.raises(CommandError) as raised,
    ):
        call_command("playbook", *args, stdout=out, stderr=out)
    return out.getvalue(), str(raised.value)


def write(folder: Path, files: dict[str, bytes]) -> str:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return str(folder)


def test_it_checks_every_shipped_playbook() -> None:
    said = run("check")

    assert said.splitlines() == [
        "covid-2020-02: in order, version 2020.02.16, 43 duties",
        "influenza-school: in order, version 2020.11.01, 24 duties",
    ]


def test_it_prints_file_line_and_reason_of_a_fault_and_fails(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", playbooks.edited("rules.toml", "grace_minutes = 60", 'grace_minutes = "an hour"'))
    line = playbooks.line_of("rules.toml", "grace_minutes = 60")

    printed, refusal = refused("check", folder)

    assert f"rules.toml:{line}: rules[1].grace_minutes: a whole number is needed here" in printed
    assert "Refused as a whole" in refusal


def test_it_applies_nothing_of_a_playbook_with_one_fault(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", playbooks.edited("thresholds.toml", "value = 37.3", "value = 373"))

    _printed, refusal = refused("apply", folder)

    assert "Nothing was changed" in refusal
    assert not Playbook.objects.exists()
    assert not Rule.objects.exists()


def test_it_applies_a_plan_and_says_what_appears() -> None:
    said = run("apply", "covid-2020-02", "--reason", "start")

    assert "No plan is in force yet." in said
    assert "Duties that appear: 43" in said
    assert "covid-2020-02 2020.02.16 is in force now." in said
    held = plan_queries.plan_in_force(NOW)
    assert held is not None
    assert (held[0].state, held[0].reason, held[0].applied_by) == (VersionState.IN_FORCE, "start", "playbook")
    assert held[1].sha256 == playbooks.plan().sha256
    assert set(Rule.objects.filter(active=True).values_list("key", flat=True)) == {r.key for r in held[1].rules}


def test_it_says_what_changes_and_ends_before_it_applies_another(tmp_path: Path) -> None:
    run("apply", "covid-2020-02")

    said = run("diff", "influenza-school")

    assert "Compared with covid-2020-02 2020.02.16, in force:" in said
    assert "Duties that appear: 5" in said
    assert "Duties that change: 5" in said
    assert "Duties that end: 24" in said
    assert "    grace in minutes: 60 → 120" in said
    assert Playbook.objects.count() == 1


def test_it_takes_a_zip(tmp_path: Path) -> None:
    (tmp_path / "plan.zip").write_bytes(to_zip(playbooks.plan()))

    assert "in force now" in run("apply", str(tmp_path / "plan.zip"))


def test_it_waits_for_its_time_and_needs_no_restart() -> None:
    run("apply", "covid-2020-02")
    later = datetime(2020, 2, 18, 6, 0, tzinfo=UTC)

    said = run("apply", "influenza-school", "--at", "2020-02-18T14:00")

    assert "is stored and comes into force at 2020-02-18 14:00." in said
    assert due_playbook(NOW) is None
    held = plan_queries.plan_in_force(NOW)
    assert held is not None
    assert held[0].name == "covid-2020-02"
    assert [v.state for v in plan_queries.versions(NOW)] == [VersionState.WAITING, VersionState.IN_FORCE]
    waiting = due_playbook(later)
    assert waiting is not None
    bring_into_force(playbook=waiting, by="worker", now=later)
    held = plan_queries.plan_in_force(later)
    assert held is not None
    assert held[0].name == "influenza-school"
    assert set(Rule.objects.filter(active=True).values_list("key", flat=True)) == {r.key for r in held[1].rules}


def test_it_refuses_the_same_plan_twice() -> None:
    run("apply", "covid-2020-02")

    _printed, refusal = refused("apply", "covid-2020-02")

    assert "Nothing was changed" in refusal
    assert Playbook.objects.count() == 1


def test_it_names_who_decided() -> None:
    staff = Staff.objects.create(username="wang", name="王敏", created_at=NOW)

    run("apply", "covid-2020-02", "--by", "wang")

    assert Playbook.objects.get().applied_by == staff.actor


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("check", "no-such-plan"), "There is no playbook"),
        (("apply", "covid-2020-02", "--at", "tomorrow"), "is not a time"),
        (("apply", "covid-2020-02", "--by", "nobody"), "no active account"),
        (("apply", "covid-2020-02", "--reason", "x" * 201), "Shorten it"),
    ],
)
def test_it_says_what_is_wrong_with_its_arguments(args: tuple[str, ...], said: str) -> None:
    _printed, refusal = refused(*args)

    assert said in refusal
    assert not Playbook.objects.exists()


def test_it_finds_the_plan_that_held_before_each_version() -> None:
    run("apply", "covid-2020-02")
    run("apply", "influenza-school", "--at", "2020-02-19T00:00")
    first, second = Playbook.objects.order_by("effective_us")

    assert plan_queries.before(first.id) is None
    earlier = plan_queries.before(second.id)
    assert earlier is not None
    assert earlier.head.name == "covid-2020-02"
    found = plan_queries.version(second.id, NOW + timedelta(days=2))
    assert found is not None
    assert found[0].state == VersionState.IN_FORCE
    assert plan_queries.version(999_999, NOW) is None
