"""The tree, who reaches what in it, and what is on record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q

from fangxian.accounts import access
from fangxian.accounts import actions as accounts
from fangxian.accounts.queries import Posts
from fangxian.accounts.roles import Capability, Role
from fangxian.audit import actions as audit
from fangxian.audit.models import Entry
from fangxian.audit.queries import chain_is_intact
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace, PlaceError
from fangxian.places.models import Place, PlaceKind, PlaceMove
from fangxian.places.queries import ancestors, by_code, counting_nodes, full_names, within
from fangxian.registry import search
from fangxian.registry.folds import follow_moves
from fangxian.registry.models import Change, ChangeKind, SubjectKind
from fangxian.shared import clock
from tests.support.factories import MORNING, Street, make_person, make_staff, make_street, make_vehicle

pytestmark = pytest.mark.django_db


@pytest.fixture
def street() -> Street:
    return make_street()


def test_a_door_says_its_name_and_its_grid_counts_it(street: Street) -> None:
    door = street.dwellings[0]
    assert full_names([door])[door.id] == "何家角小区 1号 101室"
    assert counting_nodes([door])[door.id] == street.grids[0].id
    assert [crumb.kind for crumb in ancestors(door)] == [
        "city", "district", "street", "neighbourhood", "compound", "block", "dwelling",
    ]  # fmt: skip
    assert by_code("310105009000") == street.street
    assert len(within(street.grids[0], PlaceKind.DWELLING)) == 3


def test_a_place_of_the_wrong_kind_is_refused(street: Street) -> None:
    with pytest.raises(PlaceError):
        places.add(places=[NewPlace(PlaceKind.DWELLING, "x", street.street.id)], by="t", now=MORNING)


def test_moving_a_subtree_keeps_its_history_readable(street: Street) -> None:
    block, target = street.blocks[0], street.compounds[1]
    before = block.path
    places.move(place=block, to_parent=target, by="t", now=MORNING, reason="划归虹储")
    door = Place.objects.get(id=street.dwellings[0].id)
    assert door.path.startswith(target.path)
    move = PlaceMove.objects.get()
    assert (move.from_path, move.from_parent, move.reason) == (before, street.compounds[0], "划归虹储")
    with pytest.raises(PlaceError):
        places.move(place=target, to_parent=Place.objects.get(id=block.id), by="t", now=MORNING, reason="")


def test_a_grid_worker_reaches_the_grid_and_nothing_beside_it(street: Street) -> None:
    worker = make_staff(Role.GRID_WORKER, street.grids[0])
    held = access.require(worker, Capability.RECORD, MORNING)
    doors = set(Place.objects.filter(held.places(), kind="dwelling").values_list("id", flat=True))
    assert doors == {door.id for door in street.doors_of(street.grids[0])}
    with pytest.raises(access.NotFoundError):
        access.get_place(worker, Capability.RECORD, MORNING, street.dwellings[-1].id)
    with pytest.raises(access.NotAllowedError):
        access.require(worker, Capability.PLAYBOOK, MORNING)


def test_an_ended_grant_reaches_nothing(street: Street) -> None:
    worker = make_staff(Role.GRID_WORKER, street.grids[0])
    later = MORNING + timedelta(hours=1)
    accounts.end_grant(grant=worker.grants.get(), by="t", now=later)
    assert not access.reach(worker, Capability.RECORD, later + timedelta(seconds=1))


def test_the_nearest_holder_is_asked_first(street: Street) -> None:
    far = make_staff(Role.COMMITTEE_SECRETARY, street.street, "街道代理")
    near = make_staff(Role.COMMITTEE_SECRETARY, street.neighbourhoods[0], "李书记")
    posts = Posts([*street.grids], MORNING)
    assert [h.staff_id for h in posts.nearest(Role.COMMITTEE_SECRETARY, street.grids[0].id)] == [near.id]
    assert [h.staff_id for h in posts.nearest(Role.COMMITTEE_SECRETARY, street.grids[2].id)] == [far.id]
    assert posts.nearest(Role.PHARMACY, street.grids[0].id) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("张小明", {"张小明"}), ("小明", {"张小明", "李小明"}), ("明", {"张小明", "李小明"}), ("张明", set()),
        ("zhang xiao", {"张小明"}), ("zhangxiaoming", {"张小明"}), ("zxm", {"张小明"}), ("xm", {"张小明", "李小明"}),
        ("tanaka", {"TANAKA Hiroshi"}), ("tana", {"TANAKA Hiroshi"}), ("Hiroshi", {"TANAKA Hiroshi"}),
        ("田中", {"田中 太郎"}), ("김", {"김민준"}), ("陳", {"陈大文"}), ("陈大", {"陈大文"}),
        ("沪A12345", {"沪A12345"}), ("12345", {"沪A12345"}), ("", set()), ('"; DROP', set()),
    ],
)  # fmt: skip
def test_people_are_found_by_what_others_type(street: Street, query: str, found: set[str]) -> None:
    for name in ("张小明", "李小明", "TANAKA Hiroshi", "田中 太郎", "김민준", "陈大文"):
        make_person(name, street.dwellings[0])
    make_vehicle("沪A12345", street.compounds[0])
    everywhere = access.Reach(paths=(street.street.path,))
    assert {row.label for row in search.by_name(query, everywhere)} == found


def test_search_stays_within_reach(street: Street) -> None:
    make_person("王小红", street.doors_of(street.grids[0])[0])
    make_person("王小红", street.doors_of(street.grids[3])[0])
    assert len(search.by_name("小红", access.Reach(paths=(street.street.path,)))) == 2
    assert len(search.by_name("小红", access.Reach(grids=frozenset({street.grids[0].id})))) == 1
    assert len(search.by_name("小红", access.Reach(paths=(street.neighbourhoods[1].path,)))) == 1
    assert search.by_name("小红", access.Reach()) == []
    assert search.by_name("小红", access.Reach(paths=(street.street.path,)), kinds=[SubjectKind.VEHICLE]) == []


def test_search_follows_a_block_that_is_moved_and_a_grid_that_is_laid(street: Street) -> None:
    make_person("王小红", street.doors_of(street.grids[0])[0])
    here, there = (access.Reach(paths=(hood.path,)) for hood in street.neighbourhoods)
    places.lay_grid(places=[street.blocks[0]], grid=street.grids[1], by="t", now=MORNING, reason="")
    assert follow_moves(now=MORNING) == 1
    assert not search.by_name("小红", access.Reach(grids=frozenset({street.grids[0].id})))
    assert len(search.by_name("小红", access.Reach(grids=frozenset({street.grids[1].id})))) == 1
    block = Place.objects.get(id=street.blocks[0].id)
    places.move(place=block, to_parent=street.compounds[1], by="t", now=MORNING, reason="划归虹储")
    assert follow_moves(now=MORNING) == 1
    assert not search.by_name("小红", here)
    assert len(search.by_name("小红", there)) == 1
    assert Change.objects.filter(kind=ChangeKind.MOVED).exists()
    assert follow_moves(now=MORNING) == 0


def test_the_audit_is_sealed_in_order_and_shows_a_change(street: Street) -> None:
    while audit.seal_entries(now=MORNING):
        pass
    day = clock.local_day(MORNING)
    assert chain_is_intact(day)
    assert not Entry.objects.filter(Q(seal__isnull=True)).exists()
    row = Entry.objects.first()
    assert row is not None
    Entry.objects.filter(pk=row.pk).update(act="nothing.happened")
    assert not chain_is_intact(day)


@pytest.mark.sqlite
def test_sqlite_keeps_its_promises() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,)
