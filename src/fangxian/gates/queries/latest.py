"""The last checks of one gate, with names only for whoever may see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Subquery, Value

from fangxian.gates.models import Check, Pass
from fangxian.gates.rules import Code
from fangxian.places.models import Place
from fangxian.shared import clock

MOST: Final = 20
ABOUT_HEALTH: Final = frozenset(
    {
        Code.FEVER, Code.FEVER_AGAIN, Code.SECOND_OK, Code.SECOND_TOO_SOON, Code.SECOND_NOT_AXILLARY, Code.HELD_HERE,
    }
)  # fmt: skip
"""With one of these no name is shown: the health centre follows the person, and nobody else has to know."""


@dataclass(frozen=True, slots=True)
class Last:
    """One check. `kind` is that of its pass, if any; `name` and `plate` are empty unless they may be seen."""

    id: UUID
    at_us: int
    direction: str
    outcome: str
    code: str
    kind: str
    name: str
    plate: str


def last_checks(gate: Place, now: datetime, *, named: bool) -> list[Last]:
    """Of today, the latest first."""
    permit = Pass.objects.filter(id=OuterRef("pass_id"))
    holder = Subquery(permit.values("holder")) if named else Value("")
    rows = (
        Check.objects.filter(
            place_id=gate.parent_id or gate.id, gate_id=gate.id,
            observed_us__gte=clock.day_start_us(clock.local_day(now)),
        )
        .annotate(kind=Subquery(permit.values("kind")), holder=holder)
        .order_by("-observed_us", "-id")
        .values_list("id", "observed_us", "direction", "outcome", "code", "kind", "holder", "plate")[:MOST]
    )  # fmt: skip
    return [
        Last(
            ident, at_us, direction, outcome, code, kind or "", (holder or "") if _may_name(code) else "",
            plate if named and _may_name(code) else "",
        )
        for ident, at_us, direction, outcome, code, kind, holder, plate in rows
    ]  # fmt: skip


def _may_name(code: str) -> bool:
    return code not in ABOUT_HEALTH
