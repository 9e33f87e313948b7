"""One office building, as its pages show it: each page in a few queries of its own."""

import math
from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, FilteredRelation, Q, Sum

from fangxian.accounts.queries import Posts
from fangxian.accounts.roles import Role
from fangxian.gates.actions.roster import floor_of
from fangxian.gates.models import Direction, GateSetup
from fangxian.gates.plan import plan_at as gates_plan_at
from fangxian.inspections.models import Finding
from fangxian.places.models import Place, PlaceKind, parent_paths, subtree
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.workplaces import rules
from fangxian.workplaces.actions.buildings import in_post
from fangxian.workplaces.doors import DoorFault, DoorState, faults
from fangxian.workplaces.models import (
    Building,
    DutyDay,
    Filing,
    FilingStatus,
    Lift,
    Measure,
    PlanStatus,
    Statement,
    StatementKind,
    Supply,
    TaskMember,
    TaskRole,
    WaveSlot,
)
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import Goods
from fangxian.workplaces.queries.board import FILED
from fangxian.workplaces.queries.firms import actors_named
from fangxian.workplaces.readiness import BUILDING_STATEMENTS

SUGGESTED: Mapping[TaskRole, frozenset[Role]] = {
    TaskRole.LEADER: frozenset({Role.STREET_LEADER}),
    TaskRole.SECTION: frozenset({Role.SECTION_HEAD}),
    TaskRole.PARTY_WORKER: frozenset({Role.BUILDING_PARTY_WORKER}),
    TaskRole.MANAGER: frozenset({Role.PROPERTY_MANAGER}),
}
"""Whose account may hold which role of a task force. The party organisation may be anybody's."""


@dataclass(frozen=True, slots=True)
class RoleLine:
    role: TaskRole
    holder: TaskMember | None
    deputies: tuple[TaskMember, ...]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """`latest` is None while nobody has signed; `current`: it says what the plan in force says."""

    kind: StatementKind
    text: str
    latest: Statement | None
    current: bool


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """`days` is None while it was never counted; `proposed` is what the people of the building use in a day."""

    goods: Goods
    row: Supply | None
    days: float | None
    enough: bool
    proposed: int


@dataclass(frozen=True, slots=True)
class FindingLine:
    id: UUID
    item: str
    title: str
    spot: str
    severity: str
    status: str
    opened_us: int
    overdue: bool
    suspends: str | None
    """The letter of the zone whose passes it suspends now; "" for all of the building; None: it suspends none."""


@dataclass(frozen=True, slots=True)
class Overview:
    building: Building | None
    roles: tuple[RoleLine, ...]
    missing: tuple[TaskRole, ...]
    on_duty: TaskMember | None
    statements: tuple[StatementLine, ...]
    supplies: tuple[SupplyLine, ...]
    supply_days: int
    findings: tuple[FindingLine, ...]
    filed: int
    accepted: int
    people: int

    @property
    def suspended(self) -> tuple[str, ...] | None:
        """Zones whose passes are not good now; empty: all of the building's; None: nothing is suspended."""
        zones = {line.suspends for line in self.findings if line.suspends is not None}
        return None if not zones else () if "" in zones else tuple(sorted(zones))


def overview(place: Place, now: datetime, language: str) -> Overview:
    """Eight queries. Statements are in the language that is asked for."""
    plan = plan_at(now).section
    people = _filed(place)
    roles = roles_of(place, now)
    day = DutyDay.objects.filter(place=place, day=clock.local_day(now)).select_related("member").first()
    goods = {row.goods: row for row in Supply.objects.filter(holder_id=place.id)}
    texts = {StatementKind.MAIN: plan.main_statement, StatementKind.POSTS: plan.posts_statement}
    signed: dict[str, Statement] = {}
    for row in Statement.objects.filter(subject_id=place.id).order_by("signed_us", "id"):
        signed[row.kind] = row
    return Overview(
        Building.objects.filter(place=place).first(), roles,
        tuple(line.role for line in roles if line.holder is None), day.member if day else None,
        tuple(
            _statement(kind, said.say(language) if (said := texts[kind]) else "", said.zh if said else "", signed)
            for kind in BUILDING_STATEMENTS
        ),
        tuple(_supply(one, goods.get(one.key), plan.supply_days, people["people"]) for one in plan.goods),
        plan.supply_days, _findings(place, now), people["filed"], people["accepted"], people["people"],
    )  # fmt: skip


def _statement(kind: StatementKind, text: str, street_text: str, signed: Mapping[str, Statement]) -> StatementLine:
    latest = signed.get(kind)
    return StatementLine(kind, text, latest, latest is not None and latest.text in (text, street_text))


def _filed(place: Place) -> dict[str, int]:
    rows = Filing.objects.filter(place=place, status__in=FILED).aggregate(
        filed=Count("id"), accepted=Count("id", filter=Q(status=FilingStatus.ACCEPTED)), people=Sum("people")
    )
    return {key: value or 0 for key, value in rows.items()}


