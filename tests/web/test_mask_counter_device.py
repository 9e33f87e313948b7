"""What the counter's own program is given, and what becomes of the hand-overs that it sends."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from fangxian.accounts.actions import set_active
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.models import OneOff
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.models import CallStatus, Collection, Message, MessageKind
from fangxian.masks.queries.pharmacy import secret_key
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.sealing import seal_record, to_text
from tests.support.desk import at_desk
from tests.support.factories import make_staff
from tests.support.mask_goods import TUESDAY, Goods, call, doors, prove, register, selling

pytestmark = pytest.mark.django_db(transaction=True)
NOW = TUESDAY + timedelta(minutes=10)


@pytest.fixture
def goods() -> Iterator[Goods]:
    with time_machine.travel(NOW, tick=False):
        yield selling()


@pytest.fixture
def staff(goods: Goods) -> Staff:
    return make_staff(Role.PHARMACY, goods.pharmacy, "陈药师")


@pytest.fixture
def client(staff: Staff) -> Client:
    return at_desk(staff, now=NOW)


@pytest.fixture
def pack(client: Client) -> dict[str, Any]:
    answer = client.post(reverse("mask-counter:pack"), "{}", content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()["pack"]
    return found


def sealed(
    pack: dict[str, Any], number: str, *, id: object = None, at: datetime = NOW, **more: object
) -> dict[str, Any]:
    """As the counter seals it."""
    record = {
        "kind": "hand", "call": number, "quantity": 5, "identity": True, "at_us": clock.to_us(at), "offline": True,
        **more,
    }  # fmt: skip
    ident = str(id or new_id())
    row = seal_record(json.dumps(record).encode(), f"{pack['id']}:{ident}".encode(), b"n" * 12)
    return {
        "id": ident, "pack": pack["id"], "key": row.key_id, "point": to_text(row.point), "nonce": to_text(row.nonce),
        "data": to_text(row.ciphertext),
    }  # fmt: skip


def send(client: Client, *items: dict[str, Any], device: datetime = NOW) -> list[dict[str, Any]]:
    body = json.dumps({"device_us": clock.to_us(device), "items": items})
    answer = client.post(reverse("mask-counter:sync"), body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_list_names_only_whom_it_may_serve(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    theirs = register(goods.ground, doors(goods, 0)[4], goods.ground.committees[0], name="赵敏")
    row = goods.calls[0]
    row.status = CallStatus.COLLECTED
    row.save()
    assert Entry.objects.filter(act="screening.pack.taken").count() == 1
    lines = {line["voucher"]: line for line in pack["list"]["lines"]}
    mine = lines["R2-何家角-0001"]
    assert (mine["name"], mine["elsewhere"], mine["key"]) == ("王海", "", secret_key(row.registration.secret))
    assert row.registration.secret not in json.dumps(pack)
    again = client.get(reverse("mask-counter:listing", args=[pack["id"]])).json()["list"]
    lines = {line["voucher"]: line for line in again["lines"]}
    assert (lines["R2-何家角-0001"]["status"], lines["R2-何家角-0001"]["name"]) == ("collected", "")
    assert theirs.seq == 4
    assert again["kinds"]["adult"]["price_fen"] == 250


def test_a_number_of_another_pharmacy_says_where_and_no_name(goods: Goods) -> None:
    theirs = at_desk(make_staff(Role.PHARMACY, goods.other), now=NOW)
    found = theirs.post(reverse("mask-counter:pack"), "{}", content_type="application/json").json()["pack"]["list"]
    assert {(line["elsewhere"], line["name"], line["mask"]) for line in found["lines"]} == {("第1药房", "", "")}


def test_a_list_is_read_again_by_who_took_it_and_while_it_lives(
    client: Client, staff: Staff, goods: Goods, pack: dict[str, Any]
) -> None:
    address = reverse("mask-counter:listing", args=[pack["id"]])
    other = at_desk(make_staff(Role.PHARMACY, goods.pharmacy), now=NOW)
    assert client.get(address).status_code == 200
    assert other.get(address).status_code == 404
    later = NOW + timedelta(hours=11)
    with time_machine.travel(later, tick=False):
        assert at_desk(staff, now=later).get(address).status_code == 404


def test_a_batch_is_stored_once(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    items = [sealed(pack, goods.calls[n].id.hex, collector="邻居老李" if n else "") for n in (0, 1)]
    first, again = send(client, *items), send(client, *items)
    assert [one["status"] for one in first] == ["stored", "stored"]
    assert [one["status"] for one in again] == ["known", "known"]
    assert Collection.objects.count() == 2
    assert Collection.objects.get(id=items[1]["id"]).collector == "邻居老李"
    assert first[0]["marks"] == []
    prove(goods)


def test_two_counters_without_network_gave_out_one_voucher(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    theirs = at_desk(make_staff(Role.PHARMACY, goods.other), now=NOW)
    other = theirs.post(reverse("mask-counter:pack"), "{}", content_type="application/json").json()["pack"]
    number = goods.calls[0].id.hex
    assert send(client, sealed(pack, number))[0]["code"] == "ok"
    found = send(theirs, sealed(other, number))[0]
    assert (found["status"], found["code"]) == ("stored", "double")
    assert "the street settles it" in found["marks"][0]
    assert sorted(Collection.objects.values_list("standing", flat=True)) == [False, True]
    message = Message.objects.get(kind=MessageKind.INCIDENT)
    assert OneOff.objects.filter(duty_id=message.duty_id).exists()


def test_with_the_network_a_second_time_is_refused_and_nothing_kept(
    client: Client, goods: Goods, pack: dict[str, Any]
) -> None:
    number = goods.calls[0].id.hex
    hand_over(
        [Handed(id=new_id(), call=number, quantity=5, identity=True)], pharmacy=goods.pharmacy, by="test", now=NOW
    )
    found = send(client, sealed(pack, number, offline=False))[0]
    assert (found["status"], found["code"], found["pharmacy"]) == ("refused", "double", "第1药房")
    assert Collection.objects.count() == 1


def test_what_left_for_a_wrong_code_is_reported_and_leaves_the_device(
    client: Client, goods: Goods, pack: dict[str, Any]
) -> None:
    found = send(client, sealed(pack, "R2-何家角-0001#somebody-elses"))[0]
    assert (found["status"], found["code"]) == ("reported", "wrong_code")
    assert Collection.objects.count() == 0
    assert Message.objects.filter(kind=MessageKind.INCIDENT).count() == 1


def test_another_price_than_was_taken_is_marked(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    found = send(client, sealed(pack, goods.calls[0].id.hex, money_fen=1000))[0]
    assert found["marks"] == ["Taken 10.00 yuan; by the book it is 12.50 yuan. Note it at the closing."]


def test_a_wrong_clock_is_put_right(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    fast = timedelta(hours=3)
    send(client, sealed(pack, goods.calls[0].id.hex, at=NOW - timedelta(minutes=5) + fast), device=NOW + fast)
    assert Collection.objects.get().observed_us == clock.to_us(NOW - timedelta(minutes=5))


def test_the_list_of_somebody_else_is_not_sent_by_me(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    other = at_desk(make_staff(Role.PHARMACY, goods.pharmacy), now=NOW)
    broken = sealed(pack, goods.calls[0].id.hex) | {"data": to_text(b"x" * 40)}
    assert send(other, sealed(pack, goods.calls[0].id.hex))[0]["status"] == "refused"
    assert send(client, broken)[0]["status"] == "refused"
    assert Collection.objects.count() == 0


def test_nonsense_is_refused_whole(client: Client, pack: dict[str, Any]) -> None:
    for body in ("", "[]", '{"device_us": 1, "items": [{}]}'):
        answer = client.post(reverse("mask-counter:sync"), body, content_type="application/json")
        assert answer.status_code == 400
    assert client.post(reverse("mask-counter:pack"), "[1]", content_type="application/json").status_code == 400


def test_whoever_reaches_several_pharmacies_names_one(goods: Goods) -> None:
    both = at_desk(make_staff(Role.PHARMACY, goods.ground.street.street), now=NOW)
    answer = both.post(reverse("mask-counter:pack"), "{}", content_type="application/json")
    assert answer.status_code == 409
    body = json.dumps({"at": str(goods.other.id)})
    assert both.post(reverse("mask-counter:pack"), body, content_type="application/json").status_code == 200


def test_a_list_ends_with_the_sessions_of_its_owner(client: Client, staff: Staff, pack: dict[str, Any]) -> None:
    address = reverse("mask-counter:pack-state", args=[pack["id"]])
    assert Client().get(address).json() == {"live": True}
    set_active(staff=staff, active=False, by="test", now=NOW)
    assert Client().get(address).json() == {"live": False}


def test_the_shell_names_nobody_and_holds_no_inline_script(client: Client, goods: Goods) -> None:
    page = client.get(reverse("mask-counter:shell")).content.decode()
    assert "陈药师" not in page
    assert "<script>" not in page
    worker = client.get(reverse("mask-counter:service-worker")).content.decode()
    assert "console/js/counter/desk.js" in worker
    assert "console/js/field/keep.js" in worker


def test_a_number_called_since_stands_on_the_next_list(client: Client, goods: Goods, pack: dict[str, Any]) -> None:
    late = register(goods.ground, doors(goods, 0)[3], goods.ground.committees[0], document_mask="310105********0017")
    call(goods, late, slot=4)
    found = client.get(reverse("mask-counter:listing", args=[pack["id"]])).json()["list"]["lines"]
    assert {line["mask"] for line in found if line["voucher"] == "R2-何家角-0004"} == {"310105********0017"}
    assert len(found) == len(pack["list"]["lines"]) + 1
