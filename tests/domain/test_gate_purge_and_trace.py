"""The log ends with its days and its counts stay; who was there is found, and the question is kept."""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from fangxian.accounts.access import Reach
from fangxian.audit.models import Entry
from fangxian.gates import folds, plan
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.actions.purge import purge
from fangxian.gates.actions.trace import Purpose, TraceError, ask
from fangxian.gates.models import Check, Flow, Pass, PassKind, Presence
from fangxian.gates.queries import hot
from fangxian.places.models import Place
from fangxian.shared.writer import Pace, write_lock
from tests.support.factories import MORNING, Street, make_person
from tests.support.gates import Office, check, employee_pass, leaving, make_gate, resident_permit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def record(office: Office, *items: CheckIn, now: datetime, gate: Place | None = None) -> None:
    hot.forget()
    with write_lock():
        write_batch(prepare(items, DeviceFacts(office.tablet.id, (gate or office.front).id), now))


def everywhere(street: Street) -> Reach:
    return Reach(paths=(street.street.path,))


def test_the_log_is_purged_after_the_plans_days_and_its_counts_stay(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = plan.InForce(None, plan.GatesSection(), 30)
    monkeypatch.setattr("fangxian.gates.actions.purge.plan_at", lambda _now: days)
    permit = employee_pass(office.building, street.dwellings[0])
    old = [check(permit, id=new_old_id(MORNING)), leaving(permit, id=new_old_id(MORNING))]
    record(office, *old, now=MORNING)
    later = MORNING + timedelta(days=31)
    assert purge(now=later) == 2  # the cap's count and the presence; what is not folded yet stays
    assert Check.objects.count() == 2
    folds.fold_checks(now=later)
    assert purge(now=later) == 2
    assert Check.objects.count() == 0
    assert Presence.objects.count() == 0
    assert sum(Flow.objects.values_list("count", flat=True)) == 2


def test_checks_whose_ids_hold_no_time_are_purged_too(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = plan.InForce(None, plan.GatesSection(), 30)
    monkeypatch.setattr("fangxian.gates.actions.purge.plan_at", lambda _now: days)
    record(
        office,
        *[check(None, id=UUID(int=uuid4().int | 0xFF << 120), plate=f"沪A{n:05}") for n in range(5)],
        now=MORNING,
    )
    young = MORNING + timedelta(days=2)
    record(office, check(None, young, id=UUID(int=0xFF << 120), plate="沪B00001"), now=young)
    later = MORNING + timedelta(days=31)
    folds.fold_checks(now=later)
    assert purge(now=later, limit=3) == 3
    assert purge(now=later, limit=3) == 2
    assert purge(now=later) == 0
    assert [row.plate for row in Check.objects.all()] == ["沪B00001"]


def test_the_writer_is_held_for_milliseconds_whatever_a_row_costs(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk: a millisecond for each row that is deleted. The first chunk shows it, the others are cut by it."""
    days = plan.InForce(None, plan.GatesSection(), 30)
    monkeypatch.setattr("fangxian.gates.actions.purge.plan_at", lambda _now: days)
    monkeypatch.setattr(Pace, "for_database", lambda: Pace(40, 0.005, 20_000, pause=True))
    record(office, *[check(None, id=new_old_id(MORNING), plate=f"沪A{n:05}") for n in range(120)], now=MORNING)
    later = MORNING + timedelta(days=31)
    while folds.fold_checks(now=later):
        pass
    sizes: list[int] = []

    def slow(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: ANN401 - Django's own
        if sql.startswith("DELETE") and Check._meta.db_table in sql:
            ids = [value for value in params if not isinstance(value, bool | int)]
            sizes.append(len(ids))
            time.sleep(len(ids) / 1000)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(slow):
        while purge(now=later):
            pass
    assert Check.objects.count() == 0
    assert (max(sizes), max(sizes[1:])) == (40, 20)
    assert sum(entry.detail.get("checks", 0) for entry in Entry.objects.filter(act="gates.purged")) == 120
    assert Entry.objects.filter(act="gates.purged", detail__has_key="checks").count() == len(sizes)


def new_old_id(at: datetime) -> UUID:
    """An id as a device made it at that time."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (uuid4().int & ((1 << 80) - 1)))


def test_it_finds_who_was_inside_and_who_stood_at_the_gate(street: Street, office: Office) -> None:
    people = {
        name: employee_pass(office.building, street.dwellings[0], name) for name in ("病例", "同事", "擦肩", "晚到")
    }
    times = {"病例": (0, 120), "同事": (30, 180), "擦肩": (-50, 2), "晚到": (150, 200)}
    for name, (came, left) in times.items():
        record(office, check(people[name], MORNING + timedelta(minutes=came)), now=MORNING + 5 * HOUR)
        record(office, leaving(people[name], MORNING + timedelta(minutes=left)), now=MORNING + 5 * HOUR)
    found = ask(
        subject_id=people["病例"].subject_id, since=MORNING - HOUR, until=MORNING + 4 * HOUR,
        purpose=Purpose.CONTACTS, held=everywhere(street), by="test", now=MORNING + 5 * HOUR,
    )  # fmt: skip
    told = {contact.label: (contact.minutes, contact.at_gate) for contact in found.contacts}
    assert told == {"同事": (90, False), "擦肩": (2, True)}
    assert [stay.place for stay in found.own] == ["虹桥大厦"]
    assert Entry.objects.get(act="gates.traced").detail["purpose"] == "contacts"


def test_permits_of_households_and_visitors_are_found(street: Street, office: Office) -> None:
    compound = street.compounds[0]
    gate = make_gate(compound)
    person = make_person("病例", street.dwellings[0])
    mine = resident_permit(compound, street.dwellings[0])
    neighbours = resident_permit(compound, street.dwellings[1])
    visitor = employee_pass(compound, street.dwellings[0], "访客", kind=PassKind.VISITOR, company="")
    Pass.objects.filter(id=visitor.id).update(subject_id=None)
    for minutes, permit in ((0, mine), (10, neighbours), (30, visitor)):
        record(office, check(permit, MORNING + timedelta(minutes=minutes)), now=MORNING + HOUR, gate=gate)
    record(office, leaving(mine, MORNING + timedelta(minutes=50)), now=MORNING + HOUR, gate=gate)
    for asked in (person.pk, mine.subject_id):
        found = ask(
            subject_id=asked, since=MORNING - HOUR, until=MORNING + HOUR, purpose=Purpose.CONTACTS,
            held=everywhere(street), by="test", now=MORNING + HOUR,
        )  # fmt: skip
        told = [(contact.subject_id, contact.label, contact.minutes) for contact in found.contacts]
        assert told == [(neighbours.subject_id, "李家", 40), (None, "访客", 20)]
        assert [(stay.place, stay.household) for stay in found.own] == [(compound.name, asked == person.pk)]


def test_what_lies_outside_of_reach_is_not_told(street: Street, office: Office) -> None:
    case = employee_pass(office.building, street.dwellings[0], "病例")
    other = employee_pass(office.building, street.dwellings[0], "同事")
    record(office, check(case), check(other), now=MORNING + HOUR)
    there = Reach(paths=(street.neighbourhoods[1].path,))
    found = ask(
        subject_id=case.subject_id, since=MORNING - HOUR, until=MORNING + HOUR, purpose=Purpose.CONTACTS, held=there,
        by="test", now=MORNING + HOUR,
    )  # fmt: skip
    assert (found.own, found.contacts) == ((), ())


def test_times_the_wrong_way_round_are_refused_and_not_audited(street: Street, office: Office) -> None:
    case = employee_pass(office.building, street.dwellings[0], "病例")
    with pytest.raises(TraceError):
        ask(
            subject_id=case.subject_id, since=MORNING, until=MORNING - HOUR, purpose=Purpose.CONTACTS,
            held=everywhere(street), by="test", now=MORNING,
        )  # fmt: skip
    assert not Entry.objects.filter(act="gates.traced").exists()
