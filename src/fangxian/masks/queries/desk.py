"""Reading what a committee's desk has to see to: disputes, special households, visits that somebody promised."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from fangxian.duties.models import Duty
from fangxian.masks.counter import Warn
from fangxian.masks.models import (
    ACTIVE_CALLS,
    Call,
    CallStatus,
    Dispute,
    DisputeStatus,
    Registration,
    Round,
    SpecialUnit,
)
from fangxian.masks.queries.numbers import voucher_of
from fangxian.masks.queries.registrations import addresses_of
from fangxian.masks.queries.training import is_trained
from fangxian.masks.sources import home_source
from fangxian.places.models import Place


def warnings(by: str, now: datetime) -> tuple[str, ...]:
    """What somebody at a desk or a counter is told beside what they do; it stops nothing."""
    return () if is_trained(by, now) else (str(Warn.UNTRAINED),)


@dataclass(frozen=True, slots=True)
class DisputeLine:
    """A dispute with the number that it is about. Names are for whoever decides."""

    id: UUID
    registration_id: UUID
    voucher: str
    committee: str
    address: str
    holder: str
    claimant: str
    phone_mask: str
    statement: str
    status: str
    made_us: int
    decided_us: int | None
    reason: str
    due_us: int | None


def disputes(round: Round, committee: Place | None = None, *, closed_too: bool = False) -> list[DisputeLine]:
    """Open ones, the oldest first. Three queries."""
    where = Q(registration__round=round)
    where &= Q(registration__committee=committee) if committee is not None else Q()
    where &= Q() if closed_too else Q(status=DisputeStatus.OPEN)
    rows = list(
        Dispute.objects.filter(where)
        .select_related("registration__round", "registration__committee")
        .annotate(due_us=Subquery(Duty.objects.filter(id=OuterRef("duty_id")).values("due_us")))
        .order_by("made_us", "id")
    )
    names = voucher_of(row.registration for row in rows)
    places = addresses_of(row.registration.unit for row in rows)
    return [
        DisputeLine(
            row.id, row.registration_id, names[row.registration_id], row.registration.committee.name,
            places.get(row.registration.unit, ""), row.registration.applicant, row.claimant, row.phone_mask,
            row.statement, row.status, row.made_us, row.decided_us, row.reason, row.due_us,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpecialHome:
    """A special household in a round: how far it is. `visit`: the duty of whoever promised to come."""

    unit: Place
    group: str
    deliver: bool
    registration_id: UUID | None
    voucher: str
    called: bool
    told: bool
    collected: bool
    visit: Duty | None

    @property
    def done(self) -> bool:
        return self.collected


def special_homes(round: Round, committee: Place, *, visits: bool = True) -> list[SpecialHome]:
    """Every special household of a committee, those without a number first. Five queries, four without the visits."""
    homes = list(
        SpecialUnit.objects.filter(unit__path__startswith=committee.path, unit__closed_on__isnull=True)
        .select_related("unit__parent__parent")
        .order_by("unit__path")
    )
    rows = {
        row.unit: row
        for row in Registration.objects.filter(
            round=round, unit__in=[home.unit_id for home in homes], withdrawn_us__isnull=True
        ).select_related("round")
    }
    names = voucher_of(rows.values())
    calls: dict[UUID, list[Call]] = {}
    for call in Call.objects.filter(registration__in=list(rows.values()), status__in=ACTIVE_CALLS):
        calls.setdefault(call.registration_id, []).append(call)
    promised = _visits(row.id for row in rows.values()) if visits else {}
    found = [_home(home, rows.get(home.unit_id), names, calls, promised) for home in homes]
    return sorted(found, key=lambda one: (one.collected, one.registration_id is not None, one.unit.path))


def _visits(registration_ids: Iterable[UUID]) -> dict[str, Duty]:
    sources = [home_source(ident) for ident in registration_ids]
    rows = Duty.objects.filter(one_off__source__in=sources, ended_us__isnull=True).select_related("one_off")
    return {row.one_off.source: row for row in rows.order_by("id")}


def _home(
    home: SpecialUnit, row: Registration | None, names: dict[UUID, str], calls: dict[UUID, list[Call]],
    visits: dict[str, Duty],
) -> SpecialHome:  # fmt: skip
    mine = calls.get(row.id, []) if row is not None else []
    return SpecialHome(
        home.unit, home.group, home.deliver or bool(row and row.deliver), row.id if row else None,
        names[row.id] if row else "", bool(mine), bool(mine) and all(call.told_us is not None for call in mine),
        bool(mine) and all(call.status == CallStatus.COLLECTED for call in mine),
        visits.get(home_source(row.id)) if row else None,
    )  # fmt: skip
