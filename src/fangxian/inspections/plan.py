"""Checklists of the plan: the one in force, and earlier ones by the fingerprint that an inspection names."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from fangxian.duties.actions import plan_of, playbook_at
from fangxian.duties.models import Playbook
from fangxian.duties.plan_schema import Days, Plan
from fangxian.duties.sections import ChecklistItem, ChecklistSection, PlaceType, RetentionSection
from fangxian.inspections.playbook import COMPOUNDS
from fangxian.places.models import PlaceKind
from fangxian.shared import clock

PHOTOS: Final = "photos"
"""Key of the plan's retention section."""
TYPES: Final[dict[str, PlaceType]] = {PlaceKind.BUILDING: "building", PlaceKind.COMPOUND: "compound"}
"""Kinds of places that are inspected."""
_VERSIONS: Final = 100


@dataclass(frozen=True)
class InForce:
    """`photo_days`: how long photos are kept, None for ever. A compound is inspected once in `compound_days`."""

    playbook_id: int | None
    section: ChecklistSection
    photo_days: int | None
    compound_days: int

    def delete_after(self, now: datetime) -> datetime | None:
        return None if self.photo_days is None else now + timedelta(days=self.photo_days)


@dataclass(frozen=True)
class Version:
    """One version of the checklist of one type of place."""

    playbook_id: int | None
    section: ChecklistSection
    type: PlaceType
    sha256: str

    @property
    def items(self) -> tuple[ChecklistItem, ...]:
        return self.section.items_at(self.type)

    def item(self, key: str) -> ChecklistItem | None:
        return next((item for item in self.items if item.key == key), None)


def plan_at(now: datetime) -> InForce:
    """Without a plan, or without a checklist in it, nothing is asked at an inspection."""
    row = playbook_at(now)
    if row is None:
        return InForce(None, ChecklistSection(), None, 1)
    plan = plan_of(row)
    terms = plan.read(RetentionSection).retention if RetentionSection.section in plan.sections else ()
    days = next((term.keep_days for term in terms if term.key == PHOTOS), None)
    return InForce(row.id, _section(plan), days, _compound_days(plan))


def version_at(kind: str, now: datetime) -> Version:
    """The checklist that is held in hand now at a place of this kind, a key of `TYPES`."""
    held = plan_at(now)
    return Version(held.playbook_id, held.section, TYPES[kind], fingerprint(held.section.items_at(TYPES[kind])))


def version_named(kind: str, sha256: str, now: datetime) -> Version | None:
    """The version of the checklist with this fingerprint: an inspection that was begun before the plan was edited is
    judged by what was asked in it. None where no applied plan has such a list."""
    rows = Playbook.objects.filter(effective_us__lte=clock.to_us(now)).defer("content")
    for row in rows.order_by("-effective_us", "-applied_us", "-id")[:_VERSIONS]:
        if _sum_of(row.sha256, TYPES[kind], row) == sha256:
            return Version(row.id, _section(plan_of(row)), TYPES[kind], sha256)
    return None


def fingerprint(items: tuple[ChecklistItem, ...]) -> str:
    """SHA-256 of the items as they are shown."""
    shown = [item.model_dump(mode="json") for item in items]
    whole = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


_sums: Final = dict[tuple[str, PlaceType], str]()


def _sum_of(plan_sha256: str, kind: PlaceType, row: Playbook) -> str:
    """Of a plan that is read once a process: its content is long, and old ones are asked for again and again."""
    key = (plan_sha256, kind)
    if key not in _sums:
        _sums[key] = fingerprint(_section(plan_of(row)).items_at(kind))
    return _sums[key]


@lru_cache(maxsize=8)
def _no_section() -> ChecklistSection:
    return ChecklistSection()


def _section(plan: Plan) -> ChecklistSection:
    return plan.read(ChecklistSection) if ChecklistSection.section in plan.sections else _no_section()


def _compound_days(plan: Plan) -> int:
    schedules = [rule.schedule for rule in plan.rules if rule.cohort == COMPOUNDS]
    days = [schedule.every_days for schedule in schedules if isinstance(schedule, Days) and schedule.every_days]
    return min(days, default=1)
