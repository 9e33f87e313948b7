"""Passes: issued, issued again, suspended, restored, revoked."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates import tokens
from fangxian.gates.actions import presence
from fangxian.gates.actions.keys import ensure_key, private_key
from fangxian.gates.models import Pass, PassKind, PassStatus
from fangxian.gates.single import Key, key_of
from fangxian.registry.models import Subject
from fangxian.shared import clock, crypto
from fangxian.shared.clock import SECOND_US
from fangxian.shared.ids import new_id
from fangxian.shared.writer import in_chunks, write_lock

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Nothing that is read as something else: no 0 and O, no 1 and I."""
NUMBER_LENGTH: Final = 10
NAME_LENGTH: Final = 120
LAST_MINUTE: Final = 1_440


class PassError(Exception):
    """The pass was not issued or changed; the message says why and what to do."""


class HeldError(PassError):
    """Nothing was issued: the subject has a pass of which it may have one only. `permit` is that one."""

    def __init__(self, permit: Pass) -> None:
        self.permit = permit
        super().__init__(
            _("There is such a pass already, and it is suspended. Nothing was issued; restore or revoke it first.")
            if permit.status == PassStatus.SUSPENDED
            else _("There is such a pass already, and it is still good. Nothing was issued; use it, or replace it.")
        )


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
    """Sign and store all of them. Signing takes no lock; the rows go in by chunks cut by time.

    Raises PassError; HeldError where a subject has a pass of which it may have one only.
    """
    rows = signed(passes=passes, by=by, now=now)

    def store(part: Sequence[Pass]) -> None:
        held = _make_room(part, now)
        taken = set[Key]()
        for row in part:
            if (key := _key(row)) is None:
                continue
            if key in held:
                raise HeldError(held[key])
            if key in taken:
                raise PassError(_("The same pass was asked for twice. Nothing was issued."))
            taken.add(key)
        _store(part, by, now)

    in_chunks(rows, store, polite=polite)
    return rows


def issue_missing(*, passes: Sequence[NewPass], by: str, now: datetime, polite: bool = True) -> list[Pass]:
    """As `issue`, without those whose subject has got such a pass meanwhile (`single.key_of`).

    Who has one is asked again inside each chunk, so that two people who issue the same roster issue each pass once.
    """
    rows, stored = signed(passes=passes, by=by, now=now), list[Pass]()

    def store(part: Sequence[Pass]) -> None:
        taken: set[Key | None] = set(_make_room(part, now))
        left = []
        for row in part:
            key = _key(row)
            if key is None or key not in taken:
                left.append(row)
                taken.add(key)
        if left:
            _store(left, by, now)
            stored.extend(left)

    in_chunks(rows, store, polite=polite)
    return stored


def live_holders(subject_ids: Sequence[UUID], now: datetime) -> set[Key]:
    """Which passes these subjects have that are not revoked and not over. A suspended one counts."""
    rows = _counting(subject_ids).filter(until_us__gt=clock.to_us(now))
    values = rows.values_list("kind", "subject_id", "place_id", "enterprise_id")
    return {key for key in (key_of(*value) for value in values) if key is not None}


def _counting(subject_ids: Collection[UUID]) -> QuerySet[Pass]:
    return Pass.objects.filter(subject_id__in=subject_ids, followed=False).exclude(status=PassStatus.REVOKED)


def _key(row: Pass) -> Key | None:
    return key_of(row.kind, row.subject_id, row.place_id, row.enterprise_id)


def _make_room(rows: Sequence[Pass], now: datetime) -> dict[Key, Pass]:
    """Before `rows` are stored: what is over for the same subjects is followed now; what is not over is returned.

    The subjects are locked for the rest of the caller's transaction: PostgreSQL lets two issue at once.
    """
    wanted = {key for key in map(_key, rows) if key is not None}
    subject_ids = {key.subject_id for key in wanted}
    if not subject_ids:
        return {}
    # the weaker lock: rows that only point at a subject are written beside it
    list(Subject.objects.select_for_update(no_key=True).filter(id__in=subject_ids).order_by("id").values_list("id"))
    held: dict[Key, Pass] = {}
    over: list[UUID] = []
    for row in _counting(subject_ids).defer("token", "digest"):
        key = _key(row)
        if key is None or key not in wanted:
            continue
        if row.until_us > clock.to_us(now):
            held[key] = row
        else:
            over.append(row.id)
    Pass.objects.filter(id__in=over).update(followed=True)
    return held


