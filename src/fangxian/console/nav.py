"""The main menu: one line an entry, shown to whoever holds its capability."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import _StrPromise
from django.utils.translation import gettext_lazy as _

from fangxian.places import queries as places


@dataclass(frozen=True)
class Entry:
    key: str
    label: _StrPromise
    url_name: str
    capability: str


@dataclass(frozen=True)
class Shown:
    label: str
    url: str
    current: bool
    count: int = 0


ENTRIES: tuple[Entry, ...] = (
    Entry("home", _("Today"), "home", ""),
    Entry("board", _("Board"), "board:street", ""),
    Entry("gaps", _("Gaps"), "gaps:list", ""),
    Entry("search", _("Find"), "search:search", ""),
    Entry("places", _("Places"), "places:street", ""),
)


def entries(request: HttpRequest) -> list[Shown]:
    shown = []
    for entry in ENTRIES:
        url = reverse(entry.url_name)
        current = request.path == url or (entry.key != "home" and request.path.startswith(url))
        shown.append(Shown(label=str(entry.label), url=url, current=current))
    return shown
