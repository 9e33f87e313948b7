"""Measurement of the ledgers: 17,000 people stated, decided, accepted, and their passes signed."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from fangxian.duties.actions import apply_playbook
from fangxian.duties.plan_check import check_files
from fangxian.duties.plan_source import read_folder
from fangxian.gates.actions.keys import ensure_key
from fangxian.gates.models import Pass
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import (
    Attachment,
    Document,
    DocumentKind,
    Enterprise,
    Person,
    Relation,
    Subject,
    SubjectKind,
)
from fangxian.shared import clock, text
from fangxian.shared.ids import new_id
from fangxian.shared.measure import Figure
from fangxian.workplaces import ledger_folds
from fangxian.workplaces.actions import returning
from fangxian.workplaces.models import Returning, Verdict
from fangxian.workplaces.returning import NewReturning

NOW: Final = datetime(2020, 2, 17, 2, 0, tzinfo=UTC)
PEOPLE: Final = 17_000
FIRMS: Final = 1_746
SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰"
PLAN: Final = "covid-2020-02"


def run(people: int = PEOPLE, firms: int = FIRMS) -> Iterator[Figure]:
    """Seconds for one enterprise's list of all the people, for a street's enterprises one after the other, for the
    same lists again, and for another plan that decides about everybody anew."""
    ensure_key(by="bench", now=NOW)
    checked = check_files(read_folder(settings.PLAYBOOKS_DIR / PLAN))
    if checked.plan is not None:
        apply_playbook(plan=checked.plan, effective_at=NOW, by="bench", now=NOW)
    buildings, employers = _ground(firms)
    size = f"{people:,} people"
    staff = _people(people)
    yield Figure(
        "rosters.one_list", _taken({employers[0]: (buildings[0], staff)}, people), "s", 30.0, f"{size}, one enterprise"
    )
    crowd = _people(people)
    shares = {firm: (buildings[at % len(buildings)], crowd[at :: len(employers)]) for at, firm in enumerate(employers)}
    yield Figure("rosters.street", _taken(shares, 2 * people), "s", None, f"{size}, {firms:,} enterprises")
    began = time.perf_counter()
    for firm, (building, rows) in shares.items():
        again = returning.put_many(enterprise=firm, place=building, rows=rows, by="bench", now=NOW)
        if again.unchanged != len(rows):
            raise AssertionError(f"the same list again changed {len(rows) - again.unchanged} rows")
    yield Figure("rosters.street_again", time.perf_counter() - began, "s", None, size)
    Returning.objects.update(playbook_id=None)
    began = time.perf_counter()
    ledger_folds.screen_again(NOW + timedelta(minutes=1))
    yield Figure("rosters.another_plan", time.perf_counter() - began, "s", None, f"{2 * people:,} people")
    began = time.perf_counter()
    ledger_folds.compare_with_gates(NOW + timedelta(minutes=1))
    yield Figure("rosters.compared", time.perf_counter() - began, "s", None, f"{2 * people:,} people")


def _taken(shares: Mapping[Subject, tuple[Place, Sequence[NewReturning]]], expected: int) -> float:
    began = time.perf_counter()
    for firm, (building, rows) in shares.items():
        returning.put_many(enterprise=firm, place=building, rows=rows, by="bench", now=NOW)
        returning.accept(enterprise=firm, place=building, by="bench", now=NOW)
    took = time.perf_counter() - began
    listed = Returning.objects.count()
    cleared = Returning.objects.filter(verdict=Verdict.NOW).count()
    issued = Pass.objects.count()
    if (listed, issued) != (expected, cleared):
        raise AssertionError(f"{listed} listed, {cleared} cleared, {issued} passes where {expected} people were stated")
    return took


def _people(count: int) -> list[NewReturning]:
    """People of the register with documents, and what they say: nine of ten may work."""
    chance = random.Random(count)  # noqa: S311 - made-up people
    names = [chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2)) for _ in range(count)]
    subjects = [
        Subject(id=new_id(), kind=SubjectKind.PERSON, label=name, created_us=clock.to_us(NOW)) for name in names
    ]
    Subject.objects.bulk_create(subjects, batch_size=1_000)
    Person.objects.bulk_create(
        (Person(subject=one, name=one.label, name_key=text.name_key(one.label)) for one in subjects), batch_size=1_000
    )
    Document.objects.bulk_create(
        (
            Document(
                subject=one, kind=DocumentKind.RESIDENT_ID, country="CN", number_sealed=b"-",
                number_index=one.id.bytes, mask="310105********0000",
            )
            for one in subjects
        ),
        batch_size=1_000,
    )  # fmt: skip
    return [_stated(one.id, chance) for one in subjects]


def _stated(person_id: UUID, chance: random.Random) -> NewReturning:
    if chance.random() < 0.5:
        return NewReturning(person_id, left_shanghai=False)
    origin = "420100" if chance.random() < 0.1 else chance.choice(("320500", "330100", "340100", "KOR", "410100"))
    return NewReturning(
        person_id, left_shanghai=True, origin=origin, arrived_on=date(2020, 2, chance.randint(3, 16)),
        transport="train", vehicle_no=f"G{chance.randint(1, 9999)}", key_region="no",
    )  # fmt: skip


def _ground(firms: int) -> tuple[list[Place], list[Subject]]:
    """38 buildings, and enterprises with a room in one of them."""
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "何家角居委会", street.id)
    towers = [NewPlace(PlaceKind.BUILDING, f"第{number}楼", hood.id) for number in range(1, 39)]
    floors = [NewPlace(PlaceKind.FLOOR, f"{number}层", tower.id) for tower in towers for number in range(1, 31)]
    made = {
        row.id: row
        for row in places.add(places=[city, district, street, hood, *towers, *floors], by="bench", now=NOW)
    }  # fmt: skip
    names = [f"第{number}商贸有限公司" for number in range(1, firms + 1)]
    subjects = [
        Subject(id=new_id(), kind=SubjectKind.ENTERPRISE, label=name, created_us=clock.to_us(NOW)) for name in names
    ]
    Subject.objects.bulk_create(subjects, batch_size=1_000)
    Enterprise.objects.bulk_create(
        (Enterprise(subject=one, name=one.label, name_key=text.name_key(one.label)) for one in subjects),
        batch_size=1_000,
    )
    Attachment.objects.bulk_create(
        (
            Attachment(
                subject=one, relation=Relation.TENANT, since=NOW.date(),
                place_id=floors[(at % len(towers)) * 30 + at % 30].id,
            )
            for at, one in enumerate(subjects)
        ),
        batch_size=1_000,
    )  # fmt: skip
    return [made[tower.id] for tower in towers], subjects
