"""What machines send, asked as the server asks it; and the examples of `docs/machines.md`, sent as they stand there."""

import io
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.management import CommandError, call_command

from fangxian.gates import folds
from fangxian.gates.actions import checks, devices, turnstiles
from fangxian.gates.models import (
    Check,
    Contradiction,
    Device,
    DeviceKind,
    Direction,
    Opening,
    Outcome,
    Pass,
    Reading,
    Release,
)
from fangxian.gates.queries import hot
from fangxian.intake import front, machines
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from tests.support.factories import make_street
from tests.support.gates import Office, employee_pass, make_office
from tests.support.repository import ROOT
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Gate:
    office: Office
    tokens: dict[DeviceKind, str]
    permit: Pass

    def ask(self, name: str, body: object, kind: DeviceKind, token: str | None = None) -> tuple[int, Any]:
        raw = json.dumps(body).encode()
        told: list[int] = []
        environ = {
            "PATH_INFO": f"/intake/v1/{name}", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw), "HTTP_AUTHORIZATION": f"Bearer {token or self.tokens[kind]}",
        }  # fmt: skip
        answer = b"".join(front.application(environ, lambda status, _headers: told.append(int(status[:3]))))  # type: ignore[arg-type]  # the part of WSGI that is used
        return told[0], json.loads(answer)


@pytest.fixture
def gate() -> Iterator[Gate]:
    hot.forget()
    street, now = make_street(), clock.now()
    office = make_office(street, now=now)
    tokens = {
        kind: devices.register(
            kind=kind, gate=office.front, name=kind.value, in_charge=None, calibration_due=None, by="test", now=now
        )[1]
        for kind in DeviceKind
    }
    yield Gate(office, tokens, employee_pass(office.building, street.dwellings[0], now=now))
    checks.writer().stop()


def now_us() -> int:
    return clock.to_us(clock.now())


def opening(**changes: object) -> dict[str, object]:
    return {"id": str(new_id()), "at": now_us(), "dir": "in"} | changes


def reading(temp: float = 36.6, **changes: object) -> dict[str, object]:
    return {"id": str(new_id()), "at": now_us(), "temp": temp, "method": "camera"} | changes


def check(gate: Gate, **changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()), "at": now_us(), "dir": "in", "token": gate.permit.token, "mask": True, "identity": True,
        "declared": True,
    } | changes  # fmt: skip


