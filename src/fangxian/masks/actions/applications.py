"""Addresses that were written by hand: registered when exactly one dwelling is meant, else put to a person.

Each that waits is somebody's duty: the committee's where it was written down, else the street's.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.utils.translation import gettext

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.masks import rules
from fangxian.masks.actions import tasks
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import OPEN_CHANNELS, register, register_within, said
from fangxian.masks.actions.register_batch import new_secret
from fangxian.masks.actions.register_items import Answer, Ask
from fangxian.masks.addresses import one_dwelling
from fangxian.masks.doors import door_token
from fangxian.masks.models import Application, ApplicationStatus, Attempt, Round
from fangxian.masks.queries.rounds import facts_of
from fangxian.masks.rules import Code
from fangxian.places.models import Place
from fangxian.registry import identifiers
from fangxian.shared import clock, crypto
from fangxian.shared.language import street_language
from fangxian.shared.writer import write_lock

_NOTHING_FOUND: Final = frozenset({Code.NOT_YET, Code.CLOSED, Code.CANCELLED, Code.NOTHING, Code.TOO_MANY})
"""What is wrong whichever address is meant."""
DECIDE_HOURS: Final = 24


def register_written(
    ask: Ask, now: datetime, *, committee: Place | None = None, by: str = "", staff: bool = False,
    trusted: bool = False,
) -> Answer:  # fmt: skip
    """Register by `ask.address`, or keep it for a person. Outside any transaction, as `register`."""
    found = resolve(ask, now, committee=committee, by=by, trusted=trusted)
    return found if isinstance(found, Answer) else register([found], now, by=by, staff=staff, trusted=trusted)[0]


def resolve(
    ask: Ask, now: datetime, *, committee: Place | None = None, by: str = "", trusted: bool = False
) -> Ask | Answer:
    """The same registration by the code of the door that its address means; or the answer, when a person must look.

    Somebody who is not signed in must give a document with it: an address alone is known to every neighbour.
    """
    round = Round.objects.select_related("street").prefetch_related("variants").filter(id=UUID(hex=ask.round)).first()
    if round is None:
        return said(Answer(id=ask.id.hex, status="refused", code=Code.UNKNOWN_DOOR))
    unit = one_dwelling(round.street, ask.address, committee) if trusted or _documented(ask, now) else None
    if unit is None:
        return apply_unplaced(ask, now, round=round, committee=committee, by=by, trusted=trusted)
    return msgspec.structs.replace(ask, unit="", door=door_token(round.id, unit.id))


def _documented(ask: Ask, now: datetime) -> bool:
    if not ask.document.strip():
        return False
    kind = identifiers.document_kind(ask.document_kind) if ask.document_kind else None
    read = identifiers.read_document(ask.document, kind, ask.country, clock.local_day(now))
    return isinstance(read, identifiers.Document)


def apply_unplaced(
    ask: Ask, now: datetime, *, round: Round, committee: Place | None = None, by: str = "", trusted: bool = False
) -> Answer:
    """Keep what was written, sealed, for a person at the committee. Sending the same again gives the same answer.

    Only the same: an id is no proof of anything, and the answer opens the page of whoever wrote it.
    """
    kept = ask if trusted else msgspec.structs.replace(ask, special="", urgent=False, unit="", channel=_channel(ask))
    before = Application.objects.filter(id=ask.id, round=round).first()
    if before is not None:
        theirs = msgspec.structs.replace(_opened(before), at=kept.at) == kept
        return Answer(id=ask.id.hex, status="known", code=Code.UNPLACED, secret=before.secret if theirs else "")
    code = rules.judge(
        facts=facts_of(round), wants=ask.wants, at_us=clock.to_us(now), staff=False, known_door=True, taken=False
    )
    if code in _NOTHING_FOUND:
        Attempt.objects.get_or_create(
            id=ask.id,
            defaults={"round": round, "code": code, "channel": ask.channel, "at_us": clock.to_us(now), "by": by},
        )
        return said(Answer(id=ask.id.hex, status="refused", code=code))
    secret = new_secret()
    with write_lock():
        made = Application.objects.create(
            id=ask.id, round=round, committee=committee, sealed=crypto.seal(_text(kept), _aad(ask.id)),
            channel=kept.channel, secret=secret, at_us=clock.to_us(now), by=by,
        )  # fmt: skip
        _owe(made, by or "resident", now)
    return Answer(
        id=ask.id.hex,
        status="stored",
        code=Code.UNPLACED,
        secret=secret,
        committee=committee.id.hex if committee else "",
    )


def _source(application: Application) -> str:
    return f"mask-application:{application.id.hex}"


def _owe(application: Application, by: str, now: datetime) -> None:
    place = application.committee or application.round.street
    with street_language():
        tasks.ask(
            title=gettext("An address of round %(number)d that nobody found yet: find the dwelling, or say why not")
            % {"number": application.round.number},
            place=place, role=Role.COMMITTEE_SECRETARY if application.committee_id else Role.SECTION_HEAD,
            until=now + timedelta(hours=DECIDE_HOURS), source=_source(application), by=by, now=now,
        )  # fmt: skip


def _channel(ask: Ask) -> str:
    return ask.channel if ask.channel in OPEN_CHANNELS else OPEN_CHANNELS[0]


def _text(ask: Ask) -> str:
    return msgspec.json.encode(ask).decode()


def _aad(application_id: UUID) -> str:
    return f"masks_application.sealed.{application_id}"


def read_application(*, application: Application, by: str, now: datetime) -> Ask:
    """What was written, for the person who looks for the address; that it was read is recorded."""
    audit.record(
        by=by, act="masks.application.read", now=now, target=f"application:{application.id}",
        place=application.committee_id or "",
    )  # fmt: skip
    return _opened(application)


def _opened(application: Application) -> Ask:
    return msgspec.json.decode(crypto.unseal(application.sealed, _aad(application.id)), type=Ask)


def place_application(*, application: Application, unit: Place, by: str, now: datetime) -> Answer:
    """The address is this dwelling: register it, as of when it was received. Its number is the next one of now.

    Raises MaskError when the dwelling cannot be registered; the application then stays as it is.
    """
    with write_lock():
        fresh = _waiting(application)
        received = clock.from_us(fresh.at_us)
        ask = msgspec.structs.replace(_opened(fresh), unit=unit.id.hex, door="", channel=fresh.channel)
        answer = register_within([ask], received, by=by, trusted=True)[0]
        if answer.status not in ("stored", "known"):
            raise MaskError(_why_not(answer))
        Application.objects.filter(id=fresh.id).update(
            status=ApplicationStatus.PLACED, registration_id=ask.id, decided_us=clock.to_us(now), by=by,
            committee_id=UUID(hex=answer.committee),
        )  # fmt: skip
        audit.record(
            by=by, act="masks.application.placed", now=now, target=f"application:{fresh.id}",
            place=UUID(hex=answer.committee),
        )  # fmt: skip
        tasks.settle(source=_source(fresh), by=by, now=now)
    application.refresh_from_db()
    return answer


def _why_not(answer: Answer) -> str:
    if answer.standing:
        return gettext(
            "This dwelling is registered already as %(voucher)s. Nothing was changed. Choose another dwelling, or "
            "refuse the application."
        ) % {"voucher": answer.standing}
    return gettext("The application was not registered and still waits. %(why)s") % {"why": answer.said}


def refuse_application(
    *, application: Application, reason: str, by: str, now: datetime, desk: Place | None = None
) -> None:
    """Nothing is registered; the applicant reads the reason on the page of the application.

    `desk` is the committee that refuses; without one it is the street. An address that was given to no committee is
    only the street's to refuse: one committee cannot know that it is not another's.
    """
    if not reason.strip():
        raise MaskError(gettext("Say why the application is refused: the applicant reads it. Nothing was changed."))
    with write_lock():
        fresh = _of_desk(application, desk)
        Application.objects.filter(id=fresh.id).update(
            status=ApplicationStatus.REFUSED, reason=reason.strip()[:200], decided_us=clock.to_us(now), by=by
        )
        tasks.settle(source=_source(fresh), by=by, now=now)
        audit.record(
            by=by, act="masks.application.refused", now=now, target=f"application:{fresh.id}",
            place=fresh.committee_id or "",
        )  # fmt: skip
    application.refresh_from_db()


def pass_on(
    *, application: Application, committee: Place | None, by: str, now: datetime, desk: Place | None = None
) -> None:
    """It is another committee's, or (None) the street is to say whose: the duty goes with it. It still waits."""
    with write_lock():
        fresh = _of_desk(application, desk)
        if fresh.committee_id == (committee.id if committee is not None else None):
            raise MaskError(gettext("It lies there already. Nothing was changed. Choose another committee."))
        tasks.settle(source=_source(fresh), by=by, now=now)
        fresh.committee = committee
        fresh.save(update_fields=["committee"])
        _owe(fresh, by, now)
        audit.record(
            by=by, act="masks.application.passed_on", now=now, target=f"application:{fresh.id}",
            place=fresh.committee_id or "",
        )  # fmt: skip
    application.refresh_from_db()


def _of_desk(application: Application, desk: Place | None) -> Application:
    fresh = _waiting(application)
    if desk is not None and fresh.committee_id != desk.id:
        raise MaskError(
            gettext(
                "This address was given to no committee: only the street refuses it or gives it to one. Nothing was "
                "changed. Register it when it is one of yours."
            )
        )
    return fresh


def _waiting(application: Application) -> Application:
    fresh = Application.objects.select_for_update().get(id=application.id)
    if fresh.status != ApplicationStatus.WAITING:
        raise MaskError(gettext("This application was decided already. Nothing was changed."))
    return fresh
