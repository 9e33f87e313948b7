"""The rota as a desk and a gate read it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from fangxian.accounts.models import Staff
from fangxian.rota.actions import GATE
from fangxian.rota.models import Assignment, Post, Slot, Training
from fangxian.shared import clock


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a slot."""

    assignment_id: UUID
    staff_id: UUID
    name: str
    planned: bool
    trained: bool
    came_us: int | None
    left_us: int | None


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A slot with its people. `short` says how many are missing although it has begun."""

    id: UUID
    from_us: int
    until_us: int
    needed: int
    people: tuple[Person, ...]
    begun: bool
    over: bool

    @property
    def came(self) -> int:
        return sum(person.came_us is not None for person in self.people)

    @property
    def short(self) -> int:
        return max(0, self.needed - self.came) if self.begun else 0

    @property
    def unplanned(self) -> int:
        """How many are still to be found for a slot that has not ended."""
        return 0 if self.over else max(0, self.needed - len(self.people))


def post_of(place_id: UUID, key: str = GATE) -> Post | None:
    """The open post of a place."""
    return Post.objects.filter(place_id=place_id, key=key, closed_us__isnull=True).select_related("place").first()


def slots_of_day(post: Post, day: date, now: datetime) -> list[SlotLine]:
    """The slots that touch a local day, the one that began the evening before included."""
    first = clock.day_start_us(day)
    last = clock.day_start_us(day + timedelta(days=1))
    rows = list(Slot.objects.filter(post=post, from_us__lt=last, until_us__gt=first).order_by("from_us"))
    people = _people([row.subject_id for row in rows], post.training)
    now_us = clock.to_us(now)
    return [
        SlotLine(
            row.subject_id, row.from_us, row.until_us, row.needed, tuple(people[row.subject_id]),
            row.from_us <= now_us, row.until_us <= now_us,
        )
        for row in rows
    ]  # fmt: skip


def _people(slot_ids: list[UUID], topic: str) -> dict[UUID, list[Person]]:
    rows = list(Assignment.objects.filter(slot_id__in=slot_ids).select_related("staff").order_by("staff__name", "id"))
    trained = trained_of([row.staff_id for row in rows], topic)
    found: dict[UUID, list[Person]] = defaultdict(list)
    for row in rows:
        found[row.slot_id].append(
            Person(
                row.id, row.staff_id, row.staff.name, row.planned, row.staff_id in trained, row.came_us, row.left_us
            )  # fmt: skip
        )
    return found


def trained_of(staff_ids: Iterable[UUID], topic: str) -> set[UUID]:
    """Who of them has signed the topic; everybody where none is asked for."""
    ids = set(staff_ids)
    if not topic:
        return ids
    return set(Training.objects.filter(staff_id__in=ids, topic=topic).values_list("staff_id", flat=True))


def on_post(place_ids: Iterable[UUID], now: datetime, key: str = GATE) -> dict[UUID, list[str]]:
    """By place the names of those who have checked in to a slot that is running, and have not left."""
    now_us = clock.to_us(now)
    rows = Assignment.objects.filter(
        slot__post__place_id__in=list(place_ids), slot__post__key=key, slot__until_us__gt=now_us, came_us__isnull=False,
        left_us__isnull=True,
    ).order_by("came_us").values_list("slot__post__place_id", "staff__name")  # fmt: skip
    found: dict[UUID, list[str]] = defaultdict(list)
    for place_id, name in rows:
        if name not in found[place_id]:
            found[place_id].append(name)
    return dict(found)


def running(place_ids: Iterable[UUID], now: datetime, key: str = GATE) -> set[UUID]:
    """Places at which a slot is running now, so that somebody must stand there."""
    now_us = clock.to_us(now)
    rows = Slot.objects.filter(
        post__place_id__in=list(place_ids), post__key=key, from_us__lte=now_us, until_us__gt=now_us,
        post__closed_us__isnull=True,
    )  # fmt: skip
    return set(rows.values_list("post__place_id", flat=True))


def candidates(path: str, now: datetime, roles: Iterable[str]) -> list[Staff]:
    """Active staff who hold one of `roles` at a place whose subtree `path` lies in, or below that place."""
    wanted = list(roles)
    rows = Staff.objects.filter(is_active=True, grants__role__in=wanted, grants__since__lte=now)
    found = []
    for staff in rows.distinct().prefetch_related("grants__place").order_by("name"):
        for grant in staff.grants.all():
            live = grant.since <= now and (grant.until is None or grant.until > now)
            if live and grant.role in wanted and grant.place is not None:
                where = grant.place.path
                if path.startswith(where) or where.startswith(path):
                    found.append(staff)
                    break
    return found
