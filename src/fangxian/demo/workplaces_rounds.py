"""A week of inspections of the demonstration street, and what became of what they found."""

import heapq
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from typing import Final
from uuid import UUID

from PIL import Image, ImageDraw

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.demo import workplaces_facts as facts
from fangxian.demo.morning import Timeline
from fangxian.demo.workplaces_buildings import Office
from fangxian.demo.workplaces_past import Past
from fangxian.inspections import folds, rules
from fangxian.inspections.actions import assign, findings, record, suspend
from fangxian.inspections.actions.photos import keep_photo
from fangxian.inspections.actions.record import Recorded, Sent, SentAnswer, Status
from fangxian.inspections.models import Assignment, Finding, FindingAct, Occasion, Result, Severity
from fangxian.inspections.plan import Version, version_at
from fangxian.inspections.rules import Actor
from fangxian.places.models import Place, PlaceKind, parent_paths
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock

DAYS: Final = 7
STEPPED_FROM: Final = time(13, 0)
"""Of yesterday from then on, every third building is walked step by step; the days before are rows at once."""
BEGINS: Final = time(8, 20)
MINUTES: Final = 480
PLANNED_AT: Final = time(7, 30)
LEFT_OUT: Final = 0.04
UNSIGNED: Final = 0.04
AGREED: Final = 0.6
NEVER: Final = 0.05
FAILED: Final = 0.1
ESTATE_FAULT: Final = 0.03
MENDED_AFTER: Final = {Severity.RED: (15, 50), Severity.AMBER: (40, 420), Severity.WHITE: (300, 3_500)}
RECHECKED_AFTER: Final = {Severity.RED: (10, 40), Severity.AMBER: (30, 240), Severity.WHITE: (60, 1_200)}
SETTLED_BEFORE: Final = timedelta(hours=4)
GARAGE_BEFORE: Final = timedelta(minutes=35)
AGREED_BEFORE: Final = timedelta(minutes=20)
UNTIL_AFTER: Final = timedelta(minutes=40)
ABSENT: Final = "物业经理在另一楼宇处置，已电话告知"
FAILED_WORDS: Final = "仍有一处未整改"
_MEND: Final = frozenset({Actor.RESPONSIBLE})
_JUDGE: Final = frozenset({Actor.INSPECTOR})


