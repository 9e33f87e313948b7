"""Posts, their slots, the people in them, and who was shown how."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fangxian.accounts.models import Staff
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry.models import Subject, SubjectKind
from fangxian.rota import rules
from fangxian.rota.models import Assignment, Pattern, Post, Slot, Training
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

GATE: Final = "gate"
GATE_TRAINING: Final = "gate-check"


class RotaError(Exception):
    """Nothing was changed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody in a slot. `trained` is False when the post asks for a training that they have not signed."""

    assignment: Assignment
    trained: bool


def cohort_of(post: Post) -> str:
    """The cohort whose rule says what an unmanned slot of this kind of post means."""
    return f"{post.key}-slot"


def instance_of(slot: Slot) -> str:
    return clock.local_day(clock.from_us(slot.from_us)).isoformat()


@write_lock()
def open_post(
    *, place: Place, by: str, now: datetime, key: str = GATE, title: str = "", training: str = GATE_TRAINING
) -> Post:
    """The post of a place for a purpose; the one that is open is given back."""
    post, made = Post.objects.get_or_create(
        place=place, key=key, closed_us=None, defaults={"title": title.strip()[:80] or place.name, "training": training}
    )
    if made:
        audit.record(by=by, act="rota.post.opened", now=now, target=f"post:{post.id}", place=place.id)
    return post


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing a post did: slots taken off the plan, people who were planned for them, people checked out."""

    slots: int
    planned: int
    left: int


@write_lock()
def close_post(*, post: Post, reason: str, by: str, now: datetime) -> Closed | None:
    """Nobody need stand there any more. None when it was closed already.

    Slots to come are taken off the plan with the people in them; who stands there now is checked out. A slot that has
    begun stays in the record, and what it owed until now with it.
    """
    if not reason.strip():
        raise RotaError(_("Say why. Nothing was changed."))
    now_us = clock.to_us(now)
    row = Post.objects.select_for_update().filter(id=post.id, closed_us__isnull=True).first()
    if row is None:
        return None
    coming = list(Slot.objects.filter(post=row, from_us__gt=now_us).order_by("from_us"))
    planned = remove_slots(coming, row, "post closed", by, now)
    left = Assignment.objects.filter(
        slot__post=row, slot__until_us__gt=now_us, came_us__isnull=False, left_us__isnull=True
    ).update(left_us=now_us)
    row.patterns.filter(ended_us__isnull=True).update(ended_us=now_us)
    row.closed_us, row.closed_reason = now_us, reason.strip()[:200]
    row.save(update_fields=["closed_us", "closed_reason"])
    audit.record(
        by=by, act="rota.post.closed", now=now, target=f"post:{row.id}", place=row.place_id,
        detail={"slots": len(coming), "planned": planned, "left": left},
    )  # fmt: skip
    return Closed(len(coming), planned, left)


def remove_slots(slots: Sequence[Slot], post: Post, reason: str, by: str, now: datetime) -> int:
    """Take slots off the plan, inside the caller's transaction. Returns how many people were planned for them.

    Where somebody has come already, within the hour before, the slot stays in the record; it owes nothing more.
    """
    for slot in slots:
        _withdraw(slot, post, reason, by, now)
    ids = [slot.pk for slot in slots]
    came = Assignment.objects.filter(slot_id__in=ids, came_us__isnull=False).values_list("slot_id", flat=True)
    empty = set(ids) - set(came)
    planned, _each = Assignment.objects.filter(slot_id__in=empty).delete()
    Slot.objects.filter(pk__in=empty).delete()
    return planned


