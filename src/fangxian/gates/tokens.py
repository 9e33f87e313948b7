"""Signed passes: CBOR claims in COSE_Sign1 (ES256), base45, behind a prefix of our own. `docs/passes.md` has it all.

Reading never trusts its input: whatever is not a pass of ours ends as a TokenError with a code of the rules.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import base45
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from fangxian.gates.models import PassKind
from fangxian.gates.rules import Code
from fangxian.shared.clock import SECOND_US

PREFIX: Final = "FX1:"
TEXT_BYTES: Final = 60
LONGEST: Final = 1_000
COSE_SIGN1: Final = 18
ES256: Final = -7
SIGNATURE_BYTES: Final = 64
EXPIRES, NOT_BEFORE, IDENT = 4, 5, 7
KIND, PLACE, GATE, NAME, COMPANY, ZONE, SLOT, ONCE, ENTERPRISE = range(-65537, -65546, -1)
LETTERS: Final = {
    PassKind.RESIDENT: "R", PassKind.EMPLOYEE: "E", PassKind.VISITOR: "V", PassKind.COURIER: "C", PassKind.VEHICLE: "T",
}  # fmt: skip
KINDS: Final = {letter: kind for kind, letter in LETTERS.items()}

PublicKey = ec.EllipticCurvePublicKey


class TokenError(Exception):
    """Not a pass of ours, or not a true one. `code` says which."""

    def __init__(self, code: Code) -> None:
        self.code = code
        super().__init__(code.value)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a pass says. Instants are microseconds UTC and whole seconds; slots are minutes of the local day."""

    pass_id: UUID
    kind: PassKind
    place_id: UUID
    name: str
    from_us: int
    until_us: int
    company: str = ""
    zone: str = ""
    gate_id: UUID | None = None
    enterprise_id: UUID | None = None
    slot_from: int | None = None
    slot_until: int | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart; nothing in it is to be believed before its signature was checked."""

    kid: int
    claims: Claims
    signed: bytes
    signature: bytes


def public_key(x: bytes, y: bytes) -> PublicKey:
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
    return numbers.public_key()


def cut(text: str) -> str:
    """At most 60 bytes of UTF-8, never half a character."""
    return unicodedata.normalize("NFC", text).encode()[:TEXT_BYTES].decode(errors="ignore")


def _protected(kid: int) -> bytes:
    return cbor2.dumps({1: ES256, 4: bytes([kid])})


def _to_sign(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])


def sign(claims: Claims, kid: int, key: ec.EllipticCurvePrivateKey) -> str:
    """The text of the QR code."""
    values: dict[int, Any] = {
        IDENT: claims.pass_id.bytes,
        NOT_BEFORE: claims.from_us // SECOND_US,
        EXPIRES: claims.until_us // SECOND_US,
        KIND: LETTERS[claims.kind],
        PLACE: claims.place_id.bytes,
        NAME: cut(claims.name),
    }
    optional = {
        GATE: claims.gate_id.bytes if claims.gate_id else None,
        COMPANY: cut(claims.company) or None,
        ZONE: claims.zone or None,
        SLOT: [claims.slot_from, claims.slot_until] if claims.slot_from is not None else None,
        ONCE: claims.once or None,
        ENTERPRISE: claims.enterprise_id.bytes if claims.enterprise_id else None,
    }
    payload = cbor2.dumps(values | {name: value for name, value in optional.items() if value is not None})
    protected = _protected(kid)
    r, s = decode_dss_signature(key.sign(_to_sign(protected, payload), ec.ECDSA(SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    message = cbor2.dumps(cbor2.CBORTag(COSE_SIGN1, [protected, {}, payload, signature]))
    return PREFIX + str(base45.b45encode(message).decode("ascii"))


def read(text: str) -> Unverified:
    """Take a token apart. Raises TokenError."""
    if not text.startswith(PREFIX):
        raise TokenError(Code.FOREIGN_CODE)
    if len(text) > LONGEST:
        raise TokenError(Code.UNREADABLE)
    try:
        raw = base45.b45decode(text[len(PREFIX) :])
        message = cbor2.loads(raw)
        if not isinstance(message, cbor2.CBORTag) or message.tag != COSE_SIGN1:
            raise TokenError(Code.UNREADABLE)
        protected, _unprotected, payload, signature = message.value
        head = cbor2.loads(protected)
        if head.get(1) != ES256 or len(head[4]) != 1 or len(signature) != SIGNATURE_BYTES:
            raise TokenError(Code.UNREADABLE)
        return Unverified(head[4][0], _claims(cbor2.loads(payload)), _to_sign(protected, payload), bytes(signature))
    except TokenError:
        raise
    except Exception as error:  # the decoders raise whatever they trip over: this text is somebody else's
        raise TokenError(Code.UNREADABLE) from error


def _claims(values: Any) -> Claims:  # noqa: ANN401 - decoded CBOR
    slot = values.get(SLOT) or [None, None]
    found = Claims(
        pass_id=UUID(bytes=values[IDENT]), kind=KINDS[values[KIND]], place_id=UUID(bytes=values[PLACE]),
        name=values[NAME], from_us=int(values[NOT_BEFORE]) * SECOND_US, until_us=int(values[EXPIRES]) * SECOND_US,
        company=values.get(COMPANY, ""), zone=values.get(ZONE, ""),
        gate_id=UUID(bytes=values[GATE]) if GATE in values else None,
        enterprise_id=UUID(bytes=values[ENTERPRISE]) if ENTERPRISE in values else None,
        slot_from=slot[0], slot_until=slot[1], once=bool(values.get(ONCE, False)),
    )  # fmt: skip
    if not (isinstance(found.name, str) and isinstance(found.company, str) and isinstance(found.zone, str)):
        raise TokenError(Code.UNREADABLE)
    return found


def verify(text: str, keys: Mapping[int, PublicKey]) -> Claims:
    """The claims of a true token. Whether it is in date and in force is for the rules. Raises TokenError."""
    found = read(text)
    key = keys.get(found.kid)
    if key is None:
        raise TokenError(Code.WRONG_KEY)
    r, s = int.from_bytes(found.signature[:32], "big"), int.from_bytes(found.signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), found.signed, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise TokenError(Code.FORGED) from error
    return found.claims
