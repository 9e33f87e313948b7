"""The stores at the desk: booking in, moving, writing off, counting, and the export."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.roles import Role
from fangxian.places.models import Place
from fangxian.shared.ids import new_id
from fangxian.stock import actions as stock
from fangxian.stock import queries
from fangxian.stock.models import Item, Lot, Reason, Transfer, Unit
from tests.support.desk import NOW, at_desk
from tests.support.yard import NIGHT_BEFORE, Yard, apply_covid, make_yard, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def yard(db: None) -> Yard:
    yard = make_yard()
    apply_covid()
    return yard


@pytest.fixture
def secretary(yard: Yard) -> Client:
    return at_desk(staff(Role.COMMITTEE_SECRETARY, yard["何家角"]), language="zh-hans")


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def send(client: Client, what: str, place: Place, **data: object) -> HttpResponse:
    return client.post(reverse(f"stock:{what}", args=[place.id]), {"id": str(new_id()), **data}, follow=True)


def filled(yard: Yard, quantity: int = 1_000, brand: str = "爱特福") -> Lot:
    item = stock.define_item(
        key="chlorine-84", name="84消毒液", name_en="84", unit=Unit.ML, by="test", now=NIGHT_BEFORE
    )
    return stock.receive(
        id=new_id(), item=item, place=yard["何家角"], quantity=quantity, batch="20200110", brand=brand,
        expires_on=date(2021, 1, 10), by="test", now=NIGHT_BEFORE,
    )  # fmt: skip


def held(place: Place) -> int:
    return queries.held_by([place.id], "chlorine-84").get(place.id, 0)


def test_goods_of_the_plan_can_be_booked_in_on_an_empty_ledger(secretary: Client, yard: Yard) -> None:
    assert not Item.objects.exists()
    answer = send(
        secretary, "receive", yard["何家角"], item="chlorine-84", quantity="5000", batch="20200110", brand="爱特福",
        expires_on="2021-01-10", unit_cost="0.0125", donated="on",
    )  # fmt: skip
    assert answer.status_code == 200
    assert held(yard["何家角"]) == 5_000
    made = Transfer.objects.get()
    assert (made.reason, str(made.lot.unit_cost)) == (Reason.DONATION, "0.0125")
    assert "5,000" in text(secretary.get(reverse("stock:list")))


def test_sending_a_booking_twice_books_once(secretary: Client, yard: Yard) -> None:
    sent = {"id": str(new_id()), "item": "chlorine-84", "quantity": "5000"}
    for _again in range(2):
        secretary.post(reverse("stock:receive", args=[yard["何家角"].id]), sent)
    assert held(yard["何家角"]) == 5_000


def test_it_moves_writes_off_and_counts(secretary: Client, yard: Yard) -> None:
    lot, home, compound = filled(yard), yard["何家角"], yard["中华新村"]
    send(secretary, "move", home, lot=lot.id, quantity="300", to_place=compound.id)
    assert (held(home), held(compound)) == (700, 300)
    send(secretary, "write-off", home, lot=lot.id, quantity="100", reason="spoilt")
    assert held(home) == 600
    answer = send(secretary, "count", compound, lot=lot.id, counted="280")
    assert held(compound) == 280
    assert "-20" in text(answer)
    assert queries.prove()[0].holds
    said = text(secretary.get(reverse("stock:store", args=[home.id])))
    assert "中华新村" in said
    assert "王建国" in said


def test_goods_go_back_to_the_store_above_but_not_to_a_strange_one(secretary: Client, yard: Yard) -> None:
    lot = filled(yard)
    send(secretary, "move", yard["何家角"], lot=lot.id, quantity="10", to_place=yard["虹桥街道"].id)
    assert held(yard["虹桥街道"]) == 10
    answer = send(secretary, "move", yard["何家角"], lot=lot.id, quantity="10", to_place=yard["虹储"].id)
    assert answer.status_code == 400
    assert held(yard["虹储"]) == 0


def test_more_than_there_is_is_refused_with_what_there_is(secretary: Client, yard: Yard) -> None:
    lot = filled(yard)
    answer = send(secretary, "write-off", yard["何家角"], lot=lot.id, quantity="1001", reason="lost")
    assert answer.status_code == 400
    assert "1000" in text(answer)
    assert held(yard["何家角"]) == 1_000


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("receive", {"item": "chlorine-84", "quantity": "0"}),
        ("receive", {"item": "chlorine-84", "quantity": "1.5"}),
        ("receive", {"item": "no-such", "quantity": "1"}),
        ("receive", {"item": "chlorine-84", "quantity": "1", "expires_on": "soon"}),
        ("receive", {"item": "chlorine-84", "quantity": "1", "batch": "x" * 41}),
        ("move", {"lot": str(new_id()), "quantity": "1"}),
        ("write-off", {"lot": "x", "quantity": "1", "reason": "sold"}),
        ("count", {"lot": "", "counted": "-1"}),
    ],
)
def test_a_form_that_makes_no_sense_is_shown_again(
    secretary: Client, yard: Yard, what: str, data: dict[str, str]
) -> None:
    filled(yard)
    before = Transfer.objects.count()
    answer = send(secretary, what, yard["何家角"], **data)
    assert answer.status_code == 400
    assert "error" in text(answer)
    assert Transfer.objects.count() == before


def test_a_store_outside_the_reach_does_not_exist(secretary: Client, yard: Yard) -> None:
    for what in ("receive", "move", "write-off", "count"):
        assert send(secretary, what, yard["虹储"]).status_code == 404
    assert secretary.get(reverse("stock:store", args=[yard["虹储"].id])).status_code == 404
    assert secretary.get(reverse("stock:store", args=[yard["1号楼"].id])).status_code == 404


def test_the_export_opens_in_a_spreadsheet_and_runs_nothing(secretary: Client, yard: Yard) -> None:
    filled(yard, brand="=cmd|' /C calc'!A0")
    answer = secretary.get(reverse("stock:export"))
    assert answer["Content-Disposition"] == 'attachment; filename="stock.csv"'
    raw = answer.content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(raw)))
    assert len(rows) == 2
    assert rows[1][3] == "'=cmd|' /C calc'!A0"
    assert not any(re.match(r"[=+\-@\t\r]", cell) for row in rows for cell in row)


def test_an_expired_lot_is_pointed_out(secretary: Client, yard: Yard) -> None:
    lot = filled(yard)
    Lot.objects.filter(id=lot.id).update(expires_on=date(2020, 2, 16))
    assert "已过期" in text(secretary.get(reverse("stock:list")))


@pytest.mark.parametrize(("name", "most"), [("list", 8), ("export", 7)])
def test_a_page_asks_the_database_little(
    secretary: Client, yard: Yard, name: str, most: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    filled(yard)
    with django_assert_max_num_queries(most):
        assert secretary.get(reverse(f"stock:{name}")).status_code == 200


def test_the_page_of_a_store_asks_the_database_little(
    secretary: Client, yard: Yard, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    filled(yard)
    with django_assert_max_num_queries(12):
        assert secretary.get(reverse("stock:store", args=[yard["何家角"].id])).status_code == 200
