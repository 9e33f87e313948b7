"""The photo or PDF that shows that somebody's observation ended: kept sealed, opened on the record."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.files import actions as files
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Returning

RETENTION: Final = "observation-file"
KEEP: Final = timedelta(days=90)
PDF: Final = b"%PDF-"


def store_evidence(*, content: bytes, name: str, by: str, now: datetime) -> str:
    """Returns the digest. A photo is kept without its metadata. Raises FileRefusedError."""
    if content.startswith(PDF):
        return files.store_document(
            content=content, name=name, retention=RETENTION, delete_after=now + KEEP, by=by, now=now
        ).digest
    return files.store_photo(
        content=content, name=name, retention=RETENTION, delete_after=now + KEEP, by=by, now=now
    ).digest


def open_evidence(*, row: Returning, by: str, now: datetime) -> tuple[str, bytes]:
    """Media type and content. Raises WorkplaceError where there is none, FileGoneError where its term has ended."""
    if not row.evidence:
        raise WorkplaceError(_("There is no evidence for this person yet."))
    stored, content = files.read(row.evidence)
    audit.record(by=by, act="workplaces.evidence.opened", now=now, target=f"returning:{row.id}", place=row.place_id)
    return stored.media_type, content
