"""Plans of the return wave: asked for, published to enterprises and gates, objected to, answered.

Working them out is `wave_work.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.duties.models import Duty
from fangxian.gates.actions import slots as gate_slots
from fangxian.gates.actions.slots import NewSlot
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Subject
from fangxian.shared import clock
from fangxian.shared.language import in_street_words
from fangxian.shared.writer import write_lock
from fangxian.workplaces import sources
from fangxian.workplaces.actions.errors import WorkplaceError
from fangxian.workplaces.actions.wave_work import unfit_words
from fangxian.workplaces.actions.wave_work import work_next as work_next
from fangxian.workplaces.models import GateLane, Objection, PlanStatus, WavePlan, WaveSlot
from fangxian.workplaces.plan import plan_at
from fangxian.workplaces.queries.waves import source_of
from fangxian.workplaces.wave.whatif import Change, Unfit, apply

MOST_AHEAD: Final = timedelta(days=31)
MOST_LANES: Final = 50
ANSWER: Final = gettext_lazy("Answer %(name)s about its arrival window (%(place)s)")


def ask(*, place: Place, day: date, what_if: Sequence[Change], by: str, now: datetime) -> WavePlan:
    """Ask for a plan for what stands below `place`. Asked twice before it is worked out, it is one."""
    today = clock.local_day(now)
    if not today <= day <= today + MOST_AHEAD:
        raise WorkplaceError(_("A plan can be made for today and the month ahead. Choose another day."))
    below = sources.buildings(place)
    if not below:
        raise WorkplaceError(_("There is no office building here. Nothing was asked for."))
    rule = plan_at(now).section.wave
    try:
        # nobody's wishes are needed to know whether the assumptions fit
        for site in sources.sites(below, day, rule, now, wished={}) if what_if else ():
            apply(site, rule, what_if)
    except Unfit as problem:
        raise WorkplaceError(unfit_words(problem)) from problem
    return _ask(place, day, {"changes": [change.as_json() for change in what_if]}, by, now)


@write_lock()
def _ask(place: Place, day: date, assumed: dict[str, Any], by: str, now: datetime) -> WavePlan:
    waiting = WavePlan.objects.filter(place=place, day=day, status=PlanStatus.QUEUED)
    found = next((row for row in waiting if row.what_if == assumed), None)
    if found is not None:
        return found
    made = WavePlan.objects.create(place=place, day=day, what_if=assumed, made_us=clock.to_us(now), by=by)
    _record("asked", made, by, now, changes=len(assumed["changes"]))
    return made


def publish(*, plan: WavePlan, by: str, now: datetime) -> int:
    """Make a draft the plan of its day: enterprises see their windows, and gates keep to them. The one before it is
    replaced. Returns how many windows hold."""
    try:
        return _publish(plan, by, now)
    except IntegrityError as raced:
        raise WorkplaceError(
            _("Another plan for this day was published at the same moment, and this one was not. Look at it first.")
        ) from raced


@write_lock()
def _publish(plan: WavePlan, by: str, now: datetime) -> int:
    if plan.day < clock.local_day(now):
        raise WorkplaceError(_("This plan is for a day that is over. Nothing was published."))
    others = WavePlan.objects.filter(place_id=plan.place_id, day=plan.day, status=PlanStatus.PUBLISHED)
    others.exclude(id=plan.id).update(status=PlanStatus.REPLACED)
    drafts = WavePlan.objects.filter(id=plan.id, status=PlanStatus.DRAFT)
    if not drafts.update(status=PlanStatus.PUBLISHED, published_us=clock.to_us(now)):
        raise WorkplaceError(
            _("This plan is not a draft any more: it was published, replaced, or not worked out. Nothing was changed.")
        )
    windows = _windows(plan)
    if not windows:
        raise WorkplaceError(_("This plan has no window in it. Nothing was published."))
    held = gate_slots.set_many(
        slots=windows, from_day=plan.day, until_day=plan.day, source=source_of(plan.id), by=by, now=now
    )
    _record("published", plan, by, now, windows=held)
    return held


def _windows(plan: WavePlan) -> Mapping[UUID, Sequence[NewSlot]]:
    """By building. Passes may name a record of the enterprise that was merged into another: those have its window."""
    rows = list(WaveSlot.objects.filter(plan=plan))
    merged: dict[UUID, list[UUID]] = {}
    aliases = Subject.objects.filter(merged_into__in={row.enterprise_id for row in rows})
    for ident, top in aliases.values_list("id", "merged_into_id"):
        if top is not None:
            merged.setdefault(top, []).append(ident)
    found: dict[UUID, list[NewSlot]] = {row.place_id: [] for row in rows}
    for row in rows:
        for firm in (row.enterprise_id, *merged.get(row.enterprise_id, ())):
            found[row.place_id].append(NewSlot(firm, row.from_minute, row.until_minute, closed=not row.resumes))
    return found


@write_lock()
def take_back(*, plan: WavePlan, by: str, now: datetime) -> None:
    """A published plan holds no more, and none takes its place: the slots on the passes count again."""
    rows = WavePlan.objects.filter(id=plan.id, status=PlanStatus.PUBLISHED)
    if not rows.update(status=PlanStatus.REPLACED):
        raise WorkplaceError(_("This plan is not published. Nothing was changed."))
    ended = gate_slots.take_back(source=source_of(plan.id), by=by, now=now)
    _record("taken_back", plan, by, now, windows=ended)


# ---- the enterprise's answer ----------------------------------------------------------------------------------------


def seen(*, slots: Sequence[WaveSlot], by: str, now: datetime) -> None:
    """The enterprise opened the page with its windows."""
    fresh = [slot.id for slot in slots if slot.seen_us is None]
    if not fresh:
        return
    with write_lock():
        rows = WaveSlot.objects.filter(id__in=fresh, seen_us__isnull=True)
        if rows.update(seen_us=clock.to_us(now)):
            audit.record(by=by, act="workplaces.wave.seen", now=now, detail={"slots": fresh})


@write_lock()
def object(*, slot: WaveSlot, text: str, by: str, now: datetime) -> None:
    """The enterprise objects to its window. The window holds until the street has answered."""
    said = text.strip()
    if not said:
        raise WorkplaceError(_("Say what is wrong with the window. Nothing was sent."))
    plan = WavePlan.objects.select_related("place").get(id=slot.plan_id)
    if plan.status != PlanStatus.PUBLISHED or plan.day < clock.local_day(now):
        raise WorkplaceError(_("This window does not hold any more. Look at the present one."))
    rows = WaveSlot.objects.filter(id=slot.id).exclude(objection=Objection.RAISED)
    if not rows.update(
        objection=Objection.RAISED, objection_text=said[:400], answer_text="", objected_us=clock.to_us(now),
        answered_us=None,
    ):  # fmt: skip
        raise WorkplaceError(_("An objection is being looked at already. Nothing was sent again."))
    row = WaveSlot.objects.select_related("enterprise", "place").get(id=slot.id)
    words = {"name": row.enterprise.label[:60], "place": row.place.name[:40]}
    duties.give(
        title=in_street_words(ANSWER) % words, place=row.place, role=Role.SECTION_HEAD, about=row.enterprise_id,
        until=_answer_by(plan, now), source=_source(row, now), by=by, now=now,
    )  # fmt: skip
    _record("objected", plan, by, now, slot=row.id)


def _answer_by(plan: WavePlan, now: datetime) -> datetime:
    """Before the day begins, where there is still an evening for it; otherwise within an hour."""
    evening = clock.from_us(clock.day_start_us(plan.day)) - timedelta(hours=6)
    hours = plan_at(now).section.decide_hours
    return max(now + timedelta(hours=1), min(evening, now + timedelta(hours=hours)))


def _source(slot: WaveSlot, now: datetime) -> str:
    return f"wave-objection:{slot.id}:{clock.to_us(now)}"


@write_lock()
def answer_objection(
    *, slot: WaveSlot, keep: bool, text: str, window: tuple[int, int] | None, by: str, now: datetime
) -> WavePlan | None:
    """Keep the window, with a reason; or promise another one, and ask for a new plan that keeps that promise.

    Returns the plan that was asked for.
    """
    said = text.strip()
    if not said:
        raise WorkplaceError(_("Answer the enterprise in words. Nothing was changed."))
    plan = WavePlan.objects.select_related("place").get(id=slot.plan_id)
    if not keep:
        _check_window(window)
    pin = None if keep else window
    rows = WaveSlot.objects.filter(id=slot.id, objection=Objection.RAISED)
    if not rows.update(
        objection=Objection.KEPT if keep else Objection.HEARD, answer_text=said[:400], answered_us=clock.to_us(now),
        pinned=pin is not None, pin_from=pin and pin[0], pin_until=pin and pin[1],
    ):  # fmt: skip
        raise WorkplaceError(_("This objection has been answered already. Nothing was changed."))
    for duty in Duty.objects.filter(one_off__source__startswith=f"wave-objection:{slot.id}:", ended_us__isnull=True):
        if duty.last_us is None:
            duties.done(duty=duty, by=by, now=now)
    _record("answered", plan, by, now, slot=slot.id, kept=keep)
    if keep or plan.day < clock.local_day(now):
        return None
    changes = [Change.from_json(change) for change in plan.what_if.get("changes", ())]
    return ask(place=plan.place, day=plan.day, what_if=changes, by=by, now=now)


def _check_window(window: tuple[int, int] | None) -> None:
    if window is None or not 0 <= window[0] < window[1] <= gate_slots.DAY_MINUTES:
        raise WorkplaceError(_("Say the other window: it ends after it begins, on the same day. Nothing was changed."))


# ---- lanes ----------------------------------------------------------------------------------------------------------


@write_lock()
def set_lanes(*, gate: Place, lanes: Mapping[str, int], by: str, now: datetime) -> None:
    """How many servers of which method stand behind a gate. None at all: what its machines say counts again."""
    known = {service.method for service in plan_at(now).section.wave.services}
    if gate.kind != PlaceKind.GATE or gate.closed_on is not None:
        raise WorkplaceError(_("This place is not a gate in use. Nothing was changed."))
    wanted = {method: count for method, count in lanes.items() if count}
    if set(wanted) - known:
        raise WorkplaceError(_("The plan in force does not know one of these methods. Nothing was changed."))
    if any(not 0 < count <= MOST_LANES for count in wanted.values()):
        raise WorkplaceError(
            _("A gate has at most %(most)d lanes of a kind. Nothing was changed.") % {"most": MOST_LANES}
        )
    GateLane.objects.filter(gate=gate).delete()
    now_us = clock.to_us(now)
    GateLane.objects.bulk_create(
        [GateLane(gate=gate, method=method, count=count, changed_us=now_us, by=by) for method, count in wanted.items()]
    )
    audit.record(
        by=by, act="workplaces.lanes.set", now=now, target=f"gate:{gate.id}", place=gate.id, detail={"lanes": wanted}
    )


def _record(what: str, plan: WavePlan, by: str, now: datetime, **detail: int) -> None:
    audit.record(
        by=by, act=f"workplaces.wave.{what}", now=now, target=f"wave:{plan.id}", place=plan.place_id, detail=detail
    )
