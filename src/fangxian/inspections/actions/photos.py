"""Photos of inspections and findings: kept sealed under the plan's term, opened with an entry of the audit."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.files import actions as files
from fangxian.files.actions import FileGoneError
from fangxian.files.models import FileKind, StoredFile
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.models import Answer, FindingStep
from fangxian.inspections.plan import PHOTOS, plan_at
from fangxian.shared.writer import write_lock

MOST: Final = 6
"""Photos of one answer or one step."""


def keep_photo(*, content: bytes, name: str, by: str, now: datetime) -> str:
    """Keep a photo and return its digest, which an answer or a step then names. Of `name` only the extension is read.

    Metadata, and with them the place where it was taken, are gone. Raises FileRefusedError; nothing is kept then.
    """
    stored = files.store_photo(
        content=content, name=name, retention=PHOTOS, delete_after=plan_at(now).delete_after(now), by=by, now=now
    )
    return stored.digest


def open_photo(*, of: Answer | FindingStep, digest: str, by: str, now: datetime) -> tuple[str, bytes]:
    """Media type and bytes of one of its photos, for somebody within whose reach `of` is. Raises FileGoneError."""
    if digest not in of.photos:
        raise FileGoneError(_("This record has no such photo."))
    stored, content = files.read(digest)
    if isinstance(of, Answer):
        target, place = f"inspection:{of.inspection_id}", of.inspection.place_id
    else:
        target, place = f"finding:{of.finding_id}", of.finding.place_id
    with write_lock():
        audit.record(by=by, act="inspections.photo.opened", now=now, target=target, place=place)
    return stored.media_type, content


def check_photos(digests: Iterable[str]) -> None:
    """Raises InspectionError where one of them is not kept here, or they are too many."""
    wanted = list(digests)
    if len(wanted) > MOST:
        raise InspectionError(
            _("At most %(most)s photos can go with one item. Nothing was kept; leave some out.") % {"most": MOST}
        )
    kept = StoredFile.objects.filter(digest__in=wanted, kind=FileKind.PHOTO).count() if wanted else 0
    if kept < len(set(wanted)):
        raise InspectionError(_("A photo has not arrived yet. Nothing was kept; send the photos first, then this."))
