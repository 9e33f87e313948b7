"""Vehicles: one row a plate."""

from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from fangxian.registry import identifiers
from fangxian.registry.identifiers import Phone, Plate
from fangxian.registry.imports import fields
from fangxian.registry.imports.fields import Field
from fangxian.registry.imports.kinds.cells import Cells, Home, read_home
from fangxian.registry.refusals import Code
from fangxian.shared.text import name_key

PLATE = Field(
    "plate",
    pgettext_lazy("column", "plate"),
    fields.headings("车牌号 车牌 车牌号码 号牌 号牌号码 车号 plate platenumber licenseplate licenceplate"),
    fields.plate_shape,
    fields.plate_strict,
    core=True,
)
MAKE = Field(
    "make",
    pgettext_lazy("column", "vehicle"),
    fields.headings("车辆类型 车型 车辆品牌 品牌 颜色 车辆颜色 车身颜色 品牌型号 vehicle vehicletype make model color"),
    fields.words_shape,
    many=True,
)
OWNER = Field(
    "owner",
    pgettext_lazy("column", "owner"),
    fields.headings("车主 车主姓名 所有人 业主 业主姓名 姓名 联系人 owner ownername name"),
    fields.name_shape,
)
SPACE = Field(
    "space",
    pgettext_lazy("column", "parking space"),
    fields.headings("车位 车位号 停车位 泊位 泊位号 固定车位 space parkingspace"),
)
PARKED = Field(
    "compound",
    pgettext_lazy("column", "compound"),
    (fields.headings("停放小区 停放地点 停车地点 停车小区 停车场 parkedat") + fields.COMPOUND.words),
)

FIELDS = (
    PLATE, OWNER, fields.PHONE, PARKED, fields.ADDRESS, fields.BLOCK, fields.ROOM, fields.OFFICE, MAKE, SPACE,
    fields.NEIGHBOURHOOD, fields.NOTE,
)  # fmt: skip


@dataclass(frozen=True)
class VehicleRow:
    plate: Plate
    owner: str
    owner_key: str
    phones: tuple[Phone, ...]
    home: Home
    office: str
    space: str
    description: str


def read(cells: Cells) -> VehicleRow | None:
    plate = cells.taken("plate", identifiers.read_plate(cells.values.get("plate")))
    owner = cells.text("owner", 80)
    phones = cells.phones("phone", "CN")
    home = read_home(cells)
    make = " ".join(cells.text(key, 40) for key, _value in cells.many("make"))
    if len(make) > 60:
        cells.refuse("make", Code.TOO_LONG, most="60")
    space = cells.text("space", 40)
    if cells.errors or plate is None:
        return None
    return VehicleRow(plate, owner, name_key(owner), phones, home, cells.text("office", 80), space, make)
