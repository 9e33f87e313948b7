"""Public areas: one row a place that is to be disinfected."""

from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from fangxian.registry.imports import fields
from fangxian.registry.imports.fields import Field
from fangxian.registry.imports.kinds.cells import Cells, Home, looks_like_a_name, read_home
from fangxian.registry.refusals import Code
from fangxian.shared.text import simplify, squeeze

AREA = Field(
    "name",
    pgettext_lazy("column", "name of the area"),
    fields.headings("公共区域 区域名称 区域 点位 点位名称 名称 部位 消毒点位 消毒区域 地点 area areaname name place"),
    fields.words_shape,
    core=True,
)
TYPE = Field(
    "type",
    pgettext_lazy("column", "type of area"),
    fields.headings("类型 区域类型 类别 区域类别 点位类型 种类 type areatype kind"),
    fields.words_shape,
)

FIELDS = (
    AREA, TYPE, fields.COMPOUND, fields.BLOCK, fields.OFFICE, fields.FLOOR, fields.GRID, fields.ADDRESS,
    fields.NEIGHBOURHOOD, fields.NOTE,
)  # fmt: skip


@dataclass(frozen=True)
class AreaRow:
    name: str
    type: str
    home: Home
    office: str
    floor: str
    grid: str
    note: str


def type_key(word: str) -> str:
    return simplify(squeeze(word)).casefold()


def read(cells: Cells) -> AreaRow | None:
    name = cells.text("name", 120, required=True)
    if name and not looks_like_a_name(name):
        cells.refuse("name", Code.NAME_FORM)
    written = cells.text("type", 60, required=True)
    kind = _type(written, cells) if written else ""
    row = AreaRow(
        name, kind, read_home(cells), cells.text("office", 80), cells.text("floor", 20), cells.text("grid", 60),
        cells.text("note", 200),
    )  # fmt: skip
    return None if cells.errors else row


def _type(written: str, cells: Cells) -> str:
    """The playbook's key, from the key itself or its wording in any language."""
    types = cells.context.area_types
    found = types.get(type_key(written), "")
    if not found:
        shown = list(dict.fromkeys(word for word in types if any(char >= "\u4e00" for char in word)))
        cells.refuse("type", Code.AREA_TYPE, words=", ".join(shown[:40]))
    return found
