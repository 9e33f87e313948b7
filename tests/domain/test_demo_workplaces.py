"""The return to work in the demonstration street: every state somewhere, and all of it adds up."""

from datetime import date, time, timedelta
from io import StringIO
from pathlib import Path
from random import Random

import pytest
import time_machine
from django.core.management import call_command

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Role
from fangxian.demo import workplaces_facts as facts
from fangxian.demo.ground import STREET_CODE
from fangxian.demo.street import Building
from fangxian.duties.models import Duty, Gap, OneOff
from fangxian.gates.models import ArrivalSlot, Pass, PassKind, PassStatus
from fangxian.gates.queries import hot
from fangxian.inspections.models import (
    Answer,
    Assignment,
    Finding,
    FindingStatus,
    FindingStep,
    Inspection,
    Result,
    SuspendedPass,
    Suspension,
)
from fangxian.inspections.queries.access import belongs
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.workplaces.models import (
    Building as Office,
)
from fangxian.workplaces.models import (
    DayReport,
    Filing,
    FilingStatus,
    FilingStep,
    Firm,
    Objection,
    PlanStatus,
    Returning,
    StaffState,
    Statement,
    TaskMember,
    TaskRole,
    Verdict,
    WavePlan,
    WaveSlot,
)
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.readiness import short_of_supplies

TODAY = date(2020, 2, 17)
HALF_PAST_TEN = clock.at(TODAY, time(10, 30))


@pytest.mark.django_db
def test_the_buildings_are_in_the_middle_of_the_return_to_work(tmp_path: Path) -> None:
    # the clock stands still between tests, so what the hot path keeps for seconds would never be over
    hot.forget()
    with time_machine.travel(HALF_PAST_TEN, tick=True):
        call_command("load_demo", stdout=StringIO(), households=60)
        call_command("recount", place=STREET_CODE, stdout=StringIO())
        call_command("wave", "picture", str(tmp_path / "img" / "wave.svg"), stdout=StringIO())
    assert "20 人中 19 人" in (tmp_path / "img" / "wave.svg").read_text("utf-8")
    _buildings()
    _filings()
    _ledgers()
    _inspections()
    _suspended()
    _reports()
    _wave()


def _buildings() -> None:
    offices = list(Place.objects.filter(kind=PlaceKind.BUILDING).order_by("path"))
    assert Office.objects.count() == len(offices) == 3
    held = TaskMember.objects.filter(until_us__isnull=True, deputy=False).values_list("place", "role")
    missing = {(place.id, role.value) for place in offices for role in TaskRole} - set(held)
    assert sorted(role for _place, role in missing) == ["branch", "section"]
    # each that is missing is asked for, and lapsed into a gap of the street
    sources = set(OneOff.objects.filter(source__startswith="taskforce:").values_list("source", flat=True))
    assert sources == {f"taskforce:{place.hex}:{role}" for place, role in missing}
    assert Gap.objects.filter(duty__one_off__source__startswith="taskforce:", status="open").count() == 2
    assert len(short_of_supplies([place.id for place in offices], plan_at(HALF_PAST_TEN).section)) == 1
    assert Statement.objects.filter(subject_id__in=[place.id for place in offices]).count() == 6


def _filings() -> None:
    states = set(Filing.objects.values_list("status", flat=True))
    assert states >= {FilingStatus.ACCEPTED, FilingStatus.RETURNED, FilingStatus.SUBMITTED, FilingStatus.SUSPENDED}
    assert Firm.objects.count() == Filing.objects.count() == 5
    for filing in Filing.objects.all():
        steps = list(FilingStep.objects.filter(filing=filing).order_by("id"))
        assert steps[-1].after == filing.status
        assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
        assert filing.created_us + sum(step.took_us for step in steps) == steps[-1].at_us
    returned = FilingStep.objects.get(act="return")
    assert returned.reasons
    assert returned.text
    waiting = Filing.objects.get(status=FilingStatus.SUBMITTED)
    assert Duty.objects.filter(one_off__source__startswith=f"filing:{waiting.id.hex}", last_us__isnull=True).exists()


