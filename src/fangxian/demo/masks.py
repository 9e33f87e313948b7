"""The second round of masks in its fifth day: announced, registered, called, collected, one pharmacy not yet closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Final, Literal

from fangxian.demo.street import Street
from fangxian.demo.tree import Ground
from fangxian.masks import folds
from fangxian.masks.actions import allocate, channel, close, collect, desk, following, rounds, supply, telling
from fangxian.masks.actions.collect_items import Handed
from fangxian.masks.actions.register import prepare
from fangxian.masks.actions.register_batch import write_batch
from fangxian.masks.actions.register_items import Ask
from fangxian.masks.actions.rounds import NewRound
from fangxian.masks.models import Call, CallStatus, MessageKind, Round, Run, Special, Variant
from fangxian.masks.queries.rounds import pharmacy_of
from fangxian.masks.queries.shelves import book_of, sold_on
from fangxian.notices.models import Channel
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock

NUMBER: Final = 2
SHARE: Final = 0.35
"""Of the doors; the first day of the first round in Shanghai brought 26 %, all of it 44 %."""
FIRST_DAY: Final = 0.6
TOLD: Final = 0.97
CAME: Final = 0.9
HOUSEHOLDS_A_DAY: Final = 160
QUOTA: Final = 5
PRICE_FEN: Final = 250
BATCH: Final = 400
CHANNELS: Final[Sequence[Literal["desk", "phone", "page", "visit"]]] = ("desk", "phone", "page", "visit")
OFTEN: Final = (55, 20, 20, 5)
BLOCKS_FORGOTTEN: Final = 3


@dataclass(frozen=True, slots=True)
class InTheRound:
    registered: int
    called: int
    collected: int


@dataclass(frozen=True)
class _Calendar:
    """Wall-clock moments before `end`, so many local days before its own day."""

    end: datetime

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        day = clock.local_day(self.end) - timedelta(days=days)
        return min(clock.at(day, time(hour, minute)), self.end)


def load(*, street: Street, ground: Ground, by: str, now: datetime, rng: Random) -> InTheRound:
    """Everything by the actions that people use, each at its own hour."""
    when = _Calendar(now)
    hood = ground.street
    first = clock.local_day(now) - timedelta(days=4)
    round = rounds.make_round(street=hood, new=NewRound("masks", first, number=NUMBER), by=by, now=when.at(5, 15))
    for service in street.services:
        if service.kind == PlaceKind.PHARMACY:
            pharmacy = _pharmacy(ground, service.name)
            rounds.add_outlet(round=round, pharmacy=pharmacy, by=by, now=when.at(5, 15))
            for code in service.serves:
                rounds.serve(round=round, committee=ground[code], pharmacy=pharmacy, by=by, now=when.at(5, 15))
    rounds.spread(round=round, by=by, now=when.at(5, 15))
    rounds.announce(round=round, by=by, now=when.at(5, 16))
    doors = list(Place.objects.filter(hood.subtree, kind=PlaceKind.DWELLING, closed_on__isnull=True).order_by("path"))
    _special(doors, by, when.at(5, 16), rng)
    _tell(round, doors, by, when)
    registered = _register(round, doors, by, when, rng)
    folds.fold_registrations(now=now)
    called = _sell(round, by, when, rng)
    _talk(round, by, when)
    folds.enrol_closes(now=now)
    collected = Call.objects.filter(round=round, status=CallStatus.COLLECTED).count()
    return InTheRound(registered, called, collected)


def _pharmacy(ground: Ground, name: str) -> Place:
    return next(p for p in ground.by_code.values() if p.kind == PlaceKind.PHARMACY and p.name == name)


def _special(doors: Sequence[Place], by: str, now: datetime, rng: Random) -> None:
    for door in rng.sample(list(doors), min(60, len(doors) // 20)):
        group = rng.choice((Special.ELDERLY, Special.DISABLED, Special.CHRONIC))
        desk.mark_special(unit=door, group=group, deliver=rng.random() < 0.5, by=by, now=now)


def _tell(round: Round, doors: Sequence[Place], by: str, when: _Calendar) -> None:
    """A letter in every box on the evening before, but for the last blocks of the list."""
    rounds.enrol_doors(round=round, by=by, now=when.at(5, 16), polite=False)
    blocks = list(dict.fromkeys(door.parent_id for door in doors))
    forgotten = set(blocks[-BLOCKS_FORGOTTEN:]) if len(blocks) > 4 * BLOCKS_FORGOTTEN else set()
    told = [door.id for door in doors if door.parent_id not in forgotten]
    rounds.tell_doors(round=round, unit_ids=told, channel=Channel.LETTER, by=by, now=when.at(5, 19), polite=False)


def _register(round: Round, doors: Sequence[Place], by: str, when: _Calendar, rng: Random) -> int:
    """A third of the doors, most of them on the first day; each batch as the hot path writes it."""
    heads = dict(
        Attachment.objects.filter(relation=Relation.LIVES, until__isnull=True, place__in=[door.id for door in doors])
        .order_by("subject__label")
        .values_list("place_id", "subject__label")
    )
    chosen = rng.sample(list(doors), int(len(doors) * SHARE))
    cut = int(len(chosen) * FIRST_DAY)
    parts = [(chosen[:cut], when.at(4, 9, 20)), *((part, at) for part, at in _later(chosen[cut:], when))]
    done = 0
    for homes, at in parts:
        for start in range(0, len(homes), BATCH):
            asks = [_ask(round, door, heads.get(door.id, ""), rng) for door in homes[start : start + BATCH]]
            with write_lock():
                answers = write_batch(prepare(asks, at, by=by, trusted=True))
            done += sum(answer.status == "stored" for answer in answers)
    return done


def _later(homes: Sequence[Place], when: _Calendar) -> list[tuple[Sequence[Place], datetime]]:
    third = max(1, len(homes) // 3)
    return [(homes[n * third : (n + 1) * third], when.at(3 - n, 10)) for n in range(3)]


def _ask(round: Round, door: Place, name: str, rng: Random) -> Ask:
    return Ask(
        id=new_id(), round=round.id.hex, unit=door.id.hex, wants={"adult": QUOTA}, applicant=name,
        channel=rng.choices(CHANNELS, OFTEN)[0],
    )  # fmt: skip


def _sell(round: Round, by: str, when: _Calendar, rng: Random) -> int:
    """Two nights: goods arrive, numbers are called and told; two days of sale, the first one closed."""
    called = 0
    adult = Variant.objects.get(round=round, key="adult")
    for days in (1, 0):
        evening = when.at(days + 1, 18)
        for number, pharmacy in enumerate(_pharmacies(round)):
            supply.arrive(
                round=round, pharmacy=pharmacy, variant=adult, quantity=HOUSEHOLDS_A_DAY * QUOTA + number * 20,
                price_fen=PRICE_FEN, brand="海氏海诺", batch=f"2002{14 + days:02}", by=by, now=evening,
            )  # fmt: skip
        day = clock.local_day(when.at(days, 12))
        run = allocate.run(round=round, sale_day=day, by=by, now=when.at(days + 1, 21))
        called += run.called
        following.follow_up(run=run, by=by, now=when.at(days + 1, 21, 5))
        _told(run, by, when.at(days + 1, 21, 30), rng)
        _collect(run, by, when, days, rng)
    for pharmacy in _pharmacies(round)[1:]:
        _close(round, pharmacy, by, when)
    return called


def _pharmacies(round: Round) -> list[Place]:
    return sorted({place.id: place for place in pharmacy_of(round).values()}.values(), key=lambda one: one.path)


def _told(run: Run, by: str, now: datetime, rng: Random) -> None:
    calls = [call for call in Call.objects.filter(run=run).order_by("id") if rng.random() < TOLD]
    telling.told(calls=calls, channel=Channel.PHONE, by=by, now=now)


def _collect(run: Run, by: str, when: _Calendar, days: int, rng: Random) -> None:
    """Those whose slot has begun, nine of ten, some by a neighbour, some with fewer pieces."""
    until_us = clock.to_us(when.end if days == 0 else when.at(days, 20))
    rows = Call.objects.filter(run=run, slot_from_us__lt=until_us).select_related("pharmacy").order_by("slot_from_us")
    for call in rows:
        if rng.random() > CAME:
            continue
        at = clock.from_us(min(call.slot_from_us + rng.randrange(20) * clock.MINUTE_US, until_us))
        item = Handed(
            id=new_id(), call=call.id.hex, quantity=call.quantity if rng.random() < 0.97 else call.quantity - 2,
            identity=True, collector="邻居代领" if rng.random() < 0.04 else "",
        )  # fmt: skip
        collect.hand_over([item], pharmacy=call.pharmacy, by=by, now=at)


def _close(round: Round, pharmacy: Place, by: str, when: _Calendar) -> None:
    day = clock.local_day(when.at(1, 12))
    sold = sold_on(round, pharmacy, day)
    close.close_day(
        round=round, pharmacy=pharmacy, day=day, counted=book_of(round, pharmacy, day), money_fen=sold.money_fen,
        explanation="", problems=[], by=by, now=when.at(1, 19, 40),
    )  # fmt: skip


def _talk(round: Round, by: str, when: _Calendar) -> None:
    """What stood in the chat groups before: a question with an owner, a crowd counted."""
    first = _pharmacies(round)[0]
    committee = next(place for place, shop in _served(round) if shop.id == first.id)
    channel.say(
        round=round, kind=MessageKind.QUESTION, text="有居民护照到期，凭临时住宿登记表能否购买？", by=by,
        now=when.at(0, 9, 10), pharmacy=first, committee=committee,
    )  # fmt: skip
    channel.say(
        round=round,
        kind=MessageKind.CROWD,
        text="门口秩序正常",
        by=by,
        now=when.at(0, 9, 30),
        pharmacy=first,
        people=12,
    )


def _served(round: Round) -> list[tuple[Place, Place]]:
    shops = pharmacy_of(round)
    return [(place, shops[place.id]) for place in Place.objects.filter(id__in=shops).order_by("path")]
