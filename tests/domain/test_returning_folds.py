"""What the worker does for ledgers: decides anew, and compares with the gates."""

from datetime import date, datetime, timedelta

import pytest

from fangxian.accounts.roles import Role
from fangxian.duties.actions import apply_playbook
from fangxian.duties.models import Duty, OneOff
from fangxian.duties.plan_check import check_files
from fangxian.gates.actions import passes
from fangxian.gates.models import Check, Direction, Outcome, PassStatus
from fangxian.registry.models import Person
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.workplaces import ledger_folds
from fangxian.workplaces.actions import returning
from fangxian.workplaces.models import Returning, StaffState, Verdict
from fangxian.workplaces.returning import Mark
from tests.domain.test_returning import accept, came, give_document, pass_of, row_of, set_state, status_of, stayed, take
from tests.support import playbooks
from tests.support.works import MORNING, Works, make_employee, make_works

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def works() -> Works:
    made = make_works()
    for number, person in enumerate(made.firms[0].people):
        give_document(person, number)
    return made


def entered(works: Works, person: Person, at: datetime = MORNING) -> None:
    tower = works.towers[0]
    Check.objects.create(
        id=new_id(), gate_id=tower.front.id, place_id=tower.id, subject_id=person.pk, direction=Direction.IN,
        outcome=Outcome.ADMIT, code="ok", observed_us=clock.to_us(at), received_us=clock.to_us(at), device_id=new_id(),
    )  # fmt: skip


def test_when_the_days_are_over_the_evidence_is_asked_for(works: Works) -> None:
    one = works.firms[0].people[0]
    take(works, came(one, date(2020, 2, 10), "420100"))
    accept(works)
    assert ledger_folds.screen_again(MORNING + 6 * DAY) == 0
    assert row_of(one).verdict == Verdict.LATER
    assert ledger_folds.screen_again(MORNING + 7 * DAY) == 1
    assert (row_of(one).verdict, row_of(one).missing) == (Verdict.UNKNOWN, "evidence")
    assert ledger_folds.screen_again(MORNING + 8 * DAY) == 0
    returning.evidence(row=row_of(one), digest="e" * 64, released_on=date(2020, 2, 24), by="t", now=MORNING + 8 * DAY)
    assert status_of(one) == PassStatus.LIVE


def test_another_plan_decides_anew_and_the_passes_follow(works: Works) -> None:
    one, two, _three = works.firms[0].people
    take(works, came(one, date(2020, 2, 15), "341200"), stayed(two))
    assert accept(works) == 2
    region = (
        '[[key_regions]]\nkey = "fuyang"\nkind = "china"\ncode = "3412"\n'
        'title = { zh = "安徽阜阳", en = "Fuyang" }\nsince = 2020-02-16T00:00:00+08:00\n\n[[key_regions]]'
    )
    changed = check_files(playbooks.edited("screening.toml", "[[key_regions]]", region)).plan
    assert changed is not None
    later = MORNING + timedelta(hours=2)
    apply_playbook(plan=changed, effective_at=later, by="test", now=later)
    assert ledger_folds.screen_again(later) == 1
    assert (row_of(one).verdict, row_of(one).verdict_until) == (Verdict.LATER, date(2020, 2, 29))
    assert [status_of(one), status_of(two)] == [PassStatus.SUSPENDED, PassStatus.LIVE]
    assert ledger_folds.screen_again(later) == 0


def test_a_document_that_comes_later_is_seen(works: Works) -> None:
    new = make_employee("郭敏", works.firms[0].id)
    take(works, stayed(new))
    accept(works)
    assert row_of(new).missing == "document"
    assert ledger_folds.screen_again(MORNING) == 0
    give_document(new, 77)
    assert ledger_folds.screen_again(MORNING) == 1
    assert status_of(new) == PassStatus.LIVE


def test_a_pass_that_came_into_force_for_somebody_suspended_is_stopped(works: Works) -> None:
    one, two, _three = works.firms[0].people
    take(works, stayed(one), stayed(two))
    accept(works)
    set_state(one, StaffState.SUSPENDED)
    passes.restore(passes=[pass_of(one)], reason="误操作", by="guard", now=MORNING)
    assert ledger_folds.stop_uncleared(MORNING) == 1
    assert [status_of(one), status_of(two)] == [PassStatus.SUSPENDED, PassStatus.LIVE]
    assert ledger_folds.stop_uncleared(MORNING) == 0


def test_a_pass_off_the_ledger_is_a_gap_a_day_until_it_is_mended(works: Works) -> None:
    one, two, _three = works.firms[0].people
    take(works, stayed(one), stayed(two))
    accept(works)
    Returning.objects.filter(person_id=two.pk).update(until_us=clock.to_us(MORNING))
    assert ledger_folds.compare_with_gates(MORNING) == 1
    assert ledger_folds.compare_with_gates(MORNING + timedelta(minutes=5)) == 0
    assert ledger_folds.compare_with_gates(MORNING + DAY) == 1
    given = OneOff.objects.filter(source__startswith="ledger:")
    assert {row.role for row in given} == {Role.BUILDING_PARTY_WORKER}
    assert all("银杏贸易" in row.title and two.name not in row.title for row in given)
    take(works, stayed(two))
    assert ledger_folds.compare_with_gates(MORNING + DAY) == 2
    assert not Duty.objects.filter(one_off__in=given, deadline_us__isnull=False).exists()


def test_who_was_let_in_and_is_not_on_the_ledger(works: Works) -> None:
    one, two, _three = works.firms[0].people
    take(works, stayed(one))
    accept(works)
    entered(works, one)
    assert ledger_folds.compare_with_gates(MORNING) == 0
    entered(works, two)
    assert ledger_folds.compare_with_gates(MORNING) == 1
    found = ledger_folds.unequal(MORNING)[works.firms[0].id, works.towers[0].id]
    assert found.entered_unlisted == {two.pk}


def test_before_a_filing_is_accepted_there_is_nothing_to_compare(works: Works) -> None:
    entered(works, works.firms[0].people[0])
    assert ledger_folds.compare_with_gates(MORNING) == 0


def test_who_was_let_in_before_being_cleared_is_marked(works: Works) -> None:
    one, two, _three = works.firms[0].people
    take(works, came(one, date(2020, 2, 10), "420100"), stayed(two))
    accept(works)
    entered(works, one, MORNING - timedelta(hours=1))
    assert ledger_folds.compare_with_gates(MORNING) == 0
    entered(works, one, MORNING + timedelta(hours=1))
    assert ledger_folds.compare_with_gates(MORNING + timedelta(hours=2)) == 2
    assert row_of(one).marks == Mark.ENTERED
    set_state(one, StaffState.LEFT, "")
    assert ledger_folds.compare_with_gates(MORNING + timedelta(hours=3)) == 1
