"""What a counter sends for one hand-over, and what it is answered."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class Handed(Struct, frozen=True, kw_only=True):
    """One hand-over. `call` is the call's id in hex, or a voucher as somebody typed it, then with the `variant`'s key.

    `at` is in microseconds of the counter's own clock. `offline`: it has happened already, without the network.
    `collector` is the name of whoever came for a neighbour.
    """

    id: UUID
    call: Annotated[str, Meta(max_length=60)]
    quantity: Annotated[int, Meta(ge=0, le=10_000)]
    identity: bool = False
    collector: Annotated[str, Meta(max_length=80)] = ""
    at: int = 0
    offline: bool = False
    variant: Annotated[str, Meta(max_length=16)] = ""


class Taken(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer. `status`: stored, known (the same id again), double, refused, failed (send it again).

    `pharmacy` is where to go, or where it was collected at `collected_us`. `code` is one of `counter.Code`; an offline
    hand-over that is stored carries in it what it contradicts. `warnings` are of `counter.Warn`.
    """

    id: str
    status: str
    code: str
    voucher: str = ""
    call: str = ""
    variant: str = ""
    quantity: int = 0
    price_fen: int = 0
    money_fen: int = 0
    pharmacy: str = ""
    slot_from_us: int = 0
    deadline_us: int = 0
    collected_us: int = 0
    warnings: tuple[str, ...] = ()
