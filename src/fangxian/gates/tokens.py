"""The text in a pass's code: claims in CBOR, signed as COSE_Sign1 with ES256, in base45 after a prefix of its own.

`docs/passes.md` describes it for people who write a reader; the browser's reader is `js/gate/cose.js`. Whether a pass
is in force is not decided here: a token that verifies says only who signed what.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import base45
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from fangxian.gates.models import PassKind
from fangxian.gates.rules import Code
from fangxian.shared.clock import SECOND_US

PREFIX: Final = "FX1:"
MOST_CHARS: Final = 1_000
TEXT_BYTES: Final = 60
MOST_PAYLOAD: Final = 198
"""What leaves the code, signature and all, in a QR code of version 12 at level M (419 characters)."""

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey

LETTERS: Final = {
    PassKind.RESIDENT: "R", PassKind.EMPLOYEE: "E", PassKind.VISITOR: "V", PassKind.COURIER: "C", PassKind.VEHICLE: "T",
}  # fmt: skip
_KINDS: Final = {letter: kind for kind, letter in LETTERS.items()}

_ES256: Final = ec.ECDSA(hashes.SHA256())
_COSE_SIGN1: Final = 18
_ALG, _KID = 1, 4
_EXP, _NBF, _ID = 4, 5, 7
_KIND, _PLACE, _GATE, _NAME, _COMPANY, _ZONE, _SLOT, _ONCE, _ENTERPRISE = range(-65537, -65546, -1)
_HALF: Final = 32
_LAST_MINUTE: Final = 2_880
_LAST_SECOND: Final = 253_402_300_799  # the end of the year 9999


class TokenError(Exception):
    """The code cannot be believed. `code` is UNREADABLE, FOREIGN_CODE, WRONG_KEY or FORGED."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Claims:
    """What a pass says. Instants are microseconds UTC, of which the token keeps whole seconds."""

    pass_id: UUID
    kind: PassKind
    place_id: UUID
    gate_id: UUID | None = None
    enterprise_id: UUID | None = None
    name: str = ""
    company: str = ""
    zone: str = ""
    from_us: int = 0
    until_us: int = 0
    slot_from: int | None = None
    slot_until: int | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Signer:
    kid: int
    private: PrivateKey


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a code says before anything of it is believed."""

    kid: int
    claims: Claims
    signed: bytes
    signature: bytes


def new_private_key() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_key(x: bytes, y: bytes) -> PublicKey:
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()


def public_halves(private: PrivateKey) -> tuple[bytes, bytes]:
    """Both coordinates of the public key, 32 bytes each."""
    numbers = private.public_key().public_numbers()
    return numbers.x.to_bytes(_HALF), numbers.y.to_bytes(_HALF)


def sign(claims: Claims, key: Signer) -> str:
    """The text of the pass's code."""
    header = cbor2.dumps({_ALG: -7, _KID: bytes([key.kid])})
    payload = _payload(claims)
    r, s = decode_dss_signature(key.private.sign(_to_be_signed(header, payload), _ES256))
    parts = [header, {}, payload, r.to_bytes(_HALF) + s.to_bytes(_HALF)]
    return PREFIX + str(base45.b45encode(cbor2.dumps(cbor2.CBORTag(_COSE_SIGN1, parts))), "ascii")


def read(text: str) -> Unverified:
    """What `text` says, unverified. Raises TokenError and nothing else."""
    if not text.startswith(PREFIX):
        raise TokenError(Code.FOREIGN_CODE)
    if len(text) > MOST_CHARS:
        raise TokenError(Code.UNREADABLE)
    try:
        return _read(base45.b45decode(text[len(PREFIX) :]))
    except Exception as error:
        raise TokenError(Code.UNREADABLE) from error


def verify(text: str, keys: Mapping[int, PublicKey]) -> Claims:
    """What `text` says, signed with one of `keys`. Raises TokenError and nothing else."""
    found = read(text)
    key = keys.get(found.kid)
    if key is None:
        raise TokenError(Code.WRONG_KEY)
    r, s = int.from_bytes(found.signature[:_HALF]), int.from_bytes(found.signature[_HALF:])
    try:
        key.verify(encode_dss_signature(r, s), found.signed, _ES256)
    except InvalidSignature as error:
        raise TokenError(Code.FORGED) from error
    return found.claims


