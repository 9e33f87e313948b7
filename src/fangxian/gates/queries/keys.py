"""The keys that sign passes, as their page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from fangxian.audit.models import Entry
from fangxian.gates.models import Pass, PassStatus, SigningKey
from fangxian.shared import clock


@dataclass(frozen=True, slots=True)
class KeyLine:
    """`passes` counts what it signed that is in force and not over: so many are refused once it is distrusted.

    `reason` is why it is distrusted.
    """

    kid: int
    made_us: int
    retired_us: int | None
    distrusted_us: int | None
    passes: int
    reason: str

    @property
    def signs(self) -> bool:
        return self.retired_us is None and self.distrusted_us is None


def keys(now: datetime) -> list[KeyLine]:
    """The newest first."""
    rows = list(SigningKey.objects.order_by("-kid"))
    live = Pass.objects.filter(status=PassStatus.LIVE, until_us__gt=clock.to_us(now))
    counts: Mapping[int, int] = dict(live.values_list("key_id").annotate(n=Count("id")).order_by())
    reasons = _reasons([row.kid for row in rows if row.distrusted_us is not None])
    return [
        KeyLine(
            row.kid, row.created_us, row.retired_us, row.distrusted_us, counts.get(row.kid, 0),
            reasons.get(f"signingkey:{row.kid}", ""),
        )
        for row in rows
    ]  # fmt: skip


def _reasons(kids: list[int]) -> dict[str, str]:
    if not kids:
        return {}
    rows = Entry.objects.filter(target__in=[f"signingkey:{kid}" for kid in kids], act="gates.key.distrusted")
    return {row.target: str(row.detail.get("reason", "")) for row in rows.order_by("-id")}
