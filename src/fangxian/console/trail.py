"""The line of places above a page, with links as far as the person's reach goes."""

from dataclasses import dataclass

from django.urls import reverse

from fangxian.accounts.access import Reach
from fangxian.places.models import Place, PlaceKind

# on a street's own pages city and district above it say nothing
_UNSAID = (PlaceKind.CITY, PlaceKind.DISTRICT)


@dataclass(frozen=True)
class Crumb:
    name: str
    url: str


def crumbs(place: Place, held: Reach, url_name: str) -> list[Crumb]:
    """From the street down to `place`; the last one, and what lies above the reach, have no link.

    No query where `place` comes from `Who.place`, which reads the line with it.
    """
    line, above = [place], place.parent
    while above is not None and above.kind not in _UNSAID:
        line.append(above)
        above = above.parent
    found = []
    for row in reversed(line):
        inside = any(row.path.startswith(path) for path in held.paths) or row.id in held.grids
        linked = inside and row.id != place.id
        found.append(Crumb(row.name, reverse(url_name, args=[row.id]) if linked else ""))
    return found
