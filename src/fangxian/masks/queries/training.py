"""Who has not signed off the training of a round: staff of its pharmacies and of its committees."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Role
from fangxian.masks.models import Outlet, Round
from fangxian.masks.plan import plan_at
from fangxian.masks.queries.rounds import committees_of
from fangxian.rota.queries import trained_of

COMMITTEE_ROLES = (Role.COMMITTEE_SECRETARY, Role.COMMITTEE_WORKER)


@dataclass(frozen=True, slots=True)
class Untrained:
    """Somebody who works in the round and has not signed."""

    staff_id: UUID
    name: str
    role: str
    place_id: UUID
    place_name: str


def untrained(round: Round, now: datetime) -> list[Untrained]:
    """Staff of the round's pharmacies and committees who have not signed the topic of the plan, by place and name."""
    pharmacies = Outlet.objects.filter(round=round, dropped_us__isnull=True).values_list("pharmacy_id", flat=True)
    committees = [place.id for place in committees_of(round)]
    where = Q(role=Role.PHARMACY, place__in=list(pharmacies)) | Q(role__in=COMMITTEE_ROLES, place__in=committees)
    live = Q(until__isnull=True) | Q(until__gt=now)
    grants = list(
        RoleGrant.objects.filter(where, live, since__lte=now, staff__is_active=True)
        .select_related("staff", "place")
        .order_by("place__path", "staff__name", "id")
    )
    signed = trained_of([grant.staff_id for grant in grants], plan_at(now).section.training)
    return [
        Untrained(grant.staff_id, grant.staff.name, grant.role, grant.place.id, grant.place.name)
        for grant in grants
        if grant.staff_id not in signed and grant.place is not None
    ]


def is_trained(by: str, now: datetime) -> bool:
    """Whether this member of staff has signed; a process, or a resident, has nothing to sign."""
    try:
        staff_id = UUID(by)
    except ValueError:
        return True
    return staff_id in trained_of([staff_id], plan_at(now).section.training)
