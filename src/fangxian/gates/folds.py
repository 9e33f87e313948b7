"""What the worker takes from the checks: counts of the gates, duties of those who entered, contradictions, referrals.

The table of checks is its own outbox. There is no cursor over ids: on PostgreSQL they are not the order of commits, so
what is folded is marked row by row, in the transaction that folds it. Any number of workers may run, and one folds at a
time: a reading and the entry that it belongs to must not be in the hands of two that cannot see each other.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Max, Q, QuerySet

from fangxian.duties import actions as duties
from fangxian.duties.models import OneOff
from fangxian.gates.actions import contradictions
from fangxian.gates.actions.check_rows import QUARTER_US
from fangxian.gates.models import (
    Check,
    ContradictionKind,
    Declaration,
    Device,
    DeviceKind,
    Direction,
    Flow,
    Opening,
    Outcome,
    Pass,
    PassKind,
    Referral,
)
from fangxian.gates.plan import plan_at
from fangxian.gates.playbook import EMPLOYEE_DAY
from fangxian.gates.rules import Code
from fangxian.places.models import Place, PlaceKind
from fangxian.places.queries import counting_nodes
from fangxian.registry.models import Subject
from fangxian.rota.models import Slot
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US, SECOND_US
from fangxian.shared.writer import WriterBusyError, while_there_is, write_lock

logger = logging.getLogger(__name__)

MEASURED_WITHIN_US: Final = 30 * MINUTE_US
"""Who came in without a reading has half an hour until that is a gap."""
RUN_SECONDS: Final = 2.0
FIRST_HOUR: Final = 6
OPENINGS: Final = 200
POSTGRES_LOCK: Final = 0x666F6C64
PASSING: Final = (OperationalError, InterfaceError, WriterBusyError)
"""What goes by of itself: a busy writer, a deadlock, a database that went away. No row is to blame."""
ALONE: Final = 2_000
FEW: Final = 10
MOST_LEFT: Final = 200
_left: Final = set[UUID]()
_NO_READING: Final = frozenset({Code.NOT_THE_HOLDER.value, Code.ODD_TEMPERATURE.value})
_KINDS: Final = frozenset(ContradictionKind.values)


def _alone() -> bool:
    """Whether this transaction folds; no where another one does. SQLite has one writer anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [POSTGRES_LOCK])
        return bool(cursor.fetchone()[0])


def fold_checks(*, now: datetime, by: str = "worker") -> int:
    """Fold what is not folded yet, for about two seconds. Returns how many checks were folded."""
    try:
        return while_there_is(lambda rows: _fold_chunk(rows, by, now), seconds=RUN_SECONDS)
    except PASSING:
        raise
    except Exception:
        logger.exception("checks could not be folded together; each is folded alone")
    return _fold_each(by, now)


def _fold_each(by: str, now: datetime) -> int:
    """The same checks one by one: a row that cannot be folded is left for the next start, and keeps no other waiting.

    Raises what the first row raised where none can be folded: then the rows are not to blame.
    """
    done, failed = 0, list[tuple[UUID, Exception]]()
    deadline = time.monotonic() + RUN_SECONDS
    for ident in list(_unfolded().values_list("id", flat=True)[:ALONE]):
        try:
            with write_lock():
                done += _fold(list(_unfolded().filter(id=ident)), by, now) if _alone() else 0
        except PASSING:
            raise
        except Exception as error:
            failed.append((ident, error))
        if done and time.monotonic() > deadline:
            break
    if failed and (not done and len(failed) > FEW or len(_left) + len(failed) > MOST_LEFT):
        raise failed[0][1]
    for ident, why in failed:
        logger.error("check %s cannot be folded and is left: %s", ident.hex, type(why).__name__)
        _left.add(ident)
    return done


def _unfolded() -> QuerySet[Check]:
    return Check.objects.filter(folded=False).exclude(id__in=_left).order_by("id")


def _fold_chunk(rows: int, by: str, now: datetime) -> int:
    return _fold(list(_unfolded()[:rows]) if _alone() else [], by, now)


def _fold(checks: Sequence[Check], by: str, now: datetime) -> int:
    if not checks:
        return 0
    _count_flow(checks)
    _count_duties(checks, by, now)
    _declare(checks, by, now)
    _contradict(checks, by, now)
    _refer(checks, by, now)
    _note_devices(checks)
    # a device that tells meanwhile what it did alone has made it another check, which is folded again
    for offline in {check.offline for check in checks}:
        ids = [check.id for check in checks if check.offline == offline]
        Check.objects.filter(id__in=ids, offline=offline).update(folded=True)
    return len(checks)


