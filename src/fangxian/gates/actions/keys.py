"""Keys that sign passes. Several verify at once, so that a new key does not make yesterday's passes worthless."""

from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import IntegrityError, transaction

from fangxian.audit import actions as audit
from fangxian.gates import tokens
from fangxian.gates.models import SigningKey
from fangxian.gates.queries import hot
from fangxian.shared import clock, crypto
from fangxian.shared.writer import write_lock

MOST_KEYS: Final = 255


def _aad(kid: int) -> str:
    return f"gates.signingkey.{kid}"


def ensure_key(*, by: str, now: datetime) -> SigningKey:
    """The key that signs now; the first one is made when it is first needed."""
    current = _signing()
    if current is not None:
        return current
    try:
        with write_lock(), transaction.atomic():
            # the number first: whoever makes a key after we have looked for one then takes the same number
            kid = _next_kid()
            return _signing() or _make(kid, by, now)
    except IntegrityError:
        # PostgreSQL lets two of these run at once: the other one has made it
        current = _signing()
        if current is None:
            raise
        return current


@write_lock()
def rotate_key(*, by: str, now: datetime) -> SigningKey:
    """Sign with a new key from here on. What the old ones signed stays good."""
    list(SigningKey.objects.select_for_update().order_by("kid").values_list("kid"))
    SigningKey.objects.filter(retired_us__isnull=True).update(retired_us=clock.to_us(now))
    return _make(_next_kid(), by, now)


@write_lock()
def distrust_key(*, key: SigningKey, reason: str, by: str, now: datetime) -> None:
    """The private part may have leaked: every pass that this key signed is refused from here on. Twice is once."""
    now_us = clock.to_us(now)
    if not SigningKey.objects.filter(kid=key.kid, distrusted_us__isnull=True).update(distrusted_us=now_us):
        return
    SigningKey.objects.filter(kid=key.kid, retired_us__isnull=True).update(retired_us=now_us)
    audit.record(
        by=by, act="gates.key.distrusted", now=now, target=f"signingkey:{key.kid}", detail={"reason": reason[:200]}
    )
    transaction.on_commit(hot.forget)


def _signing() -> SigningKey | None:
    return SigningKey.objects.filter(retired_us__isnull=True, distrusted_us__isnull=True).order_by("-kid").first()


def _next_kid() -> int:
    last = SigningKey.objects.order_by("-kid").first()
    kid = last.kid + 1 if last else 1
    if kid > MOST_KEYS:
        raise OverflowError("the number of a key is one byte of each pass")
    return kid


def _make(kid: int, by: str, now: datetime) -> SigningKey:
    private = tokens.new_private_key()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    x, y = tokens.public_halves(private)
    row = SigningKey.objects.create(
        kid=kid,
        private_sealed=crypto.seal(pem.decode(), _aad(kid)),
        public_x=x,
        public_y=y,
        created_us=clock.to_us(now),
    )
    audit.record(by=by, act="gates.key.made", now=now, target=f"signingkey:{kid}")
    transaction.on_commit(hot.forget)
    return row


def private_key(row: SigningKey) -> ec.EllipticCurvePrivateKey:
    """Raises crypto.SealError when the field key that sealed it is not loaded."""
    pem = crypto.unseal(row.private_sealed, _aad(row.kid))
    found = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)
    return found
