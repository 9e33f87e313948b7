"""Measurement of the search by name fragment, on generated people."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from django.db import connection, transaction

from fangxian.accounts.access import Reach
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry import search
from fangxian.registry.models import SearchRow, Subject, SubjectKind
from fangxian.shared import clock, text
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.measure import Figure, percentile

NOW: Final = datetime(2020, 2, 17, 2, 0, tzinfo=UTC)
SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉建国华红玉春梅小雨子涵宇浩欣怡佳琪晨阳思"
CHUNK: Final = 20_000
QUERIES: Final = 300


def _name(random_: random.Random) -> str:
    surname = SURNAMES[min(int(random_.expovariate(0.09)), len(SURNAMES) - 1)]
    return surname + "".join(random_.choices(GIVEN, k=random_.choice((1, 2, 2))))


def run(people: int = 1_000_000) -> Iterator[Figure]:
    """p95 by kind of fragment, within the whole street and within one neighbourhood. Access check included."""
    chance = random.Random(20200217)  # noqa: S311 - made-up names
    hoods = _ground()
    names = _fill(people, hoods, chance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    street = Reach(paths=(hoods[0].path[:-5],))
    hood = Reach(paths=(hoods[3].path,))
    kinds: dict[str, Callable[[str], str]] = {
        "given_name": lambda n: n[1:], "two_characters": lambda n: n[:2], "surname": lambda n: n[:1],
        "full_name": lambda n: n, "pinyin": lambda n: " ".join(text.pinyin(n)[:2]),
        "initials": lambda n: "".join(part[0] for part in text.pinyin(n)),
    }  # fmt: skip
    everything: list[float] = []
    for label, reach in (("street", street), ("neighbourhood", hood)):
        for kind, cut in kinds.items():
            times = []
            for name in chance.sample(names, QUERIES):
                began = time.perf_counter()
                search.by_name(cut(name), reach, kinds=[SubjectKind.PERSON])
                times.append((time.perf_counter() - began) * 1000)
            everything += times
            yield Figure(f"search.{label}.{kind}.p95", percentile(times, 95), "ms", 50.0, f"{people:,} people")
    yield Figure("search.p50", percentile(everything, 50), "ms", None, f"{people:,} people")
    yield Figure("search.p95", percentile(everything, 95), "ms", 50.0, f"{people:,} people")


def _ground() -> list[Place]:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hoods = [NewPlace(PlaceKind.NEIGHBOURHOOD, f"{n}居委会", street.id) for n in range(20)]
    made = places.add(places=[city, district, street, *hoods], by="bench", now=NOW)
    return [place for place in made if place.kind == PlaceKind.NEIGHBOURHOOD]


def _fill(people: int, hoods: list[Place], chance: random.Random) -> list[str]:
    names: list[str] = []
    areas = [search.area_tokens(hood) for hood in hoods]
    now_us = clock.to_us(NOW)
    for start in range(0, people, CHUNK):
        subjects, rows = [], []
        for _number in range(min(CHUNK, people - start)):
            name = _name(chance)
            key = db_id(new_id())
            subjects.append((key, SubjectKind.PERSON.value, name, now_us))
            rows.append((key, search.tokens_of(name), chance.choice(areas)))
            if chance.random() < 0.01:
                names.append(name)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {Subject._meta.db_table} (id, kind, label, created_us) VALUES (%s, %s, %s, %s)", subjects
            )
            cursor.executemany(
                f"INSERT INTO {SearchRow._meta.db_table} (subject_id, tokens, area) VALUES (%s, %s, %s)", rows
            )
    return names
