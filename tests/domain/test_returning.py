"""The ledger of returning staff: taken, decided, and the passes that follow it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.models import OneOff
from fangxian.gates.actions import passes
from fangxian.gates.models import Held, Pass, PassStatus
from fangxian.registry.identifiers import Document, read_document
from fangxian.registry.identity import document_lookups, new_document
from fangxian.registry.models import Attachment, Person, Relation
from fangxian.shared import clock
from fangxian.workplaces.actions import returning
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Filing, FilingStatus, Returning, StaffState, StoppedPass, Verdict
from fangxian.workplaces.returning import Fault, Mark, NewReturning
from tests.support.hr_list import resident_id
from tests.support.works import MORNING, Works, make_employee, make_works

pytestmark = pytest.mark.django_db
TODAY = date(2020, 2, 17)


@pytest.fixture
def works() -> Works:
    made = make_works()
    for number, person in enumerate(person for firm in made.firms for person in firm.people):
        give_document(person, number)
    return made


def give_document(person: Person, number: int) -> None:
    read = read_document(resident_id(f"31010519850505{number:03d}"), None, "CN", TODAY)
    assert isinstance(read, Document)
    new_document(person.pk, read, document_lookups(read)[0]).save()


def stayed(person: Person, **changes: object) -> NewReturning:
    values: dict[str, Any] = {"left_shanghai": False} | changes
    return NewReturning(person.pk, **values)


def came(person: Person, arrived: date, origin: str = "320500", **changes: object) -> NewReturning:
    values: dict[str, Any] = {
        "left_shanghai": True, "origin": origin, "arrived_on": arrived, "transport": "train", "vehicle_no": "G7001",
        "key_region": "no",
    } | changes  # fmt: skip
    return NewReturning(person.pk, **values)


def take(works: Works, *rows: NewReturning, firm: int = 0, tower: int = 0) -> returning.PutReport:
    found = works.firms[firm], works.towers[tower]
    return returning.put_many(
        enterprise=found[0].enterprise.subject, place=found[1].building, rows=rows, by="test", now=MORNING
    )


def accept(works: Works, firm: int = 0, tower: int = 0) -> int:
    one, building = works.firms[firm], works.towers[tower].building
    us = clock.to_us(MORNING)
    Filing.objects.create(
        enterprise_id=one.id, place=building, status=FilingStatus.ACCEPTED, created_us=us, changed_us=us, by="test"
    )
    return returning.accept(enterprise=one.enterprise.subject, place=building, by="test", now=MORNING)


def row_of(person: Person) -> Returning:
    return Returning.objects.get(person_id=person.pk, until_us__isnull=True)


def pass_of(person: Person) -> Pass:
    return Pass.objects.get(subject_id=person.pk)


def status_of(person: Person) -> str:
    return pass_of(person).status


def set_state(person: Person, state: StaffState, reason: str = "按规定") -> Returning:
    return returning.set_state(row=row_of(person), state=state, reason=reason, by="test", now=MORNING)


def test_only_who_may_work_gets_a_pass(works: Works) -> None:
    one, two, three = works.firms[0].people
    report = take(works, stayed(one), came(two, date(2020, 2, 10), "420100"), NewReturning(three.pk))
    assert (report.created, report.updated, report.unchanged, report.refused) == (3, 0, 0, [])
    assert [row_of(person).verdict for person in (one, two, three)] == [Verdict.NOW, Verdict.LATER, Verdict.UNKNOWN]
    assert row_of(two).verdict_until == date(2020, 2, 24)
    assert row_of(three).missing == "left_shanghai"
    assert accept(works) == 1
    permit = Pass.objects.get()
    assert (permit.subject_id, permit.enterprise_id, permit.zone, permit.status) == (
        one.pk, works.firms[0].id, "Y", PassStatus.LIVE,
    )  # fmt: skip


def test_the_same_list_again_changes_nothing(works: Works) -> None:
    rows = [stayed(works.firms[0].people[0]), came(works.firms[0].people[1], date(2020, 2, 1))]
    take(works, *rows)
    before = list(Returning.objects.order_by("id").values())
    entries = Entry.objects.count()
    report = take(works, *rows)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert list(Returning.objects.order_by("id").values()) == before
    assert Entry.objects.count() == entries


def test_an_arrival_in_the_future_is_refused_with_its_row(works: Works) -> None:
    one, two, _three = works.firms[0].people
    report = take(works, stayed(one, number=5), came(two, date(2020, 2, 18), number=6))
    assert [(row.number, row.fault) for row in report.refused] == [(6, Fault.FUTURE)]
    assert report.created == 1
    with pytest.raises(WorkplaceError):
        returning.put(
            enterprise=works.firms[0].enterprise.subject, place=works.towers[0].building,
            new=came(two, date(2020, 2, 18)), by="test", now=MORNING,
        )  # fmt: skip
    assert not Returning.objects.filter(person_id=two.pk).exists()


def test_one_person_twice_in_a_list(works: Works) -> None:
    one = works.firms[0].people[0]
    report = take(works, stayed(one, number=3), stayed(one, number=4), came(one, date(2020, 2, 1), number=5))
    assert (report.created, report.unchanged) == (1, 1)
    assert [(row.number, row.fault) for row in report.refused] == [(5, Fault.TWICE)]


def test_two_employers_are_marked_on_both_ledgers(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, stayed(one))
    take(works, stayed(one), firm=1)
    assert set(Returning.objects.values_list("marks", flat=True)) == {Mark.TWO_EMPLOYERS}
    other = Returning.objects.get(enterprise_id=works.firms[1].id)
    returning.set_state(row=other, state=StaffState.LEFT, reason="", by="test", now=MORNING)
    assert row_of(one).marks == ""


def test_who_comes_after_the_filing_was_accepted_gets_a_pass_at_once(works: Works) -> None:
    one, two, _three = works.firms[0].people
    take(works, stayed(one))
    assert accept(works) == 1
    assert take(works, stayed(two)).issued == 1
    assert status_of(two) == PassStatus.LIVE


def test_leaving_revokes_the_pass_and_ends_the_employment(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, stayed(one))
    accept(works)
    set_state(one, StaffState.LEFT, "")
    assert status_of(one) == PassStatus.REVOKED
    assert not Returning.objects.filter(person_id=one.pk, until_us__isnull=True).exists()
    assert not Attachment.objects.filter(subject_id=one.pk, relation=Relation.EMPLOYED, until__isnull=True).exists()
    assert take(works, stayed(one)).issued == 1


def test_suspended_and_back_with_a_reason(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, stayed(one))
    accept(works)
    with pytest.raises(WorkplaceError):
        set_state(one, StaffState.SUSPENDED, " ")
    assert status_of(one) == PassStatus.LIVE
    set_state(one, StaffState.SUSPENDED, "家人发热")
    assert status_of(one) == PassStatus.SUSPENDED
    assert "家人" not in pass_of(one).reason
    with pytest.raises(WorkplaceError):
        set_state(one, StaffState.SUSPENDED)
    set_state(one, StaffState.ACTIVE, "核酸阴性")
    assert status_of(one) == PassStatus.LIVE
    assert not StoppedPass.objects.exists()


def test_a_positive_test_stops_holds_and_tells_without_a_name(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, stayed(one))
    accept(works)
    set_state(one, StaffState.POSITIVE, "2月17日核酸阳性")
    assert status_of(one) == PassStatus.SUSPENDED
    assert Held.objects.get().subject_id == one.pk
    given = {row.role: row for row in OneOff.objects.select_related("duty")}
    assert set(given) == {Role.HEALTH_STAFF, Role.SECTION_HEAD}
    for row in given.values():
        assert "银杏贸易" in row.title
        assert "虹桥大厦" in row.title
        assert row.about_id == works.firms[0].id
        assert one.name not in row.title + row.note + row.source
        assert row.duty.due_us == clock.to_us(MORNING + timedelta(hours=1))
    set_state(one, StaffState.ACTIVE, "治愈出院并隔离期满")
    assert Held.objects.get().lifted_by == "test"
    assert status_of(one) == PassStatus.LIVE


def test_a_positive_test_counts_in_every_building_of_the_enterprise(works: Works) -> None:
    one = works.firms[0].people[0]
    for tower in (0, 1):
        take(works, stayed(one), tower=tower)
        accept(works, tower=tower)
    row = Returning.objects.filter(person_id=one.pk).first()
    assert row is not None
    returning.set_state(row=row, state=StaffState.POSITIVE, reason="阳性", by="test", now=MORNING)
    assert set(Pass.objects.values_list("status", flat=True)) == {PassStatus.SUSPENDED}
    assert set(Returning.objects.values_list("state", flat=True)) == {StaffState.POSITIVE}


def test_what_somebody_else_suspended_is_not_restored(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, stayed(one))
    accept(works)
    passes.suspend(passes=[pass_of(one)], reason="门岗发现冒用", by="guard", now=MORNING)
    set_state(one, StaffState.SUSPENDED)
    set_state(one, StaffState.ACTIVE)
    assert status_of(one) == PassStatus.SUSPENDED


def test_the_whole_enterprise_is_suspended_restored_and_ended(works: Works) -> None:
    one, two, three = works.firms[0].people
    take(works, stayed(one), stayed(two), stayed(three))
    accept(works)
    set_state(three, StaffState.SUSPENDED)
    where: dict[str, Any] = {
        "enterprise": works.firms[0].enterprise.subject, "place": works.towers[0].building, "by": "test",
        "now": MORNING,
    }  # fmt: skip
    assert returning.suspend_all(reason="检查发现问题", **where) == 2
    assert returning.restore_all(reason="整改完成", **where) == 2
    assert [status_of(one), status_of(two), status_of(three)] == ["live", "live", "suspended"]
    assert returning.revoke_all(reason="终止备案", **where) == 3
    assert set(Pass.objects.values_list("status", flat=True)) == {PassStatus.REVOKED}


def test_evidence_of_release_lets_somebody_work(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, came(one, date(2020, 2, 1), "420100"))
    accept(works)
    row = row_of(one)
    assert (row.verdict, row.missing) == (Verdict.UNKNOWN, "evidence")
    with pytest.raises(WorkplaceError):
        returning.evidence(row=row, digest="d" * 64, released_on=date(2020, 2, 18), by="test", now=MORNING)
    returning.evidence(row=row, digest="d" * 64, released_on=date(2020, 2, 15), by="test", now=MORNING)
    assert row_of(one).verdict == Verdict.NOW
    assert status_of(one) == PassStatus.LIVE


def test_a_changed_journey_suspends_the_pass(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, stayed(one))
    accept(works)
    returning.put(
        enterprise=works.firms[0].enterprise.subject, place=works.towers[0].building,
        new=came(one, date(2020, 2, 16), "420100"), by="test", now=MORNING,
    )  # fmt: skip
    assert row_of(one).verdict == Verdict.LATER
    assert status_of(one) == PassStatus.SUSPENDED


def test_a_person_who_is_not_in_the_register_is_refused(works: Works) -> None:
    report = take(works, NewReturning(UUID(int=5), number=9))
    assert [(row.number, row.fault) for row in report.refused] == [(9, Fault.PERSON)]


def test_who_is_new_on_the_ledger_is_employed(works: Works) -> None:
    other = make_employee("郭敏", works.firms[1].id)
    take(works, stayed(other))
    rows = Attachment.objects.filter(subject_id=other.pk, relation=Relation.EMPLOYED, until__isnull=True)
    assert {row.other_id for row in rows} == {works.firms[0].id, works.firms[1].id}
