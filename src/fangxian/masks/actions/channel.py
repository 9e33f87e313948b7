"""What committees, pharmacies and the street tell each other in a round, each question with somebody who owes it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.masks.actions import tasks
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.models import Message, MessageKind, Round
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.language import street_language
from fangxian.shared.writer import write_lock

_K = MessageKind
TITLES: Final[dict[MessageKind, Promise]] = {
    _K.QUESTION: gettext_lazy("A question in the round's channel: answer it"),
    _K.INCIDENT: gettext_lazy("An incident at a pharmacy: settle it and answer in the channel"),
    _K.SHORTAGE: gettext_lazy("A shortage at a pharmacy: find goods and answer in the channel"),
}
ANSWER_HOURS: Final = {_K.QUESTION: 4, _K.INCIDENT: 2, _K.SHORTAGE: 4}
MOST_TEXT: Final = 400


@write_lock()
def say(
    *, round: Round, kind: MessageKind, text: str, by: str, now: datetime, pharmacy: Place | None = None,
    committee: Place | None = None, people: int | None = None, source: str = "",
) -> Message:  # fmt: skip
    """Put an entry into the channel. A question, an incident or a shortage becomes a duty that its answer ends.

    A committee's question about its pharmacy is for the pharmacy; everything else is for the street. `source` names
    what gave rise to it, where that is a row of its own.
    """
    said = text.strip()
    if not said and kind != MessageKind.CROWD:
        raise MaskError(_("Nothing was written. Nothing was kept. Write what the others are to know."))
    if kind == MessageKind.CROWD and people is None:
        raise MaskError(_("Say how many people are waiting. Nothing was kept."))
    if len(said) > MOST_TEXT:
        raise MaskError(
            _("The text is longer than %(most)d characters. Nothing was kept. Shorten it.") % {"most": MOST_TEXT}
        )
    message = Message.objects.create(
        round=round, kind=kind, text=said, pharmacy=pharmacy, committee=committee, people=people,
        at_us=clock.to_us(now), by=by,
    )  # fmt: skip
    if kind in TITLES:
        message.duty_id = _owe(message, source or f"mask-message:{message.id.hex}", by, now)
        message.save(update_fields=["duty_id"])
    audit.record(
        by=by, act="masks.channel.said", now=now, target=f"message:{message.id}", detail={"kind": str(kind)},
        place=(pharmacy or committee or round.street).id,
    )  # fmt: skip
    return message


def _owe(message: Message, source: str, by: str, now: datetime) -> UUID:
    kind = MessageKind(message.kind)
    for_pharmacy = kind == MessageKind.QUESTION and message.committee is not None and message.pharmacy is not None
    place = message.pharmacy or message.committee or message.round.street
    with street_language():
        return tasks.ask(
            title=str(TITLES[kind]), place=place, role=Role.PHARMACY if for_pharmacy else Role.SECTION_HEAD,
            until=now + timedelta(hours=ANSWER_HOURS[kind]), source=source, note=message.text, by=by, now=now,
        )  # fmt: skip


@write_lock()
def answer(*, message: Message, text: str, by: str, now: datetime) -> Message:
    """Answer an entry, once; its duty ends with it. Raises MaskError when somebody answered before."""
    said = text.strip()
    if not said:
        raise MaskError(_("Nothing was written. Nothing was kept. Write the answer."))
    if len(said) > MOST_TEXT:
        raise MaskError(
            _("The text is longer than %(most)d characters. Nothing was kept. Shorten it.") % {"most": MOST_TEXT}
        )
    row = Message.objects.select_for_update(of=("self",)).get(id=message.id)
    if row.answered_us is not None:
        raise MaskError(_("Somebody answered this before you. Your answer was not kept; read theirs first."))
    row.answer, row.answered_us, row.answered_by = said, clock.to_us(now), by
    row.save(update_fields=["answer", "answered_us", "answered_by"])
    if row.duty_id is not None:
        tasks.finish(duty_id=row.duty_id, by=by, now=now)
    audit.record(by=by, act="masks.channel.answered", now=now, target=f"message:{row.id}")
    return row
