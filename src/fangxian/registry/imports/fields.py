"""The columns that lists have: their usual headings and what their cells look like."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from fangxian.registry import identifiers
from fangxian.registry.imports.reader import Cell
from fangxian.shared.dates import DateError, parse_date
from fangxian.shared.text import is_han, is_hangul, is_kana, squeeze

Shape = Callable[[Cell], bool]


@dataclass(frozen=True)
class Field:
    """`words`: usual headings, squeezed and in small letters. `shape`: whether a cell could be one, right or wrong.
    `many`: several columns may hold it. `core`: without it a sheet is no such list. `strict`: whether a cell is
    certainly one, so that a column without a telling heading can be proposed by its content. `identifier`: a
    spreadsheet would mangle it, so that it goes back in a column of text."""

    key: str
    label: Promise
    words: tuple[str, ...]
    shape: Shape | None = None
    strict: Shape | None = None
    many: bool = False
    core: bool = False
    identifier: bool = False

    @property
    def identifying(self) -> bool:
        """A number that says who or what a row is."""
        return self.strict is not None and self.key != "phone"


def _text(cell: Cell) -> str:
    return squeeze(identifiers.as_text(cell))


def name_shape(cell: Cell) -> bool:
    text = _text(cell)
    return bool(text) and len(text) <= 60 and sum(char.isdigit() for char in text) <= len(text) // 3


def number_shape(cell: Cell) -> bool:
    """A document number or what a spreadsheet has left of it."""
    return identifiers.is_mangled(cell) or re.fullmatch(r"[A-Za-z0-9()\-.]{5,24}", _text(cell)) is not None


def document_strict(cell: Cell) -> bool:
    return re.fullmatch(r"\d{17}[\dXx]", _text(cell)) is not None


def phone_shape(cell: Cell) -> bool:
    text = _text(cell)
    return identifiers.is_mangled(cell) or 6 <= sum(char.isdigit() for char in text) <= 24 < 60 > len(text)


def mobile_strict(cell: Cell) -> bool:
    return re.fullmatch(r"(?:\+?86)?1[3-9]\d{9}", _text(cell)) is not None


def date_shape(cell: Cell) -> bool:
    try:
        parse_date(cell, default_year=2020)
    except DateError:
        return bool(re.search(r"\d", _text(cell))) and len(_text(cell)) <= 24
    return True


def plate_shape(cell: Cell) -> bool:
    return re.fullmatch(r".?[A-Za-z0-9·•.\-]{4,10}.?", _text(cell)) is not None


def plate_strict(cell: Cell) -> bool:
    return isinstance(identifiers.read_plate(cell), identifiers.Plate)


def credit_strict(cell: Cell) -> bool:
    return isinstance(identifiers.read_credit_code(cell), identifiers.CreditCode)


def count_shape(cell: Cell) -> bool:
    return re.fullmatch(r"约?\d{1,7}[人名个]?", _text(cell)) is not None


def sex_shape(cell: Cell) -> bool:
    return len(_text(cell)) <= 6


def words_shape(cell: Cell) -> bool:
    text = _text(cell)
    return any(is_han(char) or is_kana(char) or is_hangul(char) or char.isalpha() for char in text)


def headings(words: str) -> tuple[str, ...]:
    """Usual headings, divided by spaces: a heading is compared without its own."""
    return tuple(words.split())


def kind_shape(cell: Cell) -> bool:
    """A word for a kind of document, not its number."""
    return words_shape(cell) and sum(char.isdigit() for char in _text(cell)) <= 2


NAME = Field(
    "name",
    pgettext_lazy("column", "name"),
    headings("姓名 名字 人员姓名 居民姓名 员工姓名 成员姓名 返沪人员 name fullname 氏名 성명 이름"),
    name_shape,
    core=True,
)
SEX = Field("sex", pgettext_lazy("column", "sex"), headings("性别 sex gender 男女 性別"), sex_shape)
BIRTH_DATE = Field(
    "birth_date",
    pgettext_lazy("column", "date of birth"),
    headings("出生日期 出生年月日 出生年月 生日 出生 dateofbirth birthdate birthday dob 生年月日"),
    date_shape,
)
DOCUMENT_KIND = Field(
    "document_kind",
    pgettext_lazy("column", "document type"),
    headings("证件类型 证件种类 证件名称 证件 证件类别 documenttype idtype doctype"),
    kind_shape,
)
DOCUMENT = Field(
    "document",
    pgettext_lazy("column", "document number"),
    headings(
        "证件号码 证件号 证件 身份证号 身份证号码 身份证 居民身份证号 公民身份号码 身份证件号码 护照号 "
        "护照号码 证件编号 idnumber idno idcard passport passportno passportnumber documentnumber"
    ),
    number_shape,
    document_strict,
    many=True,
    identifier=True,
)
PHONE = Field(
    "phone",
    pgettext_lazy("column", "telephone"),
    headings(
        "联系电话 手机 手机号 手机号码 电话 电话号码 联系方式 本人电话 移动电话 固定电话 联系手机 "
        "phone mobile tel telephone phonenumber mobilephone cellphone contactnumber"
    ),
    phone_shape,
    mobile_strict,
    many=True,
    identifier=True,
)
NATIONALITY = Field(
    "nationality",
    pgettext_lazy("column", "nationality"),
    headings("国籍 国籍地区 国别 国家 nationality country 国籍(地区)"),
    words_shape,
)
LANGUAGE = Field(
    "language", pgettext_lazy("column", "language"), headings("语言 常用语言 沟通语言 语种 language"), words_shape
)
ADDRESS = Field(
    "address",
    pgettext_lazy("column", "address"),
    headings(
        "地址 住址 详细地址 居住地址 现住址 家庭住址 家庭地址 居住地 现居住地址 在沪地址 在沪住址 "
        "门牌 门牌号 门牌地址 房屋地址 address homeaddress"
    ),
)
NEIGHBOURHOOD = Field(
    "neighbourhood",
    pgettext_lazy("column", "neighbourhood"),
    headings("居委 居委会 居民区 所属居委 所属居委会 社区 neighbourhood committee"),
)
COMPOUND = Field(
    "compound",
    pgettext_lazy("column", "compound"),
    headings("小区 小区名称 居住小区 居住小区/楼栋 所属小区 所在小区 弄 弄号 路弄 compound estate community"),
)
BLOCK = Field(
    "block",
    pgettext_lazy("column", "block"),
    headings("楼号 楼栋 楼栋号 幢号 幢 栋 栋号 号 楼幢 门牌号(号) block building"),
)
STAIR = Field("stair", pgettext_lazy("column", "stair"), headings("单元 单元号 门洞 entrance stair"))
ROOM = Field(
    "room", pgettext_lazy("column", "room"), headings("室 室号 房号 房间 房间号 户号 房室 房间号码 room roomno flat")
)
GRID = Field("grid", pgettext_lazy("column", "grid"), headings("所属网格 网格 网格编号 网格号 网格名称 grid"))
RELATION = Field(
    "relation",
    pgettext_lazy("column", "relation to the householder"),
    headings("与户主关系 户主关系 关系 家庭关系 与户主的关系 relation relationtohead relationship"),
    words_shape,
)
EMPLOYER = Field(
    "employer",
    pgettext_lazy("column", "employer"),
    headings("单位名称 工作单位 单位 公司 公司名称 所在单位 所属企业 任职单位 企业 employer company"),
    words_shape,
)
OFFICE = Field(
    "office",
    pgettext_lazy("column", "office building"),
    headings("办公楼 办公楼宇 楼宇 所在楼宇 楼宇名称 大厦 办公地点 工作地点 写字楼 officebuilding office"),
    words_shape,
)
FLOOR = Field("floor", pgettext_lazy("column", "floor"), headings("楼层 层 所在楼层 层数 floor"))
UNIT = Field("unit", pgettext_lazy("column", "unit"), headings("室号 单元 房号 房间号 办公室 室 unit suite room"))
ARRIVED = Field(
    "arrived",
    pgettext_lazy("column", "day of arrival"),
    headings("返沪日期 来沪日期 抵沪日期 返沪时间 来沪时间 抵沪时间 到沪日期 入住日期 arrival arrivaldate"),
    date_shape,
)
ORIGIN = Field(
    "origin",
    pgettext_lazy("column", "came from"),
    headings("来源地 从何地返沪 出发地 何地来沪 返沪出发地 从何处来 来自 origin from"),
    words_shape,
)
NOTE = Field("note", pgettext_lazy("column", "note"), headings("备注 说明 其他 remark remarks note notes"))
# headings of columns that are read by people only
IGNORED = headings(
    "序号 编号 no no. # 错误原因 退回原因 拒收原因 填表人 填报时间 登记日期 登记时间 登记人 年龄 民族 户籍 户籍地 "
    "籍贯 政治面貌 签名 index s/n reason reasonforrefusal"
)
