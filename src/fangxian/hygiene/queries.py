"""Reading disinfection: what is due where, what was done, and what a phone needs to know to record it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from fangxian.accounts.access import Reach
from fangxian.accounts.models import Staff
from fangxian.duties.models import Cause, Duty, Gap, GapStatus
from fangxian.hygiene import rules
from fangxian.hygiene.models import DisinfectionLog, Mark
from fangxian.hygiene.plan import InForce, plan_at
from fangxian.hygiene.playbook import AreaType, HygieneSection, cohort_of
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names
from fangxian.shared import clock

LIST_LIMIT = 200


class State(StrEnum):
    """Where an area stands now, worst first."""

    GAP = "gap"  # a window passed without a record
    UNKNOWN = "unknown"  # a window passed while our own channel was down
    OVERDUE = "overdue"  # past its time, within the grace
    DUE = "due"
    LATER = "later"
    NONE = "none"  # nothing is owed: its type is not in the plan, or it is closed


@dataclass(frozen=True)
class Preset:
    """An agent at the strength and volume that are usual for an area: one button."""

    agent: str
    title: str
    mg_per_l: int | None
    working_ml: int
    agent_units: int
    unit: str
    water_ml: int
    planned: bool  # the agent that the plan names for this type
    caution: str


@dataclass(frozen=True)
class AreaTask:
    """One public area and what is owed there, in the words of one language."""

    area_id: UUID
    name: str
    area_type: str
    type_title: str
    note: str
    minutes: int  # contact time
    wipe: bool
    state: State
    window_us: int | None
    due_us: int | None
    deadline_us: int | None
    since_us: int | None  # when its oldest open gap lapsed
    gaps: int
    last_us: int | None
    presets: tuple[Preset, ...]


def _presets(kind: AreaType, plan: InForce, language: str) -> tuple[Preset, ...]:
    """The agent of the plan first, then the others that could be used at the same strength."""
    agents = sorted(plan.section.agents, key=lambda agent: agent.key != kind.agent)
    volume = rules.working_ml(kind)
    found = []
    for agent in agents:
        mg = rules.strength_for(kind, agent)
        if agent.form != "ready" and mg is None:
            continue
        if agent.stock_mg_per_l is not None and mg is not None and mg > agent.stock_mg_per_l:
            continue
        units = rules.agent_units(agent, mg, volume)
        water = volume - units if agent.form == "solution" else (volume if agent.form == "tablet" else 0)
        found.append(
            Preset(
                agent.key, agent.title.say(language), mg, volume, units, agent.base_unit, water,
                agent.key == kind.agent, agent.caution.say(language) if agent.caution else "",
            )
        )  # fmt: skip
    return tuple(found)


def section(now: datetime) -> HygieneSection:
    """What the plan in force says; empty without a plan."""
    return plan_at(now).section


def areas_within(held: Reach) -> QuerySet[Place]:
    """Public areas that a reach holds."""
    return Place.objects.filter(held.places(), kind=PlaceKind.AREA)


def due_now(held: Reach, now: datetime, language: str, *, limit: int = LIST_LIMIT) -> list[AreaTask]:
    """Areas within reach whose window has begun or that have a gap, the earliest deadline first."""
    now_us = clock.to_us(now)
    open_gaps = Gap.objects.filter(duty=OuterRef("pk"), status=GapStatus.OPEN).order_by("lapsed_us")
    rows = _duties(held.places(path="place__path", grid="place__grid_id"))
    rows = rows.annotate(lapsed=Subquery(open_gaps.values("lapsed_us")[:1]))
    rows = rows.filter(Q(window_us__lte=now_us) | Q(lapsed__isnull=False))
    first = list(rows.order_by(Coalesce("lapsed", "deadline_us"), "id")[:limit])
    return sorted(_tasks(first, plan_at(now), now_us, language), key=_urgency)


def pack_areas(held: Reach, now: datetime, language: str, *, limit: int = 2_000) -> list[dict[str, Any]]:
    """Every area within reach with what is owed next, as JSON for a phone that will be without the network.

    Keys as in AreaTask; ids are text, instants microseconds UTC.
    """
    rows = _duties(held.places(path="place__path", grid="place__grid_id")).order_by("deadline_us", "id")[:limit]
    tasks = _tasks(list(rows), plan_at(now), clock.to_us(now), language)
    return [asdict(task) | {"area_id": str(task.area_id)} for task in sorted(tasks, key=_urgency)]


def task(area: Place, now: datetime, language: str) -> AreaTask:
    """One area, whether or not anything is owed there."""
    duties = list(_duties(Q(place=area)))
    plan = plan_at(now)
    found = _tasks(duties, plan, clock.to_us(now), language)
    if found:
        return found[0]
    name = full_names([area])[area.id]
    return _task(area.id, name, area.area_type, None, (), plan, clock.to_us(now), language)


def _duties(where: Q) -> QuerySet[Duty]:
    return Duty.objects.filter(
        where, cohort__key__startswith=cohort_of(""), ended_us__isnull=True, deadline_us__isnull=False
    ).select_related("subject", "place")


def _tasks(duties: Sequence[Duty], plan: InForce, now_us: int, language: str) -> list[AreaTask]:
    gaps: dict[UUID, list[Gap]] = {}
    for gap in Gap.objects.filter(duty__in=[duty.id for duty in duties], status=GapStatus.OPEN).order_by("lapsed_us"):
        gaps.setdefault(gap.duty_id, []).append(gap)
    return [
        _task(
            duty.place_id, duty.subject.label, duty.place.area_type, duty, gaps.get(duty.id, ()), plan, now_us, language
        )
        for duty in duties
    ]


def _task(
    area_id: UUID, name: str, area_type: str, duty: Duty | None, gaps: Sequence[Gap], plan: InForce, now_us: int,
    language: str,
) -> AreaTask:  # fmt: skip
    kind = plan.kind(area_type)
    return AreaTask(
        area_id, name, area_type, kind.title.say(language) if kind else area_type,
        kind.note.say(language) if kind and kind.note else "",
        kind.minutes if kind else 0, kind.wipe if kind else False, _state(duty, gaps, now_us),
        duty.window_us if duty else None, duty.due_us if duty else None, duty.deadline_us if duty else None,
        gaps[0].lapsed_us if gaps else None, len(gaps), duty.last_us if duty else None,
        _presets(kind, plan, language) if kind else (),
    )  # fmt: skip


def _state(duty: Duty | None, gaps: Sequence[Gap], now_us: int) -> State:
    if any(gap.cause == Cause.MISSED for gap in gaps):
        return State.GAP
    if gaps:
        return State.UNKNOWN
    if duty is None:
        return State.NONE
    if duty.window_us > now_us:
        return State.LATER
    return State.DUE if duty.due_us >= now_us else State.OVERDUE


def _urgency(task: AreaTask) -> tuple[int, str]:
    """By what lapsed or will lapse first."""
    return task.since_us or task.deadline_us or 0, task.name


def next_due(area_ids: Iterable[UUID]) -> dict[UUID, int]:
    """For each area when it is due next."""
    rows = _duties(Q(subject__in=list(area_ids))).order_by("-due_us").values_list("subject_id", "due_us")
    return dict(rows)


@dataclass(frozen=True)
class Done:
    """A record as its area's page shows it."""

    id: UUID
    observed_us: int
    received_us: int
    agent: str
    mg_per_l: int | None
    working_ml: int
    who: str
    photo: bool
    offline: bool
    marks: tuple[str, ...]


def history(area: Place, now: datetime, language: str, *, limit: int = 10) -> list[Done]:
    """The last records of an area, newest first."""
    rows = list(DisinfectionLog.objects.filter(area=area).order_by("-observed_us")[:limit])
    names = staff_names({row.by for row in rows})
    titles = {agent.key: agent.title.say(language) for agent in plan_at(now).section.agents}
    return [
        Done(
            row.id, row.observed_us, row.received_us, titles.get(row.agent, row.agent), row.mg_per_l, row.working_ml,
            names.get(row.by, row.by), bool(row.photo), row.offline, tuple(str(Mark(m).label) for m in row.marks),
        )
        for row in rows
    ]  # fmt: skip


def staff_names(actors: Iterable[str]) -> Mapping[str, str]:
    """Names of the members of staff among these actors; processes are left out."""
    ids = []
    for actor in actors:
        try:
            ids.append(UUID(hex=actor))
        except ValueError:
            continue
    return {id.hex: name for id, name in Staff.objects.filter(id__in=ids).values_list("id", "name")}


def logs() -> QuerySet[DisinfectionLog]:
    """Records, to be narrowed by a reach over `area__path` and `area__grid_id`."""
    return DisinfectionLog.objects.all()
