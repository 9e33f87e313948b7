"""Measurement of the public page of a round, answered from memory, beside the server's empty answer."""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Final

from django.conf import settings

from fangxian.duties.actions import apply_playbook
from fangxian.duties.plan_check import check_files
from fangxian.duties.plan_source import read_folder
from fangxian.masks.actions import rounds, supply
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Variant
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock, load
from fangxian.shared.bench_server import server
from fangxian.shared.measure import Figure

COMMITTEES: Final = 20
PHARMACIES: Final = 5
DOORS: Final = 20_000
ROUNDS: Final = 5
SECONDS: Final = 2.0
LINES: Final = 64
THREADS: Final = 64
PLAN: Final = "covid-2020-02"


def run(doors: int = DOORS, seconds: float = SECONDS) -> Iterator[Figure]:
    """Both in turns within one run, medians; the page is made anew every ten seconds while it is asked for."""
    _ground(doors, datetime.now(UTC))
    size = f"{COMMITTEES} committees, {PHARMACIES} pharmacies, {doors:,} doors, {LINES} connections"
    pages: list[float] = []
    empty: list[float] = []
    with server("fangxian.config.wsgi:application", THREADS) as port:
        page, nothing = _get("/r/zh/", port), _get("/intake/health", port)
        first = load.closed_loop(port, repeat(page), lines=1, seconds=0.2, keep=True)
        _sound(first)
        assert "第1轮".encode() in first.bodies[0], "the page is not the round's"
        for _ in range(ROUNDS):
            pages.append(_sound(load.closed_loop(port, repeat(page), lines=LINES, seconds=seconds)))
            empty.append(_sound(load.closed_loop(port, repeat(nothing), lines=LINES, seconds=seconds)))
    mine, least = statistics.median(pages), statistics.median(empty)
    yield Figure("public_page.kept", mine, "/s", None, f"{size}, {len(first.bodies[0]):,} bytes", at_least=True)
    yield Figure("public_page.empty_answer", least, "/s", None, size, at_least=True)
    yield Figure("public_page.ratio", mine / least, "x", 0.7, size, at_least=True)
    yield Figure("public_page.first", first.times[0] * 1000, "ms", None, f"{size}: made, not kept")


def _sound(outcome: load.Outcome) -> float:
    assert outcome.failed == 0, f"{outcome.failed} of {len(outcome.times)} were not answered with 200"
    return outcome.per_second


def _get(path: str, port: int) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def _ground(doors: int, now: datetime) -> None:
    plan = check_files(read_folder(settings.PLAYBOOKS_DIR / PLAN)).plan
    assert plan is not None
    apply_playbook(plan=plan, effective_at=now, by="bench", now=now)
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    hoods = [NewPlace(PlaceKind.NEIGHBOURHOOD, f"第{n:02}居委会", street.id) for n in range(COMMITTEES)]
    shops = [NewPlace(PlaceKind.PHARMACY, f"第{n}药房", street.id, address=f"虹桥路{n}号") for n in range(PHARMACIES)]
    yards = [NewPlace(PlaceKind.COMPOUND, f"{hood.name}小区", hood.id) for hood in hoods]
    blocks = [NewPlace(PlaceKind.BLOCK, "1号", yard.id) for yard in yards]
    homes = [NewPlace(PlaceKind.DWELLING, f"{n}室", blocks[n % COMMITTEES].id) for n in range(doors)]
    new = [city, district, street, *hoods, *shops, *yards, *blocks, *homes]
    made = {row.id: row for row in places.add(places=new, by="bench", now=now)}
    _round(made[street.id], [made[shop.id] for shop in shops], now)


def _round(street: Place, shops: list[Place], now: datetime) -> None:
    first = clock.local_day(now) - timedelta(days=1)
    round = rounds.make_round(street=street, new=NewRound("masks", first), by="bench", now=now)
    for shop in shops:
        rounds.add_outlet(round=round, pharmacy=shop, by="bench", now=now)
    rounds.spread(round=round, by="bench", now=now)
    rounds.announce(round=round, by="bench", now=now)
    adult = Variant.objects.get(round=round, key="adult")
    for shop in shops:
        supply.arrive(round=round, pharmacy=shop, variant=adult, quantity=2_000, price_fen=250, by="bench", now=now)
