"""Daily reports as pages show them: the sheet of one enterprise, and who has not reported yet."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Q

from fangxian.accounts.access import Reach
from fangxian.places.models import Place
from fangxian.workplaces.models import (
    DayLine,
    DayReport,
    Filing,
    FilingStatus,
    Health,
    StaffState,
    Verdict,
)
from fangxian.workplaces.queries.returning import open_rows, standing_of


@dataclass(frozen=True)
class SheetLine:
    """One person on the sheet of a day; `health` empty: well and at work."""

    person_id: UUID
    name: str
    standing: str
    health: str
    decidec: int | None
    note: str

    @property
    def degrees(self) -> str:
        return "" if self.decidec is None else f"{self.decidec / 10:.1f}"


@dataclass(frozen=True)
class Sheet:
    lines: tuple[SheetLine, ...]
    report: DayReport | None


def sheet(ids: Collection[UUID], place: Place, day: date) -> Sheet:
    """Everybody on the ledger, as last reported for this day; before that, who may not work is away, the others
    are well."""
    report = DayReport.objects.filter(enterprise_id__in=list(ids), place=place, day=day).first()
    said = {line.person_id: line for line in DayLine.objects.filter(report=report)} if report else {}
    lines = []
    rows = open_rows(ids, place).select_related("person").order_by("person__label", "id")
    for row in rows:
        line = said.get(row.person_id)
        if line is not None:
            lines.append(
                SheetLine(row.person_id, row.person.label, standing_of(row), line.health, line.decidec, line.note)
            )
            continue
        cleared = row.verdict == Verdict.NOW and row.state == StaffState.ACTIVE
        preset = "" if report is not None or (cleared and not row.home_office) else Health.AWAY.value
        lines.append(SheetLine(row.person_id, row.person.label, standing_of(row), preset, None, ""))
    return Sheet(tuple(lines), report)


@dataclass
class BuildingDay:
    """The reports of one building on one day. `missing`: enterprises that have not reported."""

    place: Place
    owed: int = 0
    reported: int = 0
    well: int = 0
    expected: int = 0
    missing: list[tuple[UUID, str]] = field(default_factory=list)
    unwell: int = 0


def by_building(held: Reach, day: date, building: UUID | None = None) -> list[BuildingDay]:
    """For each building within reach with accepted filings: who has reported the day, and who has not."""
    within = held.places("place__path", "place__grid_id")
    there = held.places("report__place__path", "report__place__grid_id")
    if building is not None:
        within, there = within & Q(place_id=building), there & Q(report__place_id=building)
    filings = (
        Filing.objects.filter(within, status=FilingStatus.ACCEPTED)
        .select_related("place", "enterprise")
        .order_by("place__path", "enterprise__label")
    )
    reports = {(row.enterprise_id, row.place_id): row for row in DayReport.objects.filter(within, day=day)}
    ill: dict[UUID, int] = defaultdict(int)
    unwell = (Health.FEVER, Health.SYMPTOMS, Health.CONTACT)
    for place_id in DayLine.objects.filter(there, report__day=day, health__in=unwell).values_list(
        "report__place_id", flat=True
    ):
        ill[place_id] += 1
    found: dict[UUID, BuildingDay] = {}
    for filing in filings:
        one = found.setdefault(filing.place_id, BuildingDay(filing.place, unwell=ill[filing.place_id]))
        one.owed += 1
        report = reports.get((filing.enterprise_id, filing.place_id))
        if report is None:
            one.missing.append((filing.enterprise_id, filing.enterprise.label))
        else:
            one.reported += 1
            one.well += report.well
            one.expected += report.expected
    return list(found.values())
