"""What the first page tells beside one's own gaps and duties."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.access import Reach
from fangxian.accounts.roles import Capability
from fangxian.console import nav
from fangxian.console.board.shape import KINDS
from fangxian.duties.gap_queries import DutyGroup
from fangxian.duties.models import Tally


@dataclass(frozen=True)
class Number:
    label: str
    expected: int
    missing: int

    @property
    def covered(self) -> int:
        return self.expected - self.missing


def numbers(held: Reach) -> list[Number]:
    """The three numbers over everything within reach. One query."""
    rows = Tally.objects.filter(held.nodes()).values_list("kind").annotate(e=Sum("enrolled"), u=Sum("uncovered"))
    found = {kind: (enrolled, uncovered) for kind, enrolled, uncovered in rows}
    return [Number(str(kind.label), *found.get(kind.key, (0, 0))) for kind in KINDS]


@dataclass(frozen=True)
class Door:
    """A page that somebody without gaps and duties of their own comes for."""

    label: str
    url: str
    what: str


WHAT: dict[str, Promise] = {
    "firm:home": _("Your filing, who comes back, today's report, your arrival window."),
    "imports:home": _("Send a list of residents, staff, vehicles or firms; bad rows come back with the reason."),
    "stock:list": _("What lies in the store, what came in, what went out."),
    "board:home": _("People, vehicles and corners: covered and missing, by place."),
    "places:home": _("Neighbourhoods, grids, compounds, buildings, and how to knock there."),
    "playbooks:home": _("What is owed, by when, and every threshold; changes are compared before they hold."),
    "staff:list": _("Who holds which role where."),
}


def doors(request: HttpRequest) -> list[Door]:
    """The menu of this person as tiles, with a sentence each."""
    return [
        Door(shown.label, shown.url, str(WHAT[shown.url_name]))
        for shown in nav.entries(request)
        if shown.url_name in WHAT
    ]


@dataclass(frozen=True)
class Todo:
    group: DutyGroup
    url: str


def todos(groups: Sequence[DutyGroup], can: Callable[[Capability], bool]) -> list[Todo]:
    """Duties of today with the page where each is recorded."""
    pages = {
        "disinfect-": ("hygiene:list", Capability.DISINFECT),
        "finding-": ("findings:list", Capability.FINDINGS),
        "estate-finding-": ("findings:list", Capability.FINDINGS),
        "firm-visited": ("firms:list", Capability.BUILDINGS),
        "building-inspected": ("inspect:today", Capability.INSPECT),
        "compound-inspected": ("inspect:today", Capability.INSPECT),
    }
    found = []
    for group in groups:
        names = [name for key, (name, needs) in pages.items() if group.rule.startswith(key) and can(needs)]
        found.append(Todo(group, reverse(names[0] if names else "field:today")))
    return found
