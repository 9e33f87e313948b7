"""Findings within somebody's reach: whose turn it is, who owns them now, what they suspend."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Q
from django.utils.translation import get_language

from fangxian.accounts.access import get
from fangxian.console.view import Who
from fangxian.duties.models import Duty, Gap, GapStatus
from fangxian.duties.owners import Owner, Owners
from fangxian.gates.models import Zone
from fangxian.inspections import rules
from fangxian.inspections.models import (
    Assignment,
    Finding,
    FindingAct,
    FindingStatus,
    FindingStep,
    Severity,
    Suspension,
)
from fangxian.inspections.plan import TYPES, plan_at
from fangxian.inspections.queries import access
from fangxian.inspections.queries.findings import OPEN, FindingLine, findings, line_of, staff_names
from fangxian.places.models import Place
from fangxian.shared import clock

MOST = 200
LATELY = timedelta(days=14)
_URGENCY = {severity: number for number, severity in enumerate((Severity.RED, Severity.AMBER, Severity.WHITE))}
_JUDGING = frozenset({FindingAct.PASS, FindingAct.FAIL})
_DUTY = ("rule", "one_off", "place", "node")


def within(who: Who) -> Q:
    """Condition for findings: at a place within reach, or where this person was sent to inspect lately."""
    since = clock.local_day(who.now) - LATELY
    sent = Assignment.objects.filter(inspector=who.staff.id, day__gte=since).values("place_id")
    return who.held.places("place__path", "place__grid_id") | Q(place_id__in=sent)


def finding_within(who: Who, finding_id: UUID) -> Finding:
    """Raises NotFoundError."""
    return get(Finding.objects.select_related("place"), within(who), id=finding_id)


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to."""

    place: str = ""
    area: str = ""
    item: str = ""
    severity: str = ""
    status: str = OPEN


@dataclass(frozen=True)
class Row:
    """One finding in the list. `mine`: it is this person's turn. `owner` of one that is overdue."""

    line: FindingLine
    status_word: str
    severity_word: str
    zones: tuple[str, ...]
    mine: bool
    owner: Owner | None


def places_with(who: Who) -> dict[UUID, Place]:
    """Places within reach that have findings, in the order of the tree."""
    ids = Finding.objects.filter(within(who)).values("place_id")
    return {place.id: place for place in Place.objects.filter(id__in=ids).order_by("path")}


def rows(who: Who, wanted: Wanted, places: Mapping[UUID, Place]) -> list[Row]:
    """At most MOST: mine first, then by severity and age."""
    where = within(who)
    if wanted.place:
        where &= Q(place_id=_uuid(wanted.place))
    if wanted.area:
        where &= Q(item__startswith=wanted.area[:1])
    lines = findings(
        where, who.now, status=wanted.status, severity=wanted.severity, item=wanted.item, limit=MOST
    )  # fmt: skip
    turn = _turns(who, lines, places)
    owners = _late([line.id for line in lines if line.overdue], who.now)
    found = [
        Row(
            line, str(FindingStatus(line.status).label), str(Severity(line.severity).label),
            tuple(zone_word(zone) for zone in line.suspended), line.id in turn, owners.get(line.id),
        )
        for line in lines
    ]  # fmt: skip
    return sorted(found, key=lambda row: (not row.mine, _URGENCY[Severity(row.line.severity)], row.line.opened_at))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def zone_word(zone: str) -> str:
    """Empty for all of the place."""
    return str(Zone(zone).label) if zone else ""


def _turns(who: Who, lines: Sequence[FindingLine], places: Mapping[UUID, Place]) -> set[UUID]:
    """Whose next step is this person's: to put right what is theirs, to look again where they inspect."""
    ids = {line.place_id for line in lines}
    sent = set(Assignment.objects.filter(inspector=who.staff.id, place__in=ids).values_list("place_id", flat=True))
    as_whom = {one: access.actors_of(who.grants, places[one], assigned=one in sent) for one in ids}
    found = set()
    for line in lines:
        actors = as_whom[line.place_id]
        if line.closed_at is not None:
            continue
        if line.status == FindingStatus.MENDED:
            if rules.Actor.INSPECTOR in actors and line.place_id in sent:
                found.add(line.id)
        elif rules.Actor.RESPONSIBLE in actors and rules.Actor.INSPECTOR not in actors:
            found.add(line.id)
    return found


