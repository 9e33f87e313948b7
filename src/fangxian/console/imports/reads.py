"""What the pages about lists show."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.accounts import access
from fangxian.accounts.models import Staff
from fangxian.console.view import Who
from fangxian.files import actions as files
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.registry.imports import commit, mapping, preview, rows
from fangxian.registry.imports.errors_book import shown
from fangxian.registry.imports.mapping import Column
from fangxian.registry.imports.taking.pending import Outcome
from fangxian.registry.matching import WORDS, Signal
from fangxian.registry.models import Attachment, Candidate, ImportBatch, ImportKind, Person, Relation, Verdict

BAD_ROWS = 20
BATCHES = 50
DOUBLES = 100
_KINDS = (
    PlaceKind.STREET, PlaceKind.NEIGHBOURHOOD, PlaceKind.GRID, PlaceKind.COMPOUND, PlaceKind.BLOCK, PlaceKind.BUILDING,
)  # fmt: skip


def places_for(who: Who) -> list[Place]:
    """The places that somebody may send a list about; for an enterprise's own people the building it sits in."""
    where = who.held.places() | Q(id__in=sorted(who.held.grids))
    kinds = [kind for kind in _KINDS if kind != PlaceKind.BLOCK]
    found = list(Place.objects.filter(where, kind__in=kinds, closed_on__isnull=True).order_by("path"))
    if who.held.subjects:
        tenancies = Attachment.objects.filter(
            subject_id__in=who.held.subjects, relation=Relation.TENANT, until__isnull=True, place__isnull=False
        ).values_list("place__path", flat=True)
        above = {path for own in tenancies if own for path in parent_paths(own)}
        found += Place.objects.filter(path__in=above, kind=PlaceKind.BUILDING).order_by("path")
    return list(dict.fromkeys(found))


def kinds_for(who: Who) -> list[ImportKind]:
    """An enterprise sends its people; everything else comes from those who answer for a place."""
    return list(ImportKind) if who.held.paths or who.held.grids else [ImportKind.PERSONS]


def firms_for(who: Who, place: Place) -> frozenset[UUID]:
    """The enterprises that a list may name alone: an enterprise's own people send it, whose place this is not."""
    return frozenset() if who.held.holds(place) else who.held.subjects


def within(who: Who) -> Q:
    return who.held.places("place__path", "place__grid_id") | Q(sender=who.staff.actor)


def batch_for(who: Who, batch_id: UUID) -> ImportBatch:
    """Raises NotFoundError."""
    rows_of: QuerySet[ImportBatch] = ImportBatch.objects.select_related("place__parent")
    return access.get(rows_of, within(who), id=batch_id)


@dataclass(frozen=True)
class Listed:
    batch: ImportBatch
    sender: str
    doubles: int


def batches(who: Who) -> list[Listed]:
    found = list(
        ImportBatch.objects.filter(within(who))
        .select_related("place")
        .annotate(doubles=Count("candidates", filter=Q(candidates__verdict=Verdict.OPEN)))
        .order_by("-sent_at")[:BATCHES]
    )
    names = _names({batch.sender for batch in found})
    return [Listed(batch, names.get(batch.sender, _("command line")), batch.doubles) for batch in found]


def _names(actors: set[str]) -> dict[str, str]:
    ids = [UUID(hex=one) for one in actors if len(one) == 32]
    return {staff.actor: staff.name for staff in Staff.objects.filter(id__in=ids)}


def book_of(batch: ImportBatch) -> rows.Book:
    """The list as it was sent. Raises FileGoneError."""
    _row, content = files.read(batch.file)
    return rows.open_book(content, batch.file_name, ImportKind(batch.kind))


def columns(batch: ImportBatch) -> list[Column]:
    """Each heading with what it is mapped to now and some of its cells."""
    book = book_of(batch)
    proposed = rows.propose(book, batch.mapping)
    fresh = {mapping.header_key(one.header): one.how for one in rows.propose(book)}
    return [
        Column(
            one.header,
            batch.mapping.get(mapping.header_key(one.header), one.field),
            fresh.get(mapping.header_key(one.header), one.how),
            one.samples,
        )
        for one in proposed
    ]


@dataclass(frozen=True)
class BadRow:
    sheet: str
    number: int
    reasons: list[tuple[str, str, str]]
    """Heading, what the cell holds, and the reason."""


@dataclass(frozen=True)
class Preview:
    looked_at: int
    total: int
    counts: dict[str, int]
    bad: list[BadRow]

    @property
    def partial(self) -> bool:
        return self.looked_at < self.total


def counting(batch: ImportBatch) -> Preview:
    """How far the worker has counted a long list."""
    looked = batch.counted.get("looked", 0)
    return Preview(looked, batch.rows, batch.counted, [])


def first_look(batch: ImportBatch, now: datetime) -> Preview:
    """What would become of the rows: of all of a short list, of the first ones of a long one, whose counts the worker
    makes. Nothing is written."""
    book = book_of(batch)
    checked = rows.check(book, batch.mapping, commit.context_of(batch, now))
    pairs = [pair for chunk in preview.look(islice(checked, preview.QUICK), batch, now) for pair in chunk]
    counts = Counter(outcome for _one, outcome in pairs)
    bad = [
        BadRow(one.table.sheet, one.line.number, _reasons(one)) for one, outcome in pairs if outcome is Outcome.REFUSED
    ]
    if book.rows > preview.QUICK:
        return replace(counting(batch), bad=bad[:BAD_ROWS])
    return Preview(len(pairs), book.rows, {one.value: counts[one] for one in Outcome}, bad[:BAD_ROWS])


def _reasons(one: rows.Checked) -> list[tuple[str, str, str]]:
    found = []
    for key, refusal in one.errors.items():
        column = one.columns.get(key)
        header = one.table.headers[column] if column is not None else ""
        cell = one.line.cells[column] if column is not None and column < len(one.line.cells) else None
        found.append((header, shown(cell)[:60], refusal.text))
    return found


@dataclass(frozen=True)
class Double:
    candidate: Candidate
    newer: Person | None
    older: Person | None
    reasons: list[str]


def doubles(who: Who, batch: ImportBatch, verdict: Verdict = Verdict.OPEN) -> list[Double]:
    """Pairs of this list that a person has to decide, the likeliest first; or those that were made one.

    Only for those who answer for the place: an enterprise does not see who else is in the register.
    """
    if not who.held.holds(batch.place):
        return []
    open_ones = list(
        Candidate.objects.filter(batch=batch, verdict=verdict)
        .select_related("newer", "older")
        .order_by("-score", "id")[:DOUBLES]
    )
    people = Person.objects.in_bulk([pk for one in open_ones for pk in (one.newer_id, one.older_id)])
    return [Double(one, people.get(one.newer_id), people.get(one.older_id), _words(one.reasons)) for one in open_ones]


def _words(codes: Sequence[str]) -> list[str]:
    return [str(WORDS[Signal(code)]) for code in codes]


def double_for(who: Who, candidate_id: UUID) -> Candidate:
    """Raises NotFoundError."""
    reach = who.held.places("batch__place__path", "batch__place__grid_id") | Q(
        batch__place_id__in=sorted(who.held.grids)
    )
    return access.get(Candidate.objects.select_related("batch"), reach, id=candidate_id)
