"""The ground: compounds, blocks and dwellings, and the grids laid over them."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from math import ceil, sqrt

from fangxian.demo.street import Block, Compound, CompoundKind, Grid, Neighbourhood

STREET_CODE = "310105009"
FULL_HOUSEHOLDS = 22_000
VACANT_SHARE = 0.025

# residential grids of each committee, by the last three digits of its code: 64 in all
GRIDS = {
    "001": 3, "002": 3, "003": 2, "004": 3, "006": 2, "007": 2, "008": 3, "009": 3, "010": 4, "011": 2, "012": 2,
    "013": 3, "015": 3, "016": 3, "017": 3, "018": 7, "019": 5, "020": 6, "021": 4, "022": 1,
}  # fmt: skip
GUBEI = frozenset({"018", "019", "020", "021"})
# households of a grid, so that all grids together hold FULL_HOUSEHOLDS and each between 300 and 500
GUBEI_GRID, OTHER_GRID = 383, 323


@dataclass(frozen=True)
class Build:
    """How a kind of compound is built: floors and dwellings on a floor of one block (号), lifts in it."""

    floors: int
    on_floor: int
    lifts: int


BUILDS = {
    CompoundKind.LANE: Build(2, 3, 0),
    CompoundKind.WALKUP: Build(6, 3, 0),
    CompoundKind.SLAB: Build(6, 2, 0),
    CompoundKind.TOWER: Build(15, 4, 2),
    CompoundKind.INTERNATIONAL: Build(20, 4, 2),
    CompoundKind.VILLA: Build(1, 4, 0),
    CompoundKind.SERVICED: Build(12, 6, 2),
}


def spread(total: int, weights: Sequence[float], least: int = 0) -> list[int]:
    """`total` in whole parts after `weights`, each at least `least`, by the largest remainder."""
    if not weights:
        return []
    free = max(total - least * len(weights), 0)
    exact = [free * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    rest = free - sum(parts)
    for index in sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])[:rest]:
        parts[index] += 1
    return [part + least for part in parts]


def csv_rows(name: str) -> list[dict[str, str]]:
    text = files("fangxian.demo").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def lay_out(neighbourhoods: Sequence[Neighbourhood], households: int) -> tuple[list[Compound], list[Grid]]:
    """Compounds with their blocks, and the residential grids that the blocks lie in, for about `households` homes."""
    weights = [GRIDS[one.code[-3:]] * (GUBEI_GRID if one.code[-3:] in GUBEI else OTHER_GRID) for one in neighbourhoods]
    quotas = spread(households, weights, least=1)
    rows = csv_rows("compounds.csv")
    compounds: list[Compound] = []
    grids: list[Grid] = []
    for neighbourhood, quota in zip(neighbourhoods, quotas, strict=True):
        here = [row for row in rows if row["committee"] == neighbourhood.code[-3:]]
        # a small street has fewer compounds, not compounds of one door
        here = here[: max(1, ceil(len(here) * sqrt(households / FULL_HOUSEHOLDS)))]
        shares = spread(quota, [float(row["share"]) for row in here])
        built = [
            _compound(neighbourhood, number, row, share)
            for number, (row, share) in enumerate(zip(here, shares, strict=True), start=1)
            if share
        ]
        count = max(1, round(GRIDS[neighbourhood.code[-3:]] * households / FULL_HOUSEHOLDS))
        laid, new_grids = _lay_grids(neighbourhood, built, count)
        compounds += laid
        grids += new_grids
    return compounds, grids


def _compound(neighbourhood: Neighbourhood, number: int, row: dict[str, str], homes: int) -> Compound:
    kind = CompoundKind(row["kind"])
    return Compound(
        code=f"{neighbourhood.code}C{number:02d}", neighbourhood=neighbourhood.code, name=row["name"],
        name_en=row["name_en"], address=row["address"], kind=kind, entries=int(row["entries"]), hours=row["hours"],
        note=row["note"], languages=_languages(neighbourhood, kind),
        blocks=tuple(_blocks(BUILDS[kind], homes + round(homes * VACANT_SHARE))),
    )  # fmt: skip


def _languages(neighbourhood: Neighbourhood, kind: CompoundKind) -> tuple[str, ...]:
    foreign = kind in {CompoundKind.INTERNATIONAL, CompoundKind.SERVICED, CompoundKind.VILLA}
    if neighbourhood.code[-3:] in GUBEI:
        return ("zh", "ja", "ko", "en") if foreign else ("zh", "ja")
    return ("zh", "en", "ja") if foreign else ("zh",)


def _blocks(build: Build, dwellings: int) -> Iterable[Block]:
    """As many blocks as needed, of nearly equal height, numbered as doors in a lane are."""
    whole = build.floors * build.on_floor
    count = max(1, round(dwellings / whole))
    for number, size in enumerate(spread(dwellings, [1.0] * count), start=1):
        floors = ceil(size / build.on_floor)
        rooms = [f"{floor}{door:02d}" for floor in range(1, floors + 1) for door in range(1, build.on_floor + 1)]
        yield Block(name=f"{number}号", grid="", floors=floors, lifts=build.lifts, rooms=tuple(rooms[:size]))


def _lay_grids(
    neighbourhood: Neighbourhood, compounds: list[Compound], count: int
) -> tuple[list[Compound], list[Grid]]:
    """Cut the committee's blocks, in the order one walks them, into `count` grids of about equal size."""
    total = sum(len(block.rooms) for compound in compounds for block in compound.blocks)
    grids = [
        Grid(f"{neighbourhood.code}{n:02d}", f"{neighbourhood.short}第{n}网格", neighbourhood.code)
        for n in range(1, count + 1)
    ]
    laid = []
    before = 0
    for compound in compounds:
        blocks = []
        for block in compound.blocks:
            middle = before + len(block.rooms) / 2
            blocks.append(replace(block, grid=grids[min(int(middle * count / total), count - 1)].code))
            before += len(block.rooms)
        laid.append(replace(compound, blocks=tuple(blocks)))
    used = {block.grid for compound in laid for block in compound.blocks}
    return laid, [grid for grid in grids if grid.code in used]
