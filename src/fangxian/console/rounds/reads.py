"""Fetching for the round pages, within reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from fangxian.accounts.access import Reach, root_places
from fangxian.console.view import Who
from fangxian.duties.models import Member
from fangxian.hygiene.queries import staff_names
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import within
from fangxian.screening.models import DoorDisposition, Round, RoundKind, RoundStatus
from fangxian.screening.queries import Contradiction

SMALL_DOORS = 1_000
"""A round of so many doors is enrolled while the page waits; a larger one by the worker, with its progress shown."""
LIST_LIMIT = 50
_ROOT_KINDS = (PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.COMPOUND)


@dataclass(frozen=True)
class ToldMark:
    """A marked visit in words."""

    row: Contradiction
    said: str
    by: str


def rounds(held: Reach) -> list[Round]:
    """Rounds that touch this reach, open ones first."""
    paths = (*held.paths, *Place.objects.filter(id__in=held.grids).values_list("path", flat=True))
    rows = Round.objects.select_related("place").order_by("-status", "-due_us")[:200]
    touching = [row for row in rows if any(p.startswith(row.place.path) or row.place.path.startswith(p) for p in paths)]
    return touching[:LIST_LIMIT]


def roots(held: Reach) -> list[Place]:
    """Where a person may open a round: what they hold whole, and the neighbourhoods, grids and compounds in it."""
    tops = root_places(held)
    where = held.places() | Q(id__in=[top.id for top in tops])
    rows = Place.objects.filter(where, kind__in=_ROOT_KINDS, closed_on__isnull=True)
    return list(rows.defer("profile", "geometry").order_by("path")[:500])


def is_small(round: Round) -> bool:
    return len(within(round.place, PlaceKind.DWELLING)) <= SMALL_DOORS


def enrolled(round: Round) -> int:
    return Member.objects.filter(cohort__instance=round.instance, cohort__key__startswith="round-").count()


def may_close(who: Who, round: Round) -> bool:
    """A round belongs to whoever holds its whole ground: a secretary does not close the street's round."""
    return round.status == RoundStatus.OPEN and (who.held.holds(round.place))


def kind_words(round: Round) -> list[tuple[str, str]]:
    return [(kind, str(RoundKind(kind).label)) for kind in round.kinds if kind in RoundKind.values]


def told(rows: Sequence[Contradiction]) -> list[ToldMark]:
    names = staff_names({row.by for row in rows})
    return [ToldMark(row, str(DoorDisposition(row.disposition).label), names.get(row.by, "")) for row in rows]
