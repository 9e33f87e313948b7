"""What a pharmacy's pages read: its day slot by slot, its people, and the list its counter keeps for work without a
network."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery

from fangxian.accounts.models import RoleGrant
from fangxian.accounts.roles import Role
from fangxian.masks.models import (
    ACTIVE_CALLS,
    Call,
    CallStatus,
    Collection,
    Counter,
    Outlet,
    Round,
    Run,
    Shelf,
)
from fangxian.masks.plan import plan_at
from fangxian.masks.queries.shelves import shelves_of
from fangxian.masks.rules import voucher
from fangxian.places.models import Place
from fangxian.rota.models import Training
from fangxian.shared import clock

_SHORT: Final = Counter.objects.filter(round=OuterRef("round"), committee=OuterRef("registration__committee"))
KEPT_US: Final = 14 * clock.DAY_US
"""How long a counter still says of a number where and when it was collected, or that its time has passed."""
MOST_LISTED: Final = 20_000
_KEY_CHARS: Final = 24


@dataclass(frozen=True, slots=True)
class ShelfLine:
    """A shelf without its price, of every kind of the round: what has not come yet stands there with zero."""

    variant_id: int
    variant: str
    title: Mapping[str, str]
    arrived: int
    sold: int
    on_hand: int
    promised: int
    short: int

    @property
    def free(self) -> int:
        return max(0, self.on_hand - self.promised)


def shelf_lines(round: Round, pharmacy: Place) -> list[ShelfLine]:
    """One query, beside the variants of the round."""
    held = {row.variant_id: row for row in Shelf.objects.filter(round=round, pharmacy=pharmacy)}
    lines = []
    for kind in sorted(round.variants.all(), key=lambda one: one.pk):
        row = held.get(kind.pk, Shelf())
        here = row.arrived - row.sold - row.lost
        lines.append(
            ShelfLine(kind.pk, kind.key, kind.title, row.arrived, row.sold, here, row.promised, row.short)
        )  # fmt: skip
    return lines


@dataclass(frozen=True, slots=True)
class CommitteeNumbers:
    """Numbers of one committee, those that came first."""

    committee: str
    open: tuple[str, ...]
    came: int


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One slot of a day: households expected and those that came; `running` says that it is now."""

    from_us: int
    until_us: int
    expected: int
    came: int
    running: bool
    numbers: tuple[CommitteeNumbers, ...]


