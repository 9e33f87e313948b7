"""The queue of filings, each filing with what may be done, and the enterprises' own pages."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.accounts.actions import grant
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.registry.models import Enterprise, Subject
from fangxian.shared.ids import new_id
from fangxian.workplaces.actions import filings
from fangxian.workplaces.models import Filing, FilingAct, FilingStatus, FilingStep, Firm, FirmPost, Visit
from fangxian.workplaces.rules import Actor, acts_open
from tests.support.desk import at_desk
from tests.support.filed import PHONE, PLAN_TEXT, ready, stand
from tests.support.works import MORNING, Works, make_enterprise, make_works

OIL = "91110000710926094P"


@pytest.fixture
def works(db: None) -> Iterator[Works]:
    with time_machine.travel(MORNING, tick=False):
        yield make_works()


def _desk(staff: Staff, language: str = "en") -> Client:
    return at_desk(staff, language=language, now=MORNING)


def _page(client: Client, filing: Filing) -> str:
    return client.get(reverse("filings:filing", args=[filing.id])).content.decode()


def _act(client: Client, filing: Filing, act: str, **more: object) -> str:
    row = Filing.objects.get(id=filing.id)
    data = {"act": act, "seen": f"{row.status}:{row.version}"} | more
    return client.post(reverse("filings:act", args=[filing.id]), data, follow=True).content.decode()


@pytest.mark.parametrize("status", list(FilingStatus))
def test_only_buttons_that_are_open_are_shown(works: Works, status: FilingStatus) -> None:
    filing = stand(ready(works), status)
    who = {
        works.towers[0].worker: {Actor.FIRM, Actor.WORKER}, works.leader: {Actor.STREET},
        works.head: {Actor.FIRM, Actor.WORKER, Actor.STREET}, works.towers[0].manager: set[Actor](),
    }  # fmt: skip
    for staff, actors in who.items():
        page = _page(_desk(staff), filing)
        shown = {act for act in FilingAct if f'name="act" value="{act}"' in page}
        assert shown == set(acts_open(status, actors)) - {FilingAct.SUBMIT}, staff.username


def test_from_sent_in_to_accepted_by_three_people(works: Works) -> None:
    filing = ready(works)
    filings.act(
        filing=filing, act=FilingAct.SUBMIT, actors={Actor.FIRM}, by=works.firms[0].hr.actor, now=MORNING
    )  # fmt: skip
    worker, leader = _desk(works.towers[0].worker), _desk(works.leader)
    page = _page(worker, filing)
    for said in (
        PLAN_TEXT,
        "九楼东侧小会议室",
        "138****5678",
        "3: 3 pass now, 0 after observation, 0 not yet known",
        "林晓",
    ):
        assert said in page, said
    assert PHONE not in page
    assert "endorsed." in _act(worker, filing, "endorse")
    assert "accepted." in _act(leader, filing, "accept")
    assert Filing.objects.get().status == FilingStatus.ACCEPTED
    stopped = _act(leader, filing, "suspend", text="两处测温点无人")
    assert "两处测温点无人" in stopped
    assert [step.act for step in FilingStep.objects.order_by("id")] == ["submit", "endorse", "accept", "suspend"]


def test_the_manager_of_a_building_looks_and_decides_nothing(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.SUBMITTED)
    manager = _desk(works.towers[0].manager)
    assert "is not open to you" in _act(manager, filing, "endorse")
    assert Filing.objects.get().status == FilingStatus.SUBMITTED
    manager.post(reverse("filings:phone", args=[filing.id]))
    assert not Entry.objects.filter(act="workplaces.filing.phone-read").exists()


def test_a_worker_of_another_building_finds_no_filing(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.SUBMITTED)
    stranger = _desk(works.towers[1].worker)
    for name in ("filing", "act", "phone"):
        address = reverse(f"filings:{name}", args=[filing.id])
        answer = stranger.get(address) if name == "filing" else stranger.post(address)
        assert answer.status_code == 404, name
    assert works.firms[0].enterprise.name not in stranger.get(reverse("filings:list")).content.decode()


def test_nobody_decides_about_their_own(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.ENDORSED)
    grant(staff=works.head, role=Role.ENTERPRISE_HR, subject=filing.enterprise_id, by="test", now=MORNING)
    head = _desk(works.head)
    page = _page(head, filing)
    assert 'name="act"' not in page
    assert "Somebody else decides about it." in page
    _act(head, filing, "accept")
    assert Filing.objects.get().status == FilingStatus.ENDORSED


def test_two_people_with_the_same_page_open(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.SUBMITTED)
    seen = "submitted:0"
    first, second = _desk(works.towers[0].worker), _desk(works.head)
    _act(first, filing, "return", reason=["plan"])
    address = reverse("filings:act", args=[filing.id])
    late = second.post(address, {"act": "endorse", "seen": seen}, follow=True).content.decode()
    assert "has changed since this page was opened" in late
    assert FilingStep.objects.count() == 1


def test_the_number_is_opened_by_who_decides_and_that_is_recorded(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.SUBMITTED)
    worker = _desk(works.towers[0].worker)
    assert "+86" + PHONE in worker.post(reverse("filings:phone", args=[filing.id])).content.decode()
    assert Entry.objects.get(act="workplaces.filing.phone-read").actor == works.towers[0].worker.actor


def test_the_queue_is_by_age_and_what_waits_too_long_is_red(works: Works) -> None:
    old = stand(ready(works), FilingStatus.SUBMITTED)
    late = MORNING + timedelta(hours=30)
    with time_machine.travel(late, tick=False):
        fresh = ready(works, 1, now=late)
        filings.act(filing=fresh, act=FilingAct.SUBMIT, actors={Actor.FIRM}, by="test", now=late)
        desk = at_desk(works.head, now=late)
        page = desk.get(reverse("filings:list")).content.decode()
        assert page.index("银杏贸易有限公司") < page.index("云帆软件有限公司")
        assert page.count("text-gap") == 2  # the sentence above the table, and one row
        assert "1 day 6 hours · overdue" in page
        other = desk.get(reverse("filings:list"), {"building": str(works.towers[1].id)}).content.decode()
        assert "No filing here." in other
        assert "银杏贸易有限公司" not in desk.get(reverse("filings:list"), {"state": "accepted"}).content.decode()
        _act(desk, old, "return", reason=["plan"])
        assert "overdue" in _page(desk, old)


def test_facts_are_corrected_and_the_old_name_stays(works: Works) -> None:
    firm = works.firms[0]
    head = _desk(works.head)
    data = {
        "name": "中化石化销售有限公司", "aliases": "中石化销售\n银杏", "uscc": OIL, "headcount": "40",
        "landlord": "虹桥国资", "landlord_soe": "yes",
    }  # fmt: skip
    page = head.post(reverse("firms:facts", args=[firm.id]), data, follow=True).content.decode()
    for said in ("中石化销售", "银杏贸易有限公司", OIL, "虹桥国资 · state-owned"):
        assert said in page, said
    assert "中化石化销售有限公司" in head.get(reverse("firms:list"), {"q": "中石化"}).content.decode()
    assert "No enterprise matches" in head.get(reverse("firms:list"), {"q": "没有这家"}).content.decode()


def test_the_same_credit_code_under_two_names_is_offered_as_one(works: Works) -> None:
    firm = works.firms[0]
    twin = make_enterprise("银杏贸易（上海）有限公司", [works.towers[0].units[17]], OIL)
    head = _desk(works.head)
    data = {"name": firm.enterprise.name, "uscc": OIL, "landlord_soe": ""}
    answer = head.post(reverse("firms:facts", args=[firm.id]), data)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert f'name="other" value="{twin.subject_id}"' in page
    head.post(reverse("firms:same", args=[firm.id]), {"other": str(twin.subject_id)})
    assert Subject.objects.get(id=firm.id).merged_into_id == twin.subject_id
    assert Enterprise.objects.get(subject_id=twin.subject_id).aliases == ["银杏贸易有限公司"]
    moved = head.get(reverse("firms:firm", args=[firm.id]))
    assert moved.url == reverse("firms:firm", args=[twin.subject_id])  # type: ignore[attr-defined]  # a redirect
    # the enterprise's own people still find their desk, and both rooms
    hr = _desk(firm.hr)
    assert "银杏贸易（上海）有限公司" in hr.get(reverse("firm:home")).content.decode()
    assert head.post(reverse("firms:same", args=[twin.subject_id]), {"other": "nonsense"}).status_code == 404


def test_a_visit_a_worker_and_posts_are_written_on_the_page(works: Works) -> None:
    firm, worker = works.firms[0], works.towers[0].worker
    desk = _desk(worker)
    desk.post(reverse("firms:worker", args=[firm.id]), {"worker": str(worker.id)})
    assert Firm.objects.get(enterprise_id=firm.id).worker == worker.id
    desk.post(reverse("firms:worker", args=[firm.id]), {"worker": str(works.leader.id)})
    assert Firm.objects.get(enterprise_id=firm.id).worker == worker.id
    key = new_id()
    for _turn in range(2):
        data = {"id": str(key), "observed_at": "2020-02-17T06:30", "note": "测温点齐全"}
        desk.post(reverse("firms:visit", args=[firm.id]), data)
    assert Visit.objects.get().note == "测温点齐全"
    desk.post(reverse("firms:visit", args=[firm.id]), {"id": str(new_id()), "observed_at": "2020-02-18T06:30"})
    assert Visit.objects.count() == 1
    desk.post(reverse("firms:posts", args=[firm.id]), {"clean": "王阿姨、李阿姨"})
    assert FirmPost.objects.filter(kind="clean").count() == 2
    page = desk.get(reverse("firms:firm", args=[firm.id])).content.decode()
    for said in ("楼宇党群1", "测温点齐全", "王阿姨", "9层"):
        assert said in page, said
    assert desk.get(reverse("firms:firm", args=[works.firms[2].id])).status_code == 404


def test_no_page_asks_too_much(works: Works) -> None:
    filing = stand(ready(works), FilingStatus.SUBMITTED)
    firm = works.firms[0]
    head = _desk(works.head)
    head.post(reverse("firms:worker", args=[firm.id]), {"worker": str(works.towers[0].worker.id)})
    pages = [
        reverse("filings:list"), reverse("filings:filing", args=[filing.id]), reverse("firms:list"),
        reverse("firms:firm", args=[firm.id]),
    ]  # fmt: skip
    over = {}
    for page in pages:
        head.get(page)
        with CaptureQueriesContext(connection) as asked:
            assert head.get(page).status_code == 200, page
        if len(asked) > 12:
            over[page] = len(asked)
    assert over == {}
