"""Reading gaps and duties: lists with their owners, what is mine, and the history of one gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from fangxian.accounts.access import Reach, live_grants, reach_of
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.queries import Posts
from fangxian.accounts.roles import Capability
from fangxian.duties.models import Duty, Fulfilment, Gap, GapNote, GapStatus, Rule
from fangxian.duties.owners import Owner, Owners, chain_of
from fangxian.duties.plan_schema import EscalationStep
from fangxian.duties.queries import at_nodes
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import full_names
from fangxian.registry.models import SubjectKind
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US

PAGE: Final = 50
_WITH_DUTY: Final = ("duty__rule", "duty__one_off", "duty__subject", "duty__place", "duty__node", "node")
_TREE_TOPS: Final = frozenset({PlaceKind.CITY, PlaceKind.DISTRICT, PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD})


@dataclass(frozen=True)
class GapLine:
    """One gap in a list: who or what is missing, since when, and who is to act."""

    id: UUID
    duty_id: UUID
    subject_id: UUID
    subject: str
    kind: str
    rule: str
    title: dict[str, str]
    where: str
    place_id: UUID
    node: str
    due_at: datetime
    lapsed_at: datetime
    age_us: int
    cause: str
    step: int
    owner: Owner


@dataclass(frozen=True)
class DutyLine:
    """One duty that is owed in its current window."""

    id: UUID
    subject_id: UUID
    subject: str
    kind: str
    rule: str
    title: dict[str, str]
    where: str
    place_id: UUID
    opens_at: datetime
    due_at: datetime
    one_off: bool
    note: str
    source: str
    """What has given a duty that no person gave, such as "filing:...". """
    owner: Owner


@dataclass(frozen=True)
class DutyGroup:
    """What is owed at a node under one rule in one window, as a count."""

    rule: str
    title: dict[str, str]
    kind: str
    node_id: UUID
    node: str
    opens_at: datetime
    due_at: datetime
    count: int


def in_place(place: Place) -> Q:
    """Gaps counted at or below `place`; below a neighbourhood, gaps whose own place stands there."""
    if place.kind in _TREE_TOPS or place.kind == PlaceKind.GRID:
        return at_nodes(place)
    return Q(duty__place__path__gte=place.path, duty__place__path__lt=place.path + "z")


def within_reach(reach: Reach, node: str = "node", place: str = "duty__place") -> Q:
    """Rows counted at a node within reach, or whose own place stands there (a property manager's building)."""
    return reach.nodes(node) | reach.places(path=f"{place}__path", grid=f"{place}__grid_id")


def open_gaps(
    where: Q, now: datetime, *, rule: str = "", kind: str = "", after: tuple[int, UUID] | None = None,
    limit: int = PAGE,
) -> list[GapLine]:  # fmt: skip
    """Open gaps, oldest first. `after` is the (lapsed_us, id) of the last one seen."""
    rows = Gap.objects.filter(where, status=GapStatus.OPEN)
    if rule:
        rows = rows.filter(rule__key=rule)
    if kind:
        rows = rows.filter(rule__subject_kind=kind)
    if after is not None:
        rows = rows.filter(Q(lapsed_us__gt=after[0]) | Q(lapsed_us=after[0], id__gt=after[1]))
    return gap_lines(rows.select_related(*_WITH_DUTY).order_by("lapsed_us", "id")[:limit], now)


def gap_lines(gaps: Iterable[Gap], now: datetime, posts: Posts | None = None) -> list[GapLine]:
    found = list(gaps)
    owners = Owners([gap.duty for gap in found], now, posts)
    names = full_names([gap.duty.place for gap in found])
    now_us = clock.to_us(now)
    return [
        GapLine(
            id=gap.id, duty_id=gap.duty_id, subject_id=gap.duty.subject_id, subject=gap.duty.subject.label,
            kind=gap.duty.rule.subject_kind, rule=gap.duty.rule.key, title=gap.duty.rule.spec["title"],
            where=names[gap.duty.place_id], place_id=gap.duty.place_id, node=gap.node.name,
            due_at=clock.from_us(gap.due_us), lapsed_at=clock.from_us(gap.lapsed_us), age_us=now_us - gap.lapsed_us,
            cause=gap.cause, step=gap.step, owner=owners.of_gap(gap),
        )
        for gap in found
    ]  # fmt: skip


@dataclass(frozen=True)
class Day:
    """What somebody's first page shows."""

    gaps: list[GapLine]
    duties: list[DutyGroup]
    given: list[DutyLine]


def my_day(staff: Staff, grants: Sequence[RoleGrant], now: datetime) -> Day:
    """My gaps, my duties and what was given to me; posts of the street and rules are read once for all three."""
    posts, rules = Posts.everywhere(now), list(Rule.objects.all())
    return Day(
        _my_gaps(staff, grants, now, PAGE, posts, rules),
        _my_duties(grants, now, PAGE, rules),
        _given(staff, grants, now, PAGE, posts),
    )


def my_gaps(staff: Staff, now: datetime, limit: int = PAGE) -> list[GapLine]:
    """Open gaps that this person owns now, oldest first: the step that the clock has reached is one of their roles."""
    return _my_gaps(staff, list(live_grants(staff, now)), now, limit, Posts.everywhere(now), list(Rule.objects.all()))


def _my_gaps(
    staff: Staff, grants: Sequence[RoleGrant], now: datetime, limit: int, posts: Posts, rules: Sequence[Rule]
) -> list[GapLine]:
    reach = reach_of(grants, Capability.GAPS)
    # what was given to somebody by name is theirs, wherever it is
    mine = Q(duty__one_off__staff=staff.id)
    owned = _owned_by({grant.role for grant in grants}, within_reach(reach), now, posts, rules) if reach else None
    if owned is not None:
        mine |= within_reach(reach) & owned
    rows = Gap.objects.filter(mine, status=GapStatus.OPEN).select_related(*_WITH_DUTY).order_by("lapsed_us", "id")
    # the brackets of age choose candidates; the owner of each is resolved exactly
    lines = gap_lines(rows[: limit * 3], now, posts)
    return [line for line in lines if line.owner.includes(staff.id)][:limit]


def _owned_by(roles: set[str], where: Q, now: datetime, posts: Posts, rules: Sequence[Rule]) -> Q | None:
    """Gaps whose age has reached a step of one of these roles, or that nobody below it holds."""
    now_us = clock.to_us(now)
    parts: list[Q] = []
    pairs = Gap.objects.filter(where, status=GapStatus.OPEN).values_list("rule_id", "node_id", "node__path").distinct()
    by_rule: dict[int, list[UUID]] = {}
    for rule_id, node_id, path in pairs:
        by_rule.setdefault(rule_id, []).append(node_id)
        posts.know([Place(id=node_id, path=path)])
    for rule in rules:
        if rule.id not in by_rule:
            continue
        steps = chain_of(rule, None).steps
        for number, step in enumerate(steps):
            if step.role not in roles:
                continue
            unheld = _unheld_below(steps[:number], by_rule[rule.id], posts)
            aged = Q(rule=rule, lapsed_us__lte=now_us - step.after_minutes * MINUTE_US)
            raised = Q(rule=rule, step__gte=number)
            passed_on = Q(rule=rule, node__in=unheld) if unheld else Q(pk__in=[])
            parts.append((aged | raised | passed_on) & _not_past(rule, steps, number, now_us))
        if not rule.playbook_id:
            parts.append(Q(rule=rule, duty__one_off__role__in=roles) | Q(rule=rule, duty__one_off__staff__isnull=False))
    return reduce(or_, parts) if parts else None


def _not_past(rule: Rule, steps: Sequence[EscalationStep], number: int, now_us: int) -> Q:
    """Gaps that have not climbed past this step: else old ones, owned further up, would fill the list of candidates.

    A one-off duty climbs a chain of its own, so those are left to be resolved one by one.
    """
    if number + 1 >= len(steps) or not rule.playbook_id:
        return Q()
    return Q(step__lte=number, lapsed_us__gt=now_us - steps[number + 1].after_minutes * MINUTE_US)


def _unheld_below(steps: Sequence[EscalationStep], nodes: Sequence[UUID], posts: Posts) -> list[UUID]:
    if not steps:
        return []
    return [node for node in nodes if not any(posts.nearest(step.role, node) for step in steps)]


def _my_duties(grants: Sequence[RoleGrant], now: datetime, limit: int, rules: Sequence[Rule]) -> list[DutyGroup]:
    reach = reach_of(grants, Capability.RECORD)
    roles = {grant.role for grant in grants}
    if not reach:
        return []
    first = {
        rule.id: rule
        for rule in rules
        if rule.active and rule.playbook_id is not None and chain_of(rule, None).steps[0].role in roles
    }
    end_of_day = clock.day_start_us(clock.local_day(now)) + clock.DAY_US
    # a piece of work, such as something to be put right, is told at once and not only when its time draws near
    work = [rule_id for rule_id, rule in first.items() if rule.subject_kind == SubjectKind.WORK]
    rows = (
        Duty.objects.filter(
            within_reach(reach, place="place"), Q(due_us__lte=end_of_day + clock.DAY_US) | Q(rule__in=work),
            rule__in=list(first), deadline_us__isnull=False, window_us__lt=end_of_day,
        )
        .values("rule_id", "node_id", "node__name", "window_us", "due_us")
        .annotate(n=Count("id"))
        .order_by("due_us", "node__path")[:limit]
    )  # fmt: skip
    return [
        DutyGroup(
            rule=first[row["rule_id"]].key, title=first[row["rule_id"]].spec["title"],
            kind=first[row["rule_id"]].subject_kind, node_id=row["node_id"], node=row["node__name"],
            opens_at=clock.from_us(row["window_us"]), due_at=clock.from_us(row["due_us"]), count=row["n"],
        )
        for row in rows
    ]  # fmt: skip


def my_one_offs(staff: Staff, now: datetime, limit: int = PAGE) -> list[DutyLine]:
    """One-off duties given to this person, or to a role of theirs near the place; soonest first."""
    return _given(staff, list(live_grants(staff, now)), now, limit, Posts.everywhere(now))


def _given(staff: Staff, grants: Sequence[RoleGrant], now: datetime, limit: int, posts: Posts) -> list[DutyLine]:
    reach = reach_of(grants, Capability.GAPS)
    given = Q(one_off__staff=staff.id) | Q(one_off__role__in={grant.role for grant in grants}) & within_reach(
        reach, place="place"
    )
    rows = (
        Duty.objects.filter(given, deadline_us__isnull=False, one_off__isnull=False)
        .select_related("rule", "one_off", "subject", "place", "node")
        .order_by("deadline_us")[: limit * 2]
    )
    lines = duty_lines(rows, now, posts)
    return [line for line in lines if line.owner.includes(staff.id)][:limit]


def duty_lines(duties: Iterable[Duty], now: datetime, posts: Posts | None = None) -> list[DutyLine]:
    """Lines for duties that come with rule, one_off, subject, place and node selected."""
    found = list(duties)
    owners = Owners(found, now, posts)
    names = full_names([duty.place for duty in found])
    return [
        DutyLine(
            id=duty.id, subject_id=duty.subject_id, subject=duty.subject.label, kind=duty.rule.subject_kind,
            rule=duty.rule.key, title=duty.rule.spec["title"], where=names[duty.place_id], place_id=duty.place_id,
            opens_at=clock.from_us(duty.window_us), due_at=clock.from_us(duty.due_us),
            one_off=hasattr(duty, "one_off"), note=duty.one_off.note if hasattr(duty, "one_off") else "",
            source=duty.one_off.source if hasattr(duty, "one_off") else "",
            owner=owners.of_duty(duty),
        )
        for duty in found
    ]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing that happened to a gap, or to its duty while it was open."""

    at: datetime
    what: str
    text: str
    by: str


@dataclass(frozen=True)
class GapHistory:
    line: GapLine
    status: str
    outcome: str
    reason: str
    closed_at: datetime | None
    closed_by: str
    events: tuple[Event, ...]
    earlier: int


def gap_history(gap: Gap, now: datetime) -> GapHistory:
    """Everything about one gap. `gap` comes with its duty; events are newest first."""
    full = Gap.objects.select_related(*_WITH_DUTY).get(id=gap.id)
    line = gap_lines([full], now)[0]
    events = [Event(clock.from_us(full.lapsed_us), "lapsed", full.cause, "")]
    if full.noticed_us - full.lapsed_us > MINUTE_US:
        events.append(Event(clock.from_us(full.noticed_us), "noticed", "", ""))
    for row in GapNote.objects.filter(gap=full):
        events.append(Event(clock.from_us(row.at_us), row.kind, row.text, row.by))
    for done in Fulfilment.objects.filter(duty=full.duty, window_us=full.window_us):
        events.append(Event(clock.from_us(done.observed_us), "observed", done.outcome, done.by))
        if done.received_us - done.observed_us > MINUTE_US:
            events.append(Event(clock.from_us(done.received_us), "received", done.outcome, done.by))
    if full.status == GapStatus.WAIVED and full.closed_us:
        events.append(Event(clock.from_us(full.closed_us), "waived", full.reason, full.closed_by))
    earlier = Gap.objects.filter(duty=full.duty, window_us__lt=full.window_us).count()
    closed = clock.from_us(full.closed_us) if full.closed_us else None
    events.sort(key=lambda event: event.at, reverse=True)
    return GapHistory(line, full.status, full.outcome, full.reason, closed, full.closed_by, tuple(events), earlier)