class TestOpenings:
    def test_what_is_sent_twice_is_stored_once(self, gate: Gate) -> None:
        one, two = opening(), opening(dir="out")
        first = gate.ask("openings", [one, two, one], DeviceKind.TURNSTILE)
        again = gate.ask("openings", one, DeviceKind.TURNSTILE)
        assert [item["status"] for item in first[1]["items"]] == ["stored", "stored", "known"]
        assert [item["status"] for item in again[1]["items"]] == ["known"]
        assert Opening.objects.count() == 2

    def test_a_clock_ahead_is_taken_to_mean_now(self, gate: Gate) -> None:
        gate.ask("openings", opening(at=now_us() + clock.HOUR_US), DeviceKind.TURNSTILE)
        assert Opening.objects.get().at_us <= now_us()

    def test_a_clock_an_hour_off_is_set_right_and_told(self, gate: Gate) -> None:
        now = now_us()
        for name, one, kind in (
            ("openings", opening(), DeviceKind.TURNSTILE),
            ("temperatures", reading(), DeviceKind.THERMOMETER),
            ("plates", {**opening(), "plate": "沪A12345"}, DeviceKind.CAMERA),
        ):
            shows = now - clock.HOUR_US
            body = {"device_us": shows, "items": [{**one, "at": shows - clock.SECOND_US}]}
            told = gate.ask(name, body, kind)[1]["items"][0]
            assert (told["status"], "clock" in told["marks"]) == ("stored", True)
        found = (Opening.objects.get().at_us, Reading.objects.get().at_us, Check.objects.get().observed_us)
        assert all(abs(at - now) < clock.MINUTE_US for at in found)
        right = {"device_us": now_us(), "items": [opening()]}
        assert gate.ask("openings", right, DeviceKind.TURNSTILE)[1]["items"][0]["marks"] == []

    def test_an_opening_without_a_check_becomes_a_gap(self, gate: Gate) -> None:
        gate.ask("gate-checks", check(gate, temp=36.5), DeviceKind.TABLET)
        gate.ask("openings", [opening(), opening()], DeviceKind.TURNSTILE)
        later = clock.now() + timedelta(minutes=2)
        folds.fold_openings(now=later)
        assert sorted(row.check_id is not None for row in Opening.objects.all()) == [False, True]
        assert not Contradiction.objects.exists()  # the tablet's queue may still hold the check
        Device.objects.filter(kind=DeviceKind.TABLET).update(seen_us=clock.to_us(later))
        folds.fold_openings(now=later)
        assert Contradiction.objects.get().kind == "unchecked"

    @pytest.mark.parametrize("body", [{}, {"id": "x", "at": 1}, {"id": str(new_id()), "at": 1, "dir": "up"}, 7])
    def test_what_cannot_be_read_is_refused_and_nothing_stored(self, gate: Gate, body: object) -> None:
        status, told = gate.ask("openings", body, DeviceKind.TURNSTILE)
        assert (status, told["error"]) == (400, "unreadable")
        assert not Opening.objects.exists()

    def test_an_instant_outside_of_the_century_is_refused(self, gate: Gate) -> None:
        for at in (1, 2**62):
            plate = {"plate": "沪A12345", **opening(at=at)}
            assert gate.ask("openings", opening(at=at), DeviceKind.TURNSTILE)[0] == 400
            assert gate.ask("temperatures", reading(at=at), DeviceKind.THERMOMETER)[0] == 400
            assert gate.ask("plates", plate, DeviceKind.CAMERA)[0] == 400
        assert not any(model.objects.exists() for model in (Opening, Reading, Check))

    def test_another_kind_of_machine_is_turned_away(self, gate: Gate) -> None:
        assert gate.ask("openings", opening(), DeviceKind.THERMOMETER)[0] == 403
        assert gate.ask("temperatures", reading(), DeviceKind.TURNSTILE)[0] == 403
        assert gate.ask("plates", {**opening(), "plate": "沪A12345"}, DeviceKind.TURNSTILE)[0] == 403
        assert gate.ask("turnstile", {}, DeviceKind.CAMERA)[0] == 403
        assert gate.ask("openings", opening(), DeviceKind.TURNSTILE, token="fxd_nobody")[0] == 401
        assert not Opening.objects.exists()

    def test_too_many_at_a_time_are_refused(self, gate: Gate) -> None:
        sent = [opening() for _ in range(machines.MOST_ITEMS + 1)]
        assert gate.ask("openings", sent, DeviceKind.TURNSTILE)[0] == 413
        assert not Opening.objects.exists()


class TestTurnstile:
    def test_it_opens_once_for_one_admission(self, gate: Gate) -> None:
        assert gate.ask("turnstile", {}, DeviceKind.TURNSTILE)[1] == {"command": "hold", "check": ""}
        sent = check(gate, temp=36.5)
        gate.ask("gate-checks", sent, DeviceKind.TABLET)
        told = gate.ask("turnstile", {}, DeviceKind.TURNSTILE)[1]
        assert told == {"command": "open", "check": str(sent["id"]).replace("-", "")}
        assert gate.ask("turnstile", {"dir": "out"}, DeviceKind.TURNSTILE)[1]["command"] == "hold"
        gate.ask("openings", opening(), DeviceKind.TURNSTILE)
        assert gate.ask("turnstile", {}, DeviceKind.TURNSTILE)[1]["command"] == "hold"

    def test_a_lost_answer_is_told_again_and_spends_nothing(self, gate: Gate) -> None:
        sent = [check(gate, temp=36.5), check(gate, temp=36.5, again=True)]
        gate.ask("gate-checks", sent, DeviceKind.TABLET)
        one, two = str(new_id()), str(new_id())
        told = [gate.ask("turnstile", {"id": ask}, DeviceKind.TURNSTILE)[1] for ask in (one, one, two, one)]
        assert [answer["command"] for answer in told] == ["open"] * 4
        assert told[0] == told[1] == told[3] != told[2]
        assert gate.ask("turnstile", {"id": str(new_id())}, DeviceKind.TURNSTILE)[1]["command"] == "hold"

    def test_a_turnstile_that_opened_without_asking_has_spent_an_admission(self, gate: Gate) -> None:
        gate.ask("gate-checks", [check(gate, temp=36.5), check(gate, temp=36.5, again=True)], DeviceKind.TABLET)
        gate.ask("openings", opening(), DeviceKind.TURNSTILE)
        commands = [gate.ask("turnstile", {}, DeviceKind.TURNSTILE)[1]["command"] for _ in range(2)]
        assert commands == ["open", "hold"]
        # and the opening that follows is that of the admission it was told of
        gate.ask("openings", opening(), DeviceKind.TURNSTILE)
        assert Opening.objects.get(check_id__isnull=False).check_id == Release.objects.get().check_id

    def test_many_turnstiles_open_once_for_each_admission(self, gate: Gate) -> None:
        """Before any opening was told: eight of them ask at the same time, again and again."""
        sent = [check(gate, temp=36.5, again=True) for _ in range(5)]
        gate.ask("gate-checks", sent, DeviceKind.TABLET)
        device = Device.objects.select_related("gate").get(kind=DeviceKind.TURNSTILE)
        found: list[UUID | None] = []

        def ask() -> None:
            for _ in range(4):
                found.append(
                    turnstiles.release(device=device, direction=Direction.IN, seconds=60, now=clock.now(), ask_id=None)
                )

        at_once(*[ask] * 8)
        opened = [ident for ident in found if ident is not None]
        assert sorted(ident.hex for ident in opened) == sorted(str(item["id"]).replace("-", "") for item in sent)
        assert len(found) == 32

    def test_one_question_from_many_threads_is_told_one_admission(self, gate: Gate) -> None:
        gate.ask("gate-checks", [check(gate, temp=36.5, again=True) for _ in range(5)], DeviceKind.TABLET)
        device = Device.objects.select_related("gate").get(kind=DeviceKind.TURNSTILE)
        same, found = new_id(), set[UUID | None]()

        def ask() -> None:
            found.add(
                turnstiles.release(device=device, direction=Direction.IN, seconds=60, now=clock.now(), ask_id=same)
            )

        at_once(*[ask] * 6)
        assert (len(found), Release.objects.count()) == (1, 1)

    def test_it_holds_for_a_fever(self, gate: Gate) -> None:
        gate.ask("gate-checks", check(gate, temp=38.2), DeviceKind.TABLET)
        assert gate.ask("turnstile", {}, DeviceKind.TURNSTILE)[1]["command"] == "hold"


