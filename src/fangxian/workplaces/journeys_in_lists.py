"""An enterprise's list of returning staff: people into the register, their journeys onto the ledger.

One file is read twice: as a list of employees by the register's own import, and by its other columns as journeys
(`journey_columns`). A row that either of them refuses comes back in one workbook.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.files import actions as files
from fangxian.places.models import Place
from fangxian.registry.identity import document_lookups
from fangxian.registry.imports import actions as imports
from fangxian.registry.imports import commit, errors_book, mapping, preview, rows
from fangxian.registry.imports.fields import Field
from fangxian.registry.imports.kinds.persons import PersonRow
from fangxian.registry.imports.rows import Book, Checked
from fangxian.registry.imports.taking.pending import Outcome
from fangxian.registry.models import (
    Attachment,
    Document,
    ImportBatch,
    ImportKind,
    ImportStatus,
    Relation,
    Subject,
)
from fangxian.shared import clock
from fangxian.workplaces import journey_columns
from fangxian.workplaces.actions import returning
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.journey_columns import Journey, faulty
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.returning import Fault, NewReturning, fault_of

MOST_ROWS: Final = 3_000
"""Taken while the sender waits. A longer list is sent in parts."""
_UNKNOWN_ID: Final = UUID(int=0)
_COLUMN_OF: Final = {
    Fault.FUTURE: journey_columns.ARRIVED, Fault.RELEASED_FUTURE: journey_columns.RELEASED,
    Fault.RELEASED_EARLY: journey_columns.RELEASED, Fault.STAYED_AND_CAME: journey_columns.LEFT,
    Fault.ORIGIN: journey_columns.ORIGIN, Fault.TRANSPORT: journey_columns.TRANSPORT,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row as both readers see it; refused where `checked.errors` says anything."""

    checked: Checked
    outcome: Outcome
    journey: Journey

    @property
    def refused(self) -> bool:
        return bool(self.checked.errors) or self.outcome is Outcome.REFUSED


@dataclass
class Look:
    """What would become of a list. `columns`: heading and what it was read as."""

    rows: int
    people_new: int = 0
    good: int = 0
    without: dict[str, int] = field(default_factory=dict)
    """Fields of the journey by how many good rows leave them empty."""
    columns: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[int, str, list[tuple[str, str]]]] = field(default_factory=list)
    """Number, name, and heading with reason."""
    refused_count: int = 0


@dataclass
class Taken:
    people_new: int
    put: returning.PutReport
    refused: int


def upload(*, content: bytes, name: str, enterprise: Subject, place: Place, by: str, now: datetime) -> ImportBatch:
    """Keep a list; nothing is taken yet. Raises WorkplaceError, UnreadableFileError or FileRefusedError."""
    book = rows.open_book(content, name, ImportKind.PERSONS)
    if book.rows > MOST_ROWS:
        raise WorkplaceError(
            _("The list has more than %(most)s rows. Nothing was kept. Send it in parts.") % {"most": f"{MOST_ROWS:,}"}
        )
    return imports.upload(
        content=content, name=name, kind=ImportKind.PERSONS, place=place, firms=[enterprise.id], book=book, by=by,
        now=now,
    )  # fmt: skip


def look(*, batch: ImportBatch, now: datetime, shown: int = 30) -> Look:
    """What would become of the list: reads only."""
    book = _book(batch)
    found = Look(book.rows, columns=_columns_in_words(book, batch))
    seen = set[UUID | str]()
    for row in _read(book, batch, now):
        key = _identity(row)
        if not row.refused and key and key in seen:
            continue
        seen.add(key)
        if row.refused:
            found.refused_count += 1
            if len(found.refused) < shown:
                found.refused.append(_reasons(row))
            continue
        found.good += 1
        found.people_new += row.outcome is Outcome.CREATED
        for name in _empty(row.journey):
            found.without[name] = found.without.get(name, 0) + 1
    return found


