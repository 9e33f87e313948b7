"""Who was there, asked at a desk: with a purpose, by post, within reach."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.registry import search
from tests.support.desk import NOW, Desks, at_desk, make_desks
from tests.support.factories import make_person, make_staff

pytestmark = pytest.mark.django_db
ASKED = {"since": "2020-02-17T00:00", "until": "2020-02-17T12:00", "purpose": "contacts"}


@pytest.fixture
def desks() -> Iterator[Desks]:
    with time_machine.travel(NOW, tick=False):
        yield make_desks()


@pytest.fixture
def nurse(desks: Desks) -> Client:
    return at_desk(make_staff(Role.HEALTH_STAFF, desks.street.street))


def test_one_person_is_looked_up_at_once_and_the_question_is_kept(desks: Desks, nurse: Client) -> None:
    name = desks.here.person.name
    answer = nurse.post(reverse("trace:page"), {"words": name, **ASKED})
    assert answer.status_code == 200
    assert name in answer.content.decode()
    entry = Entry.objects.get(act="gates.traced")
    assert entry.target == f"subject:{desks.here.person.pk}"
    assert name not in str(entry.detail)


def test_of_several_people_one_is_chosen_first(desks: Desks, nurse: Client) -> None:
    twins = [make_person("孙悟空", desks.here.door), make_person("孙悟空", desks.here.door)]
    search.index([twin.pk for twin in twins])
    page = nurse.post(reverse("trace:page"), {"words": "孙悟空", **ASKED})
    assert page.content.decode().count('name="person" value=') == 2
    assert not Entry.objects.filter(act="gates.traced").exists()
    nurse.post(reverse("trace:page"), {"words": "孙悟空", **ASKED, "person": str(twins[1].pk)})
    assert Entry.objects.get(act="gates.traced").target == f"subject:{twins[1].pk}"


def test_times_the_wrong_way_round_are_said(desks: Desks, nurse: Client) -> None:
    asked = {"words": desks.here.person.name, **ASKED, "until": "2020-02-16T12:00"}
    assert nurse.post(reverse("trace:page"), asked).status_code == 400


def test_nothing_is_asked_without_a_purpose(desks: Desks, nurse: Client) -> None:
    asked = {"words": desks.here.person.name, **ASKED, "purpose": "curiosity"}
    assert nurse.post(reverse("trace:page"), asked).status_code == 400
    assert not Entry.objects.filter(act="gates.traced").exists()
