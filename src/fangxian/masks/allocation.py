"""Which numbers are called tonight. Pure and deterministic: the same inputs and the same seed give the same calls.

A pharmacy is allocated alone. For each variant there are three pools, one after the other: the reserve, for special
groups; what is free, first for those whose pharmacy dropped out; and then for everybody. A pool is shared between the
pharmacy's committees so that their shares are weighted max-min fair: `called so far / registered` is raised for all at
once, like water, until the pieces or the places in the day's slots are used up; who has nobody waiting drops out, who
was ahead from earlier nights waits. That level is found exactly. Households are whole: each committee gets its optimum
rounded down, and what remains goes by the largest remainder, so that nobody is a whole household away from the
optimum. Pieces too few for the next number of a committee below the level are kept for that number. Inside a committee
the order is strict: nobody is called before somebody who stands ahead.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import accumulate, takewhile
from typing import Final, NamedTuple

from fangxian.masks.models import Policy
from fangxian.masks.rules import eligible_on

SCALE: Final = 64
"""A level is a whole number of 2^-64: two levels at which households complete differ by more than that."""
ONE: Final = 1 << SCALE


class Claim(NamedTuple):
    """A registration that waits, under a pseudonym. `wants` is by variant what is not called yet.

    `seq` is any number that puts the claims of a committee in their order. In a night's file it is their rank.

    `tier`: -1 was called at a pharmacy that dropped out, 0 waits, 1 and up let that many calls lapse and comes after
    everybody who had none. `place`: number and id whose place it holds since a yield. `digit` decides odd and even
    days, or is the last digit of the birth year, by the policy.
    """

    id: str
    seq: int
    wants: tuple[int, ...]
    special: bool = False
    urgent: bool = False
    yielded: bool = False
    digit: int | None = None
    tier: int = 0
    place: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """A committee at its pharmacy. `weight` is by variant who registered, `prior` who had a call before tonight;
    the `special_` ones count special groups, and calls from the reserve."""

    key: str
    weight: tuple[int, ...]
    prior: tuple[int, ...]
    special_weight: tuple[int, ...]
    special_prior: tuple[int, ...]
    claims: Sequence[Claim]


@dataclass(frozen=True, slots=True)
class Outlet:
    """A pharmacy tonight: by variant what may be called, with the reserve apart; room is by slot, in order."""

    key: str
    free: tuple[int, ...]
    reserve: tuple[int, ...]
    room: tuple[int, ...]
    crowds: Sequence[Crowd]


@dataclass(frozen=True, slots=True)
class Night:
    """What holds for every pharmacy. `closed`: registration is over, so a reserve nobody waits for is set free."""

    policy: str
    seed: str
    sale_day: date
    variants: tuple[str, ...]
    closed: bool


class Called(NamedTuple):
    id: str
    crowd: str
    variant: int
    quantity: int
    reserved: bool
    slot: int


class Pool(StrEnum):
    """Who is called from which pieces, in this order."""

    RESERVE = "reserve"
    FIRST = "first"
    GENERAL = "general"


class Why(StrEnum):
    """Why a committee's share is not raised further."""

    ALL = "all"
    AHEAD = "ahead"
    LEVEL = "level"
    PIECES = "pieces"
    SLOTS = "slots"


class Share(NamedTuple):
    """A committee's part of a pool. `optimum` is in thousandths of a household."""

    variant: int
    pool: Pool
    crowd: str
    weight: int
    prior: int
    waiting: int
    called: int
    optimum: int
    next: int
    why: Why


@dataclass(frozen=True, slots=True)
class Result:
    """`left` and `kept` are by variant what stays free and in the reserve; `taken` is (who yielded, who took it)."""

    calls: list[Called]
    shares: list[Share]
    left: tuple[int, ...]
    kept: tuple[int, ...]
    freed: tuple[int, ...]
    taken: list[tuple[str, str]]


def lot(seed: str, about: str) -> bytes:
    """The lot that the seed draws for a registration, or for a tie."""
    return hashlib.sha256(f"{seed}|{about}".encode()).digest()


def pseudonym(seed: str, registration: str) -> str:
    """What a registration (32 hex digits) is called in a night's file: it leads back only for who knows the id."""
    return hashlib.sha256(f"{seed}|registration|{registration}".encode()).hexdigest()[:32]


def in_order(night: Night, claims: Sequence[Claim]) -> tuple[list[Claim], list[tuple[str, str]]]:
    """A committee's claims in the order in which they are called, and which places were yielded to whom.

    A place is yielded to the first urgent registration behind it that holds no yielded place yet; when none is there
    the yield waits for one.
    """
    ordered = sorted(claims, key=_key(night))
    if not any(claim.yielded for claim in ordered):
        return ordered, []
    taken: list[tuple[str, str]] = []
    takers = {claim.id for claim in ordered if claim.urgent and not claim.yielded and claim.place is None}
    for index, claim in enumerate(list(ordered)):
        if not claim.yielded:
            continue
        behind = (
            at for at in range(index + 1, len(ordered))
            if ordered[at].id in takers and ordered[at].tier == claim.tier
        )  # fmt: skip
        other = next(behind, None)
        if other is not None:
            taken.append((claim.id, ordered[other].id))
            takers.discard(ordered[other].id)
            ordered[index], ordered[other] = ordered[other], ordered[index]
    return ordered, taken


