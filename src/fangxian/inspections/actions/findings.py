"""Findings: made, found again, and moved on by one act after another until they are closed.

What may follow what is `rules.TRANSITIONS`. A finding and all that depends on it (its step, its duties, what it
suspends) change in one transaction; the passes follow in chunks behind it (`suspend.settle`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.duties.sections import ChecklistItem
from fangxian.gates.models import Zone
from fangxian.inspections import rules
from fangxian.inspections.actions import assign, owed, suspend
from fangxian.inspections.actions.errors import InspectionError
from fangxian.inspections.actions.photos import check_photos
from fangxian.inspections.models import (
    Finding,
    FindingAct,
    FindingStatus,
    FindingStep,
    Inspection,
    Severity,
)
from fangxian.inspections.plan import TYPES, InForce, Version, plan_at
from fangxian.inspections.queries import access
from fangxian.inspections.rules import Actor
from fangxian.places.models import Place
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.writer import write_lock


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that is not in order, as somebody saw it. `item` is the plan's, where it is one of the checklist."""

    place: Place
    title: str
    severity: str
    observed_us: int
    signed: bool = False
    item: ChecklistItem | None = None
    spot: str = ""
    zone: str = ""
    note: str = ""
    photos: tuple[str, ...] = ()
    inspection: Inspection | None = None
    repeat: bool = False
    """The same walk sent by a second device: it says nothing new about what is known already."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A finding that was made, or found again (`made` False)."""

    finding: Finding
    made: bool


@dataclass(frozen=True, slots=True)
class Acted:
    """The finding as it stands after the act, and its step. `known`: the same step had arrived before; nothing was
    changed."""

    finding: Finding
    step: FindingStep
    known: bool = False


def report(
    *, place: Place, title: str, severity: Severity, by: str, now: datetime, spot: str = "", zone: str = "",
    note: str = "", photos: Sequence[str] = (),
) -> Finding:  # fmt: skip
    """A finding outside of a checklist. It is owed from now on by whoever runs the place, suspends nothing, and is not
    merged with others. Raises InspectionError; nothing is kept then."""
    if place.kind not in TYPES:
        raise InspectionError(_("Findings belong to an office building or a compound. Nothing was kept; choose one."))
    if not title.strip():
        raise InspectionError(_("Say in a few words what is not in order. Nothing was kept."))
    check_photos(photos)
    check_zone(zone)
    seen = Seen(
        place, title.strip()[:120], Severity(severity), clock.to_us(now), spot=spot.strip()[:60], zone=zone,
        note=note.strip()[:400], photos=tuple(photos),
    )  # fmt: skip
    with write_lock():
        owed.hold_cohorts()
        return take(seen=[seen], plan=plan_at(now), by=by, now=now)[0].finding


def take(*, seen: Sequence[Seen], plan: InForce | Version, by: str, now: datetime) -> list[Taken]:
    """Make findings of what was seen at one place, or find again those that are open. Inside the caller's transaction,
    which holds the cohorts and the place; `suspend.settle` comes after it."""
    taken = [_take(one, plan, by, now) for one in seen]
    made = [one.finding for one in taken if one.made]
    if made:
        owed.owe(findings=made, by=by, now=now)
    return taken


def _take(seen: Seen, plan: InForce | Version, by: str, now: datetime) -> Taken:
    if seen.item is not None:
        rows = Finding.objects.select_for_update(of=("self",)).select_related("place")
        same = rows.filter(place=seen.place, item=seen.item.key, spot=seen.spot)
        row = same.filter(closed_us__isnull=True).first()
        if row is not None:
            _found_again(row, seen, by, now)
            return Taken(row, made=False)
        # it arrives after somebody else found the same, and it was put right and closed meanwhile
        past = same.filter(status=FindingStatus.CLOSED, closed_us__gt=seen.observed_us).order_by("-closed_us").first()
        if past is not None:
            _note_sight(past, seen, by, now)
            return Taken(past, made=False)
    return Taken(_make(seen, plan, by, now), made=True)


def _make(seen: Seen, plan: InForce | Version, by: str, now: datetime) -> Finding:
    now_us = clock.to_us(now)
    told_us = rules.told_us(seen.observed_us, now_us, signed=seen.signed)
    scope = rules.suspends(seen.item, seen.severity, seen.zone)
    row = Finding.objects.create(
        subject=Subject.objects.create(kind=SubjectKind.WORK, label=_label(seen), created_us=now_us),
        place=seen.place, spot=seen.spot, zone=seen.zone, item=seen.item.key if seen.item else "", title=seen.title,
        note=seen.note, severity=seen.severity, inspection=seen.inspection, opened_us=seen.observed_us,
        due_us=rules.due_us(plan.section.term(seen.severity), told_us), playbook_id=plan.playbook_id, by=by,
        suspends="" if scope is None or seen.item is None else seen.item.suspends or "",
    )  # fmt: skip
    _note_sight(row, seen, by, now)
    suspend.apply(finding=row, by=by, now=now)
    audit.record(
        by=by, act="inspections.finding.made", now=now, target=f"finding:{row.id}", place=row.place_id,
        detail={"item": row.item, "severity": row.severity},
    )  # fmt: skip
    return row


