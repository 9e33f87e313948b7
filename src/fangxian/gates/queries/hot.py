"""What the hot path reads outside its batches, kept for two seconds: how a gate is set up, and whose a token is."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from django.db import connection

from fangxian.gates import tokens
from fangxian.gates.models import Device, Direction, GateSetup, SigningKey
from fangxian.gates.plan import Kept
from fangxian.gates.rules import GateFacts
from fangxian.places.models import Place
from fangxian.shared import crypto
from fangxian.shared.clock import SECOND_US

T = TypeVar("T")

KEPT_US: Final = 2 * SECOND_US
MOST_KEPT: Final = 4_096
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


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate with its path. `inside_of` names what one is inside of behind it: the place, or a tenant's own rooms."""

    facts: GateFacts
    path: str
    inside_of: str
    inner_of: str


_gates: dict[UUID, tuple[int, GateRow]] = {}
_devices: dict[str, tuple[int, Device | None]] = {}


def gate_row(gate_id: UUID, now_us: int) -> GateRow:
    """The gate as it is set up; a gate without a set-up is open in both directions. Raises Place.DoesNotExist."""
    kept = _gates.get(gate_id)
    if kept is not None and now_us < kept[0]:
        return kept[1]
    row = fresh(lambda: _read_gate(gate_id))
    if len(_gates) > MOST_KEPT:
        _gates.clear()
    _gates[gate_id] = (now_us + KEPT_US, row)
    return row


def _read_gate(gate_id: UUID) -> GateRow:
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
    return GateRow(facts, place.path, gate_id.hex if inner else parent, outer)


def by_token(token: str) -> Device | None:
    """As `device_of`, asked of the database now."""
    return Device.objects.filter(digest=crypto.digest(token), revoked_us__isnull=True).first()


def device_of(token: str, now_us: int) -> Device | None:
    """The machine that holds this token and has not been revoked."""
    kept = _devices.get(token)
    if kept is not None and now_us < kept[0]:
        return kept[1]
    row = fresh(lambda: by_token(token))
    if len(_devices) > MOST_KEPT:
        _devices.clear()
    _devices[token] = (now_us + KEPT_US, row)
    return row


class Trusted:
    """The public keys of one moment. Two sets with the same keys are equal, so that verified tokens stay verified."""

    __slots__ = ("keys", "mark", "read_us")

    def __init__(self, rows: Iterable[SigningKey], read_us: int) -> None:
        found = {row.kid: (bytes(row.public_x), bytes(row.public_y)) for row in rows}
        self.mark = frozenset(found.items())
        self.keys = {kid: tokens.public_key(*pair) for kid, pair in found.items()}
        self.read_us = read_us

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trusted) and self.mark == other.mark

    def __hash__(self) -> int:
        return hash(self.mark)


KEYS_KEPT_US: Final = 5 * SECOND_US
LEAST_KEPT_US: Final = SECOND_US // 5
_keys: dict[str, Trusted] = {}
plan: Final = Kept()


def trusted_keys(now_us: int, *, anew: bool = False) -> Trusted:
    """Read again after seconds, so that a new key is trusted, and a distrusted one is not, without a restart."""
    kept = _keys.get("now")
    if kept is None or now_us - kept.read_us >= (LEAST_KEPT_US if anew else KEYS_KEPT_US):
        rows = fresh(lambda: list(SigningKey.objects.filter(distrusted_us__isnull=True)))
        kept = _keys["now"] = Trusted(rows, now_us)
    return kept


def forget() -> None:
    """For what must be seen at once: a device that was just revoked, a gate that was just closed, a key, a plan."""
    _gates.clear()
    _devices.clear()
    _keys.clear()
    plan.forget()
