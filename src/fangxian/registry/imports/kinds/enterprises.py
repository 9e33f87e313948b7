"""Enterprises: one row a firm at one place."""

from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from fangxian.registry import identifiers
from fangxian.registry.identifiers import Phone
from fangxian.registry.imports import fields
from fangxian.registry.imports.fields import Field
from fangxian.registry.imports.kinds.cells import Cells, looks_like_a_name
from fangxian.registry.refusals import Code
from fangxian.shared.text import name_key

FIRM = Field(
    "name",
    pgettext_lazy("column", "name of the enterprise"),
    fields.headings(
        "企业名称 单位名称 公司名称 企业 公司 名称 入驻企业 商户名称 商户 租户 租户名称 company "
        "companyname enterprise name tenant"
    ),
    fields.words_shape,
    core=True,
)
CREDIT_CODE = Field(
    "uscc",
    pgettext_lazy("column", "credit code"),
    fields.headings(
        "统一社会信用代码 信用代码 社会信用代码 统一信用代码 税号 纳税人识别号 机构代码 uscc creditcode taxid"
    ),
    fields.number_shape,
    fields.credit_strict,
    identifier=True,
)
CONTACT = Field(
    "contact",
    pgettext_lazy("column", "contact"),
    fields.headings("联系人 负责人 联络人 防疫负责人 法人 法定代表人 联系人姓名 企业联系人 contact contactperson"),
    fields.name_shape,
)
HEADCOUNT = Field(
    "headcount",
    pgettext_lazy("column", "headcount"),
    fields.headings("员工人数 人数 职工人数 从业人数 员工数 在册人数 用工人数 headcount employees staff"),
    fields.count_shape,
)
INDUSTRY = Field(
    "industry",
    pgettext_lazy("column", "industry"),
    fields.headings("行业 所属行业 行业类别 经营范围 主营业务 industry sector"),
)

FIELDS = (
    FIRM,
    CREDIT_CODE,
    CONTACT,
    fields.PHONE,
    fields.OFFICE,
    fields.FLOOR,
    fields.UNIT,
    HEADCOUNT,
    INDUSTRY,
    fields.ADDRESS,
    fields.NOTE,
)


@dataclass(frozen=True)
class EnterpriseRow:
    name: str
    name_key: str
    uscc: str
    contact: str
    phones: tuple[Phone, ...]
    office: str
    floor: str
    unit: str
    headcount: int | None
    industry: str


def read(cells: Cells) -> EnterpriseRow | None:
    name = cells.text("name", 120, required=True)
    if name and not looks_like_a_name(name):
        cells.refuse("name", Code.NAME_FORM)
    code = None
    if cells.text("uscc", 40):
        code = cells.taken("uscc", identifiers.read_credit_code(cells.values.get("uscc")))
    headcount = cells.count("headcount")
    phones = cells.phones("phone", "CN")
    row = EnterpriseRow(
        name, name_key(name), code.value if code else "", cells.text("contact", 60), phones,
        cells.text("office", 80) or cells.text("address", 120), cells.text("floor", 20), cells.text("unit", 40),
        headcount, cells.text("industry", 60),
    )  # fmt: skip
    return None if cells.errors else row
