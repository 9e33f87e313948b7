"""What stands around the homes: vehicles, and the public areas that are to be disinfected."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import ceil
from random import Random

from fangxian.demo.issuing import Numbers
from fangxian.demo.street import Area, Block, Building, Compound, CompoundKind, Household, Vehicle

VEHICLE_SHARE = {
    CompoundKind.LANE: 0.15, CompoundKind.WALKUP: 0.6, CompoundKind.SLAB: 0.8, CompoundKind.TOWER: 0.7,
    CompoundKind.INTERNATIONAL: 0.8, CompoundKind.VILLA: 1.6, CompoundKind.SERVICED: 0.3,
}  # fmt: skip
GARAGES = frozenset({CompoundKind.TOWER, CompoundKind.INTERNATIONAL, CompoundKind.SERVICED})
PROVINCES = (("沪", 0.9), ("苏", 0.04), ("浙", 0.03), ("皖", 0.02), ("鄂", 0.01))
ELECTRIC_SHARE = 0.15
DRIVING_AGES = range(20, 72)
HOMES_PER_WASTE_POINT = 120
LARGE_COMPOUND = 150
FLOORS_PER_OFFICE_LIFT = 7
FLOORS_PER_OFFICE_TOILET = 2


def vehicles(rng: Random, numbers: Numbers, households: Sequence[Household], reference: date) -> Iterator[Vehicle]:
    """Vehicles of the households, each with its owner and the space it is parked in."""
    space = 0
    for home in households:
        drivers = [one for one in home.members if one.age(reference) in DRIVING_AGES]
        if not drivers:
            continue
        share = VEHICLE_SHARE[home.dwelling.compound.kind]
        for _ in range(int(share) + (rng.random() < share % 1)):
            space += 1
            province = rng.choices([name for name, _w in PROVINCES], [weight for _n, weight in PROVINCES])[0]
            electric = province == "沪" and rng.random() < ELECTRIC_SHARE
            yield Vehicle(
                plate=numbers.plate(province, electric=electric), kind="新能源小型车" if electric else "小型汽车",
                owner=rng.choice(drivers), dwelling=home.dwelling,
                space=f"{'B1' if home.dwelling.compound.kind in GARAGES else '地面'}-{space % 600 + 1:03d}",
            )  # fmt: skip


def areas(compounds: Iterable[Compound], buildings: Iterable[Building]) -> Iterator[Area]:
    for compound in compounds:
        for block in compound.blocks:
            for kind, name in _in_block(block):
                yield Area(name, kind, compound.code, block.grid, compound.neighbourhood, block=block.name)
        for number, (kind, name) in enumerate(_in_compound(compound)):
            # what belongs to the whole compound is shared out among the grids that meet in it
            grid = compound.blocks[number % len(compound.blocks)].grid
            yield Area(name, kind, compound.code, grid, compound.neighbourhood)
    for building in buildings:
        for kind, name, floor in _in_building(building):
            yield Area(name, kind, building.code, building.grid, building.neighbourhood, floor=floor)


def _in_block(block: Block) -> Iterator[tuple[str, str]]:
    yield "stairs", f"{block.name}楼道"
    if block.lifts:
        yield "lobby", f"{block.name}大堂"
        yield "lift-buttons", f"{block.name}电梯按钮"
        for lift in range(1, block.lifts + 1):
            yield "lift-cabin", f"{block.name}{lift}号梯轿厢"


def _in_compound(compound: Compound) -> Iterator[tuple[str, str]]:
    homes = sum(len(block.rooms) for block in compound.blocks)
    for number in range(1, ceil(homes / HOMES_PER_WASTE_POINT) + 1):
        yield "waste-point", f"{number}号垃圾厢房"
    yield "door-handles", "出入口门把手"
    yield "open-space", "小区道路与绿地"
    if homes >= LARGE_COMPOUND and compound.kind is not CompoundKind.LANE:
        yield "open-space", "儿童游乐场"
        yield "toilet", "公共厕所"


def _in_building(building: Building) -> Iterator[tuple[str, str, str]]:
    yield "office-lobby", "一楼大堂", "1"
    for lift in range(1, building.floors // FLOORS_PER_OFFICE_LIFT + 2):
        yield "office-lift-cabin", f"{lift}号客梯轿厢", ""
    yield "office-lift-buttons", "大堂候梯按钮", "1"
    yield "office-lift-buttons", "楼层候梯按钮", ""
    for floor in range(1, building.floors + 1, FLOORS_PER_OFFICE_TOILET):
        yield "office-toilet", f"{floor}楼卫生间", str(floor)
    yield "office-door-handles", "大堂门把手", "1"
    yield "office-garage", "车库出入口", ""
    yield "office-waste-point", "垃圾间", ""
    yield "office-isolation-room", "临时隔离室", "1"
