"""One batch of checks, inside one transaction: read what is known, decide each in turn, write everything at once.

What must not be raced (inside or outside, outings, single use, caps) is read and changed here, under SQLite's writer
or PostgreSQL's batch lock (`shared.group_commit`). A check made offline is a fact: it is stored as the device decided,
and what the server would have decided instead becomes a mark, from which the fold opens a gap.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fangxian.gates import rules
from fangxian.gates.actions import check_rows as rows
from fangxian.gates.actions.check_items import Prepared, Taken
from fangxian.gates.models import ContradictionKind, Direction, Outcome, PassKind
from fangxian.gates.rules import Code, Decision, PassFacts, Seen, State
from fangxian.shared import clock
from fangxian.shared.clock import DAY_US, MINUTE_US

_ADMIT, _REFER = Outcome.ADMIT.value, Outcome.REFER.value
_OFFSET_US: Final = int(clock.local(clock.from_us(0)).utcoffset().total_seconds()) * clock.SECOND_US  # type: ignore[union-attr]  # an aware instant has an offset
"""The street's zone has had one offset for thirty years, and a batch has no time for zone arithmetic."""

NEVER_OVERRIDDEN: Final = frozenset({Code.FEVER_AGAIN, Code.HELD_HERE, Code.FORGED, Code.WRONG_KEY})
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
# what a device without a network cannot have known or need not have asked
_NO_CONTRADICTION: Final = frozenset({Code.ALREADY_OUTSIDE, Code.NO_DECLARATION, Code.NO_OCCUPANTS})


def write_batch(batch: Sequence[Prepared]) -> list[Taken]:
    work = _Batch(batch)
    taken = [work.take(one) for one in batch]
    work.save()
    return taken


