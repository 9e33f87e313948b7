"""One-off duties that follow from what was found, and the plan that says whose they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.functional import Promise

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty, OneOff
from fangxian.places.models import Place
from fangxian.registry.actions import ensure_place_subjects
from fangxian.screening.playbook import ScreeningSection
from fangxian.shared.language import in_street_words

REGISTER_HOURS: Final = 24
TRAVEL_HOURS: Final = 12


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What rounds need of the plan in force. Without a plan these are the figures of a first day."""

    retry_hours: int = 4
    max_tries: int = 3
    refused_role: str = Role.COMMUNITY_POLICE
    refused_hours: int = 24
    unknown_vehicle_role: str = Role.SPECIAL_GUARD
    unknown_vehicle_hours: int = 24


def section_at(now: datetime) -> ScreeningSection | None:
    """The plan's section on rounds that is in force at `now`."""
    row = duties.playbook_at(now)
    found = duties.plan_of(row).sections.get(ScreeningSection.section) if row is not None else None
    return found if isinstance(found, ScreeningSection) else None


def figures(section: ScreeningSection | None) -> PlanFigures:
    if section is None:
        return PlanFigures()
    figure = section.round
    return PlanFigures(
        figure.retry_hours, figure.max_tries, figure.refused_role, figure.refused_hours, figure.unknown_vehicle_role,
        figure.unknown_vehicle_hours,
    )  # fmt: skip


def give_once(
    *,
    title: Promise,
    place: Place,
    role: str,
    hours: int,
    source: str,
    by: str,
    now: datetime,
    about: UUID | None = None,
) -> Duty | None:  # fmt: skip
    """Give a one-off duty, unless the same `source` gave this role one. The title is in the street's language."""
    if OneOff.objects.filter(source=source, role=role).exists():
        return None
    if about == place.id:
        ensure_place_subjects(places=[place], now=now)
    return duties.give(
        title=in_street_words(title), place=place, role=role, until=now + timedelta(hours=hours), source=source, by=by,
        now=now, about=about,
    )  # fmt: skip
