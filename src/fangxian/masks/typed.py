"""What somebody typed into the form of a round, kept for the page that says why it was refused.

It goes back to the telephone that sent it, sealed, in a cookie of these pages alone, for a quarter of an hour: nothing
of it stands in an address, and nothing is stored on the server.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from django.conf import settings

from fangxian.shared import clock, crypto

COOKIE: Final = "fangxian_typed"
SECONDS: Final = 900
LONGEST: Final = 3_500
"""A browser keeps 4096 bytes of a cookie."""
KEPT: Final = ("round", "door", "address", "applicant", "document_kind", "document", "phone", "deliver")
WANT: Final = "want_"
_AAD: Final = "mask-form.typed"


class _Sealed(msgspec.Struct, frozen=True):
    at_us: int
    fields: dict[str, str]


def keep(fields: Mapping[str, str], now: datetime) -> str:
    """The cookie of a form that was refused, as a header's value. A form that is too long is not kept."""
    kept = {name: value for name, value in fields.items() if name in KEPT or name.startswith(WANT)}
    body = msgspec.json.encode(_Sealed(clock.to_us(now), kept)).decode()
    value = base64.urlsafe_b64encode(crypto.seal(body, _AAD)).decode().rstrip("=")
    return _cookie(value, SECONDS) if len(value) <= LONGEST else forget()


def forget() -> str:
    return _cookie("", 0)


def _cookie(value: str, seconds: int) -> str:
    secure = "; Secure" if settings.SESSION_COOKIE_SECURE else ""
    return f"{COOKIE}={value}; Path=/m/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def read(value: str, *, round: str, door: str, now: datetime) -> dict[str, str]:
    """What was typed on this form, by the names of its fields; nothing from another form, or from long ago."""
    try:
        raw = base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
        found = msgspec.json.decode(crypto.unseal(raw, _AAD), type=_Sealed)
    except (UnicodeEncodeError, binascii.Error, crypto.SealError, msgspec.DecodeError):
        return {}
    fresh = clock.to_us(now) - found.at_us <= SECONDS * 1_000_000
    mine = found.fields.get("round", "") == round and found.fields.get("door", "") == door
    return found.fields if fresh and mine else {}
