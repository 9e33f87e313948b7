"""Checks come in: vetted one by one, then decided and stored together.

`record` may be called from any thread, outside any transaction; it returns when the rows are committed.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from fangxian.gates import tokens
from fangxian.gates.actions.check_batch import write_batch
from fangxian.gates.actions.check_items import CheckIn, Clock, Prepared, Taken
from fangxian.gates.plan import InForce
from fangxian.gates.queries import hot
from fangxian.gates.queries.hot import gate_row
from fangxian.gates.rules import Code
from fangxian.shared import clock, crypto
from fangxian.shared.clock import MINUTE_US
from fangxian.shared.group_commit import GroupCommit

MOST_TOKENS: Final = 32_768


class DeviceFacts(Struct, frozen=True, gc=False):
    id: UUID
    gate_id: UUID


_writer: Final[GroupCommit[Prepared, Taken]] = GroupCommit(write_batch, name="gate checks")


def writer() -> GroupCommit[Prepared, Taken]:
    """For the metrics of the hot path."""
    return _writer


def record(
    items: Sequence[CheckIn], device: DeviceFacts, now: datetime, *, device_us: int | None = None
) -> list[Taken]:
    """Decide and store `items`; one answer for each, in their order.

    `device_us` is what the device's clock showed when it sent them. Raises FullError and NotStoredError.
    """
    taken = _writer.submit(prepare(items, device, now, device_us=device_us))
    return [found or Taken(item.id.hex, "failed") for item, found in zip(items, taken, strict=True)]


def prepare(
    items: Sequence[CheckIn], device: DeviceFacts, now: datetime, *, device_us: int | None = None
) -> list[Prepared]:
    """Set clocks right and verify what is new: all that needs no lock."""
    now_us = clock.to_us(now)
    plan = hot.plan(now_us)
    its_clock = clock_of(device_us, now_us, plan)
    return [_prepare(item, device, plan, now_us, its_clock) for item in items]


def clock_of(device_us: int | None, now_us: int, plan: InForce) -> Clock:
    """`device_us` is what the device's clock showed when it sent, if it said."""
    shift = 0 if device_us is None else now_us - device_us
    return Clock(now_us, shift, plan.section.clock_tolerance_minutes * MINUTE_US)


def _prepare(item: CheckIn, device: DeviceFacts, plan: InForce, now_us: int, its_clock: Clock) -> Prepared:
    gate = gate_row(_chosen_gate(item, device, now_us), now_us)
    observed, wrong = its_clock.read(item.at)
    if item.override and not _may_override(item, now_us):
        item = structs.replace(item, override="")
    digest, problem = (None, None) if item.token is None else _vet(item.token.strip(), now_us)
    return Prepared(
        item=item, device_id=device.id.hex, gate=gate, digest=digest, problem=problem, observed_us=observed,
        received_us=now_us, wrong_clock=wrong, plan=plan,
    )  # fmt: skip


def _may_override(item: CheckIn, now_us: int) -> bool:
    """A name and a reason, and the name is somebody's. Whoever is not on guard any more was when it happened: what a
    device did without a network is a fact, whenever it arrives."""
    active = hot.guard_is_active(item.guard, now_us)
    return active is not None if item.offline else active is True


def _chosen_gate(item: CheckIn, device: DeviceFacts, now_us: int) -> UUID:
    """The device's own gate, or a counter inside it; a device speaks for no other gate."""
    if item.gate is None or item.gate == device.gate_id:
        return device.gate_id
    return item.gate if gate_row(item.gate, now_us).inner_of == device.gate_id.hex else device.gate_id


def _vet(token: str, now_us: int) -> tuple[bytes, Code | None]:
    """Digest of a token and what is wrong with it."""
    trusted = hot.trusted_keys(now_us)
    found = _vetted(token, trusted)
    if found[1] is Code.WRONG_KEY and (newer := hot.trusted_keys(now_us, anew=True)) != trusted:
        return _vetted(token, newer)  # signed by a key that was made a moment ago
    return found


@lru_cache(maxsize=MOST_TOKENS)
def _vetted(token: str, trusted: hot.Trusted) -> tuple[bytes, Code | None]:
    """A signature costs 100 µs; each is verified once for a set of keys."""
    digest = crypto.digest(token)
    try:
        tokens.verify(token, trusted.keys)
    except tokens.TokenError as error:
        return digest, error.code
    return digest, None
