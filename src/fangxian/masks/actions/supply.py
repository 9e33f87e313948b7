"""Goods come to a pharmacy, and are counted there. Each change of a shelf is one of the ledger in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.masks.actions import channel, shelves, tasks
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Arrival, Call, CallStatus, Message, MessageKind, Outlet, Round, Shelf, Variant
from fangxian.masks.plan import plan_at
from fangxian.masks.playbook import ARRIVED
from fangxian.masks.queries.numbers import voucher_of
from fangxian.masks.queries.shelves import count_ref
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.language import street_language
from fangxian.shared.writer import write_lock
from fangxian.stock import actions as stock
from fangxian.stock import sales

MOST_PIECES: Final = 10_000_000
MOST_FEN: Final = 10_000_000
SHORT_HOURS: Final = 4


@write_lock()
def arrive(
    *, round: Round, pharmacy: Place, variant: Variant, quantity: int, price_fen: int, by: str, now: datetime,
    brand: str = "", batch: str = "", expires_on: date | None = None, id: UUID | None = None,
) -> Arrival:  # fmt: skip
    """A batch came. What was promised and missing is healed first. The same id again changes nothing."""
    _check(round, pharmacy, quantity, price_fen, expires_on, now)
    now_us = clock.to_us(now)
    arrival = Arrival(
        id=id or new_id(), round=round, pharmacy=pharmacy, variant=variant, quantity=quantity, price_fen=price_fen,
        at_us=now_us, by=by,
    )  # fmt: skip
    shelf = shelves.lock(round_id=round.id, pharmacy_id=pharmacy.id, variant_ids=[variant.id], now_us=now_us)[
        variant.id
    ]
    # asked under the lock of the shelf, so that what is sent twice at once is booked once
    known = Arrival.objects.filter(id=id).first() if id is not None else None
    if known is not None:
        return known
    arrival.lot = stock.receive(
        id=arrival.id, item=variant.item, place=pharmacy, quantity=quantity, batch=batch, brand=brand,
        expires_on=expires_on, unit_cost=Decimal(price_fen) / 100, ref=f"mask-arrival:{arrival.id.hex}", by=by, now=now,
    )  # fmt: skip
    arrival.save(force_insert=True)
    before = shelf.short
    shelf.arrived += quantity
    shelf.reserve += -(-quantity * round.reserve_permille // 1000)
    shelves.put(shelf, now_us)
    if before and not shelf.short:
        heal(shelf=shelf, by=by, now=now)
    _announce(arrival, by, now)
    _owe_calls(arrival, by, now)
    audit.record(
        by=by, act="masks.arrived", now=now, target=f"arrival:{arrival.id}", place=pharmacy.id,
        detail={"quantity": quantity, "price_fen": price_fen},
    )  # fmt: skip
    return arrival


def _check(
    round: Round, pharmacy: Place, quantity: int, price_fen: int, expires_on: date | None, now: datetime
) -> None:
    if not 0 < quantity <= MOST_PIECES:
        raise MaskError(_("The quantity must be a whole number above 0. Nothing was booked."))
    if not 0 <= price_fen <= MOST_FEN:
        raise MaskError(_("The price is not right. Nothing was booked. Enter the price of one piece."))
    if expires_on is not None and expires_on < clock.local_day(now):
        raise MaskError(_("These goods have expired. Nothing was booked. Send them back, or correct the date."))
    if not Outlet.objects.filter(round=round, pharmacy=pharmacy, dropped_us__isnull=True).exists():
        raise MaskError(_("This pharmacy does not sell in the round. Nothing was booked. Add it first."))
    if Round.objects.filter(id=round.id, cancelled_us__isnull=False).exists():
        raise MaskError(_("This round was cancelled. Nothing was booked."))


def _announce(arrival: Arrival, by: str, now: datetime) -> None:
    with street_language():
        text = _("%(variant)s: %(quantity)d pieces arrived.") % {
            "variant": title_of(arrival.variant), "quantity": arrival.quantity,
        }  # fmt: skip
    channel.say(
        round=arrival.round, kind=MessageKind.ARRIVAL, text=text, pharmacy=arrival.pharmacy, by=by, now=now
    )  # fmt: skip


def title_of(variant: Variant) -> str:
    """What a variant is called in what is stored: in the street's language."""
    titles: dict[str, str] = variant.title
    return titles.get("zh") or titles.get("en") or variant.key


def _owe_calls(arrival: Arrival, by: str, now: datetime) -> None:
    """Stock that lies there must be called within the plan's hours: a duty of its own for each arrival."""
    pharmacy = arrival.pharmacy
    registry.ensure_place_subjects(places=[pharmacy], now=now)
    due_us = clock.to_us(now) + plan_at(now).section.call_hours * clock.HOUR_US
    member = duties.NewMember(
        pharmacy.id, pharmacy.id, counting_nodes([pharmacy])[pharmacy.id], opens_us=clock.to_us(now), due_us=due_us
    )
    duties.enrol(cohort=ARRIVED, instance=arrival.id.hex, members=[member], by=by, now=now)


