"""The street as workbooks, as committees and property managers really send them: each in its sender's own habits.

Some have a title above the header, some are CSV in GB18030 or UTF-8, some write the address in one column and some in
three, dates come as text with dots, as ISO text or as real dates, telephones as text or as numbers. A few rows are
wrong in the ways that rows are wrong, so that the demonstration shows refused rows too.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import xlsxwriter

from fangxian.demo.street import Building, Employee, Household, Neighbourhood, Person, Street

Cell = str | int | float | date | None
Row = Sequence[Cell]

NATIONALITY_WORDS = {
    "CN": "中国", "JP": "日本", "KR": "韩国", "US": "美国", "TW": "中国台湾", "HK": "中国香港", "FR": "法国",
    "DE": "德国", "SG": "新加坡", "GB": "英国", "AU": "澳大利亚", "IT": "意大利", "IN": "印度",
}  # fmt: skip
LANGUAGE_WORDS = {"zh": "中文", "ja": "日语", "ko": "韩语", "en": "英语"}
SEX_WORDS = {"male": "男", "female": "女"}
# an 18-digit number after a spreadsheet has taken it for a quantity
MANGLED = "3.10105E+17"

ENTERPRISE_HEAD = (
    "序号", "企业名称", "统一社会信用代码", "联系人", "联系电话", "楼宇", "楼层", "室号",
    "员工人数", "行业",
)  # fmt: skip
EMPLOYEE_HEAD = (
    "姓名", "性别", "出生日期", "国籍", "证件类型", "证件号码", "手机号", "语言",
    "单位名称", "办公楼", "楼层", "返沪日期", "从何地返沪",
)  # fmt: skip
PERSON_HEAD = (
    "序号", "姓名", "性别", "出生日期", "国籍", "证件类型", "证件号码", "联系电话",
    "语言",
)  # fmt: skip
TRAVEL_HEAD = (
    "与户主关系", "来沪日期", "来源地", "备注",
)  # fmt: skip


@dataclass(frozen=True)
class Book:
    """One file as it arrives. `refused` is how many of its rows are wrong on purpose."""

    path: Path
    kind: str
    place: str
    rows: int
    sender: str
    refused: int = 0


@dataclass(frozen=True)
class Habit:
    """How one office keeps its lists. `csv_in`: the encoding of its CSV files, empty for workbooks."""

    title: bool
    csv_in: str
    one_address: bool
    dates: Callable[[date], Cell]
    numeric_phones: bool


HABITS = (
    Habit(True, "", False, lambda day: f"{day.year}.{day.month}.{day.day}", False),
    Habit(False, "", True, lambda day: day, True),
    Habit(False, "gb18030", True, lambda day: day.isoformat(), False),
    Habit(False, "utf-8-sig", True, lambda day: f"{day.year}年{day.month}月{day.day}日", False),
)


def write(street: Street, folder: Path, area_words: Mapping[str, str]) -> list[Book]:
    """All the files, in the order in which they have to be taken in. `area_words` says each area type in Chinese."""
    folder.mkdir(parents=True, exist_ok=True)
    habits = {one.code: HABITS[number % len(HABITS)] for number, one in enumerate(street.neighbourhoods)}
    books: list[Book] = []
    books += _dwellings(street, folder, habits)
    books += _areas(street, folder, habits, area_words)
    for maker in (_enterprises, _residents, _vehicles, _employees):
        books += maker(street, folder, habits)
    # nobody sends an empty list
    return [book for book in books if book.rows]


Habits = dict[str, Habit]


def _save(path: Path, habit: Habit, title: str, head: Row, rows: Iterable[Row]) -> tuple[Path, int]:
    if habit.csv_in:
        return _save_csv(path.with_suffix(".csv"), habit.csv_in, head, rows)
    path = path.with_suffix(".xlsx")
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("名册")
    line = 0
    if habit.title:
        sheet.merge_range(0, 0, 0, len(head) - 1, title, bold)
        line = 1
    for column, word in enumerate(head):
        sheet.write_string(line, column, str(word), bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line + count, column, cell)
            elif isinstance(cell, date):
                sheet.write_datetime(line + count, column, cell, day)
            elif cell is not None:
                sheet.write_number(line + count, column, cell)
    book.close()
    return path, count


def _save_csv(path: Path, encoding: str, head: Row, rows: Iterable[Row]) -> tuple[Path, int]:
    lines = [["" if cell is None else cell for cell in row] for row in rows]
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([head, *lines])
    return path, len(lines)


def _by_neighbourhood(street: Street) -> Iterator[tuple[Neighbourhood, list[Household]]]:
    homes = {
        code: list(group)
        for code, group in groupby(street.households, key=lambda home: home.dwelling.compound.neighbourhood)
    }
    for one in street.neighbourhoods:
        yield one, homes.get(one.code, [])


def _address_head(habit: Habit) -> list[str]:
    return ["住址"] if habit.one_address else ["小区", "楼号", "室号"]


def _address(habit: Habit, home: Household) -> list[str]:
    dwelling = home.dwelling
    if habit.one_address:
        return [dwelling.address]
    return [dwelling.compound.name, dwelling.block.name, f"{dwelling.room}室"]


def _phone(habit: Habit, phone: str) -> Cell:
    return int(phone) if phone and habit.numeric_phones else phone


def _dwellings(street: Street, folder: Path, habits: Habits) -> Iterator[Book]:
    for one, homes in _by_neighbourhood(street):
        habit = habits[one.code]
        rows = [[*_address(habit, home), home.dwelling.block.grid, "" if home.members else "空置"] for home in homes]
        head = [*_address_head(habit), "所属网格", "备注"]
        path, count = _save(folder / f"{one.short}房屋底册", habit, f"{one.name}房屋底册", head, rows)
        yield Book(path, "dwellings", one.code, count, one.name)


def _areas(street: Street, folder: Path, habits: Habits, words: Mapping[str, str]) -> Iterator[Book]:
    names = {compound.code: compound.name for compound in street.compounds}
    for one in street.neighbourhoods:
        rows: list[Row] = [
            [number, area.name, words[area.kind], names[area.place], area.block, area.grid]
            for number, area in enumerate(
                (area for area in street.areas if area.neighbourhood == one.code and area.place in names), start=1
            )
        ]
        head = ["序号", "公共区域", "类型", "小区", "楼号", "所属网格"]
        path, count = _save(
            folder / f"{one.short}公共区域", habits[one.code], f"{one.name}公共区域消毒底册", head, rows
        )
        yield Book(path, "areas", one.code, count, one.name)
    for number, building in enumerate(street.buildings):
        inside: list[Row] = [
            [area.name, words[area.kind], building.name, area.floor]
            for area in street.areas
            if area.place == building.code
        ]
        head = ["区域名称", "区域类型", "楼宇", "楼层"]
        path, count = _save(
            folder / f"{building.name}公共区域", HABITS[number % 4], f"{building.name}公共区域", head, inside
        )
        yield Book(path, "areas", building.code, count, f"{building.name}物业")


def _enterprises(street: Street, folder: Path, habits: Habits) -> Iterator[Book]:
    for number, building in enumerate(street.buildings):
        habit = HABITS[number % 4]
        rows: list[Row] = [
            [
                index, firm.name, firm.uscc, firm.contact, _phone(habit, firm.phone), building.name,
                f"{firm.unit.floor}层", firm.unit.name, firm.headcount, firm.industry,
            ]
            for index, firm in enumerate((one for one in street.enterprises if one.building == building.name), start=1)
        ]  # fmt: skip
        path, count = _save(
            folder / f"{building.name}企业名册", habit, f"{building.name}入驻企业名册", ENTERPRISE_HEAD, rows
        )
        yield Book(path, "enterprises", building.code, count, f"{building.name}物业")


def _residents(street: Street, folder: Path, habits: Habits) -> Iterator[Book]:
    for one, homes in _by_neighbourhood(street):
        habit = habits[one.code]
        head = [*PERSON_HEAD, *_address_head(habit), *TRAVEL_HEAD]
        rows = _numbered(
            [*_person(habit, person), *_address(habit, home), person.relation, *_travel(habit, person), person.reading]
            for home in homes
            for person in home.members
        )
        path, count = _save(folder / f"{one.short}居民名册", habit, f"{one.name}居民名册（第二轮排摸用）", head, rows)
        yield Book(path, "persons", one.code, count, one.name)


def _person(habit: Habit, person: Person) -> list[Cell]:
    return [
        person.name, SEX_WORDS[person.sex], habit.dates(person.born), NATIONALITY_WORDS[person.nationality],
        person.document.value, person.number, _phone(habit, person.phone), LANGUAGE_WORDS[person.language],
    ]  # fmt: skip


def _travel(habit: Habit, person: Person) -> list[Cell]:
    return [habit.dates(person.arrived) if person.arrived else "", person.origin]


def _vehicles(street: Street, folder: Path, habits: Habits) -> Iterator[Book]:
    by_code: dict[str, list[Row]] = {one.code: [] for one in street.neighbourhoods}
    for vehicle in street.vehicles:
        dwelling = vehicle.dwelling
        habit = habits[dwelling.compound.neighbourhood]
        by_code[dwelling.compound.neighbourhood].append(
            [
                vehicle.plate, vehicle.kind, vehicle.owner.name, _phone(habit, vehicle.owner.phone),
                dwelling.compound.name, vehicle.space,
            ]
        )  # fmt: skip
    head = ["车牌号", "车辆类型", "车主", "联系电话", "停放小区", "车位"]
    for one in street.neighbourhoods:
        title = f"{one.name}车辆登记表"
        path, count = _save(folder / f"{one.short}车辆登记", habits[one.code], title, head, by_code[one.code])
        yield Book(path, "vehicles", one.code, count, one.name)


def _employees(street: Street, folder: Path, habits: Habits) -> Iterator[Book]:
    floors = {firm.uscc: firm.unit.floor for firm in street.enterprises}
    for number, building in enumerate(street.buildings):
        habit = HABITS[number % 4]
        staff = [one for one in street.employees if one.enterprise.building == building.name]
        rows = [_employee(habit, building, one, floors[one.enterprise.uscc]) for one in staff]
        wrong = [[*rows[-1][:5], MANGLED, *rows[-1][6:]]] if rows else []
        title = f"{building.name}返岗人员名册"
        path, count = _save(folder / f"{building.name}返岗人员", habit, title, EMPLOYEE_HEAD, [*rows, *wrong])
        yield Book(path, "persons", building.code, count, f"{building.name}物业", refused=len(wrong))


def _employee(habit: Habit, building: Building, one: Employee, floor: int) -> list[Cell]:
    person = one.person
    return [*_person(habit, person), one.enterprise.name, building.name, f"{floor}层", *_travel(habit, person)]


def _numbered(rows: Iterable[list[Cell]]) -> Iterator[list[Cell]]:
    for number, row in enumerate(rows, start=1):
        yield [number, *row]