def _count_flow(checks: Sequence[Check]) -> None:
    """One statement for each counter, which adds."""
    counts = Counter(
        (c.gate_id.hex, c.place_id.hex, c.observed_us // QUARTER_US * QUARTER_US, c.direction, c.outcome, c.code)
        for c in checks
    )
    table = Flow._meta.db_table
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (gate_id, place_id, quarter_us, direction, outcome, code, count) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (gate_id, quarter_us, direction, outcome, code) "
            f"DO UPDATE SET count = {table}.count + excluded.count",
            [(*key, count) for key, count in sorted(counts.items())],
        )


def _count_duties(checks: Sequence[Check], by: str, now: datetime) -> None:
    """Each employee who entered owes a reading that day; each reading at a gate is one."""
    kinds = dict(Pass.objects.filter(id__in={c.pass_id for c in checks if c.pass_id}).values_list("id", "kind"))
    mine = [c for c in checks if c.subject_id and c.pass_id and kinds.get(c.pass_id) == PassKind.EMPLOYEE]
    nodes = _nodes({c.place_id for c in mine})
    entered: dict[date, list[duties.NewMember]] = defaultdict(list)
    read: dict[date, list[duties.Done]] = defaultdict(list)
    for check in mine:
        if check.place_id not in nodes or check.subject_id is None:
            continue
        day = clock.local_day(clock.from_us(check.observed_us))
        if check.direction == Direction.IN and check.outcome == Outcome.ADMIT:
            member = duties.NewMember(
                check.subject_id, check.place_id, nodes[check.place_id], opens_us=clock.day_start_us(day),
                due_us=check.observed_us + MEASURED_WITHIN_US,
            )  # fmt: skip
            entered[day].append(member)
        if _is_theirs(check):
            at = clock.from_us(check.observed_us)
            read[day].append(duties.Done(check.subject_id, at, f"gate-check:{check.id.hex}"))
    for day, members in entered.items():
        duties.enrol(cohort=EMPLOYEE_DAY, instance=day.isoformat(), members=members, by=by, now=now)
        read[day] += _read_before([member.subject_id for member in members], day)
    for day, items in read.items():
        duties.fulfil(cohort=EMPLOYEE_DAY, instance=day.isoformat(), items=items, by=by, now=now)


def _read_before(subject_ids: Sequence[UUID], day: date) -> list[duties.Done]:
    """Readings of that day that were folded before their person had entered: held first, and then let in."""
    start_us = clock.day_start_us(day)
    rows = Check.objects.filter(
        subject_id__in=subject_ids, observed_us__gte=start_us, observed_us__lt=start_us + clock.DAY_US, folded=True,
        decidec__isnull=False,
    )  # fmt: skip
    return [
        duties.Done(row.subject_id, clock.from_us(row.observed_us), f"gate-check:{row.id.hex}")
        for row in rows
        if row.subject_id is not None and _is_theirs(row)
    ]


def _is_theirs(check: Check) -> bool:
    """Whether it holds a reading of the pass's holder: not of somebody else with that pass, nor a thermometer's fault,
    also where a guard admitted against it."""
    wrong = _NO_READING.intersection((check.code, *(mark.removeprefix("over:") for mark in check.marks.split(","))))
    return check.decidec is not None and check.identity is not False and not wrong


def _declare(checks: Sequence[Check], by: str, now: datetime) -> None:
    """What was declared at a gate holds for the plan's days. While one is in force no other is kept."""
    said = [(c.subject_id or c.household_id, c) for c in checks if c.declared and c.outcome == Outcome.ADMIT]
    known = set(Subject.objects.filter(id__in={key for key, _ in said if key}).values_list("id", flat=True))
    if not known:
        return
    first_us = min(check.observed_us for _, check in said)
    rows = Declaration.objects.filter(subject_id__in=known, until_us__gt=first_us).order_by("made_us")
    latest = {row.subject_id: row for row in rows}
    days = plan_at(now).section.declaration_days
    made: list[Declaration] = []
    for key, check in sorted(said, key=lambda pair: pair[1].observed_us):
        before = latest.get(key) if key else None
        if key not in known or before is not None and before.clear and before.until_us > check.observed_us:
            continue
        latest[key] = Declaration(
            subject_id=key, made_us=check.observed_us, until_us=check.observed_us + days * clock.DAY_US, clear=True,
            source=f"gate-check:{check.id.hex}", by=check.guard or by,
        )  # fmt: skip
        made.append(latest[key])
    Declaration.objects.bulk_create(made)


def _note_devices(checks: Sequence[Check]) -> None:
    """When each device was last heard of."""
    heard: dict[UUID, int] = {}
    for check in checks:
        heard[check.device_id] = max(heard.get(check.device_id, 0), check.received_us)
    for device_id, at_us in heard.items():
        older = Q(seen_us__isnull=True) | Q(seen_us__lt=at_us)
        Device.objects.filter(older, id=device_id).update(seen_us=at_us)


def _nodes(place_ids: set[UUID]) -> Mapping[UUID, UUID]:
    return counting_nodes(list(Place.objects.filter(id__in=place_ids)))


