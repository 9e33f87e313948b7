"""Slots of every week, the end of a post, and the own page of whoever stands at a gate."""

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.rota import actions as rota
from fangxian.rota.models import Assignment, Pattern, Post, Slot
from fangxian.shared.ids import new_id
from tests.support.desk import at_desk
from tests.support.factories import MORNING, Street, make_staff
from tests.support.gates import Office

pytestmark = pytest.mark.django_db
TODAY = date(2020, 2, 17)


@pytest.fixture(autouse=True)
def eight() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def manager(office: Office) -> Client:
    return at_desk(make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏"))


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def send(client: Client, what: str, office: Office, *more: object, **data: object) -> HttpResponse:
    answer: HttpResponse = client.post(reverse(f"gates:{what}", args=[office.front.id, *more]), data, follow=True)
    return answer


def weekly(office: Office, *people: Staff) -> dict[str, object]:
    return {
        "weekdays": ["1", "3"], "start": "08:30", "end": "12:00", "first_day": "2020-02-17", "last_day": "2020-03-01",
        "needed": "2", "people": [str(one.id) for one in people],
    }  # fmt: skip


def planned(office: Office, staff: Staff | None = None, *, start: time = time(8, 30)) -> Slot:
    post = rota.open_post(place=office.front, by="test", now=MORNING)
    [slot] = rota.plan_day(post=post, day=TODAY, times=[(start, time(12))], by="test", now=MORNING)
    if staff is not None:
        rota.assign(slot=slot, staff=staff, by="test", now=MORNING)
    return slot


class TestEveryWeek:
    def test_it_is_planned_for_weeks_and_ended(self, office: Office, manager: Client) -> None:
        one, two = (make_staff(Role.SPECIAL_GUARD, office.building, name) for name in ("王芳", "孙立"))
        body = text(send(manager, "repeat", office, **weekly(office, one, two)))
        assert "4 slots are planned." in body
        assert Assignment.objects.count() == 8
        assert "Mon Wed 08:30–12:00" in body
        assert "4 slots to come" in body
        answer = send(manager, "end-pattern", office, Pattern.objects.get().id)
        assert "4 slots to come are off the plan" in text(answer)
        assert not Slot.objects.exists()

    def test_a_day_that_is_taken_is_named(self, office: Office, manager: Client) -> None:
        planned(office)
        body = text(send(manager, "repeat", office, **weekly(office)))
        assert "3 slots are planned." in body
        assert "2020-02-17 These times meet another slot" in body

    @pytest.mark.parametrize(
        "wrong", [{"weekdays": []}, {"last_day": "2020-02-01"}, {"start": "half nine"}, {"people": ["nobody"]}]
    )
    def test_what_cannot_be_is_refused_and_opens_no_post(
        self, office: Office, manager: Client, wrong: dict[str, object]
    ) -> None:
        make_staff(Role.SPECIAL_GUARD, office.building, "王芳")
        answer = send(manager, "repeat", office, **weekly(office) | wrong)
        assert answer.status_code == 400
        assert not Post.objects.exists()

    def test_a_pattern_of_another_gate_is_not_there(self, office: Office, manager: Client) -> None:
        send(manager, "repeat", office, **weekly(office))
        address = reverse("gates:end-pattern", args=[office.garage.id, Pattern.objects.get().id])
        assert manager.post(address).status_code == 404
        assert Slot.objects.count() == 4


class TestClosing:
    def test_it_says_first_what_becomes_of_the_slots(self, office: Office, manager: Client) -> None:
        one, two = (make_staff(Role.SPECIAL_GUARD, office.building, name) for name in ("王芳", "孙立"))
        send(manager, "repeat", office, **weekly(office, one, two))
        body = text(manager.get(reverse("gates:rota", args=[office.front.id])))
        assert 'name="day" value="2020-02-17"' in body, "a browser's date field takes this form only"
        assert "4 slots to come are taken off the plan." in body
        assert "2 people are planned for them." in body
        assert send(manager, "close-post", office, reason=" ").status_code == 400
        body = text(send(manager, "close-post", office, reason="封闭施工"))
        assert "8 assignments were on it" in body
        assert "封闭施工" in body, "why it is closed stays on the page"
        assert not Slot.objects.exists()
        assert "no open post" in text(send(manager, "close-post", office, reason="再"))

    def test_planning_opens_it_again(self, office: Office, manager: Client) -> None:
        planned(office)
        send(manager, "close-post", office, reason="封闭施工")
        body = text(send(manager, "plan", office, day="2020-02-18", times="06:00-14:00", needed=1))
        assert "封闭施工" not in body
        assert Post.objects.count() == 2


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.SPECIAL_GUARD])
class TestMyPosts:
    def test_who_only_stands_at_gates_checks_in_and_out(self, office: Office, role: Role) -> None:
        guard = make_staff(role, office.building, "王芳")
        slot = planned(office, guard)
        client = at_desk(guard)
        for name in ("gates:gate", "gates:rota", "gates:holds", "gates:settings"):
            assert client.get(reverse(name, args=[office.front.id])).status_code == 403
        body = text(client.get("/"))
        assert reverse("posts:mine") in body
        body = text(client.get(reverse("posts:mine")))
        assert "正门" in body
        assert "not trained" in body
        answer = client.post(reverse("posts:came", args=[slot.pk]), follow=True)
        assert answer.status_code == 200
        row = Assignment.objects.get()
        assert (row.staff, row.planned, row.came_us is not None) == (guard, True, True)
        assert reverse("posts:left", args=[row.id]) in text(answer)
        client.post(reverse("posts:left", args=[row.id]))
        row.refresh_from_db()
        assert row.left_us is not None

    def test_a_slot_that_lacks_somebody_is_offered_within_reach(
        self, street: Street, office: Office, role: Role
    ) -> None:
        slot = planned(office)
        near = at_desk(make_staff(role, office.building, "王芳"))
        far = at_desk(make_staff(role, street.neighbourhoods[1], "孙立"))
        came = reverse("posts:came", args=[slot.pk])
        assert came in text(near.get(reverse("posts:mine")))
        assert came not in text(far.get(reverse("posts:mine")))
        assert far.post(came).status_code == 404
        near.post(came)
        assert Assignment.objects.get().planned is False
        assert text(near.get(reverse("posts:mine"))).count(came) == 0

    def test_who_is_planned_may_stand_where_their_role_does_not_reach(
        self, street: Street, office: Office, role: Role
    ) -> None:
        guard = make_staff(role, street.neighbourhoods[1], "孙立")
        slot = planned(office, guard)
        at_desk(guard).post(reverse("posts:came", args=[slot.pk]))
        assert Assignment.objects.get().came_us is not None

    def test_nobody_checks_out_somebody_else_or_comes_too_early(self, office: Office, role: Role) -> None:
        one, two = (make_staff(role, office.building, name) for name in ("王芳", "孙立"))
        slot = planned(office, one, start=time(9, 30))
        client = at_desk(one)
        assert reverse("posts:came", args=[slot.pk]) not in text(client.get(reverse("posts:mine")))
        answer = client.post(reverse("posts:came", args=[slot.pk]), follow=True)
        assert "begins later" in text(answer)
        row = Assignment.objects.get()
        assert row.came_us is None
        rota.check_in(slot=slot, staff=one, by="test", now=MORNING + timedelta(minutes=40))
        assert at_desk(two).post(reverse("posts:left", args=[row.id])).status_code == 404
        assert client.post(reverse("posts:left", args=[new_id()])).status_code == 404

    def test_nothing_of_a_closed_post_is_shown(self, office: Office, role: Role) -> None:
        guard = make_staff(role, office.building, "王芳")
        slot = planned(office, guard, start=time(7, 30))
        rota.check_in(slot=slot, staff=guard, by="test", now=MORNING)
        rota.close_post(post=slot.post, reason="封闭施工", by="test", now=MORNING)
        client = at_desk(guard)
        assert "正门" not in text(client.get(reverse("posts:mine")))
        assert client.post(reverse("posts:came", args=[slot.pk])).status_code == 404


def asked_for(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def test_the_pages_ask_few_questions_however_many_slots_there_are(office: Office) -> None:
    client = at_desk(make_staff(Role.PROPERTY_MANAGER, office.building, "赵敏"))
    guards = [make_staff(Role.SPECIAL_GUARD, office.building, f"值守{n}") for n in range(6)]
    rota_page, own = reverse("gates:rota", args=[office.front.id]), reverse("posts:mine")
    send(client, "repeat", office, **weekly(office, guards[0]))
    few = asked_for(client, rota_page)
    for start in ("12:00", "14:00", "16:00"):
        end = f"{int(start[:2]) + 1}:30"
        send(client, "repeat", office, **weekly(office, *guards) | {"start": start, "end": end})
    assert Assignment.objects.count() == 4 + 3 * 24
    assert asked_for(client, rota_page) <= few <= 12
    assert asked_for(at_desk(guards[0]), own) <= 12
