"""The dwelling that somebody means who wrote an address by hand: one, or none for certain.

Read from the top down (compound, block, door), so that a street of ten thousand doors costs three small queries.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.registry.imports.taking.where import block_key, name_key, room_key
from fangxian.shared.text import Address, address_key, parse_address, simplify, squeeze

_SITES = (PlaceKind.COMPOUND, PlaceKind.BUILDING)
_LEAST_NAME = 3


def dwellings_of(street: Place, written: str, committee: Place | None = None) -> list[Place]:
    """Every open dwelling of the street that the address can mean; a committee, where known, narrows it.

    虹桥路1000弄1号101室, 虹橋路１０００弄1號101, 虹桥路一千弄一号一〇一室, 虹桥路1000弄1-101 and 何家角小区1号101室
    find the same one. Nothing is guessed: a number that is missing finds nothing.
    """
    parts = parse_address(written)
    door = "-".join(part for part in (parts.unit, parts.door) if part)
    if not parts.door:
        return []
    root = committee or street
    places = Place.objects.filter(root.subtree, closed_on__isnull=True)
    sites = _sites(list(places.filter(kind__in=_SITES)), parts)
    blocks = _blocks(root, sites, parts)
    if not blocks:
        return []
    where = Q()
    for block in blocks:
        where |= Q(parent_id=block.id)
    doors = Place.objects.filter(where, kind=PlaceKind.DWELLING, closed_on__isnull=True).order_by("path")
    wanted = {door, parts.door, room_key(written)} if not parts.unit else {door}
    found = [place for place in doors if room_key(place.name) in wanted]
    return found or [place for place in doors if parts.unit and _unit_is_block(blocks, place, parts)]


def one_dwelling(street: Place, written: str, committee: Place | None = None) -> Place | None:
    """The dwelling, when exactly one is meant."""
    found = dwellings_of(street, written, committee)
    return found[0] if len(found) == 1 else None


def _sites(sites: Iterable[Place], parts: Address) -> list[Place]:
    """Compounds that the address names: by road and lane, else by name, else by the lane's number alone."""
    known = list(sites)
    if parts.road:
        return [site for site in known if parts.head in _heads(site)]
    if parts.name:
        name = simplify(squeeze(parts.name)).casefold()
        exact = [site for site in known if name in _names(site) or address_key(parts.name) in _names(site)]
        return exact or [site for site in known if _contains(name, _names(site))]
    if parts.site:
        return [site for site in known if any(parse_address(one).site == parts.site for one in _written(site))]
    return known if len(known) == 1 else []


def _written(site: Place) -> list[str]:
    aliases = site.profile.get("aliases") if isinstance(site.profile, dict) else None
    return [one for one in (site.address, site.name, *(aliases if isinstance(aliases, list) else [])) if one]


def _heads(site: Place) -> set[str]:
    return {parse_address(one).head for one in _written(site)}


def _names(site: Place) -> set[str]:
    return {name for one in _written(site) for name in (simplify(squeeze(one)).casefold(), name_key(one)) if name}


def _contains(name: str, names: set[str]) -> bool:
    return len(name) >= _LEAST_NAME and any(
        len(known) >= _LEAST_NAME and (known in name or name in known) for known in names
    )


def _blocks(root: Place, sites: list[Place], parts: Address) -> list[Place]:
    """Blocks that the address names in these compounds; a house that stands on the road itself by its own address."""
    open_blocks = Place.objects.filter(kind=PlaceKind.BLOCK, closed_on__isnull=True)
    if sites:
        rows = list(open_blocks.filter(parent_id__in=[site.id for site in sites]))
        wanted = {parts.block, parts.building} - {""}
        if wanted:
            return [row for row in rows if block_key(row.name) in wanted]
        return rows if len(rows) == 1 else []
    if not parts.road:
        return []
    below = open_blocks.filter(subtree("path", root.path))
    return [row for row in below if parse_address(row.address).head == parts.head]


def _unit_is_block(blocks: list[Place], door: Place, parts: Address) -> bool:
    """3幢2单元301 where the block is 3-2: its doors are then named without the unit."""
    parent: UUID | None = door.parent_id
    block = next((one for one in blocks if one.id == parent), None)
    return block is not None and block_key(block.name) == parts.block and room_key(door.name) == parts.door
