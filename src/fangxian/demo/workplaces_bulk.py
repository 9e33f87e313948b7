"""What the demonstration street writes for all enterprises at once: an action for each row would take minutes.

The rows are those that the actions make, each with its own moment; who is owed what goes through `duties` as ever.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from fangxian.audit import actions as audit
from fangxian.demo.workplaces_facts import WORKING
from fangxian.demo.workplaces_firms import DAYS_HELD, POST, Tenant
from fangxian.duties import actions as duties
from fangxian.duties.actions import Done, NewMember
from fangxian.gates.actions import passes
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.models import PassKind
from fangxian.gates.plan import plan_at as gates_at
from fangxian.gates.playbook import ZoneRule
from fangxian.places.queries import counting_nodes
from fangxian.registry.identity import phone_mask
from fangxian.registry.models import Person
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions import returning
from fangxian.workplaces.models import (
    Filing,
    FilingAct,
    FilingStatus,
    FilingStep,
    Firm,
    FirmPost,
    Returning,
    StaffState,
    Statement,
    StatementKind,
    Supply,
    Transport,
    Verdict,
    Visit,
)
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.playbook import HEALTH, VISIT
from fangxian.workplaces.queries.firms import used_in_a_day

BATCH: Final = 1_000
VISITED: Final = 0.55
NOTES: Final = (
    "已上门，告知错峰时段",
    "口罩储备核对，十四天以上",
    "送达长宁15条政策单页，收集诉求一条",
    "返岗台账抽查五人，齐全",
)
STEPS: Final = (
    (FilingAct.SUBMIT, FilingStatus.DRAFT, FilingStatus.SUBMITTED),
    (FilingAct.ENDORSE, FilingStatus.SUBMITTED, FilingStatus.ENDORSED),
    (FilingAct.ACCEPT, FilingStatus.ENDORSED, FilingStatus.ACCEPTED),
)


@write_lock()
def describe(*, found: Sequence[Tenant], now: datetime) -> None:
    """The street's own row of each enterprise, its named posts, and what it holds ready."""
    goods = plan_at(now).section.goods
    firms, posts, held = list[Firm](), list[FirmPost](), list[Supply]()
    for one in found:
        ident, at_us, by = one.row.subject_id, clock.to_us(one.begun), one.office.worker.actor
        working = one.facts.fate in WORKING
        firms.append(
            Firm(
                enterprise_id=ident, landlord=one.facts.landlord, landlord_soe=one.facts.landlord_soe,
                worker=one.office.worker.id if working else None, changed_us=at_us,
            )
        )  # fmt: skip
        for kind, name in one.facts.posts.items():
            posts.append(FirmPost(enterprise_id=ident, kind=kind, name=name, since_us=at_us, by=by))
        for kind_of in goods:
            per_day = used_in_a_day(kind_of, one.facts.enterprise.headcount)
            held.append(
                Supply(
                    holder_id=ident, goods=kind_of.key, quantity=per_day * DAYS_HELD, per_day=per_day,
                    counted_us=at_us, by=by,
                )
            )  # fmt: skip
    Firm.objects.bulk_create(firms, batch_size=BATCH)
    FirmPost.objects.bulk_create(posts, batch_size=BATCH)
    Supply.objects.bulk_create(held, batch_size=BATCH)


