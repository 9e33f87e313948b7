"""Recording vehicles that were seen parked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry.identifiers import Plate, read_plate
from fangxian.registry.models import Vehicle
from fangxian.screening import rules
from fangxian.screening.actions import findings
from fangxian.screening.actions.batches import record_in_batches
from fangxian.screening.actions.items import Recorded, Sighting, Status
from fangxian.screening.actions.rounds import COHORTS, enrol_members, missing_members
from fangxian.screening.actions.tasks import TRAVEL_HOURS, figures, give_once, section_at
from fangxian.screening.models import (
    Mark,
    Round,
    RoundKind,
    RoundStatus,
    Travel,
    VehicleDisposition,
    VehicleSighting,
)
from fangxian.shared import clock, crypto, text
from fangxian.shared.writer import Pace

TRAVEL_TITLE = gettext_lazy("A vehicle came from a key region: ask who came in it")
TRAVEL_ROLES: Final = (Role.HEALTH_STAFF, Role.COMMITTEE_SECRETARY)


def record_sighting(*, item: Sighting, by: str, now: datetime) -> Recorded:
    return record_sightings(items=[item], by=by, now=now)[0]


def record_sightings(
    *, items: Sequence[Sighting], by: str, now: datetime, pace: Pace | None = None, polite: bool = True
) -> list[Recorded]:
    """Store sightings and let them count. Returns one answer an item, in their order. Idempotent by id.

    A registered vehicle is covered by being seen; one that the register lacks becomes a finding with a duty.
    """
    return record_in_batches(
        items, read=_Known, record=lambda part, known: _Batch(part, by, now, known).record(), now=now, pace=pace,
        polite=polite,
    )  # fmt: skip


def normal_plate(raw: str) -> str:
    """A plate as the register writes it; what has no known form is kept as it was read."""
    found = read_plate(raw)
    return found.value if isinstance(found, Plate) else text.squeeze(raw).upper()[:12]


class _Known:
    """What the plan, the rounds and the register say about these vehicles. Read before the writer's lock is taken."""

    def __init__(self, items: Sequence[Sighting], now: datetime) -> None:
        self.section = section_at(now)
        self.figures = figures(self.section)
        rounds = Round.objects.filter(id__in={item.round_id for item in items}).select_related("place")
        self.rounds = {row.id: row for row in rounds}
        place_ids = {item.place_id for item in items} | {item.host_id for item in items if item.host_id}
        self.places = {row.id: row for row in Place.objects.filter(id__in=place_ids)}
        self.plates = {item.id: normal_plate(item.plate) for item in items}
        rows = Vehicle.objects.filter(plate__in=set(self.plates.values())).select_related("subject")
        self.vehicles = {row.plate: row.subject.merged_into_id or row.subject_id for row in rows}