@write_lock()
def plan_day(
    *, post: Post, day: date, times: Sequence[tuple[time, time]], by: str, now: datetime, needed: int = 1,
    pattern: Pattern | None = None,
) -> list[Slot]:  # fmt: skip
    """Make the slots of one day. An end that is not after its start is on the next morning.

    Raises RotaError when one is over already, or meets another slot of the post; then none is made.
    """
    # locked, so that two who plan the same post at once see each other's slots, and nobody plans a post being closed
    post = Post.objects.select_for_update().get(id=post.id)
    if post.closed_us is not None:
        raise RotaError(_("This post is closed. Open it again before planning slots."))
    if needed < 1:
        raise RotaError(_("A slot needs at least one person."))
    spans = [rules.span_of(day, start, end) for start, end in times]
    if any(span.until_us <= clock.to_us(now) for span in spans):
        raise RotaError(_("A slot that is over already cannot be planned. Nothing was changed."))
    near = Slot.objects.filter(
        post=post, from_us__lt=max(s.until_us for s in spans), until_us__gt=min(s.from_us for s in spans)
    ) if spans else Slot.objects.none()  # fmt: skip
    if rules.overlap([*(rules.Span(slot.from_us, slot.until_us) for slot in near), *spans]):
        raise RotaError(_("These times meet another slot of this post. Nothing was changed."))
    slots = [_make_slot(post, span, needed, pattern, now) for span in spans]
    _enrol(post, slots, by, now)
    audit.record(
        by=by, act="rota.day.planned", now=now, target=f"post:{post.id}", place=post.place_id,
        detail={"day": day.isoformat(), "slots": len(slots), "needed": needed},
    )  # fmt: skip
    return slots


def _make_slot(post: Post, span: rules.Span, needed: int, pattern: Pattern | None, now: datetime) -> Slot:
    label = f"{post.title} {rules.label(span)}"[:120]
    subject = Subject.objects.create(kind=SubjectKind.WORK, label=label, created_us=clock.to_us(now))
    return Slot.objects.create(
        subject=subject, post=post, from_us=span.from_us, until_us=span.until_us, needed=needed, pattern=pattern
    )


def _enrol(post: Post, slots: Sequence[Slot], by: str, now: datetime) -> None:
    place = post.place
    node_id = counting_nodes([place])[place.id]
    for slot in slots:
        member = duties.NewMember(
            slot.subject_id, place.id, node_id, opens_us=slot.from_us - rules.EARLY_US, due_us=slot.from_us
        )
        duties.enrol(cohort=cohort_of(post), instance=instance_of(slot), members=[member], by=by, now=now)


def _withdraw(slot: Slot, post: Post, reason: str, by: str, now: datetime) -> None:
    duties.withdraw(
        cohort=cohort_of(post), instance=instance_of(slot), subject_ids=[slot.subject_id], reason=reason, by=by, now=now
    )


@write_lock()
def cancel_slot(*, slot: Slot, by: str, now: datetime) -> None:
    """Take a slot that has not begun off the plan, with the people in it."""
    if slot.from_us <= clock.to_us(now):
        raise RotaError(_("This slot has begun; it stays in the record. Nothing was changed."))
    if Assignment.objects.filter(slot=slot, came_us__isnull=False).exists():
        raise RotaError(_("Somebody has checked in to this slot already; it stays. Nothing was changed."))
    post, slot_id = slot.post, slot.subject_id
    remove_slots([slot], post, "slot cancelled", by, now)
    audit.record(by=by, act="rota.slot.cancelled", now=now, target=f"slot:{slot_id}", place=post.place_id)


@write_lock()
def assign(*, slot: Slot, staff: Staff, by: str, now: datetime) -> Placed:
    """Plan a person for a slot. Who has not signed the training is planned all the same; the answer says so."""
    if slot.until_us <= clock.to_us(now):
        raise RotaError(_("This slot is over. Nothing was changed."))
    if not staff.is_active:
        raise RotaError(_("This account is switched off. Choose somebody else."))
    _not_elsewhere(slot, staff)
    row, made = Assignment.objects.get_or_create(slot=slot, staff=staff, defaults={"by": by})
    if made:
        audit.record(by=by, act="rota.assigned", now=now, target=f"assignment:{row.id}", place=slot.post.place_id)
    return Placed(row, is_trained(staff, slot.post))


def _meeting(slot: Slot, staff: Staff) -> QuerySet[Assignment]:
    """Other slots of this person at the time of this one. The person is locked: two posts may ask at once."""
    Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)
    return (
        Assignment.objects.filter(
            staff=staff, slot__from_us__lt=slot.until_us, slot__until_us__gt=slot.from_us, left_us__isnull=True
        )
        .exclude(slot=slot)
        .select_related("slot__post")
    )


