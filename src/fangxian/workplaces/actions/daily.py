"""The daily report of an enterprise: one for the whole team, everybody well but for the exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.queries import asked_by_source
from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions import returning, staff_passes
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import (
    DayLine,
    DayReport,
    Filing,
    FilingStatus,
    Health,
    Returning,
    StaffState,
)
from fangxian.workplaces.playbook import HEALTH
from fangxian.workplaces.returning import Mark, marked

UNWELL: Final = frozenset((Health.FEVER, Health.SYMPTOMS, Health.CONTACT))
"""What keeps somebody from work at once."""
LOWEST: Final = 370
HIGHEST: Final = 430
NOTE_LENGTH: Final = 200
ILL_TITLE: Final = gettext_lazy("Fever, symptoms or a contact reported at %(firm)s, %(place)s: call the enterprise")
ILL_HOURS: Final = 2
REPORTED: Final = gettext_lazy("Reported unwell or as a contact in the daily report")


@dataclass(frozen=True, slots=True)
class NewLine:
    """Somebody who is not simply well and at work."""

    person_id: UUID
    health: Health
    decidec: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """`stopped`: who was kept from work by it. `first`: nothing had been reported for the day before."""

    report: DayReport
    stopped: int
    first: bool


@write_lock()
def report(
    *, enterprise: Subject, place: Place, day: date, lines: Sequence[NewLine], by: str, now: datetime
) -> Reported:
    """Report a day: everybody on the ledger is well but for `lines`. Sent again, it corrects the one before.

    Fever, symptoms and contacts keep the person from work at once, and the health centre gets a duty that names the
    enterprise and the building. Taking a line back does not bring the person back: that takes a reason. Raises
    WorkplaceError.
    """
    staff = {row.person_id: row for row in staff_passes.on_ledger(enterprise.id, place.id)}
    _check(day, lines, set(staff), now)
    now_us = clock.to_us(now)
    row, first = DayReport.objects.update_or_create(
        enterprise=enterprise, place=place, day=day,
        defaults={
            "expected": len(staff), "well": len(staff) - len(lines), "observed_us": now_us, "received_us": now_us,
            "by": by,
        },
    )  # fmt: skip
    before = DayLine.objects.filter(report=row)
    known = set(before.filter(health__in=UNWELL).values_list("person_id", flat=True))
    before.delete()
    DayLine.objects.bulk_create(
        [
            DayLine(
                report=row, person_id=one.person_id, health=one.health, note=one.note.strip()[:NOTE_LENGTH],
                decidec=one.decidec if one.health == Health.FEVER else None,
            )
            for one in lines
        ]
    )  # fmt: skip
    ill = [one for one in lines if one.health in UNWELL]
    stopped = _keep_away([staff[one.person_id] for one in ill], by, now)
    if {one.person_id for one in ill} - known:
        _tell(row, enterprise, place, by, now)
    if day == clock.local_day(now) and _all_reported(enterprise.id, day):
        done = duties.Done(enterprise.id, now, f"day-report:{row.id.hex}:{now_us}")
        duties.fulfil(cohort=HEALTH, items=[done], by=by, now=now)
    audit.record(
        by=by, act="workplaces.day.reported" if first else "workplaces.day.corrected", now=now,
        target=f"day-report:{row.id}", place=place.id, detail={"expected": row.expected, "well": row.well},
    )  # fmt: skip
    return Reported(row, stopped, first)


def _check(day: date, lines: Sequence[NewLine], staff: set[UUID], now: datetime) -> None:
    today = clock.local_day(now)
    if not today - timedelta(days=1) <= day <= today:
        raise WorkplaceError(_("Only today and yesterday can be reported. Nothing was saved."))
    if not staff:
        raise WorkplaceError(_("Nobody is on the ledger yet. Put the staff on the ledger first."))
    if len({one.person_id for one in lines}) < len(lines):
        raise WorkplaceError(_("Somebody is on the report twice. Nothing was saved."))
    if not {one.person_id for one in lines} <= staff:
        raise WorkplaceError(_("Somebody on the report is no longer on the ledger. Nothing was saved; open it again."))
    for one in lines:
        if one.health == Health.FEVER and not (one.decidec is not None and LOWEST <= one.decidec <= HIGHEST):
            raise WorkplaceError(_("Write the temperature of everybody with a fever, such as 37.8. Nothing was saved."))


def _keep_away(rows: Sequence[Returning], by: str, now: datetime) -> int:
    """Suspend those who are still at work; who was suspended or tested positive before stays as they are."""
    stopped = 0
    for row in rows:
        if row.state != StaffState.ACTIVE:
            continue
        returning.set_state(
            row=row, state=StaffState.SUSPENDED, reason=in_street_words(REPORTED), by=by, now=now
        )  # fmt: skip
        for one in staff_passes.on_ledger(row.enterprise_id).filter(person_id=row.person_id):
            one.marks = marked(one.marks, add=[Mark.HEALTH])
            one.save(update_fields=["marks"])
        stopped += 1
    return stopped


def _tell(row: DayReport, enterprise: Subject, place: Place, by: str, now: datetime) -> None:
    """The health centre is told; not again while it has not dealt with what it was told of this report."""
    source = f"day-report:{row.id.hex}"
    if source in asked_by_source(source):
        return
    duties.give(
        title=returning.titled(ILL_TITLE, enterprise, place), place=place, until=now + timedelta(hours=ILL_HOURS),
        role=Role.HEALTH_STAFF, about=enterprise.id, source=source, by=by, now=now,
    )  # fmt: skip


def _all_reported(enterprise_id: UUID, day: date) -> bool:
    """A tenant of two buildings owes one report for each; the day is done with the last."""
    asked = Filing.objects.filter(enterprise_id=enterprise_id, status=FilingStatus.ACCEPTED)
    given = DayReport.objects.filter(enterprise_id=enterprise_id, day=day)
    return set(asked.values_list("place_id", flat=True)) <= set(given.values_list("place_id", flat=True))