def _ledgers() -> None:
    rows = Returning.objects.filter(until_us__isnull=True)
    employed = Attachment.objects.filter(relation=Relation.EMPLOYED, until__isnull=True)
    assert rows.count() == employed.count() > 30
    live = Pass.objects.filter(kind=PassKind.EMPLOYEE).exclude(status=PassStatus.REVOKED)
    may = set(rows.filter(verdict=Verdict.NOW, state=StaffState.ACTIVE).values_list("person_id", "enterprise_id"))
    assert set(live.filter(status=PassStatus.LIVE).values_list("subject_id", "enterprise_id")) <= may
    accepted = Filing.objects.filter(status=FilingStatus.ACCEPTED).values_list("enterprise_id", flat=True)
    for firm in accepted:
        wanted = {person for person, employer in may if employer == firm}
        assert set(live.filter(enterprise_id=firm).values_list("subject_id", flat=True)) >= wanted


def _inspections() -> None:
    assert Inspection.objects.filter(day__lt=TODAY).exists()
    assert Answer.objects.filter(result=Result.FAULT).exists()
    for row in Assignment.objects.select_related("place"):
        # the building's own people are never sent there
        assert not belongs(row.inspector, row.place, HALF_PAST_TEN), row.place.name
    for finding in Finding.objects.all():
        last = FindingStep.objects.filter(finding=finding).order_by("observed_us", "received_us", "id").last()
        assert last is not None
        assert last.after == finding.status
        assert (finding.closed_us is None) == (finding.status != FindingStatus.CLOSED)
    future = clock.to_us(HALF_PAST_TEN) + clock.MINUTE_US * 5
    assert not FindingStep.objects.filter(observed_us__gt=future).exists()


def _suspended() -> None:
    [standing] = Suspension.objects.filter(until_us__isnull=True).select_related("finding", "place")
    assert (standing.zone, standing.finding.item, standing.finding.spot) == ("B", "A2", "地库口")
    assert standing.finding.status == FindingStatus.PLANNED
    there = Pass.objects.filter(place=standing.place, zone="B").exclude(status=PassStatus.REVOKED)
    assert not there.filter(status=PassStatus.LIVE).exists()
    assert set(SuspendedPass.objects.filter(ended=False).values_list("permit_id", flat=True)) <= {
        row.id for row in there
    }
    managers = RoleGrant.objects.filter(role=Role.PROPERTY_MANAGER, place=standing.place.grid)
    assert "property" in managers.values_list("staff__username", flat=True)


def _reports() -> None:
    for report in DayReport.objects.all():
        assert report.well + report.lines.count() == report.expected
    ill = Returning.objects.filter(state=StaffState.SUSPENDED)
    for row in ill:
        assert not Pass.objects.filter(subject_id=row.person_id, status=PassStatus.LIVE).exists()


def _wave() -> None:
    plan = WavePlan.objects.get()
    assert (plan.status, plan.day) == (PlanStatus.PUBLISHED, TODAY + timedelta(days=1))
    assert plan.bound is not None
    assert plan.cost is not None
    assert plan.bound <= plan.cost + 1e-6
    slots = list(WaveSlot.objects.filter(plan=plan))
    held = {row.enterprise_id: (row.from_minute, row.until_minute) for row in ArrivalSlot.objects.all()}
    assert held == {slot.enterprise_id: (slot.from_minute, slot.until_minute) for slot in slots}
    assert all(slot.objection in (Objection.NONE, Objection.RAISED) for slot in slots)


def _tower(floors: int) -> Building:
    return Building("1", "n", "楼", "", "", floors, ("正门",), "g", "", ())


@pytest.mark.parametrize(("floors", "people"), [(6, 0), (9, 40), (11, 900), (20, 300), (37, 0), (50, 900)])
def test_every_floor_has_a_lift(floors: int, people: int) -> None:
    lifts = facts.lifts(_tower(floors), people)
    served = {floor for lift in lifts for floor in range(lift.floor_from, lift.floor_until + 1)}
    assert served >= set(range(1, floors + 1))
    assert all(lift.cap >= 1 for lift in lifts)


def test_the_faults_spread_as_they_are_meant_to() -> None:
    rng = Random(1)
    found = [item for _ in range(4_000) for item in facts.faults(rng, 1.0)]
    for item, percent in facts.FAULTS.items():
        assert abs(found.count(item) / 40 - percent) < 2.0
    assert set(facts.NOTES) == set(facts.FAULTS)
