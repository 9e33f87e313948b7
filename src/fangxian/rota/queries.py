"""The rota as a desk and a gate read it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q

from fangxian.accounts.access import Reach
from fangxian.accounts.models import RoleGrant, Staff
from fangxian.rota.actions import GATE
from fangxian.rota.models import Assignment, Pattern, Post, Slot, Training
from fangxian.rota.rules import EARLY_US
from fangxian.shared import clock

AHEAD_DAYS: Final = 14
"""How far ahead somebody sees their own slots."""
LATE_US: Final = 12 * clock.HOUR_US
"""How long after its end a slot is still shown to who has not checked out of it."""
MOST_SHORT: Final = 50


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
    signed = Exists(Training.objects.filter(staff_id=OuterRef("staff_id"), topic=topic))
    rows = Assignment.objects.filter(slot_id__in=slot_ids).select_related("staff").annotate(signed=signed)
    found: dict[UUID, list[Person]] = defaultdict(list)
    for row in rows.order_by("staff__name", "id"):
        found[row.slot_id].append(
            Person(
                row.id, row.staff_id, row.staff.name, row.planned, row.signed or not topic, row.came_us, row.left_us
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
    rows = RoleGrant.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now), since__lte=now, staff__is_active=True, role__in=list(roles),
        place__isnull=False,
    )  # fmt: skip
    found: dict[UUID, Staff] = {}
    for grant in rows.select_related("staff", "place").order_by("staff__name", "staff_id"):
        where = grant.place.path if grant.place else ""
        if path.startswith(where) or where.startswith(path):
            found.setdefault(grant.staff_id, grant.staff)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class MySlot:
    """A slot as one who stands in it sees it. `gate` is the post's title, `place` where it is."""

    slot_id: UUID
    gate: str
    place: str
    from_us: int
    until_us: int
    over: bool
    may_come: bool
    trained: bool = True
    assignment_id: UUID | None = None
    came_us: int | None = None
    left_us: int | None = None

    @property
    def here(self) -> bool:
        return self.came_us is not None and self.left_us is None

    @property
    def day(self) -> date:
        return clock.local_day(clock.from_us(self.from_us))


def my_slots(staff: Staff, now: datetime) -> list[MySlot]:
    """Where somebody is planned in the next days or stands now, and what lately ended without a check-out."""
    now_us = clock.to_us(now)
    rows = Assignment.objects.filter(
        Q(slot__until_us__gt=now_us) | Q(slot__until_us__gt=now_us - LATE_US, left_us__isnull=True),
        staff=staff, slot__from_us__lt=now_us + AHEAD_DAYS * clock.DAY_US, slot__post__closed_us__isnull=True,
    )  # fmt: skip
    found = list(rows.select_related("slot__post__place__parent").order_by("slot__from_us"))
    signed = set(Training.objects.filter(staff=staff).values_list("topic", flat=True))
    return [
        _mine(row.slot, now_us, row, trained=not row.slot.post.training or row.slot.post.training in signed)
        for row in found
    ]


def _mine(slot: Slot, now_us: int, row: Assignment | None = None, *, trained: bool = True) -> MySlot:
    above = slot.post.place.parent
    return MySlot(
        slot.pk, slot.post.title, above.name if above else "", slot.from_us, slot.until_us, slot.until_us <= now_us,
        slot.from_us - EARLY_US <= now_us < slot.until_us and (row is None or row.came_us is None), trained,
        row.id if row else None, row.came_us if row else None, row.left_us if row else None,
    )  # fmt: skip


def short_slots(held: Reach, now: datetime, key: str = GATE) -> list[MySlot]:
    """Slots within reach that one may check in to now and to which too few have come."""
    now_us = clock.to_us(now)
    rows = Slot.objects.filter(
        held.places("post__place__path", "post__place__grid_id"), post__key=key, post__closed_us__isnull=True,
        from_us__lte=now_us + EARLY_US, until_us__gt=now_us,
    )  # fmt: skip
    came = Count("assignments", filter=Q(assignments__came_us__isnull=False))
    rows = rows.annotate(came=came).filter(came__lt=F("needed"))
    found = rows.select_related("post__place__parent").order_by("from_us", "post__title")[:MOST_SHORT]
    return [_mine(slot, now_us) for slot in found]


@dataclass(frozen=True, slots=True)
class PatternLine:
    """A pattern that still has slots to come. `weekdays` are numbers, 1 is Monday."""

    pattern: Pattern
    weekdays: tuple[int, ...]
    names: tuple[str, ...]
    coming: int


def patterns_of(post: Post, now: datetime) -> list[PatternLine]:
    coming = Count("slots", filter=Q(slots__from_us__gt=clock.to_us(now)), distinct=True)
    rows = Pattern.objects.filter(post=post, ended_us__isnull=True).annotate(coming=coming).filter(coming__gt=0)
    return [
        PatternLine(
            row, tuple(int(day) for day in row.weekdays), tuple(sorted(one.name for one in row.people.all())),
            row.coming,
        )
        for row in rows.prefetch_related("people").order_by("start", "first_day", "id")
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coming:
    """What closing a post would take off the plan."""

    slots: int
    people: int


def coming(post: Post, now: datetime) -> Coming:
    rows = Slot.objects.filter(post=post, from_us__gt=clock.to_us(now))
    found = rows.aggregate(
        slots=Count("subject_id", distinct=True), people=Count("assignments__staff_id", distinct=True)
    )
    return Coming(found["slots"], found["people"])


def last_closed(place_id: UUID, key: str = GATE) -> Post | None:
    """The post that was closed last, for a place that has none open."""
    return Post.objects.filter(place_id=place_id, key=key, closed_us__isnull=False).order_by("-closed_us").first()
