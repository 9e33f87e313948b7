from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.registry import actions as registry
from fangxian.registry.models import Subject
from tests.support.desk import NOW, PHONE, RESIDENT_ID, Desks, at_desk, make_desks
from tests.support.factories import make_person, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desks() -> Desks:
    return make_desks()


@pytest.fixture
def secretary(desks: Desks) -> Client:
    return at_desk(make_staff(Role.COMMITTEE_SECRETARY, desks.here.hood))


def _find(client: Client, words: str, kind: str = "") -> list[str]:
    answer = client.post(reverse("search:page"), {"words": words, "kind": kind})
    assert answer.status_code == 200
    return [hit.label for hit in answer.context["hits"]]


@pytest.mark.parametrize("words", ["秀英", "王秀", "wangxiuying", "wxy", "5678", "13912345678", "+86 139 1234 5678"])
def test_a_person_is_found_by_what_one_has(words: str, desks: Desks, secretary: Client) -> None:
    assert "王秀英" in _find(secretary, words)


@pytest.mark.parametrize("words", ["沪A12345", "沪a·12345"])
def test_a_vehicle_is_found_by_its_plate(words: str, desks: Desks, secretary: Client) -> None:
    assert _find(secretary, words) == ["沪A12345"]


def test_what_is_out_of_reach_is_not_found(desks: Desks, secretary: Client) -> None:
    assert _find(secretary, "桂兰") == []
    assert _find(secretary, "沪AD54321") == []
    assert "李桂兰" not in _find(secretary, "5678")


def test_a_search_narrows_to_a_kind(desks: Desks, secretary: Client) -> None:
    assert _find(secretary, "秀英", "vehicle") == []
    assert _find(secretary, "秀英", "person") == ["王秀英"]


def test_found_numbers_are_masked_and_words_stay_out_of_the_address(desks: Desks, secretary: Client) -> None:
    answer = secretary.post(reverse("search:page"), {"words": "秀英", "kind": ""})
    html = answer.content.decode()
    assert "139****5678" in html
    assert PHONE[3:] not in html
    assert 'method="post"' in html
    assert secretary.get(reverse("search:page"), {"words": "秀英"}).context["hits"] is None


def test_an_empty_search_asks_for_words(desks: Desks, secretary: Client) -> None:
    assert secretary.post(reverse("search:page"), {"words": "", "kind": ""}).status_code == 400


def _page(desks: Desks, page: str = "subject") -> str:
    return reverse(f"registry:{page}", args=[desks.here.person.pk])


def test_a_person_is_shown_masked(desks: Desks, secretary: Client) -> None:
    html = secretary.get(_page(desks)).content.decode()
    assert "310105********0013" in html
    assert RESIDENT_ID not in html
    assert PHONE not in html


def test_full_numbers_are_shown_against_a_reason_which_the_audit_keeps(desks: Desks, secretary: Client) -> None:
    assert secretary.post(_page(desks, "reveal"), {}).status_code == 400
    assert not Entry.objects.filter(act="registry.revealed").exists()
    html = secretary.post(_page(desks, "reveal"), {"reason": "contact"}).content.decode()
    assert RESIDENT_ID in html
    assert PHONE in html
    entry = Entry.objects.get(act="registry.revealed")
    assert entry.detail == {"documents": 1, "phones": 1, "reason": "contact"}


def test_a_made_up_reason_shows_nothing(desks: Desks, secretary: Client) -> None:
    answer = secretary.post(_page(desks, "reveal"), {"reason": "just looking"})
    assert answer.status_code == 400
    assert RESIDENT_ID not in answer.content.decode()


def test_a_grid_worker_is_not_offered_the_numbers(desks: Desks) -> None:
    html = at_desk(desks.here.worker).get(_page(desks)).content.decode()
    assert _page(desks, "reveal") not in html


def test_a_joined_record_leads_to_the_one_that_stands(desks: Desks, secretary: Client) -> None:
    twin = make_person("王秀瑛", desks.here.door)
    absorbed, survivor = (Subject.objects.get(id=pk) for pk in (twin.pk, desks.here.person.pk))
    registry.merge(absorbed=absorbed, survivor=survivor, reason="同一人", by="test", now=NOW)
    assert secretary.get(reverse("registry:subject", args=[twin.pk]))["Location"] == _page(desks)
    assert "王秀瑛" in secretary.get(_page(desks)).content.decode()


def test_a_place_in_the_register_leads_to_its_page(desks: Desks, secretary: Client) -> None:
    answer = secretary.get(reverse("registry:subject", args=[desks.here.door.id]))
    assert answer["Location"] == reverse("places:place", args=[desks.here.door.id])


def test_register_pages_stay_within_twelve_queries(
    desks: Desks, secretary: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    secretary.get("/")
    with django_assert_max_num_queries(12):
        secretary.get(_page(desks))
    with django_assert_max_num_queries(12):
        assert _find(secretary, "秀英") == ["王秀英"]
