"""Lists of findings, and one finding with everything that happened to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language

from fangxian.accounts.models import Staff
from fangxian.inspections.models import Finding, FindingStatus, FindingStep, Suspension
from fangxian.inspections.plan import plan_at
from fangxian.places.queries import full_names
from fangxian.shared import clock

PAGE: Final = 50
OPEN: Final = "open"
"""A filter: every state that is not an end."""
OVERDUE: Final = "overdue"


@dataclass(frozen=True)
class FindingLine:
    """One finding in a list. `title` is in the reader's language where its item stands in the plan in force.

    `age_us` runs from when it was seen until it was closed, or until now; `suspended` names the zones that it suspends
    now ("" for all of the place).
    """

    id: UUID
    place_id: UUID
    place: str
    where: str
    item: str
    title: str
    spot: str
    zone: str
    severity: str
    status: str
    times: int
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    age_us: int
    overdue: bool
    plan_who: str
    plan_what: str
    plan_until: datetime | None
    suspended: tuple[str, ...]


@dataclass(frozen=True)
class StepLine:
    """One step, `act` empty where it was seen. `by` is the name of the member of staff, or the process."""

    id: UUID
    act: str
    before: str
    after: str
    text: str
    photos: tuple[str, ...]
    observed_at: datetime
    received_at: datetime
    by: str


@dataclass(frozen=True)
class FindingView:
    """`line`, its note and its steps, oldest first. `held`: passes that it makes not good now."""

    line: FindingLine
    note: str
    steps: tuple[StepLine, ...]
    inspection_id: UUID | None
    held: int


@dataclass(frozen=True)
class Counts:
    """Of findings that are not closed. `mended` wait for their re-inspection and are among `open`."""

    open: int = 0
    red: int = 0
    amber: int = 0
    white: int = 0
    mended: int = 0
    overdue: int = 0


def findings(
    where: Q, now: datetime, *, status: str = OPEN, severity: str = "", item: str = "",
    after: tuple[int, UUID] | None = None, limit: int = PAGE,
) -> list[FindingLine]:  # fmt: skip
    """Findings within `where` (of Finding: `reach.places("place__path", "place__grid_id")`), those that are due first
    at the top. `status`: OPEN, OVERDUE, a value of FindingStatus, or empty for all. `after` is the (due_us, id) of the
    last one seen."""
    rows = Finding.objects.filter(where)
    if status == OPEN:
        rows = rows.filter(closed_us__isnull=True)
    elif status == OVERDUE:
        rows = rows.filter(_overdue(clock.to_us(now)))
    elif status:
        rows = rows.filter(status=status)
    rows = rows.filter(severity=severity) if severity else rows
    rows = rows.filter(item=item) if item else rows
    if after is not None:
        rows = rows.filter(Q(due_us__gt=after[0]) | Q(due_us=after[0], id__gt=after[1]))
    return lines(rows.select_related("place").order_by("due_us", "id")[:limit], now)


def lines(rows: Iterable[Finding], now: datetime) -> list[FindingLine]:
    """Lines of findings that come with their place."""
    found = list(rows)
    names = full_names([row.place for row in found])
    suspended: dict[UUID, list[str]] = {}
    for finding_id, zone in Suspension.objects.filter(
        finding__in=[row.id for row in found], until_us__isnull=True
    ).values_list("finding_id", "zone"):
        suspended.setdefault(finding_id, []).append(zone)
    titles = titles_now(now)
    return [line_of(row, names[row.place_id], titles, tuple(suspended.get(row.id, ())), now) for row in found]


def titles_now(now: datetime) -> dict[str, str]:
    """What the plan in force calls its items, in the reader's language."""
    language = get_language() or "en"
    return {item.key: item.title.say(language) for item in plan_at(now).section.items}


def line_of(
    row: Finding, where: str, titles: Mapping[str, str], suspended: tuple[str, ...], now: datetime
) -> FindingLine:  # fmt: skip
    """The line of one finding whose surroundings were read already. No query."""
    now_us = clock.to_us(now)
    return FindingLine(
        id=row.id, place_id=row.place_id, place=row.place.name, where=where, item=row.item,
        title=titles.get(row.item, row.title), spot=row.spot, zone=row.zone, severity=row.severity, status=row.status,
        times=row.times, opened_at=clock.from_us(row.opened_us), due_at=clock.from_us(row.due_us),
        closed_at=_instant(row.closed_us), age_us=(row.closed_us or now_us) - row.opened_us,
        overdue=row.closed_us is None and row.status != FindingStatus.MENDED and row.due_us < now_us,
        plan_who=row.plan_who, plan_what=row.plan_what, plan_until=_instant(row.plan_until_us), suspended=suspended,
    )  # fmt: skip


def finding(row: Finding, now: datetime) -> FindingView:
    """Everything about one finding that was fetched within reach, with its place."""
    steps = list(FindingStep.objects.filter(finding=row).order_by("received_us", "id"))
    names = staff_names([step.by for step in steps])
    held = Suspension.objects.filter(finding=row, until_us__isnull=True).aggregate(
        n=Count("passes", filter=Q(passes__ended=False))
    )["n"]
    return FindingView(
        lines([row], now)[0], row.note, tuple(_step(step, names) for step in steps), row.inspection_id, held
    )  # fmt: skip


def _step(step: FindingStep, names: dict[str, str]) -> StepLine:
    return StepLine(
        step.id, step.act, step.before, step.after, step.text, tuple(step.photos), clock.from_us(step.observed_us),
        clock.from_us(step.received_us), names.get(step.by, step.by),
    )  # fmt: skip


def counts(where: Q, now: datetime) -> Counts:
    """How many are open within `where` (of Finding)."""
    rows: QuerySet[Finding] = Finding.objects.filter(where, closed_us__isnull=True)
    found = rows.aggregate(
        open=Count("id"),
        **{key: Count("id", filter=Q(severity=key)) for key in ("red", "amber", "white")},
        mended=Count("id", filter=Q(status=FindingStatus.MENDED)),
        overdue=Count("id", filter=_overdue(clock.to_us(now))),
    )
    return Counts(**found)


def _overdue(now_us: int) -> Q:
    return Q(closed_us__isnull=True, due_us__lt=now_us) & ~Q(status=FindingStatus.MENDED)


def staff_names(actors: Sequence[str]) -> dict[str, str]:
    """Names by actor, as rows refer to members of staff."""
    ids: list[UUID] = []
    for actor in set(actors):
        try:
            ids.append(UUID(hex=actor))
        except ValueError:
            continue
    return {row.actor: row.name for row in Staff.objects.filter(id__in=ids)}


def _instant(us: int | None) -> datetime | None:
    return None if us is None else clock.from_us(us)
