"""A home opened its page of a round: it was reached."""

from datetime import datetime
from uuid import UUID

from fangxian.duties import actions as duties
from fangxian.masks.models import Round
from fangxian.masks.playbook import DOORS
from fangxian.masks.sources import source_of
from fangxian.notices import actions as notices
from fangxian.notices.models import Notice, Told
from fangxian.places.models import Place
from fangxian.registry import actions as registry
from fangxian.shared.writer import write_lock

BY = "resident"


def opened(*, round: Round, unit: UUID, now: datetime) -> None:
    """Kept once for each home: whoever opens the page again costs two reads. Raises WriterBusyError."""
    notice = Notice.objects.filter(source=source_of(round)).order_by("made_us").first()
    if notice is None or Told.objects.filter(notice=notice, subject_id=unit, seen_us__isnull=False).exists():
        return
    with write_lock():
        registry.ensure_place_subjects(places=list(Place.objects.filter(id=unit)), now=now)
        notices.seen(notice=notice, subject_id=unit, by=BY, now=now)
        done = duties.Done(unit, now, f"mask-told:{notice.id.hex}")
        duties.fulfil(cohort=DOORS, instance=round.id.hex, items=[done], by=BY, now=now)
