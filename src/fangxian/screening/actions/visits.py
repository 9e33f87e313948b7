"""Recording what was found at doors."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.models import GapNote
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Attachment, Relation, Subject, SubjectKind
from fangxian.screening import rules
from fangxian.screening.actions import findings
from fangxian.screening.actions.batches import record_in_batches
from fangxian.screening.actions.items import PersonAnswer, Recorded, Status, Visit
from fangxian.screening.actions.rounds import COHORTS, STANDING
from fangxian.screening.actions.tasks import REGISTER_HOURS, TRAVEL_HOURS, figures, give_once, section_at
from fangxian.screening.models import (
    DoorDisposition,
    DoorVisit,
    Mark,
    Presence,
    Round,
    RoundKind,
    Travel,
    VisitPerson,
)
from fangxian.shared import clock, text
from fangxian.shared.writer import Pace

REFUSED_TITLE = gettext_lazy("A household refused the visit: go along and settle it")
TRAVEL_TITLE = gettext_lazy("Somebody was in a key region: ask and decide on observation")
VACANT_TITLE = gettext_lazy("Found vacant, but people are registered there: correct the register")
GONE_TITLE = gettext_lazy("Somebody no longer lives here: correct the register")
VACANT_NOTE: Final = gettext_noop("The door was recorded as vacant.")
TRAVEL_ROLES: Final = (Role.HEALTH_STAFF, Role.COMMITTEE_SECRETARY)


def record_visit(*, item: Visit, by: str, now: datetime) -> Recorded:
    return record_visits(items=[item], by=by, now=now)[0]


def record_visits(
    *, items: Sequence[Visit], by: str, now: datetime, pace: Pace | None = None, polite: bool = True
) -> list[Recorded]:
    """Store visits and let them count. Returns one answer an item, in their order.

    Idempotent by id. A visit that contradicts something is stored with a mark; only what names no open door of the
    register is refused.
    """
    return record_in_batches(
        items, read=_Known, record=lambda part, known: _Batch(part, by, now, known).record(), now=now, pace=pace,
        polite=polite,
    )  # fmt: skip


class _Known:
    """What the plan, the rounds and the register say about these doors. Read before the writer's lock is taken."""

    def __init__(self, items: Sequence[Visit], now: datetime) -> None:
        self.section = section_at(now)
        self.figures = figures(self.section)
        rounds = Round.objects.filter(id__in={item.round_id for item in items}).select_related("place")
        self.rounds = {row.id: row for row in rounds}
        door_ids = {item.dwelling_id for item in items}
        self.doors = {row.id: row for row in Place.objects.filter(id__in=door_ids, kind=PlaceKind.DWELLING)}
        self.residents = residents_of(door_ids)
        self.survivors = _survivors(answer.subject_id for item in items for answer in item.people)


