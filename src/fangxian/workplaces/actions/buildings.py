"""Office buildings: their setup, task force, duty calendar, signed statements and supplies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.places.models import Place, PlaceKind
from fangxian.registry import actions as registry
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.writer import write_lock
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.calendar import Turn, rotation
from fangxian.workplaces.models import Building, DutyDay, Lift, Statement, StatementKind, Supply, TaskMember, TaskRole
from fangxian.workplaces.plan import plan_at

MOST_DAYS: Final = 92
MOST_LIFTS: Final = 60


@dataclass(frozen=True, slots=True)
class BuildingFacts:
    """What can be set of a building. Caps of None hold nobody back."""

    manager_firm: str = ""
    people_cap: int | None = None
    firm_cap: int | None = None
    lobby_cap: int | None = None
    isolation_room: str = ""


@dataclass(frozen=True, slots=True)
class LiftFacts:
    name: str
    cap: int
    floor_from: int
    floor_until: int
    round_trip_seconds: int = 120
    is_open: bool = True


def _office(place: Place) -> None:
    if place.kind != PlaceKind.BUILDING or place.closed_on is not None:
        raise WorkplaceError(_("This place is not an office building in use. Nothing was changed."))


@write_lock()
def set_up(*, place: Place, facts: BuildingFacts, by: str, now: datetime) -> Building:
    """Make or change what a building is. An isolation room that is another one has not been checked yet."""
    _office(place)
    room = facts.isolation_room.strip()
    before = Building.objects.filter(place=place).first()
    values = {
        "manager_firm": facts.manager_firm.strip(), "people_cap": facts.people_cap, "firm_cap": facts.firm_cap,
        "lobby_cap": facts.lobby_cap, "isolation_room": room, "changed_us": clock.to_us(now),
        "isolation_checked_us": before.isolation_checked_us if before and before.isolation_room == room else None,
    }  # fmt: skip
    row, _made = Building.objects.update_or_create(place=place, defaults=values)
    caps = {"people_cap": facts.people_cap, "firm_cap": facts.firm_cap, "lobby_cap": facts.lobby_cap}
    audit.record(
        by=by, act="workplaces.building.set_up", now=now, target=f"place:{place.id}", place=place.id, detail=caps
    )
    return row


@write_lock()
def check_isolation(*, place: Place, by: str, now: datetime) -> Building:
    """Somebody was in the isolation room and found it ready."""
    row = Building.objects.select_for_update().filter(place=place).first()
    if row is None or not row.isolation_room:
        raise WorkplaceError(_("Say first where the isolation room is. Nothing was recorded."))
    row.isolation_checked_us = clock.to_us(now)
    row.save(update_fields=["isolation_checked_us"])
    audit.record(by=by, act="workplaces.isolation.checked", now=now, target=f"place:{place.id}", place=place.id)
    return row


@write_lock()
def add_lift(*, place: Place, facts: LiftFacts, by: str, now: datetime) -> Lift:
    _office(place)
    if Lift.objects.filter(place=place).count() >= MOST_LIFTS:
        raise WorkplaceError(_("A building has at most %(most)s lifts here. Nothing was added.") % {"most": MOST_LIFTS})
    row = Lift(place=place)
    return _write_lift(row, facts, "workplaces.lift.added", by, now)


@write_lock()
def change_lift(*, lift: Lift, facts: LiftFacts, by: str, now: datetime) -> Lift:
    return _write_lift(lift, facts, "workplaces.lift.changed", by, now)


def _write_lift(row: Lift, facts: LiftFacts, act: str, by: str, now: datetime) -> Lift:
    if facts.floor_until < facts.floor_from:
        raise WorkplaceError(_("The highest floor lies below the lowest one. Nothing was changed."))
    if facts.cap < 1 or facts.round_trip_seconds < 1:
        raise WorkplaceError(_("A lift carries at least one person and takes at least a second. Nothing was changed."))
    row.name, row.cap, row.is_open = facts.name.strip(), facts.cap, facts.is_open
    row.floor_from, row.floor_until = facts.floor_from, facts.floor_until
    row.round_trip_seconds = facts.round_trip_seconds
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise WorkplaceError(_("This building has a lift of that name already. Choose another name.")) from error
    detail = {"cap": row.cap, "open": row.is_open}
    audit.record(by=by, act=act, now=now, target=f"lift:{row.id}", place=row.place_id, detail=detail)
    return row


@write_lock()
def remove_lift(*, lift: Lift, by: str, now: datetime) -> None:
    """For a lift that was entered by mistake; one that stands still is closed."""
    audit.record(by=by, act="workplaces.lift.removed", now=now, target=f"lift:{lift.id}", place=lift.place_id)
    lift.delete()


def in_post(now: datetime) -> Q:
    """Condition for members of a task force whose period runs at `now`; one that ended holds no more, at once."""
    now_us = clock.to_us(now)
    return Q(since_us__lte=now_us) & (Q(until_us__isnull=True) | Q(until_us__gt=now_us))


@write_lock()
def appoint(
    *, place: Place, role: TaskRole, name: str, by: str, now: datetime, phone: str = "", staff: UUID | None = None,
    deputy: bool = False, until: datetime | None = None,
) -> TaskMember:  # fmt: skip
    """Somebody takes a role of a building's task force, or stands in for its holder.

    A new holder ends the period of the one before; somebody who has the role already is changed, not doubled.
    """
    _office(place)
    name = name.strip()
    if not name:
        raise WorkplaceError(_("Say who it is. Nothing was changed."))
    if until is not None and until <= now:
        raise WorkplaceError(_("The period would end before it begins. Nothing was changed."))
    now_us = clock.to_us(now)
    held = TaskMember.objects.select_for_update().filter(
        Q(until_us__isnull=True) | Q(until_us__gt=now_us), place=place, role=role
    )
    for row in held:
        if row.name == name or (not deputy and not row.deputy):
            _end(row, now)
    row = TaskMember.objects.create(
        place=place, role=role, deputy=deputy, staff=staff, name=name, phone=phone.strip(), since_us=now_us,
        until_us=clock.to_us(until) if until else None, by=by,
    )  # fmt: skip
    # whoever was only changed keeps the days
    days = DutyDay.objects.filter(place=place, day__gte=clock.local_day(now), member__name=name, member__role=role)
    days.exclude(member=row).update(member=row)
    _forget_days(place, now)
    audit.record(
        by=by, act="workplaces.task_force.appointed", now=now, target=f"task_member:{row.id}", place=place.id,
        detail={"role": role.value, "deputy": deputy},
    )  # fmt: skip
    return row


@write_lock()
def release(*, member: TaskMember, by: str, now: datetime) -> int:
    """End somebody's period. Returns how many days to come of the duty calendar lost them."""
    row = TaskMember.objects.select_for_update().select_related("place").get(id=member.id)
    if row.until_us is not None and row.until_us <= clock.to_us(now):
        return 0
    _end(row, now)
    lost = _forget_days(row.place, now)
    audit.record(
        by=by, act="workplaces.task_force.released", now=now, target=f"task_member:{row.id}", place=row.place_id,
        detail={"role": row.role, "days": lost},
    )  # fmt: skip
    return lost


