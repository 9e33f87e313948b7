"""What the worker takes from rounds: who registered, which days are to be closed, which runs and calls are to be
followed up. Each part may be run by two workers at once: what is enrolled twice is enrolled once, and registrations
are marked row by row in the transaction that folds them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from fangxian.duties import actions as duties
from fangxian.duties.models import Member
from fangxian.masks.actions import allocate, calls, rounds
from fangxian.masks.actions.close import instance_of
from fangxian.masks.models import Arrival, DayClose, Outlet, Registration, Round
from fangxian.masks.plan import plan_at
from fangxian.masks.playbook import CLOSE, DOORS, SPECIAL
from fangxian.places.models import Place
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.shared import clock
from fangxian.shared.writer import in_chunks, while_there_is, write_lock

RUN_SECONDS: Final = 2.0
DAYS_BACK: Final = 7
"""A worker that was down for some days still asks for their closing."""


def fold(*, now: datetime, by: str = "worker") -> int:
    """All of it, once. Returns how much was done, so that the loop knows whether to come back at once."""
    done = enrol_announced(now=now, by=by)
    done += fold_registrations(now=now, by=by)
    done += enrol_special(now=now, by=by)
    done += enrol_closes(now=now, by=by)
    return done + allocate.resume(now=now) + calls.move_dropped(now=now) + allocate.lapse(now=now)


def enrol_announced(*, now: datetime, by: str = "worker") -> int:
    """Give every door of a round that was announced its duty to be told. Returns how many rounds."""
    found = Round.objects.filter(
        announced_us__lte=clock.to_us(now), enrolled_us__isnull=True, cancelled_us__isnull=True
    )
    fresh = list(found.select_related("street").order_by("announced_us"))
    for round in fresh:
        rounds.enrol_doors(round=round, by=by, now=now)
    return len(fresh)


def follow_doors(*, now: datetime, by: str = "worker") -> int:
    """Doors that were built, or found, while a round registers are owed being told of it too. Returns how many."""
    now_us = clock.to_us(now)
    found = Round.objects.filter(
        enrolled_us__isnull=False, register_until_us__gt=now_us, cancelled_us__isnull=True
    ).select_related("street")
    return sum(rounds.enrol_new_doors(round=round, by=by, now=now) for round in found)


def fold_registrations(*, now: datetime, by: str = "worker") -> int:
    """Who registered has been told of the round, and a special household that did is no gap. For about two seconds."""
    return while_there_is(lambda rows: _fold_chunk(rows, by, now), seconds=RUN_SECONDS)


def _fold_chunk(rows: int, by: str, now: datetime) -> int:
    # Before the doors are enrolled there is no duty that a registration could fulfil.
    waiting = Registration.objects.filter(folded=False, round__enrolled_us__isnull=False).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True, of=("self",))
    batch = list(waiting[:rows])
    by_round: dict[UUID, list[duties.Done]] = defaultdict(list)
    for row in batch:
        if row.withdrawn_us is None:
            by_round[row.round_id].append(_registered(row.id, row.unit, row.observed_us))
    for round_id, items in sorted(by_round.items()):
        for cohort in (DOORS, SPECIAL):
            duties.fulfil(cohort=cohort, instance=round_id.hex, items=items, by=by, now=now)
    Registration.objects.filter(id__in=[row.id for row in batch]).update(folded=True)
    return len(batch)


def _registered(registration_id: UUID, unit: UUID, at_us: int) -> duties.Done:
    return duties.Done(unit, clock.from_us(at_us), f"mask-registration:{registration_id.hex}")


def enrol_special(*, now: datetime, by: str = "worker") -> int:
    """Special households that the committee learned of after the announcement. Returns how many."""
    now_us = clock.to_us(now)
    open_ = Round.objects.filter(enrolled_us__isnull=False, cancelled_us__isnull=True, register_until_us__gt=now_us)
    count = 0
    for round in open_.select_related("street"):
        have = Member.objects.filter(cohort__key=SPECIAL, cohort__instance=round.id.hex, until_us__isnull=True)
        fresh = list(
            Place.objects.filter(round.street.subtree, special_unit__isnull=False, closed_on__isnull=True).exclude(
                id__in=have.values("subject_id")
            )
        )
        if fresh:
            due_us = max(round.register_until_us - clock.DAY_US, now_us + rounds.TELL_HOURS * clock.HOUR_US)
            _enrol_special(round, fresh, due_us, by, now)
            count += len(fresh)
    return count


def _enrol_special(round: Round, places: Sequence[Place], due_us: int, by: str, now: datetime) -> None:
    """With what is known already: a home may have registered before it was marked."""

    def write(part: Sequence[Place]) -> None:
        _enrol(SPECIAL, round.id.hex, part, clock.to_us(now), due_us, by, now)
        rows = Registration.objects.filter(
            round=round, unit__in=[place.id for place in part], withdrawn_us__isnull=True
        ).values_list("id", "unit", "observed_us")
        items = [_registered(*row) for row in rows]
        duties.fulfil(cohort=SPECIAL, instance=round.id.hex, items=items, by=by, now=now)

    in_chunks(places, write)


def _enrol(
    cohort: str, instance: str, places: Sequence[Place], opens_us: int, due_us: int, by: str, now: datetime
) -> int:
    registry.ensure_place_subjects(places=places, now=now)
    nodes = counting_nodes(places)
    members = [
        duties.NewMember(place.id, place.id, nodes[place.id], opens_us=min(opens_us, due_us), due_us=due_us)
        for place in places
    ]
    return duties.enrol(cohort=cohort, instance=instance, members=members, by=by, now=now)


def enrol_closes(*, now: datetime, by: str = "worker") -> int:
    """Each pharmacy that has goods owes the closing of each day of sale. Returns how many are new."""
    now_us = clock.to_us(now)
    selling = Round.objects.filter(
        announced_us__isnull=False, sale_from_us__lte=now_us, sale_until_us__gt=now_us - DAYS_BACK * clock.DAY_US
    ).filter(Q(cancelled_us__isnull=True) | Q(cancelled_us__gt=now_us - DAYS_BACK * clock.DAY_US))
    return sum(_enrol_closes(round, by, now) for round in selling)


def _enrol_closes(round: Round, by: str, now: datetime) -> int:
    days = list(_days(round, now))
    if not days:
        return 0
    held: dict[str, set[UUID]] = defaultdict(set)
    instances = [instance_of(round, day) for day in days]
    for instance, subject_id in Member.objects.filter(
        cohort__key=CLOSE, cohort__instance__in=instances, until_us__isnull=True
    ).values_list("cohort__instance", "subject_id"):
        held[instance].add(subject_id)
    outlets = list(Outlet.objects.filter(round=round).select_related("pharmacy"))
    first = _first_goods(round)
    count = 0
    for day, instance in zip(days, instances, strict=True):
        start_us = clock.day_start_us(day)
        due_us = clock.to_us(clock.at(day, plan_at(now).section.close_by))
        owing = [
            outlet.pharmacy
            for outlet in outlets
            if (outlet.dropped_us is None or outlet.dropped_us >= start_us)
            and first.get(outlet.pharmacy_id, due_us) < due_us
            and outlet.pharmacy_id not in held[instance]
        ]
        if owing:
            count += _owe_close(round, day, owing, due_us, by, now)
    return count


def _days(round: Round, now: datetime) -> Iterator[date]:
    """Days of sale that have begun, not longer ago than DAYS_BACK. What was called is collected after a cancelling."""
    today = clock.local_day(now)
    day = max(clock.local_day(clock.from_us(round.sale_from_us)), today - timedelta(days=DAYS_BACK))
    end_us = (
        round.sale_until_us
        if round.cancelled_us is None
        else min(round.sale_until_us, round.cancelled_us + round.collect_days * clock.DAY_US)
    )
    last = min(clock.local_day(clock.from_us(end_us - 1)), today)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _first_goods(round: Round) -> dict[UUID, int]:
    """When goods first came to each pharmacy of the round."""
    found: dict[UUID, int] = {}
    for pharmacy_id, at_us in Arrival.objects.filter(round=round).values_list("pharmacy_id", "at_us"):
        found[pharmacy_id] = min(at_us, found.get(pharmacy_id, at_us))
    return found


def _owe_close(round: Round, day: date, places: Sequence[Place], due_us: int, by: str, now: datetime) -> int:
    instance = instance_of(round, day)
    with write_lock():
        count = _enrol(CLOSE, instance, places, clock.day_start_us(day), due_us, by, now)
        closed = DayClose.objects.filter(round=round, day=day, pharmacy__in=places)
        items = [duties.Done(row.pharmacy_id, clock.from_us(row.made_us), f"mask-close:{row.id.hex}") for row in closed]
        duties.fulfil(cohort=CLOSE, instance=instance, items=items, by=by, now=now)
    return count
