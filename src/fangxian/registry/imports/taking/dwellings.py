"""Dwellings: doors of the tree, under their grid."""

from collections.abc import Sequence

from fangxian.places.models import Place
from fangxian.registry.imports.kinds.dwellings import DwellingRow
from fangxian.registry.imports.rows import Checked
from fangxian.registry.imports.taking.doors import door_of
from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.models import ChangeKind
from fangxian.registry.refusals import Refusal


def prepare(rows: Sequence[Checked], run: Run) -> list[Pending]:
    """One Pending a row, in order. Reads the tree, writes nothing."""
    pendings: list[Pending] = []
    for one in rows:
        row = one.record
        if not isinstance(row, DwellingRow):
            raise TypeError("a list of dwellings holds dwellings")
        pendings.append(_take(one, row, run))
    _profiles(rows, pendings, run)
    return pendings


def _take(one: Checked, row: DwellingRow, run: Run) -> Pending:
    pending = Pending()
    grid = run.where.grid_of(row.grid)
    if isinstance(grid, Refusal):
        return Pending.refuse({"grid": grid})
    spot = door_of(run.where, row.home, pending, grid)
    if isinstance(spot, Refusal):
        run.where.forget(pending.places)
        column = next((key for key in ("address", "compound", "room") if key in one.columns), "address")
        return Pending.refuse({column: spot})
    new = [place for place in pending.places if place.id == spot.id]
    pending.door = spot.id
    if new:
        new[0].profile.update(row.profile)
    elif grid is not None and grid.id != spot.grid:
        pending.regrid.append((spot.id, grid.id))
        run.where.regrid(spot.id, grid.id)
    pending.settle(bool(new))
    return pending


def _profiles(rows: Sequence[Checked], pendings: Sequence[Pending], run: Run) -> None:
    """Notes on doors that stand already: only what says something new is written."""
    noted = {
        pending.door: (pending, one.record.profile)
        for one, pending in zip(rows, pendings, strict=True)
        if pending.door is not None
        and not pending.places
        and isinstance(one.record, DwellingRow)
        and one.record.profile
    }
    for place in Place.objects.filter(id__in=list(noted)).only("id", "profile"):
        pending, profile = noted[place.id]
        if any(place.profile.get(key) != value for key, value in profile.items()):
            place.profile = {**place.profile, **profile}
            pending.updates.append((place, ("profile",)))
            pending.touch(place.id, ChangeKind.CHANGED)
            pending.settle(False)
