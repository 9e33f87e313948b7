"""Measurement of a night's run for a whole city, in a database with pseudonyms only."""

import random
import resource
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Final

from django.conf import settings
from django.db import connection

from fangxian.duties.actions import apply_playbook
from fangxian.duties.plan_check import check_files
from fangxian.duties.plan_source import read_folder
from fangxian.masks.actions import allocate, rounds
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Call, Counter, Outlet, Registration, Round, Run, Serving, Shelf, Variant
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.measure import Figure
from fangxian.shared.statements import Insert
from fangxian.shared.writer import write_lock

NOW: Final = datetime(2020, 2, 17, 1, 30, tzinfo=UTC)
NIGHT: Final = datetime(2020, 2, 17, 13, 0, tzinfo=UTC)
SALE: Final = date(2020, 2, 18)
REGISTRATIONS: Final = 3_700_000
COMMITTEES: Final = 6_509
STREETS: Final = 215
PHARMACIES: Final = 500
MASKS: Final = 4_000_000
"""What the city could hand out in a day at its best."""
CHUNK: Final = 20_000
_ROW: Final = Insert(
    Registration._meta.db_table,
    (
        ("id", "uuid"), ("round_id", "uuid"), ("committee_id", "uuid"), ("seq", "integer"), ("unit", "uuid"),
        ("applicant", "text"), ("document_kind", "text"), ("document_mask", "text"), ("phone_mask", "text"),
        ("channel", "text"), ("special", "text"), ("staff", "boolean"), ("urgent", "boolean"), ("deliver", "boolean"),
        ("verified", "boolean"), ("wants", "text"), ("secret", "text"), ('"by"', "text"), ("observed_us", "bigint"),
        ("received_us", "bigint"), ("withdrawn_reason", "text"), ("folded", "boolean"),
    ),
)  # fmt: skip


def run(registrations: int = REGISTRATIONS, masks: int = MASKS) -> Iterator[Figure]:
    """Read, allocate, write the calls and the file: one call of the action that a street uses."""
    round, committees, pharmacies = _ground(masks)
    _fill(round, committees, registrations)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    before = _rss_mb()
    began, began_cpu = time.perf_counter(), time.process_time()
    made = allocate.run(round=round, sale_day=SALE, by="bench", now=NIGHT)
    took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    peak = _rss_mb()
    size = f"{registrations:,} registrations, {len(committees):,} committees, {len(pharmacies)} pharmacies"
    called = Call.objects.filter(run=made).count()
    file_mb = len(made.document) / 1e6
    yield Figure("allocation.total", took, "s", 60.0, f"{size}, {called:,} called, file {file_mb:.0f} MB")
    yield Figure("allocation.cpu", cpu, "s", None, "of the same; more time than this went to waiting for the machine")
    yield Figure("allocation.peak_rss", peak, "MB", 2_048.0, f"the whole process; {before:.0f} MB before the run")
    yield Figure("allocation.oversold", float(_oversold()), "", 0.0, f"{Run.objects.count()} run")


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _oversold() -> int:
    return sum(max(0, shelf.promised - shelf.arrived) for shelf in Shelf.objects.all())


def _ground(masks: int) -> tuple[Round, list[Place], list[Place]]:
    """A city whose tree ends at the committees, each served by one of the pharmacies."""
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    streets = [NewPlace(PlaceKind.STREET, f"第{n}街道", district.id) for n in range(STREETS)]
    hoods = [NewPlace(PlaceKind.NEIGHBOURHOOD, f"第{n}居委会", streets[n % STREETS].id) for n in range(COMMITTEES)]
    shops = [NewPlace(PlaceKind.PHARMACY, f"第{n}药房", streets[n % STREETS].id) for n in range(PHARMACIES)]
    made = places.add(places=[city, district, *streets, *hoods, *shops], by="bench", now=NOW)
    committees = [place for place in made if place.kind == PlaceKind.NEIGHBOURHOOD]
    pharmacies = [place for place in made if place.kind == PlaceKind.PHARMACY]
    plan = check_files(read_folder(settings.PLAYBOOKS_DIR / "covid-2020-02")).plan
    assert plan is not None
    apply_playbook(plan=plan, effective_at=NOW, by="bench", now=NOW)
    top = next(place for place in made if place.kind == PlaceKind.CITY)
    round = rounds.make_round(street=top, new=NewRound("masks", date(2020, 2, 17)), by="bench", now=NOW)
    Round.objects.filter(id=round.id).update(announced_us=clock.to_us(NOW))
    variant = Variant.objects.get(round=round)
    now_us = clock.to_us(NOW)
    people = -(-masks // PHARMACIES // 5 // 16) + 20
    Outlet.objects.bulk_create(
        Outlet(round=round, pharmacy=place, open_from=540, open_until=1020, slot_people=people) for place in pharmacies
    )
    each = masks // PHARMACIES
    Shelf.objects.bulk_create(
        Shelf(round=round, pharmacy=place, variant=variant, arrived=each, reserve=each // 20, changed_us=now_us)
        for place in pharmacies
    )
    Serving.objects.bulk_create(
        Serving(round=round, committee=place, pharmacy=pharmacies[at % PHARMACIES], since_us=now_us)
        for at, place in enumerate(committees)
    )
    Counter.objects.bulk_create(
        Counter(round=round, committee=place, short=f"{at}") for at, place in enumerate(committees)
    )
    return round, committees, pharmacies


def _fill(round: Round, committees: list[Place], registrations: int) -> None:
    """As streets report them: some dozens of a committee at a time, the committees in any order."""
    chance = random.Random(20200217)  # noqa: S311 - made-up households
    rows = _rows(round, committees, registrations, chance)
    while part := list(islice(rows, CHUNK)):
        with write_lock():
            _ROW(part)


def _rows(
    round: Round, committees: list[Place], registrations: int, chance: random.Random
) -> Iterator[tuple[object, ...]]:
    keys = [db_id(place.id) for place in committees]
    last = [0] * len(keys)
    round_id, at = db_id(round.id), round.register_from_us
    committee = batch = 0
    for number in range(registrations):
        if not batch:
            committee, batch = chance.randrange(len(keys)), chance.randrange(20, 80)
        batch -= 1
        last[committee] += 1
        id_ = new_id()
        special = "elderly" if number % 20 == 7 else ""
        yield (
            db_id(id_), round_id, keys[committee], last[committee], db_id(new_id()), "", "", "", "", "page", special,
            False, number % 50 == 3, False, True, f"adult={5 if number % 4 else 3}", id_.hex, "", at, at, "", True,
        )  # fmt: skip
