"""The secrets of one street: the signing key, the field keys and the blind-index keys.

In production they come from the environment. The embedded default makes them once and keeps them in a file that only
its owner may read; whoever backs up the database must back that file up too, because sealed fields open with it alone.
"""

import base64
import binascii
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """`field` and `blind` map a key's number to the key; the first is the current one, the others are only read."""

    secret: str
    field: dict[int, bytes]
    blind: dict[int, bytes]


def parse_keys(raw: str, name: str) -> dict[int, bytes]:
    """`2:BASE64,1:BASE64` to keys, the current one first."""
    found: dict[int, bytes] = {}
    for part in filter(None, (piece.strip() for piece in raw.split(","))):
        number, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ImproperlyConfigured(f"{name}: a key is not base64.") from error
        if not number.isdigit() or not 1 <= int(number) <= 255 or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(f"{name} must be NUMBER:BASE64, numbers 1 to 255, keys of {KEY_BYTES} bytes.")
        found[int(number)] = key
    if not found:
        raise ImproperlyConfigured(f"{name} is empty.")
    return found


def from_environment(secret: str, field: str, blind: str) -> Keys:
    if len(secret) < 50:
        raise ImproperlyConfigured("FANGXIAN_SECRET_KEY is missing or shorter than 50 characters.")
    return Keys(secret, parse_keys(field, "FANGXIAN_FIELD_KEYS"), parse_keys(blind, "FANGXIAN_BLIND_KEYS"))


def from_file(path: Path) -> Keys:
    """Read the embedded keys; make them when the file is not there. Two processes may start at once: one file wins."""
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path} must be readable by its owner only (chmod 600).")
    held = json.loads(path.read_text("utf-8"))
    return Keys(held["secret"], parse_keys(held["field"], "field keys"), parse_keys(held["blind"], "blind-index keys"))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = {"secret": secrets.token_urlsafe(64), "field": f"1:{_new_key()}", "blind": f"1:{_new_key()}"}
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        # link() fails where the file exists by now, which rename() would overwrite.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
