"""Called numbers reach their households: told of them, or brought to the door with the goods."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.masks import rules
from fangxian.masks.actions import tasks
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed, Taken
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.register import phone_aad
from fangxian.masks.counter import Code
from fangxian.masks.counter_words import WORDS
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Registration
from fangxian.masks.playbook import CALLED, DELIVER
from fangxian.masks.sources import home_source
from fangxian.notices.models import Channel
from fangxian.shared import clock, crypto
from fangxian.shared.ids import new_id
from fangxian.shared.writer import in_chunks, write_lock


def told(*, calls: Sequence[Call], channel: Channel, by: str, now: datetime) -> int:
    """These households know that they are called. Who was told before is left alone. Returns how many are new."""
    count = 0

    def write(part: Sequence[UUID]) -> None:
        nonlocal count
        open_ = Call.objects.select_for_update(of=("self",)).filter(
            id__in=part, told_us__isnull=True, status__in=ACTIVE_CALLS
        )
        fresh = list(open_.select_related("registration").order_by("id"))
        Call.objects.filter(id__in=[call.id for call in fresh]).update(
            told_us=clock.to_us(now), told_channel=str(channel)
        )
        items: dict[UUID, list[duties.Done]] = defaultdict(list)
        for call in fresh:
            items[call.run_id].append(duties.Done(call.registration.unit, now, f"mask-told:{call.id.hex}"))
        for run_id, done in sorted(items.items()):
            duties.fulfil(cohort=CALLED, instance=run_id.hex, items=done, by=by, now=now)
        if fresh:
            audit.record(
                by=by, act="masks.called.told", now=now, target=f"round:{fresh[0].round_id}",
                detail={"channel": str(channel), "count": len(fresh)},
            )  # fmt: skip
        count += len(fresh)

    in_chunks([call.id for call in calls], write)
    return count


@write_lock()
def reveal_phone(*, registration: Registration, by: str, now: datetime) -> str:
    """The telephone number in clear, to tell a number by it; that it was read is recorded. Raises MaskError."""
    row = Registration.objects.get(id=registration.id)
    if row.phone_sealed is None:
        raise MaskError(_("No telephone number was given. Tell this household at the door or with a slip."))
    audit.record(
        by=by, act="masks.phone.revealed", now=now, target=f"registration:{row.id}", place=row.committee_id
    )  # fmt: skip
    return crypto.unseal(row.phone_sealed, phone_aad(row.id))


@write_lock()
def delivered(*, registration: Registration, by: str, now: datetime) -> list[Taken]:
    """Number and goods are at the door: what is called and not yet handed out is handed out with it.

    The visit stays somebody's duty while something that the household asked for is not called yet. Raises MaskError
    when nothing is called, or when the goods may not be handed out.
    """
    row = Registration.objects.select_related("round").get(id=registration.id)
    active = Call.objects.filter(registration=row, status__in=ACTIVE_CALLS)
    calls = list(active.select_related("pharmacy", "variant").order_by("id"))
    if not calls:
        raise MaskError(_("This number is not called yet: there is nothing to bring. Nothing was changed."))
    taken = [_hand(call, by, now) for call in calls if call.status == CallStatus.CALLED]
    for run_id in sorted({call.run_id for call in calls}):
        done = duties.Done(row.unit, now, f"mask-delivered:{row.id.hex}")
        duties.fulfil(cohort=DELIVER, instance=run_id.hex, items=[done], by=by, now=now)
    told(calls=calls, channel=Channel.DOOR, by=by, now=now)
    if {key for key, count in rules.parse_wants(row.wants).items() if count} <= {call.variant.key for call in calls}:
        tasks.settle(source=home_source(row.id), by=by, now=now)
    audit.record(
        by=by, act="masks.delivered", now=now, target=f"registration:{row.id}", place=row.committee_id
    )  # fmt: skip
    return taken


def _hand(call: Call, by: str, now: datetime) -> Taken:
    item = Handed(id=new_id(), call=call.id.hex, quantity=call.quantity, identity=True)
    [taken] = hand_over([item], pharmacy=call.pharmacy, by=by, now=now)
    if taken.status != "stored":
        title = WORDS[Code(taken.code)][0] if taken.code else _("The goods could not be booked")
        raise MaskError(_("%(what)s. Nothing was changed.") % {"what": title})
    return taken
