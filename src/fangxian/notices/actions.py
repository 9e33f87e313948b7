"""Publishing notices, and keeping who was told of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from fangxian.audit import actions as audit
from fangxian.notices.models import Channel, Notice, Told
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock


def publish(
    *, place: Place, source: str, title: Mapping[str, str], body: Mapping[str, str], by: str, now: datetime
) -> Notice:
    """A notice for everybody below `place`, in the languages it is written in."""
    with write_lock():
        notice = Notice.objects.create(
            place=place, source=source, title=dict(title), body=dict(body), made_us=clock.to_us(now), by=by
        )
        audit.record(by=by, act="notices.published", now=now, target=f"notice:{notice.id}", place=place.id)
    return notice


def tell(*, notice: Notice, subject_ids: Sequence[UUID], channel: Channel, by: str, now: datetime) -> int:
    """These were told by this channel; who was told by it before is left alone. Returns how many were new."""
    with write_lock():
        have = set(
            Told.objects.filter(notice=notice, channel=channel, subject_id__in=subject_ids).values_list(
                "subject_id", flat=True
            )
        )
        fresh = [one for one in dict.fromkeys(subject_ids) if one not in have]
        at_us = clock.to_us(now)
        Told.objects.bulk_create(
            [Told(id=new_id(), notice=notice, subject_id=one, channel=channel, at_us=at_us, by=by) for one in fresh],
            batch_size=500, ignore_conflicts=True,
        )  # fmt: skip
        if fresh:
            audit.record(
                by=by, act="notices.told", now=now, target=f"notice:{notice.id}",
                detail={"channel": str(channel), "count": len(fresh)},
            )  # fmt: skip
    return len(fresh)


def seen(*, notice: Notice, subject_id: UUID, by: str, now: datetime) -> None:
    """The household opened the page of the notice, or answered: it was reached, whatever else was tried."""
    with write_lock():
        at_us = clock.to_us(now)
        if Told.objects.filter(notice=notice, subject_id=subject_id).update(seen_us=at_us) == 0:
            Told.objects.create(
                notice=notice, subject_id=subject_id, channel=Channel.PAGE, at_us=at_us, seen_us=at_us, by=by
            )
