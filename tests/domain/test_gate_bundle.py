"""What a tablet takes along for work without the network: ids and hashes, no name, and little enough to fetch often."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.gates import plan
from fangxian.gates.actions import passes
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.checks import DeviceFacts, prepare
from fangxian.gates.actions.purge import purge
from fangxian.gates.models import Declaration, Device, Held, Pass, PassKind, Presence, Used
from fangxian.gates.queries import hot
from fangxian.gates.queries.bundle import HASH_BYTES, bundle, cards
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from tests.support.factories import MORNING, Street, make_person, make_vehicle
from tests.support.gates import Office, employee_pass, leaving, make_gate, resident_permit

pytestmark = pytest.mark.django_db
NOW = MORNING + timedelta(minutes=5)
NOW_US = clock.to_us(NOW)


def ids(packed: str) -> set[str]:
    raw = base64.b64decode(packed)
    return {raw[at : at + 16].hex() for at in range(0, len(raw), 16)}


def subject(permit: Pass) -> UUID:
    assert permit.subject_id is not None
    return permit.subject_id


def typed(made: dict[str, object], text: str) -> list[object]:
    """The row that a number or plate stands for, as the tablet finds it."""
    key = base64.b64decode(str(made["key"]))
    wanted = base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)[:HASH_BYTES]).decode()
    return [row for row in made["rows"] if row[0] == wanted]  # type: ignore[attr-defined]  # rows are lists


def test_it_lists_what_is_not_in_force_held_inside_declared_and_used(street: Street, office: Office) -> None:
    names = ("live", "suspended", "revoked", "held", "inside", "used")
    made = {
        name: employee_pass(office.building, door, name) for name, door in zip(names, street.dwellings, strict=False)
    }
    passes.suspend(passes=[made["suspended"]], reason="换岗", by="test", now=NOW)
    passes.revoke(passes=[made["revoked"]], reason="离职", by="test", now=NOW)
    Held.objects.create(
        subject_id=subject(made["held"]), since_us=NOW_US, reason="居家观察", source="test:1", by="test"
    )
    Declaration.objects.create(
        subject_id=subject(made["live"]),
        made_us=NOW_US,
        until_us=NOW_US + clock.DAY_US,
        clear=True,
        source="test",
        by="test",
    )
    Presence.objects.create(
        place_id=office.building.id, who=f"s:{subject(made['inside']).hex}", inside=True, since_us=NOW_US,
        check_id=made["live"].id, gate_id=office.front.id,
    )  # fmt: skip
    day = (clock.local_day(NOW).toordinal()) - 719163
    Pass.objects.filter(id=made["used"].id).update(once=True)
    Used.objects.create(key=f"once:{made['used'].id.hex}", count=1)
    Used.objects.create(key=f"cap:{office.front.id.hex}:{day}", count=17)
    Used.objects.create(key=f"in:{office.building.id.hex}", count=1)
    found = bundle(office.tablet, NOW)
    assert ids(found["not_in_force"]["s"]) == {made["suspended"].id.hex}
    assert ids(found["not_in_force"]["r"]) == {made["revoked"].id.hex}
    assert ids(found["held"]) == {made["held"].id.hex}
    assert ids(found["declared"]) == {made["live"].id.hex}
    assert ids(found["inside"]) == {made["inside"].id.hex}
    assert ids(found["used"]) == {made["used"].id.hex}
    assert (found["entries_today"], found["inside_count"]) == (17, 1)
    assert found["gate"]["gate_id"] == office.front.id.hex
    assert office.building.id.hex in found["line"]
    assert [key["kid"] for key in found["keys"]] == [made["live"].key_id]


def test_it_lists_households_without_outings(street: Street) -> None:
    gate = make_gate(street.compounds[0])
    tablet = Device.objects.create(kind="tablet", gate=gate, name="平板", enrolled_us=NOW_US)
    out, at_home = (resident_permit(street.compounds[0], door) for door in street.dwellings[:2])
    hot.forget()
    with write_lock():
        assert write_batch(prepare([leaving(out)], DeviceFacts(tablet.id, gate.id), NOW))[0].code == "exit"
    assert ids(bundle(tablet, NOW)["no_outings"]) == {out.id.hex}
    assert at_home.subject_id != out.subject_id


def test_a_hold_of_another_place_is_listed_as_the_server_asks_for_no_place(street: Street, office: Office) -> None:
    held = employee_pass(office.building, street.dwellings[0])
    Held.objects.create(
        subject_id=subject(held), place=street.compounds[0], since_us=NOW_US, reason="居家观察", source="test:1", by="t"
    )
    assert ids(bundle(office.tablet, NOW)["held"]) == {held.id.hex}


def test_single_uses_of_other_places_and_of_passes_that_are_over_stay_away(street: Street, office: Office) -> None:
    once = {"kind": PassKind.COURIER, "once": True}
    here = employee_pass(office.building, street.dwellings[0], **once)
    over = employee_pass(office.building, street.dwellings[1], until_us=NOW_US - 1, **once)
    elsewhere = employee_pass(street.compounds[0], street.dwellings[2], **once)
    for permit in (here, over, elsewhere):
        Used.objects.create(key=f"once:{permit.id.hex}", count=1)
    assert ids(bundle(office.tablet, NOW)["used"]) == {here.id.hex}


def test_a_single_use_is_purged_when_its_pass_is_older_than_the_log(
    street: Street, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = plan.InForce(None, plan.GatesSection(), 30)
    monkeypatch.setattr("fangxian.gates.actions.purge.plan_at", lambda _now: days)
    made = [employee_pass(office.building, door, kind=PassKind.COURIER, once=True) for door in street.dwellings[:2]]
    for permit in made:
        Used.objects.create(key=f"once:{permit.id.hex}", count=1)
    Pass.objects.filter(id=made[1].id).update(until_us=clock.to_us(NOW + timedelta(days=400)))
    purge(now=NOW + timedelta(days=390))
    assert list(Used.objects.values_list("key", flat=True)) == [f"once:{made[1].id.hex}"]


def test_a_held_person_holds_the_permit_of_the_household(street: Street) -> None:
    gate = make_gate(street.compounds[0])
    tablet = Device.objects.create(kind="tablet", gate=gate, name="平板", enrolled_us=NOW_US)
    lives, member, free = (resident_permit(street.compounds[0], door) for door in street.dwellings[:3])
    at_home = make_person("李梅", street.dwellings[0])
    other = make_person("王芳", street.dwellings[4])
    Attachment.objects.create(
        subject_id=other.pk, relation=Relation.MEMBER, other_id=subject(member), since=clock.local_day(NOW)
    )
    for person in (at_home, other):
        Held.objects.create(subject_id=person.pk, since_us=NOW_US, reason="居家观察", source="test:1", by="test")
    assert ids(bundle(tablet, NOW)["held"]) == {lives.id.hex, member.id.hex}
    hot.forget()
    items = [leaving(permit) for permit in (lives, member, free)]
    with write_lock():
        told = write_batch(prepare(items, DeviceFacts(tablet.id, gate.id), NOW))
    assert [one.code for one in told] == ["held_here", "held_here", "exit"]


def test_typed_numbers_and_plates_are_matched_by_hashes_under_a_key_of_each_answer(
    street: Street, office: Office
) -> None:
    permit = employee_pass(office.building, street.dwellings[0], zone="R")
    vehicle = make_vehicle("沪A12345", street.compounds[0])
    parked = employee_pass(
        office.building, street.dwellings[1], "沪A12345", kind=PassKind.VEHICLE, subject_id=vehicle.pk, company=""
    )
    elsewhere = employee_pass(street.compounds[0], street.dwellings[2])
    made = cards(office.tablet, NOW)
    assert [row[1] for row in made["rows"] if row in typed(made, permit.number)] == [permit.id.hex]
    assert typed(made, "沪A12345")[0][1:3] == [parked.id.hex, "T"]  # type: ignore[index]  # rows are lists
    assert typed(made, elsewhere.number) == []
    assert cards(office.tablet, NOW)["key"] != made["key"]


def test_it_holds_nothing_about_a_person(street: Street, office: Office) -> None:
    permit = employee_pass(office.building, street.dwellings[0])
    text = json.dumps([bundle(office.tablet, NOW), cards(office.tablet, NOW)], ensure_ascii=False)
    for secret in (permit.holder, permit.company, permit.number, permit.token, permit.wallet):
        assert secret not in text


def test_a_tower_of_17000_people_is_one_small_answer(street: Street, office: Office) -> None:
    first = employee_pass(office.building, street.dwellings[0])
    fields = [
        field.attname
        for field in Pass._meta.concrete_fields
        if field.attname not in ("id", "number", "digest", "wallet")
    ]
    # one person has one pass: these belong to nobody of the register
    same = {name: getattr(first, name) for name in fields} | {"subject_id": None}
    Pass.objects.bulk_create(
        [Pass(number=f"N{n}", digest=n.to_bytes(32, "big"), wallet=f"w{n}", **same) for n in range(17_000)],
        batch_size=1_000,
    )
    with CaptureQueriesContext(connection) as asked:
        small = json.dumps(bundle(office.tablet, NOW))
    assert len(asked) <= 16
    assert len(small) < 20_000
    assert len(cards(office.tablet, NOW)["rows"]) == 17_001
