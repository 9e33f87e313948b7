"""Opening and closing rounds, and enrolling whom they go through."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.models import Member
from fangxian.places.models import Place, PlaceKind, subtree
from fangxian.places.queries import counting_nodes
from fangxian.registry.actions import ensure_place_subjects
from fangxian.registry.models import Attachment, Relation, SubjectKind
from fangxian.screening.actions.errors import ScreeningError
from fangxian.screening.models import Round, RoundKind, RoundStatus
from fangxian.shared import clock
from fangxian.shared.writer import Pace, in_chunks, write_lock

COHORTS: Final[dict[str, str]] = {
    RoundKind.DOORS: "round-doors",
    RoundKind.PEOPLE: "round-people",
    RoundKind.VEHICLES: "round-vehicles",
}
# Written as "not merged somewhere": "is null" makes SQLite start from the index of that column, which holds everybody.
STANDING: Final = ~Q(subject__merged_into__isnull=False)
RELATIONS: Final[dict[str, tuple[Relation, SubjectKind]]] = {
    RoundKind.PEOPLE: (Relation.LIVES, SubjectKind.PERSON),
    RoundKind.VEHICLES: (Relation.PARKS, SubjectKind.VEHICLE),
}


def announce_round(
    *, title: str, place: Place, kinds: Sequence[str], opens_at: datetime, due_at: datetime, by: str, now: datetime
) -> Round:
    """Make the round without enrolling anybody yet; `enrol_missing` or the worker does that. Raises ScreeningError."""
    wanted = [kind.value for kind in RoundKind if kind in kinds]
    if not title.strip():
        raise ScreeningError(_("Give the round a title, such as its date and purpose."))
    if not wanted or len(set(kinds)) != len(wanted):
        raise ScreeningError(_("Choose what the round goes through: doors, people, vehicles."))
    if due_at <= opens_at:
        raise ScreeningError(_("The round must end after it begins. Choose a later end."))
    if due_at <= now:
        raise ScreeningError(_("The end of the round lies in the past. Choose a later end."))
    with write_lock():
        made = Round.objects.create(
            title=title.strip()[:80], place=place, kinds=wanted, opens_us=clock.to_us(opens_at),
            due_us=clock.to_us(due_at), playbook=duties.playbook_at(now), opened_us=clock.to_us(now), opened_by=by,
        )  # fmt: skip
        audit.record(
            by=by, act="screening.round.opened", now=now, target=f"round:{made.id}", place=place.id,
            detail={"kinds": wanted},
        )  # fmt: skip
    return made


def open_round(
    *, title: str, place: Place, kinds: Sequence[str], opens_at: datetime, due_at: datetime, by: str, now: datetime,
    polite: bool = True,
) -> Round:  # fmt: skip
    """Open a round and enrol every dwelling, person and vehicle below `place`. Raises ScreeningError.

    Enrolment commits in chunks; what a crash leaves out, `enrol_missing` adds.
    """
    made = announce_round(
        title=title, place=place, kinds=kinds, opens_at=opens_at, due_at=due_at, by=by, now=now
    )  # fmt: skip
    enrol_missing(round=made, by=by, now=now, polite=polite)
    return made


def enrol_missing(*, round: Round, by: str, now: datetime, polite: bool = True) -> int:
    """Enrol whoever belongs to an open round and is not in it. Returns how many were added; again adds none."""
    if round.status != RoundStatus.OPEN:
        return 0
    added = 0
    for kind in round.kinds:
        members = list(missing_members(round, kind, now))

        def write(part: Sequence[duties.NewMember], kind: str = kind) -> None:
            nonlocal added
            added += enrol_members(round=round, kind=kind, members=part, by=by, now=now)

        in_chunks(members, write, pace=_pace(polite), polite=polite)
    if round.enrolled_us is None:
        Round.objects.filter(id=round.id, enrolled_us__isnull=True).update(enrolled_us=clock.to_us(now))
        round.enrolled_us = clock.to_us(now)
    return added


def _pace(polite: bool) -> Pace:
    """Enrolling has a fixed cost a transaction of some 20 ms, so that shorter chunks would take the lock all day."""
    if not polite:
        return Pace.alone()
    pace = Pace.for_database()
    pace.target_seconds = max(pace.target_seconds, 0.04)
    return pace


def enrol_members(*, round: Round, kind: str, members: Sequence[duties.NewMember], by: str, now: datetime) -> int:
    """Enrol these into the round, inside the caller's transaction."""
    if kind == RoundKind.DOORS:
        ensure_place_subjects(
            places=list(Place.objects.filter(id__in=[member.subject_id for member in members])), now=now
        )
    return duties.enrol(cohort=COHORTS[kind], instance=round.instance, members=members, by=by, now=now)


