"""Registrations over HTTP: as JSON with the code of a door, and as the plain form of a telephone."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fangxian.intake import front, masks
from fangxian.masks import typed
from fangxian.masks.actions.register import writer
from fangxian.masks.actions.register_items import Ask
from fangxian.masks.doors import door_token
from fangxian.masks.models import Application, Attempt, Registration
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.group_commit import FullError
from fangxian.shared.ids import new_id
from tests.support.masks import MaskGround, make_round

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/intake/v1/mask-registrations"
FORM = "application/x-www-form-urlencoded"
IDENTITY = "310105194802121233"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes
    body: Any

    @property
    def told(self) -> dict[str, str]:
        """What the page that the browser is sent to is told."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.headers["Location"]).query).items()}


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    """A round that is open now."""
    ground = make_round(now=clock.now(), register_from=clock.local_day(clock.now() - timedelta(days=2)))
    yield ground
    writer().stop()


def post(body: bytes, kind: str = "application/json", method: str = "POST", length: int | None = None) -> Answer:
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=int(status.split()[0]), headers=dict(headers))

    environ = {
        "PATH_INFO": PATH, "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body) if length is None else length),
        "CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body),
    }  # fmt: skip
    raw = b"".join(front.application(environ, start))
    is_json = told["headers"].get("Content-Type") == "application/json"
    return Answer(told["status"], told["headers"], raw, json.loads(raw) if is_json else None)


def item(ground: MaskGround, home: Place, **changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()), "round": ground.round.id.hex, "door": door_token(ground.round.id, home.id),
        "wants": {"adult": 5}, "applicant": "陈小明",
    } | changes  # fmt: skip


def ask(body: object) -> Answer:
    return post(json.dumps(body).encode())


def send(ground: MaskGround, **fields: object) -> Answer:
    values = {"id": str(new_id()), "round": ground.round.id.hex, "want_adult": "5", "back": "/r/zh/?step=2"} | fields
    return post(urlencode(values).encode(), FORM)


def test_one_and_many_are_answered_item_by_item(ground: MaskGround) -> None:
    first, second, third = ground.street.dwellings[:3]
    one = ask(item(ground, first))
    assert (one.status, one.body["items"][0]["voucher"]) == (200, "R2-何家角-0001")
    sent = [item(ground, second), item(ground, first), item(ground, third, wants={"adult": 9})]
    many = ask(sent).body["items"]
    assert [(line["status"], line["code"]) for line in many] == [
        ("stored", "ok"), ("refused", "taken"), ("refused", "too_many"),
    ]  # fmt: skip
    assert many[1]["standing"] == "R2-何家角-0001"
    assert [line["status"] for line in ask(sent[:1]).body["items"]] == ["known"]
    assert Registration.objects.count() == 2