class TestTemperatures:
    def test_the_next_check_takes_the_reading(self, gate: Gate) -> None:
        gate.ask("temperatures", reading(36.4), DeviceKind.THERMOMETER)
        told = gate.ask("gate-checks", check(gate), DeviceKind.TABLET)[1]["items"][0]
        row = Check.objects.get()
        assert (told["outcome"], row.decidec, row.method) == ("admit", 364, "camera")
        assert Reading.objects.get().check_id == row.id

    def test_a_fever_that_a_machine_saw_holds(self, gate: Gate) -> None:
        gate.ask("temperatures", reading(37.9), DeviceKind.THERMOMETER)
        assert gate.ask("gate-checks", check(gate), DeviceKind.TABLET)[1]["items"][0]["code"] == "fever"

    def test_a_reading_serves_one_check(self, gate: Gate) -> None:
        gate.ask("temperatures", reading(), DeviceKind.THERMOMETER)
        gate.ask("gate-checks", check(gate), DeviceKind.TABLET)
        told = gate.ask("gate-checks", check(gate, again=True), DeviceKind.TABLET)[1]["items"][0]
        assert told["code"] == "no_temperature"

    def test_an_old_reading_is_somebody_elses(self, gate: Gate) -> None:
        old = now_us() - machines.JOINED_WITHIN_US - clock.SECOND_US
        gate.ask("temperatures", reading(at=old), DeviceKind.THERMOMETER)
        assert gate.ask("gate-checks", check(gate), DeviceKind.TABLET)[1]["items"][0]["code"] == "no_temperature"

    def test_readings_and_checks_meet_in_the_order_of_time(self, gate: Gate) -> None:
        now = now_us()
        readings = [reading(36.1 + n / 10, at=now - (4 - n) * clock.SECOND_US) for n in range(3)]
        gate.ask("temperatures", readings, DeviceKind.THERMOMETER)
        # ids made by two tablets are in no order of time
        early, late = sorted((new_id(), new_id()), reverse=True)
        sent = [
            check(gate, id=str(late), at=now - clock.SECOND_US, again=True),
            check(gate, id=str(early), at=now - 2 * clock.SECOND_US, again=True),
        ]
        gate.ask("gate-checks", sent, DeviceKind.TABLET)
        assert [Check.objects.get(id=ident).decidec for ident in (early, late)] == [362, 363]
        # whoever was measured first has gone by: nobody gets that reading any more
        told = gate.ask("gate-checks", check(gate, again=True), DeviceKind.TABLET)[1]["items"][0]
        assert told["code"] == "no_temperature"

    def test_the_guards_own_reading_and_offline_checks_take_none(self, gate: Gate) -> None:
        gate.ask("temperatures", reading(38.5), DeviceKind.THERMOMETER)
        gate.ask("gate-checks", [check(gate, temp=36.5), check(gate, offline=True, said="admit")], DeviceKind.TABLET)
        assert Reading.objects.get().check_id is None

    def test_sent_twice_it_is_one_reading(self, gate: Gate) -> None:
        sent = reading()
        told = [gate.ask("temperatures", sent, DeviceKind.THERMOMETER)[1]["items"][0]["status"] for _ in range(2)]
        assert told == ["stored", "known"]
        assert Reading.objects.count() == 1


