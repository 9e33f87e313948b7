"""Filings for the return to work: what is missing, who may do what, what waits and for how long."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from fangxian.accounts.access import NotFoundError, Reach
from fangxian.accounts.models import RoleGrant
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.workplaces import rules
from fangxian.workplaces.models import (
    DayReport,
    Filing,
    FilingAct,
    FilingStatus,
    FilingStep,
    FirmPost,
    PlanStatus,
    PostKind,
    Returning,
    Supply,
    Verdict,
    WaveSlot,
)
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.playbook import Goods, WorkplacesSection
from fangxian.workplaces.queries.firms import actors_named, family, posts_of, used_in_a_day
from fangxian.workplaces.rules import Actor, Asked, FilingFacts, Lack

OPEN_TO_EDIT: Final = (FilingStatus.DRAFT, FilingStatus.RETURNED)
WAITING: Final = (FilingStatus.SUBMITTED, FilingStatus.ENDORSED)
DECIDED: Final = (FilingStatus.ACCEPTED, FilingStatus.SUSPENDED)
MOST = 300


def within(held: Reach) -> Q:
    """Filings for buildings in reach, and those of the enterprises that a grant names."""
    own = Q(enterprise_id__in=sorted(family(held.subjects))) if held.subjects else Q(pk__in=[])
    return own | held.places("place__path", "place__grid_id")


def get(held: Reach, filing_id: UUID) -> Filing:
    """One filing within reach. Raises NotFoundError."""
    rows = Filing.objects.select_related("place", "enterprise__enterprise", "statement")
    row = rows.filter(within(held), id=filing_id).first()
    if row is None:
        raise NotFoundError(_("There is no such filing within your reach."))
    return row


def of_desk(ids: Collection[UUID], place: Place) -> Filing | None:
    """The filing in force of an enterprise for a building; a closed one is over."""
    rows = Filing.objects.filter(enterprise_id__in=ids, place=place).exclude(status=FilingStatus.ENDED)
    return rows.select_related("place", "statement").first()


def asked_of(section: WorkplacesSection, today: date | None = None) -> Asked:
    return Asked(section.plan_length, section.supply_days, len(PostKind), section.earliest_start, today)


@dataclass(frozen=True)
class Around:
    """What a filing rests on beside its own fields, and what it lacks."""

    posts: tuple[FirmPost, ...]
    supplies: list["SupplyLine"]
    ledger: "Ledger"
    lacks: tuple[Lack, ...]


def around(
    filing: Filing, section: WorkplacesSection, ids: Collection[UUID], today: date | None = None
) -> Around:  # fmt: skip
    """Posts, supplies and ledger as they stand now. `ids`: all records of the enterprise. `today`: what would be
    lacking if it were sent in today."""
    posts, supplies = posts_of(filing.enterprise_id), supplies_of(filing, section)
    ledger = ledger_of(ids, filing.place_id)
    facts = FilingFacts(
        in_charge=filing.in_charge, has_phone=bool(filing.phone_sealed), start_on=filing.start_on,
        people=filing.people, plan=filing.plan, isolation=filing.isolation, committed=is_signed(filing, section),
        on_roster=ledger.total, supply_days=shortest(supplies), posts=len({row.kind for row in posts}),
    )  # fmt: skip
    return Around(posts, supplies, ledger, rules.lacks(facts, asked_of(section, today)))


def is_signed(filing: Filing, section: WorkplacesSection) -> bool:
    """Whether the words that the plan has now were signed. A plan without words asks for no signature."""
    if section.commitment is None:
        return True
    words = {getattr(section.commitment, language) for language in ("zh", "en", "ja", "ko")}
    return filing.statement is not None and filing.statement.text in words


def missing(filing: Filing, section: WorkplacesSection, today: date) -> tuple[Lack, ...]:
    """What keeps it from being sent today, in the order of the form."""
    return around(filing, section, family([filing.enterprise_id]), today).lacks


@dataclass(frozen=True)
class SupplyLine:
    """One kind of goods. `quantity` and `days` are None where it was never counted; `days` may be infinite."""

    goods: Goods
    per_day: int
    quantity: int | None
    days: float | None


def supplies_of(filing: Filing, section: WorkplacesSection) -> list[SupplyLine]:
    rows = {row.goods: row for row in Supply.objects.filter(holder_id=filing.enterprise_id)}
    found = []
    for goods in section.goods:
        row, per_day = rows.get(goods.key), used_in_a_day(goods, filing.people or 0)
        quantity = row.quantity if row else None
        found.append(
            SupplyLine(goods, per_day, quantity, None if row is None else rules.days_of(row.quantity, per_day))
        )
    return found


def shortest(lines: Iterable[SupplyLine]) -> float | None:
    """Days of what lasts shortest; None where something was not counted. Where nothing is asked for: for ever."""
    days = [line.days for line in lines]
    return None if None in days else min((one for one in days if one is not None), default=float("inf"))


def is_own(filing: Filing, by: str, now: datetime) -> bool:
    """Whether a grant makes this person one of the enterprise's own."""
    try:
        staff_id = UUID(hex=by)
    except ValueError:
        return False
    live = Q(until__isnull=True) | Q(until__gt=now)
    ids = family([filing.enterprise_id])
    return RoleGrant.objects.filter(live, staff_id=staff_id, since__lte=now, subject__in=ids).exists()