def _to_be_signed(header: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", header, b"", payload])


def _payload(claims: Claims) -> bytes:
    """Claims that are empty are left out. What does not fit the code is taken off the company, then off the name."""
    name, company = cut(claims.name, TEXT_BYTES), cut(claims.company, TEXT_BYTES)
    payload = cbor2.dumps(_claim_map(claims, name, company))
    if (over := len(payload) - MOST_PAYLOAD) > 0:
        left = len(company.encode()) - over
        company = cut(company, max(left, 0))
        name = name if left >= 0 else cut(name, len(name.encode()) + left)
        payload = cbor2.dumps(_claim_map(claims, name, company))
    return payload


def _claim_map(claims: Claims, name: str, company: str) -> dict[int, Any]:
    slot = [claims.slot_from, claims.slot_until] if claims.slot_from is not None else None
    found: dict[int, Any] = {
        _ID: claims.pass_id.bytes,
        _NBF: claims.from_us // SECOND_US,
        _EXP: claims.until_us // SECOND_US,
        _KIND: LETTERS[claims.kind],
        _PLACE: claims.place_id.bytes,
        _GATE: claims.gate_id and claims.gate_id.bytes,
        _NAME: name,
        _COMPANY: company,
        _ZONE: claims.zone,
        _SLOT: slot,
        _ONCE: claims.once,
        _ENTERPRISE: claims.enterprise_id and claims.enterprise_id.bytes,
    }
    return {key: value for key, value in found.items() if value or key in (_NBF, _EXP)}


def cut(text: str, most: int) -> str:
    """At most that many bytes in UTF-8, in composed form, never half a character."""
    return unicodedata.normalize("NFC", text).encode()[:most].decode(errors="ignore").rstrip()


def _whole(raw: bytes) -> Any:  # noqa: ANN401 - whatever a stranger wrote; each use checks what it takes
    """The one CBOR item that `raw` is. Trailing bytes are somebody else's doing."""
    stream = BytesIO(raw)
    value = cbor2.CBORDecoder(stream, read_size=1).decode()
    if stream.read(1):
        raise ValueError("bytes after the end")
    return value


def _read(raw: bytes) -> Unverified:
    outer = _whole(raw)
    if not isinstance(outer, cbor2.CBORTag) or outer.tag != _COSE_SIGN1:
        raise ValueError("not a signed message")
    header, _unprotected, payload, signature = outer.value
    if not all(isinstance(part, bytes) for part in (header, payload, signature)) or len(signature) != 2 * _HALF:
        raise ValueError("not a signed message")
    named = _whole(header)
    (kid,) = _bytes(named[_KID])
    if named[_ALG] != -7:
        raise ValueError("another algorithm")
    return Unverified(kid, _claims(_whole(payload)), _to_be_signed(header, payload), signature)


def _claims(found: Mapping[Any, Any]) -> Claims:
    slot = found.get(_SLOT)
    slot_from, slot_until = (None, None) if slot is None else (_number(part, _LAST_MINUTE) for part in slot)
    return Claims(
        pass_id=UUID(bytes=_bytes(found[_ID])),
        kind=_KINDS[found[_KIND]],
        place_id=UUID(bytes=_bytes(found[_PLACE])),
        gate_id=_optional_id(found.get(_GATE)),
        enterprise_id=_optional_id(found.get(_ENTERPRISE)),
        name=_text(found.get(_NAME, "")),
        company=_text(found.get(_COMPANY, "")),
        zone=_text(found.get(_ZONE, "")),
        from_us=_number(found[_NBF], _LAST_SECOND) * SECOND_US,
        until_us=_number(found[_EXP], _LAST_SECOND) * SECOND_US,
        slot_from=slot_from,
        slot_until=slot_until,
        once=_flag(found.get(_ONCE)),
    )


def _optional_id(value: object) -> UUID | None:
    return None if value is None else UUID(bytes=_bytes(value))


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if value is not None and not isinstance(value, bool):
        raise TypeError
    return value is True


def _number(value: object, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError
    return value
