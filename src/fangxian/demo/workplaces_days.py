"""The daily health reports of the demonstration street's enterprises: most in time, some late, a few silent."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from fangxian.demo.morning import Timeline
from fangxian.demo.workplaces_firms import Tenant
from fangxian.duties import actions as duties
from fangxian.duties.actions import Done
from fangxian.duties.models import Heartbeat
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions import daily
from fangxian.workplaces.actions.daily import NewLine
from fangxian.workplaces.models import DayLine, DayReport, Filing, FilingStatus, Health, Returning
from fangxian.workplaces.playbook import HEALTH

BATCH: Final = 1_000
OPENS: Final = time(6, 50)
IN_TIME: Final = 185
LATE: Final = 320
SHARE_LATE: Final = 0.02
SHARE_SILENT: Final = 0.015
SWEPT_AT: Final = time(13, 0)
FEVERS: Final = (379, 381)
CHANNEL: Final = "field"


@write_lock()
def beats(*, since: datetime, until: datetime) -> None:
    """The channel of the field was up since the plan is in force: who was silent then was silent."""
    first, last = (clock.to_us(moment) // MINUTE_US * MINUTE_US for moment in (since, until))
    Heartbeat.objects.bulk_create(
        [Heartbeat(channel=CHANNEL, minute_us=minute) for minute in range(first, last, MINUTE_US)],
        batch_size=BATCH, ignore_conflicts=True,
    )  # fmt: skip


def report(*, found: Sequence[Tenant], when: Timeline, by: str, rng: Random) -> int:
    """Each day since an enterprise was accepted. Two reports of today name somebody with a fever: those go the way of
    the page, so that passes and the health centre know."""
    at_work = set(Filing.objects.filter(status=FilingStatus.ACCEPTED).values_list("enterprise_id", flat=True))
    tenants = [one for one in found if one.row.subject_id in at_work]
    people = Counter(Returning.objects.filter(until_us__isnull=True).values_list("enterprise_id", flat=True))
    first = min((clock.local_day(one.moments[-1]) for one in tenants), default=when.today)
    ill = [one for one in tenants if people[one.row.subject_id] > 3][: len(FEVERS)]
    made = 0
    for back in reversed(range((when.today - first).days + 1)):
        day = when.today - timedelta(days=back)
        apart = {one.row.subject_id for one in ill} if not back else set[UUID]()
        made += _day(tenants, day, when.end, people, apart, by, rng)
        swept = clock.at(day, SWEPT_AT)
        if swept <= when.end:
            duties.sweep(now=swept, polite=False)
    for one, fever in zip(ill, FEVERS, strict=False):
        made += _fever(one, when, fever)
    return made


@write_lock()
def _day(
    tenants: Sequence[Tenant], day: date, end: datetime, people: Counter[UUID], apart: set[UUID], by: str, rng: Random
) -> int:
    rows, lines = list[DayReport](), list[DayLine]()
    for one in tenants:
        firm = one.row.subject_id
        if clock.local_day(one.moments[-1]) >= day or not people[firm] or rng.random() < SHARE_SILENT:
            continue
        at = clock.at(day, OPENS) + timedelta(
            minutes=rng.randrange(IN_TIME, LATE) if rng.random() < SHARE_LATE else rng.randrange(IN_TIME)
        )
        if at > end or firm in apart:
            continue
        off = list(_off(one, rng))
        row = DayReport(
            enterprise_id=firm, place_id=one.place.id, day=day, expected=people[firm], well=people[firm] - len(off),
            observed_us=clock.to_us(at), received_us=clock.to_us(at), by=one.office.worker.actor,
        )  # fmt: skip
        rows.append(row)
        lines += [DayLine(report=row, person_id=person, health=health) for person, health in off]
    DayReport.objects.bulk_create(rows, batch_size=BATCH)
    DayLine.objects.bulk_create(lines, batch_size=BATCH)
    items = [Done(row.enterprise_id, clock.from_us(row.observed_us), f"day-report:{row.id.hex}") for row in rows]
    duties.fulfil(cohort=HEALTH, items=items, by=by, now=min(clock.at(day, SWEPT_AT), end))
    return len(rows)


def _off(one: Tenant, rng: Random) -> Iterator[tuple[UUID, Health]]:
    for person in one.ledger:
        drawn = rng.random()
        if drawn < 0.012:
            yield person.person_id, Health.AWAY
        elif drawn < 0.014:
            yield person.person_id, Health.ABSENT


def _fever(one: Tenant, when: Timeline, decidec: int) -> int:
    at = clock.at(when.today, OPENS) + timedelta(minutes=55)
    if at > when.end or clock.local_day(one.moments[-1]) >= when.today:
        return 0
    line = NewLine(one.ledger[0].person_id, Health.FEVER, decidec, "晨检发热，已劝返居家")
    daily.report(
        enterprise=one.row.subject, place=one.place, day=when.today, lines=[line], by=one.office.worker.actor, now=at
    )
    return 1
