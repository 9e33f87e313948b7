"""Fetching for the field pages, within reach, and shaping for their templates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.accounts.access import NotFoundError, Reach
from fangxian.console.view import Who
from fangxian.hygiene.queries import staff_names
from fangxian.places.models import Place, PlaceKind
from fangxian.screening.models import DoorDisposition, Mark, Round
from fangxian.screening.playbook import ScreeningSection
from fangxian.screening.queries import Door, DoorState, PastVisit, Resident
from fangxian.shared import clock

SHOWN = {
    "owed": (DoorState.OWED,),
    "again": (DoorState.AGAIN, DoorState.REFUSED),
    "done": (DoorState.DONE,),
    "all": tuple(DoorState),
}


@dataclass(frozen=True)
class RoundLine:
    """A round on today's page, and the one ground to go to at once where there is only one."""

    round: Round
    ground: Place | None
    vehicles: bool


@dataclass(frozen=True)
class Block:
    name: str
    doors: tuple[Door, ...]


@dataclass(frozen=True)
class ToldVisit:
    visit: PastVisit
    said: str
    by: str
    marks: tuple[str, ...]


def now_us(who: Who) -> int:
    return clock.to_us(who.now)


def round_within(held: Reach, round_id: UUID) -> Round:
    """An open or closed round that touches this reach. Raises NotFoundError."""
    round = Round.objects.filter(id=round_id).select_related("place").first()
    paths = (*held.paths, *Place.objects.filter(id__in=held.grids).values_list("path", flat=True))
    if round is None or not (
        round.place_id in held.grids
        or any(path.startswith(round.place.path) or round.place.path.startswith(path) for path in paths)
    ):
        raise NotFoundError(_("There is no such round within your reach."))
    return round


def ground_within(held: Reach, ground_id: UUID) -> Place:
    return access.get(Place.objects.all(), held.places() | Q(id__in=sorted(held.grids)), id=ground_id)


def door_within(held: Reach, door_id: UUID) -> Place:
    rows = Place.objects.filter(kind=PlaceKind.DWELLING).select_related("parent__parent")
    return access.get(rows, held.places(), id=door_id)


def grounds_in(round: Round, grounds: Sequence[Place]) -> list[Place]:
    if round.place.kind == PlaceKind.GRID:
        return [ground for ground in grounds if ground.id == round.place_id] or list(grounds)
    return [ground for ground in grounds if _meets(ground.path, round.place.path)]


def _meets(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def round_line(round: Round, grounds: Sequence[Place]) -> RoundLine:
    found = grounds_in(round, grounds)
    return RoundLine(round, found[0] if len(found) == 1 else None, "vehicles" in round.kinds)


def by_block(doors: Iterable[Door], show: str) -> list[Block]:
    rows = [door for door in doors if door.state in SHOWN[show]]
    return [
        Block(" ".join(filter(None, key)), tuple(group))
        for key, group in groupby(rows, key=lambda door: (door.compound, door.block))
    ]


def counts(doors: Iterable[Door]) -> dict[str, int]:
    found = dict.fromkeys(SHOWN, 0)
    for door in doors:
        for key, states in SHOWN.items():
            found[key] += door.state in states
    return found


def door_name(place: Place) -> str:
    """Block and room, as it is said on the stairs."""
    above = place.parent.name if place.parent and place.parent.kind == PlaceKind.BLOCK else ""
    return f"{above} {place.name}".strip()


def profile_of(place: Place) -> dict[str, object]:
    """What the compound's profile says about visits: languages, best hours."""
    node: Place | None = place.parent
    while node is not None and node.kind not in (PlaceKind.COMPOUND, PlaceKind.NEIGHBOURHOOD):
        node = node.parent
    return dict(node.profile) if node is not None and node.kind == PlaceKind.COMPOUND else {}


def told(visits: Sequence[PastVisit]) -> list[ToldVisit]:
    names = staff_names({visit.by for visit in visits})
    return [
        ToldVisit(
            visit, str(DoorDisposition(visit.disposition).label), names.get(visit.by, ""),
            tuple(str(Mark(mark).label) for mark in visit.marks if mark in Mark.values),
        )
        for visit in visits
    ]  # fmt: skip


def door_note(section: ScreeningSection | None, people: Sequence[Resident]) -> dict[str, str]:
    """The note that is left at a door where nobody answered, in the languages spoken behind it."""
    if section is None:
        return {}
    languages = sorted({person.language.split("-")[0] for person in people} | {"zh"}, key=lambda code: code != "zh")
    return {language: section.door_note.say(language) for language in languages}
