"""Taking in what phones recorded without the network. Each record is answered by itself; none is lost or kept twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import Field, TypeAdapter, ValidationError

from fangxian.accounts.access import Reach
from fangxian.accounts.roles import Capability
from fangxian.console.sealed import Batch, Data, Micros, SealedItem
from fangxian.console.view import Who
from fangxian.duties import actions as duties
from fangxian.duties import gap_queries
from fangxian.duties.models import Duty
from fangxian.hygiene import actions as hygiene
from fangxian.hygiene.models import Channel
from fangxian.hygiene.models import Mark as AreaMark
from fangxian.places.models import Place
from fangxian.screening import queries, rules
from fangxian.screening.actions import (
    PersonAnswer,
    Recorded,
    Sighting,
    Status,
    Visit,
    record_sightings,
    record_visits,
)
from fangxian.screening.models import DayPack, Mark
from fangxian.shared import clock
from fangxian.shared.sealing import UnsealError

Short = Annotated[str, Field(max_length=200)]


class _Record(Data):
    """`at_us`: the phone's clock at the record; `offset_us`: server minus phone when the pack was taken."""

    at_us: Micros
    offset_us: int


class PersonRecord(Data):
    subject: UUID | None = None
    name: Annotated[str, Field(max_length=80)] = ""
    presence: Annotated[str, Field(max_length=10)]
    travel: Annotated[str, Field(max_length=10)] = ""
    regions: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=20)] = ()


class DoorRecord(_Record):
    kind: Literal["door"]
    round: UUID
    door: UUID
    disposition: Annotated[str, Field(max_length=12)]
    people: Annotated[tuple[PersonRecord, ...], Field(max_length=60)] = ()
    next_us: Micros | None = None
    note: Short = ""


class VehicleRecord(_Record):
    kind: Literal["vehicle"]
    round: UUID
    plate: Annotated[str, Field(min_length=1, max_length=14)]
    place: UUID
    disposition: Annotated[str, Field(max_length=10)]
    host: UUID | None = None
    travel: Annotated[str, Field(max_length=10)] = ""
    regions: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=20)] = ()


class AreaRecord(_Record):
    kind: Literal["area"]
    area: UUID
    agent: Annotated[str, Field(max_length=64)]
    mg_per_l: int | None = None
    working_ml: int


class DutyRecord(_Record):
    kind: Literal["duty"]
    duty: UUID


AnyRecord = Annotated[DoorRecord | VehicleRecord | AreaRecord | DutyRecord, Field(discriminator="kind")]
_RECORD: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)


@dataclass(frozen=True)
class Answer:
    """What became of one record. `status`: stored, known or refused; a phone keeps what was refused."""

    id: UUID
    status: str
    marks: tuple[str, ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"id": str(self.id), "status": self.status, "marks": list(self.marks), "reason": self.reason}


@dataclass(frozen=True)
class _Opened:
    item: SealedItem
    pack: DayPack
    record: AnyRecord
    when: rules.Observed


def take_in(batch: Batch, who: Who) -> list[Answer]:
    """Store a batch for the signed-in person. One answer an item, in their order."""
    answers: dict[UUID, Answer] = {}
    opened = _open_all(batch, who, answers)
    for kind, store in _STORES.items():
        part = [entry for entry in opened if isinstance(entry.record, kind)]
        if part:
            answers.update({answer.id: answer for answer in store(part, who)})
    return [answers[item.id] for item in batch.items]


def _open_all(batch: Batch, who: Who, answers: dict[UUID, Answer]) -> list[_Opened]:
    packs = {pack.id: pack for pack in DayPack.objects.filter(id__in={item.pack for item in batch.items})}
    received = clock.to_us(who.now)
    found: dict[UUID, _Opened] = {}
    for item in batch.items:
        pack = packs.get(item.pack)
        if pack is None or pack.staff != who.staff.id:
            reason = _(
                "This was recorded by somebody else. It is kept on the phone; sign in as that person to send it."
            )
            answers[item.id] = Answer(item.id, Status.REFUSED, reason=reason)
            continue
        try:
            record = _read(item)
        except (UnsealError, ValidationError):
            reason = _("This record cannot be opened here. It is kept on the phone; show it to the administrator.")
            answers[item.id] = Answer(item.id, Status.REFUSED, reason=reason)
            continue
        when = rules.believed_time(
            record.at_us, issued_us=pack.issued_us, received_us=received, offset_then_us=record.offset_us,
            offset_now_us=received - batch.device_us,
        )  # fmt: skip
        found.setdefault(item.id, _Opened(item, pack, record, when))
    return list(found.values())


def _read(item: SealedItem) -> AnyRecord:
    return _RECORD.validate_json(item.open())


def _reach_of(entry: _Opened, held: Reach) -> Reach:
    """What the person reaches now, and the grids of the pack: a role may have ended while they stood at the door."""
    return Reach(held.paths, held.grids | {UUID(node) for node in entry.pack.nodes}, held.subjects)


def _split(
    entries: Sequence[_Opened], place_of: Callable[[Any], UUID], held: Reach
) -> tuple[list[_Opened], list[Answer]]:
    """Entries whose place lies within reach, and the refusals of the others."""
    ids = {place_of(entry.record) for entry in entries}
    places = {place.id: place for place in Place.objects.filter(id__in=ids)}
    inside, outside = [], []
    for entry in entries:
        place = places.get(place_of(entry.record))
        if place is not None and queries.may_see_place(_reach_of(entry, held), place):
            inside.append(entry)
        else:
            reason = _("This place is not among yours. The record is kept on the phone; show it to your committee.")
            outside.append(Answer(entry.item.id, Status.REFUSED, reason=reason))
    return inside, outside


