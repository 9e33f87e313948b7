"""What a committee's desk does around the queue: places that are yielded, addresses that two claim, homes to visit."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.masks.actions import tasks
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.following import owe
from fangxian.masks.actions.register import prepare, register_within
from fangxian.masks.actions.register_batch import SECRET_BYTES
from fangxian.masks.actions.register_items import Ask
from fangxian.masks.actions.telling import delivered, told
from fangxian.masks.models import (
    ACTIVE_CALLS,
    Call,
    CallStatus,
    Dispute,
    DisputeStatus,
    Registration,
    Round,
    Special,
    SpecialUnit,
    Yield,
)
from fangxian.masks.playbook import SPECIAL
from fangxian.masks.queries.numbers import voucher_of
from fangxian.masks.queries.rounds import facts_of
from fangxian.masks.rules import Code
from fangxian.masks.sources import home_source
from fangxian.masks.words import WORDS
from fangxian.places.models import Place
from fangxian.registry import actions as registry
from fangxian.registry import identifiers
from fangxian.registry.identity import phone_mask
from fangxian.shared import clock, crypto, text
from fangxian.shared.ids import new_id
from fangxian.shared.language import street_language
from fangxian.shared.writer import write_lock

__all__ = [
    "HomeVisit", "ask_home", "decide_dispute", "delivered", "dispute", "mark_special", "told", "yield_place",
]  # fmt: skip

DISPUTE_HOURS: Final = 24


@write_lock()
def yield_place(*, registration: Registration, by: str, now: datetime) -> Yield:
    """Give one's place to the first urgent household behind. Once, and only while it is still a place in the queue."""
    row = Registration.objects.select_for_update(of=("self",)).get(id=registration.id)
    if row.withdrawn_us is not None:
        raise MaskError(_("This registration was withdrawn. There is no place to yield. Nothing was changed."))
    if row.urgent:
        raise MaskError(_("This household is in urgent need itself. Nothing was changed."))
    if Yield.objects.filter(registration=row).exists():
        raise MaskError(_("This place was yielded already. Nothing was changed."))
    if Call.objects.filter(registration=row, status__in=ACTIVE_CALLS).exists():
        raise MaskError(_("This number is called already, so its place is taken. Nothing was changed."))
    made = Yield.objects.create(registration=row, at_us=clock.to_us(now), by=by)
    audit.record(
        by=by or "resident", act="masks.place.yielded", now=now, target=f"registration:{row.id}",
        place=row.committee_id,
    )  # fmt: skip
    return made


