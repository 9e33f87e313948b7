"""What office buildings and enterprises of the demonstration street hold and say. Pure: a seed in, plain rows out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from fangxian.demo import names
from fangxian.demo.offices import NAMED
from fangxian.demo.street import Building, Employee, Enterprise

LIFT_FLOORS: Final = 7
LIFT_PEOPLE: Final = 150
MANAGERS: Final = (
    "上海古北物业管理有限公司", "上海长房物业管理有限公司", "上海新长宁物业有限公司", "上海虹开发物业管理有限公司",
    "上海东方国际物业管理有限公司", "上海海螺物业管理有限公司",
)  # fmt: skip
LANDLORDS: Final = (
    ("上海新长宁（集团）有限公司", True), ("上海虹桥经济技术开发区联合发展有限公司", True),
    ("上海长房（集团）有限公司", True), ("上海古北（集团）有限公司", True), ("上海恒泽置业有限公司", False),
    ("港信投资（上海）有限公司", False),
)  # fmt: skip
ALIASES: Final = {"中石化销售有限公司上海分公司": ("中化石化销售有限公司",)}
"""The street's account prints this enterprise in two ways."""
BY_NAME: Final = frozenset(name for name, *_ in NAMED)

PLANS: Final = (
    ("一、成立防控小组，负责人到岗带班。二、员工进门测温、登记，每日两次体温。三、办公区每日消毒两次，开窗通风，停用集中空调。"
    "四、错峰到岗，分批就餐，会议改为线上。五、发现发热立即送隔离点并报物业、街道。"),
    ("设测温岗和信息上报岗，返岗人员逐人核对抵沪日期和来源地。工位间隔一米五以上，电话和门把手每两小时擦拭。"
    "口罩、消毒液按十四天储备，专人保管登记。异常情况十分钟内报告物业和社区卫生服务中心。"),
    ("首周安排一半员工居家办公，到岗人员按楼宇错峰时段进楼。公共区域上下午各消毒一次并记录。"
    "重点地区返沪员工观察期满、凭解除证明到岗。每天十点前由人事报送健康情况。"),
)  # fmt: skip
RETURNS: Final = (
    (("roster-incomplete",), "名册缺三人的抵沪日期，请补齐后再报。"),
    (("supplies", "posts"), "现场看口罩只够九天，与填报不符；测温岗和信息上报岗为同一人。"),
    (("plan",), "请写明谁负责消毒、每天几次、发热送到哪里。"),
    (("key-region",), "名册上有一人来自湖北，请说明观察到哪一天。"),
)  # fmt: skip
ROOMS: Final = ("地下一层原物业值班室", "一层西侧独立房间，近北门", "一层北门旁接待室")
ISOLATION: Final = ("本层东侧会议室", "前台旁单间", "仓库改设单间", "楼宇临时隔离室")
ORIGIN_CODES: Final = {
    "湖北武汉": "420100", "湖北黄冈": "421100", "浙江温州": "330300", "浙江台州": "331000", "江苏": "320000",
    "安徽": "340000", "浙江": "330000", "江西": "360000", "河南": "410000", "四川": "510000", "山东": "370000",
    "日本": "JPN", "韩国": "KOR",
}  # fmt: skip
TRAINS: Final = ("G1234", "G7011", "D3072", "G1722", "G459", "D2206", "K1105")


class Fate(StrEnum):
    """Where an enterprise's filing stands."""

    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ENDORSED = "endorsed"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    SUSPENDED = "suspended"


WORKING: Final = frozenset({Fate.ACCEPTED, Fate.SUSPENDED})
"""The street has accepted these."""
SHARES: Final = (
    (Fate.SUSPENDED, 0.0006), (Fate.RETURNED, 0.012), (Fate.SUBMITTED, 0.02), (Fate.ENDORSED, 0.012),
    (Fate.DRAFT, 0.01), (Fate.NONE, 0.026),
)  # fmt: skip
ROOM_FOR_ALL: Final = 40
FEWEST: Final = (Fate.SUSPENDED, Fate.RETURNED, Fate.SUBMITTED)
"""There is one of each of these in the smallest street too."""


