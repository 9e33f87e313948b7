"""Registrations come in: read one by one outside any lock, then decided and stored together.

`register` may be called from any thread, outside any transaction; it returns when the rows are committed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext

from fangxian.audit import actions as audit
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register_batch import write_batch
from fangxian.masks.actions.register_items import Answer, Ask, Prepared
from fangxian.masks.doors import door_of
from fangxian.masks.models import ACTIVE_CALLS, Call, Registration
from fangxian.masks.rules import Code
from fangxian.masks.words import WORDS
from fangxian.registry import identifiers
from fangxian.registry.identity import document_lookups, document_mask, phone_mask
from fangxian.shared import clock, crypto, text
from fangxian.shared.group_commit import POSTGRES_LOCK, GroupCommit
from fangxian.shared.writer import write_lock

OPEN_CHANNELS: Final = ("page", "wechat")
"""What somebody who is not signed in can have used."""
SHOWN: Final = ("desk", "visit")
"""Where the document lies before the person who types it."""

_writer: Final[GroupCommit[Prepared, Answer]] = GroupCommit(write_batch, name="mask registrations")


def writer() -> GroupCommit[Prepared, Answer]:
    """For the metrics of the hot path."""
    return _writer


def register(
    asks: Sequence[Ask], now: datetime, *, by: str = "", staff: bool = False, trusted: bool = False
) -> list[Answer]:
    """Decide and store `asks`; one answer for each, in their order.

    `trusted`: a member of staff entered them, so that `unit`, `special`, `urgent` and the channel are believed; others
    register only the door whose code they have. `staff`: the applicant runs the round. Raises FullError and
    NotStoredError. An address that was written by hand is for `applications.register_written`.
    """
    if not asks:
        return []
    taken = _writer.submit(prepare(asks, now, by=by, staff=staff, trusted=trusted))
    return [said(found or Answer(id=ask.id.hex, status="failed")) for ask, found in zip(asks, taken, strict=True)]


def register_within(
    asks: Sequence[Ask], now: datetime, *, by: str = "", staff: bool = False, trusted: bool = False
) -> list[Answer]:
    """As `register`, in the caller's own transaction: for what must be committed together with something else."""
    prepared = prepare(asks, now, by=by, staff=staff, trusted=trusted)
    with write_lock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POSTGRES_LOCK])
        return [said(answer) for answer in write_batch(prepared)]


def said(answer: Answer) -> Answer:
    """With words for what was refused: what happened, and what to do next."""
    if answer.status == "refused":
        title, step = WORDS[Code(answer.code)]
        answer.said = gettext("%(what)s. %(next)s") % {"what": title, "next": step}
    return answer


def prepare(
    asks: Sequence[Ask], now: datetime, *, by: str = "", staff: bool = False, trusted: bool = False
) -> list[Prepared]:
    """Read codes, documents and telephones, and seal what is to be sealed: all that needs no lock and no database."""
    now_us = clock.to_us(now)
    return [_prepare(ask, now, now_us, by, staff, trusted) for ask in asks]


def _prepare(ask: Ask, now: datetime, now_us: int, by: str, staff: bool, trusted: bool) -> Prepared:
    document, problem = _document(ask, now)
    phone, wrong = _phone(ask)
    problem = problem or wrong
    applicant = text.fold(ask.applicant)
    observed = now_us if ask.at is None else min(ask.at, now_us)
    return Prepared(
        id=ask.id.hex, round=ask.round, unit=_unit(ask, trusted), problem=problem, wants=ask.wants,
        applicant=applicant,
        lookups=tuple(document_lookups(document)) if document else (),
        document_kind=document.kind.value if document else "",
        document_mask=document_mask(document.value) if document else "", phone=phone,
        phone_sealed=crypto.seal(phone, phone_aad(ask.id)) if phone else None,
        phone_mask=phone_mask(phone) if phone else "",
        channel=ask.channel if trusted or ask.channel in OPEN_CHANNELS else OPEN_CHANNELS[0],
        special=ask.special if trusted else "", urgent=trusted and ask.urgent, deliver=ask.deliver, staff=staff,
        seen=trusted and document is not None and ask.channel in SHOWN,
        # a door that was looked up from an address is nobody's letter
        proved=trusted or (bool(ask.door) and not ask.address), digit=_digit(document),
        birth_year=document.birth_date.year if document and document.birth_date else None, by=by,
        observed_us=observed, received_us=now_us,
    )  # fmt: skip


def _unit(ask: Ask, trusted: bool) -> str:
    """The dwelling's id, or nothing when it cannot be known."""
    if trusted and ask.unit:
        return ask.unit
    return door_of(ask.round, ask.door.strip()) if ask.door else ""


def _document(ask: Ask, now: datetime) -> tuple[identifiers.Document | None, Code | None]:
    if not ask.document.strip():
        return None, None
    kind = identifiers.document_kind(ask.document_kind) if ask.document_kind else None
    found = identifiers.read_document(ask.document, kind, ask.country, clock.local_day(now))
    return (found, None) if isinstance(found, identifiers.Document) else (None, Code.BAD_DOCUMENT)


def _phone(ask: Ask) -> tuple[str, Code | None]:
    if not ask.phone.strip():
        return "", None
    found = identifiers.read_phone(ask.phone, ask.country or "CN")
    return (found.value, None) if isinstance(found, identifiers.Phone) else ("", Code.BAD_PHONE)


def _digit(document: identifiers.Document | None) -> int | None:
    """The last digit of the number; X at the end of an identity card counts as even, as is usual."""
    if document is None:
        return None
    if document.value.endswith("X"):
        return 0
    return next((int(char) for char in reversed(document.value) if char.isdigit()), None)


def phone_aad(registration_id: UUID) -> str:
    return f"masks_registration.phone.{registration_id}"


def withdraw(*, registration: Registration, reason: str, by: str, now: datetime) -> None:
    """The number stays where it is in the order and is not called; the address may register again."""
    with write_lock():
        if Call.objects.filter(registration=registration, status__in=ACTIVE_CALLS).exists():
            raise MaskError(
                gettext(
                    "This number has been called. Nothing was changed. Withdraw it when its time to collect has passed."
                )
            )
        changed = Registration.objects.filter(id=registration.id, withdrawn_us__isnull=True).update(
            withdrawn_us=clock.to_us(now), withdrawn_reason=reason.strip()[:200]
        )
        if not changed:
            raise MaskError(gettext("This registration was withdrawn already. Nothing was changed."))
        audit.record(
            by=by or "resident", act="masks.registration.withdrawn", now=now, target=f"registration:{registration.id}",
            place=registration.committee_id,
        )  # fmt: skip
    registration.refresh_from_db(fields=["withdrawn_us", "withdrawn_reason"])