def slots_of(round: Round, pharmacy: Place, day: date, now: datetime) -> list[SlotLine]:
    """The slots of a day with their numbers, by committee. One query."""
    start_us, now_us = clock.day_start_us(day), clock.to_us(now)
    rows = (
        Call.objects.filter(
            round=round, pharmacy=pharmacy, status__in=ACTIVE_CALLS, slot_from_us__gte=start_us,
            slot_from_us__lt=start_us + clock.DAY_US,
        )
        .annotate(short=Subquery(_SHORT.values("short")[:1]))
        .order_by("slot_from_us", "short", "registration__seq")
        .values_list("slot_from_us", "slot_until_us", "short", "registration__seq", "status")
    )  # fmt: skip
    slots: dict[tuple[int, int], dict[str, dict[int, bool]]] = {}
    for from_us, until_us, short, seq, status in rows:
        homes = slots.setdefault((from_us, until_us), {}).setdefault(short, {})
        homes[seq] = homes.get(seq, True) and status == CallStatus.COLLECTED
    return [
        SlotLine(
            from_us, until_us, sum(len(homes) for homes in committees.values()),
            sum(sum(homes.values()) for homes in committees.values()), from_us <= now_us < until_us,
            tuple(
                CommitteeNumbers(short, tuple(f"{seq:04d}" for seq, came in homes.items() if not came),
                                 sum(homes.values()))
                for short, homes in committees.items()
            ),
        )
        for (from_us, until_us), committees in slots.items()
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trained:
    """Somebody of the pharmacy, and whether the training of the plan is signed."""

    staff_id: UUID
    name: str
    signed: bool


def staff_of(pharmacy: Place, now: datetime) -> list[Trained]:
    """One query beside the plan's."""
    topic = plan_at(now).section.training
    signed = Training.objects.filter(staff=OuterRef("staff"), topic=topic)
    rows = (
        RoleGrant.objects.filter(
            Q(until__isnull=True) | Q(until__gt=now), role=Role.PHARMACY, place=pharmacy, since__lte=now,
            staff__is_active=True,
        )
        .annotate(signed=Exists(signed))
        .order_by("staff__name")
        .values_list("staff_id", "staff__name", "signed")
    )  # fmt: skip
    return [Trained(staff_id, name, known or not topic) for staff_id, name, known in rows]


def run_of(round: Round, day: date) -> Run | None:
    """The run that called the numbers of a day."""
    return Run.objects.filter(round=round, sale_day=day).select_related("round").first()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a committee's calls are: households. `untold` are called and were not told yet."""

    committee_id: UUID
    committee: str
    pharmacy: str
    called: int
    collected: int
    lapsed: int
    untold: int
    called_to: int


def progress(round: Round, *, pharmacy: Place | None = None, committee: Place | None = None) -> list[Progress]:
    """By committee and pharmacy, of one pharmacy or one committee where asked. One query."""
    where = Q(round=round)
    if pharmacy is not None:
        where &= Q(pharmacy=pharmacy)
    if committee is not None:
        where &= Q(registration__committee=committee)
    homes, still = "registration_id", Q(status=CallStatus.CALLED)
    rows = (
        Call.objects.filter(where)
        .annotate(short=Subquery(_SHORT.values("short")[:1]))
        .values("registration__committee_id", "short", "pharmacy__name")
        .annotate(
            called=Count(homes, filter=Q(status__in=ACTIVE_CALLS), distinct=True),
            collected=Count(homes, filter=Q(status=CallStatus.COLLECTED), distinct=True),
            lapsed=Count(homes, filter=Q(status=CallStatus.LAPSED), distinct=True),
            untold=Count(homes, filter=still & Q(told_us__isnull=True), distinct=True),
            top=Max("registration__seq", filter=Q(status__in=ACTIVE_CALLS)),
        )
        .order_by("short", "pharmacy__name")
    )
    return [
        Progress(
            row["registration__committee_id"], row["short"], row["pharmacy__name"], row["called"], row["collected"],
            row["lapsed"], row["untold"], row["top"] or 0,
        )
        for row in rows
    ]  # fmt: skip


def sells_in(round: Round, pharmacy: Place) -> Outlet | None:
    return Outlet.objects.filter(round=round, pharmacy=pharmacy).first()


def secret_key(secret: str) -> str:
    """By what a counter without a network knows a slip's code again: of the secret it keeps no more than this."""
    return hashlib.sha256(secret.encode()).hexdigest()[:_KEY_CHARS]


@dataclass(frozen=True, slots=True)
class Listed:
    """One kind that a number is called for, as a counter keeps it.

    `name` and `mask` (of the document) are there only for what may still be handed out here: to be compared with the
    bearer's. `elsewhere` names another pharmacy.
    """

    call: str
    voucher: str
    key: str
    variant: str
    quantity: int
    status: str
    slot_from_us: int
    slot_until_us: int
    deadline_us: int
    elsewhere: str
    name: str
    mask: str
    deliver: bool
    collected_us: int


def counter_list(round: Round, pharmacy: Place, now: datetime) -> list[Listed]:
    """Every number of the round that somebody may show at this counter: called, collected, lapsed, called elsewhere."""
    given = Collection.objects.filter(call=OuterRef("id"), standing=True, voided_us__isnull=True)
    rows = (
        Call.objects.filter(
            round=round, status__in=(*ACTIVE_CALLS, CallStatus.LAPSED), deadline_us__gt=clock.to_us(now) - KEPT_US
        )
        .annotate(
            short=Subquery(_SHORT.values("short")[:1]), seq=F("registration__seq"), key=F("variant__key"),
            collected_us=Subquery(given.values("observed_us")[:1]),
            taken_at=Subquery(given.values("pharmacy__name")[:1]),
        )
        .select_related("registration", "pharmacy")
        .order_by("short", "seq", "key", "changed_us")[:MOST_LISTED]
    )  # fmt: skip
    return [_listed(call, round, pharmacy) for call in rows]


def _listed(call: Call, round: Round, pharmacy: Place) -> Listed:
    row = call.registration
    mine = call.pharmacy_id == pharmacy.id and call.status == CallStatus.CALLED
    facts: Mapping[str, object] = call.__dict__
    at, taken_at = facts["collected_us"], facts["taken_at"]
    where = str(taken_at or call.pharmacy.name)
    return Listed(
        call.id.hex, voucher(round.number, str(facts["short"]), row.seq), secret_key(row.secret), str(facts["key"]),
        call.quantity, call.status, call.slot_from_us, call.slot_until_us, call.deadline_us,
        "" if where == pharmacy.name else where, row.applicant if mine else "", row.document_mask if mine else "",
        row.deliver, at if isinstance(at, int) else 0,
    )  # fmt: skip


def prices(round: Round, pharmacy: Place) -> dict[str, int]:
    """What the next piece of each kind costs here, in fen; kinds of which nothing is left are missing."""
    return {line.variant: line.price_fen for line in shelves_of(round, pharmacy) if line.price_fen is not None}
