"""Taking in what a counter handed out. Each hand-over is decided by itself; none is lost or booked twice."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import Field, ValidationError

from fangxian.console.sealed import Batch, Data, Micros, SealedItem
from fangxian.console.view import Who
from fangxian.masks.actions.collect import hand_over
from fangxian.masks.actions.collect_items import Handed, Taken
from fangxian.masks.counter import Code, Warn
from fangxian.masks.counter_words import WARNINGS, WORDS
from fangxian.places.models import Place
from fangxian.screening.models import DayPack
from fangxian.shared.sealing import UnsealError

REPORTED = frozenset({Code.UNKNOWN, Code.WRONG_CODE, Code.NOT_CALLED, Code.WHICH})
"""What left without a network and has no call to book it on: the server keeps it as an incident, not as a hand-over."""


class HandRecord(Data):
    """One hand-over as the counter sealed it. `money_fen` is what it told to take."""

    kind: Literal["hand"]
    call: Annotated[str, Field(min_length=1, max_length=60)]
    variant: Annotated[str, Field(max_length=16)] = ""
    quantity: Annotated[int, Field(ge=1, le=10_000)]
    identity: bool
    collector: Annotated[str, Field(max_length=80)] = ""
    at_us: Micros
    offline: bool
    money_fen: Annotated[int, Field(ge=0, le=10**9)] | None = None


def take_in(batch: Batch, who: Who) -> list[dict[str, Any]]:
    """One answer for each item that was decided; what could not be stored now is left out and sent again."""
    answers: list[dict[str, Any]] = []
    packs = {pack.id: pack for pack in DayPack.objects.filter(id__in={item.pack for item in batch.items})}
    opened: dict[str, list[tuple[SealedItem, HandRecord]]] = defaultdict(list)
    for item in batch.items:
        pack = packs.get(item.pack)
        if pack is None or pack.staff != who.staff.id or len(pack.nodes) != 1:
            reason = _("This was handed out by somebody else. It is kept here; sign in as that person to send it.")
            answers.append(_refused(item, reason))
            continue
        try:
            record = HandRecord.model_validate_json(item.open())
        except (UnsealError, ValidationError):
            reason = _("This record cannot be opened here. It is kept; show it to the administrator.")
            answers.append(_refused(item, reason))
            continue
        opened[pack.nodes[0]].append((item, record))
    places = {str(place.id): place for place in Place.objects.filter(id__in=list(opened))}
    for node, entries in opened.items():
        answers += _store(entries, places[node], batch.device_us, who)
    return answers


def _store(
    entries: Sequence[tuple[SealedItem, HandRecord]], pharmacy: Place, device_us: int, who: Who
) -> list[dict[str, Any]]:
    """The pack names the pharmacy: whoever took its list stood at its counter, even when the role has ended since."""
    items = [
        Handed(
            id=item.id, call=record.call, variant=record.variant, quantity=record.quantity, identity=record.identity,
            collector=record.collector.strip(), at=record.at_us, offline=record.offline,
        )
        for item, record in entries
    ]  # fmt: skip
    taken = hand_over(items, pharmacy=pharmacy, by=who.staff.actor, now=who.now, device_us=device_us)
    return [
        _answer(item, record, one)
        for (item, record), one in zip(entries, taken, strict=True)
        if one.status != "failed"
    ]  # fmt: skip


def _refused(item: SealedItem, reason: str) -> dict[str, Any]:
    return {"id": str(item.id), "status": "refused", "code": "", "reason": reason, "marks": []}


def _answer(item: SealedItem, record: HandRecord, taken: Taken) -> dict[str, Any]:
    code = Code(taken.code)
    title, then = (str(text) for text in WORDS[code])
    status = taken.status if taken.status in ("stored", "known") else "refused"
    marks: list[str] = []
    if record.offline and status == "refused" and code in REPORTED:
        status = "reported"
    if status == "reported" or (status != "refused" and code != Code.OK):
        # what has happened is kept: here "nothing was kept" would be wrong
        marks.append(_("%(what)s. It is kept and stands in the channel; the street settles it.") % {"what": title})
    if str(Warn.AFTER_CLOSE) in taken.warnings:
        marks.append(str(WARNINGS[Warn.AFTER_CLOSE]))
    if status in ("stored", "known") and record.money_fen not in (None, taken.money_fen):
        marks.append(
            _("Taken %(taken).2f yuan; by the book it is %(book).2f yuan. Note it at the closing.")
            % {"taken": (record.money_fen or 0) / 100, "book": taken.money_fen / 100}
        )
    return {
        "id": str(item.id), "status": status, "code": str(code), "reason": f"{title}. {then}", "marks": marks,
        "voucher": taken.voucher, "pharmacy": taken.pharmacy, "collected_us": taken.collected_us,
        "money_fen": taken.money_fen, "slot_from_us": taken.slot_from_us,
    }  # fmt: skip
