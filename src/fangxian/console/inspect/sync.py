"""Taking in what an inspector's phone recorded. Each record is decided by itself; none is lost or kept twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import ValidationError

from fangxian.console.inspect.pictures import digests
from fangxian.console.inspect.sent import RECORD, AnyRecord, JudgeRecord, MeasureRecord, WalkBatch, WalkItem, WalkRecord
from fangxian.console.view import Who
from fangxian.inspections.actions import findings, record
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.models import Assignment, Finding, FindingAct
from fangxian.inspections.models import Mark as SightMark
from fangxian.inspections.queries.access import actors_at, is_own
from fangxian.places.models import Place
from fangxian.screening import rules as screening
from fangxian.screening.models import DayPack, Mark
from fangxian.shared import clock
from fangxian.shared.sealing import UnsealError
from fangxian.workplaces.actions import measures
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.models import Measure

MARKS: Final = {
    SightMark.OLD_LIST: gettext_lazy("The checklist was changed meanwhile: judged by the one that was in hand."),
    SightMark.UNKNOWN_LIST: gettext_lazy("No plan has this checklist: what today's plan knows was judged by it."),
    SightMark.SECOND: gettext_lazy("This place was inspected today already: both inspections are kept."),
    SightMark.OWN_MEND: gettext_lazy("You reported something here as put right yourself: somebody else looks at it."),
    SightMark.AS_DAILY: gettext_lazy("Nothing else was assigned here: it is kept as a daily inspection."),
    SightMark.OTHER_INSPECTOR: gettext_lazy("Somebody else was assigned here meanwhile: yours is kept as well."),
}


@dataclass(frozen=True, slots=True)
class _Opened:
    item: WalkItem
    pack: DayPack
    record: AnyRecord
    when: screening.Observed

    @property
    def shift_us(self) -> int:
        """What puts other instants of the record right as well."""
        return self.when.observed_us - self.record.at_us


def take_in(batch: WalkBatch, who: Who) -> list[dict[str, Any]]:
    packs = {pack.id: pack for pack in DayPack.objects.filter(id__in={item.pack for item in batch.items})}
    return [_one(item, packs.get(item.pack), batch.device_us, who) for item in batch.items]


def _one(item: WalkItem, pack: DayPack | None, device_us: int, who: Who) -> dict[str, Any]:
    if pack is None or pack.staff != who.staff.id:
        why = _("This was recorded by somebody else. It is kept on the phone; sign in as that person to send it.")
        return _refused(item.id, why)
    try:
        content = RECORD.validate_json(item.open())
    except (UnsealError, ValidationError):
        return _refused(item.id, _("This record cannot be opened here. It is kept; show it to the administrator."))
    received = clock.to_us(who.now)
    when = screening.believed_time(
        content.at_us, issued_us=pack.issued_us, received_us=received, offset_then_us=content.offset_us,
        offset_now_us=received - device_us,
    )  # fmt: skip
    opened = _Opened(item, pack, content, when)
    try:
        answer = _store(opened, who)
    except (InspectionError, WorkplaceError) as refused:
        return _refused(item.id, str(refused))
    answer["marks"] += [str(Mark(mark).label) for mark in when.marks]
    return answer


def _store(opened: _Opened, who: Who) -> dict[str, Any]:
    if isinstance(opened.record, WalkRecord):
        return _walk(opened, opened.record, who)
    if isinstance(opened.record, JudgeRecord):
        return _judge(opened, opened.record, who)
    return _measure(opened, opened.record, who)


def _walk(opened: _Opened, content: WalkRecord, who: Who) -> dict[str, Any]:
    if not _may_walk(opened.pack, content, who):
        return _refused(opened.item.id, _("This place is not among yours. It is kept on the phone; ask who assigns."))
    tokens = opened.item.photos
    sent = record.Sent(
        id=opened.item.id, place=content.place, occasion=content.occasion, assignment=content.assignment,
        checklist=content.checklist, begun_us=min(content.begun_us + opened.shift_us, opened.when.observed_us),
        finished_us=opened.when.observed_us, signed_name=content.signed_name,
        unsigned_reason=content.unsigned_reason, note=content.note, offline=content.offline,
        answers=tuple(
            record.SentAnswer(
                item=one.item, result=one.result, spot=one.spot, zone=one.zone, note=one.note,
                photos=digests(one.photos, tokens, who),
            )
            for one in content.answers
        ),
    )  # fmt: skip
    taken = record.record(sent=sent, inspector=who.staff.id, by=who.staff.actor, now=who.now)
    if taken.status == record.Status.REFUSED:
        return _refused(opened.item.id, taken.text)
    marks = [str(MARKS[SightMark(mark)]) for mark in taken.marks if mark in MARKS]
    wanted = [photo for one in content.answers for photo in one.photos]
    return _taken(opened.item.id, str(taken.status), marks + _missing(wanted, tokens, who))


def _may_walk(pack: DayPack, content: WalkRecord, who: Who) -> bool:
    """Whoever took the place along walked there, even when somebody else was assigned since; or it came later."""
    if str(content.place) in pack.nodes:
        return True
    mine = Assignment.objects.filter(place_id=content.place, inspector=who.staff.id)
    return mine.exists() or Place.objects.filter(who.held.places(), id=content.place).exists()


def _judge(opened: _Opened, content: JudgeRecord, who: Who) -> dict[str, Any]:
    rows = Finding.objects.filter(id=content.finding, place_id__in=opened.pack.nodes).select_related("place")
    finding = rows.first()
    if finding is None:
        return _refused(opened.item.id, _("This finding is not at one of your places. It is kept on the phone."))
    done = findings.act(
        finding=finding, act=FindingAct(content.act), actors=actors_at(who.staff, finding.place, who.now),
        text=content.text, photos=digests(content.photos, opened.item.photos, who), step_id=opened.item.id,
        observed_at=clock.from_us(opened.when.observed_us), by=who.staff.actor, now=who.now,
    )  # fmt: skip
    return _taken(
        opened.item.id, "known" if done.known else "stored", _missing(content.photos, opened.item.photos, who)
    )


def _measure(opened: _Opened, content: MeasureRecord, who: Who) -> dict[str, Any]:
    rows = Measure.objects.filter(id=content.measure, place_id__in=opened.pack.nodes).select_related("place")
    row = rows.first()
    if row is None:
        return _refused(opened.item.id, _("This measure is not at one of your places. It is kept on the phone."))
    if is_own(who.grants, row.place):
        return _refused(opened.item.id, _("Nobody inspects their own place. It is kept on the phone."))
    done = measures.verify(
        measure=row, holds=content.holds, observed_at=clock.from_us(opened.when.observed_us), look=opened.item.id,
        by=who.staff.actor, now=who.now,
    )  # fmt: skip
    later = [_("Somebody looked at this measure later: what they saw stands.")] if done.outdated else []
    return _taken(opened.item.id, "known" if done.known else "stored", later)


def _missing(photos: Sequence[UUID], tokens: Mapping[UUID, str], who: Who) -> list[str]:
    lost = len(photos) - len(digests(photos, tokens, who))
    if lost <= 0:
        return []
    return [ngettext("%d photo could not be kept.", "%d photos could not be kept.", lost) % lost]


def _taken(record_id: UUID, status: str, marks: list[str]) -> dict[str, Any]:
    return {"id": str(record_id), "status": status, "reason": "", "marks": marks}


def _refused(record_id: UUID, why: str) -> dict[str, Any]:
    return {"id": str(record_id), "status": "refused", "reason": why, "marks": []}
