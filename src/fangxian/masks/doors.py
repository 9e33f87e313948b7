"""The code on the letter to a door: it says which dwelling, in which round, and cannot be made up.

No table holds it. Whoever has the letter may register the address that it went to.
"""

import base64
import binascii
import hmac
from typing import Final
from uuid import UUID

from fangxian.shared import crypto

PURPOSE: Final = "mask-door"
LENGTH: Final = 43


def door_token(round_id: UUID, unit_id: UUID) -> str:
    """43 letters, digits, - and _: the dwelling's id and a keyed hash over round and dwelling."""
    seal = crypto.blind(_bound(round_id, unit_id), PURPOSE)
    return base64.urlsafe_b64encode(unit_id.bytes + seal).decode().rstrip("=")


def read_door(round_id: UUID, written: str) -> UUID | None:
    """The dwelling of a code, or None when it is none of this round's."""
    if len(written) != LENGTH:
        return None
    try:
        raw = base64.urlsafe_b64decode(written.encode("ascii") + b"=")
    except (UnicodeEncodeError, binascii.Error):
        return None
    unit = UUID(bytes=raw[:16])
    seals = crypto.blind_all(_bound(round_id, unit), PURPOSE)
    return unit if any(hmac.compare_digest(raw[16:], seal) for seal in seals) else None


def _bound(round_id: UUID, unit_id: UUID) -> str:
    return f"{round_id.hex}|{unit_id.hex}"
