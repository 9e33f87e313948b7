"""Measurement of passes: a roster signed and stored, and a code drawn."""

import io
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import segno

from fangxian.gates import tokens
from fangxian.gates.actions import passes, roster
from fangxian.gates.actions.keys import ensure_key
from fangxian.gates.models import Pass, PassKind
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Enterprise, Person, Relation, Subject, SubjectKind
from fangxian.shared import clock, text
from fangxian.shared.ids import new_id
from fangxian.shared.measure import Figure, percentile

NOW: Final = datetime(2020, 2, 17, 2, 0, tzinfo=UTC)
PEOPLE: Final = 17_000
DRAWN: Final = 200
SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰"
COMPANY: Final = "上海虹桥国际中心物业管理服务有限公司"


def run(people: int = PEOPLE) -> Iterator[Figure]:
    """Seconds for a whole roster, as somebody beside it at work would see it and alone; the same again, which finds
    nothing to do; and milliseconds to draw one code."""
    ensure_key(by="bench", now=NOW)
    building, firms = _ground(people)
    size = f"{people:,} passes"
    began = time.perf_counter()
    made = [
        permit
        for firm in firms
        for permit in roster.issue_roster(enterprise_id=firm.id, place_id=building.id, by="bench", now=NOW)
    ]
    yield Figure("passes.signed_and_stored", time.perf_counter() - began, "s", 20.0, size)
    stored = Pass.objects.count()
    if (len(made), stored) != (people, people):
        raise AssertionError(f"{stored} passes stored where {people} were asked for")
    began = time.perf_counter()
    for firm in firms:
        roster.issue_roster(enterprise_id=firm.id, place_id=building.id, by="bench", now=NOW + timedelta(minutes=1))
    yield Figure("passes.roster_again", time.perf_counter() - began, "s", None, size)
    again = [_new_of(permit) for permit in made]
    began = time.perf_counter()
    passes.signed(passes=again, by="bench", now=NOW)
    yield Figure("passes.signed", time.perf_counter() - began, "s", None, size)
    keys = {row.key.kid: tokens.public_key(bytes(row.key.public_x), bytes(row.key.public_y)) for row in made[:1]}
    shown = random.Random(20200217).sample(made, min(DRAWN, len(made)))  # noqa: S311 - which ones are drawn
    yield Figure("passes.verify.p50", _each(shown, lambda token: tokens.verify(token, keys)), "ms", None, size)
    yield Figure("passes.code.p50", _each(shown, lambda token: _draw(token, None)), "ms", 20.0, size)
    yield Figure("passes.code_fixed_mask.p50", _each(shown, lambda token: _draw(token, 0)), "ms", 6.0, size)


def _each(shown: list[Pass], work: Callable[[str], object]) -> float:
    times = []
    for permit in shown:
        began = time.perf_counter()
        work(permit.token)
        times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 50)


def _draw(token: str, mask: int | None) -> bytes:
    out = io.BytesIO()
    segno.make(token, error="m", boost_error=False, micro=False, mask=mask).save(out, kind="svg", xmldecl=False)
    return out.getvalue()


def _new_of(permit: Pass) -> passes.NewPass:
    return passes.NewPass(
        kind=PassKind(permit.kind), subject_id=permit.subject_id, place_id=permit.place_id, holder=permit.holder,
        company=permit.company, enterprise_id=permit.enterprise_id, from_us=permit.from_us, until_us=permit.until_us,
    )  # fmt: skip


def _ground(people: int) -> tuple[Place, list[Subject]]:
    """A building with a firm of all the people; a firm more for each 5,000, as rosters come."""
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hood = NewPlace(PlaceKind.NEIGHBOURHOOD, "何家角居委会", street.id)
    building = NewPlace(PlaceKind.BUILDING, "虹桥大厦", hood.id)
    made = places.add(places=[city, district, street, hood, building], by="bench", now=NOW)
    now_us = clock.to_us(NOW)
    firms = [Subject(kind=SubjectKind.ENTERPRISE, label=COMPANY, created_us=now_us) for _ in range(people // 5_000 + 1)]
    Subject.objects.bulk_create(firms)
    Enterprise.objects.bulk_create(
        Enterprise(subject=firm, name=COMPANY, name_key=text.name_key(COMPANY)) for firm in firms
    )
    chance = random.Random(20200217)  # noqa: S311 - made-up names
    names = [chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2)) for _ in range(people)]
    subjects = [Subject(id=new_id(), kind=SubjectKind.PERSON, label=name, created_us=now_us) for name in names]
    Subject.objects.bulk_create(subjects, batch_size=1_000)
    Person.objects.bulk_create(
        (Person(subject=one, name=one.label, name_key=text.name_key(one.label)) for one in subjects), batch_size=1_000
    )
    Attachment.objects.bulk_create(
        (
            Attachment(subject=one, relation=Relation.EMPLOYED, other=firms[at % len(firms)], since=NOW.date())
            for at, one in enumerate(subjects)
        ),
        batch_size=1_000,
    )
    return made[-1], firms