@dataclass
class _Batch:
    """One transaction's visits. What decides about a record that came twice or meanwhile is read inside it."""

    items: Sequence[Visit]
    by: str
    now: datetime
    known: _Known
    earlier: dict[tuple[UUID, UUID], list[tuple[str, int, str]]] = field(init=False)

    def __post_init__(self) -> None:
        known = self.known
        self.section, self.figures, self.rounds = known.section, known.figures, known.rounds
        self.doors, self.residents, self.survivors = known.doors, known.residents, known.survivors
        door_ids = {item.dwelling_id for item in self.items}
        self.earlier = defaultdict(list)
        for visit in DoorVisit.objects.filter(round_id__in=self.rounds, dwelling_id__in=door_ids):
            key = (visit.round_id, visit.dwelling_id)
            self.earlier[key].append((visit.by, visit.received_us, visit.disposition))
        self.visits: list[DoorVisit] = []
        self.people: list[VisitPerson] = []

    def record(self) -> dict[UUID, Recorded]:
        known = {row.id: tuple(row.marks) for row in DoorVisit.objects.filter(id__in=[item.id for item in self.items])}
        answers: dict[UUID, Recorded] = {}
        effects: list[tuple[Visit, DoorVisit, rules.DoorEffect, list[VisitPerson]]] = []
        for item in self.items:
            if item.id in known:
                answers[item.id] = Recorded(item.id, Status.KNOWN, known[item.id])
                continue
            reason = self._refusal(item)
            if reason:
                answers[item.id] = Recorded(item.id, Status.REFUSED, (), reason)
                continue
            visit, effect = self._take(item)
            people = self._take_people(item, visit)
            effects.append((item, visit, effect, people))
            known[item.id] = tuple(visit.marks)
            answers[item.id] = Recorded(item.id, Status.STORED, tuple(visit.marks))
        DoorVisit.objects.bulk_create(self.visits)
        VisitPerson.objects.bulk_create(self.people)
        self._count(effects)
        self._follow(effects)
        self._audit()
        return answers

    def _refusal(self, item: Visit) -> str:
        if item.round_id not in self.rounds:
            return _("There is no such round. The record was not stored; show it to your committee.")
        if item.dwelling_id not in self.doors:
            return _("There is no such door. The record was not stored; report it as an unknown address.")
        if item.disposition not in DoorDisposition.values:
            return _("Choose what was found at the door. The record was not stored.")
        for answer in item.people:
            if answer.presence not in Presence.values or answer.travel not in Travel.values:
                return _("An answer about a person could not be read. The record was not stored; record it again.")
            if answer.subject_id is not None and answer.subject_id not in self.survivors:
                return _("A person in this record is not in the register. The record was not stored; record it again.")
            if answer.subject_id is None and not answer.name.strip():
                return _("A person met without a name cannot be registered. The record was not stored; add the name.")
        return ""

    def _take(self, item: Visit) -> tuple[DoorVisit, rules.DoorEffect]:
        round, door = self.rounds[item.round_id], self.doors[item.dwelling_id]
        before = self.earlier[(round.id, door.id)]
        observed = clock.to_us(item.observed_at)
        tries = sum(disposition == DoorDisposition.NOBODY_HOME for _by, _at, disposition in before)
        outcome = rules.DOOR_OUTCOMES[item.disposition]
        if self.section is not None:
            outcome = next((d.outcome for d in self.section.doors if d.key == item.disposition), outcome)
        effect = rules.judge_door(outcome, tries_before=tries, max_tries=self.figures.max_tries)
        marks = rules.door_marks(
            disposition=item.disposition, registered=len(self.residents[door.id]), observed_us=observed,
            round_closed_us=round.closed_us, place_closed=door.closed_on is not None,
            in_round=is_under(door, round.place) and RoundKind.DOORS in round.kinds,
            seen_meanwhile=rules.someone_else_meanwhile(
                ((who, at) for who, at, _disposition in before), by=self.by,
                known_since_us=clock.to_us(item.known_since) if item.known_since else None,
            ),
        )  # fmt: skip
        visit = DoorVisit(
            id=item.id, round=round, dwelling=door, disposition=item.disposition, note=item.note.strip()[:200],
            next_try_us=self._next_try(item, observed), observed_us=observed, received_us=clock.to_us(self.now),
            device_us=clock.to_us(item.device_at) if item.device_at else None, by=self.by, offline=item.offline,
            marks=[*item.marks, *marks],
        )  # fmt: skip
        self.visits.append(visit)
        before.append((self.by, visit.received_us, visit.disposition))
        return visit, effect

    def _next_try(self, item: Visit, observed: int) -> int | None:
        if item.disposition != DoorDisposition.NOBODY_HOME:
            return None
        if item.next_try_at is not None and item.next_try_at > item.observed_at:
            return clock.to_us(item.next_try_at)
        return rules.next_try_us(observed, retry_hours=self.figures.retry_hours)

    def _take_people(self, item: Visit, visit: DoorVisit) -> list[VisitPerson]:
        typed = any(answer.subject_id is None for answer in item.people)
        residents = self.residents[visit.dwelling_id] if typed else {}
        by_name = {text.name_key(name): subject for subject, name in residents.items()}
        taken: dict[UUID | str, VisitPerson] = {}
        for answer in item.people:
            subject_id = self.survivors[answer.subject_id] if answer.subject_id else None
            name = answer.name.strip()[:80]
            if subject_id is None:
                # somebody typed the name of a person whom the register has behind this very door
                subject_id = by_name.get(text.name_key(name)) if name else None
            taken[subject_id or text.name_key(name)] = _person(visit, answer, subject_id, name)
        self.people.extend(taken.values())
        return list(taken.values())

    def _count(self, effects: list[tuple[Visit, DoorVisit, rules.DoorEffect, list[VisitPerson]]]) -> None:
        """Let the records fulfil what they fulfil. Tries and refusals first: a later success takes the step back."""
        raises: dict[tuple[str, GapNote.Kind, int], list[UUID]] = defaultdict(list)
        doors: dict[str, list[duties.Done]] = defaultdict(list)
        people: dict[str, list[duties.Done]] = defaultdict(list)
        for item, visit, effect, met in effects:
            instance = visit.round.instance
            if effect.attempt or effect.refused:
                kind = GapNote.Kind.REFUSED if effect.refused else GapNote.Kind.ATTEMPT
                raises[(instance, kind, int(effect.raises))].append(visit.dwelling_id)
            if effect.fulfils:
                doors[instance].append(duties.Done(visit.dwelling_id, item.observed_at, f"visit:{visit.id}"))
            for person in met:
                if person.subject_id is not None and rules.accounts_for(person.presence):
                    people[instance].append(duties.Done(person.subject_id, item.observed_at, f"visit:{visit.id}"))
        for (instance, kind, step), subjects in sorted(raises.items()):
            duties.raise_step(
                cohort=COHORTS[RoundKind.DOORS], instance=instance, subject_ids=subjects, kind=kind, text="",
                raise_by=step, by=self.by, now=self.now,
            )  # fmt: skip
        for kind_of, records in ((RoundKind.DOORS, doors), (RoundKind.PEOPLE, people)):
            for instance, items in sorted(records.items()):
                duties.fulfil(cohort=COHORTS[kind_of], instance=instance, items=items, by=self.by, now=self.now)

    def _follow(self, effects: list[tuple[Visit, DoorVisit, rules.DoorEffect, list[VisitPerson]]]) -> None:
        """What others have to do now."""
        for _item, visit, effect, people in effects:
            if effect.refused:
                self._after_refusal(visit)
            if Mark.REGISTERED_THERE in visit.marks:
                self._after_vacant(visit)
            for person in people:
                if person.subject_id is None:
                    findings.found_person(visit=visit, person=person, by=self.by, now=self.now)
                elif person.presence == Presence.GONE:
                    source = f"gone:{visit.round_id.hex}:{person.subject_id.hex}"
                    self._give(GONE_TITLE, visit, Role.COMMITTEE_WORKER, REGISTER_HOURS, source, person)
                if rules.was_in_key_region(person.travel, person.regions):
                    self._after_travel(visit, person)

    def _after_refusal(self, visit: DoorVisit) -> None:
        source = f"refused:{visit.round_id.hex}:{visit.dwelling_id.hex}"
        for role in (self.figures.refused_role, Role.COMMITTEE_SECRETARY):
            self._give(REFUSED_TITLE, visit, role, self.figures.refused_hours, source)

    def _after_vacant(self, visit: DoorVisit) -> None:
        source = f"vacant:{visit.round_id.hex}:{visit.dwelling_id.hex}"
        self._give(VACANT_TITLE, visit, Role.COMMITTEE_WORKER, REGISTER_HOURS, source)
        duties.raise_step(
            cohort=COHORTS[RoundKind.PEOPLE], instance=visit.round.instance, raise_by=0, kind=GapNote.Kind.NOTE,
            subject_ids=list(self.residents[visit.dwelling_id]), text=_(VACANT_NOTE), by=self.by, now=self.now,
        )  # fmt: skip

    def _after_travel(self, visit: DoorVisit, person: VisitPerson) -> None:
        who = person.subject_id.hex if person.subject_id else f"p{person.pk}"
        for role in TRAVEL_ROLES:
            self._give(TRAVEL_TITLE, visit, role, TRAVEL_HOURS, f"travel:{visit.round_id.hex}:{who}", person)

    def _give(
        self, title: Promise, visit: DoorVisit, role: str, hours: int, source: str, person: VisitPerson | None = None
    ) -> None:
        about = person.subject_id if person is not None and person.subject_id else visit.dwelling_id
        give_once(
            title=title, place=visit.dwelling, role=role, hours=hours, source=source, by=self.by,
            now=self.now, about=about,
        )  # fmt: skip

    def _audit(self) -> None:
        if self.visits:
            marked = sum(bool(visit.marks) for visit in self.visits)
            audit.record(
                by=self.by, act="screening.visits.recorded", now=self.now,
                target=f"visit:{self.visits[0].id}" if len(self.visits) == 1 else "",
                detail={"count": len(self.visits), "marked": marked},
            )  # fmt: skip


