"""Records that a device seals for the server's key, so that a lost device holds ciphertext only.

ECDH on P-256 with a key of one record's life, HKDF-SHA256, AES-256-GCM. The server's key pair is derived from each live
field key: it needs no file of its own, is backed up with that key and rotates with it. The browser's half is
console/js/field/seal.js; both say the same or nothing opens.
"""

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from fangxian.shared.crypto import current_key_id

PAIR_INFO: Final = b"fangxian device sealing pair 1"
RECORD_INFO: Final = b"fangxian sealed record 1"
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class UnsealError(Exception):
    """A sealed record cannot be opened: its key is gone, it is damaged, or it was sealed for something else."""


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """`key_id`: which server key; `point`: the device's ephemeral public key, uncompressed."""

    key_id: int
    point: bytes
    nonce: bytes
    ciphertext: bytes


@lru_cache(maxsize=4)
def _pair(field_key: bytes) -> ec.EllipticCurvePrivateKey:
    # 48 bytes reduced modulo the order: the bias of the scalar is below 2^-128
    raw = HKDF(algorithm=SHA256(), length=48, salt=None, info=PAIR_INFO).derive(field_key)
    return ec.derive_private_key(int.from_bytes(raw) % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def public_key() -> tuple[int, bytes]:
    """The number of the current key and its public point, uncompressed (65 bytes)."""
    key_id = current_key_id()
    return key_id, _point(_pair(settings.FIELD_KEYS[key_id]))


def _point(pair: ec.EllipticCurvePrivateKey) -> bytes:
    return pair.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _record_key(shared: bytes, device: bytes, server: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=device + server, info=RECORD_INFO).derive(shared)


def open_record(sealed: SealedRecord, aad: bytes) -> bytes:
    """The plain bytes that were sealed with `aad`. Raises UnsealError."""
    field_key = settings.FIELD_KEYS.get(sealed.key_id)
    if field_key is None:
        raise UnsealError("the key that this was sealed for is not loaded")
    pair = _pair(field_key)
    try:
        device = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed.point)
        key = _record_key(pair.exchange(ec.ECDH(), device), sealed.point, _point(pair))
        return AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, aad)
    except (ValueError, InvalidTag) as error:
        raise UnsealError("the record does not open") from error


def seal_record(plain: bytes, aad: bytes, nonce: bytes) -> SealedRecord:
    """What a device does, for tests and for devices that are not browsers."""
    key_id, server = public_key()
    own = ec.generate_private_key(ec.SECP256R1())
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), server))
    point = _point(own)
    return SealedRecord(key_id, point, nonce, AESGCM(_record_key(shared, point, server)).encrypt(nonce, plain, aad))


def from_text(value: str) -> bytes:
    """Base64 as a browser writes it. Raises UnsealError."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnsealError("not base64") from error


def to_text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
