"""One batch of checks, inside one transaction: read what is known, decide each in turn, write everything at once.

What must not be raced (inside or outside, outings, single use, caps) is read and changed here, under SQLite's writer
or PostgreSQL's batch lock (`shared.group_commit`). A check made offline is a fact: it is stored as the device decided,
and what the server would have decided instead becomes a mark, from which the fold opens a gap.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from fangxian.gates import rules
from fangxian.gates.actions import check_rows as rows
from fangxian.gates.actions.check_items import Prepared, Taken
from fangxian.gates.models import ContradictionKind, Direction, Outcome, PassKind
from fangxian.gates.rules import Code, Decision, PassFacts, Seen, State
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US, MINUTE_US

_ADMIT, _REFER = Outcome.ADMIT.value, Outcome.REFER.value
_DIRECTIONS: Final = {direction.value: direction for direction in Direction}
_OFFSET_US: Final = int(clock.local(clock.from_us(0)).utcoffset().total_seconds()) * clock.SECOND_US  # type: ignore[union-attr]  # an aware instant has an offset
"""The street's zone has had one offset for thirty years, and a batch has no time for zone arithmetic."""

NEVER_OVERRIDDEN: Final = frozenset(
    {
        Code.FEVER, Code.FEVER_AGAIN, Code.SECOND_TOO_SOON, Code.SECOND_NOT_AXILLARY, Code.HELD_HERE, Code.FORGED,
        Code.WRONG_KEY,
    }
)  # fmt: skip
"""The health centre and the signature decide these; a guard's reason does not."""

MARK_OF: Final[dict[Code, ContradictionKind]] = {
    Code.REVOKED: ContradictionKind.NOT_IN_FORCE,
    Code.SUSPENDED: ContradictionKind.NOT_IN_FORCE,
    Code.EXPIRED: ContradictionKind.NOT_IN_FORCE,
    Code.NOT_YET: ContradictionKind.NOT_IN_FORCE,
    Code.UNKNOWN_PASS: ContradictionKind.NOT_IN_FORCE,
    Code.FORGED: ContradictionKind.FORGED,
    Code.WRONG_KEY: ContradictionKind.FORGED,
    Code.HELD_HERE: ContradictionKind.HELD,
    Code.NO_OUTINGS: ContradictionKind.OVER_QUOTA,
    Code.FULL: ContradictionKind.OVER_CAP,
    Code.ALREADY_INSIDE: ContradictionKind.DOUBLE_USE,
    Code.USED_UP: ContradictionKind.DOUBLE_USE,
    Code.UNKNOWN_VEHICLE: ContradictionKind.UNKNOWN_VEHICLE,
}
FEVER_PENDING_US: Final = DAY_US
"""For how long a fever asks for its second reading, at whatever gate."""

# what was shown is a matter for somebody also where nobody was let in on it
_MARKED_ANYWAY: Final = frozenset({Code.FORGED, Code.WRONG_KEY, Code.UNKNOWN_VEHICLE})
# what a device without a network cannot have known or need not have asked
_NO_CONTRADICTION: Final = frozenset({Code.ALREADY_OUTSIDE, Code.NO_DECLARATION, Code.NO_OCCUPANTS})


def write_batch(batch: Sequence[Prepared]) -> list[Taken]:
    work = _Batch(batch)
    taken = [work.take(case) for case in work.cases]
    work.save()
    return taken


class _Case(Struct):
    """A check with what was found for it, and the keys of what is counted for it."""

    one: Prepared
    id: str
    row: rows.PassRow | None
    vehicle: rows.VehicleRow | None
    who: str
    """Whose presence it is. Members of a household share one permit, which is carried by one of them at a time."""
    cap: str
    outing: str
    once: str
    inside: str
    decidec: int | None
    first: str | None
    """The check whose second reading this is: the fever that is known, or what the device says."""
    unsettled: bool = False
    slot: tuple[int, int] | None = None
    """When to come back, for somebody who is too early."""

    @property
    def subject(self) -> str | None:
        """The household too, for a permit that is a household's."""
        if self.row is not None and self.row.subject is not None:
            return self.row.subject
        return self.vehicle.subject if self.vehicle is not None else None


