"""Findings within somebody's reach: whose turn it is, who owns them now, what they suspend."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

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
from fangxian.inspections.queries.findings import OPEN, FindingLine, FindingView, StepLine, findings
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


def rows(who: Who, wanted: Wanted) -> list[Row]:
    """At most MOST: mine first, then by severity and age."""
    where = within(who)
    if wanted.place:
        where &= Q(place_id=_uuid(wanted.place))
    if wanted.area:
        where &= Q(item__startswith=wanted.area[:1])
    lines = findings(
        where, who.now, status=wanted.status, severity=wanted.severity, item=wanted.item, limit=MOST
    )  # fmt: skip
    turn = _turns(who, lines)
    owners = _owners([line.id for line in lines if line.overdue], who.now)
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


def _turns(who: Who, lines: Sequence[FindingLine]) -> set[UUID]:
    """Whose next step is this person's: to put right what is theirs, to look again where they inspect."""
    places = Place.objects.in_bulk({line.place_id for line in lines})
    sent = set(Assignment.objects.filter(inspector=who.staff.id, place__in=places).values_list("place_id", flat=True))
    as_whom = {
        place.id: access.actors_of(who.grants, place, assigned=place.id in sent) for place in places.values()
    }  # fmt: skip
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


def _owners(ids: Collection[UUID], now: datetime) -> dict[UUID, Owner]:
    """Who is to act on these findings now, up the escalation as far as the clock has gone."""
    if not ids:
        return {}
    subjects = dict(Finding.objects.filter(id__in=ids).values_list("subject_id", "id"))
    duties = Duty.objects.filter(subject__in=subjects, ended_us__isnull=True).select_related(*_DUTY)
    known = list(duties.order_by("due_us"))
    gaps = Gap.objects.filter(duty__in=known, status=GapStatus.OPEN).select_related(*(f"duty__{one}" for one in _DUTY))
    owners = Owners(known, now)
    found = {
        subjects[duty.subject_id]: owners.of_duty(duty) for duty in known if duty.deadline_us is not None
    }  # fmt: skip
    return found | {subjects[gap.duty.subject_id]: owners.of_gap(gap) for gap in gaps.order_by("lapsed_us")}


def owner_of(finding: Finding, now: datetime) -> Owner | None:
    return _owners([finding.id], now).get(finding.id)


def acts(who: Who, finding: Finding) -> tuple[FindingAct, ...]:
    """The buttons: what may be done now, as whoever this person is at the place."""
    actors = access.actors_at(who.staff, finding.place, who.now)
    found = rules.acts_open(finding.status, actors)
    mended = FindingStep.objects.filter(finding=finding, act=FindingAct.MEND).order_by("-received_us")
    by_me = mended.values_list("by", flat=True).first() == who.staff.actor
    barred = by_me or access.is_own(who.grants, finding.place)
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


@dataclass(frozen=True)
class Told:
    """One line of a history."""

    step: StepLine
    after_word: str


def told(view: FindingView) -> list[Told]:
    return [Told(step, str(FindingStatus(step.after).label)) for step in view.steps]


def choices(who: Who) -> dict[str, list[tuple[str, str]]]:
    """What the list can be narrowed to: places with findings, areas and items of the plan."""
    ids = Finding.objects.filter(within(who)).values("place_id")
    places = Place.objects.filter(id__in=ids).order_by("path").values_list("id", "name")
    section = plan_at(who.now).section
    language = _language()
    return {
        "places": [(str(place), name) for place, name in places],
        "areas": [(area.key, f"{area.key} {area.title.say(language)}") for area in section.areas],
        "items": [(item.key, f"{item.key} {item.title.say(language)}") for item in section.items],
        "severities": [(value, str(label)) for value, label in Severity.choices],
    }


def severity_terms(now: datetime) -> list[tuple[str, str]]:
    language = _language()
    return [(term.key, term.title.say(language)) for term in plan_at(now).section.severities]


def inspected_places(who: Who) -> list[Place]:
    """Where this person may report something that they saw."""
    where = Q(kind__in=list(TYPES), closed_on__isnull=True)
    return list(Place.objects.filter(who.held.places(), where).order_by("path"))


def _language() -> str:
    return get_language() or "zh-hans"
