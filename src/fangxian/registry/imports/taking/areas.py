"""Public areas: places that are disinfected, each with its type in the playbook."""

from collections.abc import Sequence

from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.imports.kinds.areas import AreaRow
from fangxian.registry.imports.rows import Checked
from fangxian.registry.imports.taking.doors import block_of
from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.imports.taking.where import Site, Spot, area_key, floor_key
from fangxian.registry.models import ChangeKind
from fangxian.registry.refusals import Refusal


def prepare(rows: Sequence[Checked], run: Run) -> list[Pending]:
    """One Pending a row, in order. Reads the tree, writes nothing."""
    pendings = [_take(one, run) for one in rows]
    _types(rows, pendings)
    return pendings


def _take(one: Checked, run: Run) -> Pending:
    row = one.record
    if not isinstance(row, AreaRow):
        raise TypeError("a list of areas holds areas")
    pending = Pending()
    grid = run.where.grid_of(row.grid)
    if isinstance(grid, Refusal):
        return Pending.refuse({"grid": grid})
    found = _parent(row, run, pending, grid)
    if isinstance(found, Refusal):
        run.where.forget(pending.places)
        column = next((key for key in ("compound", "office", "address", "name") if key in one.columns), "name")
        return Pending.refuse({column: found})
    site, parent = found
    area = _standing(row, site, parent, run)
    if area is None:
        place = NewPlace(
            kind=PlaceKind.AREA, name=row.name, parent=parent.id, grid=grid.id if grid else parent.grid,
            area_type=row.type, profile={"note": row.note} if row.note else {},
        )  # fmt: skip
        pending.places.append(place)
        area = run.where.remember(place, site, parent)
        pending.settle(True)
    elif grid is not None and grid.id != area.grid:
        pending.regrid.append((area.id, grid.id))
        run.where.regrid(area.id, grid.id)
        pending.settle(False)
    pending.door = area.id
    run.named.add(area.id)
    return pending


def _standing(row: AreaRow, site: Site, parent: Spot, run: Run) -> Spot | None:
    """The area of this name and type; else the one of this name, whose type has then changed.

    A list may name one place twice with two types (the hall and the lift of a block). An area that it has named
    already under its own type is therefore not meant again by another one.
    """
    name = area_key(row.name)
    exact = site.areas.get((parent.id, name, row.type))
    if exact is not None:
        return exact
    others = [key for key, spot in site.areas.items() if key[:2] == (parent.id, name) and spot.id not in run.named]
    if len(others) != 1:
        return None
    area = site.areas.pop(others[0])
    site.areas[(parent.id, name, row.type)] = area
    return area


def _parent(row: AreaRow, run: Run, pending: Pending, grid: Spot | None) -> tuple[Site, Spot] | Refusal:
    """The floor or building that the row names, else the block or compound, else the list's own place."""
    where = run.where
    if row.office or (where.root.kind in (PlaceKind.BUILDING, PlaceKind.FLOOR) and not row.home.name):
        site = where.office_of(row.office)
        if isinstance(site, Refusal):
            return site
        floor = site.floors.get(floor_key(row.floor)) if row.floor else None
        return site, floor or site.spot
    site = where.site_of(row.home)
    if isinstance(site, Refusal):
        return site
    if not row.home.building:
        return site, site.spot
    block = block_of(where, row.home, pending, grid)
    return block if isinstance(block, Refusal) else (site, block)


def _types(rows: Sequence[Checked], pendings: Sequence[Pending]) -> None:
    """Areas that stand already under another type are brought up to date."""
    wanted = {
        pending.door: (pending, one.record.type)
        for one, pending in zip(rows, pendings, strict=True)
        if pending.door is not None and not pending.places and isinstance(one.record, AreaRow)
    }
    for place in Place.objects.filter(id__in=list(wanted)).only("id", "area_type"):
        pending, kind = wanted[place.id]
        if place.area_type != kind:
            place.area_type = kind
            pending.updates.append((place, ("area_type",)))
            pending.touch(place.id, ChangeKind.CHANGED)
            pending.settle(False)