def _supply(goods: Goods, row: Supply | None, asked: int, people: int) -> SupplyLine:
    days = rules.days_of(row.quantity, row.per_day) if row else None
    proposed = math.ceil(goods.per_head * people + goods.per_place)
    return SupplyLine(goods, row, days, days is not None and days >= asked, proposed)


def roles_of(place: Place, now: datetime) -> tuple[RoleLine, ...]:
    held: dict[str, list[TaskMember]] = defaultdict(list)
    for row in TaskMember.objects.filter(in_post(now), place=place).order_by("deputy", "since_us", "id"):
        held[row.role].append(row)
    return tuple(
        RoleLine(
            role, next((row for row in held[role] if not row.deputy), None),
            tuple(row for row in held[role] if row.deputy),
        )
        for role in TaskRole
    )  # fmt: skip


def _findings(place: Place, now: datetime) -> tuple[FindingLine, ...]:
    now_us = clock.to_us(now)
    standing = FilteredRelation("suspensions", condition=Q(suspensions__until_us__isnull=True))
    rows = Finding.objects.filter(place=place, closed_us__isnull=True).annotate(standing=standing)
    order = {"red": 0, "amber": 1, "white": 2}
    found = [
        FindingLine(ident, item, title, spot, severity, status, opened, due <= now_us, zone)
        for ident, item, title, spot, severity, status, opened, due, zone in rows.order_by("opened_us").values_list(
            "id", "item", "title", "spot", "severity", "status", "opened_us", "due_us", "standing__zone"
        )
    ]
    return tuple(sorted(found, key=lambda line: (order[line.severity], line.opened_us)))


# ---- doors, floors, lifts


@dataclass(frozen=True, slots=True)
class DoorLine:
    gate: Place
    setup: GateSetup | None

    @property
    def state(self) -> DoorState:
        if self.setup is None:
            return DoorState(True, Direction.BOTH)
        return DoorState(self.setup.is_open, self.setup.direction, self.setup.inner_of_id is not None)


@dataclass(frozen=True, slots=True)
class FloorLine:
    """`zone` is the letter of the plan's group of floors, "" where it has none; `title` what the plan calls it."""

    name: str
    number: int | None
    zone: str
    title: Mapping[str, str]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inside:
    building: Building | None
    doors: tuple[DoorLine, ...]
    faults: tuple[DoorFault, ...]
    floors: tuple[FloorLine, ...]
    lifts: tuple[Lift, ...]

    @property
    def per_round(self) -> int:
        """How many people all open lifts take up at once."""
        return sum(lift.cap for lift in self.lifts if lift.is_open)


def inside(place: Place, now: datetime) -> Inside:
    """Five queries: gates with their setup, floors and units, lifts, the building, the plan of gates."""
    gates = Place.objects.filter(parent=place, kind=PlaceKind.GATE, closed_on__isnull=True).select_related("gate_setup")
    lines = tuple(DoorLine(gate, getattr(gate, "gate_setup", None)) for gate in gates.order_by("path"))
    return Inside(
        Building.objects.filter(place=place).first(), lines, tuple(faults(line.state for line in lines)),
        _floors(place, now), tuple(Lift.objects.filter(place=place).order_by("name")),
    )  # fmt: skip


def _floors(place: Place, now: datetime) -> tuple[FloorLine, ...]:
    """From the highest floor down, each with its rooms; floors without a number in their name come last."""
    zones = gates_plan_at(now).section.zones
    rows = Place.objects.filter(
        subtree("path", place.path), kind__in=(PlaceKind.FLOOR, PlaceKind.UNIT), closed_on__isnull=True
    ).order_by("path")
    floors: dict[str, Place] = {}
    units: dict[str, list[str]] = defaultdict(list)
    for row in rows.only("id", "kind", "name", "path"):
        if row.kind == PlaceKind.FLOOR:
            floors[row.path] = row
        else:
            above = next((path for path in parent_paths(row.path)[1:] if path in floors), "")
            units[above].append(row.name)
    found = []
    for path, floor in floors.items():
        number = floor_of(floor.kind, floor.name)
        rule = next((one for one in zones if number is not None and one.floors[0] <= number <= one.floors[1]), None)
        title = {"zh": rule.title.zh, "en": rule.title.en} if rule else {}
        found.append(FloorLine(floor.name, number, rule.letter if rule else "", title, tuple(units[path])))
    return tuple(sorted(found, key=lambda line: -math.inf if line.number is None else line.number, reverse=True))


# ---- tenants and their measures


@dataclass(frozen=True, slots=True)
class MeasureLine:
    row: Measure
    verified_by: str


@dataclass(frozen=True, slots=True)
class TenantLine:
    """An enterprise, where it sits, how far its filing is, when it arrives today, and what it changed."""

    enterprise_id: UUID
    name: str
    rooms: tuple[str, ...]
    filing_id: UUID | None
    status: str
    people: int | None
    from_minute: int | None
    until_minute: int | None
    measures: tuple[MeasureLine, ...]


@dataclass(frozen=True, slots=True)
class FloorTenants:
    floor: str
    number: int | None
    tenants: tuple[TenantLine, ...]


