"""Reading applied plans: the one in force, the ones that wait, and what another plan would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count

from fangxian.duties.actions import plan_of, playbook_at
from fangxian.duties.models import Duty, Member, Playbook
from fangxian.duties.plan_diff import ChangeKind, PlanDiff, RuleChange, compare
from fangxian.duties.plan_schema import Plan
from fangxian.shared import clock


class VersionState(StrEnum):
    IN_FORCE = "in_force"
    WAITING = "waiting"
    PAST = "past"


@dataclass(frozen=True)
class Version:
    """One applied version. ``applied_by`` is the actor as the audit knows it.

    ``settled``: its duties have been set up; until then the worker is at it.
    """

    id: int
    name: str
    version: str
    sha256: str
    state: VersionState
    settled: bool
    effective_at: datetime
    applied_at: datetime
    applied_by: str
    reason: str


@dataclass(frozen=True)
class RuleEffect:
    """A rule that appears, changes or ends, with the number of subjects that it touches today."""

    change: RuleChange
    subjects: int


@dataclass(frozen=True)
class Effect:
    """What applying a plan would do, against the plan in force (None: there is none yet)."""

    diff: PlanDiff
    base: Version | None
    rules: tuple[RuleEffect, ...]
    waiting: tuple[Version, ...]

    def of(self, kind: ChangeKind) -> tuple[RuleEffect, ...]:
        return tuple(effect for effect in self.rules if effect.change.kind == kind)

    @property
    def appearing(self) -> tuple[RuleEffect, ...]:
        return self.of(ChangeKind.ADDED)

    @property
    def changing(self) -> tuple[RuleEffect, ...]:
        return self.of(ChangeKind.CHANGED)

    @property
    def ending(self) -> tuple[RuleEffect, ...]:
        return self.of(ChangeKind.ENDED)


def versions(now: datetime, limit: int = 50) -> tuple[Version, ...]:
    """Newest first by the time from which they hold."""
    current = playbook_at(now)
    rows = Playbook.objects.defer("content").order_by("-effective_us", "-applied_us", "-id")[:limit]
    return tuple(_version(row, current, now) for row in rows)


def version(playbook_id: int, now: datetime) -> tuple[Version, Plan] | None:
    row = Playbook.objects.filter(id=playbook_id).first()
    return None if row is None else (_version(row, playbook_at(now), now), plan_of(row))


def plan_in_force(now: datetime) -> tuple[Version, Plan] | None:
    row = playbook_at(now)
    return None if row is None else (_version(row, row, now), plan_of(row))


def before(playbook_id: int) -> Plan | None:
    """The plan that held until that one took over."""
    row = Playbook.objects.get(id=playbook_id)
    earlier = Playbook.objects.filter(effective_us__lte=row.effective_us).exclude(id=row.id)
    found = earlier.exclude(effective_us=row.effective_us, applied_us__gt=row.applied_us)
    last = found.order_by("-effective_us", "-applied_us", "-id").first()
    return None if last is None else plan_of(last)


def effect_of(plan: Plan, now: datetime) -> Effect:
    held = plan_in_force(now)
    diff = compare(held[1] if held else None, plan)
    cohorts = {change.rule.cohort for change in diff.rules_of(ChangeKind.ADDED)}
    touched = {change.key for change in diff.rules if change.kind != ChangeKind.ADDED}
    members = _members(cohorts)
    owed = _duties(touched)
    rules = tuple(
        RuleEffect(
            change,
            members.get(change.rule.cohort, 0) if change.kind == ChangeKind.ADDED else owed.get(change.key, 0),
        )
        for change in diff.rules
    )
    waiting = tuple(found for found in versions(now) if found.state == VersionState.WAITING)
    return Effect(diff, held[0] if held else None, rules, waiting)


def _members(cohorts: set[str]) -> dict[str, int]:
    rows = Member.objects.filter(cohort__key__in=cohorts, cohort__closed_us__isnull=True, until_us__isnull=True)
    return dict(rows.values_list("cohort__key").annotate(Count("id")).order_by())


def _duties(keys: set[str]) -> dict[str, int]:
    rows = Duty.objects.filter(rule__key__in=keys, ended_us__isnull=True)
    return dict(rows.values_list("rule__key").annotate(Count("id")).order_by())


def _version(row: Playbook, current: Playbook | None, now: datetime) -> Version:
    if current is not None and row.id == current.id:
        state = VersionState.IN_FORCE
    else:
        state = VersionState.WAITING if row.effective_us > clock.to_us(now) else VersionState.PAST
    return Version(
        row.id, row.name, row.version, row.sha256, state, row.in_force_us is not None, clock.from_us(row.effective_us),
        clock.from_us(row.applied_us), row.applied_by, row.reason,
    )  # fmt: skip