def _label(seen: Seen) -> str:
    """What the lists of duties call it: no name, no note."""
    return f"{seen.item.key} {seen.title}"[:120] if seen.item else seen.title


def _found_again(row: Finding, seen: Seen, by: str, now: datetime) -> None:
    if seen.repeat:
        return
    row.times += 1
    row.zone = rules.wider(row.zone, seen.zone)
    row.save(update_fields=["times", "zone"])
    if not rules.is_new_sight(row.status, seen.observed_us, mended_us(row)):
        _note_sight(row, seen, by, now)
    else:
        step = _step(row, FindingAct.AGAIN, Actor.INSPECTOR, seen.note, seen.photos, seen.observed_us, None, by, now)
        if step.before == FindingStatus.MENDED:
            _owed_anew(row, step, by, now)
    suspend.apply(finding=row, by=by, now=now)


def mended_us(row: Finding) -> int | None:
    """When it was last put right, as observed."""
    steps = row.steps.filter(act=FindingAct.MEND).order_by("-received_us")
    return steps.values_list("observed_us", flat=True).first()


def mended_by(row: Finding) -> str:
    """Who last reported it as put right; empty where nobody did."""
    steps = row.steps.filter(act=FindingAct.MEND).order_by("-received_us")
    return steps.values_list("by", flat=True).first() or ""


def check_zone(zone: str) -> None:
    if zone not in Zone.values:
        raise InspectionError(_("There is no such zone. Nothing was kept; load the form again."))


def _note_sight(row: Finding, seen: Seen, by: str, now: datetime) -> FindingStep:
    """That it was seen, without moving it on."""
    return FindingStep.objects.create(
        finding=row, before="", after=row.status, text=seen.note, photos=list(seen.photos),
        observed_us=seen.observed_us, received_us=clock.to_us(now), by=by,
    )  # fmt: skip


def act(
    *, finding: Finding, act: FindingAct, actors: Collection[Actor], by: str, now: datetime, text: str = "",
    photos: Sequence[str] = (), plan_who: str = "", plan_what: str = "", plan_until: datetime | None = None,
    step_id: UUID | None = None, observed_at: datetime | None = None,
) -> Acted:  # fmt: skip
    """Move a finding on. `actors` come from `queries.access.actors_at`; `step_id` is the device's where it was offline,
    and makes sending it again harmless; `observed_at` is when it was done, where that is not now.

    PLAN needs who, what and until when; MEND of a red finding a photo; FAIL and ANNUL say why. PASS and FAIL are for
    an inspector who is not of the place, and not for whoever reported it as put right. Raises InspectionError, and
    leaves everything as it was.
    """
    done = move(
        finding=finding, act=act, actors=actors, by=by, now=now, text=text, photos=photos, plan_who=plan_who,
        plan_what=plan_what, plan_until=plan_until, step_id=step_id, observed_at=observed_at,
    )  # fmt: skip
    if done.finding.suspends and not done.known:
        suspend.settle(place_id=done.finding.place_id, by=by, now=now)
    return done


@write_lock()
def move(
    *, finding: Finding, act: FindingAct, actors: Collection[Actor], by: str, now: datetime, text: str = "",
    photos: Sequence[str] = (), plan_who: str = "", plan_what: str = "", plan_until: datetime | None = None,
    step_id: UUID | None = None, observed_at: datetime | None = None,
) -> Acted:  # fmt: skip
    """As `act`, inside a transaction of the caller's, who settles the passes of the place behind it."""
    owed.hold_cohorts()
    known = FindingStep.objects.filter(id=step_id).select_related("finding__place").first() if step_id else None
    if known is not None:
        return _known(known, finding, by)
    check_photos(photos)
    row = (
        Finding.objects.select_for_update(of=("self",)).select_related("place", "inspection").get(id=finding.id)
    )  # fmt: skip
    actor = _as_whom(row, act, actors)
    _check(row, act, text, photos, by, now)
    if observed_at is not None:
        _check_sight(row, act, clock.to_us(observed_at))
    at = _observed(row, observed_at, now)
    if act == FindingAct.PLAN:
        _agree(row, plan_who, plan_what, plan_until, now)
    step = _step(row, act, actor, text, photos, clock.to_us(at), step_id, by, now)
    _follow(row, step, at, by, now)
    return Acted(row, step)


def _known(step: FindingStep, finding: Finding, by: str) -> Acted:
    if step.finding_id != finding.id or step.by != by:
        raise InspectionError(
            _("Something else has the same number already. Nothing was changed; load the finding and do it anew.")
        )
    return Acted(step.finding, step, known=True)


def _as_whom(row: Finding, act: FindingAct, actors: Collection[Actor]) -> Actor:
    for actor in Actor:
        if actor in actors and act != FindingAct.AGAIN and rules.after(row.status, act, actor) is not None:
            return actor
    raise InspectionError(
        _("This cannot be done now: the finding stands at “%(status)s”. Nothing was changed; look at it again.")
        % {"status": row.get_status_display()}
    )