def _contradict(checks: Sequence[Check], by: str, now: datetime) -> None:
    marked = [(c, mark) for c in checks if c.marks for mark in c.marks.split(",") if mark in _KINDS]
    gates = _gates({check.gate_id for check, _ in marked})
    for check, mark in marked:
        if check.gate_id in gates:
            contradictions.raise_for(
                check_id=check.id, kind=ContradictionKind(mark), gate=gates[check.gate_id], at_us=check.observed_us,
                by=by, now=now,
            )  # fmt: skip


def _gates(gate_ids: set[UUID]) -> dict[UUID, Place]:
    return {gate.id: gate for gate in Place.objects.filter(id__in=gate_ids).select_related("parent")}


def _refer(checks: Sequence[Check], by: str, now: datetime) -> None:
    referred = [check.id for check in checks if check.outcome == Outcome.REFER]
    if referred:
        for row in Referral.objects.filter(check_id__in=referred, duty_id__isnull=True).select_related("gate__parent"):
            contradictions.hand_over(referral=row, by=by, now=now)


def fold_openings(*, now: datetime, by: str = "worker") -> int:
    """Find for each opening of a turnstile the check that it follows; one without is somebody who was not checked.

    While no tablet of the gate has been heard of since, its checks may still come: nobody is accused of our outage.
    """
    window_us = plan_at(now).section.turnstile_seconds * SECOND_US
    settled = 0
    with write_lock():
        if not _alone():
            return 0
        waiting = Opening.objects.filter(settled=False, at_us__lt=clock.to_us(now) - window_us - SECOND_US)
        rows = list(waiting.select_related("gate__parent").order_by("at_us")[:OPENINGS])
        heard = _last_heard({row.gate_id for row in rows})
        for row in rows:
            row.check_id = row.check_id or _check_before(row, window_us)
            late = row.at_us < clock.to_us(now) - clock.DAY_US
            if (
                row.check_id is None
                and not late
                and heard.get(row.gate_id, row.at_us + window_us) < row.at_us + window_us
            ):
                continue
            row.settled = True
            settled += 1
            row.save(update_fields=["check_id", "settled"])
            if row.check_id is None:
                contradictions.raise_for(
                    check_id=row.id, kind=ContradictionKind.UNCHECKED, gate=row.gate, at_us=row.at_us, by=by, now=now
                )
    return settled


def _last_heard(gate_ids: set[UUID]) -> dict[UUID, int]:
    """When a tablet of each gate was last heard of; a gate without tablets is not in it."""
    tablets = Device.objects.filter(gate_id__in=gate_ids, kind=DeviceKind.TABLET, revoked_us__isnull=True)
    return {gate_id: seen or 0 for gate_id, seen in tablets.values_list("gate_id").annotate(seen=Max("seen_us"))}


def _check_before(opening: Opening, window_us: int) -> UUID | None:
    """The nearest admission at that gate in that direction which no other opening has taken."""
    near = Check.objects.filter(
        place_id=opening.gate.parent_id or opening.gate_id, gate_id=opening.gate_id, direction=opening.direction,
        outcome=Outcome.ADMIT,
        observed_us__gte=opening.at_us - window_us, observed_us__lte=opening.at_us + window_us,
    ).order_by("observed_us").values_list("id", flat=True)  # fmt: skip
    ids = list(near)
    taken = set(Opening.objects.filter(check_id__in=ids).values_list("check_id", flat=True))
    return next((ident for ident in ids if ident not in taken), None)


def fold_unplanned(*, now: datetime, by: str = "worker") -> int:
    """Open gates that owe a guard and have no slot of the rota today: each is asked for once a day, from six on.

    Slots owe somebody's coming; a gate for which nobody made slots would owe nothing and be missed by everybody.
    """
    day = clock.local_day(now)
    if clock.local(now).hour < FIRST_HOUR:
        return 0
    start_us = clock.day_start_us(day)
    planned = Slot.objects.filter(
        post__closed_us__isnull=True, from_us__lt=start_us + clock.DAY_US, until_us__gt=start_us
    ).values("post__place_id")
    # a gate that nobody has set up is open, and owes a guard
    owing = Q(gate_setup__isnull=True) | Q(
        gate_setup__is_open=True, gate_setup__staffed=True, gate_setup__inner_of__isnull=True
    )
    gates = Place.objects.filter(owing, kind=PlaceKind.GATE, closed_on__isnull=True).exclude(id__in=planned)
    sources = {
        contradictions.unplanned_source(gate.id, day): gate for gate in gates.select_related("parent").order_by("path")
    }
    asked = set(OneOff.objects.filter(source__in=sources).values_list("source", flat=True))
    missing = [gate for source, gate in sources.items() if source not in asked]
    for gate in missing:
        contradictions.ask_for_guards(gate=gate, day=day, by=by, now=now)
    return len(missing)