def _end(row: TaskMember, now: datetime) -> None:
    row.until_us = max(clock.to_us(now), row.since_us)
    row.save(update_fields=["until_us"])


def _forget_days(place: Place, now: datetime) -> int:
    """Take those whose period has ended off the days to come; today stays with whoever had it so far."""
    gone = DutyDay.objects.filter(
        place=place,
        day__gt=clock.local_day(now),
        member__until_us__isnull=False,
        member__until_us__lte=clock.to_us(now),
    )
    return gone.delete()[0]


@write_lock()
def roster_days(
    *, place: Place, from_day: date, days: int, by: str, now: datetime, members: Sequence[UUID] | None = None
) -> int:
    """Fill the empty days of a duty calendar by rotation; days that have somebody keep them.

    `members` are those who take turns, in this order; without it all of the task force do, in the order of the roles.
    Returns how many days were filled.
    """
    _office(place)
    if not 1 <= days <= MOST_DAYS:
        raise WorkplaceError(
            _("Plan between 1 and %(most)s days at a time. Nothing was planned.") % {"most": MOST_DAYS}
        )
    if from_day < clock.local_day(now):
        raise WorkplaceError(_("The first day lies in the past. Nothing was planned."))
    turns = _turns(place, members, from_day, now)
    if not turns:
        raise WorkplaceError(_("Nobody is in the task force who could take turns. Appoint somebody first."))
    until = from_day + timedelta(days=days)
    taken = dict(DutyDay.objects.filter(place=place, day__gte=from_day, day__lt=until).values_list("day", "member_id"))
    found = rotation(turns, from_day=from_day, days=days, taken=taken)
    DutyDay.objects.bulk_create(DutyDay(place=place, day=day, member_id=member, by=by) for day, member in found)
    detail = {"from": from_day.isoformat(), "days": len(found)}
    audit.record(
        by=by, act="workplaces.calendar.planned", now=now, target=f"place:{place.id}", place=place.id, detail=detail
    )
    return len(found)


