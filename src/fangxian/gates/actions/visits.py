"""Who comes to somebody's door without a pass: the host is asked."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates.actions import passes
from fangxian.gates.actions.passes import NewPass
from fangxian.gates.models import FORGOTTEN, Pass, PassKind, VisitRequest, VisitStatus
from fangxian.gates.plan import plan_at
from fangxian.places.models import Place
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock, crypto
from fangxian.shared.clock import HOUR_US
from fangxian.shared.ids import new_id
from fangxian.shared.writer import Pace, in_chunks, write_lock

ANSWER_MINUTES: Final = 30
"""How long a visitor waits at the gate before the question lapses."""
VISITING: Final = frozenset({PassKind.VISITOR, PassKind.COURIER})
HOSTS: Final = frozenset({SubjectKind.HOUSEHOLD, SubjectKind.ENTERPRISE})
Channel = Literal["link", "call"]


class VisitError(Exception):
    """Nothing was changed; the message says why and what to do."""


def phone_aad(request: VisitRequest) -> str:
    return f"gates.visit.phone:{request.id}"


@write_lock()
def ask(
    *, gate: Place, kind: PassKind, host: Subject, name: str, by: str, now: datetime, phone: str = "",
    purpose: str = "",
) -> VisitRequest:  # fmt: skip
    """Somebody stands at `gate` and wants to go to `host`. The host answers within half an hour."""
    if kind not in VISITING:
        raise VisitError(_("Only visitors and couriers are asked for. Nothing was sent."))
    if host.kind not in HOSTS or host.merged_into_id is not None:
        raise VisitError(_("A host is a household or a company of the register. Nothing was sent; choose another."))
    if not name.strip():
        raise VisitError(_("Enter the visitor's name. Nothing was sent."))
    row = VisitRequest(
        id=new_id(), kind=kind, gate=gate, host=host, name=name.strip()[:80], purpose=purpose.strip()[:120],
        secret=secrets.token_urlsafe(20), asked_us=clock.to_us(now), asked_by=by,
        until_us=clock.to_us(now + timedelta(minutes=ANSWER_MINUTES)),
    )  # fmt: skip
    if phone.strip():
        row.phone_sealed = crypto.seal(phone.strip()[:40], phone_aad(row))
    row.save(force_insert=True)
    audit.record(by=by, act="gates.visit.asked", now=now, target=f"visit:{row.id}", place=gate.id)
    return row


@write_lock()
def answer(*, request: VisitRequest, agree: bool, channel: Channel, by: str, now: datetime) -> VisitRequest:
    """The host's answer, once. Agreed: a pass for this gate, for the hours of the plan; a courier's is for one entry.

    Raises VisitError when the question was answered before or has lapsed.
    """
    row = VisitRequest.objects.select_for_update(of=("self",)).select_related("gate", "host").get(id=request.id)
    if row.status == VisitStatus.ASKED and row.until_us <= clock.to_us(now):
        raise VisitError(_("Nobody answered in time. Ask the host again."))
    if row.status != VisitStatus.ASKED:
        raise VisitError(_("This was answered already. The first answer stands."))
    row.status = VisitStatus.AGREED if agree else VisitStatus.DECLINED
    row.channel, row.answered_us, row.answered_by = channel, clock.to_us(now), by
    if agree:
        (row.granted,) = passes.issue(passes=[_pass_of(row, now)], by=by, now=now, polite=False)
    row.save(update_fields=["status", "channel", "answered_us", "answered_by", "granted"])
    audit.record(by=by, act=f"gates.visit.{row.status}", now=now, target=f"visit:{row.id}", place=row.gate_id,
                 detail={"channel": channel})  # fmt: skip
    return row


def _pass_of(row: VisitRequest, now: datetime) -> NewPass:
    from_us = clock.to_us(now)
    # the counter of a tenant lets in who comes to that tenant
    tenant = row.host_id if row.host.kind == SubjectKind.ENTERPRISE else None
    return NewPass(
        kind=PassKind(row.kind), place_id=row.gate.parent_id or row.gate_id, gate_id=row.gate_id, holder=row.name,
        host_id=row.host_id, enterprise_id=tenant, from_us=from_us,
        until_us=from_us + plan_at(now).section.visitor_hours * HOUR_US, once=row.kind == PassKind.COURIER,
    )  # fmt: skip


@write_lock()
def reveal_phone(*, request: VisitRequest, by: str, now: datetime) -> str:
    """The visitor's telephone number in clear, to call back whoever waits; that it was read is recorded."""
    row = VisitRequest.objects.get(id=request.id)
    if row.phone_sealed is None:
        raise VisitError(_("No telephone number was given."))
    audit.record(by=by, act="gates.visit.phone", now=now, target=f"visit:{row.id}", place=row.gate_id)
    return crypto.unseal(row.phone_sealed, phone_aad(row))


def forget_visitors(*, before_us: int, by: str, now: datetime, limit: int) -> int:
    """Take the names off up to `limit` passes of visitors and couriers that ended before then, and the signed tokens
    that hold them; the numbers and what became of the passes stay. Returns how many; call again until 0."""
    rows = Pass.objects.filter(kind__in=("visitor", "courier"), until_us__lt=before_us).exclude(holder=FORGOTTEN)

    def forget(part: Sequence[UUID]) -> None:
        count = rows.filter(id__in=part).update(holder=FORGOTTEN, company="", token="")
        audit.record(by=by, act="gates.visitors.forgotten", now=now, detail={"passes": count})

    found = list(rows.order_by("until_us").values_list("id", flat=True)[:limit])
    in_chunks(found, forget, pace=Pace.for_database())
    return len(found)


@write_lock()
def lapse(*, now: datetime) -> int:
    """Questions that nobody answered in time. Returns how many."""
    waiting = VisitRequest.objects.filter(status=VisitStatus.ASKED, until_us__lte=clock.to_us(now))
    return waiting.update(status=VisitStatus.LAPSED)
