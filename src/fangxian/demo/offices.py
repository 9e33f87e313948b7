"""Office buildings, the enterprises in them, and the people who come back to work there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from fangxian.demo.ground import FULL_HOUSEHOLDS, csv_rows, spread
from fangxian.demo.issuing import Numbers
from fangxian.demo.people import People
from fangxian.demo.street import Building, Employee, Enterprise, Grid, Household, Neighbourhood, Person, Unit

FULL_ENTERPRISES = 1_746
FULL_EMPLOYEES = 17_000
# special grids are numbered from here, so that a residential grid can still be added to any committee
FIRST_SPECIAL_GRID = 71
SEXES = ("male", "female")
# of those who come back to work here, so many also live in the street: their numbers are in the register already
NEIGHBOURS_SHARE = 0.03

# named in the street's account: enterprise, building, floor, headcount, industry
NAMED = (
    ("上海强生轻工（集团）有限公司", "国贸中心", 12, 46, "批发和零售业"),
    ("慈铭体检集团上海分公司", "海螺大厦", 3, 60, "卫生和社会工作"),
    ("中国工商银行股份有限公司上海新虹桥支行", "新虹桥中心大厦", 1, 38, "金融业"),
    ("上海统一星巴克咖啡有限公司新虹桥店", "新虹桥中心大厦", 1, 14, "住宿和餐饮业"),
    ("中石化销售有限公司上海分公司", "红宝石商务楼", 8, 85, "批发和零售业"),
    ("奇瑞捷豹路虎汽车有限公司上海分公司", "红宝石商务楼", 15, 120, "制造业"),
    ("中华企业股份有限公司", "中企大厦", 20, 96, "房地产业"),
    ("东方国际（集团）有限公司", "东方国际大厦", 25, 110, "批发和零售业"),
    ("上海高岛屋百货有限公司", "古北财富中心二期", 2, 90, "批发和零售业"),
)
WORDS_FIRST = "华虹瑞恒信诚天盛嘉合远景博联正泰锦程宏达新亚海润德泽安和明卓佳友鼎立中汇同济东升启航凯利上元"
TRADES = (
    ("贸易", "批发和零售业"), ("进出口", "批发和零售业"), ("信息科技", "信息传输、软件和信息技术服务业"),
    ("咨询", "租赁和商务服务业"), ("广告", "租赁和商务服务业"), ("国际物流", "交通运输、仓储和邮政业"),
    ("人力资源", "租赁和商务服务业"), ("服饰", "批发和零售业"), ("建筑设计", "科学研究和技术服务业"),
    ("投资管理", "金融业"), ("文化传播", "文化、体育和娱乐业"), ("生物科技", "科学研究和技术服务业"),
    ("旅行社", "租赁和商务服务业"), ("教育科技", "教育"), ("餐饮管理", "住宿和餐饮业"), ("电子", "制造业"),
)  # fmt: skip
EMPLOYEE_NATIONALITIES = {"CN": 0.955, "JP": 0.02, "KR": 0.01, "TW": 0.005, "US": 0.005, "DE": 0.005}


def buildings(
    neighbourhoods: Sequence[Neighbourhood], households: int
) -> tuple[list[Building], list[Grid], list[float]]:
    """The office buildings with their special grids and how much of the work each holds."""
    rows = csv_rows("buildings.csv")
    wanted = max(3, round(len(rows) * min(households / FULL_HOUSEHOLDS, 1)))
    by_committee = {one.code[-3:]: one for one in neighbourhoods}
    made, grids, weights = [], [], []
    taken: Counter[str] = Counter()
    for row in rows[:wanted]:
        home = by_committee[row["committee"]]
        taken[home.code] += 1
        grid = Grid(
            f"{home.code}{FIRST_SPECIAL_GRID - 1 + taken[home.code]}",
            f"{row['name']}专属网格",
            home.code,
            building=row["name"],
        )
        gates = ("正门",) if row["gates"] == "1" else ("正门", "地库口", "北门", "东门")[: int(row["gates"])]
        made.append(
            Building(
                code=f"{home.code}B{taken[home.code]:02d}", neighbourhood=home.code, name=row["name"],
                name_en=row["name_en"], address=row["address"], floors=int(row["floors"]),
                gates=gates, grid=grid.code, note=row["party_note"], units=(),
            )
        )  # fmt: skip
        grids.append(grid)
        weights.append(float(row["weight"]))
    return made, grids, weights


def enterprises(
    rng: Random, numbers: Numbers, people: People, built: Sequence[Building], weights: Sequence[float], scale: float
) -> tuple[list[Building], list[Enterprise]]:
    """Enterprises floor by floor; the buildings come back with the units that these rent."""
    firms: list[Enterprise] = []
    names: set[str] = set()
    counts = spread(max(len(built), round(FULL_ENTERPRISES * scale)), weights, least=1)
    with_units = []
    for building, count in zip(built, counts, strict=True):
        named = [one for one in NAMED if one[1] == building.name]
        doors: dict[int, int] = {}
        here = []
        for index in range(max(count, len(named))):
            if index < len(named):
                name, _, floor, size, industry = named[index]
            else:
                name, industry = _invented(rng, names)
                floor, size = rng.randint(2, building.floors), _size(rng)
            doors[floor] = doors.get(floor, 0) + 1
            contact = people.person(nationality="CN", sex=rng.choice(SEXES), age=rng.randint(26, 48), relation="")
            here.append(
                Enterprise(
                    name=name, uscc=numbers.credit_code(), contact=contact.name,
                    phone=contact.phone or numbers.mobile(), building=building.name,
                    unit=Unit(floor, f"{floor}{doors[floor]:02d}室"), headcount=size, industry=industry,
                )
            )  # fmt: skip
        firms += here
        units = sorted({firm.unit for firm in here}, key=lambda unit: (unit.floor, unit.name))
        with_units.append(replace(building, units=tuple(units)))
    return with_units, firms


def employees(
    rng: Random, people: People, firms: Sequence[Enterprise], households: Sequence[Household], scale: float
) -> tuple[list[Enterprise], list[Employee]]:
    """Those who return: every enterprise with a share after its size, its headcount set to what it lists."""
    total = max(len(firms), round(FULL_EMPLOYEES * scale))
    neighbours = _working_residents(rng, households, round(total * NEIGHBOURS_SHARE))
    listed, staff = [], []
    for firm, count in zip(firms, spread(total, [firm.headcount for firm in firms], least=1), strict=True):
        employer = replace(firm, headcount=count)
        listed.append(employer)
        for _ in range(count):
            if neighbours and rng.random() < NEIGHBOURS_SHARE:
                person = replace(neighbours.pop(), relation="", arrived=None, origin="")
            else:
                person = _worker(rng, people)
            staff.append(Employee(person, employer))
    return listed, staff


def _worker(rng: Random, people: People) -> Person:
    nationality = rng.choices(list(EMPLOYEE_NATIONALITIES), list(EMPLOYEE_NATIONALITIES.values()))[0]
    return people.person(
        nationality=nationality, sex=rng.choice(SEXES), age=rng.randint(22, 58), relation="",
        arrives=rng.random() < 0.45,
    )  # fmt: skip


def _working_residents(rng: Random, households: Sequence[Household], count: int) -> list[Person]:
    able = [
        person
        for home in households
        for person in home.members
        if person.phone and 1970 <= person.born.year <= 1997 and not person.is_foreign
    ]
    return rng.sample(able, min(count, len(able)))


def _invented(rng: Random, taken: set[str]) -> tuple[str, str]:
    while True:
        trade, industry = rng.choice(TRADES)
        name = f"上海{''.join(rng.sample(WORDS_FIRST, 2))}{trade}有限公司"
        if name not in taken:
            taken.add(name)
            return name, industry


def _size(rng: Random) -> int:
    return min(max(int(rng.lognormvariate(1.7, 0.9)), 1), 300)
