"""Passes: issued, issued again, suspended, restored, revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates import tokens
from fangxian.gates.actions.keys import ensure_key, private_key
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.shared import clock
from fangxian.shared.clock import SECOND_US
from fangxian.shared.ids import new_id
from fangxian.shared.writer import in_chunks, write_lock

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Nothing that is read as something else: no 0 and O, no 1 and I."""
NUMBER_LENGTH: Final = 10


class PassError(Exception):
    """The pass was not issued or changed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewPass:
    """A pass to be issued. `subject_id` is a person, a household (resident permit) or a vehicle."""

    kind: PassKind
    place_id: UUID
    holder: str
    from_us: int
    until_us: int
    subject_id: UUID | None = None
    company: str = ""
    enterprise_id: UUID | None = None
    host_id: UUID | None = None
    gate_id: UUID | None = None
    zone: str = ""
    slot_from: int | None = None
    slot_until: int | None = None
    once: bool = False
    photo: str = ""
    replaces_id: UUID | None = None


def check_character(body: str) -> str:
    """One wrong character, or two neighbours that changed places, give another check character (Luhn mod 32)."""
    total = 0
    for position, character in enumerate(reversed(body)):
        value = ALPHABET.index(character) * (2 if position % 2 == 0 else 1)
        total += value // len(ALPHABET) + value % len(ALPHABET)
    return ALPHABET[-total % len(ALPHABET)]


def new_number() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH - 1))
    return body + check_character(body)


def read_number(text: str) -> str | None:
    """A number as somebody typed it, without spaces and hyphens; None when it cannot be one."""
    number = "".join(text.split()).replace("-", "").upper()
    if len(number) != NUMBER_LENGTH or any(character not in ALPHABET for character in number):
        return None
    return number if check_character(number[:-1]) == number[-1] else None


def issue(*, passes: Sequence[NewPass], by: str, now: datetime, polite: bool = True) -> list[Pass]:
    """Sign and store. Signing takes no lock; the rows go in by chunks cut by time."""
    if not passes:
        return []
    key_row = ensure_key(by=by, now=now)
    key = private_key(key_row)
    now_us = clock.to_us(now)
    rows = []
    for new in passes:
        if new.until_us - new.from_us < SECOND_US:
            raise PassError(_("A pass ends after it begins. Nothing was issued; change the dates."))
        if not new.holder.strip():
            raise PassError(_("A pass names its holder. Nothing was issued; enter the name."))
        ident = new_id()
        claims = tokens.Claims(
            pass_id=ident, kind=new.kind, place_id=new.place_id, name=new.holder, company=new.company, zone=new.zone,
            from_us=new.from_us, until_us=new.until_us, gate_id=new.gate_id, enterprise_id=new.enterprise_id,
            slot_from=new.slot_from, slot_until=new.slot_until, once=new.once,
        )  # fmt: skip
        token = tokens.sign(claims, tokens.Signer(key_row.kid, key))
        rows.append(
            Pass(
                id=ident, number=new_number(), kind=new.kind, subject_id=new.subject_id, place_id=new.place_id,
                gate_id=new.gate_id, enterprise_id=new.enterprise_id, host_id=new.host_id,
                holder=new.holder.strip()[:120],
                company=new.company[:120], zone=new.zone, photo=new.photo, from_us=new.from_us, until_us=new.until_us,
                slot_from=new.slot_from, slot_until=new.slot_until, once=new.once, changed_us=now_us,
                key_id=key_row.kid, token=token, digest=hashlib.sha256(token.encode()).digest(),
                replaces_id=new.replaces_id, wallet=secrets.token_urlsafe(24), issued_us=now_us, issued_by=by,
            )
        )  # fmt: skip

    def store(part: Sequence[Pass]) -> None:
        Pass.objects.bulk_create(part, batch_size=500)
        audit.record(
            by=by, act="gates.pass.issued", now=now, place=part[0].place_id,
            target=f"pass:{part[0].id}" if len(part) == 1 else "", detail={"count": len(part)},
        )  # fmt: skip

    in_chunks(rows, store, polite=polite)
    return rows


@write_lock()
def reissue(*, permit: Pass, reason: str, by: str, now: datetime) -> Pass:
    """A new pass in place of one that was lost or copied; the old one is revoked in the same step."""
    revoke(passes=[permit], reason=reason, by=by, now=now)
    new = NewPass(
        kind=PassKind(permit.kind), subject_id=permit.subject_id, place_id=permit.place_id, holder=permit.holder,
        company=permit.company, enterprise_id=permit.enterprise_id, host_id=permit.host_id, gate_id=permit.gate_id,
        zone=permit.zone, from_us=permit.from_us, until_us=permit.until_us, slot_from=permit.slot_from,
        slot_until=permit.slot_until, once=permit.once, photo=permit.photo, replaces_id=permit.id,
    )  # fmt: skip
    return issue(passes=[new], by=by, now=now)[0]


def suspend(*, passes: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Not good for the time being. Returns how many changed."""
    return _change(passes, (PassStatus.LIVE,), PassStatus.SUSPENDED, reason, by, now)


def restore(*, passes: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Good again. A revoked pass stays revoked: issue a new one."""
    return _change(passes, (PassStatus.SUSPENDED,), PassStatus.LIVE, reason, by, now)


def revoke(*, passes: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Not good any more, for ever."""
    return _change(passes, (PassStatus.LIVE, PassStatus.SUSPENDED), PassStatus.REVOKED, reason, by, now)


@write_lock()
def _change(
    passes: Sequence[Pass], before: Sequence[PassStatus], after: PassStatus, reason: str, by: str, now: datetime
) -> int:
    """Compare and set: a pass that somebody else has changed meanwhile is left as it is."""
    if not reason.strip():
        raise PassError(_("Say why. Nothing was changed."))
    changed = 0
    for permit in passes:
        done = Pass.objects.filter(id=permit.id, status__in=before).update(
            status=after, reason="" if after == PassStatus.LIVE else reason.strip()[:200], changed_us=clock.to_us(now)
        )
        if done:
            changed += done
            audit.record(
                by=by, act=f"gates.pass.{after}", now=now, target=f"pass:{permit.id}", place=permit.place_id,
            )  # fmt: skip
            permit.refresh_from_db(fields=["status", "reason", "changed_us"])
    return changed
