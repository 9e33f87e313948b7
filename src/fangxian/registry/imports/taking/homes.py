"""Households of the doors in a chunk."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.registry.imports.taking.pending import Pending
from fangxian.registry.imports.taking.run import Run
from fangxian.registry.models import ChangeKind, Household, Subject, SubjectKind
from fangxian.shared.ids import new_id


class Homes:
    """The household behind each door, made with its first member."""

    def __init__(self, doors: Iterable[UUID]) -> None:
        rows = Household.objects.filter(dwelling_id__in=set(doors), ended_on__isnull=True)
        self._held = dict(rows.values_list("dwelling_id", "subject_id"))

    def household(self, door: UUID, pending: Pending, run: Run) -> UUID:
        found = self._held.get(door)
        if found is not None:
            return found
        subject = Subject(
            id=new_id(), kind=SubjectKind.HOUSEHOLD, label=run.where.spoken(door)[:120], created_us=run.now_us
        )
        pending.rows += [subject, Household(subject_id=subject.id, dwelling_id=door)]
        pending.touch(subject.id, ChangeKind.ADDED)
        self._held[door] = subject.id
        return subject.id
