"""One small neighbourhood with two grids, its people and vehicles, and who works there."""

from dataclasses import dataclass
from datetime import date, datetime

from fangxian.accounts.actions import create_staff, grant
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.places.actions import NewPlace, add
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Change, ChangeKind, Person, Relation, Subject, SubjectKind, Vehicle
from fangxian.shared import clock, text
from tests.support import playbooks

PASSWORD = "A long enough one 2020"


@dataclass
class Ground:
    """`grids[0]` holds block 1 and a lobby, `grids[1]` block 2. Each block has rooms 101, 102, 201, 202."""

    street: Place
    neighbourhood: Place
    grids: tuple[Place, Place]
    compound: Place
    blocks: tuple[Place, Place]
    dwellings: list[Place]
    area: Place
    now: datetime

    def door(self, block: int, room: str) -> Place:
        return next(d for d in self.dwellings if d.parent_id == self.blocks[block - 1].id and d.name == room)


def street_like(now: datetime, *, plan: bool = True) -> Ground:
    """Make the ground; with `plan`, the shipped playbook is in force."""
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id, code="310105009")
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "荣华居委会", street.id, code="310105009013")
    grids = [NewPlace(PlaceKind.GRID, f"第{n}网格", hood.id, code=f"310105009013-{n}") for n in (1, 2)]
    compound = NewPlace(PlaceKind.COMPOUND, "古北新苑", hood.id, address="荣华东道66弄")
    blocks = [NewPlace(PlaceKind.BLOCK, f"{n}号", compound.id, grid=grids[n - 1].id) for n in (1, 2)]
    dwellings = [
        NewPlace(PlaceKind.DWELLING, room, block.id, address=f"荣华东道66弄{block.name}{room}室")
        for block in blocks
        for room in ("101", "102", "201", "202")
    ]
    area = NewPlace(PlaceKind.AREA, "1号门厅", blocks[0].id, area_type="lobby")
    made = {
        p.id: p
        for p in add(
            places=[city, district, street, hood, *grids, compound, *blocks, *dwellings, area], by="test", now=now
        )
    }
    if plan:
        apply_playbook(plan=playbooks.plan(), effective_at=now, by="test", now=now)
    return Ground(
        street=made[street.id], neighbourhood=made[hood.id], grids=(made[grids[0].id], made[grids[1].id]),
        compound=made[compound.id], blocks=(made[blocks[0].id], made[blocks[1].id]),
        dwellings=[made[d.id] for d in dwellings], area=made[area.id], now=now,
    )  # fmt: skip


def person(name: str, home: Place | None, now: datetime, **fields: object) -> Subject:
    """A registered person; the register tells of them as it does after an import."""
    subject = Subject.objects.create(kind=SubjectKind.PERSON, label=name, created_us=clock.to_us(now))
    Person.objects.create(subject=subject, name=name, name_key=text.name_key(name), **fields)
    if home is not None:
        Attachment.objects.create(subject=subject, relation=Relation.LIVES, place=home, since=date(2020, 1, 1))
    Change.objects.create(subject=subject, kind=ChangeKind.ADDED, at_us=clock.to_us(now))
    return subject


def vehicle(plate: str, parked: Place | None, now: datetime) -> Subject:
    subject = Subject.objects.create(kind=SubjectKind.VEHICLE, label=plate, created_us=clock.to_us(now))
    Vehicle.objects.create(subject=subject, plate=plate)
    if parked is not None:
        Attachment.objects.create(subject=subject, relation=Relation.PARKS, place=parked, since=date(2020, 1, 1))
    Change.objects.create(subject=subject, kind=ChangeKind.ADDED, at_us=clock.to_us(now))
    return subject


def staff(username: str, name: str, role: Role, place: Place, now: datetime) -> Staff:
    made = create_staff(username=username, name=name, password=PASSWORD, by="test", now=now)
    grant(staff=made, role=role, place=place, by="test", now=now)
    return made
