"""What machines at a gate send by themselves: turnstiles, thermometers and plate cameras.

Each handler takes the body, the authenticated device and the instant, and answers status and payload. Every record
carries an id that the machine made, so that the same may be sent again. `docs/machines.md` is their reference.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from fangxian.gates.actions import checks, turnstiles
from fangxian.gates.actions.check_items import CheckIn, Clock, Instant, Taken
from fangxian.gates.models import Device, DeviceKind, Direction, Opening, Reading
from fangxian.gates.queries.hot import fresh, plan
from fangxian.intake.answers import Answer, fault
from fangxian.shared import clock
from fangxian.shared.clock import MINUTE_US, SECOND_US
from fangxian.shared.writer import write_lock

T = TypeVar("T")

MOST_ITEMS: Final = 500
JOINED_WITHIN_US: Final = 10 * SECOND_US
"""A reading belongs to who is checked within ten seconds of it; after that somebody else stands there."""


class OpeningIn(Struct, frozen=True, kw_only=True):
    id: UUID
    at: Instant
    dir: Literal["in", "out"] = "in"


class ReadingIn(Struct, frozen=True, kw_only=True):
    id: UUID
    at: Instant
    temp: Annotated[float, Meta(ge=20, le=50)]
    method: Literal["forehead", "axillary", "camera"] = "camera"


class PlateIn(Struct, frozen=True, kw_only=True):
    id: UUID
    at: Instant
    dir: Literal["in", "out"]
    plate: Annotated[str, Meta(min_length=1, max_length=12)]
    occupants: Annotated[int, Meta(ge=0, le=99)] | None = None


class Sent(Struct, Generic[T], frozen=True, kw_only=True):
    """Records, with the machine's clock at the moment of sending."""

    items: list[T]
    device_us: Instant | None = None


class AskIn(Struct, frozen=True, kw_only=True):
    """`id`: under which the machine asks again when it did not hear the answer."""

    id: UUID | None = None
    dir: Literal["in", "out"] = "in"


class Stored(Struct, frozen=True):
    """`stored`, or `known` where it was stored before. `marks`: `clock` where the machine's clock was wrong."""

    id: str
    status: Literal["stored", "known"]
    marks: tuple[str, ...] = ()


class Command(Struct, frozen=True):
    """What a turnstile does now. `check` is the admission that it opens for."""

    command: Literal["open", "hold"]
    check: str = ""


class Many(Struct, frozen=True):
    server_us: int
    items: list[Stored]


class Plates(Struct, frozen=True):
    server_us: int
    items: list[Taken]


def _sent(body: bytes, kind: type[T]) -> Sent[T]:
    """One record, an array of them, or `{"device_us", "items"}`. Raises msgspec.DecodeError, which names the field and
    never the value."""
    if body.lstrip()[:1] == b"[":
        found: list[T] = msgspec.json.decode(body, type=list[kind])  # type: ignore[valid-type]  # the type is an argument
        return Sent(items=found)
    if b'"items"' in body[:64] or b'"device_us"' in body[:64]:
        return msgspec.json.decode(body, type=Sent[kind])  # type: ignore[valid-type]  # the type is an argument
    return Sent(items=[msgspec.json.decode(body, type=kind)])


def refusal(device: Device, kinds: Sequence[DeviceKind], count: int = 0) -> Answer | None:
    """What a machine of another kind is told, or one that sends too many at a time."""
    if device.kind not in kinds:
        text = "This device is registered as another kind of machine. Nothing was stored; ask the manager."
        return 403, fault("kind", text)
    if count > MOST_ITEMS:
        text = f"At most {MOST_ITEMS} records at a time. Nothing was stored; send fewer."
        return 413, fault("too_many", text)
    return None


def _clock(device_us: int | None, now: datetime) -> Clock:
    now_us = clock.to_us(now)
    return checks.clock_of(device_us, now_us, plan(now_us))


def _store_new(
    found: Mapping[UUID, tuple[int, bool]], known: Callable[[], set[UUID]], write: Callable[[set[UUID]], None],
    order: Sequence[UUID],
) -> list[Stored]:  # fmt: skip
    """Write those of `found` that are not there yet, under the writer's lock, each once. `found`: when that was, and
    whether the machine's clock was wrong."""

    def work() -> list[Stored]:
        with write_lock():
            old = known()
            write(set(found) - old)
        told: list[Stored] = []
        for ident in order:
            marks = ("clock",) if found[ident][1] else ()
            told.append(Stored(ident.hex, "known" if ident in old else "stored", marks))
            old.add(ident)
        return told

    return fresh(work)


def openings(body: bytes, device: Device, now: datetime) -> Answer:
    """A turnstile opened, whatever for. An opening that no check accounts for becomes a gap."""
    sent = _sent(body, OpeningIn)
    items = sent.items
    if (refused := refusal(device, (DeviceKind.TURNSTILE,), len(items))) is not None:
        return refused
    by_id = {item.id: item for item in items}
    its_clock = _clock(sent.device_us, now)
    read = {ident: its_clock.read(item.at) for ident, item in by_id.items()}

    def known() -> set[UUID]:
        return set(Opening.objects.filter(id__in=by_id).values_list("id", flat=True))

    seconds = plan(clock.to_us(now)).section.turnstile_seconds

    def write(new: set[UUID]) -> None:
        rows = [
            Opening(
                id=ident, gate_id=device.gate_id, device_id=device.id, at_us=read[ident][0],
                direction=Direction(item.dir),
            )
            for ident, item in by_id.items() if ident in new
        ]  # fmt: skip
        turnstiles.account(openings=rows, device=device, seconds=seconds)
        Opening.objects.bulk_create(rows, ignore_conflicts=True)

    return 200, Many(clock.to_us(now), _store_new(read, known, write, [item.id for item in items]))


