"""Decisions about a round: who may register now, what a number is called, on which day a policy lets somebody buy.

Pure: no rows, no clock. Allocation is in `allocation.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from fangxian.masks.models import Policy
from fangxian.shared import text


class Phase(StrEnum):
    """Where a round stands. Registering and selling overlap: `registering` and `selling` say it exactly."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    REGISTERING = "registering"
    BOTH = "both"
    BETWEEN = "between"
    SELLING = "selling"
    OVER = "over"
    CANCELLED = "cancelled"


class Code(StrEnum):
    """What became of a registration. The words for each, and what to do next, are in `words.py`."""

    OK = "ok"
    UNPLACED = "unplaced"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    STAFF_LATER = "staff_later"
    TAKEN = "taken"
    TOO_MANY = "too_many"
    NOTHING = "nothing"
    UNKNOWN_DOOR = "unknown_door"
    BAD_DOCUMENT = "bad_document"
    BAD_PHONE = "bad_phone"


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """A round as a decision needs it: instants in microseconds UTC, the quota of each variant."""

    announced_us: int | None
    cancelled_us: int | None
    register_from_us: int
    register_until_us: int
    staff_from_us: int
    sale_from_us: int
    sale_until_us: int
    quotas: Mapping[str, int]


def registering(facts: RoundFacts, now_us: int) -> bool:
    return _in_force(facts, now_us) and facts.register_from_us <= now_us < facts.register_until_us


def selling(facts: RoundFacts, now_us: int) -> bool:
    return _in_force(facts, now_us) and facts.sale_from_us <= now_us < facts.sale_until_us


def _in_force(facts: RoundFacts, now_us: int) -> bool:
    return facts.announced_us is not None and facts.announced_us <= now_us and facts.cancelled_us is None


def phase_of(facts: RoundFacts, now_us: int) -> Phase:
    if facts.cancelled_us is not None:
        return Phase.CANCELLED
    if not _in_force(facts, now_us):
        return Phase.DRAFT
    open_, sold = registering(facts, now_us), selling(facts, now_us)
    if open_ or sold:
        return Phase.BOTH if open_ and sold else Phase.REGISTERING if open_ else Phase.SELLING
    if now_us < facts.register_from_us:
        return Phase.ANNOUNCED
    return Phase.OVER if now_us >= facts.sale_until_us else Phase.BETWEEN


def judge(
    *, facts: RoundFacts, wants: Mapping[str, int], at_us: int, staff: bool, known_door: bool, taken: bool
) -> Code:
    """Whether a registration is taken, and if not why. The first thing that is wrong decides.

    `at_us` is when the server received it: a telephone's clock opens no round. `staff`: the applicant is one of those
    who run the round, and they never come first. `taken`: the address has a standing registration.
    """
    if facts.cancelled_us is not None:
        return Code.CANCELLED
    if not _in_force(facts, at_us) or at_us < facts.register_from_us:
        return Code.NOT_YET
    if at_us >= facts.register_until_us:
        return Code.CLOSED
    if not known_door:
        return Code.UNKNOWN_DOOR
    if taken:
        return Code.TAKEN
    if not any(wants.values()):
        return Code.NOTHING
    if any(count < 0 or count > facts.quotas.get(key, 0) for key, count in wants.items()):
        return Code.TOO_MANY
    if staff and at_us < facts.staff_from_us:
        return Code.STAFF_LATER
    return Code.OK


def wants_text(wants: Mapping[str, int]) -> str:
    """`adult=5;child=2`, in order of the keys, without what is not wanted."""
    return ";".join(f"{key}={count}" for key, count in sorted(wants.items()) if count)


def parse_wants(wants: str) -> dict[str, int]:
    """The reverse of `wants_text`. ValueError when it is not such a text."""
    return {key: int(count) for key, _, count in (part.partition("=") for part in wants.split(";") if part)}


_VOUCHER: Final = re.compile(r"^R(\d{1,4})-?(.{1,24}?)-?(\d{4,6})$", re.IGNORECASE)
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−－_", "-"))


def voucher(number: int, short: str, seq: int) -> str:
    """R2-虹储-0137."""
    return f"R{number}-{short}-{seq:04d}"


def qr_text(voucher: str, secret: str) -> str:
    """What the code on a slip holds: the number, and behind a # the secret that opens the household's own page."""
    return f"{voucher}#{secret}"


def read_voucher(written: str) -> tuple[int, str, int] | None:
    """Round, committee and number of a voucher as people type it: full-width, small letters, spaces, other dashes.

    Of the code on a slip it is the part before the #. None when it is not one.
    """
    found = _VOUCHER.match(text.squeeze(written.partition("#")[0]).translate(_DASHES))
    return (int(found[1]), found[2].strip("-"), int(found[3])) if found else None


def short_name(committee: str) -> str:
    """何家角居委会 is 何家角 in a voucher's number."""
    for ending in ("居民委员会", "居委会", "社区"):
        if committee.endswith(ending) and len(committee) > len(ending):
            return committee.removesuffix(ending)[:24]
    return committee[:24]


BIRTH_DAYS: Final = {1: (1, 6), 2: (2, 7), 3: (3, 8), 4: (4, 9), 5: (5, 0)}
"""Korea, 9 March 2020: last digit of the birth year by weekday; the weekend is for those who missed theirs."""


def eligible_on(policy: str, *, digit: int | None, birth_year: int | None, day: date) -> bool:
    """Whether a policy lets somebody buy on `day`. Who has no digit is not locked out: the committee decides by hand.

    Odd and even as in Taiwan, February 2020: odd last digit on Monday, Wednesday and Friday, even on Tuesday, Thursday
    and Saturday, everybody on Sunday.
    """
    weekday = day.isoweekday()
    if policy == Policy.ODD_EVEN and digit is not None and weekday != 7:
        return digit % 2 == weekday % 2
    if policy == Policy.BIRTH_YEAR and birth_year is not None and weekday <= 5:
        return birth_year % 10 in BIRTH_DAYS[weekday]
    return True


def expected_days(ahead: int, called_before: Sequence[int]) -> tuple[int, int] | None:
    """In how many days of sale a number comes with `ahead` before it: at the earliest and at the latest.

    `called_before` is how many of its committee were called on each of the last days, newest first. Nothing is said
    where nothing was called yet, or nothing on the slowest of those days.
    """
    if not called_before or min(called_before) <= 0:
        return None
    return ahead // max(called_before) + 1, ahead // min(called_before) + 1


def born_by(age: int, day: date) -> date:
    """The last birthday with which somebody has reached `age` on `day`; the 29th of February counts from the 28th."""
    try:
        return day.replace(year=day.year - age)
    except ValueError:
        return day.replace(year=day.year - age, day=28)
