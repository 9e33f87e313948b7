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
BYTES: Final = 32


def door_token(round_id: UUID, unit_id: UUID) -> str:
    """43 letters, digits, - and _: the dwelling's id and a keyed hash over round and dwelling."""
    seal = crypto.blind(_bound(round_id.hex, unit_id.hex), PURPOSE)
    return base64.urlsafe_b64encode(unit_id.bytes + seal).decode().rstrip("=")


def read_door(round_id: UUID, written: str) -> UUID | None:
    """The dwelling of a code, or None when it is none of this round's."""
    found = door_of(round_id.hex, written)
    return UUID(hex=found) if found else None


def door_of(round_hex: str, written: str) -> str:
    """As `read_door`, from and to 32 hex digits; empty when it is none."""
    if len(written) != LENGTH:
        return ""
    try:
        raw = base64.urlsafe_b64decode(f"{written}=".encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        return ""
    if len(raw) != BYTES:
        return ""
    unit = raw[:16].hex()
    seals = crypto.blind_all(_bound(round_hex, unit), PURPOSE)
    return unit if any(hmac.compare_digest(raw[16:], seal) for seal in seals) else ""


def _bound(round_hex: str, unit_hex: str) -> str:
    return f"{round_hex}|{unit_hex}"
