"""Handing a day pack out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fangxian.accounts.models import Staff
from fangxian.audit import actions as audit
from fangxian.screening.models import DayPack
from fangxian.shared import clock
from fangxian.shared.writer import write_lock

SHIFT: Final = timedelta(hours=10)
"""How long a pack lives: a long shift. After it the phone throws it away, and what was recorded stays sealed."""


def take_pack(*, staff: Staff, nodes: Sequence[UUID], rounds: Sequence[UUID], by: str, now: datetime) -> DayPack:
    """Note that this person's phone takes the doors of these nodes along. Taking personal data away is audited."""
    with write_lock():
        pack = DayPack.objects.create(
            staff=staff.id, nodes=[str(node) for node in nodes], rounds=[str(round) for round in rounds],
            issued_us=clock.to_us(now), expires_us=clock.to_us(now + SHIFT), epoch=staff.session_epoch,
        )  # fmt: skip
        audit.record(
            by=by, act="screening.pack.taken", now=now, target=f"pack:{pack.id}",
            detail={"nodes": len(nodes), "rounds": len(rounds)},
        )  # fmt: skip
    return pack
