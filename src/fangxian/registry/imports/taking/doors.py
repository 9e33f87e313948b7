"""The door that a row means; made where the compound is known and the door is not.

What people report and the register lacks is itself worth keeping: a person behind an unknown door makes the door.
"""

from fangxian.places.actions import NewPlace
from fangxian.places.models import PlaceKind
from fangxian.registry.imports.kinds.cells import Home
from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.where import Site, Spot, Where
from fangxian.registry.refusals import Code, Refusal


def door_of(where: Where, home: Home, pending: Pending, grid: Spot | None = None) -> Spot | Refusal:
    """The dwelling; new blocks and doors are added to `pending`."""
    site = where.site_of(home)
    if isinstance(site, Refusal):
        return site
    if not home.room and home.building:
        # a house of its own: the number is the door
        house = site.doors.get((site.spot.id, home.building))
        return house or Refusal(Code.ADDRESS_NO_ROOM)
    if not home.room:
        return Refusal(Code.ADDRESS_NO_ROOM)
    parent, room = _parent(where, site, home, pending, grid)
    found = site.doors.get((parent.id, room))
    if found is not None:
        return found
    place = NewPlace(
        kind=PlaceKind.DWELLING, name=_room_name(room), parent=parent.id, grid=grid.id if grid else parent.grid,
        address=f"{parent.address}{_room_name(room)}" if parent.address else "",
    )  # fmt: skip
    pending.places.append(place)
    return where.remember(place, site, parent)


def block_of(where: Where, home: Home, pending: Pending, grid: Spot | None = None) -> Spot | Refusal:
    """The block, or the compound where the row names none."""
    site = where.site_of(home)
    if isinstance(site, Refusal):
        return site
    return _parent(where, site, home, pending, grid)[0]


def _parent(where: Where, site: Site, home: Home, pending: Pending, grid: Spot | None) -> tuple[Spot, str]:
    """The block and what is then the room: 3幢2单元501 may be block 3-2, or block 3 with door 2-501."""
    whole = "-".join(part for part in (home.building, home.unit) if part)
    if home.unit and whole in site.blocks:
        return site.blocks[whole], home.room
    room = "-".join(part for part in (home.unit, home.room) if part)
    if not home.building:
        inside = where.default_block is not None and where.default_site == site.spot.id
        return (where.default_block if inside and where.default_block else site.spot), room
    if home.building in site.blocks:
        return site.blocks[home.building], room
    name = f"{home.building}号"
    place = NewPlace(
        kind=PlaceKind.BLOCK, name=name, parent=site.spot.id, grid=grid.id if grid else site.spot.grid,
        address=f"{site.spot.address}{name}" if site.spot.address else "",
    )  # fmt: skip
    pending.places.append(place)
    return where.remember(place, site, site.spot), room


def _room_name(room: str) -> str:
    if room.startswith("f"):
        return f"{room[1:]}层"
    return f"{room}室" if room[-1:].isdigit() or room[-1:].isascii() else room
