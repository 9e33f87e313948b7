"""Which public areas owe disinfection."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fangxian.duties import actions as duties
from fangxian.duties.actions import NewMember
from fangxian.duties.models import Member
from fangxian.hygiene.plan import plan_at
from fangxian.hygiene.playbook import cohort_of
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry.actions import ensure_place_subjects
from fangxian.shared.writer import Pace, in_chunks, write_lock
from fangxian.stock import actions as stock
from fangxian.stock.models import Unit

FIRST_LOAD = 250


@dataclass(frozen=True)
class Enrolled:
    """`unlisted`: areas whose type the plan does not know; nothing is owed there until it does."""

    enrolled: int
    unlisted: tuple[UUID, ...]


def enrol_areas(*, places: Sequence[Place], by: str, now: datetime, polite: bool = True) -> Enrolled:
    """Enrol public areas under the rule of their type. Those that are enrolled already are left alone.

    Many areas are taken in several transactions; what a cut leaves undone, the next call does.
    `polite=False` is for the first load of a street, which nobody works beside.
    """
    known = {kind.key for kind in plan_at(now).section.area_types}
    # By type, so that a chunk takes few cohorts.
    listed = sorted((place for place in places if place.area_type in known), key=lambda place: place.area_type)
    unlisted = tuple(place.id for place in places if place.area_type not in known)
    nodes = counting_nodes(listed)
    enrolled = 0

    def write(part: Sequence[Place]) -> None:
        nonlocal enrolled
        ensure_place_subjects(places=part, now=now)
        by_type: dict[str, list[NewMember]] = defaultdict(list)
        for place in part:
            by_type[place.area_type].append(NewMember(place.id, place.id, nodes[place.id]))
        for area_type, members in by_type.items():
            enrolled += duties.enrol(cohort=cohort_of(area_type), members=members, by=by, now=now)

    in_chunks(listed, write, pace=None if polite else Pace(FIRST_LOAD, 1.0, FIRST_LOAD, pause=False))
    return Enrolled(enrolled, unlisted)


def withdraw_areas(*, area_ids: Sequence[UUID], reason: str, by: str, now: datetime) -> int:
    """Nothing is owed at these areas from now on; their open gaps end with the reason. Returns how many ended."""
    ended = 0

    def write(part: Sequence[UUID]) -> None:
        nonlocal ended
        rows = Member.objects.filter(
            cohort__key__startswith=cohort_of(""), subject__in=list(part), until_us__isnull=True
        )
        by_cohort: dict[str, list[UUID]] = defaultdict(list)
        for key, subject_id in rows.values_list("cohort__key", "subject_id"):
            by_cohort[key].append(subject_id)
        for key, ids in sorted(by_cohort.items()):
            ended += duties.withdraw(cohort=key, subject_ids=ids, reason=reason, by=by, now=now)

    in_chunks(area_ids, write)
    return ended


def list_agents(*, by: str, now: datetime) -> int:
    """Make the plan's agents items of the stock ledger. Returns how many the plan has."""
    agents = plan_at(now).section.agents
    with write_lock():
        for agent in agents:
            stock.define_item(
                key=agent.key, name=agent.title.zh, name_en=agent.title.en, unit=Unit(agent.base_unit), by=by, now=now
            )
    return len(agents)
