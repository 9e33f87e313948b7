"""Vehicles: one plate is one vehicle; its owner is matched among the persons, its place among the compounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from fangxian.places.models import PlaceKind
from fangxian.registry.identity import new_phone, phone_lookups
from fangxian.registry.imports.kinds.vehicles import VehicleRow
from fangxian.registry.imports.rows import Checked
from fangxian.registry.imports.taking.doors import block_of
from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.people import Known, Link, People, Sought
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.matching import Verdict
from fangxian.registry.models import (
    Attachment,
    ChangeKind,
    Person,
    Phone,
    Relation,
    Subject,
    SubjectKind,
    Vehicle,
)
from fangxian.registry.refusals import Refusal
from fangxian.shared.ids import new_id


@dataclass
class _Car:
    vehicle: Vehicle
    links: set[Link] = field(default_factory=set)
    phones: set[bytes] = field(default_factory=set)


def prepare(rows: Sequence[Checked], run: Run) -> list[Pending]:
    """One Pending a row, in order. Reads the register, writes nothing."""
    records = [one.record for one in rows if isinstance(one.record, VehicleRow)]
    cars = _known([record.plate.value for record in records])
    people = People([_owner(record, frozenset()) for record in records if record.owner])
    return [_take(one, run, cars, people) for one in rows]


def _known(plates: Sequence[str]) -> dict[str, _Car]:
    cars = {one.plate: _Car(one) for one in Vehicle.objects.filter(plate__in=plates)}
    by_id = {car.vehicle.subject_id: car for car in cars.values()}
    for row in Attachment.objects.filter(subject_id__in=by_id, until__isnull=True):
        by_id[row.subject_id].links.add((row.relation, row.place_id, row.other_id))
    for row in Attachment.objects.filter(other_id__in=by_id, relation=Relation.OWNS, until__isnull=True):
        by_id[row.other_id].links.add((row.relation, None, row.subject_id)) if row.other_id else None
    for subject_id, key in Phone.objects.filter(subject_id__in=by_id).values_list("subject_id", "index"):
        by_id[subject_id].phones.add(bytes(key))
    return cars


def _owner(row: VehicleRow, doors: frozenset[UUID]) -> Sought:
    return Sought(row.owner, row.owner_key, None, "", (), tuple(phone.value for phone in row.phones), doors)


def _take(one: Checked, run: Run, cars: dict[str, _Car], people: People) -> Pending:
    row = one.record
    if not isinstance(row, VehicleRow):
        raise TypeError("a list of vehicles holds vehicles")
    pending = Pending()
    place = _place(row, run, pending)
    if isinstance(place, Refusal):
        run.where.forget(pending.places)
        field_name = next((key for key in ("compound", "address", "office", "plate") if key in one.columns), "plate")
        return Pending.refuse({field_name: place})
    car = cars.get(row.plate.value)
    created = car is None
    if car is None:
        subject = Subject(
            id=new_id(), kind=SubjectKind.VEHICLE, label=row.plate.value, created_us=run.now_us
        )  # fmt: skip
        car = _Car(Vehicle(subject_id=subject.id, plate=row.plate.value, plate_class=row.plate.kind,
                           description=row.description))  # fmt: skip
        cars[row.plate.value] = car
        pending.rows += [subject, car.vehicle]
        pending.touch(subject.id, ChangeKind.ADDED)
    elif row.description and row.description != car.vehicle.description:
        car.vehicle.description = row.description
        pending.updates.append((car.vehicle, ("description",)))
        pending.touch(car.vehicle.subject_id, ChangeKind.CHANGED)
    _link(car, pending, run, Relation.PARKS, place, row.space)
    _own(row, car, pending, run, people)
    pending.settle(created)
    return pending


def _place(row: VehicleRow, run: Run, pending: Pending) -> UUID | Refusal:
    """Where it is parked: the building or compound that the row names, else the list's own one."""
    where = run.where
    if row.office or (not row.home.says_anything and where.root.kind in (PlaceKind.BUILDING, PlaceKind.FLOOR)):
        site = where.office_of(row.office)
        return site if isinstance(site, Refusal) else site.spot.id
    spot = block_of(where, row.home, pending)
    return spot if isinstance(spot, Refusal) else spot.id


def _own(row: VehicleRow, car: _Car, pending: Pending, run: Run, people: People) -> None:
    """The owner where a person in the register fits; a new person where name and telephone are given."""
    if row.owner:
        found = people.best(_owner(row, frozenset()))
        held = found[0] if found and found[1].verdict is Verdict.SAME else None
        if held is None and row.phones:
            held = _new_owner(row, pending, run)
            people.add(held)
        if held is not None:
            _link_owner(car, held.id, pending, run)
            return
    for phone in row.phones:
        keys = phone_lookups(phone.value)
        if car.phones.isdisjoint(keys):
            pending.rows.append(new_phone(car.vehicle.subject_id, phone.value, keys[0]))
            car.phones.add(keys[0])
            pending.touch(car.vehicle.subject_id, ChangeKind.CHANGED)


def _new_owner(row: VehicleRow, pending: Pending, run: Run) -> Known:
    subject = Subject(id=new_id(), kind=SubjectKind.PERSON, label=row.owner, created_us=run.now_us)
    held = Known(Person(subject_id=subject.id, name=row.owner, name_key=row.owner_key))
    pending.rows += [subject, held.person]
    for phone in row.phones:
        index = phone_lookups(phone.value)[0]
        pending.rows.append(new_phone(subject.id, phone.value, index))
        held.phones.add(index)
    pending.touch(subject.id, ChangeKind.ADDED)
    return held


def _link_owner(car: _Car, owner: UUID, pending: Pending, run: Run) -> None:
    key = (Relation.OWNS.value, None, owner)
    if key in car.links:
        return
    car.links.add(key)
    pending.rows.append(
        Attachment(
            id=new_id(), subject_id=owner, relation=Relation.OWNS, other_id=car.vehicle.subject_id, since=run.today,
            source=run.source,
        )
    )  # fmt: skip
    pending.touch(car.vehicle.subject_id, ChangeKind.CHANGED)


def _link(car: _Car, pending: Pending, run: Run, relation: Relation, place: UUID, role: str) -> None:
    key = (relation.value, place, None)
    if key in car.links:
        return
    car.links.add(key)
    pending.rows.append(
        Attachment(
            id=new_id(), subject_id=car.vehicle.subject_id, relation=relation, place_id=place, role=role,
            since=run.today, source=run.source,
        )
    )  # fmt: skip
    pending.touch(car.vehicle.subject_id, ChangeKind.MOVED)
