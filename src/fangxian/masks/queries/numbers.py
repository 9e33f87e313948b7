"""What the numbers of registrations are called."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.masks import rules
from fangxian.masks.models import Counter, Registration, Round


def shorts_of(round_ids: Iterable[UUID]) -> dict[tuple[UUID, UUID], str]:
    """The name of each committee in a voucher, by (round, committee)."""
    rows = Counter.objects.filter(round__in=set(round_ids)).values_list("round_id", "committee_id", "short")
    return {(round_id, committee_id): short for round_id, committee_id, short in rows}


def voucher_of(registrations: Iterable[Registration]) -> dict[UUID, str]:
    """The voucher of each registration, by its id; the round should be selected with it."""
    rows = list(registrations)
    shorts = shorts_of(row.round_id for row in rows)
    return {row.id: rules.voucher(row.round.number, shorts[(row.round_id, row.committee_id)], row.seq) for row in rows}


def find(street_id: UUID, written: str) -> Registration | None:
    """The registration of a voucher as somebody typed it."""
    read = rules.read_voucher(written)
    if read is None:
        return None
    number, short, seq = read
    found = Round.objects.filter(street_id=street_id, number=number).first()
    counter = Counter.objects.filter(round=found, short=short).first() if found is not None else None
    if counter is None:
        return None
    return (
        Registration.objects.filter(round=found, committee_id=counter.committee_id, seq=seq)
        .select_related("round")
        .first()
    )