@dataclass
class _Batch:
    """One transaction's sightings. What decides about a record that came twice or meanwhile is read inside it."""

    items: Sequence[Sighting]
    by: str
    now: datetime
    known: _Known

    def __post_init__(self) -> None:
        known = self.known
        self.section, self.figures, self.rounds = known.section, known.figures, known.rounds
        self.places, self.vehicles = known.places, known.vehicles
        self.plates = {item.id: known.plates[item.id] for item in self.items}
        self.earlier: dict[tuple[UUID, str], list[tuple[str, int]]] = defaultdict(list)
        for seen in VehicleSighting.objects.filter(
            round_id__in=self.rounds, plate__in=set(self.plates.values())
        ).values_list("round_id", "plate", "by", "received_us"):  # fmt: skip
            self.earlier[seen[:2]].append(seen[2:])
        self.made: list[tuple[Sighting, VehicleSighting]] = []

    def record(self) -> dict[UUID, Recorded]:
        known = {
            row.id: tuple(row.marks) for row in VehicleSighting.objects.filter(id__in=[item.id for item in self.items])
        }
        answers: dict[UUID, Recorded] = {}
        for item in self.items:
            if item.id in known:
                answers[item.id] = Recorded(item.id, Status.KNOWN, known[item.id])
                continue
            reason = self._refusal(item)
            if reason:
                answers[item.id] = Recorded(item.id, Status.REFUSED, (), reason)
                continue
            row = self._take(item)
            known[item.id] = tuple(row.marks)
            answers[item.id] = Recorded(item.id, Status.STORED, tuple(row.marks))
        VehicleSighting.objects.bulk_create([row for _item, row in self.made])
        self._count()
        self._follow()
        if self.made:
            audit.record(by=self.by, act="screening.sightings.recorded", now=self.now, detail={"count": len(self.made)})
        return answers

    def _refusal(self, item: Sighting) -> str:
        if item.round_id not in self.rounds:
            return _("There is no such round. The record was not stored; show it to your committee.")
        if item.place_id not in self.places:
            return _("There is no such place. The record was not stored; choose where the vehicle stands.")
        if item.host_id is not None and item.host_id not in self.places:
            return _("There is no such door for the host. The record was not stored; choose the host again.")
        if not self.plates[item.id]:
            return _("Enter the plate. The record was not stored.")
        if item.disposition not in VehicleDisposition.values or item.travel not in Travel.values:
            return _("Choose whose vehicle it is. The record was not stored.")
        if item.disposition == VehicleDisposition.KEY_REGION and not (item.travel or item.regions):
            return _("Ask where the vehicle comes from. The record was not stored.")
        return ""

    def _take(self, item: Sighting) -> VehicleSighting:
        round, plate = self.rounds[item.round_id], self.plates[item.id]
        before = self.earlier[(round.id, plate)]
        observed, received = clock.to_us(item.observed_at), clock.to_us(self.now)
        since = clock.to_us(item.known_since) if item.known_since else None
        marks = list(item.marks)
        if rules.someone_else_meanwhile(before, by=self.by, known_since_us=since):
            marks.append(Mark.VISITED_MEANWHILE.value)
        if round.closed_us is not None and observed > round.closed_us:
            marks.append(Mark.ROUND_CLOSED.value)
        row = VehicleSighting(
            id=item.id, round=round, plate=plate, vehicle_id=self.vehicles.get(plate),
            place=self.places[item.place_id], disposition=item.disposition, host_id=item.host_id, travel=item.travel,
            regions=sorted(set(item.regions)), note=item.note.strip()[:200], observed_us=observed,
            received_us=received, device_us=clock.to_us(item.device_at) if item.device_at else None, by=self.by,
            offline=item.offline, marks=marks,
        )  # fmt: skip
        before.append((self.by, received))
        self.made.append((item, row))
        return row

    def _count(self) -> None:
        seen: dict[UUID, dict[UUID, tuple[Sighting, VehicleSighting]]] = defaultdict(dict)
        for item, row in self.made:
            if row.vehicle_id is not None and RoundKind.VEHICLES in row.round.kinds:
                seen[row.round_id][row.vehicle_id] = (item, row)
        for round_id, rows in sorted(seen.items()):
            round = self.rounds[round_id]
            if round.status == RoundStatus.OPEN:
                self._enrol(round, rows)
            items = [
                duties.Done(subject_id, item.observed_at, f"sighting:{row.id}")
                for subject_id, (item, row) in rows.items()
            ]
            duties.fulfil(
                cohort=COHORTS[RoundKind.VEHICLES], instance=round.instance, items=items, by=self.by, now=self.now
            )

    def _enrol(self, round: Round, rows: dict[UUID, tuple[Sighting, VehicleSighting]]) -> None:
        """A registered vehicle that parks elsewhere but stands here is counted here."""
        by_register = {
            member.subject_id: member
            for member in missing_members(round, RoundKind.VEHICLES, self.now, subject_ids=list(rows))
        }
        places = {row.place.id: row.place for _item, row in rows.values()}
        nodes = counting_nodes(places.values())
        members = [
            by_register.get(subject_id)
            or duties.NewMember(
                subject_id, row.place.id, nodes[row.place.id], min(row.observed_us, round.due_us), round.due_us
            )
            for subject_id, (_item, row) in rows.items()
        ]
        enrol_members(round=round, kind=RoundKind.VEHICLES, members=members, by=self.by, now=self.now)

    def _follow(self) -> None:
        for _item, row in self.made:
            if row.vehicle_id is None:
                findings.found_vehicle(
                    sighting=row, known_to_somebody=row.disposition != VehicleDisposition.UNKNOWN, by=self.by,
                    role=self.figures.unknown_vehicle_role, hours=self.figures.unknown_vehicle_hours, now=self.now,
                )  # fmt: skip
            if row.disposition == VehicleDisposition.KEY_REGION or rules.was_in_key_region(row.travel, row.regions):
                for role in TRAVEL_ROLES:
                    give_once(
                        title=TRAVEL_TITLE, place=row.place, role=role, hours=TRAVEL_HOURS, by=self.by, now=self.now,
                        about=row.vehicle_id, source=f"travel:{row.round_id.hex}:{_pseudonym(row.plate)}",
                    )  # fmt: skip


def _pseudonym(plate: str) -> str:
    """Names a vehicle in a duty's source without its plate."""
    return crypto.blind(plate, "travel").hex()
