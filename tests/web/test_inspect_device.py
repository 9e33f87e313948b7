"""What an inspector's phone is given, and what becomes of the walks and photos that it sends."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from fangxian.accounts.actions import grant
from fangxian.accounts.models import Staff
from fangxian.accounts.roles import Role
from fangxian.audit.models import Entry
from fangxian.duties.actions import apply_playbook
from fangxian.files.models import StoredFile
from fangxian.files.rules import PHOTO_MAX_BYTES
from fangxian.inspections.actions import assign, findings
from fangxian.inspections.actions.photos import keep_photo
from fangxian.inspections.models import Answer, Finding, FindingAct, FindingStatus, FindingStep, Inspection, Occasion
from fangxian.inspections.rules import Actor
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.sealing import seal_record, to_text
from fangxian.workplaces.actions import measures
from fangxian.workplaces.models import MeasureKind
from tests.support import playbooks
from tests.support.desk import at_desk
from tests.support.pictures import portrait
from tests.support.walks import find
from tests.support.works import MORNING, Works, make_works

pytestmark = pytest.mark.django_db
NOW = MORNING + timedelta(hours=3)
TODAY = clock.local_day(NOW)


@pytest.fixture
def works() -> Iterator[Works]:
    """The party worker of the second tower is sent to the first one."""
    with time_machine.travel(NOW, tick=False):
        ground = make_works()
        tower = ground.towers[0].building
        inspector = ground.towers[1].worker.id
        assign.assign(place=tower, day=TODAY, inspector=inspector, occasion=Occasion.DAILY, by="test", now=NOW)
        yield ground


@pytest.fixture
def inspector(works: Works) -> Staff:
    return works.towers[1].worker


@pytest.fixture
def client(inspector: Staff) -> Client:
    return at_desk(inspector, now=NOW)


def take(client: Client, at: object = "") -> dict[str, Any]:
    body = json.dumps({"at": str(at) if at else ""})
    answer = client.post(reverse("inspect:pack"), body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()["pack"]
    return found


def sealed(pack: dict[str, Any], record: dict[str, Any], ident: object = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON holds
    """As the phone seals it."""
    ident = str(ident or new_id())
    row = seal_record(json.dumps(record).encode(), f"{pack['id']}:{ident}".encode(), b"n" * 12)
    return {
        "id": ident, "pack": pack["id"], "key": row.key_id, "point": to_text(row.point), "nonce": to_text(row.nonce),
        "data": to_text(row.ciphertext), **more,
    }  # fmt: skip


def send(client: Client, *items: dict[str, Any], to: str = "sync", device: datetime = NOW) -> list[dict[str, Any]]:
    body = json.dumps({"device_us": clock.to_us(device), "items": items})
    answer = client.post(reverse(f"inspect:{to}"), body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def photo(pack: dict[str, Any], content: bytes | None = None, ident: object = None) -> dict[str, Any]:
    jpeg = base64.b64encode(content if content is not None else portrait()).decode()
    return sealed(pack, {"kind": "photo", "jpeg": jpeg}, ident)


def walk(pack: dict[str, Any], number: int = 0, faults: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    """The whole list of a place in order, but for `faults`."""
    place = pack["places"][number]
    answers: list[dict[str, Any]] = [
        {"item": item["key"], "result": "ok"} for item in pack["lists"][place["list"]]["items"]
    ]
    for one in answers:
        if faults and one["item"] in faults:
            one.update({"result": "fault", **faults[one["item"]]})
    return {
        "kind": "walk", "place": place["id"], "occasion": place["occasion"], "assignment": place["assignment"],
        "checklist": place["list"], "begun_us": clock.to_us(NOW) - 30 * clock.MINUTE_US, "at_us": clock.to_us(NOW),
        "offset_us": 0, "answers": answers, "signed_name": "物业经理1", "offline": True, **more,
    }  # fmt: skip


def test_a_pack_holds_the_places_of_the_day_with_list_spots_findings_and_measures(
    works: Works, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tower = works.towers[0]
    row = find(tower.building, works.head, NOW - timedelta(hours=1), spot="地库口", zone="B")
    measures.declare(
        enterprise=works.firms[0].id, place=tower.building, kind=MeasureKind.REMOTE, text="", since=TODAY, by="t",
        now=NOW,
    )  # fmt: skip
    with django_assert_max_num_queries(27):
        pack = take(client)
    [place] = pack["places"]
    assert (place["name"], place["occasion"], place["done"]) == ("虹桥大厦", "daily", None)
    assert len(pack["lists"][place["list"]]["items"]) == 22
    spots = {one["name"]: one["zone"] for one in place["spots"]}
    assert spots == {"正门": "", "地库口": "", "red zone": "R", "yellow zone": "Y", "blue zone": "B"}
    assert [one["id"] for one in place["findings"]] == [str(row.id)]
    assert [one["firm"] for one in place["measures"]] == ["银杏贸易有限公司"]
    assert place["managers"] == ["物业经理1"]
    assert Entry.objects.filter(act="screening.pack.taken").count() == 1
    hello = client.get(reverse("inspect:hello")).json()
    assert hello["lists"]["building"] == place["list"]


def test_an_unannounced_place_is_in_the_pack_of_its_inspector_only(works: Works, client: Client) -> None:
    tower = works.towers[0].building
    assign.assign(
        place=tower, day=TODAY, inspector=works.head.id, occasion=Occasion.UNANNOUNCED, by="test", now=NOW
    )  # fmt: skip
    assert [place["occasion"] for place in take(client)["places"]] == ["daily"]
    assert [place["occasion"] for place in take(at_desk(works.head, now=NOW))["places"]] == ["unannounced"]


def test_photos_go_first_and_their_tokens_with_the_walk_and_twice_is_once(works: Works, client: Client) -> None:
    pack = take(client)
    first, second = new_id(), new_id()
    [one] = send(client, photo(pack, ident=first), to="photo")
    [again] = send(client, photo(pack, ident=first), to="photo")
    [other] = send(client, photo(pack, portrait("#224466"), ident=second), to="photo")
    assert (one["status"], again["status"]) == ("stored", "stored")
    assert StoredFile.objects.count() == 2
    tokens = {str(first): again["token"], str(second): other["token"]}
    fault = {"spot": "地库口", "zone": "B", "note": "无人测温", "photos": [str(first), str(second)]}
    item = sealed(pack, walk(pack, faults={"A2": fault}), photos=tokens)
    [stored] = send(client, item)
    [known] = send(client, item)
    assert (stored["status"], known["status"]) == ("stored", "known"), stored
    assert stored["marks"] == []
    row = Inspection.objects.get()
    assert (row.in_order, row.applicable, row.signed_name, row.offline) == (21, 22, "物业经理1", True)
    assert len(Answer.objects.get(item="A2").photos) == 2
    finding = Finding.objects.get()
    assert (finding.item, finding.spot, finding.zone, finding.note) == ("A2", "地库口", "B", "无人测温")


def test_a_photo_of_somebody_else_cannot_be_named(works: Works, client: Client) -> None:
    stranger = at_desk(works.head, now=NOW)
    theirs = take(stranger, works.towers[0].id)
    ident = new_id()
    [one] = send(stranger, photo(theirs, ident=ident), to="photo")
    pack = take(client)
    fault = {"note": "无人测温", "photos": [str(ident)]}
    [stored] = send(client, sealed(pack, walk(pack, faults={"A2": fault}), photos={str(ident): one["token"]}))
    assert stored["status"] == "stored"
    assert stored["marks"] == ["1 photo could not be kept."]
    assert Answer.objects.get(item="A2").photos == []


def test_what_is_no_photo_is_told_and_does_not_hold_the_walk_up(works: Works, client: Client) -> None:
    pack = take(client)
    [lost] = send(client, photo(pack, b"no picture at all"), to="photo")
    assert lost["status"] == "lost"
    assert "without it" in lost["marks"][0]
    assert not StoredFile.objects.exists()


def test_a_photo_larger_than_a_request_may_be_is_refused(client: Client, works: Works) -> None:
    pack = take(client)
    body = json.dumps({"device_us": 1, "items": [photo(pack, b"x" * 2_700_000)]})
    answer = client.post(reverse("inspect:photo"), body, content_type="application/json")
    assert answer.status_code == 400
    assert "kept on the phone" in answer.json()["error"]


def test_a_photo_over_the_bound_of_photos_is_refused_with_words(
    works: Works, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound of a request is met first: with the real numbers such a photo never comes as far as the store."""
    pack = take(client)
    body = json.dumps({"device_us": 1, "items": [photo(pack, b"x" * (PHOTO_MAX_BYTES + 1))]})
    answer = client.post(reverse("inspect:photo"), body, content_type="application/json")
    assert answer.status_code == 400
    assert "too large" in answer.json()["error"]
    monkeypatch.setattr("fangxian.files.rules.PHOTO_MAX_BYTES", 1_000)
    [lost] = send(client, photo(pack, portrait() + bytes(1_000)), to="photo")
    assert lost["status"] == "lost"
    assert "MB" in lost["marks"][0]
    assert "without it" in lost["marks"][0]
    assert not StoredFile.objects.exists()


