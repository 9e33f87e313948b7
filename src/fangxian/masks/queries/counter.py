"""What a counter looks up: the call behind a number, what it may need without a network, and how its day stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final
from uuid import UUID

from django.db.models import Count, F, Q, Sum

from fangxian.masks import rules
from fangxian.masks.counter import Code
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Collection, Registration, Round
from fangxian.masks.queries.numbers import voucher_of
from fangxian.masks.queries.registrations import by_voucher
from fangxian.masks.queries.shelves import shelves_of
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.shared import clock

WITH_CALL = ("registration__round", "variant", "pharmacy", "round__street")
LATE_US: Final = clock.DAY_US
"""A list for work without a network still holds what was to be collected until yesterday."""
MOST_OFFLINE: Final = 5_000
_ORDER = {CallStatus.CALLED: 0, CallStatus.COLLECTED: 1, CallStatus.LAPSED: 2, CallStatus.VOID: 3, CallStatus.MOVED: 4}


def resolve(pharmacy: Place, written: str, variant: str = "") -> tuple[Call | None, Code]:
    """The call that holds for an id or a voucher: a call that was moved or made anew stands for the one before it.

    Of a slip's code the secret must be the number's own. A number that was typed has none; there the document is
    compared. Without a call, the code says why: the number is not known, not called, or called for more than one kind.
    """
    call_id = _call_id(written)
    if call_id is not None:
        named = Call.objects.filter(id=call_id).first()
        if named is None:
            return None, Code.UNKNOWN
        rows = _calls(named.registration_id, named.variant_id)
        return min(rows, key=_rank), Code.OK
    registration = registration_of(pharmacy, written)
    if registration is None:
        return None, Code.UNKNOWN
    if not _is_its_own(registration, written):
        return None, Code.WRONG_CODE
    rows = [row for row in _calls(registration.id) if not variant or row.variant.key == variant]
    if not rows:
        return None, Code.NOT_CALLED
    open_ = {row.variant_id for row in rows if row.status == CallStatus.CALLED}
    if len(open_ or {row.variant_id for row in rows}) > 1:
        return None, Code.WHICH
    return min(rows, key=_rank), Code.OK


def _call_id(written: str) -> UUID | None:
    try:
        return UUID(written.strip())
    except ValueError:
        return None


def _rank(call: Call) -> tuple[int, int]:
    """Called before collected before the rest; of several the latest."""
    return _ORDER[CallStatus(call.status)], -call.changed_us


def _calls(registration_id: UUID, variant_id: int | None = None) -> list[Call]:
    rows = Call.objects.filter(registration_id=registration_id).select_related(*WITH_CALL)
    return list(rows.filter(variant_id=variant_id) if variant_id is not None else rows)


def registration_of(place: Place, written: str) -> Registration | None:
    """The registration of a voucher, in the street that `place` lies in.

    A scanner that types cannot write Chinese: where the number did not survive it, the secret of the code finds it.
    """
    street = Place.objects.filter(path__in=parent_paths(place.path), kind=PlaceKind.STREET).first()
    if street is None:
        return None
    secret = secret_of(written)
    if secret and rules.read_voucher(written) is None:
        return Registration.objects.filter(round__street=street, secret=secret).select_related("round").first()
    return by_voucher(street, written)


def secret_of(written: str) -> str:
    """What stands behind the # of a slip's code; empty where a number was typed."""
    return written.partition("#")[2].strip()


def _is_its_own(registration: Registration, written: str) -> bool:
    secret = secret_of(written)
    return not secret or compare_digest(secret.encode(), registration.secret.encode())


@dataclass(frozen=True, slots=True)
class CardLine:
    """One kind that a number is called for. `here`: at this pharmacy. `price_fen`: what a piece costs here now."""

    call_id: UUID
    variant: str
    title: Mapping[str, str]
    quantity: int
    status: str
    here: bool
    pharmacy: str
    slot_from_us: int
    slot_until_us: int
    deadline_us: int
    collected: int
    collected_us: int | None
    collected_at: str
    price_fen: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """A number at the counter. The name and the masked document are there to be compared with the bearer's."""

    registration_id: UUID
    voucher: str
    applicant: str
    document_kind: str
    document_mask: str
    special: str
    deliver: bool
    lines: tuple[CardLine, ...]


