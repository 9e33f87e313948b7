from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fangxian.duties.plan_diff import ChangeKind, compare
from fangxian.duties.plan_edit import drop_item, next_version, put_item
from fangxian.duties.plan_schema import Plan, PlanError
from fangxian.duties.sections import ThresholdsSection
from fangxian.screening.playbook import ScreeningSection
from tests.support import playbooks

# 00:30 of the 18th in Shanghai, still the 17th in UTC
NOW = datetime(2020, 2, 17, 16, 30, tzinfo=UTC)


def put(plan: Plan, section: str, listing: str, item: dict[str, Any]) -> Plan:
    effective = NOW + timedelta(hours=1)
    return put_item(
        plan, section=section, listing=listing, item=item, reason="市里新通知", effective=effective, now=NOW
    )


@pytest.mark.parametrize(
    ("version", "after"),
    [
        ("2020.02.16", "2020.02.18-1"),
        ("2020.02.18", "2020.02.18-1"),
        ("2020.02.18-1", "2020.02.18-2"),
        ("2020.02.18-9", "2020.02.18-10"),
        ("7", "2020.02.18-1"),
    ],
)
def test_it_counts_versions_by_the_local_day(version: str, after: str) -> None:
    assert next_version(version, NOW) == after


def test_it_changes_one_threshold_and_nothing_else() -> None:
    old = playbooks.plan()
    new = put(old, "thresholds", "thresholds", {"key": "fever_celsius", "value": 37.5})

    assert new.read(ThresholdsSection).value("fever_celsius") == 37.5
    diff = compare(old, new)
    assert diff.rules == ()
    assert [(c.section, c.path) for c in diff.items] == [
        ("plan", ()),
        ("thresholds", ("thresholds", "fever_celsius")),
    ]
    assert {field.path[0] for field in diff.items[0].fields} == {"version", "effective_from", "note"}
    assert (new.head.version, new.head.note) == ("2020.02.18-1", "市里新通知")
    assert new.head.effective_from == NOW + timedelta(hours=1)


def test_it_adds_a_region_from_a_time_on() -> None:
    since = datetime(2020, 2, 20, tzinfo=UTC)
    region = {
        "key": "shandong", "kind": "china", "code": "37", "title": {"zh": "山东", "en": "Shandong"},
        "since": since.isoformat(),
    }  # fmt: skip
    new = put(playbooks.plan(), "screening", "key_regions", region)

    found = new.read(ScreeningSection)
    assert "shandong" in {r.key for r in found.key_regions_at(since)}
    assert "shandong" not in {r.key for r in found.key_regions_at(since - timedelta(seconds=1))}


def test_it_ends_a_region_by_its_date() -> None:
    until = datetime(2020, 3, 25, tzinfo=UTC)
    new = put(playbooks.plan(), "screening", "key_regions", {"key": "hubei", "until": until.isoformat()})

    assert "hubei" not in {r.key for r in new.read(ScreeningSection).key_regions_at(until)}


def test_it_takes_a_value_away() -> None:
    old = playbooks.plan()
    new = put(old, "thresholds", "thresholds", {"key": "fever_celsius", "source": None})

    found = new.read(ThresholdsSection).find("fever_celsius")
    assert found is not None
    assert found.source is None


@pytest.mark.parametrize("value", [99.0, "37.3", None])
def test_it_refuses_a_value_as_an_upload_would(value: object) -> None:
    old = playbooks.plan()
    before = old.sha256

    with pytest.raises(PlanError):
        put(old, "thresholds", "thresholds", {"key": "fever_celsius", "value": value})
    assert old.sha256 == before


def test_it_drops_an_item() -> None:
    old = playbooks.plan()
    new = drop_item(
        old, section="checklist", listing="items", key="F3", reason="并入F2", effective=NOW, now=NOW
    )  # fmt: skip

    ended = [c.path for c in compare(old, new).items if c.kind == ChangeKind.ENDED]
    assert ended == [("items", "F3")]
    with pytest.raises(KeyError):
        drop_item(new, section="checklist", listing="items", key="F3", reason="x", effective=NOW, now=NOW)
