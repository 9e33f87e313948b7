"""Every write to the store of files.

Content lies sealed under FILES_DIR by the digest of its plain bytes. Reading a file is an act of whoever owns the
record it hangs on: that package's action fetches the record for the person, appends the audit row and calls `read`
here (audit stands beside this package, not below it).
"""

import hashlib
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.files import rules
from fangxian.files.models import FileKind, StoredFile
from fangxian.files.rules import Fault, FaultyFileError
from fangxian.shared import clock
from fangxian.shared.crypto import SealError, seal_bytes, unseal_bytes
from fangxian.shared.writer import write_lock

PURGE_CHUNK: Final = 100
_ORPHAN_AGE: Final = timedelta(days=1)


class FileRefusedError(Exception):
    """The file was not kept; the message says why and what to do."""


class FileGoneError(Exception):
    """The file is not there any more, or cannot be opened; the message says which."""


def refusal(fault: Fault) -> str:
    """What a person is told about a file that cannot be kept."""
    return {
        Fault.EMPTY: _("The file is empty. Nothing was kept. Choose it again."),
        Fault.TOO_LARGE: _(
            "The file is too large: a photo may have 15 MB, a document 20 MB. Nothing was kept. Send a smaller one."
        ),
        Fault.EXTENSION: _("This kind of file is not taken. Nothing was kept. Send a photo as JPG, PNG or WebP, "
                           "or a list as XLSX, XLS, ODS or CSV."),
        Fault.NOT_AN_IMAGE: _("The file is not a photo. Nothing was kept. Take the photo again."),
        Fault.DAMAGED: _("The photo is damaged and cannot be read. Nothing was kept. Take it again."),
        Fault.TOO_MANY_PIXELS: _("The photo has too many pixels. Nothing was kept. Take it at a lower resolution."),
        Fault.NOT_ITS_KIND: _("The content does not fit the file's extension. Nothing was kept. Save it again "
                              "in the program that made it."),
    }[fault]  # fmt: skip


def store_photo(
    *,
    content: bytes,
    name: str,
    retention: str,
    delete_after: datetime | None,
    by: str,
    now: datetime,
    edge: int = rules.PHOTO_EDGE,
) -> StoredFile:
    """Keep a photo, re-encoded without its metadata, at most `edge` pixels long.

    Raises FileRefusedError; nothing is kept then.
    """
    try:
        clean = rules.clean_photo(content, name, edge)
    except FaultyFileError as error:
        raise FileRefusedError(refusal(error.fault)) from error
    return _store(clean, FileKind.PHOTO, rules.PHOTO_MEDIA_TYPE, retention, delete_after, by, now)


def store_document(
    *, content: bytes, name: str, retention: str, delete_after: datetime | None, by: str, now: datetime
) -> StoredFile:
    """Keep a document as it came. Of `name` only the extension is read. Raises FileRefusedError."""
    try:
        media_type = rules.document_media_type(content, name)
    except FaultyFileError as error:
        raise FileRefusedError(refusal(error.fault)) from error
    return _store(content, FileKind.DOCUMENT, media_type, retention, delete_after, by, now)


def _store(
    content: bytes,
    kind: FileKind,
    media_type: str,
    retention: str,
    delete_after: datetime | None,
    by: str,
    now: datetime,
) -> StoredFile:
    digest = hashlib.sha256(content).hexdigest()
    sealed = seal_bytes(content, digest)
    waiting = _write_aside(sealed)
    try:
        with write_lock():
            row, made = StoredFile.objects.select_for_update().get_or_create(
                digest=digest,
                defaults={
                    "kind": kind, "media_type": media_type, "size": len(content), "created_us": clock.to_us(now),
                    "created_by": by, "retention": retention, "delete_after": delete_after,
                },
            )  # fmt: skip
            if not made and row.delete_after is not None and (delete_after is None or delete_after > row.delete_after):
                row.delete_after, row.retention = delete_after, retention
                row.save(update_fields=["delete_after", "retention"])
            # Inside the transaction: a purge of the same content waits for this row and finds the longer term.
            _put(waiting, path_of(digest))
    finally:
        waiting.unlink(missing_ok=True)
    return row


def path_of(digest: str) -> Path:
    return Path(settings.FILES_DIR) / digest[:2] / digest


def _write_aside(sealed: bytes) -> Path:
    """The sealed bytes on the disk under a passing name, so that the name proper never holds half a file."""
    folder = Path(settings.FILES_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    with os.fdopen(handle, "wb") as out:
        out.write(sealed)
        out.flush()
        os.fsync(out.fileno())
    return Path(name)


def _put(waiting: Path, final: Path) -> None:
    final.parent.mkdir(exist_ok=True, mode=0o700)
    waiting.replace(final)


def read(digest: str) -> tuple[StoredFile, bytes]:
    """The row and its plain bytes. The caller has fetched the record within reach and audits. Raises FileGoneError."""
    row = StoredFile.objects.filter(digest=digest).first()
    if row is None:
        raise FileGoneError(_("The file is no longer kept: its term has ended."))
    try:
        content = unseal_bytes(path_of(row.digest).read_bytes(), row.digest)
    except (OSError, SealError) as error:
        raise FileGoneError(_("The file cannot be opened on this server. Tell the administrator.")) from error
    return row, content


def end_term(*, digest: str, retention: str, now: datetime) -> None:
    """Let the next purge take a file that its owner needs no longer; one that stands under another term stays."""
    StoredFile.objects.filter(digest=digest, retention=retention).update(delete_after=now)


def purge(*, now: datetime, limit: int = PURGE_CHUNK) -> int:
    """Delete files whose term has ended. Returns how many; call again until 0."""
    with write_lock():
        rows = list(
            StoredFile.objects.select_for_update().filter(delete_after__lte=now).order_by("delete_after")[:limit]
        )
        StoredFile.objects.filter(digest__in=[row.digest for row in rows]).delete()
        for row in rows:
            path_of(row.digest).unlink(missing_ok=True)
    return len(rows)


def remove_orphans(*, now: datetime) -> int:
    """Delete contents that no row names, left by a process that died between the two. Returns how many."""
    folder, oldest = Path(settings.FILES_DIR), (now - _ORPHAN_AGE).timestamp()
    old = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime < oldest]
    removed = 0
    for start in range(0, len(old), PURGE_CHUNK):
        part = old[start : start + PURGE_CHUNK]
        known = set(StoredFile.objects.filter(digest__in=[path.name for path in part]).values_list("digest", flat=True))
        for path in part:
            if path.name not in known:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
