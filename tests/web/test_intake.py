"""The hot path's HTTP, asked as the server asks it."""

import io
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from fangxian.gates.actions import checks, devices
from fangxian.gates.models import Check, Device, DeviceKind, Pass
from fangxian.gates.queries import hot
from fangxian.intake import front, health
from fangxian.shared import clock
from fangxian.shared.group_commit import FullError, GroupCommit
from fangxian.shared.ids import new_id
from tests.support.factories import make_street
from tests.support.gates import employee_pass, make_office

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Gate:
    device: Device
    token: str
    permit: Pass
    now: datetime


@pytest.fixture
def gate() -> Iterator[Gate]:
    hot.forget()
    street, now = make_street(), clock.now()
    office = make_office(street, now=now)
    device, token = devices.register(
        kind=DeviceKind.TABLET, gate=office.front, name="平板", in_charge=None, calibration_due=None, by="test", now=now
    )
    yield Gate(device, token, employee_pass(office.building, street.dwellings[0], now=now), now)
    checks.writer().stop()


def ask(path: str, body: object = None, token: str = "", method: str = "POST") -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=int(status.split()[0]), headers=dict(headers))

    environ = {
        "PATH_INFO": path, "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(raw)), "wsgi.input": io.BytesIO(raw),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
    }  # fmt: skip
    answer = b"".join(front.application(environ, start))
    return Answer(told["status"], told["headers"], json.loads(answer))


def item(gate: Gate, **changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()), "at": clock.to_us(gate.now), "dir": "in", "token": gate.permit.token, "mask": True,
        "temp": 36.6, "identity": True, "declared": True,
    } | changes  # fmt: skip


def test_one_check_and_an_array_are_answered_item_by_item(gate: Gate) -> None:
    one = ask("/intake/v1/gate-checks", item(gate), gate.token)
    assert (one.status, one.body["items"][0]["outcome"]) == (200, "admit")
    sent = [item(gate, again=True), item(gate, temp=37.8), item(gate, dir="out")]
    many = ask("/intake/v1/gate-checks", sent, gate.token)
    assert [line["code"] for line in many.body["items"]] == ["ok", "fever", "exit"]
    assert [UUID(line["id"]) for line in many.body["items"]] == [UUID(str(line["id"])) for line in sent]
    assert Check.objects.count() == 4


def test_a_queue_with_a_clock_an_hour_off_is_set_right(gate: Gate) -> None:
    hour_ahead = clock.to_us(clock.now()) + clock.HOUR_US
    sent = {"device_us": hour_ahead, "items": [item(gate, at=hour_ahead)]}
    answer = ask("/intake/v1/gate-checks", sent, gate.token)
    assert answer.body["items"][0]["marks"] == ["clock"]
    assert abs(Check.objects.get().observed_us - clock.to_us(clock.now())) < clock.MINUTE_US


def test_a_device_that_is_unknown_or_revoked_stores_nothing(gate: Gate) -> None:
    assert ask("/intake/v1/gate-checks", item(gate), "fxd_nobody").status == 401
    devices.revoke(device=gate.device, reason="丢失", by="test", now=gate.now)
    hot.forget()
    refused = ask("/intake/v1/gate-checks", item(gate), gate.token)
    assert (refused.status, refused.body["error"]) == (401, "device")
    assert Check.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[1]", b'{"id": "x"}', b'{"items": [{}]}', b"\xff\xfe", b"[[[[[[", b'{"items": {}}'],
)
def test_what_cannot_be_read_is_said_and_stores_nothing(gate: Gate, body: bytes) -> None:
    answer = ask("/intake/v1/gate-checks", body, gate.token)
    assert (answer.status, answer.body["error"]) == (400, "unreadable")
    assert Check.objects.count() == 0


@pytest.mark.parametrize(
    "change", [{"temp": 99}, {"dir": "up"}, {"token": "A" * 2_000}, {"occupants": -1}, {"at": 0}, {"at": 2**62}]
)
def test_values_out_of_range_are_refused_by_their_field(gate: Gate, change: dict[str, object]) -> None:
    answer = ask("/intake/v1/gate-checks", item(gate, **change), gate.token)
    assert answer.status == 400
    assert next(iter(change)) in answer.body["text"]


def test_a_clock_that_shows_no_instant_is_refused(gate: Gate) -> None:
    answer = ask("/intake/v1/gate-checks", {"device_us": 7, "items": [item(gate)]}, gate.token)
    assert (answer.status, "device_us" in answer.body["text"]) == (400, True)
    assert Check.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (DeviceKind.TABLET, 200), (DeviceKind.TURNSTILE, 200), (DeviceKind.THERMOMETER, 403), (DeviceKind.CAMERA, 403),
    ],
)  # fmt: skip
def test_tablets_and_turnstiles_check_and_no_other_machine(gate: Gate, kind: DeviceKind, status: int) -> None:
    Device.objects.filter(id=gate.device.id).update(kind=kind)
    assert ask("/intake/v1/gate-checks", item(gate), gate.token).status == status
    assert Check.objects.exists() == (status == 200)


def test_too_much_at_once_is_refused_before_it_is_taken(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("/intake/v1/gate-checks", [item(gate)] * (front.MOST_ITEMS + 1), gate.token).status == 413

    def full(*_items: object, **_more: object) -> None:
        raise FullError

    monkeypatch.setattr(checks.writer(), "submit", full)
    answer = ask("/intake/v1/gate-checks", item(gate), gate.token)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_it_shows_its_health_and_its_figures(gate: Gate) -> None:
    ask("/intake/v1/gate-checks", item(gate), gate.token)
    assert ask("/intake/health", method="GET").body == {"ok": True, "database": True, "writer": True}
    assert ask("/intake/metrics", method="GET").body["gate_checks"]["taken"] >= 1
    assert ask("/intake/nowhere").status == 404
    assert ask("/intake/v1/gate-checks", method="GET").status == 405


def test_it_is_not_well_without_its_database(gate: Gate) -> None:
    asked: list[str] = []

    def away(execute: object, sql: str, *_more: object) -> object:
        asked.append(sql)
        raise OperationalError("the server closed the connection unexpectedly")

    health._database.forget()
    with connection.execute_wrapper(away):
        told = [ask("/intake/health", method="GET") for _ in range(3)]
    assert [(one.status, one.body["database"]) for one in told] == [(503, False)] * 3
    assert len(asked) == 1  # however many look, the database is asked once a second
    health._database.forget()
    assert ask("/intake/health", method="GET").status == 200


def test_a_writer_that_stands_still_is_told(gate: Gate) -> None:
    goes_on = threading.Event()

    def write(items: Sequence[int]) -> list[int]:
        goes_on.wait(30)
        return list(items)

    writer, watch, now = GroupCommit[int, int](write, name="slow"), health.Watch(), clock.to_us(gate.now)
    assert watch.gets_on(writer, now)
    waits = threading.Thread(target=writer.submit, args=([1],))
    waits.start()
    while not writer.waiting:
        time.sleep(0.001)
    assert watch.gets_on(writer, now)
    assert watch.gets_on(writer, now + health.STUCK_US - 1)
    assert not watch.gets_on(writer, now + health.STUCK_US)
    goes_on.set()
    waits.join()
    assert watch.gets_on(writer, now + health.STUCK_US)
    writer.stop()
