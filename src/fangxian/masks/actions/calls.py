"""What happens to a called number that is not collected: it lapses, is void, or is moved to another pharmacy."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.duties import actions as duties
from fangxian.masks.actions import shelves, supply, tasks
from fangxian.masks.actions.errors import MaskError
from fangxian.masks.actions.following import owe
from fangxian.masks.models import Call, CallStatus, Outlet, Round, Shelf
from fangxian.masks.playbook import CALLED, DELIVER
from fangxian.masks.queries.night import Slot, deadline_us, occupied, slots_of
from fangxian.masks.queries.numbers import voucher_of
from fangxian.masks.queries.rounds import pharmacy_of
from fangxian.places.models import Place
from fangxian.shared import clock
from fangxian.shared.ids import new_id
from fangxian.shared.language import street_language
from fangxian.shared.writer import in_chunks, write_lock

PLACE_HOURS: Final = 12
"""How long the street has to find goods for numbers whose pharmacy dropped out."""


def lapse(*, now: datetime) -> int:
    """Called and not collected by the deadline: the pieces go to the next numbers, those of the special groups to the
    next of theirs. Returns how many."""
    now_us = clock.to_us(now)
    due = Call.objects.filter(status=CallStatus.CALLED, deadline_us__lte=now_us)
    keys = list(due.order_by("round_id", "pharmacy_id", "id").values_list("id", "round_id", "pharmacy_id"))
    lapsed = 0

    def write(part: Sequence[tuple[UUID, UUID, UUID]]) -> None:
        nonlocal lapsed
        groups: dict[tuple[UUID, UUID], list[UUID]] = defaultdict(list)
        for id_, round_id, pharmacy_id in part:
            groups[round_id, pharmacy_id].append(id_)
        for (round_id, pharmacy_id), ids in sorted(groups.items()):
            lapsed += _lapse(round_id, pharmacy_id, ids, now)

    in_chunks(keys, write)
    return lapsed


def _lapse(round_id: UUID, pharmacy_id: UUID, ids: Sequence[UUID], now: datetime) -> int:
    """Only what is still called: somebody may have collected since the list was read."""
    now_us = clock.to_us(now)
    wanted = Call.objects.filter(id__in=ids).values_list("variant_id", flat=True).distinct()
    rows = shelves.lock(round_id=round_id, pharmacy_id=pharmacy_id, variant_ids=wanted, now_us=now_us)
    calls = list(Call.objects.select_for_update().filter(id__in=ids, status=CallStatus.CALLED).order_by("id"))
    changed = Call.objects.filter(id__in=[call.id for call in calls], status=CallStatus.CALLED)
    changed.update(status=CallStatus.LAPSED, changed_us=now_us)
    before = {key: shelf.short for key, shelf in rows.items()}
    for call in calls:
        rows[call.variant_id].promised -= call.quantity
        rows[call.variant_id].reserve += call.quantity if call.reserved else 0
    for key, shelf in rows.items():
        shelves.put(shelf, now_us)
        supply.follow(shelf=shelf, before=before[key], by="worker", now=now)
    return len(calls)


@write_lock()
def void_call(*, call: Call, reason: str, by: str, now: datetime) -> None:
    """Take a call back. The household waits again in its place; what was promised is free, in the pool it came from."""
    if not reason.strip():
        raise MaskError(_("Say why the number is taken back. Nothing was changed."))
    now_us = clock.to_us(now)
    shelf = shelves.lock(
        round_id=call.round_id, pharmacy_id=call.pharmacy_id, variant_ids=[call.variant_id], now_us=now_us
    )[call.variant_id]
    changed = Call.objects.filter(id=call.id, status=CallStatus.CALLED).update(
        status=CallStatus.VOID, reason=reason.strip()[:200], changed_us=now_us
    )
    if not changed:
        raise MaskError(_("This number is not open any more: it was collected, lapsed or moved. Nothing was changed."))
    before = shelf.short
    shelf.promised -= call.quantity
    shelf.reserve += call.quantity if call.reserved else 0
    shelves.put(shelf, now_us)
    supply.follow(shelf=shelf, before=before, by=by, now=now)
    with street_language():
        taken_back = str(_("The number was taken back"))
    _owe_no_more([call], taken_back, by, now)
    # the reason stands with the call: what somebody wrote freely may name people, and the audit is never thinned
    audit.record(by=by, act="masks.call.void", now=now, target=f"call:{call.id}", place=call.pharmacy_id)


def _owe_no_more(calls: Sequence[Call], reason: str, by: str, now: datetime) -> None:
    """Nobody needs to be told of these, nor to be brought anything, unless something else was called that night too."""
    runs: dict[UUID, set[UUID]] = defaultdict(set)
    for call in calls:
        runs[call.run_id].add(call.registration_id)
    for run_id, registrations in runs.items():
        still = Call.objects.filter(run_id=run_id, registration_id__in=registrations, status=CallStatus.CALLED)
        gone = registrations - set(still.values_list("registration_id", flat=True))
        units = [call.registration.unit for call in calls if call.run_id == run_id and call.registration_id in gone]
        for cohort in (CALLED, DELIVER):
            duties.withdraw(cohort=cohort, instance=run_id.hex, subject_ids=units, reason=reason, by=by, now=now)


def move_calls(*, round: Round, from_pharmacy: Place, by: str, now: datetime) -> int:
    """Call the open numbers of a pharmacy at those that serve their committees now. Returns how many were moved.

    They come before anything new. What cannot be placed keeps its right to be called first, and is named in a duty.
    """
    rows = Call.objects.filter(round=round, pharmacy=from_pharmacy, status=CallStatus.CALLED)
    calls = list(
        rows.select_related("registration__round", "variant").order_by(
            "slot_from_us", "registration__committee_id", "registration__seq", "variant_id"
        )
    )
    mover = _Mover(round, from_pharmacy, by, now)
    in_chunks(calls, mover.move)
    audit.record(
        by=by, act="masks.calls.moved", now=now, target=f"round:{round.id}", place=from_pharmacy.id,
        detail={"moved": mover.moved, "unplaced": mover.unplaced},
    )  # fmt: skip
    return mover.moved


def move_dropped(*, now: datetime) -> int:
    """Move what is still called at pharmacies that left: a process may have ended before it had moved all of it."""
    left = Outlet.objects.filter(dropped_us__isnull=False).filter(
        Exists(Call.objects.filter(round=OuterRef("round"), pharmacy=OuterRef("pharmacy"), status=CallStatus.CALLED))
    )
    rows = list(left.select_related("round__street", "pharmacy").order_by("id"))
    for row in rows:
        move_calls(round=row.round, from_pharmacy=row.pharmacy, by="worker", now=now)
    return len(rows)


class _Mover:
    """Moves calls in their order while there is stock and a place in the slots of the pharmacy that takes over.

    What follows from a chunk is written with it, so that a process that ends in between leaves nothing unsaid.
    """

    def __init__(self, round: Round, source: Place, by: str, now: datetime) -> None:
        self.round, self.source, self.by, self.now = round, source, by, now
        self.now_us = clock.to_us(now)
        self.served = pharmacy_of(round)
        rows = Outlet.objects.filter(round=round, dropped_us__isnull=True).exclude(pharmacy=source)
        self.outlets = {row.pharmacy_id: row for row in rows}
        self.slots: dict[tuple[UUID, date], list[Slot]] = {}
        self.slot_of: dict[UUID, tuple[UUID, Slot]] = {}
        self.moved = self.unplaced = 0

    def move(self, part: Sequence[Call]) -> None:
        variants = {call.variant_id for call in part}
        pharmacies = {self.source.id} | {place.id for place in self.served.values()}
        shelf_of: dict[tuple[UUID, int], Shelf] = {}
        for pharmacy in sorted(pharmacies):
            locked = shelves.lock(
                round_id=self.round.id, pharmacy_id=pharmacy, variant_ids=variants, now_us=self.now_us
            )
            shelf_of |= {(pharmacy, key): shelf for key, shelf in locked.items()}
        before = {key: shelf.short for key, shelf in shelf_of.items()}
        still = set(
            Call.objects.filter(id__in=[call.id for call in part], status=CallStatus.CALLED).values_list(
                "id", flat=True
            )
        )
        going = [call for call in part if call.id in still]
        with street_language():
            left, moved = str(_("The pharmacy left the round")), str(_("The number was moved to another pharmacy"))
        Call.objects.filter(id__in=still).update(status=CallStatus.MOVED, changed_us=self.now_us, reason=left[:200])
        _owe_no_more(going, moved, self.by, self.now)
        fresh, unplaced = [], []
        for call in going:
            again = self._again(call, shelf_of)
            if again is None:
                unplaced.append(call)
            else:
                fresh.append(again)
        Call.objects.bulk_create(fresh)
        owe(calls=fresh, by=self.by, now=self.now)
        self._name_unplaced(unplaced)
        self.moved += len(fresh)
        self.unplaced += len(unplaced)
        for key, shelf in shelf_of.items():
            shelves.put(shelf, self.now_us)
            supply.follow(shelf=shelf, before=before[key], by=self.by, now=self.now)

    def _again(self, call: Call, shelf_of: dict[tuple[UUID, int], Shelf]) -> Call | None:
        shelf_of[self.source.id, call.variant_id].promised -= call.quantity
        pharmacy = self.served.get(call.registration.committee_id)
        if pharmacy is None or pharmacy.id not in self.outlets:
            return None
        shelf = shelf_of[pharmacy.id, call.variant_id]
        free = shelves.free(shelf) - (0 if call.reserved else min(shelf.reserve, shelves.free(shelf)))
        slot = self._slot(call, pharmacy.id) if free >= call.quantity and not shelf.short else None
        if slot is None:
            return None
        shelf.promised += call.quantity
        shelf.reserve -= min(shelf.reserve, call.quantity) if call.reserved else 0
        day = clock.local_day(clock.from_us(slot.from_us))
        return Call(
            id=new_id(), run_id=call.run_id, round_id=call.round_id, registration=call.registration,
            variant_id=call.variant_id, pharmacy_id=pharmacy.id, quantity=call.quantity, reserved=call.reserved,
            slot_from_us=slot.from_us, slot_until_us=slot.until_us, deadline_us=deadline_us(self.round, day),
            changed_us=self.now_us,
        )  # fmt: skip

    def _slot(self, call: Call, pharmacy: UUID) -> Slot | None:
        """The first place from the day of the call on, but not today; one visit for everything called for a door."""
        held = self.slot_of.get(call.registration_id)
        if held is not None and held[0] == pharmacy:
            return held[1]
        today = clock.local_day(self.now)
        first = max(today + timedelta(days=1), clock.local_day(clock.from_us(call.slot_from_us)))
        last = clock.local_day(clock.from_us(self.round.sale_until_us - 1))
        for ahead in range((last - first).days + 1):
            slots = self._day(pharmacy, first + timedelta(days=ahead))
            for at, slot in enumerate(slots):
                if slot.room > 0:
                    slots[at] = slot._replace(room=slot.room - 1)
                    self.slot_of[call.registration_id] = (pharmacy, slot)
                    return slot
        return None

    def _day(self, pharmacy: UUID, day: date) -> list[Slot]:
        if (pharmacy, day) not in self.slots:
            taken = occupied(self.round.id, day)
            self.slots[pharmacy, day] = list(
                slots_of(self.outlets[pharmacy], self.round.slot_minutes, day, self.now_us, taken)
            )
        return self.slots[pharmacy, day]

    def _name_unplaced(self, calls: Sequence[Call]) -> None:
        """The street owes goods to these numbers: they are named, in parts that a note has room for."""
        names = sorted(set(voucher_of([call.registration for call in calls]).values()))
        with street_language():
            for part in _parts(names):
                tasks.ask(
                    title=str(_("Called numbers lost their pharmacy: find goods and call them first")),
                    place=self.round.street, role=Role.SECTION_HEAD, until=self.now + timedelta(hours=PLACE_HOURS),
                    source=unplaced_source(self.round, self.source), note="、".join(part), by=self.by, now=self.now,
                )  # fmt: skip


def unplaced_source(round: Round, pharmacy: Place) -> str:
    return f"mask-moved:{round.id.hex}:{pharmacy.id.hex[-12:]}"


def _parts(names: Sequence[str], most: int = 390) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for name in names:
        if part and size + len(name) + 1 > most:
            yield part
            part, size = [], 0
        part.append(name)
        size += len(name) + 1
    if part:
        yield part
