"""Today's list of an inspector: the places, in the order in which they are walked."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.console.view import Who
from fangxian.inspections.models import Inspection, Occasion
from fangxian.inspections.plan import TYPES
from fangxian.inspections.queries.access import actors_of, is_own
from fangxian.inspections.queries.today import AssignedLine, todays_list
from fangxian.inspections.rules import Actor
from fangxian.places.models import Place


@dataclass(frozen=True)
class Visit:
    """One place to go to. `assignment` is empty where somebody goes of their own accord; `score` once it is done."""

    place: Place
    where: str
    assignment: str
    occasion: str
    open: int
    mended: int
    score: dict[str, int] | None

    @property
    def occasion_word(self) -> str:
        return str(Occasion(self.occasion).label)


def visits(who: Who, wanted: UUID | None) -> list[Visit]:
    """What is to be done first, re-inspections before the rest; done ones at the end. Raises NotFoundError."""
    lines = todays_list(who.staff.id, who.now)
    places = Place.objects.select_related("parent").in_bulk([line.place_id for line in lines])
    made = [line.inspection_id for line in lines if line.inspection_id is not None]
    scores = {
        row: {"ok": ok, "all": of}
        for row, ok, of in Inspection.objects.filter(id__in=made).values_list("id", "in_order", "applicable")
    }
    found = [_visit(line, places[line.place_id], scores) for line in lines]
    found.sort(key=lambda visit: visit.score is not None)
    if wanted is not None and all(visit.place.id != wanted or visit.score is not None for visit in found):
        found.insert(0, _own_accord(who, wanted))
    return found


def _visit(line: AssignedLine, place: Place, scores: dict[UUID, dict[str, int]]) -> Visit:
    score = scores.get(line.inspection_id) if line.inspection_id is not None else None
    if score is None and line.occasion == Occasion.RECHECK and not line.mended:
        # somebody else was there, or what was judged is of no item of the list
        score = {"ok": 0, "all": 0}
    return Visit(place, _where(place), line.id.hex, line.occasion, line.open, line.mended, score)


def _own_accord(who: Who, wanted: UUID) -> Visit:
    rows = Place.objects.filter(kind__in=list(TYPES), closed_on__isnull=True).select_related("parent")
    place = access.get(rows, who.held.places(), id=wanted)
    if is_own(who.grants, place):
        raise access.NotAllowedError(_("Nobody inspects their own place. Nothing was taken."))
    leads = Actor.LEADER in actors_of(who.grants, place, assigned=False)
    occasion = Occasion.LEADER if leads else Occasion.DAILY
    return Visit(place, _where(place), "", occasion.value, 0, 0, None)


def _where(place: Place) -> str:
    return place.address or (place.parent.name if place.parent else "")
