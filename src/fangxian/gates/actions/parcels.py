"""Deliveries at the hand-over point: left, handed over, and settled by somebody when they lay too long.

A tablet without the network records what was done and sends it later, under ids of its own: what is sent again is
known, and a fact is stored as it was.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty
from fangxian.gates.actions import contradictions
from fangxian.gates.models import Compared, Parcel
from fangxian.gates.plan import plan_at
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.writer import write_lock

RECEIVERS: Final = frozenset({SubjectKind.HOUSEHOLD, SubjectKind.ENTERPRISE})
DOORS: Final = frozenset({PlaceKind.DWELLING, PlaceKind.UNIT})
MOST_AT_ONCE: Final = 50
"""Each becomes a duty of its own, and the writer is held for one batch."""


class ParcelError(Exception):
    """Nothing was changed; the message says why and what to do."""


@dataclass(frozen=True)
class NewParcel:
    """For a household or company of the register, or for a door alone."""

    id: UUID
    shelf: str
    door: Place | None = None
    household: Subject | None = None
    company: str = ""
    code: str = ""


@write_lock()
def leave(*, parcel: NewParcel, gate: Place, by: str, now: datetime, at: datetime | None = None) -> Parcel:
    """A delivery is put on a shelf. It may lie there for the plan's shelf time. The same id twice is one parcel."""
    known = Parcel.objects.filter(id=parcel.id, gate=gate).first()
    if known is not None:
        return known
    household = _receiver(parcel, gate)
    if not parcel.shelf.strip():
        raise ParcelError(_("Enter the shelf on which the parcel lies. Nothing was recorded."))
    left_us = clock.to_us(min(at or now, now))
    row = Parcel.objects.create(
        id=parcel.id, gate=gate, household=household, door=parcel.door, shelf=parcel.shelf.strip()[:20],
        company=parcel.company.strip()[:40], code=parcel.code.strip()[:16], left_us=left_us, by=by,
        until_us=left_us + max(plan_at(now).section.shelf_minutes, 1) * MINUTE_US,
    )  # fmt: skip
    audit.record(by=by, act="gates.parcel.left", now=now, target=f"parcel:{row.id}", place=gate.id)
    return row


def _receiver(parcel: NewParcel, gate: Place) -> Subject | None:
    """Whose the parcel is; None where no household is registered behind its door."""
    if parcel.household is not None:
        if parcel.household.kind not in RECEIVERS or parcel.household.merged_into_id is not None:
            raise ParcelError(_("A parcel is for a household or a company of the register. Nothing was recorded."))
        return parcel.household
    door = parcel.door
    within = gate.parent.path if gate.parent is not None else gate.path
    if door is None or door.kind not in DOORS or not door.path.startswith(within):
        raise ParcelError(_("This door is not behind this gate. Nothing was recorded; choose the door again."))
    homes = Household.objects.filter(dwelling=door, ended_on=None, subject__merged_into=None)
    home = homes.select_related("subject").first()
    return None if home is None else home.subject


@write_lock()
def hand_over(
    *, parcel: Parcel, compared: Compared, by: str, now: datetime, to: str = "", at: datetime | None = None
) -> bool:
    """The parcel was taken, after its code or the name was compared. `to` empty: by somebody of that door.

    Said twice, the first time stands; returns whether this was the first. Ends the duty that it lay too long.
    """
    taken = min(max(at or now, clock.from_us(parcel.left_us)), now)
    waiting = Parcel.objects.filter(id=parcel.id, taken_us__isnull=True)
    if not waiting.update(
        taken_us=clock.to_us(taken), compared=compared, taken_by=to.strip()[:80], handed_by=by
    ):  # fmt: skip
        return False
    audit.record(by=by, act="gates.parcel.taken", now=now, target=f"parcel:{parcel.id}", place=parcel.gate_id,
                 detail={"compared": compared})  # fmt: skip
    duty_id = Parcel.objects.values_list("duty_id", flat=True).get(id=parcel.id)
    duty = None if duty_id is None else Duty.objects.filter(id=duty_id, ended_us__isnull=True).first()
    if duty is not None:
        duties.done(duty=duty, by=by, now=now, observed_at=taken, ref=f"parcel:{parcel.id.hex}")
    return True


@write_lock()
def settle_overdue(*, now: datetime, by: str = "worker") -> int:
    """Each parcel whose shelf time has passed becomes somebody's duty, once. Returns how many; call again until 0."""
    waiting = Parcel.objects.filter(taken_us__isnull=True, duty_id__isnull=True, until_us__lte=clock.to_us(now))
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True, of=("self",))
    rows = list(waiting.select_related("gate__parent").order_by("until_us")[:MOST_AT_ONCE])
    if not rows:
        return 0
    section = plan_at(now).section
    for row in rows:
        duty = contradictions.ask_for_parcel(
            parcel=row, role=section.parcel_role, hours=section.parcel_hours, by=by, now=now
        )
        Parcel.objects.filter(id=row.id).update(duty_id=duty)
    return len(rows)
