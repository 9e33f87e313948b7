"""Staff of the street and what they are trusted with, where and for how long."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.roles import Role
from fangxian.places.models import Place
from fangxian.shared.ids import new_id


class StaffManager(BaseUserManager["Staff"]):
    def get_by_natural_key(self, username: str | None) -> "Staff":
        return self.get(username=username)


class Staff(AbstractBaseUser):
    """A person with an account. There are no superusers: what somebody may do is only what the grants say."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(_("user name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    phone = models.CharField(_("duty phone"), max_length=30, blank=True, help_text="a work number, shown to colleagues")
    language = models.CharField(max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    session_epoch = models.PositiveIntegerField(
        default=0, help_text="raised to end every session of this person at once"
    )
    created_at = models.DateTimeField()

    objects: ClassVar[StaffManager] = StaffManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    field_classes: ClassVar[dict[str, str]] = {
        "username": "direct", "name": "direct", "phone": "direct", "language": "none", "password": "secret",
    }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> str:
        """How audit rows refer to this person."""
        return self.id.hex


class RoleGrant(models.Model):
    """A role, for a period, on a node of the tree, or on one subject (an enterprise or a household)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=24, choices=Role)
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="grants")
    subject = models.UUIDField(null=True, help_text="id of an enterprise or household in the register")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    granted_by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"subject": "none", "granted_by": "none", "role": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(place__isnull=False, subject__isnull=True) | Q(place__isnull=True, subject__isnull=False),
                name="grant_on_a_place_or_a_subject",
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="grant_period"),
            models.UniqueConstraint(
                fields=["staff", "role", "place"],
                condition=Q(until__isnull=True, place__isnull=False),
                name="grant_once_per_place",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["place", "role"], name="grant_holder")]
