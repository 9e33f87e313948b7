"""The daily report: one for the team, corrected by a second, and what follows from a fever."""

from datetime import timedelta
from uuid import UUID

import pytest

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty, OneOff
from fangxian.gates.models import PassStatus
from fangxian.shared import clock
from fangxian.workplaces.actions import daily
from fangxian.workplaces.actions.daily import NewLine
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import DayLine, DayReport, Health, StaffState
from fangxian.workplaces.playbook import HEALTH
from fangxian.workplaces.returning import Mark
from tests.domain.test_returning import accept, give_document, row_of, set_state, status_of, stayed, take
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NINE = MORNING + timedelta(hours=2)
TODAY = clock.local_day(MORNING)


@pytest.fixture
def works() -> Works:
    made = make_works()
    for number, person in enumerate(made.firms[0].people):
        give_document(person, number)
    take(made, *(stayed(person) for person in made.firms[0].people))
    accept(made)
    return made


def enrol(works: Works) -> None:
    tower = works.towers[0]
    duties.enrol(
        cohort=HEALTH, members=[duties.NewMember(works.firms[0].id, tower.id, tower.grid.id)], by="test", now=MORNING
    )


def send(works: Works, *lines: NewLine, tower: int = 0) -> daily.Reported:
    return daily.report(
        enterprise=works.firms[0].enterprise.subject, place=works.towers[tower].building, day=TODAY, lines=lines,
        by="test", now=NINE,
    )  # fmt: skip


def owed(works: Works) -> Duty:
    return Duty.objects.get(subject_id=works.firms[0].id, rule__key="firm-health-report")


def test_all_well_with_one_step(works: Works) -> None:
    enrol(works)
    before = owed(works).deadline_us
    done = send(works)
    assert (done.report.expected, done.report.well, done.first, done.stopped) == (3, 3, True, 0)
    after = owed(works).deadline_us
    assert before is not None
    assert after is not None
    assert after > before


def test_a_fever_keeps_from_work_and_tells_without_a_name(works: Works) -> None:
    one, two, _three = works.firms[0].people
    done = send(works, NewLine(one.pk, Health.FEVER, 378), NewLine(two.pk, Health.AWAY))
    assert (done.report.well, done.stopped) == (1, 1)
    assert [status_of(one), status_of(two)] == [PassStatus.SUSPENDED, PassStatus.LIVE]
    assert (row_of(one).state, row_of(one).marks) == (StaffState.SUSPENDED, Mark.HEALTH)
    given = OneOff.objects.get()
    assert given.role == Role.HEALTH_STAFF
    assert one.name not in given.title
    assert "银杏贸易" in given.title


def test_a_second_report_corrects_and_brings_nobody_back(works: Works) -> None:
    one, two, _three = works.firms[0].people
    send(works, NewLine(one.pk, Health.SYMPTOMS))
    again = send(works, NewLine(two.pk, Health.ABSENT))
    assert (again.first, DayReport.objects.count()) == (False, 1)
    assert [line.person_id for line in DayLine.objects.all()] == [two.pk]
    assert row_of(one).state == StaffState.SUSPENDED
    assert status_of(one) == PassStatus.SUSPENDED
    set_state(one, StaffState.ACTIVE, "复测正常")
    assert status_of(one) == PassStatus.LIVE


def test_the_health_centre_is_told_once_and_again_for_somebody_new(works: Works) -> None:
    one, two, _three = works.firms[0].people
    send(works, NewLine(one.pk, Health.FEVER, 381))
    send(works, NewLine(one.pk, Health.FEVER, 379))
    assert OneOff.objects.count() == 1
    duties.done(duty=OneOff.objects.get().duty, by="test", now=NINE)
    send(works, NewLine(one.pk, Health.FEVER, 379))
    assert OneOff.objects.count() == 1
    send(works, NewLine(one.pk, Health.FEVER, 379), NewLine(two.pk, Health.CONTACT))
    assert OneOff.objects.count() == 2


def test_what_cannot_be_is_refused_whole(works: Works) -> None:
    one = works.firms[0].people[0]
    for lines in (
        (NewLine(one.pk, Health.FEVER),),
        (NewLine(one.pk, Health.FEVER, 36),),
        (NewLine(one.pk, Health.AWAY), NewLine(one.pk, Health.ABSENT)),
        (NewLine(UUID(int=3), Health.AWAY),),
    ):
        with pytest.raises(WorkplaceError):
            send(works, *lines)
    with pytest.raises(WorkplaceError):
        daily.report(
            enterprise=works.firms[0].enterprise.subject, place=works.towers[0].building,
            day=TODAY + timedelta(days=1), lines=(), by="test", now=NINE,
        )  # fmt: skip
    assert not DayReport.objects.exists()
    assert row_of(one).state == StaffState.ACTIVE


def test_a_tenant_of_two_buildings_has_reported_with_the_second(works: Works) -> None:
    take(works, stayed(works.firms[0].people[0]), tower=1)
    accept(works, tower=1)
    enrol(works)
    before = owed(works).deadline_us
    send(works)
    assert owed(works).deadline_us == before
    send(works, tower=1)
    assert owed(works).deadline_us != before
