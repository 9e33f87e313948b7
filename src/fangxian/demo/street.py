"""What the generator makes: plain frozen rows, in the words of the street. Nothing here touches the database."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class CompoundKind(StrEnum):
    LANE = "lane"
    WALKUP = "walkup"
    SLAB = "slab"
    TOWER = "tower"
    INTERNATIONAL = "intl"
    VILLA = "villa"
    SERVICED = "serviced"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """`code` has twelve digits; `short` is the daily name without 居委会."""

    code: str
    name: str
    short: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A residential grid, or the special grid (专属网格) of one office building, then `building` holds its name."""

    code: str
    name: str
    neighbourhood: str
    building: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    name: str
    grid: str
    floors: int
    lifts: int
    rooms: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compound:
    code: str
    neighbourhood: str
    name: str
    name_en: str
    address: str
    kind: CompoundKind
    entries: int
    hours: str
    note: str
    languages: tuple[str, ...]
    blocks: tuple[Block, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dwelling:
    compound: Compound
    block: Block
    room: str

    @property
    def address(self) -> str:
        return f"{self.compound.address}{self.block.name}{self.room}室"


class Document(StrEnum):
    """The wording a register uses for a kind of document."""

    RESIDENT_ID = "居民身份证"
    PASSPORT = "护照"
    TAIWAN = "台湾居民来往大陆通行证"
    HOME_RETURN = "港澳居民来往内地通行证"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    reading: str
    sex: str
    born: date
    nationality: str
    document: Document
    number: str
    phone: str
    language: str
    relation: str
    arrived: date | None = None
    origin: str = ""

    def age(self, on: date) -> int:
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))

    @property
    def is_foreign(self) -> bool:
        return self.document == Document.PASSPORT


@dataclass(frozen=True, slots=True)
class Household:
    """A vacant dwelling has no members."""

    dwelling: Dwelling
    members: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Vehicle:
    plate: str
    kind: str
    owner: Person
    dwelling: Dwelling
    space: str


@dataclass(frozen=True, slots=True)
class Area:
    """A public area. `kind` is an area type of the playbook; `place` is the code of its compound or building; `block`
    and `floor` are empty where it belongs to the whole of it. `grid` is the code of the grid that counts it."""

    name: str
    kind: str
    place: str
    grid: str
    neighbourhood: str
    block: str = ""
    floor: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    floor: int
    name: str


@dataclass(frozen=True, slots=True)
class Building:
    code: str
    neighbourhood: str
    name: str
    name_en: str
    address: str
    floors: int
    gates: tuple[str, ...]
    grid: str
    note: str
    units: tuple[Unit, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enterprise:
    name: str
    uscc: str
    contact: str
    phone: str
    building: str
    unit: Unit
    headcount: int
    industry: str


@dataclass(frozen=True, slots=True)
class Employee:
    person: Person
    enterprise: Enterprise


@dataclass(frozen=True, slots=True)
class Service:
    """A pharmacy (`serves` names its neighbourhoods) or the community health centre."""

    kind: str
    name: str
    neighbourhood: str
    address: str
    serves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Street:
    code: str
    seed: int
    reference: date
    neighbourhoods: tuple[Neighbourhood, ...]
    grids: tuple[Grid, ...]
    compounds: tuple[Compound, ...]
    households: tuple[Household, ...]
    vehicles: tuple[Vehicle, ...]
    areas: tuple[Area, ...]
    buildings: tuple[Building, ...]
    enterprises: tuple[Enterprise, ...]
    employees: tuple[Employee, ...]
    services: tuple[Service, ...] = field(default=())

    def counts(self) -> dict[str, int]:
        """How many of each kind, for the closing report of a load."""
        return {
            "neighbourhoods": len(self.neighbourhoods),
            "grids": len(self.grids),
            "compounds": len(self.compounds),
            "dwellings": len(self.households),
            "households": sum(1 for home in self.households if home.members),
            "persons": sum(len(home.members) for home in self.households),
            "vehicles": len(self.vehicles),
            "areas": len(self.areas),
            "buildings": len(self.buildings),
            "enterprises": len(self.enterprises),
            "employees": len(self.employees),
        }