def _check(row: Finding, act: FindingAct, text: str, photos: Sequence[str], by: str, now: datetime) -> None:
    if act == FindingAct.MEND and row.severity == Severity.RED and not photos:
        raise InspectionError(_("A red finding is put right with a photo. Nothing was changed; take one and send it."))
    if act in (FindingAct.FAIL, FindingAct.ANNUL) and not text.strip():
        raise InspectionError(_("Say why. Nothing was changed."))
    if act not in (FindingAct.PASS, FindingAct.FAIL):
        return
    try:
        staff_id = UUID(hex=by)
    except ValueError:
        return
    if access.belongs(staff_id, row.place, now):
        raise InspectionError(
            _("Nobody re-inspects their own place. Nothing was changed; somebody from another place has to come.")
        )
    if mended_by(row) == by:
        raise InspectionError(
            _("You reported this as put right yourself. Nothing was changed; somebody else has to look at it.")
        )


def _check_sight(row: Finding, act: FindingAct, seen_us: int) -> None:
    """Looked at without a network, and put right only after that: it says nothing about how it is now."""
    if act in (FindingAct.PASS, FindingAct.FAIL) and not rules.is_new_sight(row.status, seen_us, mended_us(row)):
        raise InspectionError(
            _("You looked at it before it was last reported as put right. Nothing was changed; look at it once more.")
        )


def _observed(row: Finding, observed_at: datetime | None, now: datetime) -> datetime:
    """A clock that runs ahead does not make tomorrow's record, and nothing is done before what it answers. A plan
    that was agreed says nothing about whether it had been put right by then."""
    if observed_at is None:
        return now
    steps = row.steps.exclude(act__in=("", FindingAct.PLAN)).order_by("-observed_us")
    last = steps.values_list("observed_us", flat=True).first()
    earliest = clock.from_us(max(row.opened_us, last or 0))
    return min(max(observed_at, earliest), now)


def _agree(row: Finding, who: str, what: str, until: datetime | None, now: datetime) -> None:
    if not who.strip() or not what.strip() or until is None:
        raise InspectionError(_("A plan says who does what, and until when. Nothing was changed; fill in all three."))
    if until <= now:
        raise InspectionError(_("The plan's time lies in the past. Nothing was changed; choose a later one."))
    row.plan_who, row.plan_what, row.plan_until_us = who.strip()[:60], what.strip()[:400], clock.to_us(until)
    row.save(update_fields=["plan_who", "plan_what", "plan_until_us"])


def _step(
    row: Finding, act: FindingAct, actor: Actor, text: str, photos: Sequence[str], observed_us: int,
    step_id: UUID | None, by: str, now: datetime,
) -> FindingStep:  # fmt: skip
    before = row.status
    follows = rules.after(before, act, actor)
    assert follows is not None
    row.status = follows
    if follows in (FindingStatus.CLOSED, FindingStatus.VOID):
        row.closed_us = observed_us
    row.save(update_fields=["status", "closed_us"])
    step = FindingStep.objects.create(
        id=step_id or new_id(), finding=row, act=act, before=before, after=follows, text=text.strip()[:400],
        photos=list(photos), observed_us=observed_us, received_us=clock.to_us(now), by=by,
    )  # fmt: skip
    audit.record(
        by=by, act=f"inspections.finding.{act}", now=now, target=f"finding:{row.id}", place=row.place_id,
        detail={"as": actor.value, "after": follows.value},
    )  # fmt: skip
    return step


def _follow(row: Finding, step: FindingStep, at: datetime, by: str, now: datetime) -> None:
    """What an act changes about what is owed and what is suspended."""
    ref = f"finding-step:{step.id.hex}"
    if step.act == FindingAct.MEND:
        owed.put_right(finding=row, at=at, ref=ref, by=by, now=now)
        assign.recheck(finding=row, now=now)
    elif step.act == FindingAct.FAIL:
        _owed_anew(row, step, by, now)
    elif step.act == FindingAct.PASS:
        owed.rechecked(finding=row, at=at, ref=ref, by=by, now=now)
        suspend.lift(finding=row, by=by, now=now)
    elif step.act == FindingAct.ANNUL:
        owed.drop(finding=row, reason=step.text, by=by, now=now)
        suspend.lift(finding=row, by=by, now=now)


def _owed_anew(row: Finding, step: FindingStep, by: str, now: datetime) -> None:
    """It had not been put right: the re-inspection is done, and the time begins anew."""
    at, ref = clock.from_us(step.observed_us), f"finding-step:{step.id.hex}"
    owed.rechecked(finding=row, at=at, ref=ref, by=by, now=now)
    row.due_us = rules.due_us(plan_at(now).section.term(row.severity), clock.to_us(now))
    row.save(update_fields=["due_us"])
    owed.owe(findings=[row], by=by, now=now, opens_us=clock.to_us(now))
