"""One pass at a time for an employee, a household and a vehicle: refused, replaced, and by many at once."""

import threading
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from uuid import UUID

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from fangxian.audit.models import Entry
from fangxian.gates.actions import keys, passes
from fangxian.gates.actions.passes import NewPass, PassError
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.registry.models import Household, Subject, SubjectKind
from fangxian.shared import clock
from tests.support.factories import MORNING, Street, make_person, make_street, make_vehicle
from tests.support.gates import Office, employee_pass, make_enterprise, make_office

pytestmark = pytest.mark.django_db
LATER = MORNING + timedelta(hours=2)


@pytest.fixture
def street() -> Street:
    return make_street()


@pytest.fixture
def office(street: Street) -> Office:
    return make_office(street)


def new(office: Office, **changes: object) -> NewPass:
    one = NewPass(
        kind=PassKind.VISITOR, place_id=office.building.id, holder="金秀贤 김수현", from_us=clock.to_us(MORNING),
        until_us=clock.to_us(MORNING + timedelta(hours=12)),
    )  # fmt: skip
    return replace(one, **changes)


def household(street: Street, number: int = 0) -> Subject:
    subject = Subject.objects.create(kind=SubjectKind.HOUSEHOLD, label=f"{number}户", created_us=0)
    Household.objects.create(subject=subject, dwelling=street.dwellings[number])
    return subject


class TestOneAtATime:
    def test_a_second_employee_pass_is_refused_with_the_first_one(self, street: Street, office: Office) -> None:
        firm, other = make_enterprise(), make_enterprise("另一家")
        person = make_person("李雷", street.dwellings[0])
        job = {"kind": PassKind.EMPLOYEE, "subject_id": person.pk, "enterprise_id": firm.id}
        (first,) = passes.issue(passes=[new(office, **job)], by="test", now=MORNING)
        with pytest.raises(passes.HeldError) as refused:
            passes.issue(passes=[new(office, **job)], by="test", now=MORNING)
        assert refused.value.permit == first
        passes.issue(passes=[new(office, **job | {"enterprise_id": other.id})], by="test", now=MORNING)
        assert Pass.objects.count() == 2

    def test_a_household_has_one_permit_and_a_vehicle_one_for_each_place(self, street: Street, office: Office) -> None:
        home, car = household(street), make_vehicle("沪A12345", street.compounds[0])
        first, second = street.compounds
        for kind, subject, also in (
            (PassKind.RESIDENT, home.id, False), (PassKind.VEHICLE, car.pk, True), (PassKind.VISITOR, home.id, True),
        ):  # fmt: skip
            common = {"kind": kind, "subject_id": subject}
            passes.issue(passes=[new(office, place_id=first.id, **common)], by="test", now=MORNING)
            if also:
                passes.issue(passes=[new(office, place_id=second.id, **common)], by="test", now=MORNING)
            else:
                with pytest.raises(passes.HeldError):
                    passes.issue(passes=[new(office, place_id=second.id, **common)], by="test", now=MORNING)

    def test_a_visitor_may_have_several(self, street: Street, office: Office) -> None:
        home = household(street)
        passes.issue(passes=[new(office, subject_id=home.id)] * 2, by="test", now=MORNING)
        passes.issue(passes=[new(office)] * 2, by="test", now=MORNING)
        assert Pass.objects.count() == 4

    def test_a_suspended_one_counts_and_a_revoked_one_does_not(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        again = {"subject_id": permit.subject_id, "now": LATER}
        passes.suspend(passes=[permit], reason="待核实", by="test", now=LATER)
        with pytest.raises(passes.HeldError, match="suspended|暂停"):
            employee_pass(office.building, street.dwellings[0], **again)
        passes.revoke(passes=[permit], reason="离职", by="test", now=LATER)
        assert employee_pass(office.building, street.dwellings[0], **again).status == PassStatus.LIVE

    def test_what_is_over_makes_room_and_stays_expired(self, street: Street, office: Office) -> None:
        permit = employee_pass(office.building, street.dwellings[0])
        after = clock.from_us(permit.until_us)
        employee_pass(office.building, street.dwellings[0], subject_id=permit.subject_id, now=after)
        permit.refresh_from_db()
        assert (permit.status, permit.followed) == (PassStatus.LIVE, True)
        assert passes.suspend(passes=[permit], reason="待核实", by="test", now=after) == 1
        assert passes.restore(passes=[permit], reason="已核实", by="test", now=after) == 1

    def test_one_list_does_not_name_the_same_twice(self, street: Street, office: Office) -> None:
        home = household(street)
        twice = [new(office, kind=PassKind.RESIDENT, subject_id=home.id)] * 2
        with pytest.raises(PassError):
            passes.issue(passes=twice, by="test", now=MORNING)
        assert len(passes.issue_missing(passes=twice, by="test", now=MORNING)) == 1

    def test_the_next_comes_in_place_of_the_one_in_force(self, street: Street, office: Office) -> None:
        home, neighbour = household(street), household(street, 1)
        longer = new(office, kind=PassKind.RESIDENT, subject_id=home.id)
        (old,) = passes.issue(passes=[longer], by="test", now=MORNING)
        longer = replace(longer, until_us=longer.until_us + clock.DAY_US)
        with pytest.raises(PassError):
            passes.issue_instead(
                new=replace(longer, subject_id=neighbour.id), of=old, reason="续期", by="test", now=LATER
            )
        made = passes.issue_instead(new=longer, of=old, reason="续期", by="test", now=LATER)
        old.refresh_from_db()
        assert (old.status, old.reason, made.replaces_id) == (PassStatus.REVOKED, "续期", old.id)
        assert made.until_us == longer.until_us
        with pytest.raises(PassError):
            passes.issue_instead(new=longer, of=old, reason="续期", by="test", now=LATER)
        passes.suspend(passes=[made], reason="待核实", by="test", now=LATER)
        with pytest.raises(passes.HeldError):
            passes.issue_instead(new=longer, of=made, reason="续期", by="test", now=LATER)

    @pytest.mark.parametrize("kind", [PassKind.RESIDENT, PassKind.EMPLOYEE, PassKind.VEHICLE])
    @pytest.mark.parametrize("employer", [False, True])
    def test_the_database_refuses_a_second_one(
        self, street: Street, office: Office, kind: PassKind, employer: bool
    ) -> None:
        firm = make_enterprise().id if employer else None
        values = {"kind": kind, "subject_id": household(street).id, "enterprise_id": firm}
        (first,) = passes.issue(passes=[new(office, **values)], by="test", now=MORNING)
        (second,) = passes.signed(passes=[new(office, **values)], by="test", now=MORNING)
        with pytest.raises(IntegrityError), transaction.atomic():
            second.save(force_insert=True)
        Pass.objects.filter(id=first.id).update(status="revoked", reason="离职")
        second.save(force_insert=True)

    def test_doubles_of_before_are_resolved_with_a_reason(self, street: Street, office: Office) -> None:
        names = ("pass_one_a_household", "pass_one_an_employer", "pass_one_a_place")
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"DROP INDEX {name}")
        home = household(street)
        now_us = clock.to_us(clock.now())
        common = {
            "kind": PassKind.RESIDENT,
            "subject_id": home.id,
            "from_us": now_us - 10**7,
            "until_us": now_us + 10**12,
        }
        rows = []
        for hour, change in enumerate(
            ({"until_us": now_us - 1}, {}, {"place_id": street.compounds[0].id}, {"until_us": now_us - 2})
        ):
            made = passes.signed(
                passes=[new(office, **common | change)], by="test", now=MORNING + timedelta(hours=hour)
            )
            made[0].save(force_insert=True)
            rows.extend(made)
        alone = employee_pass(office.building, street.dwellings[0])
        module = import_module("fangxian.gates.migrations.0004_one_pass_at_a_time")
        module.resolve_doubles(apps, None)
        for row in [*rows, alone]:
            row.refresh_from_db()
        assert [(row.status, row.followed) for row in rows] == [
            ("live", True), ("revoked", False), ("live", False), ("live", True),
        ]  # fmt: skip
        assert rows[1].reason
        assert rows[1].changed_us >= now_us
        assert Entry.objects.get(target=f"pass:{rows[1].id}").act == "gates.pass.revoked"
        assert (alone.status, alone.followed) == ("live", False)


