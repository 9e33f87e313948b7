"""Places of origin and the cells of a journey, as people write them."""

from datetime import UTC, date, datetime

import pytest

from fangxian.duties.plan_schema import Text
from fangxian.registry.imports.reader import Cell
from fangxian.registry.imports.tables import Line, Table
from fangxian.screening.playbook import KeyRegion
from fangxian.workplaces import journey_columns
from fangxian.workplaces.journey_columns import Journey
from fangxian.workplaces.origins import name_of, origin


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("武汉", "4201"), ("湖北武汉", "4201"), ("湖北省武汉市", "4201"), ("湖北省武汉市江岸区", "420102"),
        ("湖北", "42"), ("武汉市汉口", "4201"), ("韩国首尔", "KOR"), ("韩国", "KOR"), ("意大利米兰", "ITA"),
        ("日本东京", "JPN"), ("法国", "FRA"), ("德国", "DEU"), ("Korea", "KOR"), ("KOR", "KOR"),
        ("香港", "81"), ("澳门", "82"), ("台湾", "71"), ("上海", "31"), ("吉林", "22"), ("吉林市", "2202"),
        ("吉林省吉林市", "2202"), ("内蒙古呼和浩特", "1501"), ("新疆乌鲁木齐", "6501"), ("仙桃", "429004"),
        ("江苏苏州昆山", "320583"), ("昆山市", "320583"), ("北京海淀", "110108"), ("重庆万州", "500101"),
        ("恩施", "4228"), ("中国湖北", "42"), ("湖北 黄冈（罗田县）", "421123"), ("境外 美国", "USA"),
        ("420100", "420100"), ("浙江溫州", "3303"), ("老家", None), ("火星", None), ("朝阳", None),
        ("999999", None), ("", None),
    ],
)  # fmt: skip
def test_an_origin_is_read(written: str, code: str | None) -> None:
    assert origin(written) == code


@pytest.mark.parametrize(
    ("code", "name"), [("4201", "湖北省武汉市"), ("420100", "湖北省武汉市"), ("42", "湖北省"), ("9", "")]
)
def test_a_code_is_read_out(code: str, name: str) -> None:
    assert name_of(code) == name


SINCE = datetime(2020, 1, 26, 16, 0, tzinfo=UTC)
REGIONS = (
    KeyRegion.model_validate(
        {"key": "hubei", "kind": "china", "code": "42", "title": Text(zh="湖北省", en="Hubei"),
         "since": SINCE}
    ),
    KeyRegion.model_validate(
        {"key": "wenzhou", "kind": "china", "code": "3303", "title": Text(zh="浙江温州", en="Wenzhou"),
         "since": SINCE}
    ),
)  # fmt: skip
HEAD = [
    "姓名",
    "从何地返沪",
    "抵沪日期*",
    "返沪交通工具",
    "车次/航班",
    "14天内是否到过湖北等重点地区",
    "是否离沪",
    "居家办公",
]


def table(head: list[str], *rows: list[Cell]) -> Table:
    return Table("", head, [], [Line(number, row) for number, row in enumerate(rows, start=2)])


def read(*cells: Cell, head: list[str] | None = None) -> tuple[Journey, list[str]]:
    used = table(head or HEAD, list(cells))
    found, errors = journey_columns.read(
        cells, journey_columns.columns_of(used), year=2020, regions=REGIONS
    )  # fmt: skip
    return found, sorted(errors)


def test_the_columns_are_found_by_their_usual_headings() -> None:
    found = journey_columns.columns_of(table(HEAD, ["王建国", "武汉", "2.10", "高铁", "G1", "否", "是", "否"]))
    assert found == {
        "origin": 1, "arrived": 2, "transport": 3, "vehicle_no": 4, "key_region": 5, "left": 6, "home": 7,
    }  # fmt: skip


def test_the_native_place_stands_for_the_origin_only_where_nothing_else_does() -> None:
    alone = journey_columns.columns_of(table(["姓名", "籍贯", "抵沪日期"], ["王", "湖北", "2020-02-10"]))
    beside = journey_columns.columns_of(table(["姓名", "籍贯", "来源地"], ["王", "湖北", "江苏"]))
    assert (alone["origin"], beside["origin"]) == (1, 2)


@pytest.mark.parametrize(
    "written",
    ["2020.2.10", "2020/2/10", "2020年2月10日", "20200210", "2月10日", 43871, datetime(2020, 2, 10)],  # noqa: DTZ001 - no zone in a cell
)
def test_a_day_of_arrival_in_each_spelling(written: Cell) -> None:
    found, errors = read("王", "江苏苏州", written, "火车", "K1", "否")
    assert (found.arrived_on, errors) == (date(2020, 2, 10), [])


@pytest.mark.parametrize(
    ("written", "transport"),
    [("高铁", "train"), ("动车", "train"), ("飞机", "plane"), ("长途汽车", "coach"), ("大巴", "coach"), ("自驾", "car"),
     ("私家车", "car"),
     ("轮船", "ship"), ("未离沪", "none"), ("骑车", "other"), ("", "")],
)  # fmt: skip
def test_a_means_of_transport_in_the_usual_words(written: str, transport: str) -> None:
    assert read("王", "江苏", "2020-02-10", written)[0].transport == transport


@pytest.mark.parametrize(
    ("written", "travelled", "keys"),
    [("否", "no", ()), ("无", "no", ()), ("未到过", "no", ()), ("是", "yes", ()), ("湖北", "yes", ("hubei",)),
     ("到过湖北、温州", "yes", ("hubei", "wenzhou")), ("江苏苏州", "no", ()), (None, "", ())],
)  # fmt: skip
def test_a_key_region_is_said_by_yes_no_or_its_name(written: Cell, travelled: str, keys: tuple[str, ...]) -> None:
    found, errors = read("王", "江苏", "2020-02-10", "火车", "K1", written)
    assert (found.key_region, found.regions, errors) == (travelled, keys, [])


def test_who_did_not_leave_needs_nothing_else() -> None:
    assert read("王", None, None, "未离沪")[0].left_shanghai is False
    assert read("王", "上海", None, None)[0] == Journey(left_shanghai=False)
    assert read("王", None, None, None, None, None, "否")[0].left_shanghai is False
    assert read("王", "江苏", "2020-02-10")[0].left_shanghai is True
    assert read("王")[0].left_shanghai is None


def test_what_cannot_be_read_is_named_by_its_column() -> None:
    found, errors = read("王", "老家", "刚到", "火车", "K1", "看情况", "也许")
    assert errors == ["arrived", "key_region", "left", "origin"]
    assert (found.origin, found.arrived_on, found.key_region) == ("", None, "")
