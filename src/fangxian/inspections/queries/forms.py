"""The form of an inspection: what is asked at a place, and what is known to be open there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import get_language

from fangxian.accounts.queries import Posts
from fangxian.accounts.roles import Role
from fangxian.inspections.models import Finding
from fangxian.inspections.plan import version_at
from fangxian.inspections.queries import suspensions
from fangxian.inspections.queries.findings import FindingLine, lines
from fangxian.places.models import Place, PlaceKind


@dataclass(frozen=True)
class FormItem:
    """One question, in the reader's language. `suspends`: zone, building, or empty. `open`: known findings of it."""

    key: str
    title: str
    criterion: str
    guidance: str
    severity: str
    suspends: str
    open: tuple[FindingLine, ...]


@dataclass(frozen=True)
class FormArea:
    key: str
    title: str
    items: tuple[FormItem, ...]


@dataclass(frozen=True)
class Form:
    """What a device holds for one walk. `checklist` goes back with the answers; `others` are open findings that no
    item of the list is about; `managers` are the names that may sign; `suspended` as `suspensions.standing`."""

    place_id: UUID
    place: str
    kind: str
    checklist: str
    playbook_id: int | None
    areas: tuple[FormArea, ...]
    others: tuple[FindingLine, ...]
    managers: tuple[str, ...]
    suspended: frozenset[str]


def form_of(place: Place, now: datetime) -> Form:
    """The form of an office building or a compound. Without a checklist in the plan it has no areas."""
    version = version_at(place.kind, now)
    language = get_language() or "en"
    known = lines(
        Finding.objects.filter(place=place, closed_us__isnull=True).select_related("place").order_by("opened_us"), now
    )
    asked = {item.key for item in version.items}
    items: dict[str, list[FormItem]] = {}
    for item in version.items:
        items.setdefault(item.area, []).append(
            FormItem(
                item.key, item.title.say(language), item.criterion.say(language),
                item.guidance.say(language) if item.guidance else "", item.severity, item.suspends or "",
                tuple(line for line in known if line.item == item.key),
            )
        )  # fmt: skip
    areas = tuple(
        FormArea(area.key, area.title.say(language), tuple(items[area.key]))
        for area in version.section.areas
        if area.key in items
    )
    return Form(
        place.id, place.name, place.kind, version.sha256, version.playbook_id, areas,
        tuple(line for line in known if line.item not in asked), _managers(place, now),
        frozenset(suspensions.standing(place.id)),
    )  # fmt: skip


def _managers(place: Place, now: datetime) -> tuple[str, ...]:
    role = Role.PROPERTY_MANAGER if place.kind == PlaceKind.BUILDING else Role.COMMITTEE_SECRETARY
    return tuple(holder.name for holder in Posts([place], now).nearest(role, place.id))
