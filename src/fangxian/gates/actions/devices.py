"""The register of machines at gates, and the tokens by which they are known."""

import secrets
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.audit import actions as audit
from fangxian.gates.models import Device, DeviceKind
from fangxian.gates.queries import hot
from fangxian.gates.queries.devices import keepers
from fangxian.places.models import Place
from fangxian.shared import clock, crypto
from fangxian.shared.writer import write_lock

PREFIX: Final = "fxd_"


class DeviceError(Exception):
    """Nothing was changed; the message says why."""


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


@write_lock()
def register(
    *, kind: DeviceKind, gate: Place, name: str, in_charge: UUID | None, calibration_due: date | None, by: str,
    now: datetime, serial: str = "",
) -> tuple[Device, str]:  # fmt: skip
    """A new machine and its token, which is shown this once."""
    if not name.strip():
        raise DeviceError(_("Give the device a name that stands on it."))
    if in_charge is not None:
        _check_keeper(gate, in_charge, now)
    token = _new_token()
    row = Device.objects.create(
        kind=kind, gate=gate, name=name.strip()[:60], serial=serial.strip()[:60], in_charge=in_charge,
        calibration_due=calibration_due, digest=crypto.digest(token), enrolled_us=clock.to_us(now),
    )  # fmt: skip
    audit.record(by=by, act="gates.device.registered", now=now, target=f"device:{row.id}", place=gate.id)
    return row, token


@write_lock()
def renew_token(*, device: Device, by: str, now: datetime) -> str:
    """A new token; the old one is worth nothing from here on."""
    if device.revoked_us is not None:
        raise DeviceError(_("This device was revoked. Register it again if it is back."))
    token = _new_token()
    Device.objects.filter(id=device.id).update(digest=crypto.digest(token), enrolled_us=clock.to_us(now))
    audit.record(by=by, act="gates.device.renewed", now=now, target=f"device:{device.id}", place=device.gate_id)
    transaction.on_commit(hot.forget)
    return token


@write_lock()
def revoke(*, device: Device, reason: str, by: str, now: datetime) -> None:
    """A lost or broken device: nothing that it sends is taken any more."""
    if not reason.strip():
        raise DeviceError(_("Say why. Nothing was changed."))
    Device.objects.filter(id=device.id, revoked_us__isnull=True).update(
        revoked_us=clock.to_us(now), revoked_reason=reason.strip()[:200], digest=None
    )
    audit.record(by=by, act="gates.device.revoked", now=now, target=f"device:{device.id}", place=device.gate_id)
    transaction.on_commit(hot.forget)


@write_lock()
def set_calibration(*, device: Device, due: date | None, by: str, now: datetime) -> None:
    """A thermometer was calibrated: when it is due again."""
    Device.objects.filter(id=device.id).update(calibration_due=due)
    detail = {"due": due.isoformat() if due else ""}
    audit.record(
        by=by, act="gates.device.calibrated", now=now, target=f"device:{device.id}", place=device.gate_id, detail=detail
    )


@write_lock()
def set_in_charge(*, device: Device, staff_id: UUID | None, by: str, now: datetime) -> None:
    """Somebody who reaches the gate looks after the device from here on; None: nobody."""
    if staff_id is not None:
        _check_keeper(device.gate, staff_id, now)
    Device.objects.filter(id=device.id).update(in_charge=staff_id)
    detail = {"staff": staff_id.hex if staff_id else ""}
    audit.record(
        by=by, act="gates.device.in_charge", now=now, target=f"device:{device.id}", place=device.gate_id, detail=detail
    )


def _check_keeper(gate: Place, staff_id: UUID, now: datetime) -> None:
    if all(staff.id != staff_id for staff in keepers([gate], now)):
        raise DeviceError(_("This person's roles do not reach this gate. Choose somebody else. Nothing was changed."))
