"""Taking a confirmed batch into the register, in chunks that are cut by time and may be cut off anywhere."""

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Model
from django.utils import translation

from fangxian.audit import actions as audit
from fangxian.files import actions as files
from fangxian.places import actions as places
from fangxian.places.actions import NewPlace
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.registry import search
from fangxian.registry.actions import ensure_place_subjects
from fangxian.registry.imports import errors_book, rows, vocabulary
from fangxian.registry.imports.kinds.cells import Context
from fangxian.registry.imports.rows import Checked
from fangxian.registry.imports.taking import areas, dwellings, enterprises, pending, persons, vehicles
from fangxian.registry.imports.taking.pending import Outcome, Pending, Statement
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.imports.taking.where import Where
from fangxian.registry.models import (
    Attachment,
    Change,
    ChangeKind,
    Household,
    ImportBatch,
    ImportKind,
    ImportStatus,
    Subject,
    SubjectKind,
)
from fangxian.shared import clock
from fangxian.shared.writer import Pace, in_chunks

logger = logging.getLogger(__name__)
CHUNK = 500
KEEP = timedelta(days=30)
RETENTION = "import-files"
Progress = Callable[[int, int], None]

TAKERS: dict[ImportKind, Callable[[Sequence[Checked], Run], list[Pending]]] = {
    ImportKind.PERSONS: persons.prepare,
    ImportKind.VEHICLES: vehicles.prepare,
    ImportKind.ENTERPRISES: enterprises.prepare,
    ImportKind.DWELLINGS: dwellings.prepare,
    ImportKind.AREAS: areas.prepare,
}
Ready = tuple[Checked, Pending, list[Statement]]
_DOORS = (PlaceKind.DWELLING, PlaceKind.AREA)


@dataclass
class Counts:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def add(self, outcome: Outcome) -> None:
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused


@dataclass
class Work:
    """One batch being taken in. `refused` collects the rows that go back to the sender."""

    batch: ImportBatch
    run: Run
    polite: bool
    progress: Progress | None
    pace: Pace = field(init=False)
    refused: list[Checked] = field(default_factory=list)
    written: int = 0

    def __post_init__(self) -> None:
        # a command that nobody waits beside commits whole chunks; beside a working street the clock cuts them
        self.pace = Pace.for_database() if self.polite else Pace(CHUNK, 1.0, CHUNK, pause=False)


def context_of(batch: ImportBatch, now: datetime) -> Context:
    return Context(clock.local_day(now), batch.default_year, vocabulary.area_types(now))


def run_of(batch: ImportBatch, by: str, now: datetime) -> Run:
    firms = frozenset(UUID(one) for one in batch.firms)
    # an enterprise's people live all over the street, whichever building it sits in
    around = _street_of(batch.place) if firms else None
    where = Where(batch.place, around)
    return Run(batch.id, where, by, now, clock.to_us(now), clock.local_day(now), firms)


def _street_of(place: Place) -> Place | None:
    return Place.objects.filter(path__in=parent_paths(place.path), kind=PlaceKind.STREET).first()


def take(
    *, batch: ImportBatch, by: str, now: datetime, polite: bool = True, progress: Progress | None = None,
    book: rows.Book | None = None,
) -> None:  # fmt: skip
    """Take in what is left of a running batch, then write the workbook of what was refused.

    Each chunk commits with its counts. A batch that was cut off goes on behind its last committed row; the rows before
    are only looked at again, to find those that were refused.
    """
    kind = ImportKind(batch.kind)
    book = book or rows.open_book(files.read(batch.file)[1], batch.file_name, kind)
    context = context_of(batch, now)
    work = Work(batch, run_of(batch, by, now), polite, progress)
    left = rows.check(book, batch.mapping, context)
    with _still():
        _take_all(left, work)
    _finish(work, kind, by, now)