class _Batch:
    """The state of a batch while its checks are decided, one after another."""

    def __init__(self, batch: Sequence[Prepared]) -> None:
        items = [one.item for one in batch]
        self.stored = rows.stored([*(item.id for item in items), *(item.first for item in items if item.first)])
        self.passes = rows.passes(
            digests={one.digest for one in batch if one.digest}, numbers={item.number for item in items if item.number}
        )
        self.vehicles = rows.vehicles({item.plate for item in items if item.plate})
        found = [self._pass_of(one) for one in batch]
        subjects = {row.subject for row in found if row is not None and row.subject}
        subjects |= {vehicle.subject for vehicle in self.vehicles.values()}
        self.held = rows.held(subjects, batch[0].received_us)
        self.declared = rows.declared(subjects, batch[0].received_us)
        self.presence = rows.presence({who for one, row in zip(batch, found, strict=True) if (who := _who(one, row))})
        self.used = rows.used({key for one, row in zip(batch, found, strict=True) for key in _keys(one, row)})
        self.checks: dict[str, list[Any]] = {}
        self.answers: dict[str, Taken] = {}
        self.moved: set[tuple[str, str]] = set()
        self.deltas: dict[str, int] = defaultdict(int)
        self.exits: dict[str, list[int]] = defaultdict(list)
        for one, row in zip(batch, found, strict=True):
            if one.item.dir == "out":
                self.exits[_who(one, row)].append(one.observed_us)
        self.referrals: list[rows.NewReferral] = []

    def _pass_of(self, one: Prepared) -> rows.PassRow | None:
        item = one.item
        if one.digest is not None:
            return self.passes.get(one.digest)
        if item.number:
            return self.passes.get(item.number)
        vehicle = self.vehicles.get(item.plate or "")
        return vehicle.permit if vehicle is not None else None

    def take(self, one: Prepared) -> Taken:
        key = one.item.id.hex
        before = self.stored.get(key)
        if before is not None:
            return Taken(key, "known", before.outcome, before.code)
        if key in self.answers:
            again = self.answers[key]
            return Taken(key, "known", again.outcome, again.code)
        row = self._pass_of(one)
        who = _who(one, row)
        decision = self._decide(one, row, who)
        outcome, code, said, marks = self._settle(one, decision, who)
        if outcome == _ADMIT:
            self._apply(one, row, who)
        referral = self._refer(one, row) if outcome == _REFER else ""
        self._append(one, row, outcome, code, said, marks)
        inside = self.used.get(f"in:{one.gate.inside_of}", 0)
        taken = Taken(key, "stored", outcome, code, referral=referral, marks=marks, inside=inside)
        if row is not None:
            taken.kind, taken.name, taken.company, taken.zone = row.kind, row.holder, row.company, row.zone
        self.answers[key] = taken
        return taken

    def _decide(self, one: Prepared, row: rows.PassRow | None, who: str) -> Decision:
        item, gate = one.item, one.gate
        problem = one.problem
        if problem is None and (one.digest is not None or item.number):
            if row is None:
                problem = Code.UNKNOWN_PASS
            elif row.distrusted:
                problem = Code.WRONG_KEY
        first = self.stored.get(item.first.hex) if item.first is not None else None
        first_us = first.observed_us if first is not None else None
        if item.first is not None and first_us is None and item.first.hex in self.checks:
            first_us = self.checks[item.first.hex][rows.OBSERVED]
        seen = Seen(
            direction=Direction(item.dir), at_us=one.observed_us, minute=_minute(one.observed_us), mask=item.mask,
            decidec=None if item.temp is None else round(item.temp * 10), method=item.method, identity=item.identity,
            declared=item.declared, problem=problem, plate=item.plate or "", occupants=item.occupants,
            second_of_us=first_us, again=item.again,
        )  # fmt: skip
        permit = _permit(row, one) if row is not None else None
        return rules.decide(
            plan=one.plan.section, gate=gate.facts, permit=permit, seen=seen, state=self._state(one, row, who)
        )

    def _state(self, one: Prepared, row: rows.PassRow | None, who: str) -> State:
        subject = row.subject if row is not None else None
        plate = one.item.plate
        vehicle = self.vehicles.get(plate) if plate else None
        if subject is None and vehicle is not None:
            subject = vehicle.subject
        return State(
            inside=self._inside(one, who),
            outings_used=self.used.get(_outing_key(one, row), 0),
            uses=self.used.get(f"once:{row.id}", 0) if row is not None else 0,
            entries_today=self.used.get(_cap_key(one), 0),
            held=subject in self.held,
            declaration_ok=subject in self.declared,
            known=vehicle is not None if plate else row is not None,
        )

    def _inside(self, one: Prepared, who: str) -> bool | None:
        """Whether `who` is inside; on entry anywhere else counts too, because nobody is at two places at once."""
        seen = self.presence.get(who)
        if not seen:
            return None
        here = seen.get(one.gate.inside_of)
        inside = here.inside if here is not None else None
        if one.item.dir == "in" and not inside and not one.gate.inner_of:
            return True if any(row.inside and row.root for row in seen.values()) else inside
        return inside

    def _settle(self, one: Prepared, decision: Decision, who: str) -> tuple[str, str, str, tuple[str, ...]]:
        """Outcome, code, what an offline device said, and marks."""
        item = one.item
        marks = ["clock"] if one.wrong_clock else []
        outcome, code = decision.outcome.value, decision.code
        if item.offline and item.said:
            if item.said == _ADMIT and outcome != _ADMIT and self._contradicts(one, code, who):
                marks.append(MARK_OF.get(code, ContradictionKind.OTHER).value)
            said = outcome if outcome != item.said else ""
            return item.said, item.said_code or code.value, said, tuple(marks)
        if code in (Code.FORGED, Code.WRONG_KEY, Code.UNKNOWN_VEHICLE):
            marks.append(MARK_OF[code].value)
        if item.override and item.guard and outcome != _ADMIT and code not in NEVER_OVERRIDDEN:
            return _ADMIT, Code.OVERRIDDEN.value, outcome, (*marks, f"over:{code.value}")
        return outcome, code.value, "", tuple(marks)

    def _contradicts(self, one: Prepared, code: Code, who: str) -> bool:
        """Whether an admission without a network contradicts what is known, and not only what could not be known."""
        if code in _NO_CONTRADICTION or one.item.override and code not in NEVER_OVERRIDDEN:
            return False
        if code is not Code.ALREADY_INSIDE:
            return True
        # entered here, left, and entered there: the queue that came in late holds the exit between
        since = max((row.since_us for row in self.presence[who].values()), default=0)
        return not any(one.observed_us < left < since for left in self.exits[who])

    def _apply(self, one: Prepared, row: rows.PassRow | None, who: str) -> None:
        """What an admission changes: presence, counts of those inside, outings, single use and the gate's cap."""
        entering = one.item.dir == "in"
        if entering:
            self._count(_cap_key(one))
            if row is not None and row.once:
                self._count(f"once:{row.id}")
        elif row is not None and row.kind == PassKind.RESIDENT:
            self._count(_outing_key(one, row))
        if not who:
            return
        if entering and not one.gate.inner_of:
            for place, known in self.presence[who].items():
                if known.root and known.inside and place != one.gate.inside_of:
                    self._move(place, who, False, one)
        self._move(one.gate.inside_of, who, entering, one)

    def _move(self, place: str, who: str, inside: bool, one: Prepared) -> None:
        known = self.presence[who].get(place)
        if known is not None and known.since_us > one.observed_us:
            return  # an older record that comes in late does not undo what happened since
        was = known is not None and known.inside
        root = place == one.gate.facts.place_id or (known is not None and known.root)
        self.presence[who][place] = rows.PresenceRow(
            inside, one.observed_us, one.item.id.hex, one.gate.facts.gate_id, root
        )
        self.moved.add((place, who))
        if was != inside:
            self._count(f"in:{place}", 1 if inside else -1)

    def _count(self, key: str, by: int = 1) -> None:
        self.used[key] = self.used.get(key, 0) + by
        self.deltas[key] += by

    def _refer(self, one: Prepared, row: rows.PassRow | None) -> str:
        day = clock.local_day(clock.from_us(one.observed_us))
        key = f"ref:{day:%Y%m%d}"
        if key not in self.used:
            self.used |= rows.used({key})
        self._count(key)
        number = f"G-{day:%Y%m%d}-{self.used[key]:03d}"
        self.referrals.append(
            rows.NewReferral(
                number=number, check=one.item.id, first=one.item.first, subject=row.person if row else None,
                gate=one.gate.facts.gate_id, at_us=one.observed_us,
            )
        )  # fmt: skip
        return number

    def _append(
        self, one: Prepared, row: rows.PassRow | None, outcome: str, code: str, said: str, marks: Iterable[str]
    ) -> None:
        item, gate = one.item, one.gate.facts
        vehicle = self.vehicles.get(item.plate) if item.plate else None
        subject = row.person if row is not None else None
        if subject is None and vehicle is not None:
            subject = vehicle.subject
        self.checks[item.id.hex] = [
            item.id.hex, gate.gate_id, gate.place_id, row.id if row else None, subject, row.household if row else None,
            item.dir, outcome, code, said, ",".join(marks)[:120],
            None if item.temp is None else round(item.temp * 10), item.method, item.mask, item.identity, item.declared,
            item.plate or "", item.occupants, item.first.hex if item.first else None, item.override, item.offline,
            one.observed_us, one.received_us, one.device_id, item.guard, one.plan.playbook_id, False,
        ]  # fmt: skip

    def save(self) -> None:
        rows.append_checks(list(self.checks.values()))
        rows.save_presence({(place, who): self.presence[who][place] for place, who in self.moved})
        rows.add_used(self.deltas)
        rows.save_referrals(self.referrals)


