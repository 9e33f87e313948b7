"""A small street and its people, made by plain functions with sensible defaults."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from fangxian.accounts import actions as accounts
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import Rule
from fangxian.duties.plan_schema import RuleSpec
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.registry import search
from fangxian.registry.models import Attachment, Person, Relation, Subject, SubjectKind, Vehicle
from fangxian.shared import clock, text

MORNING = datetime(2020, 2, 17, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
PASSWORD = "lantern-rain-48"


@dataclass
class Street:
    """One street: two neighbourhoods, each with two grids over one compound of two blocks."""

    street: Place
    neighbourhoods: list[Place]
    grids: list[Place]
    compounds: list[Place]
    blocks: list[Place]
    dwellings: list[Place] = field(default_factory=list)

    def doors_of(self, grid: Place) -> list[Place]:
        return [door for door in self.dwellings if door.grid_id == grid.id]


def make_street(doors_per_block: int = 3, now: datetime = MORNING) -> Street:
    city = NewPlace(PlaceKind.CITY, "上海市", None, code="310000")
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id, code="310105")
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id, code="310105009")
    made: list[NewPlace] = [city, district, street]
    kinds: dict[str, list[NewPlace]] = {
        key: [] for key in ("neighbourhoods", "grids", "compounds", "blocks", "dwellings")
    }
    for number, name in enumerate(("何家角", "虹储"), start=1):
        hood = NewPlace(PlaceKind.NEIGHBOURHOOD, f"{name}居委会", street.id, code=f"31010500900{number}")
        grids = [NewPlace(PlaceKind.GRID, f"{name}第{n}网格", hood.id, code=f"{hood.code}0{n}") for n in (1, 2)]
        compound = NewPlace(PlaceKind.COMPOUND, f"{name}小区", hood.id, address=f"虹桥路{number}000弄")
        blocks = [
            NewPlace(PlaceKind.BLOCK, f"{n}号", compound.id, grid=grids[n - 1].id, address=f"{n}号") for n in (1, 2)
        ]
        doors = [
            NewPlace(PlaceKind.DWELLING, f"{floor}01室", block.id, address=f"{floor}01室")
            for block in blocks
            for floor in range(1, doors_per_block + 1)
        ]
        made += [hood, *grids, compound, *blocks, *doors]
        for key, rows in zip(kinds, ([hood], grids, [compound], blocks, doors), strict=True):
            kinds[key] += rows
    rows = {place.id: place for place in places.add(places=made, by="test", now=now)}
    found = {key: [rows[new.id] for new in news] for key, news in kinds.items()}
    return Street(rows[street.id], **found)


def make_staff(role: Role, place: Place, name: str = "", now: datetime = MORNING) -> Staff:
    username = f"{role}-{place.path[-5:]}-{Staff.objects.count()}"
    staff = accounts.create_staff(username=username, name=name or str(role), password=PASSWORD, by="test", now=now)
    accounts.grant(staff=staff, role=role, place=place, by="test", now=now)
    return staff


def make_person(name: str, dwelling: Place, *, birth: date | None = None, now: datetime = MORNING) -> Person:
    subject = Subject.objects.create(kind=SubjectKind.PERSON, label=name, created_us=clock.to_us(now))
    person = Person.objects.create(subject=subject, name=name, name_key=text.name_key(name), birth_date=birth)
    Attachment.objects.create(
        subject=subject, relation=Relation.LIVES, place=dwelling, since=clock.local_day(now), source="test"
    )
    search.index([subject.id])
    return person


def make_vehicle(plate: str, place: Place, now: datetime = MORNING) -> Vehicle:
    subject = Subject.objects.create(kind=SubjectKind.VEHICLE, label=plate, created_us=clock.to_us(now))
    vehicle = Vehicle.objects.create(subject=subject, plate=plate)
    Attachment.objects.create(
        subject=subject, relation=Relation.PARKS, place=place, since=clock.local_day(now), source="test"
    )
    search.index([subject.id])
    return vehicle


ESCALATION = [
    {"role": "grid_worker", "after_minutes": 0},
    {"role": "committee_secretary", "after_minutes": 60},
    {"role": "street_leader", "after_minutes": 240},
]


def make_rule(
    key: str = "door-round", cohort: str = "doors", *, subject: str = "place", schedule: dict[str, Any] | None = None,
    grace: int = 0, corner: bool = True, channel: str = "field",
) -> Rule:  # fmt: skip
    spec = RuleSpec.from_spec(
        {
            "key": key, "cohort": cohort, "subject": subject, "title": {"zh": "测试", "en": "Test"}, "corner": corner,
            "channel": channel, "grace_minutes": grace, "schedule": schedule or {"type": "once"},
            "escalation": ESCALATION,
        }
    )  # fmt: skip
    return Rule.objects.create(
        key=key, cohort=cohort, subject_kind=subject, corner=corner, spec=spec.spec_json(), active=True
    )


def enrol_places(
    places_: list[Place], cohort: str = "doors", *, instance: str = "", now: datetime = MORNING,
    due: timedelta | None = None, opens: datetime | None = None,
) -> None:  # fmt: skip
    registry.ensure_place_subjects(places=places_, now=now)
    nodes = counting_nodes(places_)
    duties.enrol(
        cohort=cohort, instance=instance, by="test", now=now,
        members=[
            duties.NewMember(
                place.id, place.id, nodes[place.id], opens_us=clock.to_us(opens or now),
                due_us=clock.to_us(now + due) if due else None,
            )
            for place in places_
        ],
    )  # fmt: skip


def done(place_id: UUID, at: datetime, ref: str = "visit:1") -> duties.Done:
    return duties.Done(place_id, at, ref)
