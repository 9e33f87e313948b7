"""The night's run: read, allocate, and write the calls with the file that proves them, all at once or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import Max
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.masks import publishing
from fangxian.masks.actions import rounds, shelves
from fangxian.masks.actions.calls import lapse, move_calls, void_call
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.following import follow_up, resume
from fangxian.masks.allocation import Called, Result, allocate
from fangxian.masks.models import Call, CallStatus, Registration, Round, Run, Yield
from fangxian.masks.queries import night
from fangxian.masks.queries.night import Evening, Slot
from fangxian.shared import clock
from fangxian.shared.ids import db_id, new_id
from fangxian.shared.statements import Insert
from fangxian.shared.writer import write_lock

__all__ = ["follow_up", "lapse", "move_calls", "resume", "run", "void_call"]

_CALL: Final = Insert(
    Call._meta.db_table,
    (
        ("id", "uuid"), ("run_id", "uuid"), ("round_id", "uuid"), ("registration_id", "uuid"), ("variant_id", "bigint"),
        ("pharmacy_id", "uuid"), ("quantity", "smallint"), ("reserved", "boolean"), ("slot_from_us", "bigint"),
        ("slot_until_us", "bigint"), ("deadline_us", "bigint"), ("status", "text"), ("reason", "text"),
        ("told_us", "bigint"), ("told_channel", "text"), ("changed_us", "bigint"),
    ),
)  # fmt: skip
_WITHDRAWN: Final = f"""
    SELECT COUNT(*) FROM {Call._meta.db_table} c JOIN {Registration._meta.db_table} r ON r.id = c.registration_id
    WHERE c.run_id = %s AND r.withdrawn_us IS NOT NULL
"""
_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Shop:
    """One pharmacy's calls, ready to be written: what was read for them is not held any longer."""

    pharmacy_id: UUID
    slots: tuple[Slot, ...]
    calls: list[Called]
    quantities: tuple[int, ...]
    from_reserve: tuple[int, ...]
    taken: list[tuple[str, str]]


def run(*, round: Round, sale_day: date, by: str, now: datetime) -> Run:
    """Call numbers for a day of sale. Raises MaskError when that may not be done, or when somebody else was faster.

    What lapsed goes back to the shelves first. The calls, the shelves and the published file are one transaction;
    duties follow in chunks.
    """
    _check(round, sale_day, now)
    lapse(now=now)
    seed = rounds.reveal_seed(round=round, by=by, now=now)
    evening = night.read(round=round, sale_day=sale_day, seed=seed, now=now)
    shops, document, digest = _decide(evening)
    made = Run(
        id=new_id(), round=round, sale_day=sale_day, document=document, sha256=digest,
        called=sum(len(shop.calls) for shop in shops), made_us=clock.to_us(now), by=by,
    )  # fmt: skip
    rows = _rows(evening, made, shops)
    try:
        with write_lock():
            _write(evening, shops, made, rows, now)
    except IntegrityError as error:
        if Run.objects.filter(round=round, sale_day=sale_day).exists():
            raise MaskError(_ran_already(sale_day)) from error
        raise MaskError(_changed()) from error
    follow_up(run=made, by=by, now=now)
    return made


def _changed() -> str:
    return _("Stock or registrations changed while numbers were being called. Nothing was called. Call them again.")


def _ran_already(day: date) -> str:
    return _("Numbers were called for %(day)s already. Nothing more was called. Look at that day's list.") % {
        "day": day.isoformat()
    }


def _check(round: Round, sale_day: date, now: datetime) -> None:
    fresh = Round.objects.get(id=round.id)
    if fresh.cancelled_us is not None:
        raise MaskError(_("This round was cancelled. Nothing was called."))
    if fresh.announced_us is None:
        raise MaskError(_("This round is not announced yet. Nothing was called. Announce it first."))
    first, last = (clock.local_day(clock.from_us(us)) for us in (fresh.sale_from_us, fresh.sale_until_us - 1))
    if not first <= sale_day <= last:
        raise MaskError(
            _("The round sells from %(first)s to %(last)s. Nothing was called. Choose one of these days.")
            % {"first": first.isoformat(), "last": last.isoformat()}
        )
    if sale_day < clock.local_day(now):
        raise MaskError(_("This day is over. Nothing was called. Choose a day to come."))
    if Run.objects.filter(round=round, sale_day=sale_day).exists():
        raise MaskError(_ran_already(sale_day))