def take(*, batch: ImportBatch, enterprise: Subject, place: Place, by: str, now: datetime) -> Taken:
    """Take the people into the register and their journeys onto the ledger, and keep the workbook of what was refused.

    The same list again changes nothing. Raises ImportRefusedError where the list was taken already.
    """
    book = _book(batch)
    imports.take_in(batch=batch, by=by, now=now, polite=True, book=book)
    created = batch.created
    found = list(_read(_book(batch), batch, now))
    good = [row for row in found if not row.refused]
    people = _people(good, enterprise.id)
    news, at = list[NewReturning](), dict[int, Row]()
    for number, row in enumerate(good, start=1):
        person = people.get(_key(row))
        if person is None:
            row.checked.errors["name"] = faulty(Fault.PERSON)
            continue
        at[number] = row
        news.append(replace(_new(row.journey, person), number=number))
    report = returning.put_many(enterprise=enterprise, place=place, rows=news, by=by, now=now)
    for one in report.refused:
        column = _COLUMN_OF.get(one.fault)
        at[one.number].checked.errors[column.key if column else "name"] = faulty(one.fault)
    refused = [row.checked for row in found if row.refused]
    _keep(batch, refused, by, now)
    return Taken(created, report, len(refused))


def refused_rows(*, batch: ImportBatch, by: str, now: datetime) -> bytes:
    """The workbook of what was refused, in the reader's language. Raises ImportRefusedError."""
    return imports.open_report(batch=batch, by=by, now=now)


def _book(batch: ImportBatch) -> Book:
    return rows.open_book(files.read(batch.file)[1], batch.file_name, ImportKind.PERSONS)


def _read(book: Book, batch: ImportBatch, now: datetime) -> Iterator[Row]:
    """Each row by the register's reader and by that of journeys, with the errors of both."""
    plan, columns = plan_at(now), dict[int, dict[str, int]]()
    checked = rows.check(book, batch.mapping, commit.context_of(batch, now))
    for pairs in preview.look(checked, batch, now):
        for one, outcome in pairs:
            own = columns.setdefault(id(one.table), journey_columns.columns_of(one.table))
            journey, errors = journey_columns.read(
                one.line.cells, own, year=batch.default_year, regions=plan.regions
            )  # fmt: skip
            # the same cell may be read by both: the ledger's word about it stands
            one.errors = {key: refusal for key, refusal in one.errors.items() if key not in own} | errors
            one.columns = {**one.columns, **own}
            if outcome is Outcome.REFUSED and not one.errors:
                outcome = Outcome.UNCHANGED
            fault = fault_of(_new(journey, _UNKNOWN_ID), clock.local_day(now))
            if fault is not None and not errors:
                column = _COLUMN_OF.get(fault)
                one.errors[column.key if column else "name"] = faulty(fault)
            yield Row(one, outcome, journey)


def _new(journey: Journey, person_id: UUID) -> NewReturning:
    return NewReturning(
        person_id=person_id, left_shanghai=journey.left_shanghai, origin=journey.origin, arrived_on=journey.arrived_on,
        transport=journey.transport, vehicle_no=journey.vehicle_no, key_region=journey.key_region,
        regions=journey.regions, released_on=journey.released_on, home_office=journey.home_office,
    )  # fmt: skip


def _empty(journey: Journey) -> list[str]:
    """Which fields of the journey a row leaves open although they are asked for."""
    if journey.left_shanghai is False:
        return []
    asked: tuple[tuple[Field, object], ...] = (
        (journey_columns.ORIGIN, journey.origin), (journey_columns.ARRIVED, journey.arrived_on),
        (journey_columns.TRANSPORT, journey.transport), (journey_columns.REGION, journey.key_region),
    )  # fmt: skip
    return [str(column.label) for column, value in asked if not value]


def _key(row: Row) -> str:
    """By what a row finds its person: the index of a document, else the name."""
    record = row.checked.record
    if not isinstance(record, PersonRow):
        return ""
    return document_lookups(record.documents[0])[0].hex() if record.documents else f"name:{record.name_key}"