def _minute(us: int) -> int:
    return int((us + _OFFSET_US) % DAY_US // MINUTE_US)


def _day(us: int) -> int:
    return int((us + _OFFSET_US) // DAY_US)


def _who(one: Prepared, row: rows.PassRow | None) -> str:
    """Whose presence it is. Members of a household share one permit, which is carried by one of them at a time."""
    if row is None:
        return f"v:{one.item.plate}" if one.item.plate else ""
    return f"s:{row.person}" if row.person else f"p:{row.id}"


def _cap_key(one: Prepared) -> str:
    return f"cap:{one.gate.facts.gate_id}:{_day(one.observed_us)}"


def _outing_key(one: Prepared, row: rows.PassRow | None) -> str:
    if row is None or row.kind != PassKind.RESIDENT:
        return ""
    days = one.plan.section.outing_days
    return f"out:{row.household or row.id}:{_day(one.observed_us) // days * days}"


def _keys(one: Prepared, row: rows.PassRow | None) -> list[str]:
    keys = [_cap_key(one), f"in:{one.gate.inside_of}"]
    if row is not None:
        keys.append(f"once:{row.id}") if row.once else None
        keys.append(_outing_key(one, row)) if row.kind == PassKind.RESIDENT else None
    return keys


def _permit(row: rows.PassRow, one: Prepared) -> PassFacts:
    within = one.gate.path.startswith(row.path)
    return PassFacts(
        kind=row.kind, status=row.status, place_ids=frozenset((one.gate.facts.place_id if within else "",)),
        gate_id=row.gate or "", enterprise_id=row.enterprise or "", zone=row.zone, from_us=row.from_us,
        until_us=row.until_us, slot_from=row.slot_from, slot_until=row.slot_until, once=row.once,
    )  # fmt: skip
