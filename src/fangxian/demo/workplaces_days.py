"""The daily health reports of the demonstration street's enterprises: most in time, some late, a few silent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from fangxian.demo import workplaces_bulk as bulk
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
from fangxian.workplaces.models import DayLine, DayReport, Health
from fangxian.workplaces.playbook import HEALTH

BATCH: Final = 1_000
OPENS: Final = time(6, 50)
IN_TIME: Final = 185
LATE: Final = 270
SHARE_LATE: Final = 0.02
SHARE_SILENT: Final = 0.015
SWEPT_AT: Final = time(11, 30)
FEW: Final = 3
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


@dataclass
class Days:
    """`until_noon` tells the days before the replay; `today` tells what has arrived by one of its steps."""

    tenants: Sequence[Tenant]
    when: Timeline
    by: str
    rng: Random
    made: int = 0
    _waiting: list[tuple[datetime, Tenant]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ill = [one for one in self.tenants if len(one.ledger) > FEW][: len(FEVERS)]

    def until_noon(self) -> None:
        """Who was accepted owes a report from the next morning on; the sweep is between the days, as in life."""
        first = min((clock.local_day(one.moments[-1]) for one in self.tenants), default=self.when.today)
        left = sorted(self.tenants, key=lambda one: one.moments[-1])
        for number in range((self.when.today - first).days):
            day = first + timedelta(days=number)
            opens = clock.at(day, OPENS)
            bulk.owe(found=[one for one in left if one.moments[-1] < opens], by=self.by)
            left = [one for one in left if one.moments[-1] >= opens]
            swept = clock.at(day, SWEPT_AT)
            self._store([one for one in self._drawn(day) if one[0] <= swept], day, swept)
            duties.sweep(now=swept, polite=False)
        bulk.owe(found=left, by=self.by)
        self._waiting = sorted(self._drawn(self.when.today), key=lambda one: one[0])

    def today(self, moment: datetime) -> None:
        """What enterprises have reported by then. Two name somebody with a fever: those go the way of the page, so
        that passes and the health centre know."""
        due = [one for one in self._waiting if one[0] <= moment]
        self._waiting = self._waiting[len(due) :]
        self._store([one for one in due if one[1] not in self.ill], self.when.today, moment)
        for at, tenant in due:
            if tenant in self.ill:
                decidec = FEVERS[self.ill.index(tenant)]
                line = NewLine(tenant.ledger[0].person_id, Health.FEVER, decidec, "晨检发热，已劝返居家")
                daily.report(
                    enterprise=tenant.row.subject, place=tenant.place, day=self.when.today, lines=[line],
                    by=tenant.office.worker.actor, now=at,
                )  # fmt: skip
                self.made += 1

    def _drawn(self, day: date) -> list[tuple[datetime, Tenant]]:
        """Who reports on a day, and when."""
        found = []
        for one in self.tenants:
            if clock.local_day(one.moments[-1]) >= day or not one.ledger or self.rng.random() < SHARE_SILENT:
                continue
            late = self.rng.random() < SHARE_LATE
            minutes = self.rng.randrange(IN_TIME, LATE) if late else self.rng.randrange(IN_TIME)
            found.append((clock.at(day, OPENS) + timedelta(minutes=minutes), one))
        return found

    @write_lock()
    def _store(self, found: Sequence[tuple[datetime, Tenant]], day: date, now: datetime) -> None:
        rows, lines = list[DayReport](), list[DayLine]()
        for at, one in found:
            off = list(_off(one, self.rng))
            row = DayReport(
                enterprise_id=one.row.subject_id, place_id=one.place.id, day=day, expected=len(one.ledger),
                well=len(one.ledger) - len(off), observed_us=clock.to_us(at), received_us=clock.to_us(at),
                by=one.office.worker.actor,
            )  # fmt: skip
            rows.append(row)
            lines += [DayLine(report=row, person_id=person, health=health) for person, health in off]
        DayReport.objects.bulk_create(rows, batch_size=BATCH)
        DayLine.objects.bulk_create(lines, batch_size=BATCH)
        items = [Done(row.enterprise_id, clock.from_us(row.observed_us), f"day-report:{row.id.hex}") for row in rows]
        duties.fulfil(cohort=HEALTH, items=items, by=self.by, now=now)
        self.made += len(rows)


def _off(one: Tenant, rng: Random) -> Iterator[tuple[UUID, Health]]:
    for person in one.ledger:
        drawn = rng.random()
        if drawn < 0.012:
            yield person.person_id, Health.AWAY
        elif drawn < 0.014:
            yield person.person_id, Health.ABSENT
