"""The worker's pages and the way in for phones: who may, what is refused, what is kept."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.accounts.actions import end_grant, grant, set_active
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.console.view import EPOCH_KEY, SIGNED_IN_KEY
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty, Fulfilment
from fangxian.places.models import Place
from fangxian.screening.actions import close_round, open_round, record_visit
from fangxian.screening.actions.items import Visit
from fangxian.screening.models import DayPack, DoorVisit, Mark, Round, RoundKind, UnregisteredFinding, VehicleSighting
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.sealing import seal_record, to_text
from tests.support import ground as g

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 2, 18, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def here() -> g.Ground:
    return g.street_like(NOW - timedelta(hours=1))


@pytest.fixture
def round(here: g.Ground) -> Round:
    g.person("王敏", here.door(1, "101"), NOW)
    g.vehicle("沪A12345", here.compound, NOW)
    return open_round(
        title="入户排摸", place=here.neighbourhood, kinds=RoundKind.values, opens_at=NOW,
        due_at=NOW + timedelta(hours=10), by="test", now=NOW, polite=False,
    )  # fmt: skip


def signed_in(staff: Staff, at: datetime = NOW) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[EPOCH_KEY], session[SIGNED_IN_KEY] = staff.session_epoch, clock.to_us(at)
    session.save()
    return client


@pytest.fixture
def worker(here: g.Ground) -> Staff:
    return g.staff("grid1", "李网格", Role.GRID_WORKER, here.grids[0], NOW - timedelta(hours=1))


@pytest.fixture
def client(worker: Staff) -> Client:
    with time_machine.travel(NOW, tick=False):
        return signed_in(worker)


def get(client: Client, name: str, *args: object, at: datetime = NOW) -> HttpResponse:
    with time_machine.travel(at, tick=False):
        return client.get(reverse(name, args=args))


def take(client: Client, grounds: list[UUID] | None = None, at: datetime = NOW) -> HttpResponse:
    body = json.dumps({"grounds": [str(ground) for ground in grounds or []]})
    with time_machine.travel(at, tick=False):
        return client.post(reverse("field:pack"), body, content_type="application/json")


def sealed(
    pack: dict[str, Any], record: dict[str, Any], *, id: UUID | None = None, at: datetime = NOW
) -> dict[str, Any]:
    """As the phone seals it."""
    id = id or new_id()
    plain = {"at_us": clock.to_us(at), "offset_us": 0, **record}
    row = seal_record(json.dumps(plain).encode(), f"{pack['id']}:{id}".encode(), b"n" * 12)
    return {
        "id": str(id), "pack": pack["id"], "key": row.key_id, "point": to_text(row.point), "nonce": to_text(row.nonce),
        "data": to_text(row.ciphertext),
    }  # fmt: skip


def send(client: Client, *items: dict[str, Any], at: datetime = LATER, device: datetime | None = None) -> list[Any]:
    body = json.dumps({"device_us": clock.to_us(device or at), "items": items})
    with time_machine.travel(at, tick=False):
        answer = client.post(reverse("field:sync"), body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: list[Any] = answer.json()["items"]
    return found


def door_record(round: Round, door: Place, disposition: str = "met", **more: object) -> dict[str, Any]:
    return {"kind": "door", "round": str(round.id), "door": str(door.id), "disposition": disposition, **more}


@pytest.fixture
def pack(client: Client, round: Round) -> dict[str, Any]:
    found: dict[str, Any] = take(client).json()["pack"]
    return found


def test_a_pack_holds_the_own_doors_and_no_more(pack: dict[str, Any], here: g.Ground) -> None:
    doors = [door for round in pack["rounds"] for door in round["doors"]]
    assert {door["block"] for door in doors} == {"1号"}
    assert [door["room"] for door in doors] == ["101", "102", "201", "202"]
    assert [person["name"] for person in doors[0]["people"]] == ["王敏"]
    assert set(doors[0]["people"][0]) == {"id", "name", "language"}
    assert DayPack.objects.get().nodes == [str(here.grids[0].id)]


def test_whoever_reaches_a_street_chooses_grids(here: g.Ground, round: Round) -> None:
    head = g.staff("head", "周科长", Role.SECTION_HEAD, here.street, NOW - timedelta(hours=1))
    client = signed_in(head)
    assert take(client, [here.grids[1].id]).status_code == 200
    assert take(client, [here.compound.parent_id]).status_code == 200  # type: ignore[list-item]  # it has a parent
    assert take(client, [new_id()]).status_code == 404


def test_a_batch_is_answered_by_item_and_stored_once(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground
) -> None:
    item = sealed(pack, door_record(round, here.door(1, "101")))
    broken = sealed(pack, door_record(round, here.door(1, "102"))) | {"data": to_text(b"x" * 40)}
    nonsense = sealed(pack, {"kind": "door", "round": "x"})
    assert [row["status"] for row in send(client, item, broken, nonsense)] == ["stored", "refused", "refused"]
    assert [row["status"] for row in send(client, item, item)] == ["known", "known"]
    assert DoorVisit.objects.count() == 1
    assert Fulfilment.objects.filter(duty__rule__key="door-round").count() == 1
    visit = DoorVisit.objects.get()
    assert (visit.offline, visit.observed_us, visit.received_us) == (True, clock.to_us(NOW), clock.to_us(LATER))


def test_a_text_that_no_database_keeps_is_refused_by_itself(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground
) -> None:
    nul = sealed(pack, door_record(round, here.door(1, "101"), note="门\x00锁"))
    person = {"name": "王\x00五", "presence": "here"}
    named = sealed(pack, door_record(round, here.door(1, "101"), people=[person]))
    good = sealed(pack, door_record(round, here.door(1, "102")))
    assert [answer["status"] for answer in send(client, nul, named, good)] == ["refused", "refused", "stored"]


def test_a_place_outside_is_refused_and_says_so(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground
) -> None:
    found = send(client, sealed(pack, door_record(round, here.door(2, "101"))))[0]
    assert found["status"] == "refused"
    assert "居委会" in found["reason"]
    assert not DoorVisit.objects.exists()


def test_the_pack_of_somebody_else_is_not_sent_by_me(pack: dict[str, Any], round: Round, here: g.Ground) -> None:
    other = signed_in(g.staff("grid2", "张网格", Role.GRID_WORKER, here.grids[0], NOW - timedelta(hours=1)))
    found = send(other, sealed(pack, door_record(round, here.door(1, "101"))))[0]
    assert found["status"] == "refused"
    assert not DoorVisit.objects.exists()


def test_doors_of_the_pack_are_taken_after_the_grid_was_given_to_somebody_else(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground, worker: Staff
) -> None:
    from_now = NOW + timedelta(hours=1)
    end_grant(grant=worker.grants.get(), by="test", now=from_now)
    grant(staff=worker, role=Role.GRID_WORKER, place=here.grids[1], by="test", now=from_now)
    assert send(client, sealed(pack, door_record(round, here.door(1, "101"))))[0]["status"] == "stored"


def test_a_wrong_clock_is_put_right_and_marked(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground
) -> None:
    fast = timedelta(hours=9)
    record = door_record(round, here.door(1, "101"), offset_us=-clock.to_us(datetime(1970, 1, 1, tzinfo=UTC) + fast))
    found = send(client, sealed(pack, record, at=NOW + timedelta(hours=1) + fast), device=LATER + fast)[0]
    visit = DoorVisit.objects.get()
    assert visit.observed_us == clock.to_us(NOW + timedelta(hours=1))
    assert visit.device_us == clock.to_us(NOW + timedelta(hours=1) + fast)
    assert (visit.marks, len(found["marks"])) == ([Mark.CLOCK], 1)


def test_what_changed_meanwhile_is_kept_and_told(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground
) -> None:
    door = here.door(1, "101")
    seen = Visit(new_id(), round.id, door.id, "nobody_home", NOW + timedelta(hours=1))
    record_visit(item=seen, by="b" * 32, now=NOW + timedelta(hours=1))
    close_round(round=round, by="test", now=NOW + timedelta(hours=1))
    found = send(client, sealed(pack, door_record(round, door), at=NOW + timedelta(hours=2)))[0]
    assert (found["status"], len(found["marks"])) == ("stored", 2)
    assert DoorVisit.objects.count() == 2


def test_a_vehicle_an_area_and_a_duty_arrive_too(
    client: Client, pack: dict[str, Any], round: Round, here: g.Ground, worker: Staff
) -> None:
    given = duties.give(
        title="送菜上门", place=here.door(1, "102"), staff=worker.id, until=NOW + timedelta(hours=8), by="test", now=NOW
    )
    car = {
        "kind": "vehicle", "round": str(round.id), "plate": "沪a·12345", "place": str(here.compound.id),
        "disposition": "resident",
    }  # fmt: skip
    area = {"kind": "area", "area": str(here.area.id), "agent": "bleach-84", "mg_per_l": 500, "working_ml": 2000}
    done = {"kind": "duty", "duty": str(given.id)}
    items = [sealed(pack, car), sealed(pack, area), sealed(pack, done)]
    assert [row["status"] for row in send(client, *items)] == ["stored"] * 3
    assert [row["status"] for row in send(client, *items)][:2] == ["known"] * 2
    assert VehicleSighting.objects.get().plate == "沪A12345"
    assert Duty.objects.get(id=given.id).deadline_us is None
    assert Fulfilment.objects.filter(duty=given).count() == 1


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"device_us": 1, "items": [{}]}', '{"device_us": "x", "items": []}'])
def test_what_is_not_a_batch_is_refused_whole(client: Client, round: Round, body: str) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = client.post(reverse("field:sync"), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_strangers_and_those_without_the_role_get_nothing(here: g.Ground, round: Round) -> None:
    assert Client().get(reverse("field:hello")).status_code == 302
    auditor = signed_in(g.staff("audit", "审计", Role.AUDITOR, here.street, NOW - timedelta(hours=1)))
    for name in ("field:today", "field:hello"):
        assert get(auditor, name).status_code == 403
    assert take(auditor).status_code == 403


def test_the_shell_and_its_worker_name_nobody_and_hold_no_inline_script(client: Client, round: Round) -> None:
    shell = get(client, "field:shell").content.decode()
    assert "李网格" not in shell
    assert "csrf" not in shell
    worker = get(client, "field:service-worker")
    assert worker["Content-Type"].startswith("text/javascript")
    assert "console/js/field/app" in worker.content.decode()
    assert get(client, "field:manifest").json()["scope"] == "/field/"


def test_the_plain_pages_record_a_door_without_a_script(client: Client, round: Round, here: g.Ground) -> None:
    door = here.door(1, "101")
    page = get(client, "field:door", round.id, door.id)
    form = page.context["form"]
    key = form.people_rows[0].subject_id.hex
    fields = {
        "record": str(form.initial["record"]), "disposition": "met", f"{key}-presence": "present",
        f"{key}-travel": "region:hubei", "new0-name": "赵新", "new0-presence": "present", "new0-travel": "none",
    }  # fmt: skip
    for _press in range(2):
        with time_machine.travel(NOW, tick=False):
            answer = client.post(reverse("field:door", args=[round.id, door.id]), fields)
        assert answer.status_code == 302
    visit = DoorVisit.objects.get()
    assert {(p.presence, tuple(p.regions)) for p in visit.people.all()} == {("present", ("hubei",)), ("present", ())}
    assert UnregisteredFinding.objects.get().label == "赵新"


def test_an_unlisted_door_is_reported_once(client: Client, round: Round, here: g.Ground) -> None:
    for _press in range(2):
        with time_machine.travel(NOW, tick=False):
            client.post(
                reverse("field:unlisted", args=[round.id, here.grids[0].id]), {"address": "荣华东道66弄1号阁楼"}
            )
    assert UnregisteredFinding.objects.count() == 1


def test_doors_and_rounds_outside_do_not_exist(client: Client, round: Round, here: g.Ground) -> None:
    assert get(client, "field:door", round.id, here.door(2, "101").id).status_code == 404
    assert get(client, "field:doors", round.id, here.grids[1].id).status_code == 404
    assert get(client, "field:grounds", new_id()).status_code == 404


@pytest.mark.parametrize(
    ("name", "most", "args"),
    [
        ("field:today", 12, lambda r, h: ()),
        ("field:doors", 12, lambda r, h: (r.id, h.grids[0].id)),
        ("field:door", 12, lambda r, h: (r.id, h.door(1, "101").id)),
        ("field:vehicles", 12, lambda r, h: (r.id, h.grids[0].id)),
    ],
)
def test_a_page_asks_the_database_little(
    client: Client,
    round: Round,
    here: g.Ground,
    name: str,
    most: int,
    args: Callable[[Round, g.Ground], tuple[object, ...]],
) -> None:
    get(client, name, *args(round, here))
    with CaptureQueriesContext(connection) as asked:
        assert get(client, name, *args(round, here)).status_code == 200
    assert len(asked) <= most, [query["sql"][:90] for query in asked]


def test_a_pack_ends_with_its_shift_and_with_the_sessions_of_its_owner(pack: dict[str, Any], worker: Staff) -> None:
    stranger = Client()
    assert get(stranger, "field:pack-state", pack["id"], at=LATER).json() == {"live": True}
    assert get(stranger, "field:pack-state", pack["id"], at=NOW + timedelta(hours=10)).json() == {"live": False}
    assert get(stranger, "field:pack-state", new_id()).json() == {"live": False}
    set_active(staff=worker, active=False, by="test", now=LATER)
    assert get(stranger, "field:pack-state", pack["id"], at=LATER).json() == {"live": False}