def tenants(place: Place, now: datetime) -> tuple[FloorTenants, ...]:
    """Five queries. An enterprise on several floors stands on each, with its measures on the first alone."""
    today = clock.local_day(now)
    rooms = (
        Attachment.objects.filter(
            subtree("place__path", place.path), relation=Relation.TENANT, until__isnull=True,
            subject__merged_into__isnull=True,
        )
        .select_related("subject", "place__parent").order_by("place__path", "subject__label")
    )  # fmt: skip
    filings = {row.enterprise_id: row for row in Filing.objects.filter(place=place).exclude(status=FilingStatus.ENDED)}
    slots = WaveSlot.objects.filter(place=place, plan__day=today, plan__status=PlanStatus.PUBLISHED, resumes=True)
    windows = {row.enterprise_id: row for row in slots}
    kept = measures_of(place, now)
    floors: dict[tuple[int | None, str], dict[UUID, list[str]]] = defaultdict(lambda: defaultdict(list))
    names: dict[UUID, str] = {}
    for room in rooms:
        if room.place is None:
            continue
        names[room.subject_id] = room.subject.label
        floors[_floor(room.place, place)][room.subject_id].append("" if room.place_id == place.id else room.place.name)
    shown: set[UUID] = set()
    found = []
    for (number, floor), held in sorted(floors.items(), key=lambda one: -(one[0][0] or -99)):
        lines = []
        for ident, units in held.items():
            filing, window = filings.get(ident), windows.get(ident)
            lines.append(
                TenantLine(
                    ident, names[ident], tuple(unit for unit in units if unit), filing.id if filing else None,
                    filing.status if filing else "", filing.people if filing else None,
                    window.from_minute if window else None, window.until_minute if window else None,
                    () if ident in shown else tuple(kept.get(ident, ())),
                )
            )  # fmt: skip
            shown.add(ident)
        found.append(FloorTenants(floor, number, tuple(lines)))
    return tuple(found)


def _floor(room: Place, building: Place) -> tuple[int | None, str]:
    if room.kind == PlaceKind.FLOOR:
        return floor_of(room.kind, room.name), room.name
    above = room.parent
    if above is not None and above.kind == PlaceKind.FLOOR:
        return floor_of(above.kind, above.name), above.name
    number = floor_of(room.kind, room.name) if room.id != building.id else None
    return number, "" if number is None else str(number)


def measures_of(place: Place, now: datetime) -> dict[UUID, list[MeasureLine]]:
    """Measures that are kept now, by enterprise, with the name of whoever looked last."""
    rows = list(
        Measure.objects.filter(Q(until__isnull=True) | Q(until__gte=clock.local_day(now)), place=place).order_by(
            "since", "id"
        )
    )
    names = actors_named(row.verified_by for row in rows) if rows else {}
    found: dict[UUID, list[MeasureLine]] = defaultdict(list)
    for row in rows:
        found[row.enterprise_id].append(MeasureLine(row, names.get(row.verified_by, "")))
    return found


def tenant_names(place: Place) -> list[tuple[UUID, str]]:
    rows = Attachment.objects.filter(
        subtree("place__path", place.path), relation=Relation.TENANT, until__isnull=True,
        subject__merged_into__isnull=True,
    )  # fmt: skip
    return list(dict(rows.order_by("subject__label").values_list("subject_id", "subject__label")).items())


# ---- the task force and its calendar


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    member: TaskMember | None
    in_month: bool
    past: bool


@dataclass(frozen=True, slots=True)
class Month:
    """Whole weeks from Monday on that hold a month."""

    first: date
    weeks: tuple[tuple[CalendarDay, ...], ...]
    empty: int
    """Days of the month from today on that have nobody."""

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)


def month(place: Place, first: date, now: datetime) -> Month:
    last = first.replace(day=monthrange(first.year, first.month)[1])
    start = first - timedelta(days=first.weekday())
    end = last + timedelta(days=6 - last.weekday())
    today = clock.local_day(now)
    rows = DutyDay.objects.filter(place=place, day__gte=start, day__lte=end).select_related("member")
    held = {row.day: row.member for row in rows.order_by("id")}
    days = [
        CalendarDay(day, held.get(day), day.month == first.month, day < today)
        for day in (start + timedelta(days=step) for step in range((end - start).days + 1))
    ]
    weeks = tuple(tuple(days[at : at + 7]) for at in range(0, len(days), 7))
    return Month(first, weeks, sum(one.in_month and not one.past and one.member is None for one in days))


def accounts_near(place: Place, now: datetime) -> Sequence[tuple[UUID, str, str]]:
    """Who holds a post at or above a building: id, name and role, for the choice of a member of its task force."""
    posts = Posts([place, *([place.grid] if place.grid else [])], now)
    found: dict[UUID, tuple[UUID, str, str]] = {}
    for role in (role for roles in SUGGESTED.values() for role in roles):
        for holder in posts.nearest(role, place.id, *([place.grid.id] if place.grid else [])):
            found.setdefault(holder.staff_id, (holder.staff_id, holder.name, holder.role))
    return list(found.values())
