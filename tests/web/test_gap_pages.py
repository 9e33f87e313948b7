from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.console.gaps.lines import Cursor
from fangxian.duties.models import Duty, Gap, GapNote, GapStatus, OneOff
from fangxian.duties.queries import recount
from fangxian.shared import clock
from tests.support.desk import NOW, Desks, at_desk, make_desks
from tests.support.factories import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desks() -> Desks:
    return make_desks()


@pytest.fixture
def li(desks: Desks) -> Staff:
    return make_staff(Role.COMMITTEE_SECRETARY, desks.here.hood, "李秀英")


@pytest.fixture
def secretary(li: Staff) -> Client:
    return at_desk(li)


def _gap(desks: Desks, page: str = "gap") -> str:
    return reverse(f"gaps:{page}", args=[desks.here.gap.id])


def _local(moment_back: timedelta) -> str:
    return clock.local(NOW - moment_back).strftime("%Y-%m-%dT%H:%M")


def test_the_list_holds_what_is_in_reach_oldest_first(desks: Desks, secretary: Client) -> None:
    page = secretary.get(reverse("gaps:list")).context["page"]
    assert {row.node for row in page.rows} <= {grid.name for grid in desks.street.grids[:2]} | {"何家角居委会"}
    assert [row.lapsed_at for row in page.rows] == sorted(row.lapsed_at for row in page.rows)


def test_the_list_narrows_to_people_and_to_a_place(desks: Desks, secretary: Client) -> None:
    people = secretary.get(reverse("gaps:list"), {"kind": "person"}).context["page"].rows
    assert [row.subject for row in people] == [desks.here.person.name]
    grid = secretary.get(reverse("gaps:list"), {"place": str(desks.street.grids[1].id)}).context["page"].rows
    assert {row.node for row in grid} == {desks.street.grids[1].name}
    assert secretary.get(reverse("gaps:list"), {"place": str(desks.there.grid.id)}).status_code == 404
    assert secretary.get(reverse("gaps:list"), {"place": "nonsense"}).status_code == 404


def test_the_list_goes_on_where_the_page_ended(desks: Desks, secretary: Client) -> None:
    rows = secretary.get(reverse("gaps:list")).context["page"].rows
    cursor = Cursor(clock.to_us(rows[1].lapsed_at), rows[1].id)
    rest = secretary.get(reverse("gaps:list"), {"page": str(cursor)}).context["page"].rows
    assert [row.id for row in rest] == [row.id for row in rows[2:]]
    mangled = secretary.get(reverse("gaps:list"), {"page": "mangled"}).context["page"].rows
    assert [row.id for row in mangled] == [row.id for row in rows]


def test_a_gap_shows_its_owner_and_how_to_call_them(desks: Desks, secretary: Client) -> None:
    Staff.objects.filter(id=desks.here.worker.id).update(phone="021-6200 1102")
    html = secretary.get(_gap(desks)).content.decode()
    assert desks.here.worker.name in html
    assert 'href="tel:02162001102"' in html


def test_a_gap_without_any_owner_says_so(desks: Desks) -> None:
    leader = at_desk(make_staff(Role.HEALTH_STAFF, desks.street.street))
    RoleGrant.objects.exclude(role=Role.HEALTH_STAFF).update(until=NOW)
    assert "Nobody holds this post" in leader.get(_gap(desks)).content.decode()


def test_a_call_is_noted_and_the_gap_stays_open(desks: Desks, secretary: Client) -> None:
    answer = secretary.post(_gap(desks, "note"), {"kind": "call", "text": "晚上六点再上门"})
    assert answer.status_code == 302
    assert GapNote.objects.get(gap=desks.here.gap).text == "晚上六点再上门"
    assert Gap.objects.get(id=desks.here.gap.id).status == GapStatus.OPEN
    assert "晚上六点再上门" in secretary.get(_gap(desks)).content.decode()


def test_a_gap_closes_when_it_is_done(desks: Desks, secretary: Client) -> None:
    answer = secretary.post(_gap(desks, "done"), {"observed_at": _local(timedelta(minutes=20)), "text": "本人来电确认"})
    assert answer.status_code == 302
    gap = Gap.objects.get(id=desks.here.gap.id)
    assert (gap.status, gap.outcome) == (GapStatus.CLOSED, "late")
    assert recount(desks.street.street) == []


def test_what_was_done_in_time_and_told_late_blames_nobody(desks: Desks, secretary: Client) -> None:
    secretary.post(_gap(desks, "done"), {"observed_at": _local(timedelta(hours=2, minutes=30)), "text": "纸质登记"})
    assert Gap.objects.get(id=desks.here.gap.id).outcome == "met"
    assert "Met, reported late" in secretary.get(_gap(desks)).content.decode()
    assert recount(desks.street.street) == []