def _decide(evening: Evening) -> tuple[list[_Shop], str, str]:
    """Allocate pharmacy by pharmacy. Only the calls and the text of the file stay."""
    texts: list[str] = []
    shops: list[_Shop] = []
    for shop in evening.shops():
        result = allocate(evening.night, shop.inputs)
        texts.append(
            publishing.outlet_text(
                evening.night, shop.inputs, result, name=shop.name, slots=[slot.from_us for slot in shop.slots],
                committees=shop.committees,
            )
        )  # fmt: skip
        shops.append(_shop(shop, result))
    round = evening.round
    head = publishing.head_of(
        evening.night, number=round.number, seed_commit=round.seed_commit, made_us=evening.now_us,
        deadline_us=night.deadline_us(round, evening.night.sale_day),
    )  # fmt: skip
    return shops, *publishing.sealed(texts, head)


def _shop(shop: night.Shop, result: Result) -> _Shop:
    size = len(result.left)
    quantities, reserved = [0] * size, [0] * size
    for call in result.calls:
        quantities[call.variant] += call.quantity
        reserved[call.variant] += call.quantity if call.reserved else 0
    leaving = tuple(one + freed for one, freed in zip(reserved, result.freed, strict=True))
    calls = [call._replace(id=shop.ids[call.id]) for call in result.calls]
    taken = [(shop.ids[giver], shop.ids[taker]) for giver, taker in result.taken]
    return _Shop(shop.pharmacy_id, shop.slots, calls, tuple(quantities), leaving, taken)


def _write(
    evening: Evening, shops: Sequence[_Shop], made: Run, rows: Sequence[Sequence[object]], now: datetime
) -> None:
    round, day, now_us = evening.round, evening.night.sale_day, clock.to_us(now)
    if Round.objects.select_for_update().filter(id=round.id, cancelled_us__isnull=True).first() is None:
        raise MaskError(_("This round was cancelled. Nothing was called."))
    if Run.objects.filter(round=round, sale_day=day).exists():
        raise MaskError(_ran_already(day))
    latest = Run.objects.filter(round=round).aggregate(last=Max("number"))["last"] or 0
    made.number = latest + 1
    made.save(force_insert=True)
    for shop in sorted(shops, key=lambda one: one.pharmacy_id):
        _promise(evening, shop, now_us)
    for start in range(0, len(rows), _AT_ONCE):
        _CALL(rows[start : start + _AT_ONCE])
    for giver, taker in (pair for shop in shops for pair in shop.taken):
        Yield.objects.filter(registration_id=UUID(hex=giver)).update(taken_by_id=UUID(hex=taker))
    _refuse_withdrawn(made)
    audit.record(
        by=made.by, act="masks.called", now=now, target=f"run:{made.id}", place=round.street_id,
        detail={"called": made.called, "sale_day": day.isoformat(), "sha256": made.sha256},
    )  # fmt: skip


def _promise(evening: Evening, shop: _Shop, now_us: int) -> None:
    """Raise what is promised, unless the shelf holds less by now than the calls were made from."""
    changed = [at for at, count in enumerate(shop.quantities) if count or shop.from_reserve[at]]
    if not changed:
        return
    ids = {evening.variants[at].id: at for at in changed}
    rows = shelves.lock(
        round_id=evening.round.id, pharmacy_id=shop.pharmacy_id, variant_ids=ids, now_us=now_us
    )  # fmt: skip
    for variant_id, shelf in rows.items():
        at = ids[variant_id]
        if night.free_of(shelf) < shop.quantities[at] or night.reserve_of(shelf) < shop.from_reserve[at]:
            raise MaskError(_changed())
        if night.free_of(shelf) - shop.quantities[at] < night.reserve_of(shelf) - shop.from_reserve[at]:
            raise MaskError(_changed())
        shelf.promised += shop.quantities[at]
        shelf.reserve -= shop.from_reserve[at]
        shelves.put(shelf, now_us)


def _rows(evening: Evening, made: Run, shops: Sequence[_Shop]) -> list[tuple[object, ...]]:
    """The calls as the driver writes them, made before the writer is held: a city has hundreds of thousands."""
    run_id, round_id = db_id(made.id), db_id(evening.round.id)
    deadline = night.deadline_us(evening.round, made.sale_day)
    variants = [variant.id for variant in evening.variants]
    rows: list[tuple[object, ...]] = []
    for shop in shops:
        pharmacy = db_id(shop.pharmacy_id)
        for call in shop.calls:
            slot = shop.slots[call.slot]
            rows.append(
                (
                    db_id(new_id()), run_id, round_id, call.id, variants[call.variant], pharmacy, call.quantity,
                    call.reserved, slot.from_us, slot.until_us, deadline, CallStatus.CALLED.value, "", None, "",
                    made.made_us,
                )
            )  # fmt: skip
    return rows


def _refuse_withdrawn(made: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAWN, [db_id(made.id)])
        if cursor.fetchone()[0]:
            raise MaskError(_changed())
