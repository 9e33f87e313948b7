"""What the numbers of registrations are called."""

from collections.abc import Iterable
from uuid import UUID

from fangxian.masks import rules
from fangxian.masks.models import Counter, Registration


def shorts_of(round_ids: Iterable[UUID]) -> dict[tuple[UUID, UUID], str]:
    """The name of each committee in a voucher, by (round, committee)."""
    rows = Counter.objects.filter(round__in=set(round_ids)).values_list("round_id", "committee_id", "short")
    return {(round_id, committee_id): short for round_id, committee_id, short in rows}


def voucher_of(registrations: Iterable[Registration]) -> dict[UUID, str]:
    """The voucher of each registration, by its id; the round should be selected with it."""
    rows = list(registrations)
    shorts = shorts_of(row.round_id for row in rows)
    return {row.id: rules.voucher(row.round.number, shorts[(row.round_id, row.committee_id)], row.seq) for row in rows}
