"""The main menu: one line an entry, shown to whoever holds its capability."""

from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from fangxian.accounts.roles import Capability
from fangxian.console.view import Who
from fangxian.places.models import Place, PlaceKind


@dataclass(frozen=True)
class Entry:
    label: Promise
    url_name: str
    capability: Capability | None = None
    own: bool = False
    """Only for whoever holds the capability for single subjects: an enterprise's own people."""


@dataclass(frozen=True)
class Shown:
    label: str
    url: str
    url_name: str
    current: bool


# the order of the bar: what one does all day first, what one sets up last
ENTRIES: tuple[Entry, ...] = (
    Entry(pgettext_lazy("menu", "Today"), "home"),
    Entry(pgettext_lazy("menu", "Board"), "board:home", Capability.BOARD),
    Entry(pgettext_lazy("menu", "Gaps"), "gaps:list", Capability.GAPS),
    Entry(pgettext_lazy("menu", "Gates"), "gates:list", Capability.GATE_BOARD),
    Entry(pgettext_lazy("menu", "My posts"), "posts:mine", Capability.GATE),
    Entry(pgettext_lazy("menu", "My rounds"), "field:today", Capability.RECORD),
    Entry(pgettext_lazy("menu", "Disinfection"), "hygiene:list", Capability.DISINFECT),
    Entry(pgettext_lazy("menu", "Inspect"), "inspect:today", Capability.INSPECT),
    Entry(pgettext_lazy("menu", "Findings"), "findings:list", Capability.FINDINGS),
    Entry(pgettext_lazy("menu", "Passes"), "passes:list", Capability.PASSES),
    Entry(pgettext_lazy("menu", "Returning staff"), "firm-roster:watch", Capability.BUILDINGS),
    Entry(pgettext_lazy("menu", "Goods"), "masks:list", Capability.MASKS),
    Entry(pgettext_lazy("menu", "Registration"), "mask-desk:home", Capability.MASK_DESK),
    Entry(pgettext_lazy("menu", "Counter"), "mask-counter:home", Capability.MASK_COUNTER),
    Entry(pgettext_lazy("menu", "Buildings"), "buildings:list", Capability.BUILDINGS),
    Entry(pgettext_lazy("menu", "My enterprise"), "firm:home", Capability.FIRM, own=True),
    Entry(pgettext_lazy("menu", "Return wave"), "waves:list", Capability.BUILDINGS),
    Entry(pgettext_lazy("menu", "Filings"), "filings:list", Capability.BUILDINGS),
    Entry(pgettext_lazy("menu", "Enterprises"), "firms:list", Capability.BUILDINGS),
    Entry(pgettext_lazy("menu", "Find"), "search:page", Capability.SEARCH),
    Entry(pgettext_lazy("menu", "Who was there"), "trace:page", Capability.TRACE),
    Entry(pgettext_lazy("menu", "Lists"), "imports:home", Capability.IMPORT),
    Entry(pgettext_lazy("menu", "Rounds"), "rounds:list", Capability.ROUNDS),
    Entry(pgettext_lazy("menu", "Places"), "places:home", Capability.PLACES),
    Entry(pgettext_lazy("menu", "Stock"), "stock:list", Capability.STOCK),
    Entry(pgettext_lazy("menu", "Visitors"), "visits:gates", Capability.GATE),
    Entry(pgettext_lazy("menu", "Devices"), "devices:list", Capability.DEVICES),
    Entry(pgettext_lazy("menu", "Check rounds"), "masks:audits", Capability.AUDIT),
    Entry(pgettext_lazy("menu", "Playbook"), "playbooks:home", Capability.PLAYBOOK),
    Entry(pgettext_lazy("menu", "Accounts"), "staff:list", Capability.ACCOUNTS),
)


def entries(request: HttpRequest) -> list[Shown]:
    who: Who | None = getattr(request, "who", None)
    if who is None:
        return []
    shown = []
    for entry in ENTRIES:
        if _is_for(entry, who):
            url = reverse(entry.url_name)
            here = request.path == url or (len(url) > 1 and request.path.startswith(url))
            shown.append(Shown(str(entry.label), url, entry.url_name, here))
    return shown


def _is_for(entry: Entry, who: Who) -> bool:
    if entry.capability is None:
        return True
    return bool(who.reach(entry.capability).subjects) if entry.own else who.can(entry.capability)


def street_name() -> str:
    """The street of this database; empty before its places are loaded. Kept for a minute: it heads every page."""
    name: str | None = cache.get("street-name")
    if name is None:
        streets = Place.objects.filter(kind=PlaceKind.STREET).order_by("path")
        name = streets.values_list("name", flat=True).first() or ""
        cache.set("street-name", name, 60)
    return name
