"""Pure decisions: what a filing may become, who may have a pass when, for how long supplies last."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from fangxian.screening.playbook import KeyRegion
from fangxian.shared import clock
from fangxian.workplaces.models import FilingAct, FilingStatus, StaffState, TaskRole, Travelled, Verdict


class Actor(StrEnum):
    """As whom somebody acts on a filing."""

    FIRM = "firm"
    """The enterprise's own HR, or the building worker who writes for it."""
    WORKER = "worker"
    """The building's party worker."""
    STREET = "street"
    """Section head or leader of the street."""


_S = FilingStatus
_A = FilingAct
_FIRM: Final = frozenset({Actor.FIRM, Actor.WORKER})
_CHECK: Final = frozenset({Actor.WORKER, Actor.STREET})
_STREET: Final = frozenset({Actor.STREET})
_ENDERS: Final = frozenset({Actor.FIRM, Actor.STREET})

TRANSITIONS: Final[Mapping[tuple[FilingStatus, FilingAct], tuple[FilingStatus, frozenset[Actor]]]] = {
    (_S.DRAFT, _A.SUBMIT): (_S.SUBMITTED, _FIRM),
    (_S.RETURNED, _A.SUBMIT): (_S.SUBMITTED, _FIRM),
    (_S.SUBMITTED, _A.ENDORSE): (_S.ENDORSED, _CHECK),
    (_S.SUBMITTED, _A.RETURN): (_S.RETURNED, _CHECK),
    (_S.ENDORSED, _A.RETURN): (_S.RETURNED, _STREET),
    (_S.ENDORSED, _A.ACCEPT): (_S.ACCEPTED, _STREET),
    (_S.ACCEPTED, _A.SUSPEND): (_S.SUSPENDED, _STREET),
    (_S.SUSPENDED, _A.RESUME): (_S.ACCEPTED, _STREET),
    **{(status, _A.END): (_S.ENDED, _ENDERS) for status in (_S.DRAFT, _S.RETURNED, _S.ACCEPTED, _S.SUSPENDED)},
}
"""From a state by an act to a state, and as whom. What is not here cannot be done."""


def after(status: str, act: str, actors: Collection[Actor]) -> FilingStatus | None:
    """The state that follows; None where this act is not open to any of these actors in this state."""
    found = TRANSITIONS.get((FilingStatus(status), FilingAct(act)))
    return found[0] if found is not None and found[1] & frozenset(actors) else None


def acts_open(status: str, actors: Collection[Actor]) -> tuple[FilingAct, ...]:
    held = frozenset(actors)
    found = [act for (before, act), (_after, who) in TRANSITIONS.items() if before == status and who & held]
    return tuple(sorted(found, key=list(FilingAct).index))


class Lack(StrEnum):
    """What a filing still lacks before it can be submitted, or a person before a pass. Words are in `words.py`."""

    IN_CHARGE = "in_charge"
    PHONE = "phone"
    START = "start"
    TOO_EARLY = "too_early"
    PAST = "past"
    PEOPLE = "people"
    PLAN = "plan"
    ISOLATION = "isolation"
    COMMITMENT = "commitment"
    ROSTER = "roster"
    SUPPLIES = "supplies"
    POSTS = "posts"
    LEFT_SHANGHAI = "left_shanghai"
    ORIGIN = "origin"
    ARRIVED_ON = "arrived_on"
    TRANSPORT = "transport"
    KEY_REGION = "key_region"
    EVIDENCE = "evidence"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class FilingFacts:
    in_charge: str
    has_phone: bool
    start_on: date | None
    people: int | None
    plan: str
    isolation: str
    committed: bool
    on_roster: int
    supply_days: float | None
    """Of the goods that last shortest; None where something was never counted."""
    posts: int
    """Kinds of posts that have a name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the plan asks of a filing. `earliest`: no enterprise may start before, where the plan says so. Where
    it does not, a first day more than a day before `today` is a slip; None: it is not asked about."""

    plan_length: int
    supply_days: int
    posts: int
    earliest: date | None = None
    today: date | None = None

    def is_past(self, day: date | None) -> bool:
        if day is None or self.today is None or self.earliest is not None:
            return False
        return day < self.today - timedelta(days=1)