def _turns(place: Place, members: Sequence[UUID] | None, from_day: date, now: datetime) -> list[Turn]:
    rows = list(TaskMember.objects.filter(in_post(now), place=place))
    if members is None:
        order = {role.value: number for number, role in enumerate(TaskRole)}
        rows.sort(key=lambda row: (order[row.role], row.deputy, row.since_us, str(row.id)))
    else:
        rank = {ident: number for number, ident in enumerate(members)}
        rows = sorted((row for row in rows if row.id in rank), key=lambda row: rank[row.id])
    seen = DutyDay.objects.filter(place=place, day__lt=from_day, member__in=rows).values_list("member_id")
    last = dict(seen.annotate(last=Max("day")))
    ends = {row.id: clock.from_us(row.until_us - 1) if row.until_us else None for row in rows}
    return [
        Turn(row.id, last.get(row.id), until=clock.local_day(end) if (end := ends[row.id]) else None) for row in rows
    ]


@write_lock()
def set_day(*, place: Place, day: date, member: TaskMember, by: str, now: datetime) -> DutyDay:
    """One person has this day, instead of whoever had it."""
    if day < clock.local_day(now):
        raise WorkplaceError(_("That day is over. Nothing was changed."))
    ends = member.until_us is not None and member.until_us <= max(clock.to_us(now), clock.day_start_us(day))
    if member.place_id != place.id or ends:
        raise WorkplaceError(_("This person is not in the task force on that day. Nothing was changed."))
    DutyDay.objects.filter(place=place, day=day).delete()
    row = DutyDay.objects.create(place=place, day=day, member=member, by=by)
    detail = {"day": day.isoformat(), "member": member.id.hex}
    audit.record(
        by=by, act="workplaces.calendar.changed", now=now, target=f"place:{place.id}", place=place.id, detail=detail
    )
    return row


@write_lock()
def sign(
    *, subject: Subject, kind: StatementKind, text: str, signer: str, post: str, by: str, now: datetime,
    place: Place | None = None,
) -> Statement:  # fmt: skip
    """Keep a statement as it was signed. The same words by the same person for the same post stand once.

    `place` is where it belongs for the audit: the building, also where an enterprise signs.
    """
    text, signer, post = text.strip(), signer.strip(), post.strip()
    if not text:
        raise WorkplaceError(_("The plan in force has no text for this statement. Nothing was signed."))
    if not signer or not post:
        raise WorkplaceError(_("Say who signs and as what. Nothing was signed."))
    latest = Statement.objects.filter(subject=subject, kind=kind).order_by("-signed_us", "-id").first()
    if latest is not None and (latest.text, latest.signer, latest.post) == (text, signer, post):
        return latest
    row = Statement.objects.create(
        subject=subject, kind=kind, text=text, signer=signer, post=post, signed_us=clock.to_us(now), by=by
    )
    audit.record(
        by=by, act="workplaces.statement.signed", now=now, target=f"statement:{row.id}",
        place=place.id if place else "", detail={"kind": kind.value},
    )  # fmt: skip
    return row


def sign_building(
    *, place: Place, kind: StatementKind, text: str, signer: str, post: str, by: str, now: datetime
) -> Statement:
    """A building's own statement: the building is a subject under its own id."""
    _office(place)
    with write_lock():
        registry.ensure_place_subjects(places=[place], now=now)
        subject = Subject.objects.get(id=place.id)
        return sign(
            subject=subject, kind=kind, text=text, signer=signer, post=post, by=by, now=now, place=place
        )  # fmt: skip


@write_lock()
def count_supply(
    *, holder: UUID, goods: str, quantity: int, per_day: int, by: str, now: datetime, place: Place | None = None
) -> Supply:
    """What a building or an enterprise holds of one kind of goods, as it was counted now."""
    if goods not in {one.key for one in plan_at(now).section.goods}:
        raise WorkplaceError(_("The plan in force does not ask for these goods. Nothing was recorded."))
    if quantity < 0 or per_day < 0:
        raise WorkplaceError(_("Amounts cannot be below nothing. Nothing was recorded."))
    if place is not None and place.id == holder:
        registry.ensure_place_subjects(places=[place], now=now)
    row, _made = Supply.objects.update_or_create(
        holder_id=holder, goods=goods,
        defaults={"quantity": quantity, "per_day": per_day, "counted_us": clock.to_us(now), "by": by},
    )  # fmt: skip
    audit.record(
        by=by, act="workplaces.supply.counted", now=now, target=f"subject:{holder}", place=place.id if place else "",
        detail={"goods": goods, "quantity": quantity, "per_day": per_day},
    )  # fmt: skip
    return row
