"""A filing as a workbook: one sheet of answers, one of staff. Reading it says of each cell why it is not taken."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

import xlsxwriter
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.registry import identifiers
from fangxian.registry.imports.errors_book import shown
from fangxian.registry.imports.reader import Cell, Sheet
from fangxian.registry.refusals import Refusal
from fangxian.shared.dates import DateError, parse_date
from fangxian.shared.text import squeeze
from fangxian.workplaces.models import PostKind
from fangxian.workplaces.playbook import Goods

ANSWERS: Final = "答卷"
STAFF: Final = "返岗人员"
STAFF_HEAD: Final = (
    "姓名", "证件类型", "证件号码", "联系电话", "是否离沪", "来源地", "抵沪日期", "交通方式", "车次/航班",
    "14天内是否到过重点地区", "居家办公",
)  # fmt: skip
"""Headings of the sheet of staff, as the list of returning staff is read everywhere."""

# key, question, how it is answered; the questions are the street's own words in any language of the pages
QUESTIONS: Final[tuple[tuple[str, str, Promise], ...]] = (
    ("in_charge", "疫情防控负责人", gettext_lazy("A name.")),
    ("phone", "负责人联系电话", gettext_lazy("A mobile number, or one with its area code.")),
    ("start_on", "拟复工日期", gettext_lazy("A date, such as 2020-02-18.")),
    ("people", "到岗人数", gettext_lazy("How many come to the premises.")),
    ("plan", "防控方案", gettext_lazy("What you do, in your own words.")),
    ("isolation", "临时隔离场所", gettext_lazy("Where somebody with a fever waits.")),
    ("ask_from", "希望到岗时间（从）", gettext_lazy("A time, such as 08:30.")),
    ("ask_until", "希望到岗时间（到）", gettext_lazy("A time, such as 09:00.")),
    ("ask_home", "居家办公比例（%）", gettext_lazy("0 to 100.")),
)
POSTS: Final[dict[PostKind, str]] = {
    PostKind.CHARGE: "岗位：防控负责",
    PostKind.MEASURE: "岗位：测温",
    PostKind.CLEAN: "岗位：消毒保洁",
    PostKind.SUPPLIES: "岗位：物资保管",
    PostKind.REPORT: "岗位：每日上报",
}
_SPLIT: Final = "、,，;；/"


@dataclass(frozen=True)
class Fault:
    """A cell that is not taken. `cell` as spreadsheets name it; `text` says why and what to do."""

    sheet: str
    cell: str
    question: str
    text: str


@dataclass
class Read:
    """What the answers say. An empty cell says nothing, so that what was typed on the page stays."""

    draft: dict[str, object] = field(default_factory=dict)
    posts: dict[PostKind, list[str]] = field(default_factory=dict)
    quantities: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    found: bool = False


def names_in(value: str) -> list[str]:
    """Names that were written into one field, whatever stands between them."""
    for mark in _SPLIT:
        value = value.replace(mark, "\n")
    return [one.strip() for one in value.split("\n") if one.strip()]


def goods_question(goods: Goods) -> str:
    return f"物资：{goods.title.zh}"


def template(
    *, goods: Sequence[Goods], known: Mapping[str, str], firm: str, building: str
) -> bytes:  # fmt: skip
    """An .xlsx to be filled in and sent back; `known` are answers that are there already, by the question's key."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    cell = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "border": 1})
    soft = book.add_format({"font_color": "#545d68", "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(ANSWERS)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 2, 40)
    sheet.write_string(0, 0, f"{firm} · {building}", head)
    rows = [(key, question, str(how)) for key, question, how in QUESTIONS]
    rows += [(f"post:{kind.value}", question, _("One name or several.")) for kind, question in POSTS.items()]
    rows += [(f"goods:{one.key}", goods_question(one), _("How much you hold ready.")) for one in goods]
    for number, (key, question, how) in enumerate(rows, start=1):
        sheet.write_string(number, 0, question, head)
        sheet.write_string(number, 1, known.get(key, ""), cell)
        sheet.write_string(number, 2, how, soft)
    staff = book.add_worksheet(STAFF)
    text_cells = book.add_format({"num_format": "@"})
    staff.set_column(0, len(STAFF_HEAD) - 1, 18, text_cells)
    for column, heading in enumerate(STAFF_HEAD):
        staff.write_string(0, column, heading, head)
    staff.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def read(sheets: Sequence[Sheet], goods: Sequence[Goods], today: date) -> Read:
    """The answers of a workbook that was sent back; a question is known by its words, wherever its row stands now."""
    result = Read()
    keys = {squeeze(question): key for key, question, _how in QUESTIONS}
    keys |= {squeeze(question): f"post:{kind.value}" for kind, question in POSTS.items()}
    keys |= {squeeze(goods_question(one)): f"goods:{one.key}" for one in goods}
    for sheet in sheets:
        for number, row in enumerate(sheet.rows):
            column = next((at for at, one in enumerate(row) if squeeze(shown(one)) in keys), None)
            if column is None:
                continue
            result.found = True
            value = row[column + 1] if column + 1 < len(row) else None
            if value is None or not shown(value).strip():
                continue
            question = shown(row[column])
            said = _take(keys[squeeze(question)], value, result, today)
            if said:
                result.faults.append(Fault(sheet.name, _cell_name(number, column + 1), question, said))
    return result


def _take(key: str, value: Cell, result: Read, today: date) -> str:
    """Put an answer where it belongs; a text is why it is not taken."""
    kind, _colon, name = key.partition(":")
    if kind == "post":
        result.posts[PostKind(name)] = names_in(shown(value))
        return ""
    if kind == "goods":
        quantity = _whole(value)
        if quantity is None:
            return _("This is no whole number. Write digits only.")
        result.quantities[name] = quantity
        return ""
    try:
        result.draft[key] = _READERS[key](value, today)
    except _RefusedError as error:
        return str(error)
    return ""


class _RefusedError(Exception):
    pass


def _words(value: Cell, _today: date) -> str:
    return shown(value).strip()


def _number(value: Cell, _today: date) -> int:
    number = _whole(value)
    if number is None:
        raise _RefusedError(_("This is no whole number. Write digits only."))
    return number


def _whole(value: Cell) -> int | None:
    text = squeeze(shown(value)).rstrip("人名个只瓶%")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _date(value: Cell, today: date) -> date:
    try:
        return parse_date(value, default_year=today.year)
    except DateError as error:
        raise _RefusedError(_("This is no date that can be read. Write it like 2020-02-18.")) from error


def _phone(value: Cell, _today: date) -> str:
    found = identifiers.read_phone(value)
    if isinstance(found, Refusal):
        raise _RefusedError(found.text)
    return found.value


def _minute(value: Cell, _today: date) -> int:
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    hours, _colon, minutes = squeeze(shown(value)).replace("：", ":").partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise _RefusedError(_("This is no time of the day. Write it like 08:30."))
    return int(hours) * 60 + int(minutes)


_READERS: Final = {
    "in_charge": _words, "phone": _phone, "start_on": _date, "people": _number, "plan": _words, "isolation": _words,
    "ask_from": _minute, "ask_until": _minute, "ask_home": _number,
}  # fmt: skip


def _cell_name(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
