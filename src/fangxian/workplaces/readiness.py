"""What each office building lacks, and a duty for it: a role nobody holds, supplies, a statement.

A duty is named by its source, so that it is asked for once; it is settled when what it asks for is there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.accounts.roles import Role
from fangxian.duties.actions import done, give, plan_of, playbook_at
from fangxian.duties.models import Duty, Gap, GapStatus
from fangxian.duties.queries import asked_by_source
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from fangxian.workplaces import rules
from fangxian.workplaces.actions.buildings import in_post
from fangxian.workplaces.models import Statement, StatementKind, Supply, TaskMember, TaskRole
from fangxian.workplaces.playbook import WorkplacesSection

NOTICE: Final = timedelta(minutes=1)
SOURCES: Final = ("taskforce:", "supplies:", "statement:")
BUILDING_STATEMENTS: Final = (StatementKind.MAIN, StatementKind.POSTS)


@dataclass(frozen=True, slots=True)
class Lacking:
    """`source` names what a building lacks; `role` is who is asked for it."""

    source: str
    title: str
    role: Role
    place: Place


def check_buildings(*, now: datetime) -> int:
    """Give a duty for each thing that a building in use lacks, a gap within a minute, and settle what is there again.

    While no plan speaks of the return to work nothing is asked for. Returns how many were given or settled.
    """
    wanted = {one.source: one for one in _lacking(now)}
    asked = _asked(now)
    changed = 0
    for source, one in sorted(wanted.items()):
        if source not in asked:
            with write_lock():
                give(
                    title=one.title, place=one.place, until=now + NOTICE, role=one.role, source=source, by="worker",
                    now=now,
                )  # fmt: skip
            changed += 1
    for source, duty in sorted(asked.items()):
        if source not in wanted and duty is not None:
            with write_lock():
                done(duty=duty, by="worker", now=now, ref=source)
            changed += 1
    return changed


def _asked(now: datetime) -> dict[str, Duty | None]:
    """What is asked for by source. One whose gap was waived today is not asked for again before tomorrow."""
    found: dict[str, Duty | None] = {**asked_by_source(*SOURCES)}
    sources = Q(*[Q(duty__one_off__source__startswith=prefix) for prefix in SOURCES], _connector=Q.OR)
    today = clock.day_start_us(clock.local_day(now))
    waived = Gap.objects.filter(
        sources, duty__ended_us__isnull=True, status=GapStatus.WAIVED, closed_us__gte=today
    )  # fmt: skip
    for source in waived.values_list("duty__one_off__source", flat=True):
        found.setdefault(source, None)
    return found


def _lacking(now: datetime) -> Iterator[Lacking]:
    playbook = playbook_at(now)
    plan = plan_of(playbook) if playbook is not None else None
    if plan is None or WorkplacesSection.section not in plan.sections:
        return
    section = plan.read(WorkplacesSection)
    buildings = list(Place.objects.filter(kind=PlaceKind.BUILDING, closed_on__isnull=True).order_by("path"))
    ids = [row.id for row in buildings]
    held: dict[UUID, set[str]] = defaultdict(set)
    for place_id, role in TaskMember.objects.filter(in_post(now), place_id__in=ids, deputy=False).values_list(
        "place_id", "role"
    ):
        held[place_id].add(role)
    short, signed = short_of_supplies(ids, section), _signed(ids)
    for place in buildings:
        for role in rules.missing_roles(held[place.id]):
            yield Lacking(f"taskforce:{place.id.hex}:{role}", _role_title(role, place), Role.SECTION_HEAD, place)
        if place.id in short:
            title = _("Supplies for fewer than %(days)s days: %(place)s") % {
                "days": section.supply_days, "place": place.name,
            }  # fmt: skip
            yield Lacking(f"supplies:{place.id.hex}", title, Role.PROPERTY_MANAGER, place)
        for kind in BUILDING_STATEMENTS:
            if (place.id, kind.value) not in signed:
                title = _("Not signed: %(statement)s, %(place)s") % {"statement": kind.label, "place": place.name}
                yield Lacking(f"statement:{place.id.hex}:{kind.value}", title, Role.PROPERTY_MANAGER, place)


def _role_title(role: TaskRole, place: Place) -> str:
    return _("Task force without %(role)s: %(place)s") % {"role": role.label, "place": place.name}


def short_of_supplies(ids: Sequence[UUID], section: WorkplacesSection) -> set[UUID]:
    """Of these buildings, those that hold some goods of the plan for fewer days than it asks, or never counted them."""
    if not section.goods:
        return set()
    enough: dict[UUID, set[str]] = defaultdict(set)
    for supply in Supply.objects.filter(holder_id__in=ids):
        if rules.days_of(supply.quantity, supply.per_day) >= section.supply_days:
            enough[supply.holder_id].add(supply.goods)
    asked = {one.key for one in section.goods}
    return {ident for ident in ids if not asked <= enough[ident]}


def _signed(ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    rows = Statement.objects.filter(subject_id__in=ids, kind__in=[kind.value for kind in BUILDING_STATEMENTS])
    return set(rows.values_list("subject_id", "kind"))