@pytest.mark.django_db(transaction=True)
class TestBesideEachOther:
    def test_one_pass_issued_eight_times_at_once_is_issued_once(self) -> None:
        street = make_street()
        office = make_office(street)
        person = make_person("李雷", street.dwellings[0])
        keys.ensure_key(by="test", now=MORNING)
        made: list[Pass] = []
        refused: list[UUID] = []

        def issue() -> None:
            try:
                asked = new(office, kind=PassKind.EMPLOYEE, subject_id=person.pk)
                made.extend(passes.issue(passes=[asked], by="test", now=MORNING))
            except passes.HeldError as error:
                refused.append(error.permit.id)
            finally:
                connection.close()

        threads = [threading.Thread(target=issue) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        permit = Pass.objects.get()
        assert [row.id for row in made] == [permit.id]
        assert refused == [permit.id] * 7

    def test_one_pass_replaced_by_six_at_once_has_one_successor(self) -> None:
        street = make_street()
        office = make_office(street)
        permit = employee_pass(office.building, street.dwellings[0])
        longer = new(office, kind=PassKind.EMPLOYEE, subject_id=permit.subject_id)
        refused: list[str] = []

        def instead() -> None:
            try:
                old = Pass.objects.get(id=permit.id)
                passes.issue_instead(new=longer, of=old, reason="续期", by="test", now=LATER)
            except PassError as error:
                refused.append(str(error))
            finally:
                connection.close()

        threads = [threading.Thread(target=instead) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 5
        assert Pass.objects.get(status="live").replaces_id == permit.id
