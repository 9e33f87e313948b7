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
from fangxian.shared.writer import write_lock
from fangxian.stock import actions as stock
from fangxian.stock.models import Unit


@dataclass(frozen=True)
class Enrolled:
    """`unlisted`: areas whose type the plan does not know; nothing is owed there until it does."""

    enrolled: int
    unlisted: tuple[UUID, ...]


def enrol_areas(*, places: Sequence[Place], by: str, now: datetime) -> Enrolled:
    """Enrol public areas under the rule of their type. Those that are enrolled already are left alone."""
    known = {kind.key for kind in plan_at(now).section.area_types}
    listed = [place for place in places if place.area_type in known]
    unlisted = tuple(place.id for place in places if place.area_type not in known)
    with write_lock():
        ensure_place_subjects(places=listed, now=now)
        nodes = counting_nodes(listed)
        by_type: dict[str, list[NewMember]] = defaultdict(list)
        for place in listed:
            by_type[place.area_type].append(NewMember(place.id, place.id, nodes[place.id]))
        count = sum(
            duties.enrol(cohort=cohort_of(area_type), members=members, by=by, now=now)
            for area_type, members in sorted(by_type.items())
        )
    return Enrolled(count, unlisted)


def withdraw_areas(*, area_ids: Sequence[UUID], reason: str, by: str, now: datetime) -> int:
    """Nothing is owed at these areas from now on; their open gaps end with the reason. Returns how many ended."""
    with write_lock():
        rows = Member.objects.filter(
            cohort__key__startswith=cohort_of(""), subject__in=list(area_ids), until_us__isnull=True
        )
        by_cohort: dict[str, list[UUID]] = defaultdict(list)
        for key, subject_id in rows.values_list("cohort__key", "subject_id"):
            by_cohort[key].append(subject_id)
        return sum(
            duties.withdraw(cohort=key, subject_ids=ids, reason=reason, by=by, now=now)
            for key, ids in sorted(by_cohort.items())
        )


def list_agents(*, by: str, now: datetime) -> int:
    """Make the plan's agents items of the stock ledger. Returns how many the plan has."""
    agents = plan_at(now).section.agents
    with write_lock():
        for agent in agents:
            stock.define_item(
                key=agent.key, name=agent.title.zh, name_en=agent.title.en, unit=Unit(agent.base_unit), by=by, now=now
            )
    return len(agents)
