"""Sealing of sensitive fields and the keyed look-ups beside them.

A sealed value is `version | key id | nonce | ciphertext`, AES-256-GCM, bound to the row and column it belongs to, so
that a value copied into another row does not open. A blind index is a keyed hash for equality look-ups under a key of
its own; two keys may be live while they rotate.
"""

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION = b"\x01"
_NONCE_BYTES = 12
_INDEX_BYTES = 16


class SealError(Exception):
    """A sealed value cannot be opened: its key is not loaded, or it does not belong to this row."""


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def current_key_id() -> int:
    return int(next(iter(settings.FIELD_KEYS)))


def seal(value: str, aad: str) -> bytes:
    """Seal `value` for the place named by `aad` (`table.column.pk`)."""
    key_id, key = next(iter(settings.FIELD_KEYS.items()))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, value.encode(), aad.encode())
    return _VERSION + bytes([int(key_id)]) + nonce + sealed


def unseal(sealed: bytes | memoryview, aad: str) -> str:
    """The value that was sealed for `aad`. Raises SealError."""
    raw = bytes(sealed)
    if raw[:1] != _VERSION or len(raw) < 2 + _NONCE_BYTES:
        raise SealError("not a sealed value")
    key = settings.FIELD_KEYS.get(raw[1])
    if key is None:
        raise SealError(f"field key {raw[1]} is not loaded")
    try:
        return _cipher(key).decrypt(raw[2 : 2 + _NONCE_BYTES], raw[2 + _NONCE_BYTES :], aad.encode()).decode()
    except InvalidTag as error:
        raise SealError("the value does not belong to this row") from error


def seal_bytes(value: bytes, aad: str) -> bytes:
    """As `seal`, for a file's content."""
    key_id, key = next(iter(settings.FIELD_KEYS.items()))
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + bytes([int(key_id)]) + nonce + _cipher(key).encrypt(nonce, value, aad.encode())


def unseal_bytes(sealed: bytes, aad: str) -> bytes:
    key = settings.FIELD_KEYS.get(sealed[1]) if sealed[:1] == _VERSION else None
    if key is None:
        raise SealError("the file's key is not loaded")
    try:
        return _cipher(key).decrypt(sealed[2 : 2 + _NONCE_BYTES], sealed[2 + _NONCE_BYTES :], aad.encode())
    except InvalidTag as error:
        raise SealError("the file does not belong to this name") from error


def blind(value: str, purpose: str) -> bytes:
    """16-byte keyed index of `value` under the current key. `purpose` separates columns that hold alike values."""
    return _blind_with(next(iter(settings.BLIND_KEYS.values())), value, purpose)


def blind_all(value: str, purpose: str) -> list[bytes]:
    """The index of `value` under every live key: what a look-up asks for while keys rotate."""
    return [_blind_with(key, value, purpose) for key in settings.BLIND_KEYS.values()]


def _blind_with(key: bytes, value: str, purpose: str) -> bytes:
    return hmac.digest(key, f"{purpose}\x00{value}".encode(), "sha256")[:_INDEX_BYTES]


def digest(secret: str) -> bytes:
    """SHA-256 of a long random secret, for finding its row: such a one cannot be guessed and needs no key."""
    return hashlib.sha256(secret.encode()).digest()
