"""Finding the door, the building or the grid that a row means, within the place that the list is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from uuid import UUID

from fangxian.places import loading
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind, parent_paths, subtree
from fangxian.registry.imports.kinds.cells import Home
from fangxian.registry.refusals import Code, Refusal
from fangxian.shared.text import Address, address_key, parse_address, simplify, squeeze

_OTHER_PROVINCE = re.compile(r"(?!上海)\w{2,3}(?:省|自治区)|(?:北京|天津|重庆)市")
_CONTAINED = 3
_SHOWN = 5


@dataclass(frozen=True)
class Spot:
    """One place of the tree, or one that this list is about to make (`path` empty until it stands)."""

    id: UUID
    kind: str
    name: str
    path: str = ""
    grid: UUID | None = None
    address: str = ""
    area_type: str = ""


@dataclass
class Site:
    """A compound or an office building with what stands in it, by key."""

    spot: Spot
    blocks: dict[str, Spot] = field(default_factory=dict)
    doors: dict[tuple[UUID, str], Spot] = field(default_factory=dict)
    floors: dict[str, Spot] = field(default_factory=dict)
    units: dict[str, Spot] = field(default_factory=dict)
    areas: dict[tuple[UUID, str, str], Spot] = field(default_factory=dict)


def name_key(name: str) -> str:
    return address_key(name) or simplify(squeeze(name)).casefold()


def block_key(name: str) -> str:
    parts = parse_address(name)
    return parts.block or parts.room or parts.key


def room_key(name: str) -> str:
    parts = parse_address(name)
    return "-".join(part for part in (parts.unit, parts.door) if part) or parts.key


def floor_key(text: str) -> str:
    parts = parse_address(text)
    return (parts.floor or parts.room or parts.building or parts.key).lstrip("f")


@cache
def _districts() -> tuple[str, ...]:
    return tuple(known.name for known in loading.districts())


def area_key(name: str) -> str:
    return simplify(squeeze(name)).casefold()


class Where:
    """The part of the tree that a list may speak of, read once."""

    def __init__(self, context: Place, around: Place | None = None) -> None:
        """`around`: where the rows may live, if that is wider than the place that the list is about."""
        self.context = context
        root = context.parent if context.kind == PlaceKind.GRID and context.parent else context
        self.root = root
        self.sites: dict[UUID, Site] = {}
        self.by_key: dict[str, set[UUID]] = {}
        self.by_number: dict[str, set[UUID]] = {}
        self.neighbourhoods: dict[str, str] = {}
        self.district = ""
        self.grids: dict[str, Spot] = {}
        self.block_address: dict[str, tuple[UUID, Spot]] = {}
        self.default_site: UUID | None = None
        self.default_block: Spot | None = None
        self._spoken: dict[UUID, str] = {}
        self._spots: dict[UUID, Spot] = {}
        self._owner: dict[str, UUID] = {}
        self._by_path: dict[str, Spot] = {}
        self._load(around or root)
        self._default(root)

    def _load(self, root: Place) -> None:
        above = Place.objects.filter(path__in=parent_paths(root.path)[1:])
        below = Place.objects.filter(subtree("path", root.path), closed_on__isnull=True)
        wanted = ("id", "kind", "name", "path", "grid_id", "address", "profile", "code", "area_type")
        owner: dict[str, UUID] = {}
        spots: dict[str, Spot] = {}
        rows = [*above.order_by("path").values_list(*wanted), *below.order_by("path").values_list(*wanted)]
        # parents stand before children in the order of paths, so each finds its site
        for place_id, kind, name, path, grid, address, profile, code, area_type in rows:
            spot = Spot(place_id, kind, name, path, grid, address, area_type)
            spots[path] = spot
            parent = path[:-5]
            if kind in (PlaceKind.COMPOUND, PlaceKind.BUILDING):
                owner[path] = place_id
                self._add_site(spot, profile)
            elif parent in owner:
                owner[path] = owner[parent]
                self._add_part(self.sites[owner[path]], spot, spots[parent])
            elif kind == PlaceKind.NEIGHBOURHOOD:
                self.neighbourhoods[simplify(squeeze(name)).casefold()] = path
            elif kind == PlaceKind.DISTRICT:
                self.district = name
            elif kind == PlaceKind.GRID:
                for key in filter(None, (name, code)):
                    self.grids[squeeze(key).casefold()] = spot
        self._owner, self._by_path = owner, spots

    def _default(self, root: Place) -> None:
        self.default_site = self._owner.get(root.path) or (next(iter(self.sites)) if len(self.sites) == 1 else None)
        self.default_block = self._by_path.get(root.path) if root.kind == PlaceKind.BLOCK else None
        self._owner, self._by_path = {}, {}

    def _add_site(self, spot: Spot, profile: dict[str, object]) -> None:
        self.sites[spot.id] = Site(spot)
        self._spoken[spot.id] = spot.name
        self._spots[spot.id] = spot
        aliases = profile.get("aliases")
        names = [spot.name, spot.address, *(aliases if isinstance(aliases, list) else [])]
        for name in names:
            parts = parse_address(str(name)) if name else Address()
            for key in {parts.head, simplify(squeeze(parts.name)).casefold(), name_key(str(name)) if name else ""}:
                if key:
                    self.by_key.setdefault(key, set()).add(spot.id)
            if parts.site:
                self.by_number.setdefault(parts.site, set()).add(spot.id)

    def _add_part(self, site: Site, spot: Spot, parent: Spot) -> None:
        self._spoken[spot.id] = f"{self._spoken[parent.id]} {spot.name}"
        self._spots[spot.id] = spot
        if spot.kind == PlaceKind.BLOCK:
            site.blocks[block_key(spot.name)] = spot
            if spot.address:
                self.block_address.setdefault(address_key(spot.address), (site.spot.id, spot))
        elif spot.kind == PlaceKind.DWELLING:
            site.doors[(parent.id, room_key(spot.name))] = spot
        elif spot.kind == PlaceKind.FLOOR:
            site.floors[floor_key(spot.name)] = spot
        elif spot.kind == PlaceKind.UNIT:
            site.units[room_key(spot.name)] = spot
        elif spot.kind == PlaceKind.AREA:
            site.areas[(parent.id, area_key(spot.name), spot.area_type)] = spot

    def site_of(self, home: Home) -> Site | Refusal:
        """The compound that a row means; the list's own one where the row names none."""
        keys = [key for key in (home.road_site, simplify(squeeze(home.name)).casefold()) if key]
        found: set[UUID] = set()
        for key in keys:
            hits = self._within(self.by_key.get(key, set()), home.neighbourhood)
            found = (found & hits) or found or hits
        if not found and home.site and not home.road_site:
            found = self._within(self.by_number.get(home.site, set()), home.neighbourhood)
        if not found and home.name:
            found = self._within(self._containing(home.name), home.neighbourhood)
        if not found and home.road_site in self.block_address:
            found = {self.block_address[home.road_site][0]}
        return self._one(found, bool(keys or home.site), Code.ADDRESS_NO_COMPOUND, Code.ADDRESS_SEVERAL)

    def _one(self, found: set[UUID], named: bool, none: Code, several: Code) -> Site | Refusal:
        if len(found) == 1:
            return self.sites[next(iter(found))]
        if found:
            names = ", ".join(sorted(self.sites[one].spot.name for one in found)[:_SHOWN])
            return Refusal(several, {"names": names})
        if not named and self.default_site is not None:
            return self.sites[self.default_site]
        return Refusal(none if named else Code.NO_PLACE_GIVEN, {"place": self.context.name})

    def _within(self, found: set[UUID], neighbourhood: str) -> set[UUID]:
        """Those in the neighbourhood that the row names, where it is known and narrows anything."""
        key = simplify(squeeze(neighbourhood)).casefold()
        if not key or len(found) < 2:
            return found
        paths = [path for name, path in self.neighbourhoods.items() if key in name or name in key]
        return {one for one in found if any(self.sites[one].spot.path.startswith(path) for path in paths)} or found

    def _containing(self, name: str) -> set[UUID]:
        key = simplify(squeeze(name)).casefold()
        if len(key) < _CONTAINED:
            return set()
        return {
            one
            for known, ids in self.by_key.items()
            if len(known) >= _CONTAINED and (known in key or key in known)
            for one in ids
        }

    def office_of(self, written: str) -> Site | Refusal:
        """The office building that a row names; the list's own one where it names none."""
        parts = parse_address(written) if written else Address()
        found: set[UUID] = set()
        for key in (parts.head, simplify(squeeze(parts.name)).casefold(), name_key(written) if written else ""):
            if key and not found:
                found = {one for one in self.by_key.get(key, set()) if self.sites[one].spot.kind == PlaceKind.BUILDING}
        if not found and written:
            found = {one for one in self._containing(parts.name or written)
                     if self.sites[one].spot.kind == PlaceKind.BUILDING}  # fmt: skip
        return self._one(found, bool(written), Code.BUILDING_UNKNOWN, Code.BUILDING_SEVERAL)

    def is_elsewhere(self, written: str) -> bool:
        """Whether an address names another province or another district of the city than the list's own."""
        text = simplify(squeeze(written))
        named = _OTHER_PROVINCE.match(text) is not None or any(name in text for name in _districts())
        return named and bool(self.district) and self.district not in text

    def grid_of(self, written: str) -> Spot | None | Refusal:
        """The grid with this name or code; None where the row names none."""
        if not written:
            if self.context.kind == PlaceKind.GRID:
                return Spot(self.context.id, self.context.kind, self.context.name, self.context.path)
            return None
        found = self.grids.get(squeeze(written).casefold())
        return found or Refusal(Code.GRID_UNKNOWN, {"place": self.root.name})

    def spoken(self, place_id: UUID) -> str:
        """A door as one says it: compound, block, door."""
        return self._spoken.get(place_id, "")

    def remember(self, place: NewPlace, site: Site, parent: Spot) -> Spot:
        """A place that this list makes, so that the next row finds it."""
        spot = Spot(place.id, place.kind, place.name, "", place.grid or parent.grid, place.address, place.area_type)
        self._add_part(site, spot, parent)
        return spot

    def regrid(self, place_id: UUID, grid: UUID) -> None:
        """A place was laid under another grid by this list: the next row that says so changes nothing."""
        for site in self.sites.values():
            for pair, spot in site.doors.items():
                if spot.id == place_id:
                    site.doors[pair] = replace(spot, grid=grid)
                    return
            for key, spot in site.areas.items():
                if spot.id == place_id:
                    site.areas[key] = replace(spot, grid=grid)
                    return

    def spot(self, place_id: UUID) -> Spot | None:
        return self._spots.get(place_id)

    def learn(self, places: Iterable[Place]) -> None:
        """These places stand now: their paths are known."""
        for place in places:
            self._spots[place.id] = replace(self._spots[place.id], path=place.path, grid=place.grid_id)

    def forget(self, places: Iterable[NewPlace]) -> None:
        """These places were not written after all."""
        gone = {place.id for place in places}
        if not gone:
            return
        for site in self.sites.values():
            for held in (site.blocks, site.floors, site.units):
                for key in [key for key, spot in held.items() if spot.id in gone]:
                    del held[key]
            for pair in [pair for pair, spot in site.doors.items() if spot.id in gone]:
                del site.doors[pair]
            for area in [area for area, spot in site.areas.items() if spot.id in gone]:
                del site.areas[area]
