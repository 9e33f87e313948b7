"""What changed in the register, taken into the open rounds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fangxian.duties import actions as duties
from fangxian.duties.models import Member
from fangxian.places.models import Place
from fangxian.registry.actions import mark_folded
from fangxian.registry.models import Attachment, Person, Relation, Subject, SubjectKind, Vehicle
from fangxian.registry.queries import unfolded_changes
from fangxian.screening.actions import enrol_missing, identify
from fangxian.screening.actions.rounds import COHORTS, STANDING, enrol_members, missing_members, under
from fangxian.screening.models import FindingKind, FindingStatus, Round, RoundKind, RoundStatus, UnregisteredFinding
from fangxian.shared.writer import write_lock

CONSUMER: Final = "screening"
BY: Final = "worker"
KIND_OF: Final[dict[str, RoundKind]] = {
    SubjectKind.PERSON: RoundKind.PEOPLE,
    SubjectKind.VEHICLE: RoundKind.VEHICLES,
    SubjectKind.PLACE: RoundKind.DOORS,
}


def fold_register(*, now: datetime, limit: int = 200) -> int:
    """Take up to `limit` changes in, in one transaction. Returns how many; 0 when there is nothing to do."""
    changes = unfolded_changes(CONSUMER, limit)
    if not changes:
        return 0
    subjects = {change.subject_id: change.subject for change in changes}
    with write_lock():
        # findings first: what the field saw before the register knew it is owed from then, not from now
        _identify(subjects.values(), now)
        for round in Round.objects.filter(status=RoundStatus.OPEN, enrolled_us__isnull=False).select_related("place"):
            _take_in(round, subjects, now)
        mark_folded(consumer=CONSUMER, change_ids=[change.pk for change in changes])
    return len(changes)


def enrol_announced(*, now: datetime) -> int:
    """Enrol everybody into rounds that were announced and not enrolled yet. Returns how many were enrolled."""
    waiting = Round.objects.filter(status=RoundStatus.OPEN, enrolled_us__isnull=True).select_related("place")
    return sum(enrol_missing(round=round, by=BY, now=now) for round in waiting.order_by("opened_us"))


def fold_places(*, now: datetime) -> int:
    """Enrol doors that were built into the tree since, with their people, and let go of doors that were closed.

    New places write no change of the register, so this compares: for the worker every few minutes, not every second.
    """
    moved = 0
    for round in Round.objects.filter(status=RoundStatus.OPEN, enrolled_us__isnull=False).select_related("place"):
        moved += enrol_missing(round=round, by=BY, now=now)
        closed = _members(round, RoundKind.DOORS).filter(place__closed_on__isnull=False)
        gone = list(closed.values_list("subject_id", flat=True))
        if gone:
            moved += _withdraw(round, RoundKind.DOORS, gone, _("The door was closed in the register."), now)
    return moved


def _members(round: Round, kind: RoundKind) -> QuerySet[Member]:
    return Member.objects.filter(cohort__key=COHORTS[kind], cohort__instance=round.instance, until_us__isnull=True)


def _take_in(round: Round, subjects: dict[UUID, Subject], now: datetime) -> None:
    by_kind: dict[RoundKind, list[UUID]] = {}
    for subject in subjects.values():
        kind = KIND_OF.get(subject.kind)
        if kind is not None and kind in round.kinds:
            by_kind.setdefault(kind, []).append(subject.id)
    for kind, ids in sorted(by_kind.items()):
        new = list(missing_members(round, kind, now, subject_ids=ids))
        if kind == RoundKind.PEOPLE and RoundKind.DOORS in round.kinds:
            # a person behind a door that the round does not know brings the door along
            doors = list(missing_members(round, RoundKind.DOORS, now, subject_ids=[m.place_id for m in new]))
            enrol_members(round=round, kind=RoundKind.DOORS, members=doors, by=BY, now=now)
        if new:
            enrol_members(round=round, kind=kind, members=new, by=BY, now=now)
        if kind != RoundKind.DOORS:
            _follow_moves(round, kind, ids, now)


def _follow_moves(round: Round, kind: RoundKind, ids: Sequence[UUID], now: datetime) -> None:
    """Withdraw who is no longer attached below the round's root, or was merged into somebody else; renode who moved."""
    relation = Relation.LIVES if kind == RoundKind.PEOPLE else Relation.PARKS
    homes: dict[UUID, list[Place]] = {}
    rows = Attachment.objects.filter(
        under(round.place, "place__"), STANDING, subject_id__in=ids, relation=relation, until__isnull=True,
    ).select_related("place")  # fmt: skip
    for row in rows:
        assert row.place is not None
        homes.setdefault(row.subject_id, []).append(row.place)
    gone: list[UUID] = []
    for subject_id, place_id in _members(round, kind).filter(subject_id__in=ids).values_list("subject_id", "place_id"):
        held = homes.get(subject_id)
        if held is None:
            if kind == RoundKind.PEOPLE or not _seen_here(round, subject_id):
                gone.append(subject_id)
        elif place_id not in {place.id for place in held}:
            duties.renode(subject_ids=[subject_id], place=held[0], by=BY, now=now)
    if gone:
        _withdraw(round, kind, gone, _("No longer registered here."), now)


def _seen_here(round: Round, vehicle_id: UUID) -> bool:
    """A vehicle that was seen in the round counts in it, wherever it is registered."""
    return round.sightings.filter(vehicle_id=vehicle_id).exists()


def _withdraw(round: Round, kind: RoundKind, ids: Sequence[UUID], reason: str, now: datetime) -> int:
    return duties.withdraw(
        cohort=COHORTS[kind], instance=round.instance, subject_ids=ids, reason=reason, by=BY, now=now
    )


def _identify(subjects: Iterable[Subject], now: datetime) -> None:
    """End findings about what has come into the register. What is waited for is read once, since it is little."""
    waiting: dict[tuple[str, str], list[UnregisteredFinding]] = defaultdict(list)
    rows = UnregisteredFinding.objects.filter(status=FindingStatus.OPEN).select_related("round__place", "place", "duty")
    for finding in rows.exclude(label_key=""):
        waiting[(finding.kind, finding.label_key)].append(finding)
    if not waiting:
        return
    alive = {subject.id: subject for subject in subjects if subject.merged_into_id is None}
    for kind, key, subject_id in _keys_of(list(alive), {kind for kind, _key in waiting}):
        for finding in waiting.get((kind, key), ()):
            if kind != FindingKind.PERSON or _lives_at(subject_id, finding.place_id):
                identify(finding=finding, subject=alive[subject_id], by=BY, now=now)


def _keys_of(subject_ids: Sequence[UUID], kinds: set[str]) -> Iterator[tuple[str, str, UUID]]:
    """What these subjects could be waited for as: (kind of finding, key, subject)."""
    if FindingKind.VEHICLE in kinds:
        for pk, plate in Vehicle.objects.filter(subject__in=subject_ids).values_list("subject_id", "plate"):
            yield FindingKind.VEHICLE, plate, pk
    if FindingKind.PERSON in kinds:
        for pk, name in Person.objects.filter(subject__in=subject_ids).values_list("subject_id", "name_key"):
            yield FindingKind.PERSON, name, pk
    if FindingKind.DWELLING in kinds:
        for pk, address in Place.objects.filter(id__in=subject_ids).values_list("id", "address_key"):
            yield FindingKind.DWELLING, address, pk


def _lives_at(subject_id: UUID, place_id: UUID) -> bool:
    return Attachment.objects.filter(
        subject_id=subject_id, place_id=place_id, relation=Relation.LIVES, until__isnull=True
    ).exists()
