"""What follows from a hand-over: its answer, and somebody's duty for each that contradicts the book."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.duties import actions as duties
from fangxian.duties.models import OneOff
from fangxian.masks.actions import channel, tasks
from fangxian.masks.actions.collect_items import Handed, Taken
from fangxian.masks.counter import Code
from fangxian.masks.models import Call, Collection, DayClose, Message, MessageKind, Round
from fangxian.masks.playbook import CALLED
from fangxian.masks.queries import numbers
from fangxian.masks.queries.rounds import current
from fangxian.masks.queries.shelves import collection_ref
from fangxian.masks.rules import read_voucher
from fangxian.places.models import Place, parent_paths
from fangxian.shared import clock
from fangxian.shared.language import street_language

CLOSE_AGAIN_HOURS: Final = 2

REPORTS: Final[dict[Code, Promise]] = {
    Code.DOUBLE: gettext_lazy("%(number)s was handed out a second time at a counter without network."),
    Code.VOID: gettext_lazy("%(number)s was handed out without network although its call did not hold any more."),
    Code.LAPSED: gettext_lazy("%(number)s was handed out without network after its time to collect had passed."),
    Code.WRONG_PHARMACY: gettext_lazy("%(number)s was handed out without network at a pharmacy it was not called at."),
    Code.NO_IDENTITY: gettext_lazy("%(number)s was handed out without network and without comparing the document."),
    Code.TOO_MANY: gettext_lazy("%(number)s was handed out without network in a larger quantity than was called."),
    Code.UNKNOWN: gettext_lazy("%(number)s, which nobody knows, was handed out at a counter without network."),
    Code.WRONG_CODE: gettext_lazy("%(number)s was handed out without network for a code that is not the number's own."),
    Code.NOT_CALLED: gettext_lazy("%(number)s was handed out without network although it was not called."),
    Code.WHICH: gettext_lazy("%(number)s was handed out without network and without saying which kind."),
}


def source_of(collection_id: UUID) -> str:
    """What the ledger's transfers and the duties of a hand-over name as their source."""
    return collection_ref(collection_id)


def answer(
    row: Collection, call: Call, *, status: str, code: Code, warnings: Sequence[str] = ()
) -> Taken:  # fmt: skip
    return Taken(
        id=row.id.hex, status=status, code=str(code), voucher=_voucher(call), call=call.id.hex,
        variant=call.variant.key, quantity=row.quantity, price_fen=row.price_fen,
        money_fen=row.quantity * row.price_fen, pharmacy=row.pharmacy.name, slot_from_us=call.slot_from_us,
        deadline_us=call.deadline_us, collected_us=row.observed_us, warnings=tuple(warnings),
    )  # fmt: skip


def answer_again(row: Collection) -> Taken:
    """The same id came again: what is stored, and nothing else."""
    return answer(row, row.call, status="known", code=Code.OK if row.standing else Code.DOUBLE)


def refuse(item: Handed, call: Call, code: Code, standing: Collection | None) -> Taken:
    """Nothing is stored. It says where to go, or where and when it was collected."""
    where = standing.pharmacy if standing is not None else call.pharmacy
    return Taken(
        id=item.id.hex, status="double" if code == Code.DOUBLE else "refused", code=str(code), voucher=_voucher(call),
        call=call.id.hex, variant=call.variant.key, quantity=call.quantity, pharmacy=where.name,
        slot_from_us=call.slot_from_us, deadline_us=call.deadline_us,
        collected_us=standing.observed_us if standing is not None else 0,
    )  # fmt: skip


def _voucher(call: Call) -> str:
    return numbers.voucher_of([call.registration])[call.registration_id]


def report(row: Collection, wrong: Sequence[Code], *, by: str, now: datetime) -> Message:
    """What a counter without a network did against the book: an incident in the channel, and the street's duty."""
    call = row.call
    with street_language():
        text = " ".join(str(REPORTS[code]) % {"number": _voucher(call)} for code in wrong)
    return channel.say(
        round=call.round, kind=MessageKind.INCIDENT, text=text[:400], pharmacy=row.pharmacy, source=source_of(row.id),
        by=by, now=now,
    )  # fmt: skip


def unattached(item: Handed, *, pharmacy: Place, code: Code, observed_us: int, by: str, now: datetime) -> None:
    """Goods left for a number that has no call to book them on. Reported once, however often it is sent."""
    source = source_of(item.id)
    read = read_voucher(item.call)
    # another street of this database may have a round of the same number
    here = Round.objects.filter(street__path__in=parent_paths(pharmacy.path))
    found = here.filter(number=read[0]).order_by("-created_us").first() if read else current(now)
    if found is None:
        return
    Round.objects.select_for_update(no_key=True).get(id=found.id)  # one of two that send the same reports it
    if OneOff.objects.filter(source=source).exists():
        return
    # what was typed may be anything, a name too: only what reads as a number is passed on
    number = f"R{read[0]}-{read[1]}-{read[2]:04d}" if read else "?"
    with street_language():
        at = clock.local(clock.from_us(observed_us))
        text = str(REPORTS[code]) % {"number": number}
        text = _("%(text)s %(quantity)d pieces, %(at)s. Count the shelf.") % {
            "text": text, "quantity": item.quantity, "at": f"{at:%m-%d %H:%M}",
        }  # fmt: skip
    channel.say(
        round=found, kind=MessageKind.INCIDENT, text=text, pharmacy=pharmacy, source=source, by=by, now=now
    )  # fmt: skip


def came(call: Call, row: Collection, *, by: str, now: datetime) -> None:
    """Whoever collected knows that the number was called."""
    at = clock.from_us(row.observed_us)
    item = duties.Done(call.registration.unit, at, f"mask-call:{call.id.hex}")
    duties.fulfil(cohort=CALLED, instance=call.run_id.hex, items=[item], by=by, now=now)


def ask_to_close_again(row: Collection, *, by: str, now: datetime) -> bool:
    """The day of this hand-over was counted before it was known: its pharmacy counts again. Whether it is so."""
    day = clock.local_day(clock.from_us(row.observed_us))
    closed = DayClose.objects.filter(round=row.call.round_id, pharmacy=row.pharmacy_id, day=day).first()
    if closed is None:
        return False
    source = close_again(closed)
    if not tasks.open_of(source):
        with street_language():
            title = str(_("Goods of a closed day became known: count and close that day again"))
        tasks.ask(
            title=title, place=row.pharmacy, role=Role.PHARMACY, until=now + timedelta(hours=CLOSE_AGAIN_HOURS),
            source=source, note=day.isoformat(), by=by, now=now,
        )  # fmt: skip
    return True


def close_again(closed: DayClose) -> str:
    return f"mask-reclose:{closed.id.hex}"
