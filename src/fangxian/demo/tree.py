"""Putting the ground of the demonstration street into the tree: what no list that people send describes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fangxian.demo.ground import csv_rows
from fangxian.demo.street import Building, Compound, Street
from fangxian.places import actions, loading
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind


@dataclass(frozen=True)
class Ground:
    """Where the codes of the street stand in the tree: neighbourhoods, grids, compounds, buildings, services."""

    street: Place
    by_code: dict[str, Place]

    def __getitem__(self, code: str) -> Place:
        return self.by_code[code]


def load(*, street: Street, by: str, now: datetime) -> Ground:
    """Make the street's places down to blocks, floors and units. Dwellings and public areas come with their lists."""
    top = loading.load_street(code=street.code, by=by, now=now)
    committees = {one.code: one for one in Place.objects.filter(parent=top)}
    ids = {code: place.id for code, place in committees.items() if code}
    new = [*_grids(street, ids)]
    ids |= {str(grid.code): grid.id for grid in new}
    for compound in street.compounds:
        new += _compound(compound, ids)
    for building in street.buildings:
        new += _building(building, ids)
    for number, service in enumerate(street.services, start=1):
        new.append(
            NewPlace(
                kind=PlaceKind(service.kind), name=service.name, parent=ids[service.neighbourhood],
                code=f"{service.neighbourhood}S{number:02d}", address=service.address,
                profile={"serves": list(service.serves)} if service.serves else {},
            )
        )  # fmt: skip
    rows = actions.add(places=new, by=by, now=now)
    coded = {row.code: row for row in (*committees.values(), *rows) if row.code}
    return Ground(top, coded)


def _grids(street: Street, ids: dict[str, UUID]) -> Iterator[NewPlace]:
    for grid in street.grids:
        yield NewPlace(kind=PlaceKind.GRID, name=grid.name, parent=ids[grid.neighbourhood], code=grid.code)


def _compound(compound: Compound, ids: dict[str, UUID]) -> Iterator[NewPlace]:
    root = NewPlace(
        kind=PlaceKind.COMPOUND, name=compound.name, name_en=compound.name_en, parent=ids[compound.neighbourhood],
        code=compound.code, address=compound.address,
        profile={
            "languages": list(compound.languages), "entries": compound.entries, "hours": compound.hours,
            "note": compound.note,
        },
    )  # fmt: skip
    yield root
    for number in range(compound.entries):
        yield NewPlace(
            kind=PlaceKind.GATE,
            name=("正门", "东门", "南门")[number],
            parent=root.id,
            grid=ids[compound.blocks[0].grid],
        )
    for block in compound.blocks:
        yield NewPlace(
            kind=PlaceKind.BLOCK, name=block.name, parent=root.id, grid=ids[block.grid],
            address=f"{compound.address}{block.name}",
        )  # fmt: skip


def _point(name: str) -> dict[str, Any] | None:
    """Where a building stands, as a GeoJSON point, for the few whose position is known (within some 300 m)."""
    row = next((row for row in csv_rows("points.csv") if row["name"] == name), None)
    if row is None:
        return None
    return {"type": "Point", "coordinates": [float(row["longitude"]), float(row["latitude"])]}


def _building(building: Building, ids: dict[str, UUID]) -> Iterator[NewPlace]:
    root = NewPlace(
        kind=PlaceKind.BUILDING, name=building.name, name_en=building.name_en, parent=ids[building.neighbourhood],
        code=building.code, grid=ids[building.grid], address=building.address, geometry=_point(building.name),
        profile={"languages": ["zh", "en"], "entries": len(building.gates), "note": building.note},
    )  # fmt: skip
    yield root
    for gate in building.gates:
        yield NewPlace(kind=PlaceKind.GATE, name=gate, parent=root.id)
    floors = {}
    for number in range(1, building.floors + 1):
        floor = NewPlace(kind=PlaceKind.FLOOR, name=f"{number}层", parent=root.id)
        floors[number] = floor.id
        yield floor
    for unit in building.units:
        yield NewPlace(kind=PlaceKind.UNIT, name=unit.name, parent=floors[unit.floor])