@write_lock()
def ledgers(*, found: Sequence[Tenant], end: datetime) -> None:
    """Everybody who comes back, decided by the plan as of `end`."""
    rows = [row for one in found for row in _ledger(one)]
    plan = plan_at(end)
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        returning.decide(rows=part, plan=plan, now=end)
        Returning.objects.bulk_create(part, batch_size=BATCH // 2)


def _ledger(one: Tenant) -> Iterator[Returning]:
    for told in one.ledger:
        away = told.left_shanghai is not False
        yield Returning(
            enterprise_id=one.row.subject_id, place_id=one.place.id, person_id=told.person_id, origin=told.origin,
            left_shanghai=told.left_shanghai, arrived_on=told.arrived_on,
            transport=told.transport if away else Transport.NONE, vehicle_no=told.vehicle_no,
            key_region=told.key_region, released_on=told.released_on, home_office=bool(told.home_office),
            state=StaffState.ACTIVE, since_us=clock.to_us(one.begun), by=one.office.worker.actor,
        )  # fmt: skip


@write_lock()
def accepted(*, found: Sequence[Tenant], hand: str, end: datetime) -> None:
    """Filings that went their way without a hitch."""
    words = plan_at(end).section.commitment
    statements, rows, steps, acts = list[Statement](), list[Filing](), list[FilingStep](), list[audit.Act]()
    for one in found:
        statement = _statement(one, words.zh if words is not None else "")
        row = _filing(one, statement)
        if statement is not None:
            statements.append(statement)
        rows.append(row)
        steps += _steps(one, row, hand)
        acts.append(audit.Act("workplaces.filing.accept", f"filing:{row.id}", one.place.id, {"version": 1}))
    Statement.objects.bulk_create(statements, batch_size=BATCH)
    Filing.objects.bulk_create(rows, batch_size=BATCH)
    FilingStep.objects.bulk_create(steps, batch_size=BATCH)
    audit.record_all(acts, by=hand, now=end)


def _statement(one: Tenant, words: str) -> Statement | None:
    if not words:
        return None
    return Statement(
        subject_id=one.row.subject_id, kind=StatementKind.RETURN, text=words, signer=one.facts.in_charge, post=POST,
        signed_us=clock.to_us(one.begun), by=one.office.worker.actor,
    )  # fmt: skip


def _filing(one: Tenant, statement: Statement | None) -> Filing:
    ident, firm, asked = new_id(), one.facts.enterprise, one.facts.asked
    _begun, sent, _endorsed, decided = one.moments
    return Filing(
        id=ident, enterprise_id=one.row.subject_id, place_id=one.place.id, status=FilingStatus.ACCEPTED, version=1,
        in_charge=one.facts.in_charge, phone_sealed=crypto.seal(firm.phone, f"workplaces_filing.phone.{ident}"),
        phone_mask=phone_mask(firm.phone), start_on=one.facts.start_on, people=firm.headcount, plan=one.facts.plan,
        isolation=one.facts.isolation, ask_from=asked.from_minute, ask_until=asked.until_minute, ask_home=asked.home,
        statement=statement, submitted_us=clock.to_us(sent), decided_us=clock.to_us(decided),
        created_us=clock.to_us(one.begun), changed_us=clock.to_us(decided), by=one.office.worker.actor,
    )  # fmt: skip


def _steps(one: Tenant, row: Filing, hand: str) -> Iterator[FilingStep]:
    before_us = row.created_us
    for (act, before, after), at in zip(STEPS, one.moments[1:], strict=True):
        at_us = clock.to_us(at)
        yield FilingStep(
            filing=row, act=act, before=before, after=after, version=1, at_us=at_us, took_us=at_us - before_us,
            by=hand if act == FilingAct.ACCEPT else one.office.worker.actor,
        )  # fmt: skip
        before_us = at_us


def owe(*, found: Sequence[Tenant], by: str) -> None:
    """The daily report and the visits, each enterprise from the hour in which it was accepted."""
    nodes = counting_nodes(list({one.place.id: one.place for one in found}.values()))
    by_hour: dict[datetime, list[NewMember]] = defaultdict(list)
    for one in found:
        by_hour[one.moments[-1].replace(minute=0, second=0, microsecond=0)].append(
            NewMember(one.row.subject_id, one.place.id, nodes[one.place.id])
        )
    for moment in sorted(by_hour):
        for cohort in (HEALTH, VISIT):
            duties.enrol(cohort=cohort, members=by_hour[moment], by=by, now=moment)


def issue(*, found: Sequence[Tenant], by: str, end: datetime) -> int:
    """Passes for those who may work, with the colour of their floor and its arrival slot."""
    plan = gates_at(end).section
    last = clock.day_start_us(clock.local_day(end) + timedelta(days=max(plan.employee_days, 1)))
    cleared: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Returning.objects.filter(until_us__isnull=True, verdict=Verdict.NOW, state=StaffState.ACTIVE)
    for firm, person in rows.order_by("id").values_list("enterprise_id", "person_id"):
        cleared[firm].append(person)
    names = dict(Person.objects.filter(subject__returns__until_us__isnull=True).values_list("subject_id", "name"))
    new = [
        _pass(one, person, names[person], _rule(plan.zones, one.facts.enterprise.unit.floor), last)
        for one in found for person in cleared[one.row.subject_id]
    ]  # fmt: skip
    return len(passes.issue_missing(passes=new, by=by, now=end, polite=False))


def _rule(zones: Sequence[ZoneRule], floor: int) -> ZoneRule | None:
    return next((rule for rule in zones if rule.floors[0] <= floor <= rule.floors[1]), None)


def _pass(one: Tenant, person: UUID, name: str, rule: ZoneRule | None, until_us: int) -> NewPass:
    return NewPass(
        kind=PassKind.EMPLOYEE, subject_id=person, place_id=one.place.id, holder=name, company=one.row.name,
        enterprise_id=one.row.subject_id, from_us=clock.to_us(one.moments[-1]), until_us=until_us,
        zone=rule.letter if rule else "", slot_from=rule.arrive_from if rule else None,
        slot_until=rule.arrive_until if rule else None,
    )  # fmt: skip


@write_lock()
def visits(*, found: Sequence[Tenant], by: str, end: datetime, rng: Random) -> int:
    """More than half were visited since they were accepted."""
    rows = list[Visit]()
    for one in found:
        accepted_at = one.moments[-1]
        left = int((end - accepted_at).total_seconds() // 60) - 60
        if left < 60 or rng.random() > VISITED:
            continue
        at_us = clock.to_us(accepted_at + timedelta(minutes=rng.randrange(30, left)))
        rows.append(
            Visit(
                enterprise_id=one.row.subject_id, observed_us=at_us, received_us=at_us, note=rng.choice(NOTES),
                by=one.office.worker.actor,
            )
        )  # fmt: skip
    Visit.objects.bulk_create(rows, batch_size=BATCH)
    _visited(rows)
    items = [Done(row.enterprise_id, clock.from_us(row.observed_us), f"firm-visit:{row.id.hex}") for row in rows]
    duties.fulfil(cohort=VISIT, items=items, by=by, now=end)
    return len(rows)


def _visited(rows: Collection[Visit]) -> None:
    at = {row.enterprise_id: row.observed_us for row in rows}
    firms = list(Firm.objects.filter(enterprise_id__in=at))
    for firm in firms:
        firm.visited_us = at[firm.enterprise_id]
    Firm.objects.bulk_update(firms, ["visited_us"], batch_size=200)
