"""A list on its way into the register: sent, its columns confirmed, queued, taken in."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.files import actions as files
from fangxian.places.models import Place
from fangxian.registry import actions as registry
from fangxian.registry.imports import commit, errors_book, mapping, preview, rows
from fangxian.registry.imports.guards import safe_name
from fangxian.registry.matching import WORDS, Signal
from fangxian.registry.models import (
    Candidate,
    ImportBatch,
    ImportKind,
    ImportMapping,
    ImportStatus,
    Merge,
    Subject,
    Verdict,
)
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

# a running batch whose worker has not committed a chunk for so long was left behind
ABANDONED = timedelta(minutes=5)
COUNTED_AT_ONCE = 20


class Step(Protocol):
    """One step of a batch, taken by somebody at an instant. Raises ImportRefusedError."""

    def __call__(self, *, batch: ImportBatch, by: str, now: datetime) -> None: ...


class ImportRefusedError(Exception):
    """The step was not taken; the message says why and what to do."""


def upload(
    *,
    content: bytes,
    name: str,
    kind: ImportKind,
    place: Place,
    by: str,
    now: datetime,
    default_year: int | None = None,
    book: rows.Book | None = None,
    firms: Collection[UUID] = (),
) -> ImportBatch:
    """Keep a list and propose what its columns mean. Raises UnreadableFileError or FileRefusedError: nothing is kept
    then. `book`: the same content where the caller has read it already. `firms`: the enterprises that the
    sender answers for and no other, where the place itself is not theirs: the list may name their people only."""
    safe = safe_name(name)
    book = book or rows.open_book(content, safe, kind)
    stored = files.store_document(
        content=content, name=safe, retention=commit.RETENTION, delete_after=now + commit.KEEP, by=by, now=now
    )
    proposal = rows.propose(book, remembered(by, kind, book.headers))
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            kind=kind, place=place, sender=by, file_name=safe, file=stored.digest,
            default_year=default_year or clock.local_day(now).year, mapping=rows.as_mapping(proposal), rows=book.rows,
            notes=[[note.kind.value, note.sheet[:40], note.row] for note in book.notes[:200]],
            firms=sorted(str(one) for one in firms), sent_at=now, touched_at=now,
        )  # fmt: skip
        audit.record(
            by=by, act="registry.list_sent", now=now, target=f"import:{batch.id}", place=place.id,
            detail={"kind": kind.value, "rows": book.rows},
        )  # fmt: skip
    return batch


def remembered(sender: str, kind: ImportKind, headers: list[str]) -> dict[str, str] | None:
    row = ImportMapping.objects.filter(sender=sender, kind=kind, fingerprint=mapping.fingerprint(headers)).first()
    return row.mapping if row else None


@transaction.atomic
def set_mapping(*, batch: ImportBatch, chosen: Mapping[str, str], by: str, now: datetime) -> None:
    """Say what the columns mean, and remember it for the next list with these headings. `chosen`: heading key to
    field, empty for a column that is not used. Raises ImportRefusedError."""
    kind = ImportKind(batch.kind)
    known = {field.key for field in rows.KINDS[kind].fields}
    clean = {key: field if field in known else "" for key, field in chosen.items() if key in batch.mapping}
    clean = {**batch.mapping, **clean}
    missing = rows.missing_core(clean, kind)
    if missing:
        raise ImportRefusedError(
            _("No column is marked as %(field)s. Choose the column that holds it.")
            % {"field": ", ".join(str(field.label) for field in missing)}
        )
    single = {field.key for field in rows.KINDS[kind].fields if not field.many}
    doubled = [field for field in single if sum(one == field for one in clean.values()) > 1]
    if doubled:
        labels = {field.key: str(field.label) for field in rows.KINDS[kind].fields}
        raise ImportRefusedError(
            _("Two columns are marked as %(field)s. Only one can be; set the other to not used.")
            % {"field": ", ".join(labels[one] for one in sorted(doubled))}
        )
    done = ImportBatch.objects.filter(id=batch.id, status=ImportStatus.UPLOADED).update(
        mapping=clean, counted={"looked": 0}, touched_at=now
    )
    if not done:
        raise ImportRefusedError(_("This list is on its way already. Its columns cannot be changed any more."))
    batch.mapping = clean
    ImportMapping.objects.update_or_create(
        sender=by, kind=kind, fingerprint=mapping.fingerprint(clean), defaults={"mapping": clean, "used_at": now}
    )


def queue(*, batch: ImportBatch, by: str, now: datetime) -> None:
    """Confirm a list; the worker takes it in."""
    _step(batch, ImportStatus.UPLOADED, ImportStatus.QUEUED, by, now, "registry.list_confirmed")


def drop(*, batch: ImportBatch, by: str, now: datetime) -> None:
    """Withdraw a list that was not taken in yet."""
    _step(batch, ImportStatus.UPLOADED, ImportStatus.DROPPED, by, now, "registry.list_withdrawn")


@transaction.atomic
def _step(batch: ImportBatch, old: ImportStatus, new: ImportStatus, by: str, now: datetime, act: str) -> None:
    if not ImportBatch.objects.filter(id=batch.id, status=old).update(status=new, touched_at=now):
        raise ImportRefusedError(_("This list was confirmed or withdrawn already. Nothing was changed."))
    audit.record(by=by, act=act, now=now, target=f"import:{batch.id}", place=batch.place_id)
    batch.status = new


def commit_next(*, now: datetime) -> int:
    """Take in the oldest confirmed list, or go on with one that was left behind. Returns its rows; 0 for none."""
    waiting = Q(status=ImportStatus.QUEUED) | Q(status=ImportStatus.RUNNING, touched_at__lt=now - ABANDONED)
    batch = ImportBatch.objects.filter(waiting).order_by("sent_at").select_related("place__parent").first()
    if batch is None:
        return 0
    with write_lock():
        mine = ImportBatch.objects.filter(id=batch.id, status=batch.status, touched_at=batch.touched_at).update(
            status=ImportStatus.RUNNING, touched_at=now
        )
    if not mine:
        return 0
    _take(batch, by=batch.sender, now=now, polite=True, progress=None)
    return batch.rows


def count_next(*, now: datetime) -> int:
    """Count what would become of the last long list whose columns were confirmed. Returns its rows; 0 for none.

    The register stays as it is; only the batch's own counts are written, for the page on which its sender waits.
    """
    waiting = ImportBatch.objects.filter(status=ImportStatus.UPLOADED, rows__gt=preview.QUICK).exclude(counted={})
    recent = waiting.order_by("-touched_at").select_related("place__parent")[:COUNTED_AT_ONCE]
    batch = next((one for one in recent if one.counted.get("looked", 0) < one.rows), None)
    if batch is None:
        return 0
    try:
        book = rows.open_book(files.read(batch.file)[1], batch.file_name, ImportKind(batch.kind))
    except files.FileGoneError:
        ImportBatch.objects.filter(id=batch.id).update(counted={})
        return 0

    def keep(counts: dict[str, int]) -> bool:
        # other columns, or the sender's word that it shall be taken in, end a count that nobody waits for any more
        with write_lock():
            mine = ImportBatch.objects.filter(id=batch.id, status=ImportStatus.UPLOADED, touched_at=batch.touched_at)
            return bool(mine.update(counted=counts))

    preview.count(rows.check(book, batch.mapping, commit.context_of(batch, now)), batch, now, keep)
    return batch.rows


def take_in(
    *, batch: ImportBatch, by: str, now: datetime, polite: bool = False,
    progress: Callable[[int, int], None] | None = None, book: rows.Book | None = None,
) -> ImportBatch:  # fmt: skip
    """Take a list in at once, in this process: for commands. Its columns are those proposed or set."""
    started = ImportBatch.objects.filter(id=batch.id, status=ImportStatus.UPLOADED).update(
        status=ImportStatus.RUNNING, touched_at=now
    )
    if not started:
        raise ImportRefusedError(_("This list was confirmed or withdrawn already. Nothing was changed."))
    _take(batch, by=by, now=now, polite=polite, progress=progress, book=book)
    batch.refresh_from_db()
    return batch


def _take(
    batch: ImportBatch,
    *,
    by: str,
    now: datetime,
    polite: bool,
    progress: Callable[[int, int], None] | None,
    book: rows.Book | None = None,
) -> None:
    try:
        commit.take(batch=batch, by=by, now=now, polite=polite, progress=progress, book=book)
    except Exception as error:
        # the class alone: a message may hold what somebody wrote into a cell
        ImportBatch.objects.filter(id=batch.id).update(
            status=ImportStatus.FAILED, failure=type(error).__name__[:40], finished_at=now, touched_at=now
        )
        raise


@transaction.atomic
def resume(*, batch: ImportBatch, by: str, now: datetime) -> None:
    """Queue a stopped list again; it goes on behind the last row that was taken in."""
    _step(batch, ImportStatus.FAILED, ImportStatus.QUEUED, by, now, "registry.list_resumed")


@transaction.atomic
def decide(*, candidate: Candidate, same: bool, by: str, now: datetime) -> None:
    """Say whether two records are one. The same ones are merged, the older surviving; that can be undone."""
    verdict = Verdict.SAME if same else Verdict.DIFFERENT
    done = Candidate.objects.filter(id=candidate.id, verdict=Verdict.OPEN).update(
        verdict=verdict, decided_by=by, decided_at=now
    )
    if not done:
        raise ImportRefusedError(_("Somebody has decided this already. Nothing was changed."))
    if same:
        pair: dict[UUID, Subject] = Subject.objects.in_bulk([candidate.newer_id, candidate.older_id])
        reason = ", ".join(str(WORDS[Signal(code)]) for code in candidate.reasons)
        registry.merge(
            absorbed=pair[candidate.newer_id], survivor=pair[candidate.older_id], reason=reason,
            score=candidate.score, by=by, now=now,
        )  # fmt: skip
    audit.record(
        by=by, act="registry.double_decided", now=now, target=f"subject:{candidate.newer_id}",
        detail={"other": str(candidate.older_id), "same": same, "score": candidate.score},
    )  # fmt: skip


@transaction.atomic
def undo(*, candidate: Candidate, by: str, now: datetime) -> None:
    """Take back that two records are one: both stand as before, and the pair waits for a decision again."""
    done = Candidate.objects.filter(id=candidate.id, verdict=Verdict.SAME).update(
        verdict=Verdict.OPEN, decided_by="", decided_at=None
    )
    merge = Merge.objects.filter(absorbed_id=candidate.newer_id, undone_at__isnull=True).first()
    if not done or merge is None:
        raise ImportRefusedError(_("This was undone already. Nothing was changed."))
    registry.unmerge(merge=merge, by=by, now=now)


@transaction.atomic
def open_report(*, batch: ImportBatch, by: str, now: datetime) -> bytes:
    """The workbook of refused rows, in the language of whoever reads.

    Fetching it is recorded, since it holds what people wrote about others.
    """
    digest = errors_book.in_language(batch.reports, get_language())
    if not digest:
        raise ImportRefusedError(_("No row of this list was refused."))
    _row, content = files.read(digest)
    audit.record(by=by, act="registry.refused_rows_fetched", now=now, target=f"import:{batch.id}", place=batch.place_id)
    return content
