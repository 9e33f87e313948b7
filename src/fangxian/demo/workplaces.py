"""The return to work in the middle of its second week: 38 buildings, their enterprises, and who comes back.

`prepare` goes before the replay of two days, into which `Prepared.tell` puts reports and inspections; `issue` goes
before the gates, which read the passes; `run` at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from fangxian.demo.workplaces_days import Days
from fangxian.demo.workplaces_facts import Fate
from fangxian.demo.workplaces_firms import Tenant
from fangxian.demo.workplaces_rounds import Rounds

SET_UP_BEFORE: Final = timedelta(days=6)
LACKED_BEFORE: Final = timedelta(minutes=20)


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
    days: Days
    rounds: Rounds

    @property
    def at_work(self) -> list[Tenant]:
        return [one for one in self.tenants if one.facts.fate in facts.WORKING]

    def tell(self, moment: datetime) -> None:
        """What has happened by one of the steps of the replay."""
        self.days.today(moment)
        self.rounds.until(moment)


def prepare(*, street: Street, ground: Ground, when: Timeline, by: str) -> Prepared:
    """Before the replay: buildings set up, those who are at work accepted, ledgers decided, a week gone by."""
    rng = Random(street.seed + 5)
    hand = Staff.objects.get(username="section").actor
    # HR's account is that of the largest enterprise
    keep = max(street.enterprises, key=lambda firm: firm.headcount).uscc
    offices = buildings.offices(facts.buildings(rng, street.buildings, street.enterprises), ground)
    days.beats(since=when.begin - SET_UP_BEFORE, until=when.begin)
    buildings.set_up(found=offices, now=when.begin - SET_UP_BEFORE)
    listed = facts.firms(rng, street.enterprises, when.today, keep=keep)
    found = firms.tenants(street=street, listed=listed, offices=offices, when=when, rng=rng)
    bulk.describe(found=found, now=when.end)
    for one in found:
        if one.facts.aliases:
            firms.other_names(one)
    bulk.ledgers(found=found, end=when.end)
    at_work = [one for one in found if one.facts.fate in facts.WORKING]
    bulk.accepted(found=at_work, hand=hand, end=when.begin)
    reports = Days([one for one in at_work if one.facts.fate is not Fate.SUSPENDED], when, by, rng)
    reports.until_noon()
    bulk.visits(found=at_work, by=hand, end=when.begin, rng=rng)
    buildings.ask_for_what_lacks(now=when.begin - LACKED_BEFORE)
    rounds = Rounds(when, offices, rng, by)
    rounds.before()
    return Prepared(offices, found, reports, rounds)


def issue(*, prepared: Prepared, when: Timeline) -> int:
    """After the replay: passes for those who may work, filings that are on their way, measures of tenants."""
    hand = Staff.objects.get(username="section").actor
    issued = bulk.issue(found=prepared.at_work, by=hand, end=when.end)
    hitch = [one for one in prepared.tenants if one.facts.fate is not Fate.ACCEPTED]
    firms.file_by_hand(found=hitch, hand=hand, end=when.end)
    codes = {one.facts.enterprise.name: one.facts.enterprise.uscc for one in prepared.tenants}
    buildings.declare_measures(found=prepared.offices, codes=codes, by=hand, now=when.begin)
    return issued


def run(*, ground: Ground, prepared: Prepared, issued: int, when: Timeline) -> AtWork:
    """After the gates: one zone is suspended at this moment, and the next morning is planned."""
    prepared.rounds.find_the_garage(leader=Staff.objects.get(username="leader"), office=prepared.offices[0])
    hand = Staff.objects.get(username="section").actor
    plan = wave.plan(street=ground.street, offices=prepared.offices, by=hand, when=when)
    people = sum(len(one.ledger) for one in prepared.tenants)
    return AtWork(
        len(prepared.tenants), people, issued, prepared.rounds.inspections, prepared.rounds.findings,
        prepared.days.made, plan.slots.count() if plan is not None else 0,
    )  # fmt: skip