def test_a_record_of_another_pack_is_refused_and_stays_on_the_phone(works: Works, client: Client) -> None:
    theirs = take(at_desk(works.head, now=NOW), works.towers[0].id)
    [refused] = send(client, sealed(theirs, walk(theirs)))
    assert refused["status"] == "refused"
    assert "sign in as that person" in refused["reason"]
    assert send(client, {**sealed(theirs, walk(theirs)), "pack": str(new_id())})[0]["status"] == "refused"
    assert not Inspection.objects.exists()


def test_a_place_that_was_not_theirs_is_refused(works: Works, client: Client) -> None:
    pack = take(client)
    own = {**walk(pack), "place": str(works.towers[1].id), "assignment": ""}
    [refused] = send(client, sealed(pack, own))
    assert refused["status"] == "refused"
    assert not Inspection.objects.exists()


def test_a_walk_without_all_answers_is_refused_with_what_is_missing(works: Works, client: Client) -> None:
    pack = take(client)
    short = walk(pack)
    short["answers"] = short["answers"][1:]
    [refused] = send(client, sealed(pack, short))
    assert refused["status"] == "refused"
    assert "A1" in refused["reason"]


def test_a_list_that_was_edited_meanwhile_counts_as_it_was_in_hand_and_says_so(works: Works, client: Client) -> None:
    pack = take(client)
    checked = playbooks.check_edited("checklist.toml", "访客经接待人确认并登记", "访客经接待人当面确认并登记")
    assert checked.plan is not None, checked.faults
    apply_playbook(plan=checked.plan, effective_at=NOW, by="test", now=NOW)
    later = NOW + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        assert client.get(reverse("inspect:hello")).json()["lists"]["building"] != pack["places"][0]["list"]
        [stored] = send(client, sealed(pack, walk(pack, faults={"A5": {"note": "快递进楼"}})), device=later)
    assert stored["status"] == "stored"
    assert "judged by the one that was in hand" in stored["marks"][0]
    assert Inspection.objects.get().applicable == 22
    assert Finding.objects.get().item == "A5"


