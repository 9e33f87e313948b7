"""Appending to the audit, and sealing it into a chain of hashes."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from fangxian.audit.models import Entry, Root
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

SEAL_CHUNK = 500


def record(
    *,
    by: str,
    act: str,
    now: datetime,
    target: str = "",
    place: UUID | str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one act inside the caller's transaction. `detail` takes codes, counts and references only."""
    Entry.objects.create(
        at_us=clock.to_us(now), actor=by, act=act, target=target, place=str(place), detail=dict(detail or {})
    )


@dataclass(frozen=True, slots=True)
class Act:
    """One of many acts that are recorded together; fields as in `record`."""

    act: str
    target: str
    place: UUID | str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def record_all(acts: Sequence[Act], *, by: str, now: datetime) -> None:
    """As `record`, for many acts of one moment."""
    at_us = clock.to_us(now)
    Entry.objects.bulk_create(
        [
            Entry(at_us=at_us, actor=by, act=one.act, target=one.target, place=str(one.place), detail=dict(one.detail))
            for one in acts
        ],
        batch_size=500,
    )


def entry_digest(previous: bytes, entry: Entry) -> bytes:
    """The seal of `entry` after `previous`: SHA-256 over both, in a fixed order of fields."""
    body = json.dumps(
        [entry.pk, entry.at_us, entry.actor, entry.act, entry.target, entry.place, entry.detail],
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    return hashlib.sha256(previous + body.encode()).digest()


def sign_root(day: date, entries: int, last_seal: bytes) -> bytes:
    key = next(iter(settings.BLIND_KEYS.values()))
    return hmac.new(key, f"audit-root|{day}|{entries}|{last_seal.hex()}".encode(), hashlib.sha256).digest()


def seal_entries(*, now: datetime, limit: int = SEAL_CHUNK) -> int:
    """Chain the oldest unsealed entries, one segment a local day. Returns how many were sealed.

    Sealing is apart from appending so that writes never queue on the chain.
    """
    day = clock.local_day(now)
    with write_lock():
        waiting = list(Entry.objects.filter(seal__isnull=True).order_by("id")[:limit])
        if not waiting:
            return 0
        root = Root.objects.filter(day=day).first()
        previous = bytes(root.last_seal) if root else day.isoformat().encode()
        count = root.entries if root else 0
        for entry in waiting:
            previous, count = entry_digest(previous, entry), count + 1
            # ids are not commit order on PostgreSQL, so the chain keeps an order of its own
            entry.seal, entry.segment, entry.position = previous, day, count
        Entry.objects.bulk_update(waiting, ["seal", "segment", "position"])
        Root.objects.update_or_create(
            day=day,
            defaults={"entries": count, "last_seal": previous, "signature": sign_root(day, count, previous)},
        )
    return len(waiting)