@dataclass(frozen=True, slots=True)
class LiftFacts:
    name: str
    cap: int
    round_trip_seconds: int
    floor_from: int
    floor_until: int


@dataclass(frozen=True, slots=True)
class MemberFacts:
    role: str
    name: str
    deputy: bool = False


@dataclass(frozen=True, slots=True)
class BuildingFacts:
    """`missing` is the role of the task force that nobody holds here; `short` a building with goods for few days."""

    building: Building
    manager_firm: str
    people_cap: int | None
    firm_cap: int | None
    lobby_cap: int
    isolation_room: str
    lifts: tuple[LiftFacts, ...]
    members: tuple[MemberFacts, ...]
    missing: str
    supply_days: int
    people: int
    firms: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What an enterprise wishes of the morning: minutes of the day, and percent at home."""

    from_minute: int
    until_minute: int
    home: int


@dataclass(frozen=True, slots=True)
class FirmFacts:
    enterprise: Enterprise
    fate: Fate
    aliases: tuple[str, ...]
    landlord: str
    landlord_soe: bool | None
    posts: Mapping[str, str]
    plan: str
    isolation: str
    in_charge: str
    asked: Asked
    start_on: date
    began_days: int
    """So many days before today it was begun."""
    reasons: tuple[str, ...] = ()
    reason_text: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """One person's journey as an enterprise's ledger says it; None and empty: not stated."""

    left_shanghai: bool | None
    origin: str = ""
    arrived_on: date | None = None
    transport: str = ""
    vehicle_no: str = ""
    key_region: str = ""
    released_on: date | None = None
    home_office: bool = False


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    enterprise: str
    kind: str
    text: str
    holds: bool | None = field(default=None)


MEASURES: Final = (
    MeasureFacts("中国工商银行股份有限公司上海新虹桥支行", "second", "专人二次测温并登记进入银行办理业务的人员", True),
    MeasureFacts("上海统一星巴克咖啡有限公司新虹桥店", "dine_in", "一楼堂吃区域全面关闭", True),
    MeasureFacts("上海统一星巴克咖啡有限公司新虹桥店", "online", "只接受在线手机点单，门口取货", True),
    MeasureFacts("慈铭体检集团上海分公司", "insured", "为所有员工及家属提供新冠风险保障"),
    MeasureFacts("东方国际（集团）有限公司", "remote", "居家办公、远程办公，错峰上岗", True),
    MeasureFacts("上海强生轻工（集团）有限公司", "other", "向社区防疫一线捐赠口罩1000只", True),
)


def buildings(rng: Random, built: Sequence[Building], firms: Sequence[Enterprise]) -> list[BuildingFacts]:
    """Two buildings lack a role of their task force, and one has supplies for nine days."""
    people: dict[str, int] = {}
    tenants: dict[str, int] = {}
    for firm in firms:
        people[firm.building] = people.get(firm.building, 0) + firm.headcount
        tenants[firm.building] = tenants.get(firm.building, 0) + 1
    leaders = [_name(rng) for _ in range(min(8, len(built)))]
    heads = [_name(rng) for _ in range(min(12, len(built)))]
    lacking = {len(built) - 1: "branch", len(built) - 2: "section"}
    found = []
    for at, building in enumerate(built):
        many, count = people.get(building.name, 0), tenants.get(building.name, 0)
        missing = lacking.get(at, "")
        found.append(
            BuildingFacts(
                building, MANAGERS[at % len(MANAGERS)], people_cap=_cap(many, at), firm_cap=_firm_cap(building, count),
                lobby_cap=20 + 2 * building.floors, isolation_room=ROOMS[at % len(ROOMS)],
                lifts=lifts(building, many),
                members=_members(rng, leaders[at % len(leaders)], heads[at % len(heads)], missing), missing=missing,
                supply_days=9 if at == len(built) // 2 else 16 + at % 12, people=many, firms=count,
            )
        )  # fmt: skip
    return found


def _cap(people: int, at: int) -> int | None:
    """Every third building has a cap of people; it bites where it is below those who are listed."""
    return (people * (90 if at % 2 else 110) // 1_000 + 1) * 10 if at % 3 == 0 and people else None


def _firm_cap(building: Building, count: int) -> int | None:
    """One building keeps the number of enterprises that resume within bounds, as its account says."""
    return max(1, count - count // 20) if building.name.startswith("东方国际") else None


def lifts(building: Building, people: int = 0) -> tuple[LiftFacts, ...]:
    """One for so many floors, or people where these are more; the lower floors are served by the first half."""
    count = max(building.floors // LIFT_FLOORS + 1, people // LIFT_PEOPLE)
    cap = 6 if building.floors >= 20 else 4
    middle = building.floors // 2
    low = count // 2 if count > 2 else count
    return tuple(
        LiftFacts(
            f"{number}号客梯", cap, 60 + 2 * building.floors, 1 if number <= low else middle,
            middle if number <= low and low < count else building.floors,
        )
        for number in range(1, count + 1)
    )  # fmt: skip


def _members(rng: Random, leader: str, head: str, missing: str) -> tuple[MemberFacts, ...]:
    """Leader, head of section, party organisation and their deputies. The worker and the manager have accounts."""
    held = {"leader": leader, "section": head, "branch": _name(rng)}
    rows = [MemberFacts(role, name) for role, name in held.items() if role != missing]
    return (*rows, MemberFacts("worker", _name(rng), deputy=True), MemberFacts("manager", _name(rng), deputy=True))


def firms(rng: Random, listed: Sequence[Enterprise], today: date, *, keep: str) -> list[FirmFacts]:
    """One for each enterprise. `keep` is the credit code of one that is at work whatever the lot says; so are the
    first of the first building and, in a street that has room for all states, those that the account names."""
    at_work = {keep, listed[0].uscc}
    if len(listed) >= ROOM_FOR_ALL:
        at_work |= {firm.uscc for firm in listed if firm.name in BY_NAME}
    lot = [firm.uscc for firm in listed if firm.uscc not in at_work]
    rng.shuffle(lot)
    fates: dict[str, Fate] = {}
    for fate, share in SHARES:
        wanted = max(1 if fate in FEWEST else 0, round(len(listed) * share))
        for uscc in lot[:wanted]:
            fates[uscc] = fate
        lot = lot[wanted:]
    return [_firm(rng, firm, fates.get(firm.uscc, Fate.ACCEPTED), today) for firm in listed]


def _firm(rng: Random, firm: Enterprise, fate: Fate, today: date) -> FirmFacts:
    landlord, soe = rng.choice(LANDLORDS)
    begun = rng.randint(1, 2) if fate in (Fate.SUBMITTED, Fate.ENDORSED, Fate.DRAFT) else rng.randint(3, 7)
    reasons, text = rng.choice(RETURNS) if fate is Fate.RETURNED else ((), "")
    known = rng.random() > 0.06
    kinds = ("charge", "measure", "clean", "supplies", "report")
    posts = {kind: firm.contact if kind in ("charge", "report") else _name(rng) for kind in kinds}
    return FirmFacts(
        firm, fate, ALIASES.get(firm.name, ()), landlord if known else "", soe if known else None, posts,
        plan=rng.choice(PLANS), isolation=rng.choice(ISOLATION), in_charge=firm.contact, asked=_asked(rng, firm),
        start_on=today - timedelta(days=max(begun - 3, 0)), began_days=begun, reasons=reasons, reason_text=text,
    )  # fmt: skip


def _asked(rng: Random, firm: Enterprise) -> Asked:
    """Most want half past eight, as ever."""
    begin = rng.choices((450, 480, 495, 510, 525, 540, 555), (1, 4, 10, 55, 15, 12, 3))[0]
    home = 40 if firm.name.startswith("东方国际") else rng.choices((0, 20, 30, 50), (74, 10, 10, 6))[0]
    return Asked(begin, begin + 30, home)


def journey(rng: Random, one: Employee, today: date) -> Journey:
    """A few from Hubei are still under observation, a few lack the evidence, and some rows are not whole yet."""
    person = one.person
    home = rng.random() < 0.05
    if person.arrived is None:
        return Journey(None if rng.random() < 0.012 else False, home_office=home)
    origin = ORIGIN_CODES.get(person.origin, "")
    watched = origin.startswith("42") or origin in ("330300", "331000")
    over = person.arrived + timedelta(days=14) <= today
    transport = rng.choices(("train", "car", "coach", "plane", ""), (55, 28, 9, 6, 2))[0]
    return Journey(
        True, origin, person.arrived, transport, rng.choice(TRAINS) if transport == "train" else "",
        "yes" if watched else "" if rng.random() < 0.01 else "no",
        person.arrived + timedelta(days=14) if watched and over and rng.random() < 0.75 else None, home,
    )  # fmt: skip


# how many of a hundred inspections find this item not in order
FAULTS: Final = {
    "A1": 2.0, "A2": 1.5, "A3": 3.0, "A4": 2.5, "A5": 9.0, "B1": 4.0, "B2": 11.0, "B3": 1.0, "B4": 8.0, "C1": 4.0,
    "C2": 3.0, "C3": 2.0, "D1": 6.0, "D2": 10.0, "D3": 7.0, "D4": 6.0, "E1": 3.0, "E2": 5.0, "E3": 5.0, "F1": 4.0,
    "F2": 4.0, "F3": 3.0,
}  # fmt: skip
SPOTS: Final = {
    "A1": "北门", "A2": "大堂入口", "A3": "吸烟点", "A4": "正门", "A5": "外卖架", "C2": "一层", "D1": "大堂",
    "D2": "2号客梯", "D3": "12层", "D4": "负一层垃圾间", "E3": "大堂",
}  # fmt: skip
NOTES: Final = {
    "A1": "北门未上锁，有人进出", "A2": "高峰时段有人未测温进入", "A3": "两人未戴口罩吸烟",
    "A4": "抽查五人，一人证与本人不符", "A5": "外卖送进大堂", "B1": "两家新租户未登记",
    "B2": "抽查一家，抵沪日期缺四人", "B3": "一名湖北返沪人员未见解除证明", "B4": "三家十点前未报",
    "C1": "预案无演练记录", "C2": "隔离室堆放杂物", "C3": "上报电话为旧号码", "D1": "下午消毒无记录",
    "D2": "按钮消毒记录中断四小时", "D3": "中央空调仍在运行", "D4": "废弃口罩桶无盖", "E1": "值班表未更新",
    "E2": "早高峰无志愿者", "E3": "缺英文告示", "F1": "错峰时段未告知两家企业", "F2": "三家未走访",
    "F3": "政策单页未送到新租户",
}  # fmt: skip
SEEN: Final = "现场查看不符要求"
GARAGE: Final = ("A2", "地库口", "车库入口无人测温，车上人员直接乘梯上楼")
"""The one fault that suspends a zone today."""
MENDED: Final = ("已当场整改，专人值守", "已补齐并张贴上墙", "已更换并培训当班人员", "已清理，恢复使用")
PLANNED: Final = ("增派一人值守，班前检查", "补齐台账，次日上午复核", "更换设备，张贴告示")


def faults(rng: Random, weakness: float) -> tuple[str, ...]:
    """Items that one inspection finds not in order; a weak building has more of them."""
    return tuple(item for item, share in FAULTS.items() if rng.random() * 100 < share * weakness)


def _name(rng: Random) -> str:
    return names.chinese(rng, rng.choice(("male", "female")), rng.randint(1965, 1992)).full