@write_lock()
def dispute(
    *, registration: Registration, claimant: str, phone: str, statement: str, by: str, now: datetime
) -> Dispute:
    """Somebody else says that they live at the address. The number stays as it is until the committee has looked."""
    name = text.fold(claimant)
    if not name:
        raise MaskError(_("Enter the name of whoever lives there. Nothing was kept."))
    number = _phone(phone)
    row = Registration.objects.select_related("round", "committee").get(id=registration.id)
    if row.withdrawn_us is not None:
        raise MaskError(_("This registration was withdrawn: the address is free. Register it instead."))
    ident = new_id()
    made = Dispute(
        id=ident, registration=row, claimant=name[:80], statement=statement.strip()[:400], made_us=clock.to_us(now),
        phone_sealed=crypto.seal(number, _dispute_aad(ident)) if number else None,
        phone_mask=phone_mask(number) if number else "",
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise MaskError(_("A dispute about this address is open already. Nothing was kept; wait for it.")) from error
    with street_language():
        title = _("Two households claim the address of %(number)s: look and decide") % {"number": _voucher(row)}
    made.duty_id = tasks.ask(
        title=title, place=row.committee, role=Role.COMMITTEE_SECRETARY, until=now + timedelta(hours=DISPUTE_HOURS),
        source=f"mask-dispute:{made.id.hex}", by=by, now=now,
    )  # fmt: skip
    made.save(update_fields=["duty_id"])
    audit.record(
        by=by or "resident", act="masks.dispute.raised", now=now, target=f"dispute:{made.id}", place=row.committee_id
    )
    return made


def _phone(written: str) -> str:
    if not written.strip():
        return ""
    found = identifiers.read_phone(written, "CN")
    if not isinstance(found, identifiers.Phone):
        raise MaskError(str(WORDS[Code.BAD_PHONE][0]))
    return found.value


def _dispute_aad(dispute_id: UUID) -> str:
    return f"masks_dispute.phone.{dispute_id}"


def _voucher(registration: Registration) -> str:
    return voucher_of([registration])[registration.id]


@write_lock()
def decide_dispute(
    *, dispute: Dispute, uphold: bool, reason: str, by: str, now: datetime, document: str = "",
    document_kind: str = "",
) -> Dispute:  # fmt: skip
    """Upheld: the number is the claimant's from now on, at the same place in the order. The duty ends either way.

    The page of whoever held it opens no more. What is audited names the rows, never the people.
    """
    if not reason.strip():
        raise MaskError(_("Say why it is decided so. Nothing was changed."))
    row = Dispute.objects.select_for_update(of=("self",)).select_related("registration__round").get(id=dispute.id)
    if row.status != DisputeStatus.OPEN:
        raise MaskError(_("This dispute is decided already. Nothing was changed."))
    if uphold:
        _replace_holder(row, document, document_kind, by, now)
    row.status = DisputeStatus.UPHELD if uphold else DisputeStatus.DISMISSED
    row.decided_us, row.decided_by, row.reason = clock.to_us(now), by, reason.strip()[:200]
    row.save(update_fields=["status", "decided_us", "decided_by", "reason"])
    if row.duty_id is not None:
        tasks.finish(duty_id=row.duty_id, by=by, now=now)
    audit.record(
        by=by, act=f"masks.dispute.{row.status}", now=now, target=f"dispute:{row.id}",
        place=row.registration.committee_id, detail={"registration": row.registration_id.hex},
    )  # fmt: skip
    return row


def _replace_holder(row: Dispute, document: str, document_kind: str, by: str, now: datetime) -> None:
    holder = Registration.objects.select_for_update(of=("self",)).get(id=row.registration_id)
    if holder.withdrawn_us is not None:
        raise MaskError(_("This registration was withdrawn: the address is free. Dismiss the dispute and register it."))
    if Call.objects.filter(registration=holder, status=CallStatus.COLLECTED).exists():
        raise MaskError(
            _("The goods of this number were collected already. Nothing was changed. Report it in the channel.")
        )
    phone = crypto.unseal(row.phone_sealed, _dispute_aad(row.id)) if row.phone_sealed is not None else ""
    ask = Ask(
        id=holder.id, round=holder.round_id.hex, unit=holder.unit.hex, wants={}, applicant=row.claimant, phone=phone,
        document=document, document_kind=document_kind, channel="desk",
    )  # fmt: skip
    [new] = prepare([ask], now, by=by, trusted=True)
    if new.problem is not None:
        raise MaskError(_("%(what)s. Nothing was changed.") % {"what": WORDS[new.problem][0]})
    Registration.objects.filter(id=holder.id).update(
        applicant=new.applicant, subject=None, document_index=new.lookups[0] if new.lookups else None,
        document_kind=new.document_kind, document_mask=new.document_mask, phone_sealed=new.phone_sealed,
        phone_mask=new.phone_mask, verified=new.seen, digit=new.digit, birth_year=new.birth_year,
        secret=secrets.token_urlsafe(SECRET_BYTES),
    )  # fmt: skip


@write_lock()
def mark_special(*, unit: Place, group: Special, deliver: bool, by: str, now: datetime) -> SpecialUnit | None:
    """A special group lives here, or (NONE) does not any more. What is registered and not yet called follows."""
    live = _live_rounds(unit, now)
    waiting = Registration.objects.filter(unit=unit.id, withdrawn_us__isnull=True, round__in=live).exclude(
        calls__status__in=ACTIVE_CALLS
    )
    row: SpecialUnit | None = None
    if group == Special.NONE:
        SpecialUnit.objects.filter(unit=unit).delete()
        waiting.update(special=Special.NONE)
        with street_language():
            why = _("No special group lives here any more")
        for round in live:
            duties.withdraw(
                cohort=SPECIAL, instance=round.id.hex, subject_ids=[unit.id], by=by, now=now,
                reason=why,
            )  # fmt: skip
    else:
        row, _made = SpecialUnit.objects.update_or_create(
            unit=unit, defaults={"group": group, "deliver": deliver, "since_us": clock.to_us(now), "by": by}
        )
        waiting.update(special=group, **({"deliver": True} if deliver else {}))
    audit.record(by=by, act="masks.special.marked", now=now, target=f"place:{unit.id}", place=unit.id)
    return row


def _live_rounds(unit: Place, now: datetime) -> list[Round]:
    rows = Round.objects.filter(
        cancelled_us__isnull=True, announced_us__isnull=False, sale_until_us__gt=clock.to_us(now)
    ).select_related("street")
    return [row for row in rows if unit.path.startswith(row.street.path)]


@dataclass(frozen=True, slots=True)
class HomeVisit:
    """What one call led to: a number, and somebody who brings it and the goods."""

    registration_id: UUID
    voucher: str
    duty_id: UUID


@write_lock()
def ask_home(
    *, round: Round, unit: Place, applicant: str, phone: str, by: str, now: datetime, staff: UUID | None = None,
    role: Role = Role.COMMITTEE_WORKER, group: Special = Special.DISABLED, wants: Mapping[str, int] | None = None,
    document: str = "", document_kind: str = "", id: UUID | None = None,
) -> HomeVisit:  # fmt: skip
    """One telephone call is enough: registered on behalf, and a duty with a name until number and goods are there.

    An address that is registered already keeps its number; from now on its goods are brought. The same call again
    changes nothing. Raises MaskError when the round takes no registration.
    """
    if group == Special.NONE:
        raise MaskError(_("Say which special group it is: the reserve and the visits are for them. Nothing was kept."))
    mark_special(unit=unit, group=group, deliver=True, by=by, now=now)
    chosen = dict(wants) if wants is not None else dict(facts_of(round).quotas)
    ask = Ask(
        id=id or new_id(), round=round.id.hex, unit=unit.id.hex, wants=chosen, applicant=applicant, phone=phone,
        document=document, document_kind=document_kind, channel="phone", deliver=True,
    )  # fmt: skip
    [answer] = register_within([ask], now, by=by, trusted=True)
    if answer.status == "refused" and answer.code != Code.TAKEN:
        raise MaskError(answer.said)
    row = Registration.objects.select_related("round", "committee").get(
        round=round, unit=unit.id, withdrawn_us__isnull=True
    )
    if not row.deliver:
        _bring_from_now_on(row, group, by, now)
    return HomeVisit(row.id, _voucher(row), _give_visit(row, unit, staff, role, by, now))


def _bring_from_now_on(row: Registration, group: Special, by: str, now: datetime) -> None:
    Registration.objects.filter(id=row.id).update(deliver=True, special=row.special or group)
    calls = list(Call.objects.filter(registration=row, status=CallStatus.CALLED).select_related("registration"))
    owe(calls=calls, by=by, now=now)


def _give_visit(
    row: Registration, unit: Place, staff: UUID | None, role: Role, by: str, now: datetime
) -> UUID:  # fmt: skip
    source = home_source(row.id)
    have = tasks.open_of(source)
    if have:
        return have[0].id
    registry.ensure_place_subjects(places=[unit], now=now)
    with street_language():
        title = _("Home visit for %(number)s: bring the number, and the goods once it is called") % {
            "number": _voucher(row)
        }
    until = max(clock.from_us(row.round.sale_until_us), now + timedelta(hours=1))
    return tasks.ask(
        title=title, place=unit, until=until, staff=staff, role=None if staff is not None else role, source=source,
        about=unit.id, by=by, now=now,
    )  # fmt: skip