class TestPlates:
    def test_a_plate_is_a_check(self, gate: Gate) -> None:
        sent = {"id": str(new_id()), "at": now_us(), "dir": "in", "plate": "沪a 12345", "occupants": 2}
        first, again = (gate.ask("plates", sent, DeviceKind.CAMERA)[1]["items"][0] for _ in range(2))
        row = Check.objects.get()
        assert (row.plate, row.occupants, row.outcome) == ("沪A12345", 2, Outcome.HOLD)
        assert (first["status"], first["code"], again["status"]) == ("stored", "unknown_vehicle", "known")


class TestReference:
    def test_every_example_is_taken_as_it_stands(self, gate: Gate) -> None:
        page = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
        found = re.findall(r"POST /intake/v1/([\w-]+)[^\n]*\n```json\n(.*?)```", page, re.DOTALL)
        kinds = {
            "gate-checks": DeviceKind.TABLET, "openings": DeviceKind.TURNSTILE, "turnstile": DeviceKind.TURNSTILE,
            "temperatures": DeviceKind.THERMOMETER, "plates": DeviceKind.CAMERA,
        }  # fmt: skip
        assert {name for name, _ in found} == set(kinds)
        for name, body in found:
            status, told = gate.ask(name, json.loads(body), kinds[name])
            assert status == 200, (name, told)
            assert all(item["status"] == "stored" for item in told.get("items", []))

    def test_every_address_is_described(self) -> None:
        page = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
        assert [path for path in (*front.ROUTES, *front.LOOKS) if path not in page] == []


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class TestSimulator:
    @pytest.fixture
    def url(self, gate: Gate) -> Iterator[str]:
        server = make_server("127.0.0.1", 0, front.application, handler_class=Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()

    def test_each_person_is_checked_once(
        self, gate: Gate, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("FANGXIAN_DEVICE_TOKEN", gate.tokens[DeviceKind.TABLET])
        (tmp_path / "passes").write_text(gate.permit.token + "\n", "utf-8")
        out = io.StringIO()
        call_command(
            "simulate_gate", url=url, people=20, speed=100_000.0, senders=2, passes=tmp_path / "passes", stdout=out
        )
        assert "20 of 20 answered" in out.getvalue()
        assert "p99" in out.getvalue()
        assert Check.objects.count() == 20
        assert Check.objects.filter(pass_id=gate.permit.id, outcome=Outcome.ADMIT).exists()

    def test_the_machines_of_the_gate_send_too(
        self, gate: Gate, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for machine, kind in (
            ("DEVICE", DeviceKind.TABLET), ("TURNSTILE", DeviceKind.TURNSTILE),
            ("THERMOMETER", DeviceKind.THERMOMETER), ("CAMERA", DeviceKind.CAMERA),
        ):  # fmt: skip
            monkeypatch.setenv(f"FANGXIAN_{machine}_TOKEN", gate.tokens[kind])
        (tmp_path / "passes").write_text(gate.permit.token + "\n", "utf-8")
        (tmp_path / "plates").write_text("沪A12345\n", "utf-8")
        out = io.StringIO()
        call_command(
            "simulate_gate", url=url, people=40, speed=100_000.0, senders=1, stdout=out,
            passes=tmp_path / "passes", plates=tmp_path / "plates",
        )  # fmt: skip
        assert "40 of 40 answered" in out.getvalue()
        cars = Check.objects.filter(plate="沪A12345").count()
        assert 0 < cars < 40
        assert Check.objects.count() == 40
        on_foot = Check.objects.exclude(plate="沪A12345")
        assert Reading.objects.filter(check_id__in=on_foot.values("id")).count() == 40 - cars
        assert not on_foot.filter(decidec=None).exists()
        admitted = on_foot.filter(outcome=Outcome.ADMIT).count()
        assert Opening.objects.count() >= admitted > 0

    def test_a_revoked_device_is_told_as_a_fault(self, gate: Gate, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FANGXIAN_DEVICE_TOKEN", "fxd_nobody")
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("simulate_gate", url=url, people=2, rate=100.0, senders=1, stdout=out)
        assert "fault: gate-checks 401" in out.getvalue()
        assert not Check.objects.exists()
