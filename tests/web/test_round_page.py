"""The public page of a round: in four languages, the same as open data, kept for seconds."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from fangxian.config import kept
from fangxian.config.kept import Kept
from fangxian.masks.actions import allocate
from fangxian.masks.models import Round, Shelf, Yield
from fangxian.shared import clock
from tests.support.factories import MORNING
from tests.support.masks import MaskGround, make_round, registered, stocked

pytestmark = pytest.mark.django_db


@pytest.fixture
def ground() -> Iterator[MaskGround]:
    with time_machine.travel(MORNING, tick=False):
        yield make_round()


def test_without_a_round_the_page_says_so(client: Client) -> None:
    assert "No round now" in client.get("/r/en/").content.decode()
    assert client.get("/r/stock.json").json() == {"round": None, "pharmacies": [], "committees": []}


def test_the_page_in_each_language_names_the_round_and_sets_no_cookie(client: Client, ground: MaskGround) -> None:
    for language, title in (
        ("zh", "第2轮口罩预约登记"), ("en", "Round 2: masks"), ("ja", "第2回 マスクの予約登録"),
        ("ko", "2차 마스크 예약 등록"),
    ):  # fmt: skip
        answer = client.get(f"/r/{language}/")
        assert title in answer.content.decode()
        assert answer["Cache-Control"] == "public, max-age=10"
        assert not answer.cookies
    assert client.get("/r/xx/").status_code == 404
    assert client.get("/r/", headers={"accept-language": "ko"}).headers["Location"] == "/r/ko/"


def test_open_data_tells_stock_and_what_is_promised(client: Client, ground: MaskGround) -> None:
    Shelf.objects.create(
        round=ground.round, pharmacy=ground.pharmacies[0], variant=ground.adult, arrived=500, promised=120,
        changed_us=clock.to_us(MORNING),
    )  # fmt: skip
    text = client.get("/r/stock.csv").content.decode().removeprefix("\ufeff")
    row = next(csv.DictReader(io.StringIO(text)))
    assert (row["name"], row["goods"], row["free"], row["promised"]) == ("第1药房", "adult", "380", "120")
    assert row["updated"] == "2020-02-17T08:00:00+08:00"
    found = client.get("/r/stock.json").json()
    assert found["round"] == 2
    assert found["pharmacies"][0]["free"] == 380
    assert {one["committee"] for one in found["committees"]} == {"何家角居委会", "虹储居委会"}


def test_the_page_and_the_open_data_say_what_a_night_is_checked_against(client: Client, ground: MaskGround) -> None:
    rows = registered(ground, 0, 1, 2)
    Yield.objects.create(registration=rows[0], at_us=clock.to_us(MORNING))
    round = ground.round
    for page in (client.get("/r/zh/").content.decode(), client.get("/r/stock.json").content.decode()):
        assert round.seed_commit in page
    assert client.get("/r/stock.json").json()["seed"] is None
    stocked(ground, 0, 5, reserve=0)
    night = MORNING + timedelta(hours=13)
    made = allocate.run(round=round, sale_day=date(2020, 2, 18), by="test", now=night)
    page, found = client.get("/r/en/").content.decode(), client.get("/r/stock.json").json()
    round.refresh_from_db()
    assert made.sha256 in page
    assert round.seed in page
    assert "1 home gave its place" in page
    assert "register from" in page
    assert (found["seed"], found["yielded"], found["staff_from"][:4]) == (round.seed, 1, "2020")
    [run] = found["runs"]
    assert (run["sha256"], run["sale_day"]) == (made.sha256, "2020-02-18")
    assert client.get(run["file"]).content.decode() == made.document
    assert client.get("/r/2/1.json?round=x").status_code == 404


def test_only_the_queue_says_how_far_it_is_and_how_long_it_takes(client: Client, ground: MaskGround) -> None:
    registered(ground, 0, 1, 2, 3)
    stocked(ground, 0, 5, reserve=0)
    allocate.run(round=ground.round, sale_day=date(2020, 2, 18), by="test", now=MORNING + timedelta(hours=13))
    line = client.get("/r/stock.json").json()["committees"][0]
    assert (line["called_to"], line["days"]) == (1, [3, 3])
    Round.objects.update(policy="lottery")
    line = client.get("/r/stock.json").json()["committees"][0]
    assert (line["called_to"], line["days"]) == (0, None)
    assert "By lot" in client.get("/r/en/").content.decode()


def _environ(path: str = "/r/zh/", method: str = "GET", query: str = "") -> dict[str, object]:
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}


def test_a_kept_page_is_made_once_in_ten_seconds_and_only_when_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    now = [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: now[0])

    def make(environ: dict[str, object]) -> tuple[str, list[tuple[str, str]], bytes]:
        path = str(environ["PATH_INFO"])
        made.append(path)
        if path == "/r/gone/":
            return "404 Not Found", [], b""
        return "200 OK", [("Set-Cookie", "a=b")] if path == "/r/own/" else [], path.encode()

    pages = Kept(make)
    told: list[str] = []
    for _ in range(3):
        assert pages.answer(_environ(), lambda status, headers: told.append(status)) == [b"/r/zh/"]
    assert made == ["/r/zh/"]
    now[0] = 10.1
    pages.answer(_environ(), lambda status, headers: told.append(status))
    assert made == ["/r/zh/", "/r/zh/"]
    for path in ("/r/gone/", "/r/own/"):
        pages.answer(_environ(path), lambda status, headers: told.append(status))
        pages.answer(_environ(path), lambda status, headers: told.append(status))
    assert made[2:] == ["/r/gone/", "/r/gone/", "/r/own/", "/r/own/"]
    assert pages.answer(_environ(method="POST"), lambda status, headers: None) is None
    assert pages.answer(_environ(query="a=1"), lambda status, headers: None) is None
