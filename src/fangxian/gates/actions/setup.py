"""How a gate works: open or closed, its direction, its zones, its cap, and the gate that it stands inside of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates.models import Direction, GateSetup, Zone
from fangxian.gates.queries import hot
from fangxian.gates.queries.board import tenants
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from fangxian.shared.writer import write_lock


class SetupError(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set. `zones` are letters; none means that the door is for everybody."""

    direction: Direction = Direction.BOTH
    is_open: bool = True
    staffed: bool = True
    zones: str = ""
    day_cap: int | None = None
    has_turnstile: bool = False
    inner_of: UUID | None = None
    inner_enterprise: UUID | None = None


@write_lock()
def set_up(*, gate: Place, settings: Settings, by: str, now: datetime) -> GateSetup:
    """Make or change the setup of a gate. Devices take it with their next request."""
    if gate.kind != PlaceKind.GATE or gate.closed_on is not None:
        raise SetupError(_("This place is not a gate in use. Nothing was changed."))
    if set(settings.zones) - {Zone.RED.value, Zone.YELLOW.value, Zone.BLUE.value}:
        raise SetupError(_("There is no such zone. Nothing was changed."))
    if settings.inner_of is not None:
        _check_outer(gate, settings.inner_of)
    if settings.inner_enterprise is not None:
        _check_tenant(gate, settings.inner_enterprise, settings.inner_of)
    values = {
        "direction": settings.direction, "is_open": settings.is_open, "staffed": settings.staffed,
        "zones": "".join(sorted(set(settings.zones))), "day_cap": settings.day_cap,
        "has_turnstile": settings.has_turnstile, "inner_of_id": settings.inner_of,
        "inner_enterprise_id": settings.inner_enterprise,
        "changed_us": clock.to_us(now),
    }  # fmt: skip
    row, _made = GateSetup.objects.update_or_create(gate=gate, defaults=values)
    audit.record(
        by=by, act="gates.set_up", now=now, target=f"gate:{gate.id}", place=gate.id,
        detail={
            "open": settings.is_open, "direction": settings.direction.value, "zones": row.zones,
            "tenant": settings.inner_enterprise.hex if settings.inner_enterprise else "",
        },
    )  # fmt: skip
    transaction.on_commit(hot.forget)
    return row


def _check_outer(gate: Place, outer_id: UUID) -> None:
    """The gate outside must have a setup itself, and must not be reached from this one in a ring."""
    seen, at = {gate.id}, outer_id
    while at is not None:
        if at in seen:
            raise SetupError(_("A gate cannot stand inside itself. Choose another gate. Nothing was changed."))
        seen.add(at)
        row = GateSetup.objects.filter(gate_id=at).first()
        if row is None:
            raise SetupError(_("Set up the outer gate first. Nothing was changed."))
        at = row.inner_of_id  # type: ignore[assignment]  # None ends the walk


def _check_tenant(gate: Place, tenant: UUID, outer_id: UUID | None) -> None:
    """Only the counter behind another gate is a tenant's, and only of one who has rooms there. One who has moved out
    stays until the counter is given to somebody else: a gate must not stop because a list was late."""
    if outer_id is None:
        raise SetupError(
            _("A tenant's own counter stands behind another gate. Choose the gate outside of it. Nothing was changed.")
        )
    mine = GateSetup.objects.filter(gate=gate, inner_enterprise_id=tenant)
    if not tenants(gate).filter(subject_id=tenant).exists() and not mine.exists():
        raise SetupError(_("This company is not a tenant here. Nothing was changed."))
