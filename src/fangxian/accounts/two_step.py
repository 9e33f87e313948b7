"""The optional code at sign-in (TOTP): set up, confirmed by one right code, switched off."""

from datetime import datetime

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from fangxian.accounts.models import Staff
from fangxian.audit import actions as audit


def device_of(staff: Staff) -> TOTPDevice | None:
    """The device whose code sign-in asks for; None while the second step is off."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=staff, confirmed=True).first()
    return found


@transaction.atomic
def begin(*, staff: Staff) -> TOTPDevice:
    """A device that does not count yet; the same one until it is confirmed, so that a reload shows the same picture."""
    device: TOTPDevice
    device, _made = TOTPDevice.objects.get_or_create(user=staff, confirmed=False, defaults={"name": "TOTP"})
    return device


@transaction.atomic
def confirm(*, staff: Staff, device: TOTPDevice, code: str, by: str, now: datetime) -> bool:
    """Switch the second step on when `code` comes from `device`. Wrong codes are throttled by the device itself."""
    if not device.verify_token(code):
        return False
    TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
    audit.record(by=by, act="accounts.two_step.on", now=now, target=f"staff:{staff.id}")
    return True


@transaction.atomic
def switch_off(*, staff: Staff, by: str, now: datetime) -> None:
    TOTPDevice.objects.filter(user=staff).delete()
    audit.record(by=by, act="accounts.two_step.off", now=now, target=f"staff:{staff.id}")
