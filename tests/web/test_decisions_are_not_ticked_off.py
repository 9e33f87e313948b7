"""A duty to check or decide about a filing leads to the filing; saying that it is done does not settle it."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from fangxian.accounts.models import Staff
from fangxian.duties import actions, gap_queries
from fangxian.duties.actions.sweep import sweep
from fangxian.duties.models import Duty, Gap, GapStatus
from fangxian.workplaces.actions import filings
from fangxian.workplaces.models import Filing, FilingAct
from fangxian.workplaces.rules import Actor
from tests.support.desk import at_desk
from tests.support.filed import ready
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db


def act(filing: Filing, name: FilingAct, actor: Actor) -> None:
    row = Filing.objects.get(id=filing.id)
    filings.act(filing=row, act=name, actors={actor}, by=f"test-{actor}", now=MORNING)


def sent(works: Works) -> tuple[Filing, dict[str, Duty]]:
    filing = ready(works)
    act(filing, FilingAct.SUBMIT, Actor.FIRM)
    rows = Duty.objects.filter(one_off__source__startswith="filing:").select_related("one_off")
    return filing, {"check" if row.one_off.source.endswith(":check") else "decide": row for row in rows}


def given(staff: Staff) -> list[str]:
    return [line.source for line in gap_queries.my_one_offs(staff, MORNING, limit=20)]


def test_the_first_page_leads_to_the_filing_and_has_no_button_done() -> None:
    works = make_works()
    with time_machine.travel(MORNING, tick=False):
        filing, duties = sent(works)
        address = reverse("filings:filing", args=[filing.id])
        for staff, which in ((works.towers[0].worker, "check"), (works.head, "decide")):
            duty, desk = duties[which], at_desk(staff, now=MORNING)
            assert duty.one_off.source in given(staff)
            done = reverse("given:done", args=[duty.id])
            page = desk.get("/").content.decode()
            assert f'href="{address}"' in page
            assert f'action="{done}"' not in page
            answer = desk.post(done, follow=True)
            assert answer.redirect_chain[0][0] == address
            assert "off your list once the filing is decided" in answer.content.decode()
            assert duty.one_off.source in given(staff)
        act(filing, FilingAct.ENDORSE, Actor.WORKER)
        assert given(works.towers[0].worker) == []
        act(filing, FilingAct.ACCEPT, Actor.STREET)
        assert not [source for source in given(works.head) if source.startswith("filing:")]


def test_what_a_person_gave_is_still_done_by_saying_so() -> None:
    works = make_works()
    worker = works.towers[0].worker
    with time_machine.travel(MORNING, tick=False):
        duty = actions.give(
            title="看北门的锁", place=works.towers[0].building, until=MORNING + timedelta(hours=1),
            staff=worker.id, by="test", now=MORNING,
        )  # fmt: skip
        desk, done = at_desk(worker, now=MORNING), reverse("given:done", args=[duty.id])
        assert f'action="{done}"' in desk.get("/").content.decode()
        desk.post(done)
        assert given(worker) == []


def test_its_gap_is_closed_by_the_decision_alone() -> None:
    works = make_works()
    with time_machine.travel(MORNING, tick=False):
        filing, duties = sent(works)
    late = MORNING + timedelta(days=4)
    with time_machine.travel(late, tick=False):
        sweep(now=late)
        gap = Gap.objects.get(duty=duties["decide"])
        desk = at_desk(works.head, now=late)
        page = desk.get(reverse("gaps:gap", args=[gap.id])).content.decode()
        assert f'href="{reverse("filings:filing", args=[filing.id])}"' in page
        assert reverse("gaps:done", args=[gap.id]) not in page
        desk.post(reverse("gaps:done", args=[gap.id]), {"observed_at": "2020-02-17T08:00", "text": "办了"})
        gap.refresh_from_db()
        assert gap.status == GapStatus.OPEN
        act(filing, FilingAct.ENDORSE, Actor.WORKER)
        act(filing, FilingAct.ACCEPT, Actor.STREET)
        gap.refresh_from_db()
        assert gap.status == GapStatus.CLOSED
