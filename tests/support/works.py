"""A street with two office buildings, their gates, three enterprises with their people, and who answers for them.

The buildings are 虹桥大厦 and 古北中心. Each has a grid of its own, floors 1, 9 and 17 with a unit each, a front gate
(in) and a garage (out). 银杏贸易 sits on floor 9 of the first and on floor 9 of the second (a tenant in two buildings),
云帆软件 on floor 17 of the first, 松果咨询 on floor 1 of the second.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from fangxian.accounts import actions as accounts
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.gates.actions import setup
from fangxian.gates.actions.setup import Settings
from fangxian.gates.models import Direction
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry import search
from fangxian.registry.models import Attachment, Enterprise, Person, Relation, Subject, SubjectKind
from fangxian.shared import clock, text
from fangxian.shared.ids import new_id
from tests.support import playbooks

# Monday 17 February 2020, 07:00 in Shanghai.
MORNING: Final = datetime(2020, 2, 16, 23, 0, tzinfo=UTC)
PASSWORD: Final = "lantern-rain-48"
SINCE: Final = date(2020, 1, 1)
FLOORS: Final = (1, 9, 17)
FIRMS: Final = (
    ("银杏贸易有限公司", "91310105MA1FW0001X", "批发", ((0, 9), (1, 9))),
    ("云帆软件有限公司", "91310105MA1FW00025", "软件", ((0, 17),)),
    ("松果咨询有限公司", "91310105MA1FW0003M", "商务服务", ((1, 1),)),
)
NAMES: Final = (
    ("王建国", "李桂兰", "陈大明"),
    ("赵小燕", "周立群", "吴晓芳", "郑国强"),
    ("孙丽", "钱伟"),
)  # fmt: skip


@dataclass
class Tower:
    """An office building; `units` by the number of the floor."""

    building: Place
    grid: Place
    floors: dict[int, Place]
    units: dict[int, Place]
    front: Place
    garage: Place
    worker: Staff = field(init=False)
    manager: Staff = field(init=False)

    @property
    def id(self) -> UUID:
        return self.building.id


@dataclass
class Firm:
    enterprise: Enterprise
    people: list[Person]
    hr: Staff

    @property
    def id(self) -> UUID:
        return self.enterprise.subject_id


@dataclass
class Works:
    street: Place
    hood: Place
    towers: list[Tower]
    firms: list[Firm]
    leader: Staff
    head: Staff
    secretary: Staff
    guard: Staff
    health: Staff
    now: datetime


def make_works(now: datetime = MORNING, *, plan: bool = True) -> Works:
    """Make the ground; with `plan`, the shipped playbook is in force."""
    street, hood, towers = _places(now)
    if plan:
        apply_playbook(plan=playbooks.plan(), effective_at=now, by="test", now=now)
    for number, tower in enumerate(towers, start=1):
        for gate, direction in ((tower.front, Direction.IN), (tower.garage, Direction.OUT)):
            setup.set_up(gate=gate, settings=Settings(direction=direction), by="test", now=now)
        tower.worker = make_staff(
            f"worker{number}", f"楼宇党群{number}", Role.BUILDING_PARTY_WORKER, tower.building, now
        )
        tower.manager = make_staff(f"manager{number}", f"物业经理{number}", Role.PROPERTY_MANAGER, tower.building, now)
    firms = [_firm(number, towers, now) for number in range(len(FIRMS))]
    return Works(
        street, hood, towers, firms,
        leader=make_staff("leader", "街道领导", Role.STREET_LEADER, street, now),
        head=make_staff("head", "科室负责人", Role.SECTION_HEAD, street, now),
        secretary=make_staff("secretary", "居委书记", Role.COMMITTEE_SECRETARY, hood, now),
        guard=make_staff("guard", "门岗保安", Role.GATE_GUARD, towers[0].building, now),
        health=make_staff("health", "社区医生", Role.HEALTH_STAFF, street, now), now=now,
    )  # fmt: skip


def make_staff(username: str, name: str, role: Role, place: Place, now: datetime = MORNING) -> Staff:
    made = accounts.create_staff(username=username, name=name, password=PASSWORD, by="test", now=now)
    accounts.grant(staff=made, role=role, place=place, by="test", now=now)
    return made


def make_hr(username: str, name: str, enterprise_id: UUID, now: datetime = MORNING) -> Staff:
    made = accounts.create_staff(username=username, name=name, password=PASSWORD, by="test", now=now)
    accounts.grant(staff=made, role=Role.ENTERPRISE_HR, subject=enterprise_id, by="test", now=now)
    return made


def make_enterprise(
    name: str, units: list[Place], uscc: str | None = None, industry: str = "", headcount: int | None = None,
    now: datetime = MORNING,
) -> Enterprise:  # fmt: skip
    subject = Subject.objects.create(kind=SubjectKind.ENTERPRISE, label=name, created_us=clock.to_us(now))
    made = Enterprise.objects.create(
        subject=subject, name=name, name_key=text.name_key(name), uscc=uscc, industry=industry, headcount=headcount
    )
    for unit in units:
        Attachment.objects.create(subject=subject, relation=Relation.TENANT, place=unit, since=SINCE, source="test")
    search.index([subject.id])
    return made


def make_employee(name: str, enterprise_id: UUID, now: datetime = MORNING) -> Person:
    subject = Subject.objects.create(kind=SubjectKind.PERSON, label=name, created_us=clock.to_us(now))
    made = Person.objects.create(subject=subject, name=name, name_key=text.name_key(name), birth_date=date(1985, 5, 5))
    Attachment.objects.create(
        subject=subject, relation=Relation.EMPLOYED, other_id=enterprise_id, since=SINCE, source="test"
    )
    search.index([subject.id])
    return made


def _firm(number: int, towers: list[Tower], now: datetime) -> Firm:
    name, uscc, industry, rooms = FIRMS[number]
    units = [towers[tower].units[floor] for tower, floor in rooms]
    enterprise = make_enterprise(name, units, uscc, industry, len(NAMES[number]), now)
    people = [make_employee(person, enterprise.subject_id, now) for person in NAMES[number]]
    return Firm(enterprise, people, make_hr(f"hr{number + 1}", f"人事{number + 1}", enterprise.subject_id, now))


def _places(now: datetime) -> tuple[Place, Place, list[Tower]]:
    city = NewPlace(PlaceKind.CITY, "上海市", None, code="310000")
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id, code="310105")
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id, code="310105009")
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "荣华居委会", street.id, code="310105009013")
    news, keys = [city, district, street, hood], list[dict[str, UUID]]()
    for number, name in enumerate(("虹桥大厦", "古北中心"), start=1):
        made, ids = _tower(number, name, hood.id)
        news += made
        keys.append(ids)
    rows = {row.id: row for row in places.add(places=news, by="test", now=now)}
    towers = [
        Tower(
            rows[ids["building"]], rows[ids["grid"]], {floor: rows[ids[f"floor{floor}"]] for floor in FLOORS},
            {floor: rows[ids[f"unit{floor}"]] for floor in FLOORS}, rows[ids["front"]], rows[ids["garage"]],
        )
        for ids in keys
    ]  # fmt: skip
    return rows[street.id], rows[hood.id], towers


def _tower(number: int, name: str, hood: UUID) -> tuple[list[NewPlace], dict[str, UUID]]:
    kinds = ["grid", "building", "front", "garage"] + [
        f"{kind}{floor}" for floor in FLOORS for kind in ("floor", "unit")
    ]
    ids = {key: new_id() for key in kinds}
    made = [
        NewPlace(PlaceKind.GRID, f"{name}专属网格", hood, id=ids["grid"], code=f"310105009013-B{number}"),
        NewPlace(
            PlaceKind.BUILDING, name, hood, id=ids["building"], grid=ids["grid"], address=f"延安西路{number}200号"
        ),
        NewPlace(PlaceKind.GATE, "正门", ids["building"], id=ids["front"]),
        NewPlace(PlaceKind.GATE, "地库口", ids["building"], id=ids["garage"]),
    ]
    for floor in FLOORS:
        made.append(NewPlace(PlaceKind.FLOOR, f"{floor}层", ids["building"], id=ids[f"floor{floor}"]))
        made.append(NewPlace(PlaceKind.UNIT, f"{floor}01室", ids[f"floor{floor}"], id=ids[f"unit{floor}"]))
    return made, ids
