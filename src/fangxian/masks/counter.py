"""What a counter may hand out for a called number. Pure: no rows, no clock."""

from dataclasses import dataclass
from enum import StrEnum

from fangxian.masks.models import CallStatus


class Code(StrEnum):
    """What became of a hand-over. The words for each, and what to do next, are in `counter_words.py`."""

    OK = "ok"
    UNKNOWN = "unknown"
    WRONG_CODE = "wrong_code"
    NOT_CALLED = "not_called"
    WHICH = "which"
    VOID = "void"
    DOUBLE = "double"
    LAPSED = "lapsed"
    WRONG_PHARMACY = "wrong_pharmacy"
    NO_IDENTITY = "no_identity"
    NOTHING = "nothing"
    TOO_MANY = "too_many"
    NO_STOCK = "no_stock"


class Warn(StrEnum):
    """What a counter is told beside a hand-over that is taken."""

    EARLY = "early"
    UNTRAINED = "untrained"
    AFTER_CLOSE = "after_close"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A call as the decision needs it."""

    status: str
    pharmacy: str
    quantity: int
    slot_from_us: int
    deadline_us: int
    collected: bool


def faults(*, call: CallFacts, pharmacy: str, quantity: int, identity: bool, at_us: int) -> tuple[Code, ...]:
    """Everything that speaks against handing out, the gravest first. Online the first one refuses.

    `at_us` is when the goods go over the counter. A call that the deadline released is judged by that instant too:
    what was handed out in time without a network, and is heard of later, was right.
    """
    found = [
        (Code.NOTHING, quantity < 1),
        (Code.DOUBLE, call.collected or call.status == CallStatus.COLLECTED),
        (Code.VOID, call.status in (CallStatus.VOID, CallStatus.MOVED)),
        (Code.LAPSED, at_us >= call.deadline_us),
        (Code.WRONG_PHARMACY, call.pharmacy != pharmacy),
        (Code.NO_IDENTITY, not identity),
        (Code.TOO_MANY, quantity > call.quantity),
    ]
    return tuple(code for code, applies in found if applies)


def early(call: CallFacts, at_us: int) -> bool:
    """Before its slot: handed out all the same, but the counter asks people to come in theirs."""
    return at_us < call.slot_from_us