def missing_members(
    round: Round, kind: str, now: datetime, *, subject_ids: Sequence[UUID] | None = None
) -> Iterator[duties.NewMember]:
    """Who belongs to the round by the register and is not enrolled; of `subject_ids` only, where given."""
    due_us = round.due_us
    # once the round runs, whoever comes late is owed from then on; past its end, at once
    opens_us = min(max(round.opens_us, clock.to_us(now) if round.enrolled_us else round.opens_us), due_us)
    found: dict[UUID, tuple[UUID, UUID | None]] = {}
    if kind == RoundKind.DOORS:
        for door in missing_dwellings(round, subject_ids).only("id", "grid_id"):
            found[door.id] = (door.id, door.grid_id)
    else:
        rows = _missing_attached(round, kind, subject_ids).annotate(grid=F("place__grid_id"))
        for subject_id, place_id, grid_id in rows.values_list("subject_id", "place_id", "grid"):
            assert place_id is not None
            found.setdefault(subject_id, (place_id, grid_id))
    # what no grid covers is counted by a building or a neighbourhood above it
    bare = {place_id for place_id, grid_id in found.values() if grid_id is None}
    nodes = counting_nodes(Place.objects.filter(id__in=bare)) if bare else {}
    for subject_id, (place_id, grid_id) in found.items():
        yield duties.NewMember(subject_id, place_id, grid_id if grid_id else nodes[place_id], opens_us, due_us)


def missing_dwellings(round: Round, place_ids: Sequence[UUID] | None) -> QuerySet[Place]:
    rows = (
        Place.objects.filter(under(round.place), kind=PlaceKind.DWELLING, closed_on__isnull=True)
        .filter(~_enrolled(round, RoundKind.DOORS, "pk"))
        .order_by("path")
    )
    return rows if place_ids is None else rows.filter(id__in=place_ids)


def _missing_attached(round: Round, kind: str, subject_ids: Sequence[UUID] | None) -> QuerySet[Attachment]:
    relation, subject_kind = RELATIONS[kind]
    rows = (
        Attachment.objects.filter(
            under(round.place, "place__"), STANDING, relation=relation, until__isnull=True,
            subject__kind=subject_kind, place__closed_on__isnull=True,
        )
        .filter(~_enrolled(round, kind, "subject_id"))
        .order_by("place__path", "since")
    )  # fmt: skip
    return rows if subject_ids is None else rows.filter(subject_id__in=subject_ids)


def _enrolled(round: Round, kind: str, outer: str) -> Exists:
    return Exists(
        Member.objects.filter(
            cohort__key=COHORTS[kind], cohort__instance=round.instance, until_us__isnull=True,
            subject_id=OuterRef(outer),
        )
    )  # fmt: skip


def under(place: Place, prefix: str = "") -> Q:
    """Condition for places below the root of a round: a grid lies over the tree, and holds what names it."""
    if place.kind == PlaceKind.GRID:
        return Q(**{f"{prefix}grid_id": place.id})
    return subtree(f"{prefix}path", place.path)


def close_round(*, round: Round, by: str, now: datetime) -> None:
    """End a round: nobody is added and nothing more is owed. Open gaps stay open. Raises ScreeningError."""
    with write_lock():
        changed = Round.objects.filter(id=round.id, status=RoundStatus.OPEN).update(
            status=RoundStatus.CLOSED, closed_us=clock.to_us(now), closed_by=by
        )
        if not changed:
            raise ScreeningError(_("This round is closed already. Nothing was changed."))
        for kind in round.kinds:
            duties.close_cohort(cohort=COHORTS[kind], instance=round.instance, by=by, now=now)
        audit.record(by=by, act="screening.round.closed", now=now, target=f"round:{round.id}", place=round.place_id)
