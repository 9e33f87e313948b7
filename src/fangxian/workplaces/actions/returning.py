"""The ledger of returning staff: who comes back from where, who may work, who left, fell ill or is kept away."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.gates.actions import holds
from fangxian.gates.models import Held, PassStatus
from fangxian.places.models import Place
from fangxian.registry import actions as registry
from fangxian.registry.imports.taking import pending
from fangxian.registry.imports.taking.pending import Statement
from fangxian.registry.models import Attachment, Change, ChangeKind, Document, Person, Relation, Subject
from fangxian.shared import clock
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import in_chunks, write_lock
from fangxian.workplaces import rules
from fangxian.workplaces.actions import staff_passes
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.actions.staff_passes import accept as accept
from fangxian.workplaces.actions.staff_passes import restore_all as restore_all
from fangxian.workplaces.actions.staff_passes import revoke_all as revoke_all
from fangxian.workplaces.actions.staff_passes import suspend_all as suspend_all
from fangxian.workplaces.models import Returning, StaffState
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.returning import FIELDS, Fault, Mark, NewReturning, facts_of, fault_of, fill, marked
from fangxian.workplaces.returning_words import FAULTS

REASON_LENGTH: Final = 200
CHUNK: Final = 500
POSITIVE_TITLE: Final = gettext_lazy("Positive test at %(firm)s, %(place)s: trace contacts, seal the area")
POSITIVE_HEAD: Final = gettext_lazy("Positive test at %(firm)s, %(place)s: see to the building and the reports")
POSITIVE_HOURS: Final = 1
HELD: Final = gettext_lazy("Not to pass: call the health centre")
_NAME_PART: Final = 40


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken. `number`: where it stood in the list."""

    number: int
    person_id: UUID
    fault: Fault


