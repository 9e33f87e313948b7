"""The hold list: who is not to leave (or to enter) for a time, as somebody responsible has decided."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates.models import Held
from fangxian.shared import clock
from fangxian.shared.writer import write_lock


class HoldError(Exception):
    """Nothing was changed; the message says why."""


@write_lock()
def hold(
    *, subject_id: UUID, reason: str, source: str, by: str, now: datetime, place_id: UUID | None = None,
    until: datetime | None = None,
) -> Held:  # fmt: skip
    """Put a person or a household on the list. The same source puts it there once."""
    if not reason.strip():
        raise HoldError(_("Say why. Nothing was changed."))
    row, made = Held.objects.get_or_create(
        subject_id=subject_id, source=source, until_us=None if until is None else clock.to_us(until),
        defaults={"reason": reason.strip()[:200], "place_id": place_id, "since_us": clock.to_us(now), "by": by},
    )  # fmt: skip
    if made:
        audit.record(by=by, act="gates.held", now=now, target=f"held:{row.id}", place=place_id or "")
    return row


@write_lock()
def lift(*, held: Held, by: str, now: datetime) -> bool:
    """Off the list. False when somebody else has lifted it already."""
    now_us = clock.to_us(now)
    rows = Held.objects.filter(id=held.id).exclude(until_us__lte=now_us)
    done = bool(rows.update(until_us=now_us, lifted_by=by))
    if done:
        audit.record(by=by, act="gates.hold.lifted", now=now, target=f"held:{held.id}", place=held.place_id or "")
    return done