def _told(recorded: Sequence[Recorded]) -> list[Answer]:
    return [
        Answer(
            row.id, row.status, tuple(str(Mark(mark).label) for mark in row.marks if mark in Mark.values), row.reason
        )
        for row in recorded
    ]


def _store_doors(entries: Sequence[_Opened], who: Who) -> list[Answer]:
    inside, answers = _split(entries, lambda record: UUID(str(record.door)), who.held)
    items = [_visit(entry) for entry in inside]
    return answers + _told(record_visits(items=items, by=who.staff.actor, now=who.now))


def _visit(entry: _Opened) -> Visit:
    record = entry.record
    assert isinstance(record, DoorRecord)
    people = tuple(PersonAnswer(row.presence, row.subject, row.name, row.travel, row.regions) for row in record.people)
    shift = entry.when.observed_us - record.at_us
    return Visit(
        id=entry.item.id, round_id=record.round, dwelling_id=record.door, disposition=record.disposition,
        observed_at=clock.from_us(entry.when.observed_us), people=people, note=record.note, offline=True,
        next_try_at=clock.from_us(record.next_us + shift) if record.next_us is not None else None,
        known_since=clock.from_us(entry.pack.issued_us), marks=entry.when.marks,
        device_at=clock.from_us(entry.when.device_us) if entry.when.device_us is not None else None,
    )  # fmt: skip


def _store_vehicles(entries: Sequence[_Opened], who: Who) -> list[Answer]:
    inside, answers = _split(entries, lambda record: UUID(str(record.place)), who.held)
    items = [_sighting(entry) for entry in inside]
    return answers + _told(record_sightings(items=items, by=who.staff.actor, now=who.now))


def _sighting(entry: _Opened) -> Sighting:
    record = entry.record
    assert isinstance(record, VehicleRecord)
    return Sighting(
        id=entry.item.id, round_id=record.round, plate=record.plate, place_id=record.place,
        disposition=record.disposition, observed_at=clock.from_us(entry.when.observed_us), host_id=record.host,
        travel=record.travel, regions=record.regions, offline=True, known_since=clock.from_us(entry.pack.issued_us),
        marks=entry.when.marks,
        device_at=clock.from_us(entry.when.device_us) if entry.when.device_us is not None else None,
    )  # fmt: skip


def _store_areas(entries: Sequence[_Opened], who: Who) -> list[Answer]:
    inside, answers = _split(entries, lambda record: UUID(str(record.area)), who.reach(Capability.DISINFECT))
    logged = hygiene.log_many(items=[_log_entry(entry) for entry in inside], by=who.staff.actor, now=who.now)
    states = {hygiene.Taken.STORED: Status.STORED, hygiene.Taken.AGAIN: Status.KNOWN}
    clocks = {entry.item.id: tuple(str(Mark(mark).label) for mark in entry.when.marks) for entry in inside}
    return answers + [
        Answer(
            row.id, states.get(row.taken, Status.REFUSED),
            (*clocks[row.id], *(str(AreaMark(mark).label) for mark in row.marks)), row.reason,
        )
        for row in logged
    ]  # fmt: skip


def _log_entry(entry: _Opened) -> hygiene.LogEntry:
    record = entry.record
    assert isinstance(record, AreaRecord)
    return hygiene.LogEntry(
        id=entry.item.id, area_id=record.area, agent=record.agent, mg_per_l=record.mg_per_l,
        working_ml=record.working_ml, observed_at=clock.from_us(entry.when.observed_us), offline=True,
        channel=Channel.PACK,
    )  # fmt: skip


def _store_duties(entries: Sequence[_Opened], who: Who) -> list[Answer]:
    ids = [entry.record.duty for entry in entries if isinstance(entry.record, DutyRecord)]
    within = gap_queries.within_reach(who.reach(Capability.GAPS), place="place")
    mine = {duty.id: duty for duty in Duty.objects.filter(within, id__in=ids, one_off__isnull=False)}
    mine |= {duty.id: duty for duty in Duty.objects.filter(id__in=ids, one_off__staff=who.staff.id)}
    answers = []
    for entry in entries:
        assert isinstance(entry.record, DutyRecord)
        duty = mine.get(entry.record.duty)
        if duty is None:
            reason = _("This duty is not among yours. The record is kept on the phone; show it to your committee.")
            answers.append(Answer(entry.item.id, Status.REFUSED, reason=reason))
            continue
        at = clock.from_us(entry.when.observed_us)
        try:
            duties.done(duty=duty, by=who.staff.actor, now=who.now, observed_at=at, ref=f"field:{entry.item.id.hex}")
        except duties.DutyError:
            # ended meanwhile: nothing is owed, and the phone may forget it
            marks = (str(_("nobody owes this any more")),)
            answers.append(Answer(entry.item.id, Status.STORED, marks))
        else:
            answers.append(Answer(entry.item.id, Status.STORED))
    return answers


_STORES: Final[dict[type[_Record], Callable[[Sequence[_Opened], Who], list[Answer]]]] = {
    DoorRecord: _store_doors,
    VehicleRecord: _store_vehicles,
    AreaRecord: _store_areas,
    DutyRecord: _store_duties,
}
