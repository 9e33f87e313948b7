"""The whole demonstration street from one seed. Pure: the same arguments give the same street, row for row."""

from collections.abc import Iterable
from datetime import date
from random import Random

from fangxian.demo import ground, offices, yard
from fangxian.demo.ground import FULL_HOUSEHOLDS, STREET_CODE
from fangxian.demo.issuing import Numbers
from fangxian.demo.people import People
from fangxian.demo.street import Neighbourhood, Service, Street

DEFAULT_SEED = 20200217
SMALLEST = 20

# pharmacy, committee it stands in, address, committees it serves
PHARMACIES = (
    ("虹桥大药房", "010", "伊犁路98号", ("010", "009", "008", "006")),
    ("安顺药房", "001", "安顺路200号", ("001", "003", "004")),
    ("中山西路药店", "016", "中山西路1240号", ("016", "002", "017", "015")),
    ("荣华药房", "018", "荣华东道88号", ("018", "019", "020", "021")),
    ("虹梅药店", "013", "虹梅路3700号", ("013", "012", "011", "007", "022")),
)
HEALTH_CENTRE = ("虹桥街道社区卫生服务中心", "007", "虹桥路1080号")


def generate(
    *, neighbourhoods: Iterable[tuple[str, str]], reference: date, seed: int = DEFAULT_SEED,
    households: int = FULL_HOUSEHOLDS,
) -> Street:  # fmt: skip
    """Make the street. `neighbourhoods` are (twelve-digit code, official name) in order; ages are those of
    `reference`; `households` scales everything else down with it and is at least SMALLEST."""
    if households < SMALLEST:
        raise ValueError(f"the smallest demonstration street has {SMALLEST} households")
    rng = Random(seed)
    numbers = Numbers(rng)
    people = People(rng, numbers, reference)
    scale = households / FULL_HOUSEHOLDS
    committees = tuple(Neighbourhood(code, name, short_name(name)) for code, name in neighbourhoods)
    compounds, grids = ground.lay_out(committees, households)
    homes = people.households(compounds, households)
    vehicles = tuple(yard.vehicles(rng, numbers, homes, reference))
    built, special_grids, weights = offices.buildings(committees, households)
    built, firms = offices.enterprises(rng, numbers, people, built, weights, scale)
    firms, staff = offices.employees(rng, people, firms, homes, scale)
    return Street(
        code=STREET_CODE, seed=seed, reference=reference, neighbourhoods=committees, grids=(*grids, *special_grids),
        compounds=tuple(compounds), households=tuple(homes), vehicles=vehicles,
        areas=tuple(yard.areas(compounds, built)), buildings=tuple(built), enterprises=tuple(firms),
        employees=tuple(staff), services=_services(committees),
    )  # fmt: skip


def short_name(official: str) -> str:
    """As the street says it: 古北荣华第一居委会 is 荣华一, 虹桥经济技术开发区居委会 is 开发区."""
    name = official.removesuffix("居委会")
    return name.replace("古北荣华第", "荣华").replace("虹桥经济技术", "")


def _services(committees: tuple[Neighbourhood, ...]) -> tuple[Service, ...]:
    code = {one.code[-3:]: one.code for one in committees}
    name, committee, address = HEALTH_CENTRE
    return (
        Service("health_centre", name, code[committee], address),
        *(
            Service("pharmacy", name, code[home], address, tuple(code[one] for one in serves))
            for name, home, address, serves in PHARMACIES
        ),
    )