def card(pharmacy: Place, written: str) -> Card | None:
    """What is known of a voucher or a call's id, with the call that holds for each kind; None when it is unknown."""
    call_id = _call_id(written)
    if call_id is not None:
        named = Call.objects.filter(id=call_id).select_related("registration__round").first()
        registration = named.registration if named is not None else None
    else:
        registration = registration_of(pharmacy, written)
    if registration is None or not _is_its_own(registration, written):
        return None
    best: dict[int, Call] = {}
    for call in sorted(_calls(registration.id), key=_rank, reverse=True):
        best[call.variant_id] = call
    prices = {line.variant: line.price_fen for line in shelves_of(registration.round, pharmacy)} if best else {}
    given = {
        row.call_id: row
        for row in Collection.objects.filter(
            call__in=list(best.values()), standing=True, voided_us__isnull=True
        ).select_related("pharmacy")
    }
    lines = tuple(_card_line(best[key], pharmacy, given.get(best[key].id), prices) for key in sorted(best))
    return Card(
        registration.id, voucher_of([registration])[registration.id], registration.applicant,
        registration.document_kind, registration.document_mask, registration.special, registration.deliver, lines,
    )  # fmt: skip


def _card_line(call: Call, pharmacy: Place, given: Collection | None, prices: Mapping[str, int | None]) -> CardLine:
    return CardLine(
        call.id, call.variant.key, call.variant.title, call.quantity, call.status, call.pharmacy_id == pharmacy.id,
        call.pharmacy.name, call.slot_from_us, call.slot_until_us, call.deadline_us, given.quantity if given else 0,
        given.observed_us if given else None, given.pharmacy.name if given else "", prices.get(call.variant.key),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offline:
    """A call as a counter keeps it for work without a network: a surname to compare, and nothing else of a person."""

    call: str
    voucher: str
    holder: str
    variant: str
    quantity: int
    slot_from_us: int
    deadline_us: int
    collected: bool


def bundle(round: Round, pharmacy: Place, now: datetime) -> list[Offline]:
    """What is called here and not long past, in order of the slots. Three queries."""
    since_us = clock.to_us(now) - LATE_US
    calls = list(
        Call.objects.filter(round=round, pharmacy=pharmacy, status__in=ACTIVE_CALLS, deadline_us__gt=since_us)
        .select_related("registration__round", "variant")
        .order_by("slot_from_us", "registration__seq", "id")[:MOST_OFFLINE]
    )
    names = voucher_of(call.registration for call in calls)
    return [
        Offline(
            call.id.hex, names[call.registration_id], surname(call.registration.applicant), call.variant.key,
            call.quantity, call.slot_from_us, call.deadline_us, call.status == CallStatus.COLLECTED,
        )
        for call in calls
    ]  # fmt: skip


def surname(name: str) -> str:
    """王海 is 王*; enough to compare a document with, too little to keep."""
    return f"{name[0]}*" if name else ""


@dataclass(frozen=True, slots=True)
class Today:
    """How the day of a counter stands: households by what became of them, pieces and money."""

    called: int
    collected: int
    in_slot: int
    pieces: int
    money_fen: int


def today(round: Round, pharmacy: Place, now: datetime) -> Today:
    """Two queries."""
    now_us, start_us = clock.to_us(now), clock.day_start_us(clock.local_day(now))
    calls = Call.objects.filter(
        round=round, pharmacy=pharmacy, status__in=ACTIVE_CALLS, slot_from_us__gte=start_us,
        slot_from_us__lt=start_us + clock.DAY_US,
    ).aggregate(
        called=Count("registration", distinct=True),
        collected=Count("registration", distinct=True, filter=Q(status=CallStatus.COLLECTED)),
        in_slot=Count(
            "registration", distinct=True,
            filter=Q(status=CallStatus.CALLED, slot_from_us__lte=now_us, slot_until_us__gt=now_us),
        ),
    )  # fmt: skip
    sold = Collection.objects.filter(
        call__round=round, pharmacy=pharmacy, observed_us__gte=start_us, observed_us__lt=start_us + clock.DAY_US,
        voided_us__isnull=True,
    ).aggregate(pieces=Sum("quantity"), money=Sum(F("quantity") * F("price_fen")))  # fmt: skip
    return Today(calls["called"], calls["collected"], calls["in_slot"], sold["pieces"] or 0, sold["money"] or 0)


def collections_of(round: Round, pharmacy: Place, limit: int = 50) -> list[Collection]:
    """The last hand-overs, newest first: where a mistake is found and taken back."""
    rows = Collection.objects.filter(call__round=round, pharmacy=pharmacy)
    return list(
        rows.select_related("call__registration__round", "call__variant").order_by("-observed_us", "-id")[:limit]
    )
