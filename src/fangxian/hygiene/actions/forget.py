"""Records whose term has ended keep what was done and lose who did it."""

from datetime import datetime, timedelta

from fangxian.audit import actions as audit
from fangxian.hygiene.models import DisinfectionLog
from fangxian.hygiene.plan import plan_at
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

FORGET_CHUNK = 500


def forget_old(*, now: datetime, by: str = "worker", limit: int = FORGET_CHUNK) -> int:
    """De-identify up to `limit` records past the plan's term. Returns how many; call again until 0."""
    days = plan_at(now).log_days
    if days is None:
        return 0
    ended = DisinfectionLog.objects.filter(received_us__lt=clock.to_us(now - timedelta(days=days))).exclude(by="")
    with write_lock():
        ids = list(ended.order_by("received_us").values_list("id", flat=True)[:limit])
        count = DisinfectionLog.objects.filter(id__in=ids).update(by="", photo="")
        if count:
            audit.record(by=by, act="hygiene.forgotten", now=now, detail={"count": count})
    return count