def signed(*, passes: Sequence[NewPass], by: str, now: datetime) -> list[Pass]:
    """The rows, signed and not yet stored. Raises PassError, before anything is signed, where one cannot be."""
    for new in passes:
        if (fault := _fault(new)) is not None:
            raise PassError(fault)
    if not passes:
        return []
    row = ensure_key(by=by, now=now)
    signer = tokens.Signer(row.kid, private_key(row))
    return [_signed(new, signer, by, clock.to_us(now)) for new in passes]


def _fault(new: NewPass) -> str | None:
    if new.until_us - new.from_us < SECOND_US:
        return _("A pass ends after it begins. Nothing was issued; change the dates.")
    if not new.holder.strip():
        return _("A pass names its holder. Nothing was issued; enter the name.")
    slot = (new.slot_from, new.slot_until)
    if slot != (None, None) and not (None not in slot and 0 <= slot[0] < slot[1] <= LAST_MINUTE):  # type: ignore[operator]  # both are numbers here
        return _("An arrival slot ends after it begins, on the same day. Nothing was issued; change the slot.")
    return None


def _signed(new: NewPass, signer: tokens.Signer, by: str, now_us: int) -> Pass:
    ident, holder = new_id(), new.holder.strip()[:NAME_LENGTH]
    claims = tokens.Claims(
        pass_id=ident, kind=new.kind, place_id=new.place_id, name=holder, company=new.company, zone=new.zone,
        from_us=new.from_us, until_us=new.until_us, gate_id=new.gate_id, enterprise_id=new.enterprise_id,
        slot_from=new.slot_from, slot_until=new.slot_until, once=new.once,
    )  # fmt: skip
    token = tokens.sign(claims, signer)
    return Pass(
        id=ident, number=new_number(), kind=new.kind, subject_id=new.subject_id, place_id=new.place_id,
        gate_id=new.gate_id, enterprise_id=new.enterprise_id, host_id=new.host_id, holder=holder,
        company=new.company[:NAME_LENGTH], zone=new.zone, photo=new.photo, from_us=new.from_us, until_us=new.until_us,
        slot_from=new.slot_from, slot_until=new.slot_until, once=new.once, changed_us=now_us, key_id=signer.kid,
        token=token, digest=crypto.digest(token), replaces_id=new.replaces_id,
        wallet=secrets.token_urlsafe(24), issued_us=now_us, issued_by=by,
    )  # fmt: skip


def _store(rows: Sequence[Pass], by: str, now: datetime) -> None:
    """One entry of the audit for each pass, so that a pass has its whole history there."""
    Pass.objects.bulk_create(rows, batch_size=500)
    acts = [
        audit.Act(act="gates.pass.issued", target=f"pass:{row.id}", place=row.place_id, detail={"kind": row.kind})
        for row in rows
    ]
    audit.record_all(acts, by=by, now=now)


@write_lock()
def reissue(*, permit: Pass, reason: str, by: str, now: datetime) -> Pass:
    """A new pass in place of one that was lost or copied; the old one is revoked in the same step. Raises PassError.

    Only a pass in force: another one must not lift a suspension, and nobody gets two for one.
    """
    if permit.until_us <= clock.to_us(now):
        raise PassError(_("This pass is over. Nothing was issued; issue a new pass."))
    if not _change([permit], (PassStatus.LIVE,), PassStatus.REVOKED, reason, by, now):
        raise PassError(_("This pass is not in force, so there is none in its place. Nothing was issued."))
    new = NewPass(
        kind=PassKind(permit.kind), subject_id=permit.subject_id, place_id=permit.place_id, holder=permit.holder,
        company=permit.company, enterprise_id=permit.enterprise_id, host_id=permit.host_id, gate_id=permit.gate_id,
        zone=permit.zone, from_us=permit.from_us, until_us=permit.until_us, slot_from=permit.slot_from,
        slot_until=permit.slot_until, once=permit.once, photo=permit.photo, replaces_id=permit.id,
    )  # fmt: skip
    # no pause between chunks: the lock is held
    return issue(passes=[new], by=by, now=now, polite=False)[0]


