"""Inspections of days gone by with what they found, all of it put right: many rows at once, as actions make them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from fangxian.accounts.models import Staff
from fangxian.demo import workplaces_facts as facts
from fangxian.inspections import rules
from fangxian.inspections.actions.record import SentAnswer
from fangxian.inspections.models import (
    Answer,
    Assignment,
    Finding,
    FindingAct,
    FindingStatus,
    FindingStep,
    Inspection,
    Result,
    Severity,
    Suspension,
)
from fangxian.inspections.plan import Version
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock

BATCH: Final = 1_000
TOOK: Final = {Severity.RED: (20, 55), Severity.AMBER: (60, 300), Severity.WHITE: (200, 600)}
CHECKED: Final = (10, 90)


class Past:
    def __init__(self, rng: Random, photos: Sequence[str]) -> None:
        self.rng = rng
        self.photos = photos
        self.inspections: list[Inspection] = []
        self.answers: list[Answer] = []
        self.subjects: list[Subject] = []
        self.findings: list[Finding] = []
        self.steps: list[FindingStep] = []
        self.suspensions: list[Suspension] = []

    def walk(
        self, row: Assignment, at: datetime, version: Version, answers: Sequence[SentAnswer], by: str, manager: Staff
    ) -> None:
        """One walk by its assignment; `by` is the inspector's actor."""
        in_order, applicable = rules.score(one.result for one in answers)
        at_us = clock.to_us(at)
        inspection = Inspection(
            id=new_id(), place_id=row.place_id, day=row.day, occasion=row.occasion, assignment=row,
            inspector=row.inspector, playbook_id=version.playbook_id, checklist=version.sha256,
            begun_us=clock.to_us(at - timedelta(minutes=30)), observed_us=at_us, received_us=at_us,
            in_order=in_order, applicable=applicable, signed_name=manager.name, signed_us=at_us,
        )  # fmt: skip
        self.inspections.append(inspection)
        for one in answers:
            self.answers.append(
                Answer(
                    inspection=inspection, item=one.item, result=one.result, spot=one.spot, note=one.note,
                    photos=list(one.photos),
                )
            )  # fmt: skip
            if one.result == Result.FAULT:
                self._found(inspection, version, one, at, by, manager)

    def _found(
        self, inspection: Inspection, version: Version, answer: SentAnswer, at: datetime, by: str, manager: Staff
    ) -> None:
        item = version.item(answer.item)
        assert item is not None
        severity = Severity(item.severity)
        mended = at + timedelta(minutes=self.rng.randint(*TOOK[severity]))
        closed = mended + timedelta(minutes=self.rng.randint(*CHECKED))
        at_us, closed_us = clock.to_us(at), clock.to_us(closed)
        scope = rules.suspends(item, severity, answer.zone)
        subject = Subject(kind=SubjectKind.WORK, label=f"{item.key} {item.title.zh}"[:120], created_us=at_us)
        finding = Finding(
            subject=subject, place_id=inspection.place_id, spot=answer.spot, zone=answer.zone, item=item.key,
            title=item.title.zh[:120], note=answer.note, severity=severity, status=FindingStatus.CLOSED,
            inspection=inspection, opened_us=at_us, due_us=rules.due_us(version.section.term(severity), at_us),
            closed_us=closed_us, suspends=(item.suspends or "") if scope else "", playbook_id=version.playbook_id,
            by=by,
        )  # fmt: skip
        self.subjects.append(subject)
        self.findings.append(finding)
        self._step(finding, "", "", FindingStatus.OPEN, answer.note, answer.photos, at, by)
        words, shown = self.rng.choice(facts.MENDED), (self.rng.choice(self.photos),)
        self._step(
            finding, FindingAct.MEND, FindingStatus.OPEN, FindingStatus.MENDED, words, shown, mended, manager.actor
        )
        self._step(finding, FindingAct.PASS, FindingStatus.MENDED, FindingStatus.CLOSED, "", (), closed, by)
        if scope is not None:
            self.suspensions.append(
                Suspension(
                    finding=finding, place_id=inspection.place_id, zone=scope.zone, since_us=at_us,
                    until_us=closed_us, by=by,
                )
            )  # fmt: skip

    def _step(
        self, finding: Finding, act: str, before: str, after: str, text: str, photos: Sequence[str], at: datetime,
        by: str,
    ) -> None:  # fmt: skip
        at_us = clock.to_us(at)
        self.steps.append(
            FindingStep(
                finding=finding, act=act, before=before, after=after, text=text, photos=list(photos),
                observed_us=at_us, received_us=at_us, by=by,
            )
        )  # fmt: skip

    @write_lock()
    def store(self) -> None:
        Inspection.objects.bulk_create(self.inspections, batch_size=BATCH)
        Answer.objects.bulk_create(self.answers, batch_size=BATCH)
        Subject.objects.bulk_create(self.subjects, batch_size=BATCH)
        Finding.objects.bulk_create(self.findings, batch_size=BATCH)
        FindingStep.objects.bulk_create(self.steps, batch_size=BATCH)
        Suspension.objects.bulk_create(self.suspensions, batch_size=BATCH)
