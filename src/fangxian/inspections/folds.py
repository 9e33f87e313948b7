"""What the worker does for inspections: who owes them, who is sent, and passes that must follow."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.duties import actions as duties
from fangxian.duties.actions import NewMember
from fangxian.duties.models import Member
from fangxian.inspections.actions import assign, suspend
from fangxian.inspections.actions.owed import INSPECTED
from fangxian.inspections.models import Assignment, Finding, FindingStatus, Occasion
from fangxian.inspections.plan import TYPES, plan_at
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry.actions import ensure_place_subjects
from fangxian.shared import clock
from fangxian.shared.writer import in_chunks, write_lock

WORKER = "worker"


def fold(*, now: datetime) -> int:
    """Returns how much changed. There is no cursor to lose: each run compares, and mends the difference."""
    return enrol_places(now=now) + send_to_rechecks(now=now) + suspend.keep_up(now=now)


def plan_days(*, now: datetime) -> int:
    """Today and tomorrow, where places are without an inspector. Returns how many were given one."""
    day = clock.local_day(now)
    return sum(assign.plan_day(day=one, by=WORKER, now=now) for one in (day, day + timedelta(days=1)))


def enrol_places(*, now: datetime, by: str = WORKER) -> int:
    """Places that are inspected owe it; those that closed, or that the plan has no checklist for, do not any more."""
    section, changed = plan_at(now).section, 0
    for kind, cohort in INSPECTED.items():
        members = Member.objects.filter(cohort__key=cohort, cohort__instance="", until_us__isnull=True)
        today = clock.local_day(now)
        open_now = Q(closed_on__isnull=True) | Q(closed_on__gt=today)
        wanted = Place.objects.filter(open_now, kind=kind) if section.items_at(TYPES[kind]) else Place.objects.none()
        fresh = list(wanted.exclude(id__in=members.values("subject_id")).order_by("path"))
        gone = list(members.exclude(subject_id__in=wanted.values("id")).values_list("subject_id", flat=True))
        in_chunks(fresh, partial(_enrol, cohort=cohort, by=by, now=now))
        if gone:
            reason = _("The place was closed, or is not inspected any more.")
            duties.withdraw(cohort=cohort, subject_ids=gone, reason=reason, by=by, now=now)
        changed += len(fresh) + len(gone) + _move(members.select_related("place"), by, now)
    return changed


def _enrol(places: Sequence[Place], *, cohort: str, by: str, now: datetime) -> None:
    ensure_place_subjects(places=places, now=now)
    nodes = counting_nodes(places)
    members = [NewMember(place.id, place.id, nodes[place.id]) for place in places]
    duties.enrol(cohort=cohort, members=members, by=by, now=now)


def _move(members: QuerySet[Member], by: str, now: datetime) -> int:
    rows = list(members)
    nodes = counting_nodes([row.place for row in rows])
    moved = [row for row in rows if nodes[row.place_id] != row.node_id]
    for row in moved:
        duties.renode(subject_ids=[row.subject_id], place=row.place, by=by, now=now)
    return len(moved)


def send_to_rechecks(*, now: datetime) -> int:
    """Findings that wait for their re-inspection, and nobody is sent to their place today."""
    waiting = Finding.objects.filter(status=FindingStatus.MENDED).select_related("place", "inspection")
    day = clock.local_day(now)
    sent = set(
        Assignment.objects.filter(day=day, occasion=Occasion.RECHECK).values_list("place_id", flat=True)
    )  # fmt: skip
    places = set[UUID]()
    for row in waiting.order_by("due_us"):
        if row.place_id in sent | places:
            continue
        with write_lock():
            if assign.recheck(finding=row, now=now) is not None:
                places.add(row.place_id)
    return len(places)
