"""A turnstile opens for an admission, and an admission is spent by one opening: the database decides which.

What turnstiles do with their answers is told afterwards, as openings (`gates.folds` finds those without a check).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fangxian.gates.models import Check, Device, Direction, Opening, Outcome, Release
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import SECOND_US
from fangxian.shared.writer import write_lock


def release(*, device: Device, direction: Direction, seconds: int, now: datetime, ask_id: UUID | None) -> UUID | None:
    """The admission of the last `seconds` that this turnstile opens for now, oldest first; None: hold.

    `ask_id` is the machine's own: asked again under it, the same admission is told, and no other is spent.
    """
    since_us = clock.to_us(now) - seconds * SECOND_US
    if ask_id is not None and (told := _told(device, ask_id)) is not None:
        return told
    if not _waiting(
        device, direction, since_us
    ):  # a turnstile asks all day, and must not take the writer to be told no
        return None
    with write_lock():
        _take_turns(device)
        if ask_id is not None and (told := _told(device, ask_id)) is not None:
            return told
        waiting = _waiting(device, direction, since_us)
        if not waiting:
            return None
        Release.objects.create(
            check_id=waiting[0], ask_id=ask_id, gate_id=device.gate_id, device=device, direction=direction,
            at_us=clock.to_us(now),
        )  # fmt: skip
        return waiting[0]


def _take_turns(device: Device) -> None:
    """Turnstiles of one gate follow each other; rows that only refer to the gate are not kept waiting."""
    Place.objects.select_for_update(no_key=True).only("id").get(id=device.gate_id)


def _told(device: Device, ask_id: UUID) -> UUID | None:
    return Release.objects.filter(ask_id=ask_id, device=device).values_list("check_id", flat=True).first()


def _waiting(device: Device, direction: Direction, since_us: int) -> Sequence[UUID]:
    """Admissions that nobody was let through for. A turnstile that opened without asking has spent the oldest."""
    place_id = device.gate.parent_id or device.gate_id
    admitted = Check.objects.filter(
        place_id=place_id, gate_id=device.gate_id, direction=direction, outcome=Outcome.ADMIT,
        observed_us__gte=since_us,
    ).order_by("observed_us").values_list("id", flat=True)  # fmt: skip
    ids = list(admitted)
    if not ids:
        return ids
    released = set(Release.objects.filter(check_id__in=ids).values_list("check_id", flat=True))
    unasked = Opening.objects.filter(
        gate_id=device.gate_id, direction=direction, at_us__gte=since_us, check_id__isnull=True
    ).count()
    return [ident for ident in ids if ident not in released][unasked:]


def account(*, openings: Sequence[Opening], device: Device, seconds: int) -> None:
    """Give each new opening the admission that its turnstile was told to open for, before it is stored.

    What is left without one opened unasked. To be called in the transaction that stores them.
    """
    if not openings:
        return
    _take_turns(device)
    within_us = seconds * SECOND_US
    first, last = min(row.at_us for row in openings), max(row.at_us for row in openings)
    told = list(
        Release.objects.filter(
            device=device, gate_id=device.gate_id, at_us__gte=first - within_us, at_us__lte=last + within_us
        ).order_by("at_us")
    )
    spent = Opening.objects.filter(check_id__in=[row.check_id for row in told]).values_list("check_id", flat=True)
    free = {row.check_id: row for row in told if row.check_id not in set(spent)}
    for row in sorted(openings, key=lambda row: row.at_us):
        fitting = [
            one for one in free.values()
            if one.direction == row.direction and abs(one.at_us - row.at_us) <= within_us
        ]  # fmt: skip
        if fitting:
            nearest = min(fitting, key=lambda one: abs(one.at_us - row.at_us))
            row.check_id = free.pop(nearest.check_id).check_id
