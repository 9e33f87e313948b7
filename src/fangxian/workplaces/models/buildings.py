"""Office buildings: who answers for them, what they hold ready, and what moves people in them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class TaskRole(models.TextChoices):
    """The five roles of a building's task force, as the street's own account names them."""

    LEADER = "leader", _("leader in charge")
    SECTION = "section", _("head of section")
    PARTY_WORKER = "worker", _("building party worker")
    PARTY_BRANCH = "branch", _("party organisation of the building")
    MANAGER = "manager", _("property manager")


class Building(models.Model):
    """What an office building is for the return to work. The id is the place's."""

    place = models.OneToOneField(Place, primary_key=True, on_delete=models.PROTECT, related_name="workplace")
    manager_firm = models.CharField(max_length=120, blank=True, help_text="property company")
    people_cap = models.PositiveIntegerField(null=True, help_text="most people on one day")
    firm_cap = models.PositiveIntegerField(null=True, help_text="most enterprises resumed")
    lobby_cap = models.PositiveIntegerField(null=True, help_text="most people waiting for lifts at once")
    isolation_room = models.CharField(max_length=120, blank=True, help_text="where it is; empty: none")
    isolation_checked_us = models.BigIntegerField(null=True)
    changed_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"manager_firm": "none", "isolation_room": "none"}


class Lift(models.Model):
    """One lift. `cap` is how many may ride during the epidemic; a round trip is what one ride in the morning takes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="lifts")
    name = models.CharField(max_length=40)
    cap = models.PositiveSmallIntegerField()
    round_trip_seconds = models.PositiveSmallIntegerField(default=120)
    floor_from = models.SmallIntegerField()
    floor_until = models.SmallIntegerField()
    is_open = models.BooleanField(default=True)

    field_classes: ClassVar[dict[str, str]] = {"name": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["place", "name"], name="lift_once"),
            models.CheckConstraint(
                condition=Q(cap__gte=1, round_trip_seconds__gte=1, floor_until__gte=F("floor_from")),
                name="lift_carries",
            ),
        ]


class TaskMember(models.Model):
    """Somebody of a building's task force, for a time. A deputy stands in when the holder cannot."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="task_force", db_index=False)
    role = models.CharField(max_length=8, choices=TaskRole)
    deputy = models.BooleanField(default=False)
    staff = models.UUIDField(null=True, help_text="staff member, where there is an account")
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=30, blank=True, help_text="a work number, shown to colleagues")
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "role": "none", "staff": "indirect", "name": "direct", "phone": "direct", "by": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["place", "role", "name"], condition=Q(until_us__isnull=True), name="task_member_once"
            ),
            models.UniqueConstraint(
                fields=["place", "role"], condition=Q(until_us__isnull=True, deputy=False), name="task_role_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["place", "role"], name="task_force")]


class DutyDay(models.Model):
    """Who of the task force is on duty at a building on a day (值班表)."""

    id = models.BigAutoField(primary_key=True)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="duty_days", db_index=False)
    day = models.DateField()
    member = models.ForeignKey(TaskMember, on_delete=models.PROTECT, related_name="days")
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"day": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["place", "day", "member"], name="duty_day_once")
        ]


class StatementKind(models.TextChoices):
    MAIN = "main", _("statement of the main responsibility")
    POSTS = "posts", _("statement of the responsibility of each post")
    RETURN = "return", _("commitment to return to work safely")


class Statement(models.Model):
    """A responsibility statement as it was signed: the words themselves, by whom, when. Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="statements", db_index=False)
    kind = models.CharField(max_length=6, choices=StatementKind)
    text = models.TextField(help_text="what was signed")
    signer = models.CharField(max_length=60)
    post = models.CharField(max_length=60)
    signed_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "kind": "none", "text": "none", "signer": "direct", "post": "none", "by": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["subject", "kind"], name="statement_of")]


class Supply(models.Model):
    """What a building or an enterprise holds ready of one kind of goods, as it was last counted.

    Enough for `quantity / per_day` days. The goods are keys of the plan's list.
    """

    id = models.BigAutoField(primary_key=True)
    holder = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="supplies", db_index=False)
    goods = models.CharField(max_length=32)
    quantity = models.PositiveIntegerField()
    per_day = models.PositiveIntegerField()
    counted_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"goods": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["holder", "goods"], name="supply_once")
        ]


class MeasureKind(models.TextChoices):
    DINE_IN_CLOSED = "dine_in", _("no eating on the premises")
    ONLINE_ONLY = "online", _("online orders only")
    SECOND_CHECK = "second", _("second temperature check at the counter")
    REMOTE = "remote", _("work from home")
    INSURANCE = "insured", _("insurance for staff and families")
    OTHER = "other", pgettext_lazy("measure of a tenant", "other")


class Measure(models.Model):
    """What a tenant changed of its own accord. Verified on rounds of the building."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="measures", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=8, choices=MeasureKind)
    text = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField(null=True)
    verified_us = models.BigIntegerField(null=True)
    verified_by = models.CharField(max_length=40, blank=True)
    holds = models.BooleanField(null=True, help_text="whether it was so when it was last looked at")
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "kind": "none", "text": "none", "verified_by": "indirect", "by": "none", "since": "none", "until": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["enterprise", "place", "kind", "text"], condition=Q(until__isnull=True), name="measure_once"
            )
        ]
