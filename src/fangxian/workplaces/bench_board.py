"""Measurement of the board of office buildings, with all that a street has of them."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from fangxian.accounts.access import Reach
from fangxian.gates.models import Direction, Flow, Outcome, Used
from fangxian.inspections.models import Finding, FindingStatus, Inspection, Occasion, Severity, Suspension
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, Relation, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US, HOUR_US, MINUTE_US
from fangxian.shared.ids import new_id
from fangxian.shared.measure import Figure, percentile
from fangxian.workplaces.models import (
    Filing,
    FilingStatus,
    PlanStatus,
    Returning,
    TaskMember,
    TaskRole,
    Transport,
    Travelled,
    Verdict,
    WavePlan,
    WaveSlot,
)
from fangxian.workplaces.queries.board import board

NOW: Final = datetime(2020, 2, 17, 1, 0, tzinfo=UTC)
BUILDINGS: Final = 38
FIRMS: Final = 1_746
PEOPLE: Final = 17_000
HOUSEHOLDS: Final = 20_000
FLOORS: Final = 20
DAYS: Final = 14
CLOSED: Final = 5_000
OPEN: Final = 400
RUNS: Final = 21
BATCH: Final = 2_000
NOBODY: Final = UUID(int=1)


def run(
    buildings: int = BUILDINGS, firms: int = FIRMS, people: int = PEOPLE, others: int = HOUSEHOLDS
) -> Iterator[Figure]:
    """Medians over repeated calls, with every row read and every object made."""
    street, towers, rooms = _ground(buildings)
    tenants = _firms(towers, rooms, firms)
    _people(tenants, people)
    _residents(street, others)
    _days(towers)
    _findings(towers)
    _wave(street, tenants, people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    times: list[float] = []
    shown = board(Reach(paths=(street.path,)), NOW)
    for _run in range(RUNS):
        began = time.perf_counter()
        shown = board(Reach(paths=(street.path,)), NOW)
        times.append((time.perf_counter() - began) * 1000)
    assert shown.total.tenants >= firms, "a firm has no room"
    assert shown.total.back > 0, "nobody is back"
    size = (
        f"{len(shown.rows)} buildings, {firms:,} enterprises, {people:,} people on ledgers, {others:,} others, "
        f"{OPEN} open and {CLOSED:,} closed findings"
    )
    yield Figure("building_board.p50", percentile(times, 50), "ms", 60.0, size)
    yield Figure("building_board.p95", percentile(times, 95), "ms", None, size)


def _ground(buildings: int) -> tuple[Place, list[Place], dict[UUID, list[Place]]]:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hoods = [NewPlace(PlaceKind.NEIGHBOURHOOD, f"第{n:02}居委会", street.id) for n in range(20)]
    towers = [NewPlace(PlaceKind.BUILDING, f"第{n:02}大厦", hoods[n % 20].id) for n in range(buildings)]
    floors = [NewPlace(PlaceKind.FLOOR, f"{n + 1}层", tower.id) for tower in towers for n in range(FLOORS)]
    units = [
        NewPlace(PlaceKind.UNIT, f"{floor.name}{n:02}室", floor.id) for floor in floors for n in range(1, 4)
    ]  # fmt: skip
    yards = [NewPlace(PlaceKind.COMPOUND, f"{hood.name}小区", hood.id) for hood in hoods]
    new = [city, district, street, *hoods, *towers, *floors, *units, *yards]
    made = {row.id: row for row in places.add(places=new, by="bench", now=NOW)}
    tower_of = {floor.id: floor.parent for floor in floors}
    rooms: dict[UUID, list[Place]] = {tower.id: [] for tower in towers}
    for unit in units:
        above = tower_of[unit.parent] if unit.parent else None
        if above:
            rooms[above].append(made[unit.id])
    return made[street.id], [made[tower.id] for tower in towers], rooms


def _subjects(kind: SubjectKind, count: int) -> list[Subject]:
    rows = [Subject(id=new_id(), kind=kind, label=f"{kind}{n}", created_us=clock.to_us(NOW)) for n in range(count)]
    Subject.objects.bulk_create(rows, batch_size=BATCH)
    return rows


def _firms(towers: Sequence[Place], rooms: dict[UUID, list[Place]], count: int) -> list[tuple[Subject, Place]]:
    """Each enterprise has a room in one building; seven of ten are accepted, two wait, one has not filed."""
    subjects = _subjects(SubjectKind.ENTERPRISE, count)
    Enterprise.objects.bulk_create(
        (Enterprise(subject=one, name=one.label, name_key=one.label) for one in subjects), batch_size=BATCH
    )
    held = [(one, towers[at % len(towers)]) for at, one in enumerate(subjects)]
    Attachment.objects.bulk_create(
        (
            Attachment(
                subject=one, relation=Relation.TENANT, since=date(2020, 1, 1),
                place=rooms[tower.id][at // len(towers) % len(rooms[tower.id])],
            )
            for at, (one, tower) in enumerate(held)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    statuses = (FilingStatus.ACCEPTED,) * 7 + (FilingStatus.SUBMITTED, FilingStatus.ENDORSED)
    now_us = clock.to_us(NOW)
    Filing.objects.bulk_create(
        (
            Filing(
                enterprise=one, place=tower, status=statuses[at % 10], people=PEOPLE // FIRMS + 1, created_us=now_us,
                changed_us=now_us, by="bench",
            )
            for at, (one, tower) in enumerate(held) if at % 10 < len(statuses)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    return held


def _people(tenants: Sequence[tuple[Subject, Place]], count: int) -> None:
    now_us = clock.to_us(NOW)
    people = _subjects(SubjectKind.PERSON, count)
    Attachment.objects.bulk_create(
        (
            Attachment(subject=one, relation=Relation.EMPLOYED, other=tenants[at % len(tenants)][0], since=NOW.date())
            for at, one in enumerate(people)
        ),
        batch_size=BATCH,
    )
    Returning.objects.bulk_create(
        (
            Returning(
                enterprise=tenants[at % len(tenants)][0], place=tenants[at % len(tenants)][1], person=one,
                left_shanghai=True, origin="330100", arrived_on=NOW.date(), transport=Transport.TRAIN,
                key_region=Travelled.NO, verdict=(Verdict.LATER if at % 8 == 0 else Verdict.NOW),
                verdict_until=date(2020, 3, 1) if at % 8 == 0 else None, since_us=now_us, by="bench",
            )
            for at, one in enumerate(people)
        ),
        batch_size=BATCH,
    )  # fmt: skip


def _residents(street: Place, count: int) -> None:
    """The rest of the register: attachments to homes, among which the tenants stand."""
    yards = list(Place.objects.filter(kind=PlaceKind.COMPOUND))
    Attachment.objects.bulk_create(
        (
            Attachment(subject=one, relation=Relation.LIVES, place=yards[at % len(yards)], since=NOW.date())
            for at, one in enumerate(_subjects(SubjectKind.PERSON, count))
        ),
        batch_size=BATCH,
    )


def _days(towers: Sequence[Place]) -> None:
    """A fortnight of inspections, task forces, and what the gates counted."""
    now_us, today = clock.to_us(NOW), clock.local_day(NOW)
    Inspection.objects.bulk_create(
        Inspection(
            id=new_id(), place=tower, day=today - timedelta(days=ago), occasion=Occasion.DAILY, inspector=NOBODY,
            checklist="0" * 64, begun_us=now_us, observed_us=now_us - ago * DAY_US, received_us=now_us, in_order=20,
            applicable=22, signed_name="经理", signed_us=now_us,
        )
        for tower in towers for ago in range(DAYS)
    )  # fmt: skip
    TaskMember.objects.bulk_create(
        TaskMember(place=tower, role=role, name=f"{role}{at}", since_us=now_us - DAY_US, by="bench")
        for at, tower in enumerate(towers) for role in list(TaskRole)[: 4 + at % 2]
    )  # fmt: skip
    Used.objects.bulk_create(Used(key=f"in:{tower.id.hex}", count=300) for tower in towers)
    start = clock.day_start_us(today)
    Flow.objects.bulk_create(
        (
            Flow(
                gate_id=new_id(), place_id=tower.id, direction=Direction.IN, outcome=Outcome.ADMIT, code="ok", count=25,
                quarter_us=start - ago * DAY_US + 7 * HOUR_US + quarter * 15 * MINUTE_US,
            )
            for tower in towers for ago in range(DAYS) for quarter in range(8)
        ),
        batch_size=BATCH,
    )  # fmt: skip


def _findings(towers: Sequence[Place]) -> None:
    now_us = clock.to_us(NOW)
    subjects = _subjects(SubjectKind.WORK, OPEN + CLOSED)
    severities = list(Severity)
    rows = [
        Finding(
            subject=one, place=towers[at % len(towers)], item="A2", spot=f"点{at}", title="入口未测温",
            severity=severities[at % 3], opened_us=now_us - at * MINUTE_US, due_us=now_us + HOUR_US, by="bench",
            status=FindingStatus.OPEN if at < OPEN else FindingStatus.CLOSED,
            closed_us=None if at < OPEN else now_us,
        )
        for at, one in enumerate(subjects)
    ]  # fmt: skip
    Finding.objects.bulk_create(rows, batch_size=BATCH)
    Suspension.objects.bulk_create(
        Suspension(finding=row, place_id=row.place_id, zone="RYB"[at % 3], since_us=now_us, by="bench")
        for at, row in enumerate(rows[:20])
    )


def _wave(street: Place, tenants: Sequence[tuple[Subject, Place]], people: int) -> None:
    plan = WavePlan.objects.create(
        place=street, day=clock.local_day(NOW), status=PlanStatus.PUBLISHED, made_us=clock.to_us(NOW), by="bench"
    )
    WaveSlot.objects.bulk_create(
        (
            WaveSlot(
                plan=plan, enterprise=one, place=tower, people=people // len(tenants), home=0, ask_from=510,
                ask_until=540, from_minute=450 + at % 9 * 15, until_minute=480 + at % 9 * 15,
            )
            for at, (one, tower) in enumerate(tenants)
        ),
        batch_size=BATCH,
    )  # fmt: skip
