"""Taking records of disinfection: kept as they came, counted, and booked against the stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.accounts.access import Reach
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.actions import Done
from fangxian.files import actions as files
from fangxian.hygiene import queries, rules
from fangxian.hygiene.actions.stores import Need, Supply, draw_for, supply_of
from fangxian.hygiene.models import Channel, DisinfectionLog, Mark
from fangxian.hygiene.plan import PHOTO_RETENTION, InForce, plan_at
from fangxian.hygiene.playbook import cohort_of
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

# Some tens of milliseconds of the one writer of SQLite: a phone after a shift without the network, not a burst.
CHUNK = 50
# The observation of a device whose battery was out may carry any year; nothing before this program can be true.
EARLIEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One area was disinfected. `id` is made by the device; `mg_per_l` is None for an agent used as it is."""

    id: UUID
    area_id: UUID
    agent: str
    mg_per_l: int | None
    working_ml: int
    observed_at: datetime
    photo: str = ""
    offline: bool = False
    channel: Channel = Channel.PHONE


class Taken(StrEnum):
    STORED = "stored"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Logged:
    """What became of one record, in the order in which they were given."""

    id: UUID
    taken: Taken
    marks: tuple[Mark, ...] = ()
    next_due_us: int | None = None
    reason: str = ""


class LogError(Exception):
    """The record was not kept; the message says why and what to do."""


def log(*, entry: LogEntry, by: str, now: datetime, within: Reach | None = None) -> Logged:
    """As log_many for one record. Raises LogError when it is refused."""
    found = log_many(items=[entry], by=by, now=now, within=within)[0]
    if found.taken is Taken.REFUSED:
        raise LogError(found.reason)
    return found


def log_many(*, items: Sequence[LogEntry], by: str, now: datetime, within: Reach | None = None) -> list[Logged]:
    """Take records of any age, each by its id only once; in the order given.

    Refused is only what cannot be understood or lies outside `within`. What contradicts the plan or the ledger is
    kept with a mark. Fulfils the duty of each area, and books the agent out of the nearest store.
    """
    found: dict[UUID, Logged] = {}
    for start in range(0, len(items), CHUNK):
        part = items[start : start + CHUNK]
        try:
            found.update(_take(part, by, now, within))
        except IntegrityError:
            # The same record came in twice at the same moment: now the other one is there to be seen.
            found.update(_take(part, by, now, within))
    return [found[item.id] for item in items]


def _take(items: Sequence[LogEntry], by: str, now: datetime, within: Reach | None) -> dict[UUID, Logged]:
    plan = plan_at(now)
    areas = {
        place.id: place for place in Place.objects.filter(id__in={item.area_id for item in items}, kind=PlaceKind.AREA)
    }
    # whatever can be read and judged before it: the writer is held for the rest
    supply = supply_of(list(areas.values()), {item.agent for item in items})
    with write_lock():
        ids = [item.id for item in items]
        have = {row.id: row for row in DisinfectionLog.objects.filter(id__in=ids)}
        answers = {id: Logged(id, Taken.AGAIN, tuple(Mark(mark) for mark in row.marks)) for id, row in have.items()}
        fresh: dict[UUID, LogEntry] = {}
        for item in items:
            if item.id in answers or item.id in fresh:
                continue
            reason = _refusal(item, areas.get(item.area_id), now, within)
            if reason:
                answers[item.id] = Logged(item.id, Taken.REFUSED, reason=reason)
            else:
                fresh[item.id] = item
        answers |= _store(list(fresh.values()), areas, plan, supply, by, now)
    shown = {item.id: item.area_id for item in items if answers[item.id].taken is not Taken.REFUSED}
    next_due = queries.next_due(set(shown.values()))
    return {
        id: replace(answer, next_due_us=next_due.get(shown[id])) if id in shown else answer
        for id, answer in answers.items()
    }


