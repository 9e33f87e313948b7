"""What follows from calls once they are committed: who must be told, what must be brought, which stock was called.

In chunks and safe to repeat: a crash between a run and its duties is made good by the worker (`resume`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from fangxian.duties import actions as duties
from fangxian.masks.allocation import Pool, Share
from fangxian.masks.models import Arrival, Call, CallStatus, Run
from fangxian.masks.playbook import ARRIVED, CALLED, DELIVER
from fangxian.masks.publishing import read
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.registry import actions as registry
from fangxian.shared import clock
from fangxian.shared.writer import in_chunks

AHEAD_US: Final = clock.HOUR_US
"""A called household is told at least this long before its slot."""


class Owed(NamedTuple):
    """A household that was called: when it is expected, and until when its goods wait for it."""

    unit: UUID
    slot_from_us: int
    deadline_us: int
    deliver: bool


def resume(*, now: datetime) -> int:
    """Give the duties of runs whose process ended between calling and giving them. Returns how many runs."""
    runs = list(Run.objects.filter(followed_us__isnull=True).order_by("made_us"))
    for run in runs:
        follow_up(run=run, by="worker", now=now)
    return len(runs)


def follow_up(*, run: Run, by: str, now: datetime) -> int:
    """Enrol everybody who was called, and fulfil what asked for the calls. Returns how many were called."""
    if Place.objects.filter(run.round.street.subtree, kind=PlaceKind.DWELLING).exists():
        rows = Call.objects.filter(run=run, status=CallStatus.CALLED).values_list(
            "registration__unit", "slot_from_us", "deadline_us", "registration__deliver"
        )
        _owe(run_id=run.id, households=(Owed(*row) for row in rows.iterator()), by=by, now=now)
    _called_from(run, by, now)
    Run.objects.filter(id=run.id, followed_us__isnull=True).update(followed_us=clock.to_us(now))
    return run.called


def owe(*, calls: Sequence[Call], by: str, now: datetime) -> None:
    """For these calls alone: moved to another pharmacy, or given by hand."""
    for run_id in sorted({call.run_id for call in calls}):
        households = [
            Owed(call.registration.unit, call.slot_from_us, call.deadline_us, call.registration.deliver)
            for call in calls
            if call.run_id == run_id
        ]
        _owe(run_id=run_id, households=households, by=by, now=now)


def _owe(*, run_id: UUID, households: Iterable[Owed], by: str, now: datetime) -> None:
    """Cohorts are those of the run (`instance` is its id): whoever is called on another night is owed it again."""
    told: dict[UUID, int] = {}
    brought: dict[UUID, int] = {}
    for one in households:
        due_us = _tell_by(one, clock.to_us(now))
        told[one.unit] = min(told.get(one.unit, due_us), due_us)
        if one.deliver:
            brought[one.unit] = one.deadline_us
    _enrol(CALLED, run_id, told, by, now)
    _enrol(DELIVER, run_id, brought, by, now)


def _tell_by(call: Owed, now_us: int) -> int:
    return min(max(call.slot_from_us - AHEAD_US, now_us + AHEAD_US // 2), call.slot_from_us)


def _enrol(cohort: str, run_id: UUID, due: dict[UUID, int], by: str, now: datetime) -> None:
    """Doors that the register does not have owe nothing here (a city holds pseudonyms: their street enrols them)."""

    def write(part: Sequence[Place]) -> None:
        registry.ensure_place_subjects(places=part, now=now)
        nodes = counting_nodes(part)
        opens_us = clock.to_us(now)
        members = [
            duties.NewMember(
                place.id, place.id, nodes[place.id], opens_us=min(opens_us, due[place.id]), due_us=due[place.id]
            )
            for place in part
        ]
        duties.enrol(cohort=cohort, instance=run_id.hex, members=members, by=by, now=now)

    units = sorted(due)
    doors = [
        place
        for start in range(0, len(units), 500)
        for place in Place.objects.filter(id__in=units[start : start + 500]).order_by("id")
    ]
    in_chunks(doors, write)


def _called_from(run: Run, by: str, now: datetime) -> None:
    """An arrival has been called when its pharmacy and variant were as far as they could be, or nobody waits there.

    What found no place in the slots is called on another night: until then the goods lie there.
    """
    rows = Arrival.objects.filter(round_id=run.round_id, at_us__lte=run.made_us).order_by("at_us", "id")
    if not rows.exists():
        return
    called = set(Call.objects.filter(run=run).values_list("pharmacy_id", "variant_id").distinct())
    waiting, crowded_out = _still_waiting(run)
    for arrival in rows:
        key = (arrival.pharmacy_id, arrival.variant_id)
        if key not in crowded_out and (key in called or key not in waiting):
            done = duties.Done(arrival.pharmacy_id, now, f"mask-run:{run.id.hex}")
            duties.fulfil(cohort=ARRIVED, instance=arrival.id.hex, items=[done], by=by, now=now)


def _still_waiting(run: Run) -> tuple[set[tuple[UUID, int]], set[tuple[UUID, int]]]:
    """Pharmacies and variants for which somebody stands in the queue and was not called: by the run's own document.

    Of all, and of those for whom there were goods but no place in the slots.
    """
    file = read(run.document)
    variants = dict(run.round.variants.values_list("key", "id"))
    found = [
        (
            (UUID(hex=part.outlet.key), variants[file.night.variants[share.variant]]),
            share.next <= part.stated["kept" if share.pool == Pool.RESERVE else "left"][share.variant],
        )
        for part in file.parts
        for share in map(Share._make, part.stated["shares"])
        if share.waiting > share.called
    ]
    return {key for key, _ in found}, {key for key, enough in found if enough}
