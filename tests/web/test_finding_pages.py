"""Findings on pages: whose turn it is, what each may press, and what a photo leaves in the audit."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.actions.sweep import sweep
from fangxian.gates.actions import passes
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.models import PassKind
from fangxian.inspections.actions import assign, findings
from fangxian.inspections.actions.photos import keep_photo
from fangxian.inspections.models import Finding, FindingAct, FindingStatus, FindingStep, Occasion
from fangxian.inspections.rules import Actor
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.desk import at_desk
from tests.support.pictures import portrait
from tests.support.walks import find
from tests.support.works import MORNING, Works, make_staff, make_works

pytestmark = pytest.mark.django_db
SEEN = MORNING + timedelta(hours=2)
NOW = MORNING + timedelta(hours=2, minutes=30)
TODAY = clock.local_day(NOW)


@pytest.fixture
def works() -> Iterator[Works]:
    with time_machine.travel(NOW, tick=False):
        yield make_works()


@pytest.fixture
def red(works: Works) -> Finding:
    """Two people of the blue zone cannot come in."""
    for zone in "BBR":
        new = NewPass(
            kind=PassKind.VISITOR, place_id=works.towers[0].id, holder="访客", zone=zone,
            from_us=clock.to_us(MORNING), until_us=clock.to_us(MORNING + timedelta(days=9)),
        )  # fmt: skip
        passes.issue(passes=[new], by="test", now=MORNING)
    return find(works.towers[0].building, works.towers[1].worker, SEEN, spot="地库口", zone="B", note="无人测温")


def desk(staff: Staff) -> Client:
    return at_desk(staff, now=NOW)


def picture(name: str = "a.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content if content is not None else portrait(), "image/jpeg")


def press(client: Client, row: Finding, act: FindingAct, **more: object) -> str:
    """The status after it."""
    address = reverse("findings:act", args=[row.id])
    answer = client.post(address, {"act": act.value, **more})
    assert answer.status_code in (302, 400), answer.content
    row.refresh_from_db()
    return row.status


def buttons(client: Client, row: Finding) -> list[str]:
    page = client.get(reverse("findings:finding", args=[row.id]))
    assert page.status_code == 200
    return [act for act, _label, _form in page.context["forms"]]


def test_each_sees_the_buttons_of_who_they_are_here(works: Works, red: Finding) -> None:
    manager, inspector, head = (desk(one) for one in (works.towers[0].manager, works.towers[1].worker, works.head))
    own = desk(works.towers[0].worker)
    assign.assign(
        place=works.towers[0].building, day=TODAY, inspector=works.towers[1].worker.id, occasion=Occasion.DAILY,
        by="test", now=NOW,
    )  # fmt: skip
    assert buttons(manager, red) == ["plan", "mend"]
    assert buttons(inspector, red) == ["plan"]
    assert buttons(head, red) == ["plan", "mend", "annul"]
    assert press(manager, red, FindingAct.MEND, text="已加派", photos=[picture()]) == FindingStatus.MENDED
    assert buttons(manager, red) == []
    assert buttons(own, red) == []
    assert buttons(inspector, red) == ["pass", "fail"]
    assert buttons(head, red) == ["pass", "fail", "annul"]
    elsewhere = desk(works.towers[1].manager)
    assert elsewhere.get(reverse("findings:finding", args=[red.id])).status_code == 404


def test_nobody_passes_what_they_reported_themselves(works: Works, red: Finding) -> None:
    head = desk(works.head)
    assert press(head, red, FindingAct.MEND, photos=[picture()]) == FindingStatus.MENDED
    assert buttons(head, red) == ["annul"]
    assert press(head, red, FindingAct.PASS) == FindingStatus.MENDED


def test_what_is_not_open_to_somebody_changes_nothing_when_sent_anyway(works: Works, red: Finding) -> None:
    manager = desk(works.towers[0].manager)
    assert press(manager, red, FindingAct.PASS) == FindingStatus.OPEN
    assert press(manager, red, FindingAct.ANNUL, text="x") == FindingStatus.OPEN
    assert manager.post(reverse("findings:act", args=[red.id]), {"act": "again"}).status_code == 404
    assert manager.post(reverse("findings:act", args=[red.id]), {"act": "nonsense"}).status_code == 404


def test_a_red_one_is_put_right_with_a_photo_only(works: Works, red: Finding) -> None:
    manager = desk(works.towers[0].manager)
    address = reverse("findings:act", args=[red.id])
    answer = manager.post(address, {"act": "mend", "text": "已加派"})
    assert answer.status_code == 400
    assert "Take at least one photo" in answer.content.decode()
    assert "已加派" in answer.content.decode()
    huge = picture(content=b"\xff\xd8" + bytes(40 * 1024 * 1024))
    answer = manager.post(address, {"act": "mend", "text": "已加派", "photos": [huge]})
    assert answer.status_code == 400
    assert "The file is too large" in answer.content.decode()
    red.refresh_from_db()
    assert red.status == FindingStatus.OPEN
    assert press(manager, red, FindingAct.MEND, photos=[picture(), picture("b.jpg", portrait("#aa4422"))]) == "mended"
    assert len(FindingStep.objects.get(act=FindingAct.MEND).photos) == 2


def test_a_plan_says_who_what_and_until_when(works: Works, red: Finding) -> None:
    manager = desk(works.towers[0].manager)
    until = clock.local(NOW + timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M")
    past = clock.local(NOW - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M")
    assert press(manager, red, FindingAct.PLAN, plan_who="保安队长", plan_until=until) == FindingStatus.OPEN
    plan = {"plan_who": "保安队长", "plan_what": "加派测温员"}
    assert press(manager, red, FindingAct.PLAN, **plan, plan_until=past) == FindingStatus.OPEN
    assert press(manager, red, FindingAct.PLAN, **plan, plan_until=until) == FindingStatus.PLANNED
    page = manager.get(reverse("findings:finding", args=[red.id])).content.decode()
    assert "加派测温员" in page


def test_the_page_tells_whom_it_keeps_out_and_when_they_may_come_again(works: Works, red: Finding) -> None:
    manager, head = desk(works.towers[0].manager), desk(works.head)
    page = manager.get(reverse("findings:finding", args=[red.id])).content.decode()
    assert "Passes of the blue zone are suspended since 17 Feb 09:00: 2 people." in page
    assert "无人测温" in page
    press(manager, red, FindingAct.MEND, photos=[picture()])
    assert press(head, red, FindingAct.PASS) == FindingStatus.CLOSED
    page = manager.get(reverse("findings:finding", args=[red.id])).content.decode()
    assert "Passes of the blue zone were suspended from 17 Feb 09:00 to 17 Feb 09:30: 2 people." in page


def test_opening_a_photo_is_in_the_audit(works: Works, red: Finding) -> None:
    manager = desk(works.towers[0].manager)
    press(manager, red, FindingAct.MEND, photos=[picture()])
    step = FindingStep.objects.get(act=FindingAct.MEND)
    address = reverse("findings:photo", args=[red.id, step.id, step.photos[0]])
    answer = manager.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    entry = Entry.objects.get(act="inspections.photo.opened")
    assert (entry.actor, entry.target) == (works.towers[0].manager.actor, f"finding:{red.id}")
    other = keep_photo(content=portrait("#000000"), name="b.jpg", by="test", now=NOW)
    assert manager.get(reverse("findings:photo", args=[red.id, step.id, other])).status_code == 404
    assert manager.get(reverse("findings:photo", args=[red.id, new_id(), step.photos[0]])).status_code == 404
    assert desk(works.towers[1].manager).get(address).status_code == 404


def test_the_list_has_mine_first_then_by_urgency_and_names_who_is_late(
    works: Works, red: Finding, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    here, there = works.towers[0].building, works.towers[1].building
    white = find(here, works.head, SEEN - timedelta(minutes=30), "F2")
    amber = find(there, works.head, SEEN - timedelta(minutes=20), "D1")
    late = SEEN + timedelta(hours=1, minutes=20)
    Staff.objects.filter(id=works.head.id).update(phone="021-52540001")
    sweep(now=late, polite=False)
    with time_machine.travel(late, tick=False):
        manager, head = desk(works.towers[0].manager), desk(works.head)
        mine = manager.get(reverse("findings:list")).context["rows"]
        assert [(row.line.id, row.mine) for row in mine] == [(red.id, True), (white.id, True)]
        head.get(reverse("findings:list"))
        with django_assert_max_num_queries(12):
            page = head.get(reverse("findings:list"))
        rows = page.context["rows"]
        assert [row.line.id for row in rows] == [red.id, amber.id, white.id]
        assert [row.line.overdue for row in rows] == [True, False, False]
        assert [person.name for person in rows[0].owner.people] == ["科室负责人"]
        assert "021-52540001" in page.content.decode()
        overdue = head.get(reverse("findings:list"), {"status": "overdue"}).context["rows"]
        assert [row.line.id for row in overdue] == [red.id]
        assert [
            row.line.id for row in head.get(reverse("findings:list"), {"place": str(there.id)}).context["rows"]
        ] == [amber.id]
        assert [row.line.id for row in head.get(reverse("findings:list"), {"area": "D"}).context["rows"]] == [amber.id]
        assert [row.line.id for row in head.get(reverse("findings:list"), {"item": "F2"}).context["rows"]] == [white.id]
        assert [row.line.id for row in head.get(reverse("findings:list"), {"severity": "red"}).context["rows"]] == [
            red.id
        ]
        odd = head.get(reverse("findings:list"), {"place": "x", "severity": "pink", "status": "odd"})
        assert odd.status_code == 200


def test_the_pages_stay_within_twelve_queries(
    works: Works, red: Finding, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    manager, head = desk(works.towers[0].manager), desk(works.head)
    for client, address in (
        (manager, reverse("findings:finding", args=[red.id])), (head, reverse("findings:trends")),
        (head, reverse("findings:new")), (head, reverse("inspect:plan")), (head, reverse("inspect:today")),
        (head, reverse("inspect:inspection", args=[red.inspection_id])),
    ):  # fmt: skip
        client.get(address)
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200, address


def test_a_leader_reports_what_was_seen_on_a_tour(works: Works) -> None:
    leader = desk(works.leader)
    place = works.towers[0].building
    sent = {
        "place": str(place.id), "title": "大堂聚集", "severity": "amber", "spot": "大堂", "note": "20人等电梯",
        "photos": [picture()],
    }  # fmt: skip
    answer = leader.post(reverse("findings:new"), sent)
    row = Finding.objects.get()
    assert answer.status_code == 302
    assert (row.title, row.severity, row.item, row.by) == ("大堂聚集", "amber", "", works.leader.actor)
    assert len(row.steps.get().photos) == 1
    assert leader.post(reverse("findings:new"), {**sent, "title": ""}).status_code == 400
    own = desk(works.towers[0].worker)
    assert own.post(reverse("findings:new"), {**sent, "photos": []}).status_code == 403
    assert Finding.objects.count() == 1


def test_trends_count_by_item_place_and_area(works: Works, red: Finding) -> None:
    find(works.towers[0].building, works.head, NOW - timedelta(minutes=5), spot="地库口", zone="B")
    find(works.towers[1].building, works.head, NOW, "D1")
    page = desk(works.head).get(reverse("findings:trends"))
    parts = {key: [(line.key, line.sightings) for line in lines] for key, lines, _most in page.context["parts"]}
    assert parts["item"] == [("A2", 2), ("D1", 1)]
    assert parts["area"] == [("A", 2), ("D", 1)]
    assert [number for _key, number in parts["place"]] == [2, 1]
    columns = page.context["columns"]
    assert (len(columns), columns[-1].day.found, columns[-1].found_height) == (14, 2, 120)
    mine = desk(works.towers[1].manager).get(reverse("findings:trends"))
    assert [lines for key, lines, _most in mine.context["parts"] if key == "item"][0][0].key == "D1"


def test_the_section_head_moves_an_inspection_and_draws_unannounced_ones(works: Works) -> None:
    head = desk(works.head)
    day = (TODAY + timedelta(days=1)).isoformat()
    assert head.post(reverse("inspect:share"), {"day": day}).status_code == 302
    rows = head.get(reverse("inspect:plan"), {"day": day}).context["rows"]
    lines = {row.line.place: row for row in rows}
    assert {row.line.inspector for row in rows}.isdisjoint({works.leader.name})
    first = lines["虹桥大厦"]
    assert first.line.inspector != works.towers[0].worker.name
    assert works.towers[0].worker.id not in {one.id for one in first.others}
    move = {"day": day, "place": str(first.line.place_id), "occasion": "daily"}
    head.post(reverse("inspect:move"), {**move, "inspector": str(works.leader.id)})
    head.post(reverse("inspect:move"), {**move, "inspector": str(works.towers[0].worker.id)})
    head.post(reverse("inspect:move"), {**move, "inspector": ""})
    rows = head.get(reverse("inspect:plan"), {"day": day}).context["rows"]
    assert {row.line.inspector for row in rows if row.line.place == "虹桥大厦"} == {works.leader.name}
    assert head.post(reverse("inspect:draw"), {"day": day, "count": "99"}).status_code == 302
    assert head.post(reverse("inspect:draw"), {"day": day, "count": "2"}).status_code == 302
    shown = head.get(reverse("inspect:plan"), {"day": day}).context["rows"]
    assert {row.line.inspector for row in shown if row.line.occasion == "unannounced"} <= {works.head.name}


def test_an_inspection_shows_what_was_found_and_its_photos(works: Works) -> None:
    digest = keep_photo(content=portrait(), name="a.jpg", by="test", now=SEEN)
    row = find(works.towers[0].building, works.towers[1].worker, SEEN, spot="地库口", photos=(digest,))
    head = desk(works.head)
    page = head.get(reverse("inspect:inspection", args=[row.inspection_id]))
    assert (page.context["line"].in_order, page.context["line"].applicable) == (21, 22)
    [answer] = page.context["faults"]
    photo = head.get(reverse("inspect:answer-photo", args=[row.inspection_id, answer.id, digest]))
    assert photo["Content-Type"] == "image/jpeg"
    assert Entry.objects.filter(act="inspections.photo.opened").count() == 1
    other = make_staff("other", "外人", Role.PROPERTY_MANAGER, works.towers[1].building)
    assert desk(other).get(reverse("inspect:inspection", args=[row.inspection_id])).status_code == 404


def test_todays_list_has_re_inspections_first_and_tells_the_score(works: Works, red: Finding) -> None:
    worker = works.towers[1].worker
    findings.act(
        finding=red, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by=works.towers[0].manager.actor, now=NOW,
        photos=[keep_photo(content=portrait(), name="a.jpg", by="test", now=NOW)],
    )  # fmt: skip
    assign.assign(
        place=works.towers[0].building, day=TODAY, inspector=worker.id, occasion=Occasion.DAILY, by="test", now=NOW
    )  # fmt: skip
    visits = desk(worker).get(reverse("inspect:today")).context["visits"]
    assert [(visit.occasion, visit.score) for visit in visits] == [("recheck", None), ("daily", None)]
    assert not desk(works.head).get(reverse("inspect:today")).context["visits"]