def _late(ids: Collection[UUID], now: datetime) -> dict[UUID, Owner]:
    """Who is to act on findings whose time has run out, up the escalation as far as the clock has gone."""
    if not ids:
        return {}
    rows = Gap.objects.filter(duty__subject__finding__in=ids, status=GapStatus.OPEN)
    gaps = list(rows.select_related(*(f"duty__{one}" for one in (*_DUTY, "subject__finding"))).order_by("lapsed_us"))
    owners = Owners([gap.duty for gap in gaps], now)
    return {gap.duty.subject.finding.id: owners.of_gap(gap) for gap in gaps}


def owner_of(finding: Finding, now: datetime) -> Owner | None:
    """Of one that is late, or who has it on the desk while it is not."""
    late = _late([finding.id], now).get(finding.id)
    if late is not None:
        return late
    duties = Duty.objects.filter(subject=finding.subject_id, deadline_us__isnull=False).select_related(*_DUTY)
    duty = duties.order_by("due_us").first()
    return None if duty is None else Owners([duty], now).of_duty(duty)


@dataclass(frozen=True)
class Told:
    """One line of a history."""

    step: FindingStep
    by: str
    after_word: str


def told(finding: Finding) -> list[Told]:
    """Oldest first."""
    steps = list(FindingStep.objects.filter(finding=finding).order_by("received_us", "id"))
    names = staff_names([step.by for step in steps])
    return [Told(step, names.get(step.by, step.by), str(FindingStatus(step.after).label)) for step in steps]


def acts(who: Who, finding: Finding, history: Sequence[Told]) -> tuple[FindingAct, ...]:
    """The buttons: what may be done now, as whoever this person is at the place."""
    sent = Assignment.objects.filter(inspector=who.staff.id, place=finding.place_id).exists()
    found = rules.acts_open(finding.status, access.actors_of(who.grants, finding.place, assigned=sent))
    mended = [one.step.by for one in history if one.step.act == FindingAct.MEND]
    barred = mended[-1:] == [who.staff.actor] or access.is_own(who.grants, finding.place)
    return tuple(act for act in found if not (barred and act in _JUDGING))


@dataclass(frozen=True)
class Held:
    """A suspension: how many passes it made not good, and when they came back."""

    zone: str
    since_at: datetime
    until_at: datetime | None
    passes: int


def suspensions(finding: Finding) -> list[Held]:
    found = Suspension.objects.filter(finding=finding).annotate(n=Count("passes")).order_by("since_us")
    return [
        Held(
            zone_word(row.zone), clock.from_us(row.since_us),
            clock.from_us(row.until_us) if row.until_us else None, row.n,
        )
        for row in found
    ]  # fmt: skip


_WORDS_SECONDS = 60


def words(now: datetime) -> dict[str, list[tuple[str, str]]]:
    """What the plan in force calls areas, items and severities, in the reader's language. Kept for a minute."""
    language = get_language() or "zh-hans"
    kept: dict[str, list[tuple[str, str]]] | None = cache.get(f"checklist-words:{language}")
    if kept is None:
        section = plan_at(now).section
        kept = {
            "areas": [(area.key, area.title.say(language)) for area in section.areas],
            "items": [(item.key, item.title.say(language)) for item in section.items],
            "severities": [(term.key, term.title.say(language)) for term in section.severities],
        }
        cache.set(f"checklist-words:{language}", kept, _WORDS_SECONDS)
    return kept


def line(finding: Finding, now: datetime) -> FindingLine:
    return line_of(finding, finding.place.name, dict(words(now)["items"]), (), now)


def inspected_places(who: Who) -> list[Place]:
    """Where this person may report something that they saw."""
    where = Q(kind__in=list(TYPES), closed_on__isnull=True)
    return list(Place.objects.filter(who.held.places(), where).order_by("path"))