@dataclass
class Rounds:
    """What happens is put in the order of time, and what would come after `end` does not happen yet."""

    when: Timeline
    offices: Sequence[Office]
    rng: Random
    by: str
    inspections: int = 0
    findings: int = 0
    photos: list[str] = field(default_factory=list)
    _waiting: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self.end = self.when.end
        self.first = self.when.today - timedelta(days=DAYS - 1)
        self.office_of = {office.place.id: office for office in self.offices}
        # one building in six is weak in most things
        self.weak = {office.place.id: 2.4 if at % 6 == 4 else 0.7 for at, office in enumerate(self.offices)}
        self.staff = {one.id: one for one in Staff.objects.all()}
        self.secretaries = _secretaries()
        self.versions: dict[str, Version] = {}

    def before(self) -> None:
        """The days gone by, and what is to come put in order."""
        for number in range(3):
            shown = clock.at(self.first, PLANNED_AT)
            content = photo(self.rng, number)
            self.photos.append(keep_photo(content=content, name="p.jpg", by=self.by, now=shown))
        for back in reversed(range(DAYS)):
            day = self.when.today - timedelta(days=back)
            assign.plan_day(day=day, by=self.by, now=self.end)
            walks = list(Assignment.objects.filter(day=day, occasion=Occasion.DAILY).select_related("place"))
            stepped = [row for row in walks if not back or (back == 1 and self._is_stepped(row.place_id))]
            self._past([row for row in walks if row not in stepped])
            for row in stepped:
                self._plan_walk(row)
        morning = clock.at(self.when.today, PLANNED_AT)
        self._at(morning, partial(folds.enrol_places, now=morning))

    def _is_stepped(self, place_id: UUID) -> bool:
        return next((at for at, one in enumerate(self.offices) if one.place.id == place_id), 1) % 3 == 0

    def until(self, moment: datetime) -> None:
        """What has happened by one of the steps of the replay."""
        with write_lock():
            while self._waiting and self._waiting[0][0] <= moment:
                heapq.heappop(self._waiting)[-1]()

    def _past(self, walks: Sequence[Assignment]) -> None:
        """Before anything was owed: each walk whole, each fault put right."""
        past = Past(self.rng, self.photos)
        for row in walks:
            if row.place_id in self.office_of and self.rng.random() >= LEFT_OUT:
                at = clock.at(row.day, BEGINS) + timedelta(minutes=self.rng.randrange(MINUTES))
                version, manager = self._version(row.place.kind), self._responsible(row.place)
                answers = self._answers(row.place, version, at)
                past.walk(row, at, version, answers, self.staff[row.inspector].actor, manager)
        past.store()
        self.inspections += len(past.inspections)
        self.findings += len(past.findings)

    def _at(self, moment: datetime, step: Callable[[], object]) -> None:
        if moment <= self.end:
            self._number += 1
            heapq.heappush(self._waiting, (moment, self._number, step))

    def _after(self, moment: datetime, minutes: tuple[int, int]) -> datetime:
        """So many minutes on, and by day."""
        found = moment + timedelta(minutes=self.rng.randint(*minutes))
        local = clock.local(found)
        if local.time() > time(20) or local.time() < time(7):
            day = local.date() + timedelta(days=local.time() > time(20))
            return clock.at(day, time(8)) + timedelta(minutes=self.rng.randrange(120))
        return found

    def _plan_walk(self, row: Assignment) -> None:
        if self.rng.random() < LEFT_OUT:
            return
        begins = BEGINS if row.day == self.when.today else STEPPED_FROM
        most = MINUTES if row.day == self.when.today else MINUTES // 2
        at = clock.at(row.day, begins) + timedelta(minutes=self.rng.randrange(most))
        self._at(at, lambda: self._walk(row, at))

    def _walk(self, row: Assignment, at: datetime) -> None:
        version = self._version(row.place.kind)
        signed = self._responsible(row.place).name if self.rng.random() >= UNSIGNED else ""
        sent = Sent(
            id=new_id(), place=row.place_id, occasion=row.occasion, assignment=row.id.hex, checklist=version.sha256,
            begun_us=clock.to_us(at - timedelta(minutes=self.rng.randint(18, 40))), finished_us=clock.to_us(at),
            answers=tuple(self._answers(row.place, version, at)), signed_name=signed,
            unsigned_reason="" if signed else ABSENT,
        )  # fmt: skip
        answer = record.record(sent=sent, inspector=row.inspector, by=self.staff[row.inspector].actor, now=at)
        self._took(answer)
        for finding in Finding.objects.filter(id__in=answer.made).select_related("place"):
            self._follow(finding, at, row.inspector)

    def _took(self, answer: Recorded) -> None:
        if answer.status is not Status.STORED:
            raise ValueError(f"an inspection was refused: {answer.text}")
        self.inspections += 1
        self.findings += len(answer.made)

    def _version(self, kind: str) -> Version:
        if kind not in self.versions:
            self.versions[kind] = version_at(kind, self.end)
        return self.versions[kind]

    def _answers(self, place: Place, version: Version, at: datetime) -> list[SentAnswer]:
        office = self.office_of.get(place.id)
        found = (
            facts.faults(self.rng, self.weak[place.id])
            if office is not None
            else tuple(item.key for item in version.items if self.rng.random() < ESTATE_FAULT)
        )
        answers = []
        for item in version.items:
            # what suspends passes is settled long before the street is looked at, but for the one of today
            fault = item.key in found and not (item.suspends and at > self.end - SETTLED_BEFORE)
            answers.append(
                SentAnswer(
                    item=item.key, result=(Result.FAULT if fault else Result.OK).value,
                    spot=facts.SPOTS.get(item.key, "") if fault else "",
                    zone="B" if fault and item.suspends == "zone" else "",
                    note=facts.NOTES.get(item.key, facts.SEEN) if fault else "",
                    photos=(self.rng.choice(self.photos),) if fault and self.rng.random() < 0.5 else (),
                )
            )  # fmt: skip
        return answers

    def _responsible(self, place: Place) -> Staff:
        office = self.office_of.get(place.id)
        if office is not None:
            return office.manager
        return next(self.secretaries[path] for path in parent_paths(place.path) if path in self.secretaries)

    def _follow(self, finding: Finding, seen: datetime, inspector: UUID) -> None:
        severity = Severity(finding.severity)
        if self.rng.random() < AGREED:
            agreed = seen + timedelta(minutes=self.rng.randint(4, 14))
            self._at(agreed, lambda: self._agree(finding, agreed))
        if self.rng.random() < NEVER and severity != Severity.RED:
            return
        if severity == Severity.RED:
            mended = seen + timedelta(minutes=self.rng.randint(*MENDED_AFTER[severity]))
        else:
            mended = self._after(seen, MENDED_AFTER[severity])
        self._at(mended, lambda: self._mend(finding, mended, inspector, again=False))

    def _is_open(self, finding: Finding, act: FindingAct, actors: frozenset[Actor]) -> bool:
        """Found again meanwhile, it may stand elsewhere than was meant."""
        finding.refresh_from_db(fields=["status", "due_us"])
        return act in rules.acts_open(finding.status, actors)

    def _agree(self, finding: Finding, at: datetime) -> None:
        if not self._is_open(finding, FindingAct.PLAN, _MEND):
            return
        # minutes matter: the plan's time must lie ahead of when it is agreed
        until = max(clock.from_us(finding.due_us), at + timedelta(minutes=30))
        person = self._responsible(finding.place)
        findings.act(
            finding=finding, act=FindingAct.PLAN, actors=_MEND, by=person.actor, now=at, plan_who=person.name,
            plan_what=self.rng.choice(facts.PLANNED), plan_until=until,
        )  # fmt: skip

    def _mend(self, finding: Finding, at: datetime, inspector: UUID, *, again: bool) -> None:
        if not self._is_open(finding, FindingAct.MEND, _MEND):
            return
        findings.act(
            finding=finding, act=FindingAct.MEND, actors=_MEND, by=self._responsible(finding.place).actor, now=at,
            text=self.rng.choice(facts.MENDED), photos=(self.rng.choice(self.photos),),
        )  # fmt: skip
        severity = Severity(finding.severity)
        low, high = RECHECKED_AFTER[severity]
        checked = at + timedelta(minutes=self.rng.randint(low, high))
        if severity != Severity.RED:
            checked = self._after(at, (low, high))
        fails = not again and severity != Severity.RED and self.rng.random() < FAILED
        self._at(checked, lambda: self._check(finding, checked, inspector, fails=fails))

    def _check(self, finding: Finding, at: datetime, inspector: UUID, *, fails: bool) -> None:
        if not self._is_open(finding, FindingAct.PASS, _JUDGE):
            return
        act, text = (FindingAct.FAIL, FAILED_WORDS) if fails else (FindingAct.PASS, "")
        findings.act(
            finding=finding, act=act, actors=_JUDGE, by=self.staff[inspector].actor, now=at, text=text
        )  # fmt: skip
        if fails:
            mended = self._after(at, (30, 300))
            self._at(mended, lambda: self._mend(finding, mended, inspector, again=True))

    def find_the_garage(self, *, leader: Staff, office: Office) -> Finding:
        """Today's one: nobody measures at the garage, the zone is suspended, the manager has agreed a plan."""
        item, spot, note = facts.GARAGE
        seen = self.end - GARAGE_BEFORE
        version = self._version(PlaceKind.BUILDING)
        answers = tuple(
            SentAnswer(
                item=one.key, result=(Result.FAULT if one.key == item else Result.OK).value,
                spot=spot if one.key == item else "", zone="B" if one.key == item else "",
                note=note if one.key == item else "", photos=(self.photos[0],) if one.key == item else (),
            )
            for one in version.items if one.area == "A"
        )  # fmt: skip
        sent = Sent(
            id=new_id(), place=office.place.id, occasion=Occasion.LEADER.value, checklist=version.sha256,
            begun_us=clock.to_us(seen - timedelta(minutes=12)), finished_us=clock.to_us(seen), answers=answers,
            signed_name=office.manager.name,
        )  # fmt: skip
        answer = record.record(sent=sent, inspector=leader.id, by=leader.actor, now=seen)
        self._took(answer)
        finding = Finding.objects.get(id__in=answer.made + answer.again, item=item, spot=spot)
        findings.act(
            finding=finding, act=FindingAct.PLAN, actors=_MEND, by=office.manager.actor, now=self.end - AGREED_BEFORE,
            plan_who=office.manager.name, plan_what="车库口增设测温岗，直达电梯停用至到岗",
            plan_until=self.end + UNTIL_AFTER,
        )  # fmt: skip
        suspend.settle(place_id=office.place.id, by=leader.actor, now=self.end)
        return finding


def _secretaries() -> dict[str, Staff]:
    rows = RoleGrant.objects.filter(role=Role.COMMITTEE_SECRETARY, place__isnull=False).select_related("staff", "place")
    found: dict[str, Staff] = defaultdict()
    for row in rows:
        assert row.place is not None
        found.setdefault(row.place.path, row.staff)
    return found


def photo(rng: Random, number: int) -> bytes:
    """A door, a table and a thermometer: drawn, so that no person is on it."""
    image = Image.new("RGB", (960, 720), (206 - 12 * number, 212, 218))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 520, 960, 720), fill=(150, 146, 138))
    draw.rectangle((120 + 40 * number, 120, 460 + 40 * number, 520), fill=(88, 104, 120), outline=(40, 48, 56), width=8)
    draw.rectangle((560, 420, 860, 470), fill=(196, 60, 48))
    draw.rectangle((580, 470, 600, 620), fill=(90, 60, 40))
    draw.rectangle((820, 470, 840, 620), fill=(90, 60, 40))
    draw.ellipse((660 + rng.randrange(60), 370, 720 + rng.randrange(60), 420), fill=(240, 240, 236))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()