def _key(night: Night) -> Callable[[Claim], tuple[int, bytes | int, str]]:
    if night.policy == Policy.LOTTERY:
        return lambda claim: (claim.tier, lot(night.seed, claim.place[1] if claim.place else claim.id), claim.id)
    return lambda claim: (claim.tier, claim.place[0] if claim.place else claim.seq, claim.id)


def may_today(night: Night, claim: Claim) -> bool:
    return eligible_on(night.policy, digit=claim.digit, birth_year=claim.digit, day=night.sale_day)


@dataclass(slots=True)
class _Queue:
    """A committee in a pool: prefix sums of the pieces and of the places in slots that its first n claims need."""

    crowd: Crowd
    claims: list[Claim]
    weight: int
    prior: int
    pieces: list[int]
    places: list[int]
    called: int = 0
    part: int = 0
    held: int = 0

    @property
    def waiting(self) -> int:
        return len(self.claims)

    def at(self, level: int) -> tuple[int, int]:
        """Households that a level completes, and what it holds of the next one in 2^-64."""
        held = level * self.weight - (self.prior << SCALE)
        if held <= 0:
            return 0, 0
        whole = held >> SCALE
        return (self.waiting, 0) if whole >= self.waiting else (whole, held & (ONE - 1))

    def costs(self, level: int) -> tuple[int, int]:
        whole, part = self.at(level)
        pieces, places = self.pieces[whole] << SCALE, self.places[whole] << SCALE
        if part:
            pieces += (self.pieces[whole + 1] - self.pieces[whole]) * part
            places += (self.places[whole + 1] - self.places[whole]) * part
        return pieces, places

    @property
    def optimum(self) -> int:
        return (min(max(self.held, 0), self.waiting << SCALE) * 1000 + (ONE >> 1)) >> SCALE

    def next(self) -> tuple[int, int]:
        """Pieces and places of the next number; (0, 0) when nobody waits."""
        if self.called >= self.waiting:
            return 0, 0
        after = self.called + 1
        return self.pieces[after] - self.pieces[self.called], self.places[after] - self.places[self.called]


