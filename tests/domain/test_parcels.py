"""Parcels on their shelf: left, handed over once, and somebody's duty when they lay too long."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fangxian.accounts.access import Reach
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Fulfilment, Gap, OneOff
from fangxian.duties.queries import recount
from fangxian.gates import plan
from fangxian.gates.actions import parcels
from fangxian.gates.actions.parcels import NewParcel, ParcelError
from fangxian.gates.models import Compared, Parcel
from fangxian.gates.playbook import GatesSection
from fangxian.gates.queries import visits as desk
from fangxian.places.models import Place
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.factories import MORNING, Street
from tests.support.gates import make_gate
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
LATER = MORNING + timedelta(minutes=5)
DUE = MORNING + timedelta(minutes=GatesSection().shelf_minutes)


@pytest.fixture
def gate(street: Street) -> Place:
    return make_gate(street.compounds[0])


@pytest.fixture
def door(street: Street) -> Place:
    return next(door for door in street.dwellings if door.path.startswith(street.compounds[0].path))


def leave(gate: Place, behind: Place, at: datetime = MORNING, **changes: object) -> Parcel:
    parcel = NewParcel(new_id(), "A3", door=behind, company="顺丰", code="3041")
    return parcels.leave(parcel=replace(parcel, **changes), gate=gate, by="guard", now=at)  # type: ignore[arg-type]  # a shorthand of tests


def everywhere(street: Street) -> Reach:
    return Reach(paths=(street.street.path,))


def home_of(door: Place, label: str = "李家") -> Subject:
    subject = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label=label, created_us=clock.to_us(MORNING))
    Household.objects.create(subject=subject, dwelling=door)
    return subject


def test_a_parcel_lies_for_its_shelf_time_and_is_handed_over_once(street: Street, gate: Place, door: Place) -> None:
    parcel = leave(gate, door)
    assert [line.overdue for line in desk.parcels(everywhere(street), DUE - timedelta(seconds=1))] == [False]
    [line] = desk.parcels_at(gate.id, DUE)
    assert (line.overdue, line.where) == (True, f"{street.compounds[0].name} {door.parent.name} {door.name}")  # type: ignore[union-attr]  # a door has a block
    assert parcels.hand_over(parcel=parcel, compared=Compared.CODE, to="李家小儿子", by="guard", now=LATER)
    assert not parcels.hand_over(parcel=parcel, compared=Compared.NAME, to="王", by="other", now=DUE)
    parcel.refresh_from_db()
    assert (parcel.taken_us, parcel.taken_by, parcel.handed_by) == (clock.to_us(LATER), "李家小儿子", "guard")
    assert desk.parcels(everywhere(street), DUE) == []
    told = str(list(Entry.objects.filter(act__startswith="gates.parcel").values_list("act", "target", "detail")))
    assert told.count("gates.parcel.taken") == 1
    assert "李家" not in told


def test_the_same_id_is_one_parcel(gate: Place, door: Place) -> None:
    ident = new_id()
    assert leave(gate, door, id=ident).id == leave(gate, door, id=ident, at=LATER).id == ident
    assert Parcel.objects.get().left_us == clock.to_us(MORNING)


def test_a_door_with_one_household_is_that_households(gate: Place, door: Place) -> None:
    assert leave(gate, door).household is None
    home = home_of(door)
    assert leave(gate, door).household == home


def test_what_is_for_nobody_behind_the_gate_is_refused(street: Street, gate: Place, door: Place) -> None:
    far = next(d for d in street.dwellings if d.path.startswith(street.compounds[1].path))
    plate = Subject.objects.create(kind=SubjectKind.VEHICLE, label="沪A12345", created_us=clock.to_us(MORNING))
    for wrong in ({"door": far}, {"door": None}, {"door": gate}, {"household": plate}, {"shelf": " "}):
        with pytest.raises(ParcelError):
            leave(gate, door, **wrong)
    assert not Parcel.objects.exists()


def test_a_tablet_finds_every_door_behind_its_gate_without_names(street: Street, gate: Place, door: Place) -> None:
    home_of(door)
    found = dict(desk.doors(gate))
    within = [d.id for d in street.dwellings if d.path.startswith(street.compounds[0].path)]
    assert sorted(found) == sorted(within)
    assert found[door.id].endswith(f" {door.name}")
    assert "李家" not in str(found)


def test_what_lay_too_long_is_one_duty_which_ends_when_it_is_handed_over(
    street: Street, gate: Place, door: Place
) -> None:
    late, fresh, gone = leave(gate, door), leave(gate, door, at=LATER), leave(gate, door)
    parcels.hand_over(parcel=gone, compared=Compared.NAME, by="guard", now=LATER)
    assert parcels.settle_overdue(now=DUE - timedelta(seconds=1)) == 0
    assert [parcels.settle_overdue(now=DUE), parcels.settle_overdue(now=DUE)] == [1, 0]
    given = OneOff.objects.get()
    late.refresh_from_db()
    assert (given.duty_id, given.source, given.role) == (late.duty_id, f"parcel:{late.id.hex}", Role.COMMITTEE_WORKER)
    assert given.duty.deadline_us == clock.to_us(DUE + timedelta(hours=GatesSection().parcel_hours))
    assert door.name not in given.title + given.note
    parcels.hand_over(parcel=late, compared=Compared.CODE, by="guard", now=DUE + timedelta(hours=1))
    assert Fulfilment.objects.get(duty_id=given.duty_id).outcome == "met"
    sweep(now=DUE + timedelta(days=1))
    assert not Gap.objects.exists()
    assert parcels.settle_overdue(now=DUE + timedelta(minutes=5)) == 1
    assert OneOff.objects.filter(source=f"parcel:{fresh.id.hex}").count() == 1
    assert recount(street.street) == []


def test_a_parcel_that_nobody_settles_becomes_a_gap_and_handing_it_over_closes_it(gate: Place, door: Place) -> None:
    parcel = leave(gate, door)
    parcels.settle_overdue(now=DUE)
    sweep(now=DUE + timedelta(days=1))
    assert Gap.objects.get().status == "open"
    parcels.hand_over(parcel=parcel, compared=Compared.NAME, by="guard", now=DUE + timedelta(days=1))
    assert Gap.objects.get().status == "closed"


def test_the_plan_says_how_long_it_may_lie_and_who_settles_it(
    gate: Place, door: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = GatesSection(shelf_minutes=30, parcel_role=Role.PROPERTY_MANAGER.value, parcel_hours=2)
    monkeypatch.setattr(parcels, "plan_at", lambda _now: plan.InForce(None, section, None))
    leave(gate, door)
    half = MORNING + timedelta(minutes=30)
    assert parcels.settle_overdue(now=half) == 1
    given = OneOff.objects.get()
    assert (given.role, given.duty.deadline_us) == ("property_manager", clock.to_us(half + timedelta(hours=2)))


@pytest.mark.django_db(transaction=True)
def test_two_workers_settle_each_parcel_once(street: Street, gate: Place, door: Place) -> None:
    for _ in range(60):
        leave(gate, door)

    def settle() -> None:
        while parcels.settle_overdue(now=DUE):
            pass

    at_once(settle, settle)
    settle()
    assert OneOff.objects.count() == 60
    assert Parcel.objects.exclude(duty_id=None).values("duty_id").distinct().count() == 60


@pytest.mark.django_db(transaction=True)
def test_two_guards_hand_it_over_once(gate: Place, door: Place) -> None:
    parcel = leave(gate, door)
    firsts: list[bool] = []
    at_once(
        *[
            lambda: firsts.append(parcels.hand_over(parcel=parcel, compared=Compared.NAME, by="guard", now=LATER))
            for _ in range(4)
        ]
    )
    assert sorted(firsts) == [False, False, False, True]