@dataclass(slots=True)
class PutReport:
    """What became of the rows of a list: created + updated + unchanged + refused = rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    issued: int = 0
    refused: list[Refused] = field(default_factory=list)


def put(*, enterprise: Subject, place: Place, new: NewReturning, by: str, now: datetime) -> Returning:
    """Put one person on the ledger, or state their journey anew; what is left empty is then not known.

    Passes follow at once. Raises WorkplaceError, and changes nothing, for a row that cannot be.
    """
    report = _put(enterprise, place, (new,), by, now, blank_keeps=False)
    if report.refused:
        raise WorkplaceError(str(FAULTS[report.refused[0].fault]) + " " + _("Nothing was changed."))
    return staff_passes.on_ledger(enterprise.id, place.id).get(person_id=new.person_id)


def put_many(
    *, enterprise: Subject, place: Place, rows: Sequence[NewReturning], by: str, now: datetime
) -> PutReport:  # fmt: skip
    """Take a whole ledger: rows that cannot be are refused with their number, the others are taken.

    An empty cell says nothing and changes nothing, so the same list again leaves all as it is. Passes of those whose
    verdict changed follow; where the filing is accepted already, new people who may work get theirs.
    """
    return _put(enterprise, place, rows, by, now, blank_keeps=True)


def _put(
    enterprise: Subject, place: Place, rows: Sequence[NewReturning], by: str, now: datetime, *, blank_keeps: bool
) -> PutReport:
    report, plan = PutReport(), plan_at(now)
    good = list(_good(rows, clock.local_day(now), report))
    touched: list[UUID] = []
    for start in range(0, len(good), CHUNK):
        part = good[start : start + CHUNK]
        touched += _Chunk(enterprise, place, plan, by, now, blank_keeps).take(part, report)
    if touched:
        report.issued = staff_passes.follow(
            enterprise_id=enterprise.id, place_id=place.id, people=touched, by=by, now=now
        )
    return report


def _good(rows: Iterable[NewReturning], today: date, report: PutReport) -> Iterable[NewReturning]:
    """Without those that cannot be, and each person once: a second row that says the same is the same row."""
    seen: dict[UUID, NewReturning] = {}
    for new in rows:
        fault = fault_of(new, today)
        before = seen.get(new.person_id)
        if fault is None and before is not None:
            if _stated(before) == _stated(new):
                report.unchanged += 1
                continue
            fault = Fault.TWICE
        if fault is not None:
            report.refused.append(Refused(new.number, new.person_id, fault))
            continue
        seen[new.person_id] = new
        yield new


def _stated(new: NewReturning) -> tuple[object, ...]:
    return tuple(getattr(new, name) for name in NewReturning.__dataclass_fields__ if name != "number")


@dataclass
class _Chunk:
    """Some rows of one enterprise's ledger: read and decided beside the writer, then written in bulk.

    Somebody else may put the same people on the ledger in between: then what is left is read and decided anew, once.
    """

    enterprise: Subject
    place: Place
    plan: InForce
    by: str
    now: datetime
    blank_keeps: bool
    elsewhere: dict[UUID, list[Returning]] = field(default_factory=dict)
    """Rows of the same people on other enterprises' ledgers."""
    employed: set[UUID] = field(default_factory=set)

    def take(self, part: Sequence[NewReturning], report: PutReport) -> list[UUID]:
        """Returns whose rows were made or changed."""
        touched: list[UUID] = []
        left = list(part)
        for last_try in (False, True):
            ready = self._prepared(left, report)
            try:
                in_chunks(ready, lambda some: self._write(some, report, touched), polite=_polite())
            except IntegrityError:
                if last_try:
                    raise
                done = set(touched)
                wanted = {one.row.person_id for one in ready} - done
                left = [new for new in left if new.person_id in wanted]
            else:
                break
        return touched

    def _prepared(self, part: Sequence[NewReturning], report: PutReport) -> list["_Ready"]:
        """The rows that are to be written."""
        people = [new.person_id for new in part]
        known = set(Person.objects.filter(subject_id__in=people).values_list("subject_id", flat=True))
        rows = staff_passes.on_ledger(self.enterprise.id, self.place.id).filter(person_id__in=people)
        held = {row.person_id: row for row in rows}
        self._look_around([person for person in people if person not in held])
        ready = list[_Ready]()
        for new in part:
            if new.person_id not in known:
                report.refused.append(Refused(new.number, new.person_id, Fault.PERSON))
                continue
            row = held.get(new.person_id) or self._blank(new.person_id)
            fresh = new.person_id not in held
            if fill(row, new, blank_keeps=self.blank_keeps) or fresh:
                ready.append(_Ready(row, fresh, self._employment(row.person_id) if fresh else []))
            else:
                report.unchanged += 1
        decide(rows=[one.row for one in ready], plan=self.plan, now=self.now)
        return ready

    def _look_around(self, people: Sequence[UUID]) -> None:
        """What is known of those who are new on this ledger: another ledger, and whether they are employed here."""
        self.elsewhere = {}
        others = Returning.objects.filter(person_id__in=people, until_us__isnull=True)
        for row in others.exclude(enterprise_id=self.enterprise.id):
            self.elsewhere.setdefault(row.person_id, []).append(row)
        staff = Attachment.objects.filter(
            subject_id__in=people, relation=Relation.EMPLOYED, other_id=self.enterprise.id, until__isnull=True
        )
        self.employed = set(staff.values_list("subject_id", flat=True))

    def _blank(self, person_id: UUID) -> Returning:
        return Returning(
            enterprise_id=self.enterprise.id, place_id=self.place.id, person_id=person_id,
            since_us=clock.to_us(self.now), by=self.by,
        )  # fmt: skip

    def _write(self, part: Sequence["_Ready"], report: PutReport, touched: list[UUID]) -> None:
        created = [one.row for one in part if one.fresh]
        changed = [one.row for one in part if not one.fresh]
        self._mark_two_employers(created)
        Returning.objects.bulk_create(created, batch_size=500)
        update(changed, (*FIELDS, *DECIDED))
        pending.write(statement for one in part for statement in one.employment)
        audit.record(
            by=self.by, act="workplaces.ledger.stated", now=self.now, target=f"enterprise:{self.enterprise.id}",
            place=self.place.id, detail={"created": len(created), "updated": len(changed)},
        )  # fmt: skip
        report.created += len(created)
        report.updated += len(changed)
        touched += [one.row.person_id for one in part]

    def _mark_two_employers(self, created: Sequence[Returning]) -> None:
        """Somebody new on one ledger who stands on another enterprise's: both rows say so."""
        twice = [row for row in created if row.person_id in self.elsewhere]
        others = [other for row in twice for other in self.elsewhere[row.person_id]]
        for row in twice + others:
            row.marks = marked(row.marks, add=[Mark.TWO_EMPLOYERS])
        update(others, ("marks",))

    def _employment(self, person_id: UUID) -> list[Statement]:
        """Who is on the ledger is employed there: passes are issued by that. Compiled beside the writer."""
        if person_id in self.employed:
            return []
        return pending.compiled(
            [
                Attachment(
                    subject_id=person_id, relation=Relation.EMPLOYED, other_id=self.enterprise.id,
                    since=clock.local_day(self.now), source="ledger",
                ),
                Change(subject_id=person_id, kind=ChangeKind.MOVED, at_us=clock.to_us(self.now)),
            ]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row that waits to be written, with what makes a new member of staff an employee of the register."""

    row: Returning
    fresh: bool
    employment: list[Statement]


def _polite() -> bool:
    """No pause between chunks where the caller holds the lock already."""
    return not connection.in_atomic_block


DECIDED: Final = ("verdict", "verdict_until", "missing", "playbook_id", "decided_us")


def update(rows: Sequence[Returning], fields: Sequence[str]) -> None:
    if rows:
        Returning.objects.bulk_update(rows, fields, batch_size=100)


def decide(*, rows: Sequence[Returning], plan: InForce, now: datetime) -> list[Returning]:
    """Decide by the plan, on the rows themselves and not yet in the database. Returns those that changed."""
    people = [row.person_id for row in rows]
    documents = set(Document.objects.filter(subject_id__in=people).values_list("subject_id", flat=True))
    today, changed = clock.local_day(now), list[Returning]()
    for row in rows:
        before = (row.verdict, row.verdict_until, row.missing)
        found = rules.screen(
            facts_of(row, has_document=row.person_id in documents), regions=plan.regions,
            observation_days=plan.section.observation_days, today=today,
        )  # fmt: skip
        row.verdict, row.verdict_until, row.missing = found.verdict, found.until, ",".join(found.missing)
        row.playbook_id, row.decided_us = plan.playbook_id, clock.to_us(now)
        if before != (row.verdict, row.verdict_until, row.missing):
            changed.append(row)
    return changed


@write_lock()
def evidence(
    *, row: Returning, digest: str, released_on: date, by: str, now: datetime
) -> Returning:  # fmt: skip
    """That somebody's observation ended: the document (a digest in files) and the day it names. Decides anew."""
    locked = _locked(row)
    if not digest:
        raise WorkplaceError(_("Add the photo or document that shows it. Nothing was changed."))
    if released_on > clock.local_day(now):
        raise WorkplaceError(str(FAULTS[Fault.RELEASED_FUTURE]) + " " + _("Nothing was changed."))
    if locked.arrived_on is not None and released_on < locked.arrived_on:
        raise WorkplaceError(str(FAULTS[Fault.RELEASED_EARLY]) + " " + _("Nothing was changed."))
    locked.evidence, locked.released_on = digest, released_on
    decide(rows=[locked], plan=plan_at(now), now=now)
    update([locked], ("evidence", "released_on", *DECIDED))
    _audit(locked, "evidence", by, now)
    _follow(locked, by, now)
    return locked


@write_lock()
def set_state(*, row: Returning, state: StaffState, reason: str, by: str, now: datetime) -> Returning:
    """Somebody left, is kept away, tested positive, or comes back to work, with a reason (none is needed to leave).

    It is about the person at this enterprise, in all its buildings. The passes follow in the same transaction: leaving
    revokes them, the others suspend them. A positive test also puts the person on the gates' hold list, until they are
    back at work or the hold is lifted, and gives the health centre and the section head a duty that names the
    enterprise and the building, never the person.
    """
    locked = _locked(row)
    words = reason.strip()[:REASON_LENGTH]
    if not words and state != StaffState.LEFT:
        raise WorkplaceError(_("Say why. Nothing was changed."))
    if locked.state == state:
        raise WorkplaceError(_("Somebody has set this already. Nothing was changed."))
    rows = list(staff_passes.on_ledger(locked.enterprise_id).filter(person_id=locked.person_id))
    for one in rows:
        one.state, one.state_reason = state, words
        one.marks = marked(one.marks, drop=[Mark.HEALTH])
        one.until_us = clock.to_us(now) if state == StaffState.LEFT else None
    decide(rows=rows, plan=plan_at(now), now=now)
    update(rows, ("state", "state_reason", "marks", "until_us", *DECIDED))
    for one in rows:
        _audit(one, str(state), by, now)
    _STEPS[state](rows, by, now)
    return next(one for one in rows if one.id == locked.id)


def _locked(row: Returning) -> Returning:
    found = Returning.objects.select_for_update().filter(id=row.id, until_us__isnull=True).first()
    if found is None:
        raise WorkplaceError(_("This person is no longer on the ledger. Nothing was changed; look at the list again."))
    return found


def _leave(rows: Sequence[Returning], by: str, now: datetime) -> None:
    first = rows[0]
    permits = staff_passes.of_staff(first.enterprise_id, now).filter(subject_id=first.person_id)
    staff_passes.revoke(permits=list(permits), reason=in_street_words(staff_passes.LEFT), by=by, now=now)
    held = Attachment.objects.filter(
        subject_id=first.person_id, relation=Relation.EMPLOYED, other_id=first.enterprise_id, until__isnull=True
    )
    for attachment in held:
        registry.detach(attachment=attachment, by=by, now=now)
    others = list(Returning.objects.filter(person_id=first.person_id, until_us__isnull=True))
    if len({one.enterprise_id for one in others}) == 1:
        for one in others:
            one.marks = marked(one.marks, drop=[Mark.TWO_EMPLOYERS])
        update(others, ("marks",))


def _stop(rows: Sequence[Returning], by: str, now: datetime) -> None:
    first = rows[0]
    permits = staff_passes.of_staff(first.enterprise_id, now).filter(subject_id=first.person_id, status=PassStatus.LIVE)
    staff_passes.stop(permits=list(permits), reason=in_street_words(staff_passes.NOT_CLEARED), by=by, now=now)


def _positive(rows: Sequence[Returning], by: str, now: datetime) -> None:
    _stop(rows, by, now)
    first = rows[0]
    holds.hold(subject_id=first.person_id, reason=in_street_words(HELD), source=_source(first), by=by, now=now)
    until = now + timedelta(hours=POSITIVE_HOURS)
    for one in rows:
        for role, title in ((Role.HEALTH_STAFF, POSITIVE_TITLE), (Role.SECTION_HEAD, POSITIVE_HEAD)):
            duties.give(
                title=titled(title, one.enterprise, one.place), place=one.place, until=until, role=role,
                about=one.enterprise_id, source=f"returning:{one.id.hex}:{role}", by=by, now=now,
            )  # fmt: skip


def _back(rows: Sequence[Returning], by: str, now: datetime) -> None:
    _lift(rows, by, now)
    for one in rows:
        _follow(one, by, now)


def _lift(rows: Sequence[Returning], by: str, now: datetime) -> None:
    sources = [_source(one) for one in rows]
    for held in Held.objects.filter(subject_id=rows[0].person_id, source__in=sources, until_us__isnull=True):
        holds.lift(held=held, by=by, now=now)


_STEPS: Final[dict[StaffState, Callable[[Sequence[Returning], str, datetime], None]]] = {
    StaffState.LEFT: _leave,
    StaffState.SUSPENDED: _stop,
    StaffState.POSITIVE: _positive,
    StaffState.ACTIVE: _back,
}


def _source(row: Returning) -> str:
    return f"returning:{row.id.hex}"


def titled(title: Promise, enterprise: Subject, place: Place) -> str:
    """The title of a duty: enterprise and building, cut so that both stay legible."""
    return in_street_words(title) % {"firm": enterprise.label[:_NAME_PART], "place": place.name[:_NAME_PART]}


def _follow(row: Returning, by: str, now: datetime) -> None:
    people: Collection[UUID] = [row.person_id]
    staff_passes.follow(enterprise_id=row.enterprise_id, place_id=row.place_id, people=people, by=by, now=now)


def _audit(row: Returning, what: str, by: str, now: datetime) -> None:
    audit.record(by=by, act=f"workplaces.staff.{what}", now=now, target=f"returning:{row.id}", place=row.place_id)
