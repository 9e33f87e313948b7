"""The columns of a ledger of returning staff beside those of a list of employees: the journey, cell by cell. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext, pgettext_lazy

from fangxian.registry.imports import fields, mapping
from fangxian.registry.imports.fields import Field, headings
from fangxian.registry.imports.reader import Cell
from fangxian.registry.imports.tables import Table
from fangxian.registry.refusals import Code, Refusal
from fangxian.screening.playbook import KeyRegion
from fangxian.shared.dates import DateError, parse_date
from fangxian.shared.text import simplify, squeeze
from fangxian.workplaces.models import Transport, Travelled
from fangxian.workplaces.origins import SHANGHAI, origin
from fangxian.workplaces.returning import Fault
from fangxian.workplaces.returning_words import FAULTS

ORIGIN: Final = Field(
    "origin",
    pgettext_lazy("column", "came from"),
    headings(
        "来源地 从何地返沪 从何地来沪 出发地 何地来沪 返沪出发地 从何处来 来自 返沪前所在地 春节期间所在地 origin from"
    ),
    fields.words_shape,
)
ARRIVED: Final = Field(
    "arrived",
    pgettext_lazy("column", "day of arrival"),
    headings(
        "抵沪日期 返沪日期 来沪日期 到沪日期 抵沪时间 返沪时间 来沪时间 到沪时间 回沪日期 回沪时间 arrival arrivaldate"
    ),
    fields.date_shape,
)
TRANSPORT: Final = Field(
    "transport",
    pgettext_lazy("column", "means of transport"),
    headings("交通方式 交通工具 返沪方式 返沪交通工具 乘坐交通工具 出行方式 transport"),
    fields.words_shape,
)
VEHICLE: Final = Field(
    "vehicle_no",
    pgettext_lazy("column", "train or flight"),
    headings("车次航班 车次/航班 航班车次 车次或航班 车次 航班 航班号 车次号 班次 train flight trainorflight"),
)
REGION: Final = Field(
    "key_region",
    pgettext_lazy("column", "in a key region"),
    headings(
        "14天内是否到过重点地区 14天内是否到过湖北等重点地区 14日内是否到过重点地区 是否到过重点地区 是否去过重点地区 "
        "是否来自重点地区 是否途经重点地区 14天内是否到过湖北 是否到过湖北 重点地区 重点地区旅居史 旅居史 keyregion"
    ),
)
LEFT: Final = Field(
    "left",
    pgettext_lazy("column", "left Shanghai"),
    headings("是否离沪 是否离开上海 春节是否离沪 是否出沪 离沪 leftshanghai"),
)
RELEASED: Final = Field(
    "released",
    pgettext_lazy("column", "observation ended on"),
    headings("解除观察日期 解除隔离日期 观察期满日期 隔离期满日期 解除日期 released"),
    fields.date_shape,
)
HOME: Final = Field(
    "home",
    pgettext_lazy("column", "works from home"),
    headings("是否居家办公 居家办公 远程办公 是否远程办公 homeoffice"),
)
FIELDS: Final = (ORIGIN, ARRIVED, TRANSPORT, VEHICLE, REGION, LEFT, RELEASED, HOME)
NATIVE: Final = "籍贯"

_YES: Final = frozenset(("是", "有", "到过", "去过", "来自", "离沪", "√", "y", "yes", "1", "true", "对", "已离沪"))
_NO: Final = frozenset(
    (
        "否",
        "无",
        "没有",
        "未",
        "未到过",
        "没去过",
        "未去过",
        "没到过",
        "×",
        "x",
        "n",
        "no",
        "0",
        "false",
        "不是",
        "未离沪",
    )
)
_TRANSPORTS: Final = (
    (Transport.NONE, re.compile(r"未离沪|在沪|没离|未离开|不离沪")),
    (Transport.COACH, re.compile(r"大巴|长途|客车|巴士|客运|coach|bus")),
    (Transport.TRAIN, re.compile(r"火车|高铁|动车|铁路|列车|城际|train|rail")),
    (Transport.PLANE, re.compile(r"飞机|航班|航空|民航|plane|flight|air")),
    (Transport.SHIP, re.compile(r"船|轮渡|ship|ferry")),
    (Transport.CAR, re.compile(r"自驾|私家车|开车|汽车|轿车|自备车|驾车|包车|car|drive")),
)
_NOTHING: Final = frozenset(("", "-", "—", "/", "\\", "n/a", "na", "暂无", "不详", "未知", "待定"))


@dataclass(frozen=True)
class JourneyRefusal(Refusal):
    """A cell of the journey that was not taken, in the words of the ledger."""

    fault: Fault | None = None

    @property
    def text(self) -> str:
        return str(FAULTS[self.fault]) if self.fault else super().text


def faulty(fault: Fault) -> JourneyRefusal:
    return JourneyRefusal(Code.UNKNOWN_WORD, {}, fault)


def unreadable(words: str) -> Refusal:
    return Refusal(Code.UNKNOWN_WORD, {"words": words})


@dataclass(frozen=True)
class Journey:
    """What one row says; what it does not say is empty."""

    origin: str = ""
    arrived_on: date | None = None
    transport: str = ""
    vehicle_no: str = ""
    key_region: str = ""
    regions: tuple[str, ...] = ()
    left_shanghai: bool | None = None
    released_on: date | None = None
    home_office: bool | None = None


def columns_of(table: Table) -> dict[str, int]:
    """Field to column. 籍贯 says where a family is from: it stands for the origin only where nothing else does."""
    rows = [line.cells for line in table.lines[:240]]
    found: dict[str, int] = {}
    for number, column in enumerate(mapping.propose(table.headers, rows, FIELDS)):
        if column.field and column.how is not mapping.How.CONTENT:
            found.setdefault(column.field, number)
    if ORIGIN.key not in found:
        native = [number for number, header in enumerate(table.headers) if mapping.header_key(header) == NATIVE]
        if native:
            found[ORIGIN.key] = native[0]
    return found


def read(
    cells: Sequence[Cell], columns: Mapping[str, int], *, year: int, regions: Sequence[KeyRegion]
) -> tuple[Journey, dict[str, Refusal]]:
    """The journey of one row, and by field what of it cannot be read."""
    return _Reader(cells, columns, year, regions).journey()


class _Reader:
    def __init__(
        self, cells: Sequence[Cell], columns: Mapping[str, int], year: int, regions: Sequence[KeyRegion]
    ) -> None:
        self.cells, self.columns, self.year, self.regions = cells, columns, year, regions
        self.errors: dict[str, Refusal] = {}

    def journey(self) -> tuple[Journey, dict[str, Refusal]]:
        transport = self._transport()
        where = self._origin()
        arrived, released = self._day(ARRIVED.key), self._day(RELEASED.key)
        travelled, keys = self._key_region()
        left = self._yes_no(LEFT.key)
        if left is None:
            left = _left(transport, where, arrived)
        if left is False and where == SHANGHAI:
            where = ""
        found = Journey(
            where, arrived, transport, self._text(VEHICLE.key)[:20].upper(), travelled, keys, left, released,
            self._yes_no(HOME.key),
        )  # fmt: skip
        return found, self.errors

    def _cell(self, key: str) -> Cell:
        column = self.columns.get(key)
        return self.cells[column] if column is not None and column < len(self.cells) else None

    def _text(self, key: str) -> str:
        value = self._cell(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = squeeze("" if value is None else str(value))
        return "" if text.casefold() in _NOTHING else text

    def _day(self, key: str) -> date | None:
        value = self._cell(key)
        if value is None or (isinstance(value, str) and (not self._text(key) or self._text(key).casefold() in _NO)):
            return None
        try:
            return parse_date(value, self.year)
        except DateError:
            self.errors[key] = Refusal(Code.DATE_UNREADABLE)
            return None

    def _origin(self) -> str:
        text = self._text(ORIGIN.key)
        if not text or text in _NO:
            return ""
        code = origin(text)
        if code is None:
            self.errors[ORIGIN.key] = faulty(Fault.ORIGIN)
        return code or ""

    def _transport(self) -> str:
        text = simplify(self._text(TRANSPORT.key)).casefold()
        if not text or text == "无":
            return ""
        return next((str(kind) for kind, words in _TRANSPORTS if words.search(text)), str(Transport.OTHER))

    def _yes_no(self, key: str) -> bool | None:
        text = simplify(self._text(key)).casefold()
        if not text:
            return None
        if text in _NO or text in _YES:
            return text in _YES
        self.errors[key] = unreadable(gettext("yes, no"))
        return None

    def _key_region(self) -> tuple[str, tuple[str, ...]]:
        """Yes or no, or the names of regions themselves."""
        text = simplify(self._text(REGION.key)).casefold()
        if not text:
            return "", ()
        if text in _NO:
            return Travelled.NO, ()
        keys = tuple(region.key for region in self.regions if _names(region, text))
        if text in _YES or keys or text.startswith(("是", "有", "到过", "去过")):
            return Travelled.YES, keys
        if text.startswith(("否", "无", "没", "未")):
            return Travelled.NO, ()
        if origin(text) is not None:
            # a place that is no key region: they were somewhere, and not in one of those
            return Travelled.NO, ()
        self.errors[REGION.key] = unreadable(gettext("yes, no"))
        return "", ()


def _names(region: KeyRegion, text: str) -> bool:
    title = simplify(squeeze(region.title.zh or ""))
    short = title[:-1] if len(title) > 2 and title[-1] in "省市" else title
    return bool(short) and (short in text or (len(short) >= 4 and short[2:] in text))


def _left(transport: str, where: str, arrived: date | None) -> bool | None:
    if transport == Transport.NONE or (where == SHANGHAI and arrived is None):
        return False
    return True if where or arrived is not None or transport else None