class _Batch:
    """The state of a batch while its checks are decided, one after another."""

    def __init__(self, batch: Sequence[Prepared]) -> None:
        items = [one.item for one in batch]
        ids = [item.id.hex for item in items] + [item.first.hex for item in items if item.first is not None]
        named = rows.named(
            ids, {one.digest for one in batch if one.digest}, {item.number for item in items if item.number}
        )
        self.stored, self.passes = named.stored, named.passes
        self.vehicles = rows.vehicles({item.plate for item in items if item.plate})
        self._caps: dict[tuple[str, int], str] = {}
        self.cases = [self._case(one, key) for one, key in zip(batch, ids, strict=False)]
        state = rows.state(
            subjects={case.subject for case in self.cases if case.subject}
            | {vehicle.subject for vehicle in self.vehicles.values()},
            people={case.who for case in self.cases if case.who},
            keys={key for case in self.cases for key in (case.cap, case.inside, case.outing, case.once) if key},
            now_us=batch[0].received_us,
        )
        self.held, self.declared, self.presence, self.used = state.held, state.declared, state.presence, state.used
        self.fevers = state.fevers
        self.fevered: set[str] = set()
        self.checks: list[list[Any]] = []
        self.revised: list[rows.Revised] = []
        self.moved: set[tuple[str, str]] = set()
        self.deltas: dict[str, int] = defaultdict(int)
        self.exits: dict[str, list[int]] = defaultdict(list)
        for case in self.cases:
            if case.one.item.dir == "out":
                self.exits[case.who].append(case.one.observed_us)
        self.referrals: list[rows.NewReferral] = []

    def _case(self, one: Prepared, key: str) -> _Case:
        item, facts = one.item, one.gate.facts
        vehicle = self.vehicles.get(item.plate) if item.plate else None
        if one.digest is not None:
            row = self.passes.get(one.digest)
        elif item.number:
            row = self.passes.get(item.number)
        else:
            row = vehicle.permit(one.gate.path, one.observed_us) if vehicle is not None else None
        day = (one.observed_us + _OFFSET_US) // DAY_US
        cap = self._caps.get((facts.gate_id, day))
        if cap is None:
            cap = self._caps[facts.gate_id, day] = f"cap:{facts.gate_id}:{day}"
        who = outing = once = ""
        if row is None:
            who = f"v:{item.plate}" if item.plate else ""
        else:
            who = f"s:{row.person}" if row.person else f"p:{row.id}"
            once = f"once:{row.id}" if row.once else ""
            if row.kind is PassKind.RESIDENT:
                outing = rules.outing_key(row.household or row.id, day, one.plan.section.outing_days)
        decidec = None if item.temp is None else round(item.temp * 10)
        first = item.first.hex if item.first is not None else None
        return _Case(one, key, row, vehicle, who, cap, outing, once, f"in:{one.gate.inside_of}", decidec, first)

    def take(self, case: _Case) -> Taken:
        before = self.stored.get(case.id)
        if before is not None:
            return self._known(case, before)
        decision = self._decide(case)
        outcome, code, said, marks = self._settle(case, decision)
        if decision.code in (Code.FEVER, Code.SECOND_OK):
            self._note_fever(case, pending=decision.code is Code.FEVER)
        if outcome == _ADMIT:
            self._apply(case)
        referral = self._refer(case) if outcome == _REFER else ""
        self._append(case, outcome, code, said, marks)
        inside = self.used.get(case.inside, 0)
        row = case.row
        if row is None:
            return Taken(case.id, "stored", outcome, code, referral=referral, marks=marks, inside=inside)
        return Taken(
            case.id, "stored", outcome, code, row.kind, row.holder, row.company, row.zone, inside, referral, marks,
            case.slot if outcome != _ADMIT else None,
        )  # fmt: skip

    def _known(self, case: _Case, before: rows.StoredCheck) -> Taken:
        """Sent again. Where the device had given up waiting and decided otherwise by itself, that is what happened."""
        item = case.one.item
        if not item.offline or item.said in ("", before.outcome) or before.offline:
            return Taken(case.id, "known", before.outcome, before.code)
        marks = before.marks.split(",") if before.marks else []
        if item.said == _ADMIT:
            self._apply(case)
            code = Code(before.code)
            mark = MARK_OF.get(code, ContradictionKind.OTHER).value
            if mark not in marks and self._contradicts(case, code):
                marks.append(mark)
        elif before.outcome == _ADMIT:
            self._undo(case)
        found = rows.Revised(case.id, item.said, item.said_code or before.code, before.outcome, ",".join(marks)[:120])
        self.revised.append(found)
        self.stored[case.id] = rows.StoredCheck(found.outcome, found.code, before.observed_us, found.marks, True)
        return Taken(case.id, "known", found.outcome, found.code, marks=tuple(marks))

    def _decide(self, case: _Case) -> Decision:
        one, row = case.one, case.row
        item, gate = one.item, one.gate
        problem = one.problem
        if problem is None and (one.digest is not None or item.number):
            if row is None:
                problem = Code.UNKNOWN_PASS
            elif row.distrusted:
                problem = Code.WRONG_KEY
        seen = Seen(
            direction=_DIRECTIONS[item.dir], at_us=one.observed_us, minute=_minute(one.observed_us), mask=item.mask,
            decidec=case.decidec, method=item.method, identity=item.identity, declared=item.declared, problem=problem,
            plate=item.plate or "", occupants=item.occupants,
            second_of_us=self._first_us(case), again=item.again,
        )  # fmt: skip
        case.unsettled = item.dir == "in" and rules.is_unsettled(one.plan.section, seen)
        permit = _permit(row, one) if row is not None else None
        decision = rules.decide(
            plan=one.plan.section, gate=gate.facts, permit=permit, seen=seen, state=self._state(case)
        )
        if decision.code is Code.TOO_EARLY and permit is not None:
            case.slot = permit.slot
        return decision

    def _first_us(self, case: _Case) -> int | None:
        """When the fever was seen that this check is to settle. What is known goes before what the device says."""
        at_us = case.one.observed_us
        fever = self.fevers.get(case.who)
        if fever is not None and fever.root and fever.since_us <= at_us < fever.since_us + FEVER_PENDING_US:
            if case.one.item.dir == "in":
                case.first = fever.check
        else:
            fever = None
        stored = self.stored.get(case.first) if case.first else None
        if stored is not None:
            return stored.observed_us
        return fever.since_us if fever is not None else None

    def _note_fever(self, case: _Case, *, pending: bool) -> None:
        """Kept for whatever gate they come to next, until a second reading settles it."""
        known = self.fevers.get(case.who)
        if not case.who or known is not None and known.since_us > case.one.observed_us:
            return
        at_us, gate = case.one.observed_us, case.one.gate.facts.gate_id
        self.fevers[case.who] = rows.PresenceRow(False, at_us, case.id, gate, pending)
        self.fevered.add(case.who)

    def _state(self, case: _Case) -> State:
        used, subject = self.used.get, case.subject
        return State(
            inside=self._inside(case),
            outings_used=used(case.outing, 0),
            uses=used(case.once, 0),
            entries_today=used(case.cap, 0),
            held=subject in self.held,
            declaration_ok=subject in self.declared,
            known=case.vehicle is not None if case.one.item.plate else case.row is not None,
        )

    def _inside(self, case: _Case) -> bool | None:
        """Whether `who` is inside; on entry anywhere else counts too, because nobody is at two places at once."""
        seen = self.presence.get(case.who)
        if not seen:
            return None
        gate = case.one.gate
        here = seen.get(gate.inside_of)
        inside = here.inside if here is not None else None
        if not inside and case.one.item.dir == "in" and not gate.inner_of:
            return True if any(row.inside and row.root for row in seen.values()) else inside
        return inside

    def _settle(self, case: _Case, decision: Decision) -> tuple[str, str, str, tuple[str, ...]]:
        """Outcome, code, what an offline device said, and marks."""
        item = case.one.item
        marks = ("clock",) if case.one.wrong_clock else ()
        outcome, code = decision.outcome.value, decision.code
        if item.offline and item.said:
            contradicts = item.said == _ADMIT and outcome != _ADMIT and self._contradicts(case, code)
            if contradicts or code in _MARKED_ANYWAY:
                marks = (*marks, MARK_OF.get(code, ContradictionKind.OTHER).value)
            said = outcome if outcome != item.said else ""
            return item.said, item.said_code or code.value, said, marks
        if outcome == _ADMIT:
            return outcome, code.value, "", marks
        if code in _MARKED_ANYWAY:
            marks = (*marks, MARK_OF[code].value)
        if item.override and item.guard and code not in NEVER_OVERRIDDEN and not case.unsettled:
            return _ADMIT, Code.OVERRIDDEN.value, outcome, (*marks, f"over:{code.value}")
        return outcome, code.value, "", marks

    def _contradicts(self, case: _Case, code: Code) -> bool:
        """Whether an admission without a network contradicts what is known, and not only what could not be known."""
        one = case.one
        if code in _NO_CONTRADICTION or one.item.override and code not in NEVER_OVERRIDDEN:
            return False
        if code is not Code.ALREADY_INSIDE:
            return True
        # entered here, left, and entered there: the queue that came in late holds the exit between
        since = max((row.since_us for row in self.presence[case.who].values()), default=0)
        return not any(one.observed_us < left < since for left in self.exits[case.who])

    def _apply(self, case: _Case) -> None:
        """What an admission changes: presence, counts of those inside, outings, single use and the gate's cap."""
        gate = case.one.gate
        entering = case.one.item.dir == "in"
        if entering:
            self._count(case.cap)
            if case.once:
                self._count(case.once)
        elif case.outing:
            self._count(case.outing)
        if not case.who:
            return
        seen = self.presence[case.who]
        if entering and not gate.inner_of:
            for place, known in list(seen.items()):
                if known.root and known.inside and place != gate.inside_of:
                    self._move(place, False, case)
        self._move(gate.inside_of, entering, case)

    def _undo(self, case: _Case) -> None:
        """The device did not let in (or out) whom this admission had counted."""
        gate = case.one.gate
        entering = case.one.item.dir == "in"
        for key in (case.cap, case.once) if entering else (case.outing,):
            if key:
                self._count(key, -1)
        known = self.presence[case.who].get(gate.inside_of) if case.who else None
        if known is not None and known.check == case.id:
            self._move(gate.inside_of, not entering, case)

    def _move(self, place: str, inside: bool, case: _Case) -> None:
        one, facts, seen = case.one, case.one.gate.facts, self.presence[case.who]
        known = seen.get(place)
        if known is not None and known.since_us > one.observed_us:
            return  # an older record that comes in late does not undo what happened since
        was = known is not None and known.inside
        root = place == facts.place_id or (known is not None and known.root)
        seen[place] = rows.PresenceRow(inside, one.observed_us, case.id, facts.gate_id, root)
        self.moved.add((place, case.who))
        if was != inside:
            self._count(f"in:{place}", 1 if inside else -1)

    def _count(self, key: str, by: int = 1) -> None:
        self.used[key] = self.used.get(key, 0) + by
        self.deltas[key] += by

    def _refer(self, case: _Case) -> str:
        one = case.one
        day = clock.local_day(clock.from_us(one.observed_us))
        key = f"ref:{day:%Y%m%d}"
        if key not in self.used:
            self.used |= rows.used({key})
        self._count(key)
        number = f"G-{day:%Y%m%d}-{self.used[key]:03d}"
        self.referrals.append(
            rows.NewReferral(
                number=number, check=one.item.id, first=case.first, subject=case.row.person if case.row else None,
                gate=one.gate.facts.gate_id, at_us=one.observed_us,
            )
        )  # fmt: skip
        return number

    def _append(self, case: _Case, outcome: str, code: str, said: str, marks: tuple[str, ...]) -> None:
        one, row = case.one, case.row
        item, gate = one.item, one.gate.facts
        subject = row.person if row is not None else None
        if subject is None and case.vehicle is not None:
            subject = case.vehicle.subject
        joined = ",".join(marks)[:120]
        self.stored[case.id] = rows.StoredCheck(outcome, code, one.observed_us, joined, item.offline)
        self.checks.append([
            case.id, gate.gate_id, gate.place_id, row.id if row else None, subject, row.household if row else None,
            item.dir, outcome, code, said, joined, case.decidec, item.method, item.mask, item.identity,
            item.declared, item.plate or "", item.occupants, case.first, item.override,
            item.offline, one.observed_us, one.received_us, one.device_id, item.guard, one.plan.playbook_id, False,
        ])  # fmt: skip

    def save(self) -> None:
        rows.append_checks(self.checks)
        rows.revise_checks(self.revised)
        moved = {(place, who): self.presence[who][place] for place, who in self.moved}
        rows.save_presence(moved | {(rows.NO_PLACE, who): self.fevers[who] for who in self.fevered})
        rows.add_used(self.deltas)
        rows.save_referrals(self.referrals)


def _minute(us: int) -> int:
    return int((us + _OFFSET_US) % DAY_US // MINUTE_US)


def _permit(row: rows.PassRow, one: Prepared) -> PassFacts:
    within = one.gate.path.startswith(row.path)
    window = None
    if one.gate.windows and row.kind is PassKind.EMPLOYEE:
        found = one.gate.windows.get(row.enterprise or "")
        window = rules.window_on(found, (one.observed_us + _OFFSET_US) // DAY_US) if found else None
    return PassFacts(
        kind=row.kind, status=row.status, place_ids=frozenset((one.gate.facts.place_id if within else "",)),
        gate_id=row.gate or "", enterprise_id=row.enterprise or "", zone=row.zone, from_us=row.from_us,
        until_us=row.until_us, slot_from=row.slot_from, slot_until=row.slot_until, once=row.once,
        window_from=window and window.from_minute, window_until=window and window.until_minute,
        window_closed=window is not None and window.closed,
    )  # fmt: skip
