"""What comes in for a registration, what is known of it before its batch, and what is answered."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from fangxian.masks.rules import Code

Hex = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class Ask(Struct, frozen=True, kw_only=True):
    """One registration as it is asked for.

    `door` is the code on the letter; `unit` (32 hex digits) is taken from callers that know who asks; `address` is what
    somebody wrote who has neither. `at` is microseconds of the asker's clock, and decides nothing. `document_kind` may
    be empty or a word (护照): it is then read from the number or the word.
    """

    id: UUID
    round: Hex
    door: Annotated[str, Meta(max_length=64)] = ""
    unit: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""
    address: Annotated[str, Meta(max_length=200)] = ""
    wants: Annotated[
        dict[Annotated[str, Meta(max_length=16)], Annotated[int, Meta(ge=0, le=1_000)]], Meta(max_length=4)
    ]
    applicant: Annotated[str, Meta(max_length=80)] = ""
    document_kind: Annotated[str, Meta(max_length=40)] = ""
    document: Annotated[str, Meta(max_length=40)] = ""
    country: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] = ""
    phone: Annotated[str, Meta(max_length=30)] = ""
    channel: Literal["desk", "phone", "page", "wechat", "visit"] = "page"
    special: Literal["", "elderly", "disabled", "pregnant", "chronic", "observed"] = ""
    urgent: bool = False
    deliver: bool = False
    at: int | None = None


class Prepared(Struct, frozen=True, gc=False):
    """An `Ask` before its batch. Ids are 32 hex digits. `lookups`: every index under which the document may be known.

    `problem` is what is wrong whatever the round says. `seen`: somebody compared the document with its bearer.
    `proved`: the address is the asker's: they have the code of its letter, or a member of staff entered it.
    """

    id: str
    round: str
    unit: str
    problem: Code | None
    wants: dict[str, int]
    applicant: str
    lookups: tuple[bytes, ...]
    document_kind: str
    document_mask: str
    phone: str
    phone_sealed: bytes | None
    phone_mask: str
    channel: str
    special: str
    urgent: bool
    deliver: bool
    staff: bool
    seen: bool
    proved: bool
    digit: int | None
    birth_year: int | None
    by: str
    observed_us: int
    received_us: int


class Answer(Struct, kw_only=True):
    """`status`: stored; known (it was stored before, and this is its number); refused; failed (send it again).

    `standing` is the number under which the address is registered already: never a name. `secret` opens the page of
    the registration, or of the application where `code` is unplaced. `said` tells what happened and what to do next.
    """

    id: str
    status: Literal["stored", "known", "refused", "failed"]
    code: str = ""
    voucher: str = ""
    seq: int = 0
    committee: str = ""
    secret: str = ""
    standing: str = ""
    said: str = ""
