import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import Tally
from fangxian.places.models import Place
from tests.support.desk import NOW, Desks, at_desk, make_desks
from tests.support.factories import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_eleven() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def desks() -> Desks:
    return make_desks()


@pytest.fixture
def leader(desks: Desks) -> Client:
    return at_desk(make_staff(Role.STREET_LEADER, desks.street.street, "陈国强"))


def _board(place: Place, page: str = "place") -> str:
    return reverse(f"board:{page}", args=[place.id])


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_board_shows_the_three_numbers_and_a_row_a_neighbourhood(desks: Desks, leader: Client) -> None:
    html = leader.get(_board(desks.street.street)).content.decode()
    expected = sum(tally.enrolled for tally in Tally.objects.filter(kind="person"))
    missing = sum(tally.uncovered for tally in Tally.objects.filter(kind="person"))
    assert (expected, missing) == (2, 2)
    assert f"of {expected} covered" in _text(html)
    assert "2 missing" in _text(html)
    assert html.count('data-key="all.') == 3
    assert "何家角居委会" in html
    assert "虹储居委会" in html


def test_the_board_of_a_grid_names_the_missing_oldest_first(desks: Desks, leader: Client) -> None:
    answer = leader.get(_board(desks.here.grid))
    page = answer.context["missing"]
    assert desks.here.person.name in answer.content.decode()
    assert desks.there.person.name not in answer.content.decode()
    assert [row.lapsed_at for row in page.rows] == sorted(row.lapsed_at for row in page.rows)


def test_a_district_leader_sees_numbers_and_no_names(desks: Desks) -> None:
    district = at_desk(make_staff(Role.DISTRICT_LEADER, desks.street.street))
    html = district.get(_board(desks.here.grid)).content.decode()
    assert 'data-key="all.person"' in html
    assert desks.here.person.name not in html


def test_the_wall_names_nobody(desks: Desks, leader: Client) -> None:
    html = leader.get(_board(desks.street.street, "wall")).content.decode()
    assert 'data-key="all.vehicle"' in html
    assert desks.here.person.name not in html
    assert "沪A12345" not in html


def test_rows_sort_by_what_is_missing(desks: Desks, leader: Client) -> None:
    duties.fulfil(
        cohort="round-people", instance=desks.here.round.instance, by="test", now=NOW,
        items=[duties.Done(desks.here.person.pk, NOW, "visit:1")],
    )  # fmt: skip
    worst_first = leader.get(_board(desks.street.street), {"sort": "person"}).context["rows"]
    best_first = leader.get(_board(desks.street.street), {"sort": "-person"}).context["rows"]
    assert [row.name for row in worst_first] == ["虹储居委会", "何家角居委会"]
    assert [row.name for row in best_first] == ["何家角居委会", "虹储居委会"]


def _version(client: Client, place: Place) -> str:
    return str(client.get(_board(place)).context["version"])


def test_nothing_changed_is_304_and_empty(desks: Desks, leader: Client) -> None:
    version = _version(leader, desks.street.street)
    answer = leader.get(_board(desks.street.street, "fragments"), headers={"if-none-match": f'"{version}"'})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer["ETag"] == f'"{version}"'


def test_a_change_sends_the_changed_pieces_alone(desks: Desks, leader: Client) -> None:
    version = _version(leader, desks.street.street)
    duties.fulfil(
        cohort="round-people", instance=desks.here.round.instance, by="test", now=NOW,
        items=[duties.Done(desks.here.person.pk, NOW, "visit:1")],
    )  # fmt: skip
    answer = leader.get(
        _board(desks.street.street, "fragments"), {"since": version}, headers={"if-none-match": f'"{version}"'}
    )
    keys = set(re.findall(r'data-key="([^"]+)"', answer.content.decode()))
    here, there = desks.here.hood.id.hex, desks.there.hood.id.hex
    assert answer.status_code == 200
    assert answer["ETag"] != f'"{version}"'
    assert {"all.person", f"{here}.person", "person-round.late", "person-round.missed"} <= keys
    assert not any(key.startswith(there) for key in keys)
    assert f"{here}.vehicle" not in keys


def test_an_unknown_version_gets_every_piece(desks: Desks, leader: Client) -> None:
    answer = leader.get(_board(desks.street.street, "fragments"), {"since": "x" * 20})
    html = leader.get(_board(desks.street.street)).content.decode()
    shown = set(re.findall(r'data-key="([^"]+)"', html))
    assert set(re.findall(r'data-key="([^"]+)"', answer.content.decode())) == shown


def test_the_age_of_a_gap_is_part_of_the_version(
    desks: Desks, leader: Client, at_eleven: time_machine.Traveller
) -> None:
    version = _version(leader, desks.street.street)
    at_eleven.shift(timedelta(minutes=7))
    answer = leader.get(_board(desks.street.street, "fragments"), headers={"if-none-match": f'"{version}"'})
    keys = set(re.findall(r'data-key="([^"]+)"', answer.content.decode()))
    assert f"{desks.here.hood.id.hex}.oldest" in keys
    assert "all.person" not in keys


@pytest.mark.parametrize("page", ["place", "wall", "fragments"])
def test_boards_stay_within_twelve_queries(
    page: str, desks: Desks, leader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for place in (desks.street.street, desks.here.hood, desks.here.grid):
        leader.get(_board(place, page))
        with django_assert_max_num_queries(12):
            assert leader.get(_board(place, page)).status_code == 200


def test_a_dwelling_has_no_board(desks: Desks, leader: Client) -> None:
    assert leader.get(_board(desks.here.door)).status_code == 404