def test_nobody_is_believed_who_only_says_who_they_are(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    claimed = ask(item(ground, door, door="", unit=door.id.hex)).body["items"][0]
    assert claimed["code"] == "unknown_door"
    told = {"channel": "desk", "special": "pregnant", "urgent": True, "document": IDENTITY}
    ask(item(ground, door, **told))
    row = Registration.objects.get()
    assert (row.channel, row.special, row.urgent, row.verified) == ("page", "", False, False)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[1]", b'{"id": "x"}', b"\xff", b'{"wants": {"adult": -1}}', b"[[[["]
)
def test_what_cannot_be_read_is_said_and_stores_nothing(ground: MaskGround, body: bytes) -> None:
    answer = post(body)
    assert (answer.status, answer.body["error"]) == (400, "unreadable")
    assert not Registration.objects.exists()
    assert not Attempt.objects.exists()


def test_other_methods_and_too_much_are_refused(ground: MaskGround) -> None:
    assert post(b"", method="GET").status == 405
    assert post(b"", length=masks.MOST_BYTES + 1).status == 413
    door = ground.street.dwellings[0]
    assert ask([item(ground, door)] * (masks.MOST_ITEMS + 1)).status == 413
    assert not Registration.objects.exists()


def test_a_form_goes_on_to_the_page_of_its_number(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    fields = {
        "door": door_token(ground.round.id, door.id),
        "applicant": "陈小明",
        "phone": "138 0013 8000",
        "id": str(new_id()),
    }
    first, again = send(ground, **fields), send(ground, **fields)
    row = Registration.objects.get()
    assert (first.status, first.headers["Location"], first.raw) == (303, f"/m/{row.secret}/", b"")
    assert again.headers["Location"] == first.headers["Location"]
    assert (row.wants, row.phone_mask, row.received_us > 0) == ("adult=5", "138****8000", True)


def test_a_form_that_is_refused_goes_back_with_the_reason(ground: MaskGround) -> None:
    door = ground.street.dwellings[0]
    code = door_token(ground.round.id, door.id)
    assert "Max-Age=0" in send(ground, door=code).headers["Set-Cookie"]
    taken = send(ground, door=code, applicant="王芳")
    kept = taken.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    assert typed.read(kept, round=ground.round.id.hex, door=code, now=clock.now())["applicant"] == "王芳"
    assert (taken.status, urlsplit(taken.headers["Location"]).path) == (303, "/r/zh/")
    assert taken.told == {"step": "2", "code": "taken", "standing": "R2-何家角-0001"}
    assert send(ground, door=code, want_adult="many").told["code"] == "unreadable"
    assert send(ground, door="x" * 100).told["code"] == "unreadable"
    assert post(b"\xff\xfe=%zz", FORM).told["code"] == "unreadable"


@pytest.mark.parametrize(
    "back", ["https://example.org/", "//example.org/", "javascript:alert(1)", "/\\example.org", ""]
)
def test_a_form_is_never_sent_to_another_site(ground: MaskGround, back: str) -> None:
    answer = send(ground, door="", back=back)
    assert answer.headers["Location"].startswith("/m/?code=")


def test_an_address_written_by_hand_needs_a_document_or_a_person(ground: MaskGround) -> None:
    bare = send(ground, address="虹桥路1000弄1号101室", applicant="陈小明")
    waiting = Application.objects.get()
    assert bare.headers["Location"] == f"/m/{waiting.secret}/"
    shown = send(ground, address="虹橋路１０００弄１號１０１室", applicant="陈小明", document=IDENTITY)
    row = Registration.objects.get()
    assert (shown.headers["Location"], row.unit) == (f"/m/{row.secret}/", ground.street.dwellings[0].id)
    mixed = ask([
        item(ground, ground.street.dwellings[1]),
        item(ground, ground.street.dwellings[1], door="", address="虹桥路某处", document=IDENTITY),
        item(ground, ground.street.dwellings[2]),
    ]).body["items"]  # fmt: skip
    assert [line["code"] for line in mixed] == ["ok", "unplaced", "ok"]
    assert [line["seq"] for line in mixed] == [2, 0, 3]


def test_when_too_many_wait_a_form_is_told_in_words(ground: MaskGround, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(asks: Sequence[Ask], now: object) -> object:
        raise FullError

    monkeypatch.setattr(masks, "register", full)
    door = ground.street.dwellings[0]
    form = send(ground, door=door_token(ground.round.id, door.id))
    assert (form.status, form.headers["Retry-After"], form.headers["Content-Type"]) == (
        503, "1", "text/plain; charset=utf-8",
    )  # fmt: skip
    machine = ask(item(ground, door))
    assert (machine.status, machine.body["error"], machine.headers["Retry-After"]) == (503, "busy", "1")


def test_the_metrics_count_what_was_taken(ground: MaskGround) -> None:
    before = front.LOOKS["/intake/metrics"]()
    ask(item(ground, ground.street.dwellings[0]))
    after = front.LOOKS["/intake/metrics"]()
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after["mask_registrations"]["taken"] == before["mask_registrations"]["taken"] + 1
