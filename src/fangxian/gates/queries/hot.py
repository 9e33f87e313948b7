"""What the hot path reads outside its batches, kept for two seconds at most: how a gate is set up, whose a token is,
the plan in force, and which keys are trusted (those for five)."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Generic, TypeVar
from uuid import UUID

from django.db import connection

from fangxian.accounts.models import Staff
from fangxian.gates import tokens
from fangxian.gates.models import ArrivalSlot, Device, Direction, GateSetup, SigningKey
from fangxian.gates.plan import InForce, plan_at
from fangxian.gates.rules import GateFacts, Window
from fangxian.places.models import Place
from fangxian.shared import clock, crypto
from fangxian.shared.clock import SECOND_US

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

MOST_KEPT: Final = 4_096
MOST_MISSED: Final = 1_024
WINDOW_DAYS_BACK: Final = timedelta(days=3)
WINDOW_DAYS_AHEAD: Final = timedelta(days=1)
_EPOCH: Final = date(1970, 1, 1)
_reading: Final = threading.BoundedSemaphore(2)


def fresh(read: Callable[[], T]) -> T:
    """What `read` finds in the database. The server has a hundred threads, and each must not keep a connection."""
    with _reading:
        had = connection.connection is not None
        try:
            return read()
        finally:
            if not had:
                connection.close()


class Kept(Generic[K, V]):
    """What `read` finds for a key, read anew when it is older than `kept_us`, and never older than twice that.

    In between, one thread reads while the others go on with what there is: a hundred threads that open a connection
    each at the same instant hold up everybody who stands at a gate.
    """

    def __init__(self, read: Callable[[K, int], V], kept_us: int) -> None:
        self._read = read
        self._kept_us = kept_us
        self._found: dict[K, tuple[int, V]] = {}
        self._missed: dict[K, tuple[int, V]] = {}
        """Keys that stand for nothing. Apart, so that whoever tries tokens does not put out what is registered."""
        self._turn = threading.Lock()

    def at(self, key: K, now_us: int, *, kept_us: int | None = None) -> V:
        """`kept_us` asks for something younger than usual."""
        most = self._kept_us if kept_us is None else kept_us
        found = self._found.get(key) or self._missed.get(key)
        # a clock that was set back does not make it young
        if found is not None and abs(now_us - found[0]) < most:
            return found[1]
        may_wait = found is None or abs(now_us - found[0]) >= 2 * most
        if not self._turn.acquire(blocking=may_wait):
            assert found is not None
            return found[1]
        try:
            known, missed = self._found, self._missed  # what is read while all is forgotten is not kept either
            found = known.get(key) or missed.get(key)
            if found is not None and abs(now_us - found[0]) < most:
                return found[1]
            value = fresh(lambda: self._read(key, now_us))
            kept, other, most_kept = (missed, known, MOST_MISSED) if value is None else (known, missed, MOST_KEPT)
            other.pop(key, None)
            if len(kept) >= most_kept:
                kept.clear()
            kept[key] = (now_us, value)
            return value
        finally:
            self._turn.release()

    def forget(self) -> None:
        self._found, self._missed = {}, {}


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate with its path. `inside_of` names what one is inside of behind it: the place, or a tenant's own rooms."""

    facts: GateFacts
    path: str
    inside_of: str
    inner_of: str
    windows: Mapping[str, tuple[Window, ...]]
    """Arrival windows of enterprises at the gate's place: of these days, for what comes in late too."""


def gate_row(gate_id: UUID, now_us: int) -> GateRow:
    """The gate as it is set up; a gate without a set-up is open in both directions. Raises Place.DoesNotExist."""
    return _gates.at(gate_id, now_us)


