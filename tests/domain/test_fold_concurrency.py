"""Two workers fold beside each other, and what comes of it is what one alone makes of the same morning."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command

from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Counter as Counts
from fangxian.duties.models import Fulfilment, Gap, OneOff
from fangxian.duties.queries import recount
from fangxian.gates import folds
from fangxian.gates.actions import passes
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.models import Check, Contradiction, Device, DeviceKind, Flow, Opening, Presence, Referral, Used
from fangxian.gates.playbook import EMPLOYEE_DAY
from fangxian.gates.queries import hot
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import Pace, write_lock
from tests.support.factories import MORNING, Street, make_rule, make_street
from tests.support.gates import Office, check, employee_pass, leaving, make_device, make_office
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 12
OPENINGS = 90
NOW = MORNING + timedelta(hours=1)
TOMORROW = MORNING + timedelta(days=1)


def record(office: Office, *items: CheckIn) -> None:
    hot.forget()
    with write_lock():
        write_batch(prepare(items, DeviceFacts(office.tablet.id, office.front.id), TOMORROW))


def a_morning() -> tuple[Street, Office]:
    """Held with a reading and then let in without one, on two days; withdrawn passes; fevers; a turnstile."""
    hot.forget()
    street = make_street()
    office = make_office(street)
    make_rule("employee-daily-check", EMPLOYEE_DAY, subject="person", channel="console")
    turnstile = make_device(office.front, DeviceKind.TURNSTILE)
    offline = {"offline": True, "said": "admit", "said_code": "ok"}
    for number in range(PEOPLE):
        permit = employee_pass(office.building, street.dwellings[number % 8], f"员工{number}")
        for day in (0, 1) if number % 2 else (1, 0):
            at = MORNING - timedelta(days=day, minutes=-number)
            record(
                office, check(permit, at, declared=False),
                check(permit, at + timedelta(minutes=1), temp=None, **offline),
                leaving(permit, at + timedelta(minutes=2)),
            )  # fmt: skip
        if number % 4 == 0:
            passes.revoke(passes=[permit], reason="离职", by="test", now=MORNING)
            record(office, check(permit, MORNING + timedelta(minutes=40), **offline))
        if number % 4 == 1:
            first = check(permit, MORNING + timedelta(minutes=30), temp=37.9)
            second = check(
                permit, MORNING + timedelta(minutes=46), temp=37.8, method="axillary", first=first.id
            )  # fmt: skip
            record(office, first, second)
    for number in range(OPENINGS):
        at_us = clock.to_us(MORNING + timedelta(seconds=number * 20))
        Opening.objects.create(id=new_id(), gate=office.front, device=turnstile, at_us=at_us, direction="in")
    Device.objects.filter(id=office.tablet.id).update(seen_us=clock.to_us(TOMORROW))
    return street, office


def until(done: Callable[[], bool], fold: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        while not done():
            fold()

    return run


def folded(workers: int) -> dict[str, object]:
    """What the folds of so many workers leave behind, told without ids."""
    street, office = a_morning()
    checks = until(
        lambda: not Check.objects.filter(folded=False).exists(), lambda: folds.fold_checks(now=TOMORROW)
    )  # fmt: skip
    openings = until(
        lambda: not Opening.objects.filter(settled=False).exists(), lambda: folds.fold_openings(now=TOMORROW)
    )  # fmt: skip
    at_once(*[checks] * workers)
    at_once(*[openings] * workers)
    sweep(now=TOMORROW)
    assert recount(street.street) == []
    assert Opening.objects.exclude(check_id=None).count() + Contradiction.objects.filter(kind="unchecked").count() == (
        OPENINGS
    )
    assert Device.objects.get(id=office.tablet.id).seen_us == clock.to_us(TOMORROW)
    return {
        "flow": sorted(Flow.objects.values_list("quarter_us", "direction", "outcome", "code", "count")),
        "checks": Check.objects.count(),
        "fulfilled": Counter(Fulfilment.objects.values_list("duty__subject__label", "outcome")),
        "gaps": Counter(Gap.objects.values_list("duty__rule__key", "status")),
        "given": Counter(OneOff.objects.values_list("title", "role")),
        "contradictions": Counter(Contradiction.objects.values_list("kind", flat=True)),
        "referrals": Referral.objects.exclude(duty_id=None).count(),
        "counts": sorted(Counts.objects.values_list("window_us", "expected", "met", "late", "missed")),
        "inside": Presence.objects.filter(inside=True).count(),
        "used": sorted(count for key, count in Used.objects.values_list("key", "count") if key.startswith("in:")),
    }


def test_two_workers_leave_what_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    # small chunks, so that a reading and the entry that it belongs to are often in the hands of two workers
    monkeypatch.setattr(Pace, "for_database", lambda: Pace(3, 1.0, 3, pause=False))
    monkeypatch.setattr(folds, "OPENINGS", 4)
    alone = folded(1)
    call_command("flush", interactive=False, verbosity=0)
    beside = folded(3)
    for name, told in alone.items():
        assert beside[name] == told, name
    assert sum(row[-1] for row in alone["flow"]) == alone["checks"]  # type: ignore[attr-defined]  # rows of a table
    assert alone["referrals"] == PEOPLE // 4
    assert alone["gaps"] == Counter()