def test_the_clock_of_a_phone_that_runs_ahead_is_put_right(works: Works, client: Client) -> None:
    pack = take(client)
    hour = clock.HOUR_US
    ahead = {**walk(pack), "at_us": clock.to_us(NOW) + hour, "begun_us": clock.to_us(NOW) + hour // 2}
    ahead["offset_us"] = -hour
    [stored] = send(client, sealed(pack, ahead), device=NOW + timedelta(hours=1))
    assert stored["status"] == "stored"
    row = Inspection.objects.get()
    assert (row.observed_us, row.begun_us) == (clock.to_us(NOW), clock.to_us(NOW) - hour // 2)
    assert "clock" in stored["marks"][0]


def mended(works: Works, item: str = "A2") -> Finding:
    row = find(works.towers[0].building, works.head, NOW - timedelta(hours=1), item, spot="地库口", zone="B")
    digest = keep_photo(content=portrait(), name="a.jpg", by="test", now=NOW)
    findings.act(
        finding=row, act=FindingAct.MEND, actors={Actor.RESPONSIBLE}, by=works.towers[0].manager.actor,
        now=NOW - timedelta(minutes=30), photos=[digest],
    )  # fmt: skip
    return row


def test_what_was_put_right_is_judged_once_though_sent_twice(works: Works, client: Client) -> None:
    row = mended(works)
    pack = take(client)
    judged = sealed(
        pack,
        {"kind": "judge", "finding": str(row.id), "act": "pass", "text": "", "at_us": clock.to_us(NOW), "offset_us": 0},
    )
    assert [answer["status"] for answer in send(client, judged)] == ["stored"]
    assert [answer["status"] for answer in send(client, judged)] == ["known"]
    row.refresh_from_db()
    assert row.status == FindingStatus.CLOSED
    assert FindingStep.objects.filter(finding=row, act=FindingAct.PASS).count() == 1


def test_a_second_look_that_fails_says_why_or_is_refused(works: Works, client: Client) -> None:
    row = mended(works)
    pack = take(client)
    fail = {"kind": "judge", "finding": str(row.id), "act": "fail", "at_us": clock.to_us(NOW), "offset_us": 0}
    [refused] = send(client, sealed(pack, fail))
    assert (refused["status"], refused["reason"]) == ("refused", "Say why. Nothing was changed.")
    [stored] = send(client, sealed(pack, {**fail, "text": "仍无人测温"}))
    assert stored["status"] == "stored"
    row.refresh_from_db()
    assert row.status == FindingStatus.REOPENED


def test_a_measure_is_verified_on_the_way(works: Works, client: Client) -> None:
    made = measures.declare(
        enterprise=works.firms[0].id, place=works.towers[0].building, kind=MeasureKind.REMOTE, text="", since=TODAY,
        by="t", now=NOW,
    )  # fmt: skip
    pack = take(client)
    record = {"kind": "measure", "measure": str(made.id), "holds": False, "at_us": clock.to_us(NOW), "offset_us": 0}
    [stored] = send(client, sealed(pack, record))
    assert stored["status"] == "stored"
    made.refresh_from_db()
    assert (made.holds, made.verified_by) == (False, works.towers[1].worker.actor)


def test_a_look_at_a_measure_counts_once_and_an_older_one_does_not_replace_a_newer(
    works: Works, client: Client
) -> None:
    made = measures.declare(
        enterprise=works.firms[0].id, place=works.towers[0].building, kind=MeasureKind.REMOTE, text="", since=TODAY,
        by="t", now=NOW,
    )  # fmt: skip
    pack = take(client)
    record = {"kind": "measure", "measure": str(made.id), "holds": False, "at_us": clock.to_us(NOW), "offset_us": 0}
    first = sealed(pack, record)
    later = NOW + timedelta(minutes=20)
    with time_machine.travel(later, tick=False):
        measures.verify(measure=made, holds=True, by="somebody", now=NOW + timedelta(minutes=10))
        [stored] = send(client, first, device=later)
        [known] = send(client, first, device=later)
    assert (stored["status"], known["status"]) == ("stored", "known")
    assert "later" in stored["marks"][0]
    made.refresh_from_db()
    assert (made.holds, made.verified_by) == (True, "somebody")
    seen = Entry.objects.filter(act="workplaces.measure.verified", actor=works.towers[1].worker.actor)
    assert [entry.detail["holds"] for entry in seen] == [False]


def test_nobody_verifies_a_measure_of_their_own_place(works: Works, client: Client, inspector: Staff) -> None:
    tower = works.towers[0].building
    made = measures.declare(
        enterprise=works.firms[0].id, place=tower, kind=MeasureKind.REMOTE, text="", since=TODAY, by="t", now=NOW
    )
    pack = take(client)
    grant(staff=inspector, role=Role.BUILDING_PARTY_WORKER, place=tower, by="test", now=NOW)
    record = {"kind": "measure", "measure": str(made.id), "holds": True, "at_us": clock.to_us(NOW), "offset_us": 0}
    [refused] = send(at_desk(inspector, now=NOW), sealed(pack, record))
    assert refused["status"] == "refused", refused
    assert "own place" in refused["reason"]
    made.refresh_from_db()
    assert made.holds is None


def test_the_list_comes_anew_with_what_was_assigned_since_and_with_what_is_done(works: Works, client: Client) -> None:
    pack = take(client)
    assert send(client, sealed(pack, walk(pack)))[0]["status"] == "stored"
    mended(works)
    assign.assign(
        place=works.towers[0].building, day=TODAY, inspector=works.towers[1].worker.id, occasion=Occasion.RECHECK,
        by="test", now=NOW,
    )  # fmt: skip
    listed = client.get(reverse("inspect:listing", args=[pack["id"]])).json()["list"]
    assert [(place["occasion"], place["done"]) for place in listed["places"]] == [
        ("recheck", None), ("daily", {"ok": 22, "all": 22}),
    ]  # fmt: skip
    assert at_desk(works.head, now=NOW).get(reverse("inspect:listing", args=[pack["id"]])).status_code == 404


def test_a_place_of_ones_own_is_not_taken_along(works: Works, client: Client) -> None:
    body = json.dumps({"at": str(works.towers[1].id)})
    answer = client.post(reverse("inspect:pack"), body, content_type="application/json")
    assert answer.status_code == 403
    [place] = take(at_desk(works.head, now=NOW), works.towers[1].id)["places"]
    assert (place["name"], place["occasion"], place["assignment"]) == ("古北中心", "leader", "")


def test_what_cannot_be_read_is_told(client: Client) -> None:
    for to in ("sync", "photo", "pack"):
        answer = client.post(reverse(f"inspect:{to}"), "{", content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["error"]