def test_nothing_is_done_in_the_future(desks: Desks, secretary: Client) -> None:
    answer = secretary.post(_gap(desks, "done"), {"observed_at": _local(timedelta(hours=-1)), "text": "明天"})
    assert answer.status_code == 400
    assert "has not come yet" in answer.content.decode()
    assert not GapNote.objects.exists()
    assert Gap.objects.get(id=desks.here.gap.id).status == GapStatus.OPEN


def test_a_waiver_needs_a_reason_and_keeps_it(desks: Desks, secretary: Client) -> None:
    assert secretary.post(_gap(desks, "waive"), {"reason": "  "}).status_code == 400
    assert secretary.post(_gap(desks, "waive"), {"reason": "已在外地，返沪后再登记"}).status_code == 302
    gap = Gap.objects.get(id=desks.here.gap.id)
    assert (gap.status, gap.reason) == (GapStatus.WAIVED, "已在外地，返沪后再登记")
    assert Entry.objects.filter(act="duties.gap.waived", target=f"gap:{gap.id}").count() == 1
    again = secretary.post(_gap(desks, "waive"), {"reason": "再来一次"}, follow=True)
    assert "closed already" in again.content.decode()
    assert Gap.objects.get(id=gap.id).reason == "已在外地，返沪后再登记"


def test_a_grid_worker_records_and_does_not_waive(desks: Desks) -> None:
    html = at_desk(desks.here.worker).get(_gap(desks)).content.decode()
    assert reverse("gaps:done", args=[desks.here.gap.id]) in html
    assert reverse("gaps:waive", args=[desks.here.gap.id]) not in html
    assert reverse("field:door", args=[desks.here.round.id, desks.here.door.id]) in html


def test_today_shows_my_gaps_and_what_was_given_to_me(desks: Desks, li: Staff, secretary: Client) -> None:
    worker = at_desk(desks.here.worker).get("/").context
    assert desks.here.person.name in {gap.subject for gap in worker["gaps"]}
    mine = secretary.get("/").context
    assert [one.line.subject for one in mine["given"]] == ["检查北门门锁"]
    assert all(gap.owner.includes(li.id) for gap in mine["gaps"])


def test_today_tells_the_three_numbers_within_reach(desks: Desks, secretary: Client) -> None:
    numbers = secretary.get("/").context["numbers"]
    assert [(one.expected, one.missing) for one in numbers] == [(1, 1), (1, 1), (7, 6)]
    everything = at_desk(make_staff(Role.STREET_LEADER, desks.street.street)).get("/").context["numbers"]
    assert [one.expected for one in everything] == [2, 2, 14]


def test_somebody_without_gaps_of_their_own_is_shown_where_to_go(desks: Desks) -> None:
    personnel = at_desk(make_staff(Role.ENTERPRISE_HR, desks.here.hood)).get("/")
    assert [door.url for door in personnel.context["doors"]] == [reverse("imports:home")]


def test_a_given_duty_is_done_by_whom_it_was_given_to(desks: Desks, secretary: Client) -> None:
    there = at_desk(make_staff(Role.COMMITTEE_SECRETARY, desks.there.hood))
    address = reverse("given:done", args=[desks.here.given.id])
    assert there.post(address).status_code == 404
    assert secretary.post(address).status_code == 302
    assert Duty.objects.get(id=desks.here.given.id).deadline_us is None
    assert secretary.post(address).status_code == 404


def test_a_duty_is_given_to_a_role_or_to_one_person(desks: Desks, secretary: Client) -> None:
    form = {
        "title": "给独居老人送菜",
        "place": str(desks.here.grid.id),
        "until": _local(timedelta(hours=-3)),
        "note": "",
    }
    assert secretary.post(reverse("given:give"), {**form, "role": "", "staff": ""}).status_code == 400
    both = {**form, "role": "grid_worker", "staff": str(desks.here.worker.id)}
    assert secretary.post(reverse("given:give"), both).status_code == 400
    past = {**form, "role": "grid_worker", "until": _local(timedelta(hours=1))}
    assert secretary.post(reverse("given:give"), past).status_code == 400
    assert OneOff.objects.count() == 2
    assert secretary.post(reverse("given:give"), {**form, "role": "grid_worker"}).status_code == 302
    line = at_desk(desks.here.worker).get("/").context["given"][0].line
    assert line.subject == "给独居老人送菜"


def test_a_duty_is_not_given_outside_of_reach(desks: Desks, secretary: Client) -> None:
    form = {
        "title": "别人的事",
        "place": str(desks.there.grid.id),
        "until": _local(timedelta(hours=-3)),
        "role": "grid_worker",
    }
    assert secretary.post(reverse("given:give"), form).status_code == 400
    assert OneOff.objects.count() == 2


def test_these_pages_stay_within_twelve_queries(
    desks: Desks, secretary: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    secretary.get("/")
    for address in ("/", reverse("gaps:list"), _gap(desks), reverse("given:give")):
        with django_assert_max_num_queries(12):
            assert secretary.get(address).status_code == 200
