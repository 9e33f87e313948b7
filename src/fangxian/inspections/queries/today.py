"""Who is sent where, and what has been inspected."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q

from fangxian.accounts.models import Staff
from fangxian.inspections.models import Answer, Assignment, Finding, FindingStatus, Inspection, Occasion
from fangxian.inspections.queries.findings import titles_now
from fangxian.places.queries import full_names
from fangxian.shared import clock


@dataclass(frozen=True)
class AssignedLine:
    """One place that somebody is sent to. `inspection_id`: of the inspection that was made for it, None while it is to
    be done. `open` and `mended`: findings of the place that are open, and those of them that wait to be re-inspected.
    """

    id: UUID
    place_id: UUID
    place: str
    where: str
    kind: str
    day: date
    occasion: str
    inspector_id: UUID
    inspector: str
    inspection_id: UUID | None
    done_at: datetime | None
    open: int
    mended: int


def todays_list(inspector: UUID, now: datetime) -> list[AssignedLine]:
    """What this inspector is sent to today: what is to be done first, re-inspections before the rest."""
    found = assigned(Q(inspector=inspector), clock.local_day(now), viewer=inspector)
    order = [Occasion.RECHECK, Occasion.UNANNOUNCED, Occasion.DAILY, Occasion.LEADER]
    return sorted(found, key=lambda line: (line.inspection_id is not None, order.index(Occasion(line.occasion))))


def assigned(where: Q, day: date, *, viewer: UUID) -> list[AssignedLine]:
    """All assignments of a day within `where` (of Assignment), in the order of the tree. Unannounced ones that have not
    been made yet are shown to their own inspector only (`viewer`)."""
    rows = list(
        Assignment.objects.filter(where, day=day).select_related("place").order_by("place__path", "occasion", "id")
    )
    done = {
        row.assignment_id: row
        for row in Inspection.objects.filter(assignment__in=[row.id for row in rows]).order_by("-received_us")
    }
    shown = [
        row for row in rows
        if row.occasion != Occasion.UNANNOUNCED or row.inspector == viewer or row.id in done
    ]  # fmt: skip
    names = full_names([row.place for row in shown])
    people = dict(Staff.objects.filter(id__in={row.inspector for row in shown}).values_list("id", "name"))
    open_, mended = _open_at({row.place_id for row in shown})
    return [
        AssignedLine(
            id=row.id, place_id=row.place_id, place=row.place.name, where=names[row.place_id], kind=row.place.kind,
            day=row.day, occasion=row.occasion, inspector_id=row.inspector, inspector=people.get(row.inspector, ""),
            inspection_id=done[row.id].id if row.id in done else None,
            done_at=clock.from_us(done[row.id].observed_us) if row.id in done else None,
            open=open_.get(row.place_id, 0), mended=mended.get(row.place_id, 0),
        )
        for row in shown
    ]  # fmt: skip


def _open_at(places: Collection[UUID]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    rows = (
        Finding.objects.filter(place__in=places, closed_us__isnull=True)
        .values("place_id")
        .annotate(n=Count("id"), m=Count("id", filter=Q(status=FindingStatus.MENDED)))
        .order_by()
    )
    found = list(rows)
    return {row["place_id"]: row["n"] for row in found}, {row["place_id"]: row["m"] for row in found}


@dataclass(frozen=True)
class InspectionLine:
    """One inspection in a list. `marks` are values of `models.Mark`."""

    id: UUID
    place_id: UUID
    place: str
    day: date
    occasion: str
    inspector: str
    observed_at: datetime
    received_at: datetime
    in_order: int
    applicable: int
    signed_name: str
    unsigned_reason: str
    offline: bool
    marks: tuple[str, ...]


@dataclass(frozen=True)
class AnswerLine:
    """One answer. `title` in the reader's language where the item stands in the plan in force, else its key alone."""

    id: int
    item: str
    title: str
    result: str
    spot: str
    note: str
    photos: tuple[str, ...]


@dataclass(frozen=True)
class InspectionView:
    line: InspectionLine
    note: str
    answers: tuple[AnswerLine, ...]
    finding_ids: tuple[UUID, ...]


def inspections(where: Q, *, limit: int = 50, before_us: int | None = None) -> list[InspectionLine]:
    """Inspections within `where` (of Inspection), newest first; `before_us` is observed_us of the last one seen."""
    rows = Inspection.objects.filter(where).select_related("place").order_by("-observed_us", "-id")
    return _lines((rows if before_us is None else rows.filter(observed_us__lt=before_us))[:limit])


def inspection(row: Inspection, now: datetime) -> InspectionView:
    """One inspection that was fetched within reach, with its place."""
    titles = titles_now(now)
    answers = tuple(
        AnswerLine(one.id, one.item, titles.get(one.item, ""), one.result, one.spot, one.note, tuple(one.photos))
        for one in Answer.objects.filter(inspection=row).order_by("id")
    )
    return InspectionView(_lines([row])[0], row.note, answers, tuple(row.findings.values_list("id", flat=True)))


def _lines(rows: Iterable[Inspection]) -> list[InspectionLine]:
    found = list(rows)
    people = dict(Staff.objects.filter(id__in={row.inspector for row in found}).values_list("id", "name"))
    return [
        InspectionLine(
            row.id, row.place_id, row.place.name, row.day, row.occasion, people.get(row.inspector, ""),
            clock.from_us(row.observed_us), clock.from_us(row.received_us), row.in_order, row.applicable,
            row.signed_name, row.unsigned_reason, row.offline, tuple(mark for mark in row.marks.split(",") if mark),
        )
        for row in found
    ]  # fmt: skip