def temperatures(body: bytes, device: Device, now: datetime) -> Answer:
    """A thermometer measured somebody. The next check at its gate that brings no reading of its own takes it."""
    sent = _sent(body, ReadingIn)
    items = sent.items
    if (refused := refusal(device, (DeviceKind.THERMOMETER,), len(items))) is not None:
        return refused
    by_id = {item.id: item for item in items}
    its_clock = _clock(sent.device_us, now)
    read = {ident: its_clock.read(item.at) for ident, item in by_id.items()}

    def known() -> set[UUID]:
        return set(Reading.objects.filter(id__in=by_id).values_list("id", flat=True))

    def write(new: set[UUID]) -> None:
        Reading.objects.bulk_create(
            [
                Reading(
                    id=ident, gate_id=device.gate_id, device_id=device.id, at_us=read[ident][0],
                    decidec=round(item.temp * 10), method=item.method,
                )
                for ident, item in by_id.items() if ident in new
            ],
            ignore_conflicts=True,
        )  # fmt: skip

    return 200, Many(clock.to_us(now), _store_new(read, known, write, [item.id for item in items]))


def plates(body: bytes, device: Device, now: datetime) -> Answer:
    """A camera read a plate: a check like any other, decided and answered."""
    sent = _sent(body, PlateIn)
    items = sent.items
    if (refused := refusal(device, (DeviceKind.CAMERA,), len(items))) is not None:
        return refused
    found = [
        CheckIn(
            id=item.id, at=item.at, dir=item.dir, plate="".join(item.plate.split()).upper(), occupants=item.occupants
        )
        for item in items
    ]
    facts = checks.DeviceFacts(device.id, device.gate_id)
    return 200, Plates(clock.to_us(now), checks.record(found, facts, now, device_us=sent.device_us) if found else [])


def turnstile(body: bytes, device: Device, now: datetime) -> Answer:
    """Open or hold: each admission at this gate in this direction, seconds ago, is opened for once."""
    item = msgspec.json.decode(body or b"{}", type=AskIn)
    if (refused := refusal(device, (DeviceKind.TURNSTILE,))) is not None:
        return refused
    return 200, fresh(lambda: _command(item, device, now))


def _command(item: AskIn, device: Device, now: datetime) -> Command:
    seconds = plan(clock.to_us(now)).section.turnstile_seconds
    check_id = turnstiles.release(
        device=device, direction=Direction(item.dir), seconds=seconds, now=now, ask_id=item.id
    )  # fmt: skip
    return Command("hold") if check_id is None else Command("open", check_id.hex)


def with_readings(items: list[CheckIn], device: Device, now: datetime) -> list[CheckIn]:
    """Give entries that bring no temperature the thermometer's reading of the last seconds, each to one check only.

    Checks made without a network are left alone. A check that is sent again gets the reading that it got at first.
    """
    wanting = {item.id: item.at for item in items if item.temp is None and item.dir == "in" and not item.offline}
    if not wanting:
        return items
    taken = fresh(lambda: _claim(wanting, device.gate_id, clock.to_us(now)))
    return [
        msgspec.structs.replace(item, temp=taken[item.id].decidec / 10, method=taken[item.id].method)
        if item.id in taken else item
        for item in items
    ]  # fmt: skip


def _claim(wanting: Mapping[UUID, int], gate_id: UUID, now_us: int) -> dict[UUID, Reading]:
    near = Reading.objects.filter(gate_id=gate_id, at_us__gt=now_us - MINUTE_US)
    if not near.exists():  # most gates have no thermometer that sends, and their checks must not wait for the writer
        return {}
    with write_lock():
        rows = list(near.select_for_update().order_by("at_us"))
        taken = {row.check_id: row for row in rows if row.check_id is not None and row.check_id in wanting}
        # who was measured before the last one that was taken has gone by
        gone_by = max((row.at_us for row in rows if row.check_id is not None), default=0)
        free = [
            row
            for row in rows
            if row.check_id is None and row.at_us > gone_by and row.at_us >= now_us - JOINED_WITHIN_US
        ]
        left = sorted((ident for ident in wanting if ident not in taken), key=lambda ident: wanting[ident])
        # the last to be checked was the last to be measured, and so on backwards
        for ident, row in zip(reversed(left), reversed(free), strict=False):
            row.check_id = ident
            row.save(update_fields=["check_id"])
            taken[ident] = row
    return taken


ROUTES: Final[dict[str, Callable[[bytes, Device, datetime], Answer]]] = {
    "/intake/v1/openings": openings,
    "/intake/v1/temperatures": temperatures,
    "/intake/v1/plates": plates,
    "/intake/v1/turnstile": turnstile,
}