def _refusal(item: LogEntry, area: Place | None, now: datetime, within: Reach | None) -> str:
    if area is None or (within is not None and not within.holds(area)):
        return _("This area is not among those that your roles reach. Nothing was kept. Choose the area again.")
    if not 0 < item.working_ml <= rules.MOST_ML:
        return _("The volume must lie between 1 ml and 1,000 litres. Nothing was kept. Correct it.")
    if item.mg_per_l is not None and not 0 < item.mg_per_l <= rules.MOST_MG_PER_L:
        return _("The strength must lie between 1 and 1,000,000 mg/L. Nothing was kept. Correct it.")
    if item.observed_at < now - EARLIEST:
        return _("The time of this record is more than 60 days ago. Nothing was kept. Correct the device's clock.")
    return ""


def _store(
    items: Sequence[LogEntry], areas: Mapping[UUID, Place], plan: InForce, supply: Supply, by: str, now: datetime
) -> dict[UUID, Logged]:  # fmt: skip
    """Write new records with all that follows from them, in the caller's transaction."""
    if not items:
        return {}
    judged = [_judge(item, areas[item.area_id], plan, now) for item in items]
    needs = [Need(j.row.id, areas[j.row.area_id], j.row.agent, j.row.agent_units) for j in judged]
    drawn = draw_for(needs=needs, supply=supply, agents=plan.section.agents, by=by, now=now)
    for j in judged:
        j.row.drawn_units, j.row.by = drawn[j.row.id], by
        if j.row.drawn_units < j.row.agent_units:
            j.marks.append(Mark.NO_STOCK)
        j.row.marks = [str(mark) for mark in j.marks]
    DisinfectionLog.objects.bulk_create([j.row for j in judged], batch_size=CHUNK)
    _fulfil([(j.row, areas[j.row.area_id]) for j in judged], by, now)
    audit.record(by=by, act="hygiene.logged", now=now, detail={"count": len(judged)})
    return {j.row.id: Logged(j.row.id, Taken.STORED, tuple(j.marks)) for j in judged}


@dataclass
class _Judged:
    row: DisinfectionLog
    marks: list[Mark] = field(default_factory=list)


def _judge(item: LogEntry, area: Place, plan: InForce, now: datetime) -> _Judged:
    agent = plan.agent(item.agent)
    day = clock.local_day(item.observed_at)
    marks = rules.marks(
        rules.Seen(item.agent, item.mg_per_l, item.observed_at), kind=plan.kind(area.area_type), agent=agent,
        open_then=area.closed_on is None or day < area.closed_on, now=now,
    )  # fmt: skip
    row = DisinfectionLog(
        id=item.id, area=area, area_type=area.area_type, agent=item.agent[:64], mg_per_l=item.mg_per_l,
        working_ml=item.working_ml, drawn_units=0, observed_us=clock.to_us(item.observed_at),
        agent_units=rules.agent_units(agent, item.mg_per_l, item.working_ml) if agent is not None else 0,
        received_us=clock.to_us(now), photo=item.photo, offline=item.offline, channel=item.channel,
        playbook_id=plan.playbook_id,
    )  # fmt: skip
    return _Judged(row, list(marks))


def _fulfil(rows: Sequence[tuple[DisinfectionLog, Place]], by: str, now: datetime) -> None:
    by_type: dict[str, list[Done]] = {}
    for row, area in rows:
        # A clock that ran ahead does not fulfil a window that has not come.
        observed = min(clock.from_us(row.observed_us), now)
        by_type.setdefault(area.area_type, []).append(Done(area.id, observed, f"disinfection:{row.id}"))
    for area_type, items in sorted(by_type.items()):
        duties.fulfil(cohort=cohort_of(area_type), items=items, by=by, now=now)


def keep_photo(*, content: bytes, name: str, by: str, now: datetime) -> str:
    """Keep a photo for a record that follows; returns its digest. Raises files.actions.FileRefusedError."""
    days = plan_at(now).photo_days
    until = now + timedelta(days=days) if days is not None else None
    stored = files.store_photo(
        content=content, name=name, retention=PHOTO_RETENTION, delete_after=until, by=by, now=now
    )
    return stored.digest


def open_photo(*, row: DisinfectionLog, by: str, now: datetime) -> tuple[str, bytes]:
    """Media type and bytes of the photo of a record fetched within reach. Raises files.actions.FileGoneError."""
    stored, content = files.read(row.photo)
    with write_lock():
        audit.record(by=by, act="hygiene.photo.opened", now=now, target=f"disinfection:{row.id}", place=row.area_id)
    return stored.media_type, content
