"""The return to work in the middle of its second week: 38 buildings, their enterprises, and who comes back.

`prepare` goes before the gates: passes come from the ledgers. `run` goes after them: what happened since, and the
plan of the next morning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from fangxian.accounts.models import Staff
from fangxian.demo import workplaces_buildings as buildings
from fangxian.demo import workplaces_bulk as bulk
from fangxian.demo import workplaces_days as days
from fangxian.demo import workplaces_facts as facts
from fangxian.demo import workplaces_firms as firms
from fangxian.demo import workplaces_wave as wave
from fangxian.demo.morning import Timeline
from fangxian.demo.street import Street
from fangxian.demo.tree import Ground
from fangxian.demo.workplaces_buildings import Office
from fangxian.demo.workplaces_facts import Fate
from fangxian.demo.workplaces_firms import Tenant
from fangxian.demo.workplaces_rounds import Rounds
from fangxian.duties import actions as duties

SET_UP_BEFORE: Final = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class AtWork:
    """What was made."""

    enterprises: int
    people: int
    passes: int
    inspections: int
    findings: int
    reports: int
    windows: int
    """Arrival windows of the next morning, in the plan that is published."""


@dataclass(frozen=True)
class Prepared:
    offices: Sequence[Office]
    tenants: Sequence[Tenant]
    passes: int


def prepare(*, street: Street, ground: Ground, when: Timeline, by: str) -> Prepared:
    """Buildings set up, filings in every state, ledgers decided, passes for who may work."""
    rng = Random(street.seed + 5)
    hand = Staff.objects.get(username="section").actor
    # HR's account is that of the largest enterprise
    keep = max(street.enterprises, key=lambda firm: firm.headcount).uscc
    offices = buildings.offices(facts.buildings(rng, street.buildings, street.enterprises), ground)
    days.beats(since=when.begin - SET_UP_BEFORE, until=when.begin)
    buildings.set_up(found=offices, now=when.begin - SET_UP_BEFORE)
    listed = facts.firms(rng, street.enterprises, when.today, keep=keep)
    found = firms.tenants(
        street=street, listed=listed, offices=offices, today=when.today, end=when.end, rng=rng
    )  # fmt: skip
    bulk.describe(found=found, now=when.end)
    bulk.ledgers(found=found, end=when.end)
    hitch = [one for one in found if one.facts.fate is not Fate.ACCEPTED]
    named = [one for one in found if one.facts.fate is Fate.ACCEPTED and one.facts.enterprise.name in facts.BY_NAME]
    known = {one.row.subject_id for one in (*hitch, *named)}
    smooth = [one for one in found if one.row.subject_id not in known]
    bulk.accepted(found=smooth, hand=hand, end=when.end)
    firms.file_by_hand(found=[*named, *hitch], hand=hand, end=when.end)
    issued = bulk.issue(found=smooth, by=hand, end=when.end)
    bulk.visits(found=[*smooth, *named], by=hand, end=when.end, rng=rng)
    codes = {one.name: one.uscc for one in street.enterprises}
    buildings.declare_measures(found=offices, codes=codes, by=hand, now=when.begin)
    buildings.ask_for_what_lacks(now=when.begin)
    return Prepared(offices, found, issued)


def run(*, street: Street, ground: Ground, prepared: Prepared, when: Timeline, by: str) -> AtWork:
    """The daily reports, a week of inspections with one zone that is suspended at this moment, the next morning."""
    rng = Random(street.seed + 6)
    reports = days.report(found=prepared.tenants, when=when, by=by, rng=rng)
    rounds = Rounds(when, prepared.offices, rng, by)
    rounds.run()
    leader = Staff.objects.get(username="leader")
    rounds.find_the_garage(leader=leader, office=prepared.offices[0])
    hand = Staff.objects.get(username="section").actor
    plan = wave.plan(street=ground.street, offices=prepared.offices, by=hand, when=when)
    duties.sweep(now=when.end, polite=False)
    return AtWork(
        len(prepared.tenants), sum(len(one.ledger) for one in prepared.tenants), prepared.passes, rounds.inspections,
        rounds.findings, reports, plan.slots.count() if plan is not None else 0,
    )  # fmt: skip
