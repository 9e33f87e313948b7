"""How fast a list of 17,000 people is taken in, with every check and the matching, and how much memory it takes."""

import io
import resource
import time
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Final

import xlsxwriter
from stdnum.iso7064 import mod_11_2

from fangxian.places import actions as places
from fangxian.places import loading
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.imports import actions
from fangxian.registry.models import ImportKind
from fangxian.shared import clock
from fangxian.shared.measure import Figure

ROWS: Final = 17_000
TARGET_SECONDS: Final = 11.0
TARGET_MB: Final = 300.0
_STREET: Final = "310105009"
_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰建国华文"
_HEAD: Final = ("姓名", "身份证号", "手机号", "国籍", "单位名称", "返沪日期", "从何地返沪")


def run() -> Iterator[Figure]:
    """Employees of one building: first all new, then the same list again."""
    now = clock.now()
    street = loading.load_street(code=_STREET, by="bench", now=now)
    hood = Place.objects.filter(parent=street).order_by("path")[0]
    new = NewPlace(PlaceKind.BUILDING, "测试大厦", hood.id, code="BENCH", address="娄山关路9999号")
    [building] = places.add(places=[new], by="bench", now=now)
    content = _list()
    for name in ("import of a new list", "import of the same list again"):
        began = time.perf_counter()
        batch = actions.upload(
            content=content, name="list.xlsx", kind=ImportKind.PERSONS, place=building, by="bench", now=now
        )
        batch = actions.take_in(batch=batch, by="bench", now=now)
        seconds = time.perf_counter() - began
        size = f"{batch.rows:,} rows, {batch.created:,} new, {batch.unchanged:,} as before, {batch.refused:,} refused"
        yield Figure(name, seconds, "s", TARGET_SECONDS, size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("memory of the importing process", peak, "MB", TARGET_MB, f"{ROWS:,} rows")


def _list() -> bytes:
    rng = Random(17)  # noqa: S311 - the same list every time
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, _HEAD)
    for number in range(ROWS):
        name = rng.choice(_SURNAMES) + rng.choice(_GIVEN) + rng.choice(_GIVEN)
        phone = 13_000_000_000 + number * 50_021 % 999_999_999
        firm = f"测试{number % 1_746}号有限公司"
        sheet.write_row(number + 1, 0, (name, _resident_id(number), phone, "中国", firm, "2020.2.3", "江苏"))
    book.close()
    return out.getvalue()


def _resident_id(number: int) -> str:
    """A different number for each row; 999 people could be born on a day in one county, here at most three are."""
    day, order = divmod(number, 3)
    body = f"310105{date(1960, 1, 1) + timedelta(days=day):%Y%m%d}{order + 1:03d}"
    return body + mod_11_2.calc_check_digit(body)
