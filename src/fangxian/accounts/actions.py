"""Every write to accounts and grants."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from fangxian.accounts.models import RoleGrant, Staff
from fangxian.accounts.roles import Role
from fangxian.audit import actions as audit
from fangxian.places.models import Place


class AccountError(Exception):
    """The change was not made; the message says why and what to do."""


@transaction.atomic
def create_staff(
    *, username: str, name: str, password: str, by: str, now: datetime, phone: str = "", must_change: bool = False
) -> Staff:
    """Make an account. Raises AccountError for a taken user name, ValidationError for a weak password."""
    if Staff.objects.filter(username=username).exists():
        raise AccountError(_("The user name %(name)s is taken. Choose another.") % {"name": username})
    staff = Staff(username=username, name=name, phone=phone, created_at=now, must_change_password=must_change)
    validate_password(password, staff)
    staff.set_password(password)
    staff.save(force_insert=True)
    audit.record(by=by, act="accounts.staff.created", now=now, target=f"staff:{staff.id}")
    return staff


@transaction.atomic
def grant(
    *, staff: Staff, role: Role, by: str, now: datetime, place: Place | None = None, subject: UUID | None = None,
    until: datetime | None = None,
) -> RoleGrant:  # fmt: skip
    """Give a role on a place or a subject. Giving the same twice changes nothing."""
    if (place is None) == (subject is None):
        raise AccountError(_("A role is held on one place, or for one enterprise or household. Choose one."))
    if until is not None and until <= now:
        raise AccountError(_("The end of the period lies in the past. Choose a later time, or leave it open."))
    held = RoleGrant.objects.filter(staff=staff, role=role, place=place, subject=subject, until__isnull=True).first()
    if held is not None:
        return held
    try:
        made = RoleGrant.objects.create(
            staff=staff, role=role, place=place, subject=subject, since=now, until=until, granted_by=by
        )
    except IntegrityError as error:
        raise AccountError(_("This role is already held there.")) from error
    audit.record(
        by=by, act="accounts.role.granted", now=now, target=f"staff:{staff.id}", place=place.id if place else "",
        detail={"role": str(role)},
    )  # fmt: skip
    return made


@transaction.atomic
def end_grant(*, grant: RoleGrant, by: str, now: datetime) -> None:
    """End a role at once. The person's open pages lose it with the next request."""
    if RoleGrant.objects.filter(id=grant.id, until__isnull=True).update(until=now) or (
        RoleGrant.objects.filter(id=grant.id, until__gt=now).update(until=now)
    ):
        audit.record(
            by=by, act="accounts.role.ended", now=now, target=f"staff:{grant.staff_id}", detail={"role": grant.role}
        )


@transaction.atomic
def set_active(*, staff: Staff, active: bool, by: str, now: datetime) -> None:
    """Switch an account off or on. Switching off ends its sessions."""
    Staff.objects.filter(id=staff.id).update(is_active=active, session_epoch=F("session_epoch") + 1)
    audit.record(
        by=by, act="accounts.staff.active" if active else "accounts.staff.off", now=now, target=f"staff:{staff.id}"
    )


@transaction.atomic
def set_password(*, staff: Staff, password: str, by: str, now: datetime, must_change: bool = False) -> None:
    """Set a password; every other session of this person ends."""
    validate_password(password, staff)
    staff.set_password(password)
    staff.must_change_password = must_change
    staff.session_epoch += 1
    staff.save(update_fields=["password", "must_change_password", "session_epoch"])
    audit.record(by=by, act="accounts.password.set", now=now, target=f"staff:{staff.id}")


@transaction.atomic
def set_language(*, staff: Staff, language: str) -> None:
    Staff.objects.filter(id=staff.id).update(language=language)