def sent_by(filing: Filing) -> str:
    """Who sent the present version in; empty while it never was."""
    rows = FilingStep.objects.filter(filing_id=filing.id, act=FilingAct.SUBMIT)
    return rows.order_by("-id").values_list("by", flat=True).first() or ""


def actors_on(
    filing: Filing, *, ids: Collection[UUID], sender: str, firm: Reach, endorse: Reach, decide: Reach,
    subjects: Collection[UUID], by: str,
) -> frozenset[Actor]:  # fmt: skip
    """As whom somebody acts on a filing. `ids`: all records of its enterprise; `sender`: who sent it in; `subjects`:
    the enterprises that any of their grants names.

    One's own filing is nobody's to decide: neither the enterprise's own people nor, while it waits, whoever sent it in
    act for the building or for the street.
    """
    found = set()
    if not firm.subjects.isdisjoint(ids) or firm.holds(filing.place):
        found.add(Actor.FIRM)
    waits = filing.status in WAITING and sender == by
    if set(subjects).isdisjoint(ids) and not waits:
        if endorse.holds(filing.place):
            found.add(Actor.WORKER)
        if decide.holds(filing.place):
            found.add(Actor.STREET)
    return frozenset(found)


@dataclass(frozen=True)
class Waiting:
    """A filing in a list. `waits_us`: since it was sent in, while it waits; `here_us`: since its last step."""

    filing: Filing
    name: str
    here_us: int
    waits_us: int | None
    overdue: bool


def queue(held: Reach, *, now: datetime, statuses: Collection[str], building: Place | None = None) -> list[Waiting]:
    """Filings within reach in these states, those that wait longest first."""
    rows = Filing.objects.filter(within(held), status__in=statuses)
    if building is not None:
        rows = rows.filter(place=building)
    rows = rows.select_related("place", "enterprise__enterprise").order_by("submitted_us", "created_us")[:MOST]
    limit, now_us = plan_at(now).section.decide_hours * clock.HOUR_US, clock.to_us(now)
    last = dict(
        FilingStep.objects.filter(filing__in=[row.id for row in rows]).order_by("id").values_list("filing_id", "at_us")
    )
    found = []
    for row in rows:
        waits = now_us - row.submitted_us if row.status in WAITING and row.submitted_us is not None else None
        here = now_us - last.get(row.id, row.created_us)
        late = waits is not None and waits > limit
        found.append(Waiting(row, row.enterprise.enterprise.name, here, waits, late))
    return found


def counts(held: Reach) -> Mapping[str, int]:
    """How many filings within reach stand in each state."""
    rows = Filing.objects.filter(within(held)).values_list("status").annotate(Count("id"))
    found = dict(rows)
    return {status.value: found.get(status.value, 0) for status in FilingStatus}


@dataclass(frozen=True)
class Step:
    """One step of a filing's history. `overdue`: it took longer than the plan gives for a decision."""

    row: FilingStep
    who: str
    reasons: tuple[str, ...]
    overdue: bool


def story(filing: Filing, plan: InForce, language: str, *, named: bool = True) -> list[Step]:
    """Everything that happened to it, oldest first; with the names of who did it, or without."""
    rows = list(FilingStep.objects.filter(filing_id=filing.id).order_by("id"))
    names = actors_named(row.by for row in rows) if named else {}
    titles = {one.key: one.title.say(language) for one in plan.section.return_reasons}
    limit = plan.section.decide_hours * clock.HOUR_US
    return [
        Step(
            row, names.get(row.by, ""), tuple(titles.get(key, key) for key in row.reasons),
            row.before in WAITING and row.took_us > limit,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """The ledger of returning staff in figures."""

    now: int
    later: int
    unknown: int

    @property
    def total(self) -> int:
        return self.now + self.later + self.unknown


def ledger_of(ids: Collection[UUID], place_id: UUID) -> Ledger:
    rows = Returning.objects.filter(enterprise_id__in=ids, place_id=place_id, until_us__isnull=True)
    found = dict(rows.values_list("verdict").annotate(Count("id")))
    return Ledger(found.get(Verdict.NOW, 0), found.get(Verdict.LATER, 0), found.get(Verdict.UNKNOWN, 0))


def report_of(ids: Collection[UUID], place: Place, day: date) -> DayReport | None:
    """The report of a day, if it is there."""
    return DayReport.objects.filter(enterprise_id__in=ids, place=place, day=day).first()


def window_of(ids: Collection[UUID], place: Place, day: date) -> WaveSlot | None:
    """The arrival window that is published for a day, else the last one before it."""
    rows = WaveSlot.objects.filter(
        enterprise_id__in=ids, place=place, plan__status=PlanStatus.PUBLISHED, plan__day__lte=day
    )
    return rows.select_related("plan").order_by("-plan__day", "-id").first()
