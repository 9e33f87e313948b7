"""What the field saw and the register lacks: found, then identified or dismissed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry.models import Subject
from fangxian.screening.actions.errors import ScreeningError
from fangxian.screening.actions.rounds import COHORTS, enrol_members, missing_members
from fangxian.screening.actions.tasks import REGISTER_HOURS, give_once
from fangxian.screening.models import (
    DoorVisit,
    FindingKind,
    FindingStatus,
    Round,
    RoundKind,
    RoundStatus,
    UnregisteredFinding,
    VehicleSighting,
    VisitPerson,
)
from fangxian.shared import clock, text
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock

PERSON_TITLE: Final = gettext_lazy("Somebody who is not in the register was met here: register them")
VEHICLE_TITLE: Final = gettext_lazy("A vehicle that is not in the register stands here: register it")
UNKNOWN_VEHICLE_TITLE: Final = gettext_lazy("A vehicle that nobody knows stands here: find out whose it is")
DWELLING_TITLE: Final = gettext_lazy("A door that is not in the register was found here: register it")
KIND_OF: Final[dict[str, RoundKind]] = {
    FindingKind.PERSON: RoundKind.PEOPLE,
    FindingKind.DWELLING: RoundKind.DOORS,
    FindingKind.VEHICLE: RoundKind.VEHICLES,
}


def _find(*, row: UnregisteredFinding, title: Promise, role: str, hours: int, by: str, now: datetime) -> bool:
    """Store a finding with its duty, unless the same one is open. Returns whether it is new."""
    open_alike = UnregisteredFinding.objects.filter(
        kind=row.kind, place_id=row.place_id, label_key=row.label_key, status=FindingStatus.OPEN
    )
    if open_alike.exists():
        return False
    row.node_id = counting_nodes([row.place])[row.place.id]
    row.duty = give_once(
        title=title, place=row.place, role=role, hours=hours, source=f"finding:{row.id.hex}", by=by, now=now
    )
    row.save(force_insert=True)
    return True


def found_person(*, visit: DoorVisit, person: VisitPerson, by: str, now: datetime) -> bool:
    """Somebody met at a door whom the register does not have there."""
    row = UnregisteredFinding(
        id=new_id(), kind=FindingKind.PERSON, round=visit.round, place=visit.dwelling, label=person.name,
        label_key=text.name_key(person.name), visit=visit, observed_us=visit.observed_us, found_by=by,
    )  # fmt: skip
    return _find(row=row, title=PERSON_TITLE, role=Role.COMMITTEE_WORKER, hours=REGISTER_HOURS, by=by, now=now)


def found_vehicle(
    *, sighting: VehicleSighting, known_to_somebody: bool, role: str, hours: int, by: str, now: datetime
) -> bool:
    """A plate that the register does not have. Whom nobody knows is asked for by `role`, else it is only registered."""
    row = UnregisteredFinding(
        id=new_id(), kind=FindingKind.VEHICLE, round=sighting.round, place=sighting.place, label=sighting.plate,
        label_key=sighting.plate, sighting=sighting, observed_us=sighting.observed_us, found_by=by,
    )  # fmt: skip
    if known_to_somebody:
        return _find(row=row, title=VEHICLE_TITLE, role=Role.COMMITTEE_WORKER, hours=REGISTER_HOURS, by=by, now=now)
    return _find(row=row, title=UNKNOWN_VEHICLE_TITLE, role=role, hours=hours, by=by, now=now)


def report_dwelling(
    *, round: Round, place: Place, address: str, observed_at: datetime, by: str, now: datetime
) -> UnregisteredFinding | None:
    """A door that the register does not have, near `place`. None when it has been reported already."""
    if not address.strip():
        raise ScreeningError(_("Write down the address as it stands at the door."))
    row = UnregisteredFinding(
        id=new_id(), kind=FindingKind.DWELLING, round=round, place=place, label=address.strip()[:120],
        label_key=text.address_key(address)[:120], observed_us=clock.to_us(observed_at), found_by=by,
    )  # fmt: skip
    with write_lock():
        new = _find(row=row, title=DWELLING_TITLE, role=Role.COMMITTEE_WORKER, hours=REGISTER_HOURS, by=by, now=now)
        if new:
            audit.record(by=by, act="screening.dwelling.found", now=now, target=f"finding:{row.id}", place=place.id)
    return row if new else None


def identify(*, finding: UnregisteredFinding, subject: Subject, by: str, now: datetime) -> bool:
    """It is in the register now: end the finding, enrol the subject in its round, and let the record count for it."""
    with write_lock():
        changed = UnregisteredFinding.objects.filter(id=finding.id, status=FindingStatus.OPEN).update(
            status=FindingStatus.REGISTERED, subject=subject, ended_us=clock.to_us(now), ended_by=by
        )
        if not changed:
            return False
        if finding.duty is not None:
            duties.done(duty=finding.duty, by=by, now=now, ref=f"finding:{finding.id.hex}")
        if finding.round is not None and finding.round.status == RoundStatus.OPEN:
            _count_in(finding, finding.round, subject, by, now)
        audit.record(by=by, act="screening.finding.registered", now=now, target=f"finding:{finding.id}")
    return True


def _count_in(finding: UnregisteredFinding, round: Round, subject: Subject, by: str, now: datetime) -> None:
    kind = KIND_OF[finding.kind]
    if kind not in round.kinds:
        return
    # owed from when it was seen: the record that found it is the one that covers it
    members: Sequence[duties.NewMember] = [
        replace(member, opens_us=min(finding.observed_us, round.due_us))
        for member in missing_members(round, kind, now, subject_ids=[subject.id])
    ]
    if not members and kind == RoundKind.VEHICLES:
        # a visitor's vehicle is registered without parking here; it was seen here, and so it is counted here
        members = [
            duties.NewMember(
                subject.id, finding.place_id, finding.node_id, min(finding.observed_us, round.due_us), round.due_us
            )
        ]
    enrol_members(round=round, kind=kind, members=members, by=by, now=now)
    ref = f"visit:{finding.visit_id}" if finding.visit_id else f"sighting:{finding.sighting_id}"
    if finding.visit_id or finding.sighting_id:
        items = [duties.Done(subject.id, clock.from_us(finding.observed_us), ref)]
        duties.fulfil(cohort=COHORTS[kind], instance=round.instance, items=items, by=by, now=now)


def dismiss_finding(*, finding: UnregisteredFinding, reason: str, by: str, now: datetime) -> None:
    """It need not be registered, for a reason. Raises ScreeningError."""
    if not reason.strip():
        raise ScreeningError(_("Say why it need not be registered. The reason stays with the record."))
    with write_lock():
        changed = UnregisteredFinding.objects.filter(id=finding.id, status=FindingStatus.OPEN).update(
            status=FindingStatus.DISMISSED, reason=reason.strip()[:200], ended_us=clock.to_us(now), ended_by=by
        )
        if not changed:
            raise ScreeningError(_("This is settled already. Nothing was changed."))
        if finding.duty is not None:
            duties.done(duty=finding.duty, by=by, now=now, ref=f"finding:{finding.id.hex}")
        audit.record(by=by, act="screening.finding.dismissed", now=now, target=f"finding:{finding.id}")
