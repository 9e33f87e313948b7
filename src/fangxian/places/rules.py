"""Pure facts about the tree: which kind stands under which, and how labels are written."""

from fangxian.places.models import LABEL_WIDTH, PlaceKind

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxy"
BASE = len(_DIGITS)

# a label never holds "z", which therefore ends the range of a subtree
PARENTS: dict[PlaceKind, frozenset[PlaceKind | None]] = {
    PlaceKind.CITY: frozenset({None}),
    PlaceKind.DISTRICT: frozenset({PlaceKind.CITY}),
    PlaceKind.STREET: frozenset({PlaceKind.DISTRICT}),
    PlaceKind.NEIGHBOURHOOD: frozenset({PlaceKind.STREET}),
    PlaceKind.GRID: frozenset({PlaceKind.NEIGHBOURHOOD}),
    PlaceKind.COMPOUND: frozenset({PlaceKind.NEIGHBOURHOOD}),
    PlaceKind.BLOCK: frozenset({PlaceKind.COMPOUND}),
    PlaceKind.DWELLING: frozenset({PlaceKind.BLOCK, PlaceKind.COMPOUND}),
    PlaceKind.BUILDING: frozenset({PlaceKind.NEIGHBOURHOOD, PlaceKind.COMPOUND}),
    PlaceKind.FLOOR: frozenset({PlaceKind.BUILDING}),
    PlaceKind.UNIT: frozenset({PlaceKind.FLOOR, PlaceKind.BUILDING}),
    PlaceKind.GATE: frozenset({PlaceKind.COMPOUND, PlaceKind.BUILDING}),
    PlaceKind.AREA: frozenset(
        {PlaceKind.NEIGHBOURHOOD, PlaceKind.COMPOUND, PlaceKind.BLOCK, PlaceKind.BUILDING, PlaceKind.FLOOR}
    ),
    PlaceKind.PHARMACY: frozenset({PlaceKind.NEIGHBOURHOOD, PlaceKind.STREET}),
    PlaceKind.HEALTH_CENTRE: frozenset({PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD}),
}


def may_stand_under(kind: PlaceKind, parent: PlaceKind | None) -> bool:
    return parent in PARENTS[kind]


def label(number: int) -> str:
    """`number` in five digits of base 35. Raises ValueError when the tree has outgrown its labels (52 million)."""
    digits = ""
    rest = number
    for _ in range(LABEL_WIDTH):
        rest, digit = divmod(rest, BASE)
        digits = _DIGITS[digit] + digits
    if rest or number < 0:
        raise ValueError("no labels left")
    return digits