@write_lock()
def correct(
    *, round: Round, pharmacy: Place, variant: Variant, counted: int, reason: str, by: str, now: datetime,
    day: date | None = None,
) -> int:  # fmt: skip
    """So many pieces of a variant were counted. Returns counted - booked. `day`: the one that is closed with it.

    Fewer than are called for: every call stays, nothing more is called from this shelf, and the numbers for which
    nothing is there become a duty of the street and one of the pharmacy. A later arrival heals that first.
    """
    if not reason.strip():
        raise MaskError(_("Say why the count differs from the book. Nothing was changed."))
    if not 0 <= counted <= MOST_PIECES:
        raise MaskError(_("The quantity counted must be a whole number, 0 or more. Nothing was changed."))
    now_us = clock.to_us(now)
    shelf = shelves.lock(round_id=round.id, pharmacy_id=pharmacy.id, variant_ids=[variant.id], now_us=now_us)[
        variant.id
    ]
    came = shelves.batches(round_id=round.id, pharmacy_id=pharmacy.id, variant_id=variant.id)
    if not came and counted:
        raise MaskError(_("Nothing of this ever came to the pharmacy. Nothing was changed. Record the arrival."))
    before = shelf.short
    difference = sales.count_together(
        place=pharmacy, lot_ids=shelves.lots(came), counted=counted, ref=count_ref(shelf.id, day), by=by, now=now
    )
    shelf.lost -= difference
    shelves.put(shelf, now_us)
    audit.record(
        by=by, act="masks.corrected", now=now, target=f"shelf:{shelf.id}", place=pharmacy.id,
        detail={"counted": counted, "difference": difference, "reason": reason.strip()[:200]},
    )  # fmt: skip
    follow(shelf=shelf, before=before, by=by, now=now)
    return difference


def follow(*, shelf: Shelf, before: int, by: str, now: datetime) -> None:
    """After a shelf was put: what became short is named, what is short no more is settled."""
    if shelf.short > before:
        name_short(shelf=shelf, by=by, now=now)
    elif before and not shelf.short:
        heal(shelf=shelf, by=by, now=now)


def name_short(*, shelf: Shelf, by: str, now: datetime) -> Message:
    """Tell street and pharmacy which called numbers there is nothing for. Numbers only; nobody's number vanishes."""
    names = affected(shelf)
    with street_language():
        text = _("%(short)d pieces of %(variant)s are missing for called numbers: %(numbers)s") % {
            "short": shelf.short, "variant": title_of(shelf.variant), "numbers": listed(names),
        }  # fmt: skip
        title = str(_("Goods are missing for called numbers: tell these households, or find goods"))
    source = short_source(shelf)
    message = channel.say(
        round=shelf.round, kind=MessageKind.SHORTAGE, text=text, pharmacy=shelf.pharmacy, source=source, by=by, now=now
    )
    tasks.ask(
        title=title, place=shelf.pharmacy, role=Role.PHARMACY, until=now + timedelta(hours=SHORT_HOURS), source=source,
        note=text, by=by, now=now,
    )  # fmt: skip
    return message


def short_source(shelf: Shelf) -> str:
    return f"mask-short:{shelf.id.hex}"


def affected(shelf: Shelf) -> list[str]:
    """The numbers that a shortage falls on: whoever is to come last, comes to an empty shelf."""
    calls = (
        Call.objects.filter(
            round_id=shelf.round_id, pharmacy_id=shelf.pharmacy_id, variant_id=shelf.variant_id,
            status=CallStatus.CALLED,
        )
        .select_related("registration__round")
        .order_by("-slot_from_us", "-registration__seq", "-id")
    )  # fmt: skip
    missing, found = shelf.short, []
    for call in calls:
        if missing <= 0:
            break
        missing -= call.quantity
        found.append(call.registration)
    return sorted(voucher_of(found).values())


def listed(names: Sequence[str], most: int = 300) -> str:
    """As many numbers as fit, and how many more there are."""
    shown: list[str] = []
    for name in names:
        if sum(len(one) + 1 for one in [*shown, name]) > most:
            break
        shown.append(name)
    more = len(names) - len(shown)
    text = "、".join(shown)
    return _("%(numbers)s and %(more)d more") % {"numbers": text, "more": more} if more else text


def heal(*, shelf: Shelf, by: str, now: datetime) -> None:
    """Everything promised is there again: what was asked because of it is done."""
    ended = tasks.settle(source=short_source(shelf), by=by, now=now)
    with street_language():
        text = str(_("The goods are there again."))
    rows = Message.objects.filter(duty_id__in=ended, answered_us__isnull=True)
    rows.update(answer=text, answered_us=clock.to_us(now), answered_by=by)