def _person(visit: DoorVisit, answer: PersonAnswer, subject_id: UUID | None, name: str) -> VisitPerson:
    return VisitPerson(
        visit=visit, subject_id=subject_id, name="" if subject_id else name, presence=answer.presence,
        travel=answer.travel, regions=sorted(set(answer.regions)),
    )  # fmt: skip


def residents_of(door_ids: Iterable[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Who is registered behind each door: subject -> name."""
    found: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    rows = Attachment.objects.filter(
        STANDING, place_id__in=list(door_ids), relation=Relation.LIVES, until__isnull=True,
        subject__kind=SubjectKind.PERSON,
    ).values_list("place_id", "subject_id", "subject__person__name")  # fmt: skip
    for place_id, subject_id, name in rows:
        if place_id is not None:
            found[place_id][subject_id] = name
    return found


def _survivors(subject_ids: Iterable[UUID | None]) -> dict[UUID, UUID]:
    """Each known person to the one that survives a merge made since the device last heard from the register."""
    wanted = {subject_id for subject_id in subject_ids if subject_id is not None}
    rows = Subject.objects.filter(id__in=wanted, kind=SubjectKind.PERSON).only("id", "merged_into")
    return {row.id: row.merged_into_id or row.id for row in rows}


def is_under(place: Place, root: Place) -> bool:
    return place.grid_id == root.id if root.kind == PlaceKind.GRID else place.path.startswith(root.path)
