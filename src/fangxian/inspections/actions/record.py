"""What a device sends after a walk through a place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.inspections import rules
from fangxian.inspections.actions import findings, owed, suspend
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.actions.findings import Seen, check_zone
from fangxian.inspections.actions.photos import check_photos
from fangxian.inspections.models import (
    Answer,
    Assignment,
    Finding,
    FindingAct,
    FindingStatus,
    Inspection,
    Mark,
    Occasion,
    Result,
)
from fangxian.inspections.plan import TYPES, Version, version_at, version_named
from fangxian.inspections.queries import access
from fangxian.inspections.rules import Actor
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.writer import write_lock

CLOCK_US: Final = 5 * MINUTE_US
"""So far ahead of ours may the clock of a device be before it is remarked."""


class SentAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One item. `result` is a value of models.Result; `zone` the letter of the zone it was seen in, where known."""

    item: str
    result: str
    spot: str = ""
    zone: str = ""
    note: str = ""
    photos: tuple[str, ...] = ()


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One walk. `checklist` is the fingerprint of the list as the form gave it; instants are the device's.

    `occasion` is a value of models.Occasion, as the device has it: what counts is what was assigned (`_occasion`).
    `assignment` is the hex id of the assignment that was followed, if one was.
    """

    id: UUID
    place: UUID
    occasion: str
    checklist: str
    begun_us: int
    finished_us: int
    answers: tuple[SentAnswer, ...]
    assignment: str = ""
    signed_name: str = ""
    unsigned_reason: str = ""
    note: str = ""
    offline: bool = False


class Status(StrEnum):
    STORED = "stored"
    KNOWN = "known"
    """It had arrived before. Nothing was changed; the answer is that of the first time."""
    REFUSED = "refused"
    """Nothing was kept; `text` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of it. `made` and `again`: ids of findings that are new, and of those that were known; `passed`:
    of those that this re-inspection closed. `missing`: items without an answer, where it was refused for that."""

    status: Status
    text: str = ""
    inspection_id: UUID | None = None
    in_order: int = 0
    applicable: int = 0
    made: tuple[UUID, ...] = ()
    again: tuple[UUID, ...] = ()
    passed: tuple[UUID, ...] = ()
    marks: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class _RefusedError(Exception):
    """Ends the transaction, and never leaves this module."""

    def __init__(self, text: str, missing: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.answer = Recorded(Status.REFUSED, text, missing=tuple(missing))


def record(*, sent: Sent, inspector: UUID, by: str, now: datetime) -> Recorded:
    """Keep an inspection with what it found; the same `sent.id` again changes nothing.

    In one transaction: the inspection with its answers, findings made or found again, re-inspected ones closed (for
    Occasion.RECHECK), what is owed, what is suspended. A daily or unannounced inspection answers every item of its list
    and fulfils the place's duty; a leader's fulfils it where it is as complete. Never raises for what was sent: a
    refusal is an answer.
    """
    try:
        with write_lock():
            known = Inspection.objects.filter(id=sent.id).first()
            if known is not None:
                return _known(known)
            owed.hold_cohorts()
            # asked again: PostgreSQL may have let the same one in while this one waited
            known = Inspection.objects.filter(id=sent.id).first()
            if known is not None:
                return _known(known)
            answer = _Recording(sent, inspector, by, now).store()
    except _RefusedError as refused:
        return refused.answer
    except InspectionError as error:
        return Recorded(Status.REFUSED, str(error))
    suspend.settle(place_id=sent.place, by=by, now=now)
    return answer


def _known(row: Inspection) -> Recorded:
    made = tuple(row.findings.values_list("id", flat=True))
    marks = tuple(mark for mark in row.marks.split(",") if mark)
    return Recorded(Status.KNOWN, "", row.id, row.in_order, row.applicable, made, marks=marks)


@dataclass
class _Recording:
    sent: Sent
    inspector: UUID
    by: str
    now: datetime
    observed_us: int = 0
    occasion: Occasion = Occasion.DAILY
    marks: list[Mark] = field(default_factory=list)

    def store(self) -> Recorded:
        place, assignment = self._place(), self._assignment()
        self.observed_us = self._observed()
        self.occasion = self._occasion(place, assignment)
        version = self._version(place)
        self._check(version)
        repeat = self._is_second(place, assignment)
        row = self._row(place, assignment, version)
        taken = self._find(row, place, version, repeat)
        passed = self._pass(row, place) if row.occasion == Occasion.RECHECK else ()
        if row.occasion != Occasion.RECHECK and not self._unanswered(version):
            at = clock.from_us(self.observed_us)
            owed.inspected(place=place, at=at, ref=f"inspection:{row.id.hex}", by=self.by, now=self.now)
        audit.record(
            by=self.by, act="inspections.recorded", now=self.now, target=f"inspection:{row.id}", place=place.id,
            detail={"occasion": row.occasion, "findings": len(taken), "marks": row.marks},
        )  # fmt: skip
        return Recorded(
            Status.STORED, "", row.id, row.in_order, row.applicable,
            made=tuple(one.finding.id for one in taken if one.made),
            again=tuple(one.finding.id for one in taken if not one.made), passed=passed, marks=tuple(self.marks),
        )  # fmt: skip

    def _place(self) -> Place:
        place = Place.objects.filter(id=self.sent.place, kind__in=list(TYPES)).first()
        if place is None:
            raise _RefusedError(
                _("There is no such building or compound any more. Nothing was kept; load the list again.")
            )
        if access.belongs(self.inspector, place, self.now):
            raise _RefusedError(
                _("Nobody inspects their own place. Nothing was kept; somebody from elsewhere has to come.")
            )
        return place

    def _assignment(self) -> Assignment | None:
        if not self.sent.assignment:
            return None
        try:
            wanted = UUID(hex=self.sent.assignment)
        except ValueError:
            return None
        row = Assignment.objects.filter(id=wanted, place_id=self.sent.place).first()
        if row is not None and row.inspector != self.inspector:
            self.marks.append(Mark.OTHER_INSPECTOR)
        return row

    def _occasion(self, place: Place, assignment: Assignment | None) -> Occasion:
        """As assigned. Without that a leader looks at what they choose, and what was put right may be looked at again;
        anything else is a daily inspection, whatever the device calls it."""
        if self.sent.occasion not in Occasion.values:
            raise _RefusedError(_("This kind of inspection is not known. Nothing was kept; load the form again."))
        claimed = Occasion(self.sent.occasion)
        found = Occasion(assignment.occasion) if assignment is not None else claimed
        if (
            found == Occasion.DAILY
            or (found == Occasion.LEADER and access.leads(self.inspector, place, self.now))
            or (found == Occasion.RECHECK and (assignment is not None or self._is_recheck_owed(place)))
            or (found == Occasion.UNANNOUNCED and assignment is not None)
        ):
            return found
        self.marks.append(Mark.AS_DAILY)
        return Occasion.DAILY

    def _is_recheck_owed(self, place: Place) -> bool:
        if Finding.objects.filter(place=place, status=FindingStatus.MENDED).exists():
            return True
        day = clock.local_day(clock.from_us(self.observed_us))
        sent = Assignment.objects.filter(place=place, day=day, occasion=Occasion.RECHECK, inspector=self.inspector)
        return sent.exists()

    def _version(self, place: Place) -> Version:
        current = version_at(place.kind, self.now)
        if current.sha256 == self.sent.checklist:
            return current
        named = version_named(place.kind, self.sent.checklist, self.now)
        self.marks.append(Mark.UNKNOWN_LIST if named is None else Mark.OLD_LIST)
        return named or current

    def _check(self, version: Version) -> None:
        sent = self.sent
        if len({answer.item for answer in sent.answers}) < len(sent.answers):
            raise _RefusedError(_("An item was answered twice. Nothing was kept; load the form again."))
        if any(answer.result not in Result.values for answer in sent.answers):
            raise _RefusedError(_("An answer is not one of those offered. Nothing was kept; load the form again."))
        missing = self._unanswered(version)
        complete = self.occasion in (Occasion.DAILY, Occasion.UNANNOUNCED)
        if complete and missing and Mark.UNKNOWN_LIST not in self.marks:
            raise _RefusedError(
                _("Not every item was answered: %(items)s. Nothing was kept; answer them and send it again.")
                % {"items": ", ".join(missing)},
                missing,
            )
        if not sent.answers:
            raise _RefusedError(_("Nothing was answered. Nothing was kept."))
        if not sent.signed_name.strip() and not sent.unsigned_reason.strip():
            raise _RefusedError(
                _("The property manager signs, or you say why not. Nothing was kept; add it and send it again.")
            )
        for answer in sent.answers:
            check_photos(answer.photos)
            check_zone(answer.zone)

    def _unanswered(self, version: Version) -> tuple[str, ...]:
        return rules.unanswered(version.items, [answer.item for answer in self.sent.answers])

    def _observed(self) -> int:
        """When it was finished. A clock that cannot be right is remarked, and never makes tomorrow's record."""
        now_us = clock.to_us(self.now)
        begun_us, finished_us = self.sent.begun_us, self.sent.finished_us
        if begun_us > finished_us or finished_us > now_us + CLOCK_US:
            self.marks.append(Mark.CLOCK)
        return min(finished_us, now_us)

    def _is_second(self, place: Place, assignment: Assignment | None) -> bool:
        """Marks it where the place was inspected on the same occasion. True where it is the same walk sent twice."""
        if self.occasion not in (Occasion.DAILY, Occasion.UNANNOUNCED):
            return False
        day = clock.local_day(clock.from_us(self.observed_us))
        same = Q(assignment=assignment) if assignment is not None else Q(pk__in=[])
        rows = Inspection.objects.filter(same | Q(place=place, day=day, occasion=self.occasion))
        inspectors = set(rows.values_list("inspector", flat=True))
        if inspectors:
            self.marks.append(Mark.SECOND)
        return self.inspector in inspectors

    def _row(self, place: Place, assignment: Assignment | None, version: Version) -> Inspection:
        sent, observed_us = self.sent, self.observed_us
        signed = sent.signed_name.strip()[:60]
        if not signed:
            self.marks.append(Mark.UNSIGNED)
        in_order, applicable = rules.score(answer.result for answer in sent.answers)
        row = Inspection.objects.create(
            id=sent.id, place=place, day=clock.local_day(clock.from_us(observed_us)), occasion=self.occasion,
            assignment=assignment, inspector=self.inspector, playbook_id=version.playbook_id,
            checklist=sent.checklist[:64], begun_us=min(sent.begun_us, observed_us), observed_us=observed_us,
            received_us=clock.to_us(self.now), in_order=in_order, applicable=applicable, signed_name=signed,
            signed_us=observed_us if signed else None,
            unsigned_reason="" if signed else sent.unsigned_reason.strip()[:200], note=sent.note.strip()[:400],
            offline=sent.offline, marks=",".join(self.marks),
        )  # fmt: skip
        Answer.objects.bulk_create(
            Answer(
                inspection=row, item=answer.item[:4], result=answer.result, spot=_spot(answer),
                note=answer.note.strip()[:400], photos=list(answer.photos),
            )
            for answer in sent.answers
        )  # fmt: skip
        return row

    def _find(self, row: Inspection, place: Place, version: Version, repeat: bool) -> list[findings.Taken]:
        seen = []
        for answer in self.sent.answers:
            item = version.item(answer.item)
            if answer.result != Result.FAULT or item is None:
                continue
            # stored, and so in the street's own language
            title = item.title.say(settings.LANGUAGE_CODE)
            seen.append(
                Seen(
                    place, title[:120], item.severity, row.observed_us, signed=row.signed_us is not None, item=item,
                    spot=_spot(answer), zone=answer.zone[:1], note=answer.note.strip()[:400], photos=answer.photos,
                    inspection=row, repeat=repeat,
                )
            )  # fmt: skip
        return findings.take(seen=seen, plan=version, by=self.by, now=self.now)

    def _pass(self, inspection: Inspection, place: Place) -> tuple[UUID, ...]:
        """Findings that were reported as put right, and that this re-inspection found in order. What the inspector
        reported so waits for somebody else, and is remarked."""
        passed: list[UUID] = []
        for answer in self.sent.answers:
            if answer.result != Result.OK:
                continue
            rows = Finding.objects.filter(place=place, item=answer.item, spot=_spot(answer))
            for row in rows.filter(status=FindingStatus.MENDED):
                if not rules.is_new_sight(row.status, self.observed_us, findings.mended_us(row)):
                    continue
                if findings.mended_by(row) == self.by:
                    self._mark_own_mend(inspection)
                    continue
                findings.move(
                    finding=row, act=FindingAct.PASS, actors={Actor.INSPECTOR}, text=answer.note,
                    photos=answer.photos, by=self.by, now=self.now, observed_at=clock.from_us(self.observed_us),
                )  # fmt: skip
                passed.append(row.id)
        return tuple(passed)

    def _mark_own_mend(self, inspection: Inspection) -> None:
        if Mark.OWN_MEND not in self.marks:
            self.marks.append(Mark.OWN_MEND)
            inspection.marks = ",".join(self.marks)
            inspection.save(update_fields=["marks"])


def _spot(answer: SentAnswer) -> str:
    return " ".join(answer.spot.split())[:60]
