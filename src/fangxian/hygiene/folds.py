"""Following the tree: areas that appear, close, change their type or move to another grid.

There is no cursor to lose: each run compares the areas with the members of the cohorts and mends the difference.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from fangxian.duties import actions as duties
from fangxian.duties.models import Member
from fangxian.hygiene import actions
from fangxian.hygiene.plan import plan_at
from fangxian.hygiene.playbook import cohort_of
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.shared import clock


def fold_areas(*, now: datetime, by: str = "worker") -> int:
    """Enrol, withdraw and move whatever differs. Returns how many changed."""
    return _withdraw(by, now) + _enrol(by, now) + _move(by, now)


def _members() -> Q:
    return Q(cohort__key__startswith=cohort_of(""), cohort__instance="", until_us__isnull=True)


def _enrol(by: str, now: datetime) -> int:
    types = [kind.key for kind in plan_at(now).section.area_types]
    member = Member.objects.filter(
        _members(), subject_id=OuterRef("pk"), cohort__key=Concat(Value(cohort_of("")), OuterRef("area_type"))
    )
    open_now = Q(closed_on__isnull=True) | Q(closed_on__gt=clock.local_day(now))
    areas = Place.objects.filter(open_now, ~Exists(member), kind=PlaceKind.AREA, area_type__in=types).order_by("path")
    return actions.enrol_areas(places=list(areas), by=by, now=now).enrolled


def _withdraw(by: str, now: datetime) -> int:
    """Areas that closed, that have another type now, or whose type has left the plan."""
    types = [kind.key for kind in plan_at(now).section.area_types]
    rows = Member.objects.filter(_members())
    closed = list(rows.filter(place__closed_on__lte=clock.local_day(now)).values_list("subject_id", flat=True))
    moved_on = list(
        rows.exclude(cohort__key=Concat(Value(cohort_of("")), "place__area_type"), place__area_type__in=types)
        .exclude(subject__in=closed)
        .values_list("subject_id", flat=True)
    )
    return _take_out(closed, _("The area was closed."), by, now) + _take_out(
        moved_on, _("The area is disinfected under another rule now, or none."), by, now
    )


def _take_out(ids: Sequence[UUID], reason: str, by: str, now: datetime) -> int:
    return actions.withdraw_areas(area_ids=ids, reason=reason, by=by, now=now) if ids else 0


def _move(by: str, now: datetime) -> int:
    """Areas that another grid counts now."""
    members = list(Member.objects.filter(_members()).select_related("place"))
    nodes = counting_nodes([member.place for member in members])
    changed = [member for member in members if nodes[member.place_id] != member.node_id]
    for member in changed:
        duties.renode(subject_ids=[member.subject_id], place=member.place, by=by, now=now)
    return len(changed)
