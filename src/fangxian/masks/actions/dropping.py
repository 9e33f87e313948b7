"""A pharmacy leaves a round while numbers are called to it."""

from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.masks.actions import allocate, rounds
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Outlet, Round, Serving
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.writer import write_lock


def drop_outlet(*, round: Round, pharmacy: Place, reason: str, by: str, now: datetime) -> int:
    """It sells no more: its committees go to the others, its called numbers are called there first. Returns how many.

    Nobody's number vanishes: what no other pharmacy can give now stays open and is somebody's duty.
    """
    if not reason.strip():
        raise MaskError(_("Say why the pharmacy drops out. Nothing was changed."))
    with write_lock():
        others = Outlet.objects.filter(round=round, dropped_us__isnull=True).exclude(pharmacy=pharmacy)
        if not others.exists():
            raise MaskError(_("It is the only pharmacy of the round. Nothing was changed. Add another one first."))
        changed = Outlet.objects.filter(round=round, pharmacy=pharmacy, dropped_us__isnull=True).update(
            dropped_us=clock.to_us(now), reason=reason.strip()[:200]
        )
        if not changed:
            raise MaskError(_("This pharmacy does not sell in the round. Nothing was changed."))
        Serving.objects.filter(round=round, pharmacy=pharmacy, until_us__isnull=True).update(until_us=clock.to_us(now))
        rounds.spread(round=round, by=by, now=now)
        audit.record(by=by, act="masks.outlet.dropped", now=now, target=f"round:{round.id}", place=pharmacy.id)
    return allocate.move_calls(round=round, from_pharmacy=pharmacy, by=by, now=now)
