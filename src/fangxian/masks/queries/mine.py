"""One registration as its resident asks about it: what was called for it, and how long it still waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fangxian.masks import rules
from fangxian.masks.models import ACTIVE_CALLS, Call, CallStatus, Registration
from fangxian.masks.queries.public import rates_of
from fangxian.places.models import Place


@dataclass(frozen=True)
class MyCall:
    """One variant of a called number. `open` while it may still be collected."""

    title: Mapping[str, str]
    quantity: int
    pharmacy: Place
    slot_from_us: int
    slot_until_us: int
    deadline_us: int
    status: str
    call_id: UUID

    @property
    def open(self) -> bool:
        return self.status == CallStatus.CALLED


def calls_of(row: Registration) -> list[MyCall]:
    """What was called for it, moved and void ones left out; newest first."""
    rows = Call.objects.filter(registration=row).exclude(status__in=(CallStatus.MOVED, CallStatus.VOID))
    return [
        MyCall(
            call.variant.title, call.quantity, call.pharmacy, call.slot_from_us, call.slot_until_us, call.deadline_us,
            call.status, call.id,
        )
        for call in rows.select_related("variant", "pharmacy").order_by("-slot_from_us", "variant_id")
    ]  # fmt: skip


def ahead_of(row: Registration) -> int:
    """Standing numbers of the committee before this one that wait for their call."""
    before = Registration.objects.filter(
        round_id=row.round_id, committee_id=row.committee_id, seq__lt=row.seq, withdrawn_us__isnull=True
    )
    served = Call.objects.filter(round_id=row.round_id, status__in=(*ACTIVE_CALLS, CallStatus.LAPSED))
    return before.exclude(id__in=served.values("registration_id")).count()


def expected(row: Registration, ahead: int) -> tuple[int, int] | None:
    """In how many days of sale it is called, at the earliest and at the latest; None where nothing can be said."""
    return rules.expected_days(ahead, rates_of(row.round).get(row.committee_id, ()))
