"""What the worker does for the ledgers of returning staff: decides anew when the day or the plan asks for it, stops
passes that came into force meanwhile, and compares with what the gates saw."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty
from fangxian.duties.queries import asked_by_source
from fangxian.gates.models import Check, Direction, Outcome, Pass, PassKind, PassStatus
from fangxian.places.models import Place
from fangxian.registry.models import Attachment, Document, Relation, Subject
from fangxian.shared import clock
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import in_chunks, write_lock
from fangxian.workplaces.actions import returning, staff_passes
from fangxian.workplaces.models import Filing, FilingStatus, Returning, StaffState, Verdict
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.returning import Mark, marked
from fangxian.workplaces.rules import Lack

WORKER: Final = "worker"
LOOK_BACK: Final = timedelta(days=14)
NOTICE: Final = timedelta(minutes=1)
"""There is nothing to wait for: what does not agree is a gap at once."""
SOURCE: Final = "ledger"
TITLE: Final = gettext_lazy("Ledger and gate do not agree: %(firm)s, %(place)s")


def screen_again(now: datetime) -> int:
    """Decide again for whom the observation is over by the calendar, and for all when the plan is another one.

    Their passes follow: who may work from today on gets one where the filing is accepted, and who may not any more
    has theirs suspended. Returns how many verdicts changed.
    """
    plan = plan_at(now)
    due = Q(verdict=Verdict.LATER, verdict_until__lte=clock.local_day(now))
    other = Q(playbook_id__isnull=False) if plan.playbook_id is None else ~Q(playbook_id=plan.playbook_id)
    unseen = Q(playbook_id__isnull=True) if plan.playbook_id is not None else Q(pk__in=[])
    # somebody's document came into the register meanwhile
    known = Q(missing__contains=str(Lack.DOCUMENT)) & Exists(Document.objects.filter(subject_id=OuterRef("person_id")))
    rows = Returning.objects.filter(due | other | unseen | known, until_us__isnull=True)
    ids = list(rows.order_by("id").values_list("id", flat=True))
    moved: dict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
    in_chunks(ids, lambda part: _screen(part, plan, moved, now))
    for (enterprise_id, place_id), people in moved.items():
        staff_passes.follow(enterprise_id=enterprise_id, place_id=place_id, people=people, by=WORKER, now=now)
    return sum(len(people) for people in moved.values())


def _screen(
    part: Sequence[UUID], plan: InForce, moved: dict[tuple[UUID, UUID], set[UUID]], now: datetime
) -> None:  # fmt: skip
    rows = list(Returning.objects.select_for_update().filter(id__in=part, until_us__isnull=True).order_by("id"))
    changed = returning.decide(rows=rows, plan=plan, now=now)
    returning.update(changed, returning.DECIDED)
    # the same verdict by another plan: since when it stands does not change
    same = {row.id for row in rows} - {row.id for row in changed}
    Returning.objects.filter(id__in=same).update(playbook_id=plan.playbook_id)
    for row in changed:
        moved[row.enterprise_id, row.place_id].add(row.person_id)
    audit.record_all(
        [
            audit.Act("workplaces.staff.screened", f"returning:{row.id}", row.place_id, {"verdict": row.verdict})
            for row in changed
        ],
        by=WORKER, now=now,
    )  # fmt: skip


def stop_uncleared(now: datetime) -> int:
    """Passes that are in force for somebody who may not work: given out at a desk, or restored when an inspection's
    suspension ended. Returns how many were suspended."""
    rows = Returning.objects.filter(until_us__isnull=True).exclude(verdict=Verdict.NOW, state=StaffState.ACTIVE)
    held = rows.filter(
        Exists(
            Pass.objects.filter(
                kind=PassKind.EMPLOYEE, status=PassStatus.LIVE, followed=False, until_us__gt=clock.to_us(now),
                subject_id=OuterRef("person_id"), enterprise_id=OuterRef("enterprise_id"),
                place_id=OuterRef("place_id"),
            )
        )
    )  # fmt: skip
    stopped = 0
    for enterprise_id, place_id, person_id in held.values_list("enterprise_id", "place_id", "person_id"):
        permits = staff_passes.of_staff(enterprise_id, now, place_id).filter(
            subject_id=person_id, status=PassStatus.LIVE
        )
        stopped += staff_passes.stop(
            permits=list(permits), reason=in_street_words(staff_passes.NOT_CLEARED), by=WORKER, now=now
        )
    return stopped


@dataclass
class Unequal:
    """Where ledger and gates do not agree, about whom: each a set of persons."""

    off_ledger: set[UUID] = field(default_factory=set)
    """A pass in force, and no row on the ledger."""
    entered_unlisted: set[UUID] = field(default_factory=set)
    """Employed there, let in, and no row on the ledger."""
    entered_uncleared: set[UUID] = field(default_factory=set)
    """On the ledger, let in after the verdict said not yet."""

    def __bool__(self) -> bool:
        return bool(self.off_ledger or self.entered_unlisted or self.entered_uncleared)


Key = tuple[UUID, UUID]


def unequal(now: datetime, *, only: Collection[Key] | None = None) -> dict[Key, Unequal]:
    """By enterprise and building. Only where a filing is accepted: before, there is no ledger to agree with."""
    filings = Filing.objects.filter(status=FilingStatus.ACCEPTED)
    if only is not None:
        filings = filings.filter(enterprise_id__in={key[0] for key in only}, place_id__in={key[1] for key in only})
    keys = set(filings.values_list("enterprise_id", "place_id"))
    found: dict[Key, Unequal] = defaultdict(Unequal)
    firms = filings.values("enterprise_id")
    for key, person in _off_ledger(firms, now):
        if key in keys:
            found[key].off_ledger.add(person)
    since_us = clock.to_us(now - LOOK_BACK)
    for key, person in _entered_unlisted(firms, keys, since_us):
        found[key].entered_unlisted.add(person)
    for row in _entered_uncleared(firms, since_us):
        if (row.enterprise_id, row.place_id) in keys:
            found[row.enterprise_id, row.place_id].entered_uncleared.add(row.person_id)
    return {key: one for key, one in found.items() if one}


def compare_with_gates(now: datetime) -> int:
    """A gap for each enterprise, building and day where ledger and gates do not agree, settled when they do again.

    Rows of people who came in although not cleared are marked. Returns how many gaps were given or settled, and rows
    marked.
    """
    found = unequal(now)
    changed = _mark(found)
    open_ = _open_duties()
    day = clock.local_day(now)
    asked = {source for sources in open_.values() for source in sources}
    names = Subject.objects.in_bulk([key[0] for key in found])
    places = Place.objects.in_bulk([key[1] for key in found])
    for key in sorted(found, key=str):
        if _source(key, day) in asked or _given(_source(key, day)):
            continue
        with write_lock():
            duties.give(
                title=returning.titled(TITLE, names[key[0]], places[key[1]]), place=places[key[1]], until=now + NOTICE,
                role=Role.BUILDING_PARTY_WORKER, about=key[0], source=_source(key, day), by=WORKER, now=now,
            )  # fmt: skip
        changed += 1
    for key, rows in open_.items():
        for duty in rows.values() if key not in found else ():
            with write_lock():
                duties.done(duty=duty, by=WORKER, now=now, ref=f"ledger:{duty.id.hex}")
            changed += 1
    return changed


def _source(key: Key, day: date) -> str:
    return f"{SOURCE}:{key[0].hex}{key[1].hex}:{day:%m%d}"


def _key(source: str) -> Key:
    both = source.split(":")[1]
    return UUID(both[:32]), UUID(both[32:])


def _given(source: str) -> bool:
    """Given today already, and settled: it comes again tomorrow if it still stands."""
    return Duty.objects.filter(one_off__source=source).exists()


def _open_duties() -> dict[Key, dict[str, Duty]]:
    found: dict[Key, dict[str, Duty]] = defaultdict(dict)
    for source, duty in asked_by_source(f"{SOURCE}:").items():
        found[_key(source)][source] = duty
    return found


def _off_ledger(firms: "QuerySet[Filing, Any]", now: datetime) -> Iterable[tuple[Key, UUID]]:
    listed = Returning.objects.filter(
        until_us__isnull=True, person_id=OuterRef("subject_id"), enterprise_id=OuterRef("enterprise_id"),
        place_id=OuterRef("place_id"),
    )  # fmt: skip
    rows = Pass.objects.filter(
        ~Exists(listed), kind=PassKind.EMPLOYEE, status=PassStatus.LIVE, followed=False,
        until_us__gt=clock.to_us(now), enterprise_id__in=firms, subject_id__isnull=False,
    )  # fmt: skip
    for enterprise_id, place_id, person_id in rows.values_list("enterprise_id", "place_id", "subject_id"):
        assert enterprise_id is not None
        assert person_id is not None
        yield (enterprise_id, place_id), person_id


def _entered_unlisted(
    firms: "QuerySet[Filing, Any]", keys: Collection[Key], since_us: int
) -> Iterable[tuple[Key, UUID]]:
    listed = Returning.objects.filter(
        until_us__isnull=True, person_id=OuterRef("subject_id"), enterprise_id=OuterRef("other_id")
    )
    staff = Attachment.objects.filter(
        ~Exists(listed), relation=Relation.EMPLOYED, other_id__in=firms, until__isnull=True,
        subject__merged_into__isnull=True,
    )  # fmt: skip
    firms_of: dict[UUID, set[UUID]] = defaultdict(set)
    for person_id, firm_id in staff.values_list("subject_id", "other_id"):
        if firm_id is not None:
            firms_of[person_id].add(firm_id)
    for person_id, place_id in _entries(firms_of, since_us):
        for firm_id in firms_of[person_id]:
            if (firm_id, place_id) in keys:
                yield (firm_id, place_id), person_id


def _entered_uncleared(firms: "QuerySet[Filing, Any]", since_us: int) -> list[Returning]:
    """Let in since the ledger last said that they may not work."""
    rows = list(
        Returning.objects.filter(enterprise_id__in=firms, until_us__isnull=True).exclude(
            verdict=Verdict.NOW, state=StaffState.ACTIVE
        )
    )
    last: dict[tuple[UUID, UUID], int] = {}
    for person_id, place_id, at_us in _entry_times({row.person_id for row in rows}, since_us):
        last[person_id, place_id] = max(at_us, last.get((person_id, place_id), 0))
    return [row for row in rows if last.get((row.person_id, row.place_id), 0) > max(row.since_us, row.decided_us or 0)]


def _entries(people: Collection[UUID], since_us: int) -> set[tuple[UUID, UUID]]:
    return {(person, place) for person, place, _at in _entry_times(people, since_us)}


def _entry_times(people: Collection[UUID], since_us: int) -> list[tuple[UUID, UUID, int]]:
    wanted, found = sorted(people), list[tuple[UUID, UUID, int]]()
    for start in range(0, len(wanted), 500):
        rows = Check.objects.filter(
            subject_id__in=wanted[start : start + 500], observed_us__gte=since_us, direction=Direction.IN,
            outcome=Outcome.ADMIT,
        )  # fmt: skip
        found += [(p, place, at) for p, place, at in rows.values_list("subject_id", "place_id", "observed_us") if p]
    return found


def _mark(found: dict[Key, Unequal]) -> int:
    """Who came in although not cleared is marked; the mark goes when it no longer holds."""
    wanted = {(key, person) for key, one in found.items() for person in one.entered_uncleared}
    people = {person for _key, person in wanted}
    rows = Returning.objects.filter(
        Q(person_id__in=people) | Q(marks__contains=str(Mark.ENTERED)), until_us__isnull=True
    )
    changed = []
    for row in rows:
        holds = ((row.enterprise_id, row.place_id), row.person_id) in wanted
        new = marked(row.marks, add=[Mark.ENTERED] if holds else (), drop=() if holds else [Mark.ENTERED])
        if new != row.marks:
            row.marks = new
            changed.append(row)
    in_chunks(changed, lambda part: returning.update(part, ("marks",)))
    return len(changed)