def _identity(row: Row) -> str:
    record = row.checked.record
    return _key(row) if isinstance(record, PersonRow) and record.documents else ""


def _people(good: Sequence[Row], enterprise_id: UUID) -> dict[str, UUID]:
    """Whom the rows mean, now that they are in the register. A name alone finds one of the enterprise's own people,
    and nobody where two bear it."""
    indexes: dict[bytes, str] = {}
    for row in good:
        record = row.checked.record
        if isinstance(record, PersonRow):
            for document in record.documents[:1]:
                indexes |= dict.fromkeys(document_lookups(document), _key(row))
    found: dict[str, UUID] = {}
    held = Document.objects.filter(number_index__in=list(indexes)).values_list(
        "number_index", "subject_id", "subject__merged_into_id"
    )
    for index, subject_id, merged in held:
        found.setdefault(indexes[bytes(index)], merged or subject_id)
    names = [row.checked.record.name_key for row in good if isinstance(row.checked.record, PersonRow)
             and not row.checked.record.documents]  # fmt: skip
    if names:
        found |= _by_name(names, enterprise_id)
    return found


def _by_name(names: Sequence[str], enterprise_id: UUID) -> dict[str, UUID]:
    staff = Attachment.objects.filter(
        relation=Relation.EMPLOYED, other_id=enterprise_id, until__isnull=True, subject__merged_into__isnull=True,
        subject__person__name_key__in=names,
    )  # fmt: skip
    bearers: dict[str, set[UUID]] = {}
    for subject_id, key in staff.values_list("subject_id", "subject__person__name_key"):
        bearers.setdefault(f"name:{key}", set()).add(subject_id)
    return {key: next(iter(ids)) for key, ids in bearers.items() if len(ids) == 1}


def _keep(batch: ImportBatch, refused: Sequence[Checked], by: str, now: datetime) -> None:
    """One workbook in each language of the desks, in place of the one of the register alone."""
    reports: dict[str, str] = {}
    for language in errors_book.LANGUAGES if refused else ():
        with translation.override(language):
            content = errors_book.make(refused, ImportKind.PERSONS)
        stored = files.store_document(
            content=content, name="refused.xlsx", retention=commit.RETENTION, delete_after=now + commit.KEEP, by=by,
            now=now,
        )  # fmt: skip
        reports[language] = stored.digest
    ImportBatch.objects.filter(id=batch.id, status=ImportStatus.DONE).update(reports=reports)
    batch.reports = reports
    audit.record(
        by=by, act="workplaces.list_taken", now=now, target=f"import:{batch.id}", place=batch.place_id,
        detail={"refused": len(refused)},
    )  # fmt: skip


def _columns_in_words(book: Book, batch: ImportBatch) -> list[tuple[str, str]]:
    labels: Mapping[str, str] = {one.key: str(one.label) for one in rows.KINDS[ImportKind.PERSONS].fields}
    own_labels = {one.key: str(one.label) for one in journey_columns.FIELDS}
    found: dict[str, str] = {}
    for table in book.tables:
        own = {number: key for key, number in journey_columns.columns_of(table).items()}
        for number, header in enumerate(table.headers):
            if header:
                key = mapping.header_key(header)
                found.setdefault(
                    header, own_labels.get(own.get(number, ""), labels.get(batch.mapping.get(key, ""), ""))
                )
    return list(found.items())


def _reasons(row: Row) -> tuple[int, str, list[tuple[str, str]]]:
    one = row.checked
    name = one.record.name if isinstance(one.record, PersonRow) else _cell(one, "name")
    with translation.override(get_language()):
        lines = [
            (one.table.headers[one.columns[key]] if key in one.columns else "", refusal.text)
            for key, refusal in one.errors.items()
        ]
    return one.line.number, name, lines


def _cell(one: Checked, key: str) -> str:
    column = one.columns.get(key)
    return str(one.line.cells[column] or "") if column is not None and column < len(one.line.cells) else ""
