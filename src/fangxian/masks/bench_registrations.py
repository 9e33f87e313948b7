"""Measurement of a hot round: code of the door, document, telephone, decision, number, answer after the commit.

Server on one core, 256 connections, one in ten of them sending again or asking for an address that is taken.
"""

import json
import random
import statistics
from collections import Counter as Bag
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import Final
from uuid import UUID

from stdnum.iso7064 import mod_11_2

from fangxian.masks import rules
from fangxian.masks.doors import door_token
from fangxian.masks.models import Attempt, Counter, Policy, Registration, Round, Variant
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock, load
from fangxian.shared.bench_server import server
from fangxian.shared.ids import new_id
from fangxian.shared.measure import Figure, percentile
from fangxian.shared.writer import checkpoint
from fangxian.stock import actions as stock
from fangxian.stock.models import Unit

COMMITTEES: Final = 20
DOORS: Final = 150_000
QUOTA: Final = 5
ROUNDS: Final = 3
SECONDS: Final = 3.0
LINES: Final = 256
THREADS: Final = 128
WARM: Final = 1_000
AGAIN: Final = 20
"""One request in so many is sent again, and one in so many asks for an address that somebody asked for before."""
PRETIX_A_MINUTE: Final = 500
"""What pretix publishes for orders on one quota, whose lock makes them follow each other."""