def _read_gate(gate_id: UUID, now_us: int) -> GateRow:
    place = Place.objects.only("id", "path", "parent_id", "closed_on").get(id=gate_id)
    setup = GateSetup.objects.filter(gate_id=gate_id).first()
    parent = (place.parent_id or place.id).hex
    inner = setup is not None and setup.inner_of_id is not None
    facts = GateFacts(
        gate_id=gate_id.hex,
        place_id=parent,
        direction=Direction(setup.direction) if setup else Direction.BOTH,
        is_open=(setup is None or setup.is_open) and place.closed_on is None,
        zones=setup.zones if setup else "",
        day_cap=setup.day_cap if setup else None,
        inner_enterprise=setup.inner_enterprise_id.hex if setup and setup.inner_enterprise_id else "",
    )
    outer = setup.inner_of_id.hex if setup and setup.inner_of_id else ""
    windows = read_windows(place.parent_id or place.id, clock.from_us(now_us))
    return GateRow(facts, place.path, gate_id.hex if inner else parent, outer, windows)


def read_windows(place_id: UUID, now: datetime) -> dict[str, tuple[Window, ...]]:
    """The arrival windows at a building by enterprise, from some days back to tomorrow."""
    today = clock.local_day(now)
    rows = ArrivalSlot.objects.filter(
        place_id=place_id, ended_us__isnull=True, until_day__gte=today - WINDOW_DAYS_BACK,
        from_day__lte=today + WINDOW_DAYS_AHEAD,
    )  # fmt: skip
    found: dict[str, tuple[Window, ...]] = {}
    for firm, since, until, start, end, closed in rows.order_by("from_day").values_list(
        "enterprise_id", "from_day", "until_day", "from_minute", "until_minute", "closed"
    ):
        window = Window((since - _EPOCH).days, (until - _EPOCH).days, start, end, closed)
        found[firm.hex] = (*found.get(firm.hex, ()), window)
    return found


def by_token(token: str) -> Device | None:
    """As `device_of`, asked of the database now."""
    return Device.objects.filter(digest=crypto.digest(token), revoked_us__isnull=True).first()


def device_of(token: str, now_us: int) -> Device | None:
    """The machine that holds this token and has not been revoked."""
    return _devices.at(token, now_us)


def guard_is_active(guard: str, now_us: int) -> bool | None:
    """Whether this member of staff is active; None: there is no such member of staff."""
    return _guards.at(guard, now_us) if guard else None


def _read_guard(guard: str, _now_us: int) -> bool | None:
    try:
        ident = UUID(guard)
    except ValueError:
        return None
    return Staff.objects.filter(id=ident).values_list("is_active", flat=True).first()


class Trusted:
    """The public keys of one moment. Two sets with the same keys are equal, so that verified tokens stay verified."""

    __slots__ = ("keys", "mark")

    def __init__(self, rows: Iterable[SigningKey]) -> None:
        found = {row.kid: (bytes(row.public_x), bytes(row.public_y)) for row in rows}
        self.mark = frozenset(found.items())
        self.keys = {kid: tokens.public_key(*pair) for kid, pair in found.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trusted) and self.mark == other.mark

    def __hash__(self) -> int:
        return hash(self.mark)


def trusted_keys(now_us: int, *, anew: bool = False) -> Trusted:
    """Read again after seconds, so that a new key is trusted, and a distrusted one is not, without a restart."""
    return _keys.at(None, now_us, kept_us=NEW_KEYS_US if anew else None)


def plan(now_us: int) -> InForce:
    """The plan in force."""
    return _plan.at(None, now_us)


KEPT_US: Final = SECOND_US
KEYS_KEPT_US: Final = 5 * SECOND_US // 2
NEW_KEYS_US: Final = SECOND_US // 5
_gates: Final = Kept(_read_gate, KEPT_US)
_devices: Final[Kept[str, Device | None]] = Kept(lambda token, _now_us: by_token(token), KEPT_US)
_guards: Final = Kept(_read_guard, KEPT_US)
_keys: Final[Kept[None, Trusted]] = Kept(
    lambda _key, now_us: Trusted(SigningKey.objects.filter(distrusted_us__isnull=True)), KEYS_KEPT_US
)
_plan: Final[Kept[None, InForce]] = Kept(lambda _key, now_us: plan_at(clock.from_us(now_us)), KEPT_US)


def forget() -> None:
    """For what must be seen at once: a device that was just revoked, a gate that was just closed, a key, a plan."""
    for kept in (_gates, _devices, _guards, _keys, _plan):
        kept.forget()
