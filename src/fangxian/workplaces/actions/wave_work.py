"""Working out the plans of the return wave that were asked for, one at a time, by whichever worker takes it first."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US, SECOND_US
from fangxian.shared.writer import write_lock
from fangxian.workplaces import sources
from fangxian.workplaces.models import PlanStatus, WavePlan, WaveSlot
from fangxian.workplaces.plan import InForce, plan_at
from fangxian.workplaces.sources import Wish
from fangxian.workplaces.wave.site import Plan, Site
from fangxian.workplaces.wave.stagger import solve
from fangxian.workplaces.wave.whatif import Change, Unfit, apply
from fangxian.workplaces.wave_results import SITES, packed

LEASE_US: Final = 3 * MINUTE_US
SITE_SECONDS: Final = 8.0
"""For how long the solver looks for a better plan of one building."""
MOST_TRIES: Final = 3
BATCH: Final = 500
WORKER: Final = "worker"


class _NoPlanError(Exception):
    """There is nothing to plan, or not enough to plan from; the message says what to do."""


@dataclass(frozen=True, slots=True)
class _Building:
    place: Place
    site: Site
    wishes: Mapping[UUID, Wish]
    plan: Plan


class _Lease:
    """The right to work out one plan. It is renewed after each building, by the time that has passed since `now`."""

    def __init__(self, plan_id: UUID, now: datetime) -> None:
        self._id, self._now_us, self._began = plan_id, clock.to_us(now), time.monotonic()
        self.until_us = self._next()

    def _next(self) -> int:
        return self._now_us + int((time.monotonic() - self._began) * SECOND_US) + LEASE_US

    def renew(self) -> bool:
        """False when another worker has taken it over, or nobody wants it any more."""
        rows = WavePlan.objects.filter(id=self._id, status=PlanStatus.QUEUED, lease_us=self.until_us)
        until_us = self._next()
        if not rows.update(lease_us=until_us):
            return False
        self.until_us = until_us
        return True


def work_next(*, now: datetime) -> int:
    """Take the plan that was asked for first and that nobody works on, and work it out. Returns how many: 0 or 1."""
    taken = _take(now)
    if taken is None:
        return 0
    plan, lease = taken
    try:
        in_force = plan_at(now)
        found = _work_out(plan, in_force, lease, now)
    except _NoPlanError as problem:
        _failed(plan, lease.until_us, str(problem), now)
        return 1
    if found is not None:
        _keep(plan, found, in_force, lease, now)
    return 1


def _take(now: datetime) -> tuple[WavePlan, _Lease] | None:
    """Compare and set, so that of two workers one has it. One that killed its worker again and again is given up."""
    now_us = clock.to_us(now)
    waiting = WavePlan.objects.filter(status=PlanStatus.QUEUED).exclude(lease_us__gt=now_us)
    for plan in waiting.order_by("made_us", "id"):
        if plan.tries >= MOST_TRIES:
            _failed(plan, plan.lease_us, _("It could not be worked out in three tries. Ask for fewer buildings."), now)
            continue
        lease = _Lease(plan.id, now)
        free = WavePlan.objects.filter(id=plan.id, status=PlanStatus.QUEUED, lease_us=plan.lease_us, tries=plan.tries)
        if free.update(lease_us=lease.until_us, tries=plan.tries + 1):
            return plan, lease
    return None


def _work_out(plan: WavePlan, in_force: InForce, lease: _Lease, now: datetime) -> list[_Building] | None:
    """None when the lease was lost on the way. Raises _NoPlanError."""
    rule = in_force.section.wave
    changes = [Change.from_json(change) for change in plan.what_if.get("changes", ())]
    places = sources.buildings(Place.objects.get(id=plan.place_id))
    wished = sources.wishes([place.id for place in places], plan.day)
    try:
        made = [apply(site, rule, changes) for site in sources.sites(places, plan.day, rule, now, wished=wished)]
    except Unfit as problem:
        raise _NoPlanError(unfit_words(problem)) from problem
    if not any(site.firms for site in made):
        raise _NoPlanError(
            _("No enterprise here is accepted to come back on that day with people who may work. Nothing was planned.")
        )
    found = []
    for place, site in zip(places, made, strict=True):
        if not site.firms:
            continue
        found.append(_Building(place, site, wished[place.id], solve(site, rule, SITE_SECONDS)))
        if not lease.renew():
            return None
    return found


def unfit_words(problem: Unfit) -> str:
    words = {
        "method": _(
            "The plan in force does not say how long a check takes by a method that is used here. Complete it under "
            "Playbook, or change the gate's lanes, and ask again."
        ),
        "gate": _("A gate of this assumption is not at that building any more. Choose another gate and ask again."),
        "count": _("A number of this assumption cannot be used. Correct it and ask again."),
    }
    return words.get(str(problem.args[0]), words["count"])


@write_lock()
def _keep(plan: WavePlan, found: Sequence[_Building], in_force: InForce, lease: _Lease, now: datetime) -> None:
    """Nothing is kept when another worker has taken over meanwhile: it keeps what it finds itself."""
    plans = [one.plan for one in found]
    result = {SITES: {one.site.key: packed(one.site, one.plan) for one in found}}
    rows = WavePlan.objects.filter(id=plan.id, status=PlanStatus.QUEUED, lease_us=lease.until_us)
    kept = rows.update(
        status=PlanStatus.DRAFT, lease_us=None, problem="", result=result, playbook_id=in_force.playbook_id,
        cost=sum(one.cost for one in plans), bound=sum(one.bound for one in plans),
        seconds=sum(one.seconds for one in plans),
    )  # fmt: skip
    if not kept:
        return
    slots = [slot for one in found for slot in _slots(plan, one)]
    WaveSlot.objects.bulk_create(slots, batch_size=BATCH)
    audit.record(
        by=WORKER, act="workplaces.wave.worked_out", now=now, target=f"wave:{plan.id}", place=plan.place_id,
        detail={"buildings": len(found), "enterprises": len(slots)},
    )  # fmt: skip


def _slots(plan: WavePlan, one: _Building) -> list[WaveSlot]:
    made = []
    for enterprise, wish in one.wishes.items():
        key = enterprise.hex
        home = one.plan.home[key]
        start, end = one.plan.windows[key]
        pin = wish.pin or (None, None)
        made.append(
            WaveSlot(
                plan=plan, enterprise_id=enterprise, place=one.place, people=wish.people - home, home=home,
                resumes=one.plan.resumes[key], ask_from=wish.ask_from, ask_until=wish.ask_until, from_minute=start,
                until_minute=end, pinned=wish.pin is not None, pin_from=pin[0], pin_until=pin[1],
            )
        )  # fmt: skip
    return made


@write_lock()
def _failed(plan: WavePlan, lease_us: int | None, problem: str, now: datetime) -> None:
    rows = WavePlan.objects.filter(id=plan.id, status=PlanStatus.QUEUED, lease_us=lease_us)
    if rows.update(status=PlanStatus.FAILED, lease_us=None, problem=problem[:400]):
        audit.record(by=WORKER, act="workplaces.wave.failed", now=now, target=f"wave:{plan.id}", place=plan.place_id)