@contextmanager
def _still() -> Iterator[None]:
    """What has been read lives until the end: the collector need not walk through it with every chunk."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _take_all(left: Iterator[Checked], work: Work) -> None:
    batch = work.batch
    while chunk := list(islice(left, CHUNK)):
        before = max(0, min(len(chunk), batch.done - work.written))
        if before:
            _look_again(chunk[:before], work)
        _take_chunk(chunk[before:], work)


def prepared(chunk: Sequence[Checked], work: Work) -> list[tuple[Checked, Pending]]:
    good = [one for one in chunk if one.record is not None]
    waiting = iter(TAKERS[ImportKind(work.batch.kind)](good, work.run))
    return [(one, next(waiting) if one.record is not None else Pending.refuse(one.errors)) for one in chunk]


def _look_again(chunk: Sequence[Checked], work: Work) -> None:
    pairs = prepared(chunk, work)
    work.run.where.forget(place for _one, row in pairs for place in row.places)
    _collect(pairs, work)
    work.written += len(chunk)


def _collect(pairs: Sequence[tuple[Checked, Pending]], work: Work) -> None:
    for one, row in pairs:
        if row.outcome is Outcome.REFUSED:
            one.errors = row.errors
            work.refused.append(one)


def _take_chunk(chunk: Sequence[Checked], work: Work) -> None:
    """Prepare outside the writer's lock, write inside it. Somebody else may have written the same plate or door in
    between: then the rest of the chunk is prepared anew, once."""
    if not chunk:
        return
    start = work.written
    for last_try in (False, True):
        pairs = prepared(chunk[work.written - start :], work)
        try:
            _make_places(pairs, work)
            ready = [(one, row, _compile(row, work.run)) for one, row in pairs]
            in_chunks(ready, lambda part: _write(part, work), pace=work.pace, polite=work.polite)
            return
        except IntegrityError:
            if last_try:
                raise


def _make_places(pairs: Sequence[tuple[Checked, Pending]], work: Work) -> None:
    """The doors and areas that the chunk makes, as places and as subjects, before the rows that stand on them.

    Cut off behind this, they are found by the same rows when the batch goes on.
    """
    new = [place for _one, row in pairs for place in row.places]
    if new:
        in_chunks(new, lambda part: _add_places(part, work), pace=work.pace, polite=work.polite)
    standing = {row.door for _one, row in pairs if row.door} - {place.id for place in new}
    standing -= set(Subject.objects.filter(id__in=standing).values_list("id", flat=True))
    if standing:
        ensure_place_subjects(places=list(Place.objects.filter(id__in=standing)), now=work.run.now)


def _add_places(part: Sequence[NewPlace], work: Work) -> None:
    run = work.run
    made = places.add(places=part, by=run.by, now=run.now)
    run.where.learn(made)
    rows: list[Model] = []
    for place in made:
        if place.kind in _DOORS:
            label = run.where.spoken(place.id)[:120]
            subject = Subject(id=place.id, kind=SubjectKind.PLACE, label=label, created_us=run.now_us)
            change = Change(subject_id=place.id, kind=ChangeKind.ADDED, at_us=run.now_us)
            rows += [subject, change, search.row_of(subject, search.area_tokens(place))]
    pending.write(pending.compiled(rows))


def _compile(row: Pending, run: Run) -> list[Statement]:
    """Everything that a row inserts. New subjects get their row in the search index here, changed ones afterwards."""
    rows = list(row.rows)
    homes = {one.subject_id for one in rows if isinstance(one, Household)}
    new = [one for one in rows if isinstance(one, Subject)]
    for subject in new:
        if subject.id not in homes:
            rows.append(search.row_of(subject, _area(subject.id, row, run)))
    known = {subject.id for subject in new}
    row.reindex = {subject for subject in row.changed if subject not in known and subject != row.door}
    rows += [Change(subject_id=subject, kind=kind, at_us=run.now_us) for subject, kind in row.changed.items()]
    return pending.compiled(rows)


def _area(subject_id: UUID, row: Pending, run: Run) -> str:
    tokens: set[str] = set()
    for one in row.rows:
        if (
            isinstance(one, Attachment)
            and one.subject_id == subject_id
            and one.relation in search.PLACED
            and one.place_id
        ):
            spot = run.where.spot(one.place_id)
            if spot is not None:
                tokens.update(search.area_tokens_of(spot.path, spot.grid).split())
    return " ".join(sorted(tokens))


def _write(part: Sequence[Ready], work: Work) -> None:
    pending.write(statement for _one, _row, statements in part for statement in statements)
    rows_of = [row for _one, row, _statements in part]
    pending.update(one for row in rows_of for one in row.updates)
    _lay_grids(rows_of, work.run)
    search.index([subject for row in rows_of for subject in row.reindex])
    _count([(one, row) for one, row, _statements in part], work)


def _lay_grids(rows_of: Sequence[Pending], run: Run) -> None:
    by_grid: dict[UUID, list[UUID]] = {}
    for row in rows_of:
        for place_id, grid_id in row.regrid:
            by_grid.setdefault(grid_id, []).append(place_id)
    for grid in Place.objects.filter(id__in=by_grid):
        moved = Place.objects.filter(id__in=by_grid[grid.id])
        places.lay_grid(places=moved, grid=grid, by=run.by, now=run.now, reason=run.source)


def _count(part: Sequence[tuple[Checked, Pending]], work: Work) -> None:
    counts = Counts()
    for _one, row in part:
        counts.add(row.outcome)
    ImportBatch.objects.filter(id=work.batch.id).update(
        done=F("done") + counts.total, created=F("created") + counts.created, updated=F("updated") + counts.updated,
        unchanged=F("unchanged") + counts.unchanged, refused=F("refused") + counts.refused,
        touched_at=clock.from_us(work.run.now_us),
    )  # fmt: skip
    _collect(part, work)
    work.written += counts.total
    if work.progress is not None:
        work.progress(work.written, work.batch.rows)


def _finish(work: Work, kind: ImportKind, by: str, now: datetime) -> None:
    batch = work.batch
    reports = {}
    for language in errors_book.LANGUAGES if work.refused else ():
        with translation.override(language):
            content = errors_book.make(work.refused, kind)
        reports[language] = files.store_document(
            content=content, name="refused.xlsx", retention=RETENTION, delete_after=now + KEEP, by=by, now=now
        ).digest
    ImportBatch.objects.filter(id=batch.id).update(
        status=ImportStatus.DONE, reports=reports, finished_at=now, touched_at=now
    )
    batch.refresh_from_db()
    audit.record(
        by=by, act="registry.imported", now=now, target=f"import:{batch.id}", place=batch.place_id,
        detail={"kind": batch.kind, "rows": batch.rows, "created": batch.created, "updated": batch.updated,
                "unchanged": batch.unchanged, "refused": batch.refused},
    )  # fmt: skip
    logger.info("import %s: %d rows", batch.id, batch.rows)
