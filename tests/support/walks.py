"""Walks through a building or a compound, as a device sends them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fangxian.accounts.models import Staff
from fangxian.inspections.actions import record
from fangxian.inspections.actions.record import Recorded, Sent, SentAnswer, Status
from fangxian.inspections.models import Finding, Occasion
from fangxian.inspections.plan import version_at
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id

Fault = Mapping[str, Any]


def walk(
    place: Place, at: datetime, faults: Mapping[str, Fault] | None = None, /, **changes: object
) -> Sent:  # fmt: skip
    """A whole walk that ended at `at`: everything in order but `faults` (fields of the answer, by item)."""
    version = version_at(place.kind, at)
    found = dict(faults or {})
    answers = [
        SentAnswer(item=item.key, result="fault" if item.key in found else "ok", **found.pop(item.key, {}))
        for item in version.items
    ]
    assert not found, f"the list has no {', '.join(found)}"
    values: dict[str, Any] = {
        "id": new_id(), "place": place.id, "occasion": Occasion.DAILY.value, "checklist": version.sha256,
        "begun_us": clock.to_us(at - timedelta(minutes=40)), "finished_us": clock.to_us(at),
        "answers": tuple(answers), "signed_name": "物业经理",
    } | changes  # fmt: skip
    return Sent(**values)


def send(sent: Sent, inspector: Staff, now: datetime) -> Recorded:
    return record.record(sent=sent, inspector=inspector.id, by=inspector.actor, now=now)


def find(place: Place, inspector: Staff, at: datetime, item: str = "A2", **fault: object) -> Finding:
    """Inspect with one item that is not in order; the finding that it made, or found again."""
    told = send(walk(place, at, {item: fault}), inspector, at)
    assert told.status is Status.STORED, told.text
    (ident,) = told.made + told.again
    return Finding.objects.get(id=ident)
