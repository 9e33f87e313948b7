"""Passes that are not good while a finding is open.

A suspension is a row, and the passes are made to agree with the rows that stand: in chunks cut by time, each of which
locks its passes before it reads what stands. So it does not matter in which order findings are opened and closed, or
whether a process died between the row and the passes: whoever settles the place next finishes it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates.actions import passes
from fangxian.gates.actions.passes import Change
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.inspections import rules
from fangxian.inspections.models import Finding, SuspendedPass, Suspension
from fangxian.shared import clock
from fangxian.shared.language import street_language
from fangxian.shared.writer import in_chunks, write_lock

SUSPENDABLE: Final = tuple(kind for kind in PassKind if kind != PassKind.RESIDENT)
"""Nobody is kept out of their own home."""
WORKER: Final = "worker"


@dataclass(frozen=True, slots=True)
class Settled:
    suspended: int = 0
    restored: int = 0


@write_lock()
def apply(*, finding: Finding, by: str, now: datetime) -> Suspension | None:
    """The row for what `finding` suspends (`finding.suspends`); None where it suspends nothing. One that stands already
    is widened where the finding's zone has become all of the place. `settle` then makes the passes agree."""
    if not finding.suspends:
        return None
    zone = finding.zone if finding.suspends == "zone" else ""
    row = Suspension.objects.filter(finding=finding, until_us__isnull=True).first()
    if row is None:
        row = Suspension.objects.create(
            finding=finding, place_id=finding.place_id, zone=zone, since_us=clock.to_us(now), by=by
        )
    elif row.zone == (zone := rules.wider(row.zone, zone)):
        return row
    row.zone = zone
    row.save(update_fields=["zone"])
    audit.record(
        by=by, act="inspections.suspended", now=now, target=f"finding:{finding.id}", place=finding.place_id,
        detail={"zone": zone},
    )  # fmt: skip
    return row


@write_lock()
def lift(*, finding: Finding, by: str, now: datetime) -> bool:
    """End what `finding` suspends. `settle` then restores the passes that nothing else holds. False: nothing stood."""
    ended = Suspension.objects.filter(finding=finding, until_us__isnull=True).update(until_us=clock.to_us(now))
    if ended:
        audit.record(
            by=by, act="inspections.lifted", now=now, target=f"finding:{finding.id}", place=finding.place_id
        )  # fmt: skip
    return bool(ended)


def settle(*, place_id: UUID, by: str, now: datetime) -> Settled:
    """Make the passes of a place agree with the suspensions that stand. Returns how many changed.

    A pass that a suspension covers is suspended; one that a suspension made not good comes back when the last one
    that covers it has ended. One that somebody else suspended, or revoked meanwhile, stays as it is.
    """
    ids = set(_uncovered(place_id, now))
    ids |= set(
        SuspendedPass.objects.filter(suspension__place_id=place_id, ended=False).values_list("permit_id", flat=True)
    )
    changed = [0, 0]

    def write(part: Sequence[UUID]) -> None:
        suspended, restored = _settle(place_id, part, by, now)
        changed[0] += suspended
        changed[1] += restored

    in_chunks(sorted(ids), write)
    return Settled(*changed)


def keep_up(*, now: datetime, by: str = WORKER) -> int:
    """Passes issued or restored while a suspension stands, and what a process that died left behind."""
    behind = SuspendedPass.objects.filter(ended=False, suspension__until_us__isnull=False)
    places = set(behind.values_list("suspension__place_id", flat=True))
    for place_id in _standing().values_list("place_id", flat=True).distinct():
        if _uncovered(place_id, now).exists():
            places.add(place_id)
    done = [settle(place_id=place_id, by=by, now=now) for place_id in sorted(places)]
    return sum(one.suspended + one.restored for one in done)


def is_standing(place_id: UUID) -> bool:
    """Whether an open finding makes passes of this place not good."""
    return _standing(place_id).exists()


@write_lock()
def cover(*, place_id: UUID, permit_ids: Sequence[UUID], by: str, now: datetime) -> int:
    """Passes that have just come into force are not good where a suspension stands. For the transaction that brings
    them into force, so that none is good in between. Returns how many were suspended."""
    if not permit_ids or not is_standing(place_id):
        return 0
    return _settle(place_id, sorted(permit_ids), by, now)[0]


