"""Two lists of one enterprise at the same moment: everybody is on the ledger once."""

import pytest

from fangxian.workplaces.actions import returning
from fangxian.workplaces.models import Returning
from tests.domain.test_returning import stayed
from tests.support.threads import at_once
from tests.support.works import MORNING, make_employee, make_works


@pytest.mark.django_db(transaction=True)
def test_two_lists_at_once_put_everybody_on_the_ledger_once() -> None:
    works = make_works()
    people = [make_employee(f"员工{number}", works.firms[0].id) for number in range(30)]
    rows = [stayed(person) for person in people]

    reports = list[returning.PutReport]()

    def send() -> None:
        reports.append(
            returning.put_many(
                enterprise=works.firms[0].enterprise.subject, place=works.towers[0].building, rows=rows, by="test",
                now=MORNING,
            )
        )  # fmt: skip

    at_once(send, send)
    assert Returning.objects.filter(until_us__isnull=True).count() == len(people)
    assert sum(report.created for report in reports) == len(people)
    assert all(report.created + report.updated + report.unchanged == len(people) for report in reports)
