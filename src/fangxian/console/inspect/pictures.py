"""Photos that a phone sends ahead of its record. The token says whose photo it is: nobody names somebody else's."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext as _
from pydantic import ValidationError

from fangxian.console.inspect.sent import PhotoItem, PhotoRecord
from fangxian.console.view import Who
from fangxian.files.actions import FileRefusedError
from fangxian.inspections.actions.photos import keep_photo
from fangxian.screening.models import DayPack
from fangxian.shared.sealing import UnsealError

_SALT: Final = "inspect.photo"


def take_in(item: PhotoItem, who: Who) -> dict[str, Any]:
    """The answer for one photo. One that cannot be kept is not asked for again: its record goes without it."""
    if not DayPack.objects.filter(id=item.pack, staff=who.staff.id).exists():
        reason = _("This was recorded by somebody else. It is kept on the phone; sign in as that person to send it.")
        return {"id": str(item.id), "status": "refused", "reason": reason, "marks": []}
    try:
        content = base64.b64decode(PhotoRecord.model_validate_json(item.open()).jpeg, validate=True)
        digest = keep_photo(content=content, name="photo.jpg", by=who.staff.actor, now=who.now)
    except (UnsealError, ValidationError, binascii.Error):
        return _lost(item.id, _("It cannot be opened here and was not kept. The record is sent without it."))
    except FileRefusedError as refused:
        return _lost(item.id, f"{refused} {_('The record is sent without it.')}")
    return {"id": str(item.id), "status": "stored", "marks": [], "token": _token(item.id, digest, who)}


def _lost(photo: UUID, why: str) -> dict[str, Any]:
    return {"id": str(photo), "status": "lost", "marks": [why]}


def _token(photo: UUID, digest: str, who: Who) -> str:
    return signing.dumps([photo.hex, who.staff.id.hex, digest], salt=_SALT)


def digests(photos: Sequence[UUID], tokens: Mapping[UUID, str], who: Who) -> tuple[str, ...]:
    """The digests of the photos that this person sent before; others are left out."""
    found: list[str] = []
    for photo in photos:
        try:
            ident, staff, digest = signing.loads(tokens.get(photo, ""), salt=_SALT)
        except (signing.BadSignature, ValueError):
            continue
        if ident == photo.hex and staff == who.staff.id.hex and digest not in found:
            found.append(str(digest))
    return tuple(found)