@write_lock()
def hand_over(*, permit_ids: Sequence[UUID], reason: str, by: str, now: datetime) -> set[UUID]:
    """Somebody else has a reason of their own that these passes are not good: the end of our suspensions does not
    bring them back then. For who suspends a pass that a finding suspends already. Returns those handed over."""
    held = SuspendedPass.objects.filter(permit_id__in=permit_ids, ended=False)
    ids = sorted(set(held.values_list("permit_id", flat=True)))
    held.update(ended=True)
    passes.change_many(ids=ids, what=Change.RESTORE, reason=reason, by=by, now=now, polite=False)
    return passes.change_many(ids=ids, what=Change.SUSPEND, reason=reason, by=by, now=now, polite=False)


def _standing(place_id: UUID | None = None) -> QuerySet[Suspension]:
    rows = Suspension.objects.filter(until_us__isnull=True)
    return rows if place_id is None else rows.filter(place_id=place_id)


def _uncovered(place_id: UUID, now: datetime) -> QuerySet[Pass, UUID]:
    """Passes in force that a standing suspension covers."""
    zones = set(_standing(place_id).values_list("zone", flat=True))
    rows = Pass.objects.filter(
        place_id=place_id, status=PassStatus.LIVE, kind__in=SUSPENDABLE, until_us__gt=clock.to_us(now)
    )
    where = Q() if "" in zones else Q(zone__in=sorted(zones))
    return (rows.filter(where) if zones else rows.none()).values_list("id", flat=True)


def _settle(place_id: UUID, ids: Sequence[UUID], by: str, now: datetime) -> tuple[int, int]:
    """One chunk, inside its transaction. The lock on the passes comes first: see above."""
    rows = list(
        Pass.objects.select_for_update()
        .filter(id__in=ids)
        .order_by("id")
        .values_list("id", "status", "zone", "kind", "until_us")
    )
    standing = list(_standing(place_id).select_related("finding").order_by("since_us", "id"))
    held: dict[UUID, set[UUID]] = defaultdict(set)
    for permit_id, suspension_id in SuspendedPass.objects.filter(
        permit_id__in=ids, ended=False, suspension__place_id=place_id
    ).values_list("permit_id", "suspension_id"):
        held[permit_id].add(suspension_id)
    suspend: dict[UUID, list[UUID]] = defaultdict(list)
    restore: list[UUID] = []
    wanted: dict[UUID, set[UUID]] = {}
    now_us = clock.to_us(now)
    for ident, status, zone, kind, until_us in rows:
        over = [one for one in standing if kind in SUSPENDABLE and one.zone in ("", zone)]
        if status == PassStatus.LIVE and over and until_us > now_us:
            suspend[over[0].finding_id].append(ident)
        elif status == PassStatus.SUSPENDED and held[ident]:
            if not over:
                restore.append(ident)
        else:
            over = []
        wanted[ident] = {one.id for one in over}
    findings = {one.finding_id: one.finding for one in standing}
    for finding_id, part in suspend.items():
        passes.change_many(
            ids=part, what=Change.SUSPEND, reason=_reason(findings[finding_id]), by=by, now=now, polite=False
        )
    passes.change_many(ids=restore, what=Change.RESTORE, reason=_end_reason(), by=by, now=now, polite=False)
    _keep(wanted, held)
    return sum(map(len, suspend.values())), len(restore)


def _keep(wanted: dict[UUID, set[UUID]], held: dict[UUID, set[UUID]]) -> None:
    """Who holds which pass from now on."""
    made = [
        SuspendedPass(suspension_id=one, permit_id=permit)
        for permit, all_of_it in wanted.items()
        for one in sorted(all_of_it - held[permit])
    ]
    SuspendedPass.objects.bulk_create(
        made, batch_size=500, update_conflicts=True, unique_fields=["suspension", "permit_id"], update_fields=["ended"]
    )
    gone: dict[UUID, list[UUID]] = defaultdict(list)
    for permit, before in held.items():
        for one in before - wanted.get(permit, set()):
            gone[one].append(permit)
    for suspension_id, permits in gone.items():
        SuspendedPass.objects.filter(suspension_id=suspension_id, permit_id__in=permits).update(ended=True)


def _reason(finding: Finding) -> str:
    with street_language():
        what = " ".join(part for part in (finding.item, finding.title, finding.spot) if part)
        return _("Not good until this is put right: %(what)s") % {"what": what}


def _end_reason() -> str:
    return _("What was found has been put right.")
