"""A new version of a plan by one change: a threshold, a key region, a checklist item, values of a section. Pure.

The change goes through the same validation as an uploaded file; a bad value raises PlanError and nothing is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fangxian.duties.plan_schema import Plan, jsonable
from fangxian.shared import clock


def next_version(version: str, day: datetime) -> str:
    """``2020.02.16`` -> ``2020.02.18-1`` -> ``2020.02.18-2``: the local day of the change and a running number."""
    today = f"{clock.local(day):%Y.%m.%d}"
    again = re.fullmatch(rf"{re.escape(today)}(?:-(\d+))?", version)
    return f"{today}-{int(again.group(1) or 0) + 1 if again else 1}"


def put_item(
    plan: Plan, *, section: str, listing: str, item: Mapping[str, Any], reason: str, effective: datetime, now: datetime
) -> Plan:
    """Replace the item with the same ``key``, or add it at the end.

    ``item`` may be partial for one that exists: keys not given keep their values, None takes a key away.
    Raises PlanError with paths inside the section.
    """
    sections = plan.to_sections()
    items: list[dict[str, Any]] = list(sections.setdefault(section, {}).get(listing, []))
    place = next((i for i, was in enumerate(items) if was["key"] == item["key"]), None)
    merged = {**(items[place] if place is not None else {}), **item}
    merged = {key: value for key, value in merged.items() if value is not None}
    if place is None:
        items.append(merged)
    else:
        items[place] = merged
    sections[section] = {**sections[section], listing: items}
    return _versioned(plan, sections, reason, effective, now)


def drop_item(
    plan: Plan, *, section: str, listing: str, key: str, reason: str, effective: datetime, now: datetime
) -> Plan:
    """The plan without that item. KeyError when it is not there."""
    sections = plan.to_sections()
    items = [item for item in sections[section].get(listing, []) if item["key"] != key]
    if len(items) == len(sections[section].get(listing, [])):
        raise KeyError(key)
    sections[section] = {**sections[section], listing: items}
    return _versioned(plan, sections, reason, effective, now)


def set_values(
    plan: Plan, *, section: str, values: Mapping[str, Any], reason: str, effective: datetime, now: datetime
) -> Plan:
    """Replace values of a section; those that are not given stay. A plan without the section gets it.

    Raises PlanError with paths inside the section.
    """
    sections = plan.to_sections()
    sections[section] = {**sections.get(section, {}), **values}
    return _versioned(plan, sections, reason, effective, now)


def _versioned(
    plan: Plan, sections: dict[str, dict[str, Any]], reason: str, effective: datetime, now: datetime
) -> Plan:
    head = {
        **sections["plan"],
        "version": next_version(plan.head.version, now),
        "effective_from": clock.local(effective),
        "note": reason,
    }
    data = jsonable({**sections, "plan": head})
    assert isinstance(data, dict)
    return Plan.from_sections(data)
