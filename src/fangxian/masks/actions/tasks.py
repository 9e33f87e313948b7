"""One-off duties that a round gives rise to, in the street's own words and found again by their source."""

from datetime import datetime
from uuid import UUID

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty
from fangxian.places.models import Place


def ask(
    *, title: str, place: Place, until: datetime, source: str, by: str, now: datetime, role: Role | None = None,
    staff: UUID | None = None, note: str = "", about: UUID | None = None,
) -> UUID:  # fmt: skip
    """Give a duty to a role near the place, or to one person. Titles and notes name numbers, never people."""
    return duties.give(
        title=title, place=place, until=until, role=str(role or ""), staff=staff, note=note, source=source, about=about,
        by=by, now=now,
    ).id  # fmt: skip


def open_of(source: str) -> list[Duty]:
    """The duties of a source that nobody has done yet."""
    rows = Duty.objects.filter(one_off__source=source, ended_us__isnull=True, last_us__isnull=True)
    return list(rows.order_by("id"))


def settle(*, source: str, by: str, now: datetime) -> list[UUID]:
    """What was asked for has come about. Returns the duties that this ends; a second call ends none."""
    found = open_of(source)
    for duty in found:
        duties.done(duty=duty, by=by, now=now, ref=source[:60])
    return [duty.id for duty in found]


def finish(*, duty_id: UUID, by: str, now: datetime) -> bool:
    """End one duty that nobody has done yet."""
    duty = Duty.objects.filter(id=duty_id, ended_us__isnull=True, last_us__isnull=True).first()
    if duty is not None:
        duties.done(duty=duty, by=by, now=now, ref=f"mask-duty:{duty_id.hex}")
    return duty is not None