def run(doors: int = DOORS, seconds: float = SECONDS) -> Iterator[Figure]:
    """Throughput beside the yardstick in turns, then what the round holds: nothing twice, nothing lost, no gap."""
    now = datetime.now(UTC)
    street, homes = _ground(doors, now)
    round, other = _round(street, 1, now), _round(street, 2, now)
    asked: list[bytes] = []
    ours: list[float] = []
    theirs: list[float] = []
    times: list[float] = []
    told: list[bytes] = []
    size = f"{doors:,} addresses, {COMMITTEES} committees, {LINES} connections"
    with (
        server("fangxian.config.wsgi:application", THREADS) as port,
        server("fangxian.masks.bench_app:application", 1) as plain,
    ):
        requests, rows = _asks(round, homes, port, asked), _plain(other, plain)
        # tables of regions and telephones are read once for a process
        told += load.closed_loop(port, islice(requests, WARM), lines=LINES, seconds=60, keep=True).bodies
        load.closed_loop(plain, islice(rows, WARM), lines=LINES // 4, seconds=60)
        for _ in range(ROUNDS):
            made = load.ready(requests, seconds=seconds)
            outcome = load.closed_loop(port, made, lines=LINES, seconds=seconds, keep=True)
            assert outcome.failed == 0, f"{outcome.failed} of {len(outcome.times)} were not answered with 200"
            ours.append(outcome.per_second)
            times += outcome.times
            told += outcome.bodies
            made = load.ready(rows, seconds=seconds)
            yardstick = load.closed_loop(plain, made, lines=LINES // 4, seconds=seconds)
            assert yardstick.failed == 0, f"{yardstick.failed} of {len(yardstick.times)} rows were not stored"
            theirs.append(yardstick.per_second)
            # in a street the worker does this ten times a second
            checkpoint()
    mine, row = statistics.median(ours), statistics.median(theirs)
    yield Figure("registrations.hot_round", mine, "/s", 5_000, size, at_least=True)
    yield Figure("registrations.django_row", row, "/s", None, size, at_least=True)
    yield Figure("registrations.ratio", mine / row, "x", 4.0, size, at_least=True)
    yield Figure("registrations.p50", percentile(times, 50) * 1000, "ms", None, size)
    yield Figure("registrations.p99", percentile(times, 99) * 1000, "ms", None, size)
    yield Figure(
        "registrations.pretix_published", PRETIX_A_MINUTE / 60, "/s", None,
        f"pretix's own figure: about {PRETIX_A_MINUTE} orders a minute on one locked quota", at_least=True,
    )  # fmt: skip
    yield from _proof(round, told)


def _proof(round: Round, told: list[bytes]) -> Iterator[Figure]:
    """What is stored against what was answered."""
    answers = [json.loads(body)["items"][0] for body in told]
    refused = Bag(one["code"] for one in answers if one["status"] not in ("stored", "known"))
    assert set(refused) <= {"taken"}, f"refused: {dict(refused)}"
    numbers = {one["id"]: one["voucher"] for one in answers if one["status"] in ("stored", "known")}
    rows = list(Registration.objects.filter(round=round).values_list("id", "unit", "committee_id", "seq", "wants"))
    shorts = dict(Counter.objects.filter(round=round).values_list("committee_id", "short"))
    stored = {ident.hex: rules.voucher(round.number, shorts[hood], seq) for ident, _u, hood, seq, _w in rows}
    homes: Bag[UUID] = Bag(unit for _id, unit, *_rest in rows)
    pieces: Bag[UUID] = Bag()
    for _id, unit, _hood, _seq, wants in rows:
        pieces[unit] += sum(rules.parse_wants(wants).values())
    last = dict(Counter.objects.filter(round=round).values_list("committee_id", "last"))
    sequences: dict[UUID, list[int]] = {hood: [] for hood in last}
    for _id, _unit, hood, seq, _wants in rows:
        sequences[hood].append(seq)
    size = (
        f"{len(rows):,} registered, {Bag(one['status'] for one in answers)['known']:,} sent again, "
        f"{Attempt.objects.filter(round=round, code='taken').count():,} second comers"
    )
    yield Figure("registrations.double", sum(found - 1 for found in homes.values()), "", 0, size)
    yield Figure("registrations.oversold", sum(found > QUOTA for found in pieces.values()), "", 0, size)
    gaps = sum(sorted(seqs) != list(range(1, last[hood] + 1)) for hood, seqs in sequences.items())
    yield Figure("registrations.gaps", gaps, "", 0, size)
    lost = sum(stored.get(ident) != voucher for ident, voucher in numbers.items())
    yield Figure("registrations.answered_and_not_stored", lost, "", 0, size)


def _ground(doors: int, now: datetime) -> tuple[Place, list[Place]]:
    city = NewPlace(PlaceKind.CITY, "上海市", None)
    district = NewPlace(PlaceKind.DISTRICT, "长宁区", city.id)
    street = NewPlace(PlaceKind.STREET, "虹桥街道", district.id)
    made = [city, district, street]
    each = doors // COMMITTEES
    for number in range(1, COMMITTEES + 1):
        hood = NewPlace(PlaceKind.NEIGHBOURHOOD, f"第{number}居委会", street.id)
        compound = NewPlace(PlaceKind.COMPOUND, f"{number}小区", hood.id, address=f"虹桥路{number}弄")
        made += [hood, compound]
        for start in range(0, each, 60):
            block = NewPlace(PlaceKind.BLOCK, f"{start // 60 + 1}号", compound.id)
            made.append(block)
            made += [
                NewPlace(PlaceKind.DWELLING, f"{door // 4 + 1}0{door % 4 + 1}室", block.id)
                for door in range(min(60, each - start))
            ]
    rows = places.add(places=made, by="bench", now=now)
    homes = [place for place in rows if place.kind == PlaceKind.DWELLING]
    random.Random(20200217).shuffle(homes)  # noqa: S311 - a measurement is to be repeated as it was
    return rows[2], homes


def _round(street: Place, number: int, now: datetime) -> Round:
    now_us = clock.to_us(now)
    round = Round.objects.create(
        street=street, number=number, goods="masks", title={"en": "masks"}, policy=Policy.QUEUE,
        register_from_us=now_us - clock.HOUR_US, register_until_us=now_us + clock.DAY_US,
        staff_from_us=now_us + clock.DAY_US, sale_from_us=now_us + clock.DAY_US,
        sale_until_us=now_us + 9 * clock.DAY_US, reserve_permille=50, collect_days=2, slot_minutes=30,
        seed_commit="0" * 64, seed_sealed=b"", announced_us=now_us - clock.HOUR_US, created_us=now_us, by="bench",
    )  # fmt: skip
    item = stock.define_item(
        key=f"masks:adult{number}", name="成人口罩", name_en="adult mask", unit=Unit.PIECE, by="bench", now=now
    )
    Variant.objects.create(round=round, key="adult", title={"en": "adult"}, quota=QUOTA, item=item)
    Counter.objects.bulk_create(
        Counter(round=round, committee=hood, short=rules.short_name(hood.name))
        for hood in Place.objects.filter(street.subtree, kind=PlaceKind.NEIGHBOURHOOD)
    )
    return round


def _asks(round: Round, homes: list[Place], port: int, asked: list[bytes]) -> Iterator[bytes]:
    """Every home in turn; between them those who send again and those who come second. `asked`: what was sent."""
    chance = random.Random(3)  # noqa: S311 - the same requests in every run; nothing is secret here
    for number, home in enumerate(homes):
        raw = _ask(round, home, number, port)
        asked.append(raw)
        yield raw
        if number % AGAIN == AGAIN - 1:
            yield asked[chance.randrange(len(asked))]
            yield _ask(round, homes[chance.randrange(number)], number, port)


def _ask(round: Round, home: Place, number: int, port: int) -> bytes:
    digits = f"310105{1940 + number % 60}{number % 12 + 1:02d}{number % 28 + 1:02d}{number % 1000:03d}"
    item = {
        "id": str(new_id()), "round": round.id.hex, "door": door_token(round.id, home.id), "wants": {"adult": QUOTA},
        "applicant": f"居民{number}", "document": digits + mod_11_2.calc_check_digit(digits),
        "phone": f"138{number % 100_000_000:08d}",
    }  # fmt: skip
    return load.request("/intake/v1/mask-registrations", json.dumps(item).encode(), "-", port)


def _plain(round: Round, port: int) -> Iterator[bytes]:
    hood = Counter.objects.filter(round=round).values_list("committee_id", flat=True)[0]
    for seq in count(1):
        item = {
            "id": str(new_id()), "round": round.id.hex, "unit": new_id().hex, "seq": seq, "applicant": f"居民{seq}",
        }  # fmt: skip
        raw = load.request("/store", json.dumps(item).encode(), "-", port)
        yield raw.replace(b"\r\nAuthorization", f"\r\nX-Committee: {hood.hex}\r\nAuthorization".encode(), 1)
