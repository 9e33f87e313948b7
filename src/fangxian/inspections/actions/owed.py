"""What is owed because of findings: put right in time by the responsible, then re-inspected.

Whoever calls these holds the cohorts (`hold_cohorts`), so that two places whose findings change at once take the same
locks in the same order.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from fangxian.duties import actions as duties
from fangxian.duties.actions import Done, NewMember
from fangxian.duties.models import Cohort
from fangxian.inspections import rules
from fangxian.inspections.models import Finding
from fangxian.inspections.plan import plan_at
from fangxian.inspections.playbook import BUILDINGS, COMPOUNDS, ESTATE_FINDING, FINDING, RECHECK
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.shared import clock

INSPECTED: Final = {PlaceKind.BUILDING: BUILDINGS, PlaceKind.COMPOUND: COMPOUNDS}
_KEYS: Final = sorted({*FINDING.values(), *ESTATE_FINDING.values(), RECHECK})


def hold_cohorts() -> None:
    """First in every transaction that changes findings."""
    have = set(Cohort.objects.filter(key__in=_KEYS, instance="").values_list("key", flat=True))
    for key in _KEYS:
        if key not in have:
            Cohort.objects.get_or_create(key=key, instance="")
    list(Cohort.objects.select_for_update().filter(key__in=_KEYS, instance="").order_by("id").values_list("id"))


def cohort_of(finding: Finding) -> str:
    """Who is asked first: a building's property manager, or a compound's committee."""
    held = FINDING if finding.place.kind == PlaceKind.BUILDING else ESTATE_FINDING
    return held[finding.severity]


def owe(*, findings: Sequence[Finding], by: str, now: datetime, opens_us: int | None = None) -> None:
    """Each is owed by its `due_us`. `opens_us`: from when, where that is not when it was found."""
    nodes = counting_nodes([finding.place for finding in findings])
    by_cohort: dict[str, list[NewMember]] = defaultdict(list)
    for finding in findings:
        start = finding.opened_us if opens_us is None else opens_us
        by_cohort[cohort_of(finding)].append(
            NewMember(
                finding.subject_id, finding.place_id, nodes[finding.place_id], opens_us=min(start, finding.due_us),
                due_us=finding.due_us,
            )
        )  # fmt: skip
    for cohort in sorted(by_cohort):
        duties.enrol(cohort=cohort, members=by_cohort[cohort], by=by, now=now)


def put_right(*, finding: Finding, at: datetime, ref: str, by: str, now: datetime) -> None:
    """Met or late, judged by `at`; from now on its re-inspection is owed, within the time its severity gives."""
    _settle(finding, cohort_of(finding), _("Reported as put right."), at, ref, by, now)
    start = clock.to_us(now)
    due_us = rules.due_us(plan_at(now).section.term(finding.severity), start)
    node = counting_nodes([finding.place])[finding.place_id]
    member = NewMember(finding.subject_id, finding.place_id, node, opens_us=start, due_us=due_us)
    duties.enrol(cohort=RECHECK, members=[member], by=by, now=now)


def rechecked(*, finding: Finding, at: datetime, ref: str, by: str, now: datetime) -> None:
    """Its re-inspection is done, whatever it found."""
    _settle(finding, RECHECK, _("Re-inspected."), at, ref, by, now)


def drop(*, finding: Finding, reason: str, by: str, now: datetime) -> None:
    """Nothing is owed any more: what is open ends with the reason."""
    for cohort in (cohort_of(finding), RECHECK):
        duties.withdraw(cohort=cohort, subject_ids=[finding.subject_id], reason=reason[:200], by=by, now=now)


def inspected(*, place: Place, at: datetime, ref: str, by: str, now: datetime) -> None:
    """The place's own duty to be inspected."""
    cohort = INSPECTED[PlaceKind(place.kind)]
    duties.fulfil(cohort=cohort, items=[Done(place.id, at, ref)], by=by, now=now)


def _settle(finding: Finding, cohort: str, reason: str, at: datetime, ref: str, by: str, now: datetime) -> None:
    duties.fulfil(cohort=cohort, items=[Done(finding.subject_id, at, ref)], by=by, now=now)
    # out of the cohort, so that it can be owed anew; a duty that is fulfilled is not given back
    duties.withdraw(cohort=cohort, subject_ids=[finding.subject_id], reason=reason, by=by, now=now)