def level_of(queues: Sequence[_Queue], pieces: int, places: int) -> int:
    """The highest level that the pieces and the places allow: the weighted max-min optimum."""

    def fits(level: int) -> bool:
        used = used_places = 0
        for queue in queues:
            one, two = queue.costs(level)
            used += one
            used_places += two
        return used <= pieces << SCALE and used_places <= places << SCALE

    high = max((-(-((queue.prior + queue.waiting) << SCALE) // queue.weight) for queue in queues), default=0)
    if fits(high):
        return high
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _share_out(queues: Sequence[_Queue], pieces: int, places: int, tie: str) -> tuple[int, int]:
    """Set `called` of each queue; returns the pieces and places that are left."""
    level = level_of(queues, pieces, places)
    for queue in queues:
        queue.called, queue.part = queue.at(level)
        queue.held = level * queue.weight - (queue.prior << SCALE)
        pieces -= queue.pieces[queue.called]
        places -= queue.places[queue.called]
    for queue in sorted(queues, key=lambda one: (-one.part, lot(tie, one.crowd.key))):
        more, place = queue.next()
        if queue.part and more <= pieces and place <= places:
            queue.called += 1
            pieces, places = pieces - more, places - place
    return pieces, places


def allocate(night: Night, outlet: Outlet) -> Result:
    """Tonight's calls of one pharmacy. The order in which crowds and claims are handed in does not matter."""
    crowds = sorted(outlet.crowds, key=lambda crowd: crowd.key)
    taken: list[tuple[str, str]] = []
    lines: dict[str, list[Claim]] = {}
    for crowd in crowds:
        line, swaps = in_order(night, crowd.claims)
        taken += swaps
        by_day = night.policy in (Policy.ODD_EVEN, Policy.BIRTH_YEAR)
        lines[crowd.key] = [claim for claim in line if may_today(night, claim)] if by_day else line
    kept, freed = _reserve(night, outlet)
    left = [free + more for free, more in zip(outlet.free, freed, strict=True)]
    book = _Book(night, outlet, crowds, lines, sum(outlet.room))
    for variant in range(len(night.variants)):
        kept[variant] = book.draw(variant, kept[variant], Pool.RESERVE)
    for pool in (Pool.FIRST, Pool.GENERAL):
        for variant in range(len(night.variants)):
            left[variant] = book.draw(variant, left[variant], pool)
    return Result(book.calls(), book.shares, tuple(left), tuple(kept), tuple(freed), taken)


def _reserve(night: Night, outlet: Outlet) -> tuple[list[int], list[int]]:
    """By variant what stays reserved, and what is set free because no special household can still ask for it."""
    if not night.closed:
        return list(outlet.reserve), [0] * len(outlet.reserve)
    waiting = [
        sum(claim.wants[variant] for crowd in outlet.crowds for claim in crowd.claims if claim.special)
        for variant in range(len(outlet.reserve))
    ]
    kept = [min(have, asked) for have, asked in zip(outlet.reserve, waiting, strict=True)]
    return kept, [have - keep for have, keep in zip(outlet.reserve, kept, strict=True)]


class _Book:
    """The night of one pharmacy as it is written: who has a place in the slots, who is called for what."""

    def __init__(
        self, night: Night, outlet: Outlet, crowds: Sequence[Crowd], lines: dict[str, list[Claim]], places: int
    ) -> None:
        self.night, self.outlet, self.crowds, self.lines, self.places = night, outlet, crowds, lines, places
        self.placed: dict[str, tuple[str, bool]] = {}
        self.drawn: list[dict[str, tuple[str, int, bool]]] = [{} for _ in night.variants]
        self.shares: list[Share] = []

    def draw(self, variant: int, pieces: int, pool: Pool) -> int:
        """Call from one pool; returns the pieces that stay in it."""
        queues = [queue for crowd in self.crowds if (queue := self._queue(crowd, variant, pool)).waiting]
        tie = f"{self.night.seed}|{self.outlet.key}|{self.night.variants[variant]}|{pool.value}"
        reserved = pool == Pool.RESERVE
        pieces, self.places = _share_out(queues, pieces, self.places, tie)
        drawn, placed = self.drawn[variant], self.placed
        for queue in queues:
            group = (queue.crowd.key, reserved)
            for claim in queue.claims[: queue.called]:
                placed.setdefault(claim.id, group)
                drawn[claim.id] = (queue.crowd.key, claim.wants[variant], reserved)
            self.shares.append(
                Share(
                    variant, pool, queue.crowd.key, queue.weight, queue.prior, queue.waiting, queue.called,
                    queue.optimum, queue.next()[0], _why(queue, pieces),
                )
            )  # fmt: skip
        return pieces

    def _queue(self, crowd: Crowd, variant: int, pool: Pool) -> _Queue:
        line, drawn, placed = self.lines[crowd.key], self.drawn[variant], self.placed
        if pool == Pool.RESERVE:
            line = [claim for claim in line if claim.special]
        elif pool == Pool.FIRST:
            line = list(takewhile(lambda claim: claim.tier < 0, line))
        claims = [claim for claim in line if claim.wants[variant] and claim.id not in drawn]
        weight, prior = {
            Pool.RESERVE: (crowd.special_weight, crowd.special_prior),
            Pool.GENERAL: (crowd.weight, crowd.prior),
            # they had their chance: each committee gets the same part of what it lost
            Pool.FIRST: ((0,) * (variant + 1), (0,) * (variant + 1)),
        }[pool]
        pieces = list(accumulate([claim.wants[variant] for claim in claims], initial=0))
        places = list(accumulate([claim.id not in placed for claim in claims], initial=0))
        return _Queue(crowd, claims, max(weight[variant], len(claims), 1), prior[variant], pieces, places)

    def calls(self) -> list[Called]:
        """In order of the slots: those from the reserve first, then the committees side by side, each in its order."""
        return [
            Called(id_, call[0], variant, call[1], call[2], slot)
            for id_, slot in self._slots().items()
            for variant, drawn in enumerate(self.drawn)
            if (call := drawn.get(id_)) is not None
        ]

    def _slots(self) -> dict[str, int]:
        counts: dict[tuple[str, bool], int] = {}
        ranked: list[tuple[bool, int, str, str]] = []
        for id_, (crowd, reserved) in self.placed.items():
            counts[crowd, reserved] = rank = counts.get((crowd, reserved), 0) + 1
            ranked.append((not reserved, rank, crowd, id_))
        turn = sorted(
            (later, (rank << 32) // (counts[crowd, not later] + 1), crowd, rank, id_)
            for later, rank, crowd, id_ in ranked
        )
        seats = (slot for slot, room in enumerate(self.outlet.room) for _ in range(room))
        return {row[-1]: slot for row, slot in zip(turn, seats, strict=False)}


def _why(queue: _Queue, pieces: int) -> Why:
    if queue.called == queue.waiting:
        return Why.ALL
    if queue.held < 0:
        return Why.AHEAD
    if queue.called << SCALE >= queue.held > 0:
        return Why.LEVEL
    more, _place = queue.next()
    return Why.PIECES if more > pieces else Why.SLOTS