def lacks(facts: FilingFacts, asked: Asked) -> tuple[Lack, ...]:
    """What keeps a filing from being submitted, in the order of the form."""
    found = (
        (Lack.IN_CHARGE, not facts.in_charge.strip()),
        (Lack.PHONE, not facts.has_phone),
        (Lack.START, facts.start_on is None),
        (Lack.TOO_EARLY, facts.start_on is not None and asked.earliest is not None and facts.start_on < asked.earliest),
        (Lack.PAST, asked.is_past(facts.start_on)),
        (Lack.PEOPLE, not facts.people),
        (Lack.PLAN, len(facts.plan.strip()) < asked.plan_length),
        (Lack.ISOLATION, not facts.isolation.strip()),
        (Lack.ROSTER, facts.on_roster == 0),
        (Lack.SUPPLIES, facts.supply_days is None or facts.supply_days < asked.supply_days),
        (Lack.POSTS, facts.posts < asked.posts),
        (Lack.COMMITMENT, not facts.committed),
    )
    return tuple(lack for lack, holds in found if holds)


def days_of(quantity: int, per_day: int) -> float:
    """How long supplies last; what nobody uses lasts for ever."""
    return quantity / per_day if per_day else float("inf")


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """One person's journey, as the ledger says. `origin`: GB/T 2260 digits, or ISO 3166-1 alpha-3 for a country."""

    left_shanghai: bool | None
    origin: str
    arrived_on: date | None
    transport: str
    key_region: str
    region_keys: tuple[str, ...]
    released_on: date | None
    state: str = StaffState.ACTIVE
    has_document: bool = True


@dataclass(frozen=True, slots=True)
class Screened:
    """`until` is the first day on which a pass may be given."""

    verdict: Verdict
    until: date | None = None
    missing: tuple[Lack, ...] = ()
    regions: tuple[str, ...] = ()


def screen(facts: ReturnFacts, *, regions: Sequence[KeyRegion], observation_days: int, today: date) -> Screened:
    """Pass now, pass after observation until a date, or not yet known and what is missing.

    Somebody from a key region is observed from the day of arrival in Shanghai (day 1) for `observation_days`; a pass
    then needs the evidence that it ended. A region counts that was a key region at some time between the arrival and
    the end of the observation. Who did not leave Shanghai needs nothing more.
    """
    missing = _unknown(facts)
    if facts.left_shanghai is not True or facts.arrived_on is None:
        return Screened(Verdict.UNKNOWN, missing=missing) if missing else Screened(Verdict.NOW)
    hit = tuple(region.key for region in regions if _touches(region, facts, observation_days))
    watched = bool(hit) or facts.key_region == Travelled.YES
    until = facts.arrived_on + timedelta(days=observation_days)
    if watched and facts.released_on is not None and facts.released_on >= until:
        watched = False
    if watched and until > today:
        return Screened(Verdict.LATER, until, regions=hit)
    if watched:
        return Screened(Verdict.UNKNOWN, missing=(*missing, Lack.EVIDENCE), regions=hit)
    return Screened(Verdict.UNKNOWN, missing=missing, regions=hit) if missing else Screened(Verdict.NOW, regions=hit)


def _unknown(facts: ReturnFacts) -> tuple[Lack, ...]:
    away = facts.left_shanghai is True
    found = (
        (Lack.DOCUMENT, not facts.has_document),
        (Lack.LEFT_SHANGHAI, facts.left_shanghai is None),
        (Lack.ORIGIN, away and not facts.origin),
        (Lack.ARRIVED_ON, away and facts.arrived_on is None),
        (Lack.TRANSPORT, away and not facts.transport),
        (Lack.KEY_REGION, away and facts.key_region == Travelled.UNKNOWN),
    )
    return tuple(lack for lack, holds in found if holds)


def _touches(region: KeyRegion, facts: ReturnFacts, observation_days: int) -> bool:
    """Whether somebody came from, or was in, this region while it mattered."""
    assert facts.arrived_on is not None
    end = _midnight(facts.arrived_on + timedelta(days=observation_days))
    if region.since >= end or (region.until is not None and region.until <= _midnight(facts.arrived_on)):
        return False
    if region.key in facts.region_keys:
        return True
    abroad = facts.origin.isalpha()
    return bool(facts.origin) and region.covers(
        country=facts.origin if abroad else "CHN", division=None if abroad else facts.origin
    )


def _midnight(day: date) -> datetime:
    return clock.at(day, time(0))


def may_work(screened: Screened, state: str) -> bool:
    """Whether somebody may have a pass now."""
    return screened.verdict == Verdict.NOW and state == StaffState.ACTIVE


def missing_roles(held: Iterable[str]) -> tuple[TaskRole, ...]:
    """Roles of a task force that nobody holds (a deputy alone does not hold one)."""
    have = frozenset(held)
    return tuple(role for role in TaskRole if role not in have)
