"""What tenants changed of their own accord, and whether it is so when somebody looks."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.audit.models import Entry
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.registry.models import Attachment, Relation
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Measure, MeasureKind


@write_lock()
def declare(
    *, enterprise: UUID, place: Place, kind: MeasureKind, text: str, since: date, by: str, now: datetime
) -> Measure:
    """A tenant of a building changed something from a day on. Declaring the same again changes nothing."""
    text = text.strip()
    if place.kind != PlaceKind.BUILDING:
        raise WorkplaceError(_("A measure belongs to an office building. Nothing was recorded."))
    if kind == MeasureKind.OTHER and not text:
        raise WorkplaceError(_("Say what was changed. Nothing was recorded."))
    rooms = Attachment.objects.filter(
        subtree("place__path", place.path), subject_id=enterprise, relation=Relation.TENANT, until__isnull=True
    )
    if not rooms.exists():
        raise WorkplaceError(_("This company is not a tenant of this building. Nothing was recorded."))
    row, made = Measure.objects.get_or_create(
        enterprise_id=enterprise, place=place, kind=kind, text=text, until=None, defaults={"since": since, "by": by}
    )
    if made:
        audit.record(
            by=by, act="workplaces.measure.declared", now=now, target=f"measure:{row.id}", place=place.id,
            detail={"kind": kind.value, "enterprise": enterprise.hex},
        )  # fmt: skip
    return row


@dataclass(frozen=True, slots=True)
class Verified:
    """The measure as it stands. `known`: the same look had arrived before; `outdated`: somebody looked after it, whose
    word stands. This one is in the audit only."""

    measure: Measure
    known: bool = False
    outdated: bool = False


@write_lock()
def verify(
    *, measure: Measure, holds: bool, by: str, now: datetime, observed_at: datetime | None = None,
    look: UUID | None = None,
) -> Verified:  # fmt: skip
    """Somebody looked on a round: it is so, or it is not. `observed_at` is when, where that is not now; `look` is
    the device's id of it, and makes sending it again harmless."""
    row = Measure.objects.select_for_update().get(id=measure.id)
    act, target = "workplaces.measure.verified", f"measure:{row.id}"
    looks = Entry.objects.filter(act=act, target=target, actor=by).values_list("detail", flat=True)
    if look is not None and any(detail.get("look") == look.hex for detail in looks):
        return Verified(row, known=True)
    at = now if observed_at is None else min(observed_at, now)
    if row.until is not None and row.until < clock.local_day(at):
        raise WorkplaceError(_("This measure has ended. Nothing was recorded."))
    at_us = clock.to_us(at)
    outdated = row.verified_us is not None and row.verified_us > at_us
    if not outdated:
        row.holds, row.verified_us, row.verified_by = holds, at_us, by
        row.save(update_fields=["holds", "verified_us", "verified_by"])
    audit.record(
        by=by, act=act, now=now, target=target, place=row.place_id,
        detail={"holds": holds, "seen_us": at_us} | ({"look": look.hex} if look else {}),
    )  # fmt: skip
    return Verified(row, outdated=outdated)


@write_lock()
def end(*, measure: Measure, on: date, by: str, now: datetime) -> Measure:
    """The measure is no longer kept from the day after `on`. It stays in the record."""
    row = Measure.objects.select_for_update().get(id=measure.id)
    if row.until is not None:
        return row
    if on < row.since:
        raise WorkplaceError(_("It cannot end before it began. Nothing was changed."))
    row.until = on
    row.save(update_fields=["until"])
    audit.record(by=by, act="workplaces.measure.ended", now=now, target=f"measure:{row.id}", place=row.place_id)
    return row