def _not_elsewhere(slot: Slot, staff: Staff) -> None:
    other = _meeting(slot, staff).first()
    if other is not None:
        raise RotaError(
            _("%(name)s stands at %(post)s at that time. Nothing was changed.")
            % {"name": staff.name, "post": other.slot.post.title}
        )


def _not_there(slot: Slot, staff: Staff) -> None:
    other = _meeting(slot, staff).filter(came_us__isnull=False).first()
    if other is not None:
        raise RotaError(
            _("%(name)s is checked in at %(post)s. Nothing was changed; check out there first.")
            % {"name": staff.name, "post": other.slot.post.title}
        )


@write_lock()
def unassign(*, assignment: Assignment, by: str, now: datetime) -> None:
    """Off the plan again. Who has come stays in the record."""
    if assignment.came_us is not None:
        raise RotaError(_("This person has come already; that stays in the record. Nothing was changed."))
    place = assignment.slot.post.place_id
    audit.record(by=by, act="rota.unassigned", now=now, target=f"assignment:{assignment.id}", place=place)
    assignment.delete()


@write_lock()
def sign_off(*, staff: Staff, topic: str, by: str, now: datetime) -> Training:
    """A person was shown how, and somebody vouches for it. Signing again keeps the first signature."""
    if not topic.strip():
        raise RotaError(_("Say what the training was about."))
    row, made = Training.objects.get_or_create(
        staff=staff, topic=topic.strip()[:40], defaults={"signed_us": clock.to_us(now), "by": by}
    )
    if made:
        audit.record(
            by=by, act="rota.training.signed", now=now, target=f"training:{row.id}", detail={"topic": row.topic}
        )
    return row


@write_lock()
def check_in(*, slot: Slot, staff: Staff, by: str, now: datetime, observed_at: datetime | None = None) -> Placed:
    """Somebody is at the post. The slot's duty is met with the last person that it needs, on time or late.

    Whoever was not planned is added, and whoever is planned elsewhere at that time is taken where they stand; only who
    has come to another post and not left it is refused. Coming twice keeps the first time.
    """
    at = observed_at or now
    at_us = clock.to_us(at)
    if at_us < slot.from_us - rules.EARLY_US:
        raise RotaError(_("This slot begins later. Check in within the hour before it begins."))
    if at_us >= slot.until_us:
        raise RotaError(_("This slot is over. Nothing was changed."))
    slot = Slot.objects.select_for_update(of=("self",)).select_related("post").get(pk=slot.pk)
    _not_there(slot, staff)
    row, _made = Assignment.objects.get_or_create(slot=slot, staff=staff, defaults={"by": by, "planned": False})
    if row.came_us is None:
        row.came_us = at_us
        row.save(update_fields=["came_us"])
        _settle(slot, at, by, now)
        audit.record(
            by=by, act="rota.came", now=now, target=f"assignment:{row.id}", place=slot.post.place_id,
            detail={"planned": row.planned},
        )  # fmt: skip
    return Placed(row, is_trained(staff, slot.post))


def _settle(slot: Slot, at: datetime, by: str, now: datetime) -> None:
    came = Assignment.objects.filter(slot=slot, came_us__isnull=False).count()
    if came >= slot.needed:
        done = duties.Done(slot.subject_id, at, f"slot:{slot.subject_id.hex}")
        duties.fulfil(cohort=cohort_of(slot.post), instance=instance_of(slot), items=[done], by=by, now=now)


@write_lock()
def check_out(*, assignment: Assignment, by: str, now: datetime) -> None:
    """Somebody leaves the post. Raises RotaError when they never came."""
    if assignment.came_us is None:
        raise RotaError(_("This person has not checked in. Nothing was changed."))
    if Assignment.objects.filter(id=assignment.id, left_us__isnull=True).update(left_us=clock.to_us(now)):
        place = assignment.slot.post.place_id
        audit.record(by=by, act="rota.left", now=now, target=f"assignment:{assignment.id}", place=place)


def is_trained(staff: Staff, post: Post) -> bool:
    return not post.training or Training.objects.filter(staff=staff, topic=post.training).exists()