@write_lock()
def issue_instead(*, new: NewPass, of: Pass, reason: str, by: str, now: datetime) -> Pass:
    """A new pass, such as one with other dates, and the one that is in force revoked in the same step.

    Raises PassError, and leaves both as they are, where `of` is not in force or does not stand in the way.
    """
    if of.status == PassStatus.SUSPENDED:
        raise HeldError(of)
    if _key(of) is None or _key(of) != key_of(new.kind, new.subject_id, new.place_id, new.enterprise_id):
        raise PassError(_("That pass is another one's. Nothing was issued; look for the person again."))
    if not _change([of], *CHANGES[Change.REVOKE], reason, by, now):
        raise PassError(_("Somebody has changed this pass meanwhile. Nothing was issued; look again."))
    return issue(passes=[replace(new, replaces_id=of.id)], by=by, now=now, polite=False)[0]


def suspend(*, passes: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Not good for the time being. Returns how many changed."""
    return _change(passes, *CHANGES[Change.SUSPEND], reason, by, now)


def restore(*, passes: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Good again. A revoked pass stays revoked: issue a new one."""
    return _change(passes, *CHANGES[Change.RESTORE], reason, by, now)


def revoke(*, passes: Sequence[Pass], reason: str, by: str, now: datetime) -> int:
    """Not good any more, for ever."""
    return _change(passes, *CHANGES[Change.REVOKE], reason, by, now)


@write_lock()
def _change(
    passes: Sequence[Pass], before: Sequence[PassStatus], after: PassStatus, reason: str, by: str, now: datetime
) -> int:
    """Compare and set: a pass that somebody else has changed meanwhile is left as it is."""
    if not reason.strip():
        raise PassError(_say_why())
    changed = set(_set_status([permit.id for permit in passes], before, after, reason, by, now))
    for permit in passes:
        if permit.id in changed:
            permit.refresh_from_db(fields=["status", "reason", "changed_us"])
    return len(changed)


def _say_why() -> str:
    return _("Say why. Nothing was changed.")


def _set_status(
    ids: Sequence[UUID], before: Sequence[PassStatus], after: PassStatus, reason: str, by: str, now: datetime,
    *, over_too: bool = True,
) -> list[UUID]:  # fmt: skip
    """Those of `ids` that are in one of the states `before` go to `after`; the rows are locked first, so that what
    is returned and audited is what was changed. Inside the caller's transaction."""
    rows = Pass.objects.select_for_update().filter(id__in=ids, status__in=before)
    if not over_too:
        rows = rows.filter(until_us__gt=clock.to_us(now))
    found = list(rows.order_by("id").values_list("id", "place_id"))
    kept = "" if after == PassStatus.LIVE else reason.strip()[:200]
    Pass.objects.filter(id__in=[key for key, _place in found]).update(
        status=after, reason=kept, changed_us=clock.to_us(now)
    )
    if after == PassStatus.REVOKED:
        presence.close([key for key, _place in found])
    acts = [audit.Act(act=f"gates.pass.{after}", target=f"pass:{key}", place=place) for key, place in found]
    audit.record_all(acts, by=by, now=now)
    return [key for key, _place in found]


class Change(StrEnum):
    SUSPEND = "suspend"
    RESTORE = "restore"
    REVOKE = "revoke"


CHANGES: Final[dict[Change, tuple[tuple[PassStatus, ...], PassStatus]]] = {
    Change.SUSPEND: ((PassStatus.LIVE,), PassStatus.SUSPENDED),
    Change.RESTORE: ((PassStatus.SUSPENDED,), PassStatus.LIVE),
    Change.REVOKE: ((PassStatus.LIVE, PassStatus.SUSPENDED), PassStatus.REVOKED),
}
"""From which states a change leads to which."""


def change_many(
    *, ids: Sequence[UUID], what: Change, reason: str, by: str, now: datetime, polite: bool = True
) -> set[UUID]:
    """Suspend, restore or revoke all of them, in chunks cut by time. Returns those that changed.

    The others stay as they are: over, or no longer in a state from which the change leads anywhere. Raises PassError.
    `polite=False` where the caller holds the lock already: no pause between chunks.
    """
    if not reason.strip():
        raise PassError(_say_why())
    before, after = CHANGES[what]
    changed: set[UUID] = set()

    def write(part: Sequence[UUID]) -> None:
        changed.update(_set_status(part, before, after, reason, by, now, over_too=False))

    in_chunks(ids, write, polite=polite)
    return changed
