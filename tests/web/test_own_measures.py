"""An enterprise declares what it changed of its own accord; the building and its inspectors see it."""

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.workplaces.models import Measure, MeasureKind
from tests.support.desk import at_desk
from tests.support.works import MORNING, Works, make_works


@pytest.fixture
def works(db: None) -> Iterator[Works]:
    with time_machine.travel(MORNING, tick=False):
        yield make_works()


def to(works: Works, name: str, firm: int = 0, **more: object) -> str:
    return reverse(
        f"firm:{name}", kwargs={"enterprise_id": works.firms[firm].id, "place_id": works.towers[0].id} | more
    )


def test_a_measure_is_declared_seen_by_the_building_and_ended(works: Works) -> None:
    hr = at_desk(works.firms[0].hr, now=MORNING)
    address = to(works, "measures")
    assert f'href="{address}"' in hr.get(to(works, "desk")).content.decode()
    for kind in MeasureKind:
        said = {"kind": kind.value, "text": f"说明{kind.value}", "since": "2020-02-10"}
        for _twice in range(2):
            assert hr.post(address, said).status_code == 302, kind
    assert Measure.objects.filter(enterprise_id=works.firms[0].id).count() == len(MeasureKind)
    row = Measure.objects.get(kind=MeasureKind.ONLINE_ONLY)
    assert (row.since, row.place_id, row.by) == (date(2020, 2, 10), works.towers[0].id, works.firms[0].hr.actor)
    building = at_desk(works.towers[0].worker, now=MORNING).get(reverse("buildings:tenants", args=[works.towers[0].id]))
    assert "说明online" in building.content.decode()
    with CaptureQueriesContext(connection) as ran:
        page = hr.get(address).content.decode()
    assert len(ran) <= 12
    assert "说明online" in page
    assert "not looked at yet" in page
    assert hr.post(to(works, "end-measure", measure_id=row.id)).status_code == 302
    row.refresh_from_db()
    assert row.until == date(2020, 2, 17)
    assert to(works, "end-measure", measure_id=row.id) not in hr.get(address).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "other", "text": "", "since": "2020-02-10"},
        {"kind": "online", "text": "", "since": ""},
        {"kind": "online", "text": "", "since": "2000-01-01"},
        {"kind": "magic", "text": "", "since": "2020-02-10"},
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(works: Works, wrong: dict[str, str]) -> None:
    answer = at_desk(works.firms[0].hr, now=MORNING).post(to(works, "measures"), wrong)
    assert answer.status_code == 400
    assert answer.context["form"].errors
    assert 'role="alert"' in answer.content.decode() or "aria-invalid" in answer.content.decode()
    assert not Measure.objects.exists()


def test_another_enterprises_measures_do_not_exist(works: Works) -> None:
    said = {"kind": "remote", "text": "", "since": "2020-02-10"}
    at_desk(works.firms[0].hr, now=MORNING).post(to(works, "measures"), said)
    row = Measure.objects.get()
    other = at_desk(works.firms[1].hr, now=MORNING)
    assert other.get(to(works, "measures")).status_code == 404
    assert other.post(to(works, "measures"), said | {"text": "别人"}).status_code == 404
    assert other.post(to(works, "end-measure", measure_id=row.id)).status_code == 404
    assert other.post(to(works, "end-measure", 1, measure_id=row.id)).status_code == 404
    row.refresh_from_db()
    assert row.until is None
    assert Measure.objects.count() == 1
