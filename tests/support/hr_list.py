"""The workbook that an HR department mails to the committee, with everything such a list has wrong with it."""

import io
from dataclasses import dataclass
from datetime import date

import python_calamine
from stdnum.iso7064 import mod_11_2

from tests.support import workbooks

ADDRESS = "在沪落脚处"
NUMBER = "身份证件号码"
ARRIVED = "返沪日期"
NAME = "姓名"
HEAD = ["序号", ARRIVED, ADDRESS, "手机号码", NAME, NUMBER, "国籍(地区)", "备注"]
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def resident_id(seventeen: str) -> str:
    return seventeen + mod_11_2.calc_check_digit(seventeen)


WANG, LI, CHEN, ZHAO, ZHOU = (
    resident_id(body)
    for body in (
        "31010519600303001",
        "31010519580712002",
        "31010519850101003",
        "31010519900520004",
        "31010519790915005",
    )
)
ROWS = 8
REFUSED = 3


def messy(compound: str = "何家角小区", road: str = "虹桥路1000弄") -> bytes:
    """Eight rows about one compound, which is written as its name or its road.

    Four persons are new, one of them comes again, and three cannot be taken. Two of the four live behind a door that
    the register does not have.
    """
    wrong_digit = ZHAO[:-1] + ("1" if ZHAO[-1] != "1" else "2")
    rows: list[list[workbooks.Value]] = [
        ["虹桥某软件有限公司返沪员工登记表"],
        ["填报单位:人事行政部        填报日期:2020年2月16日"],
        [],
        list(HEAD),
        [1, "2020.2.3", f"{compound}1号101室", 13800138000, "王建国", WANG, "中国", None],
        [
            2,
            "2月3日",
            f"{road}2号201室",
            "１３８００１３８００１",
            " 李桂兰",
            LI.translate(FULL_WIDTH),
            "中国",
            None,
        ],
        [3, 43864, f"{compound}1号909室", "+81 90 1234 5678", "佐藤健", "TK1234567", "日本", None],
        [4, date(2020, 2, 4), None, None, "佐藤美咲", "TK7654321", "日本", "随迁家属"],
        [],
        list(HEAD),
        [5, "2020/2/5", f"{compound}2号101室", 13800138002, "陈大明", float(CHEN), "中国", None],
        [6, "2020.2.30", f"{compound}2号301室", 13800138003, "赵小燕", wrong_digit, "中国", None],
        [7, "2020年2月6日", "天山小区3号101室", 13800138004, "周立群", ZHOU, "中国", None],
        [8, "2020.2.3", f"{compound}1号101室", 13800138000, "王建国", WANG, "中国", None],
        ["合计", "8人"],
    ]
    last = len(HEAD) - 1
    return workbooks.xlsx(rows, merged=((0, 0, 0, last), (1, 0, 1, last), (6, 2, 7, 2)))


@dataclass(frozen=True)
class Returned:
    """The workbook of refused rows as the sender opens it."""

    rows: list[list[workbooks.Value]]
    head: int

    @classmethod
    def read(cls, content: bytes) -> "Returned":
        sheet = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0)
        rows = [[cell if cell != "" else None for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        head = next(number for number, row in enumerate(rows) if NAME in row)
        return cls(rows, head)

    def row(self, name: str) -> list[workbooks.Value]:
        return next(row for row in self.rows if row[self.column(NAME)] == name)

    def column(self, heading: str) -> int:
        return self.rows[self.head].index(heading)

    def reason(self, name: str) -> str:
        return str(self.row(name)[-1])

    def mend(self, name: str, heading: str, value: str) -> None:
        self.row(name)[self.column(heading)] = value

    def written(self) -> bytes:
        return workbooks.xlsx(self.rows)
