"""Enterprises of the demonstration street on their way back to work: facts, ledgers, filings in every state."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from fangxian.demo import workplaces_facts as facts
from fangxian.demo.morning import Timeline
from fangxian.demo.street import Street
from fangxian.demo.workplaces_buildings import Office
from fangxian.demo.workplaces_facts import Fate, FirmFacts, Journey
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Enterprise, Relation
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions import filings, firms
from fangxian.workplaces.actions.firms import Facts
from fangxian.workplaces.models import Filing, FilingAct
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.returning import NewReturning
from fangxian.workplaces.rules import Actor

POST: Final = "负责人"
SUSPENDED: Final = "抽查发现未按承诺测温登记，停工整改"
FIRM, WORKER, STREET = frozenset({Actor.FIRM}), frozenset({Actor.WORKER}), frozenset({Actor.STREET})
EARLIEST: Final = time(9, 10)
SUSPENDED_BEFORE: Final = timedelta(minutes=95)
DAYS_HELD: Final = 16


@dataclass(frozen=True)
class Tenant:
    """One enterprise with its rooms' building, the people whom the register knows as its staff, and its filing's
    moments: begun, sent in, endorsed, decided."""

    facts: FirmFacts
    row: Enterprise
    office: Office
    ledger: tuple[NewReturning, ...]
    moments: tuple[datetime, ...]

    @property
    def place(self) -> Place:
        return self.office.place

    @property
    def begun(self) -> datetime:
        return self.moments[0]


def tenants(
    *, street: Street, listed: Sequence[FirmFacts], offices: Sequence[Office], when: Timeline, rng: Random
) -> list[Tenant]:
    """Those whose rows the lists brought into the register."""
    by_code = {row.uscc: row for row in Enterprise.objects.filter(uscc__in=[one.enterprise.uscc for one in listed])}
    by_building = {one.facts.building.name: one for one in offices}
    journeys = _journeys(street, when.today, rng)
    people = _people({row.subject_id for row in by_code.values()})
    found = []
    for one in listed:
        row, office = by_code.get(one.enterprise.uscc), by_building.get(one.enterprise.building)
        if row is None or office is None:
            continue
        told = journeys[one.enterprise.uscc]
        ledger = tuple(
            _row(number, person, told[name]) for number, (person, name) in enumerate(people[row.subject_id], start=1)
            if name in told
        )  # fmt: skip
        found.append(Tenant(one, row, office, ledger, _moments(one, when, rng)))
    return found


def _journeys(street: Street, today: date, rng: Random) -> dict[str, dict[str, Journey]]:
    found: dict[str, dict[str, Journey]] = defaultdict(dict)
    for one in street.employees:
        found[one.enterprise.uscc][one.person.name] = facts.journey(rng, one, today)
    return found


def _people(enterprises: set[UUID]) -> Mapping[UUID, list[tuple[UUID, str]]]:
    found: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    rows = Attachment.objects.filter(relation=Relation.EMPLOYED, until__isnull=True, other__isnull=False)
    for firm, person, name in rows.order_by("id").values_list("other_id", "subject_id", "subject__label"):
        if firm in enterprises:
            found[firm].append((person, name))
    return found


def _row(number: int, person: UUID, told: Journey) -> NewReturning:
    return NewReturning(
        person, told.left_shanghai, told.origin, told.arrived_on, told.transport, told.vehicle_no, told.key_region,
        released_on=told.released_on, home_office=told.home_office, number=number,
    )  # fmt: skip


def _moments(one: FirmFacts, when: Timeline, rng: Random) -> tuple[datetime, ...]:
    """Begun in the morning, sent in on the same day, endorsed and decided within the day after. Who is at work was
    accepted before the two days that are replayed; nothing is later than now."""
    begun = clock.at(when.today - timedelta(days=one.began_days), EARLIEST) + timedelta(minutes=rng.randrange(150))
    steps = [begun]
    for low, high in ((20, 180), (60, 360), (120, 960)):
        steps.append(steps[-1] + timedelta(minutes=rng.randrange(low, high)))
    latest = when.begin if one.fate in facts.WORKING else when.end
    return tuple(min(step, latest) for step in steps)


def file_by_hand(*, found: Sequence[Tenant], hand: str, end: datetime) -> None:
    """Every step by the action that a page calls, each at its own moment. `hand` is who decides for the street."""
    plan = plan_at(end)
    for tenant in found:
        with write_lock():
            if tenant.facts.fate is Fate.SUSPENDED:
                row = Filing.objects.get(enterprise_id=tenant.row.subject_id)
                _act(row, FilingAct.SUSPEND, STREET, hand, end - SUSPENDED_BEFORE, text=SUSPENDED)
            elif tenant.facts.fate is not Fate.NONE:
                _file(tenant, plan)


def other_names(tenant: Tenant) -> None:
    one, firm = tenant.facts, tenant.facts.enterprise
    firms.set_facts(
        enterprise=tenant.row, by=tenant.office.worker.actor, now=tenant.begun,
        facts=Facts(
            tenant.row.name, one.aliases, firm.uscc, firm.industry, firm.headcount, firm.contact, one.landlord,
            one.landlord_soe,
        ),
    )  # fmt: skip


def _file(tenant: Tenant, plan: InForce) -> None:
    """To the state that is meant."""
    begun, sent, endorsed, _decided = tenant.moments
    fate, worker = tenant.facts.fate, tenant.office.worker.actor
    by = f"hr:{tenant.row.subject_id.hex}"[:40]
    row = filings.begin(enterprise=tenant.row, place=tenant.place, by=by, now=begun)
    row = filings.save(filing=row, draft=draft(tenant), by=by, now=begun)
    if fate is Fate.DRAFT:
        return
    if plan.section.commitment is not None:
        filings.sign(
            filing=row, signer=tenant.facts.in_charge, post=POST, language="zh", by=by,
            now=begun + (sent - begun) / 2,
        )  # fmt: skip
        row.refresh_from_db()
    row = _act(row, FilingAct.SUBMIT, FIRM, by, sent)
    if fate is Fate.SUBMITTED:
        return
    if fate is Fate.RETURNED:
        _act(row, FilingAct.RETURN, WORKER, worker, endorsed, tenant.facts.reasons, tenant.facts.reason_text)
        return
    _act(row, FilingAct.ENDORSE, WORKER, worker, endorsed)


def _act(
    row: Filing, act: FilingAct, actors: frozenset[Actor], by: str, now: datetime, reasons: Sequence[str] = (),
    text: str = "",
) -> Filing:  # fmt: skip
    return filings.act(filing=row, act=act, actors=actors, by=by, now=now, reasons=reasons, text=text)


def draft(tenant: Tenant) -> filings.Draft:
    one = tenant.facts
    return {
        "in_charge": one.in_charge, "phone": one.enterprise.phone, "start_on": one.start_on,
        "people": one.enterprise.headcount, "plan": one.plan, "isolation": one.isolation,
        "ask_from": one.asked.from_minute, "ask_until": one.asked.until_minute, "ask_home": one.asked.home,
    }  # fmt: skip
