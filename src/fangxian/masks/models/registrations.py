"""Who registered, in which order, and what happened to those who could not.

`Registration` is the hot table: it is appended to in batches (`actions/register.py`); its numbers come from `Counter`
in the same transaction, so that a committee's sequence has no gap.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fangxian.masks.models.rounds import Round
from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Channel(models.TextChoices):
    DESK = "desk", _("at the committee's desk")
    PHONE = "phone", _("by telephone, on behalf")
    PAGE = "page", _("on the phone page")
    WECHAT = "wechat", _("WeChat")
    VISIT = "visit", _("home visit")


class Special(models.TextChoices):
    """Groups for whom the reserve is."""

    NONE = "", _("none")
    ELDERLY = "elderly", _("very old")
    DISABLED = "disabled", _("disabled")
    PREGNANT = "pregnant", _("pregnant")
    CHRONIC = "chronic", _("seriously ill")
    OBSERVED = "observed", _("under observation at home")


class Counter(models.Model):
    """The last number of a committee in a round: one row, taken inside the batch, committees in order of their id."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="counters", db_index=False)
    committee = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    short = models.CharField(max_length=24, help_text="the committee in the voucher's number: 虹储")
    last = models.PositiveIntegerField(default=0)

    field_classes: ClassVar[dict[str, str]] = {"short": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "committee"], name="mask_counter_once"),
            models.UniqueConstraint(fields=["round", "short"], name="mask_counter_short"),
        ]


class Registration(models.Model):
    """One residential address in one round. `unit` is the dwelling (at a city: its pseudonym).

    `wants` is `adult=5;child=2`. `document_index` finds the same document at a second address; the number itself is
    not kept. `secret` opens the resident's own page. A withdrawn one keeps its number and frees its address.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="registrations", db_index=False)
    committee = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.PositiveIntegerField()
    unit = models.UUIDField()
    subject = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    applicant = models.CharField(max_length=80, blank=True)
    document_index = models.BinaryField(max_length=16, null=True)
    document_kind = models.CharField(max_length=16, blank=True)
    document_mask = models.CharField(max_length=24, blank=True)
    phone_sealed = models.BinaryField(null=True, help_text="bound to masks_registration.phone.<id>")
    phone_mask = models.CharField(max_length=24, blank=True)
    channel = models.CharField(max_length=8, choices=Channel)
    special = models.CharField(max_length=10, choices=Special, blank=True)
    staff = models.BooleanField(default=False, help_text="somebody who runs the round")
    urgent = models.BooleanField(default=False, help_text="needs them now: others may yield")
    deliver = models.BooleanField(default=False, help_text="cannot come: number and goods are brought to the door")
    verified = models.BooleanField(default=False, help_text="the document was seen, or agrees with the register")
    digit = models.PositiveSmallIntegerField(null=True, help_text="last digit of the document, for odd and even days")
    birth_year = models.PositiveSmallIntegerField(null=True)
    wants = models.CharField(max_length=80)
    secret = models.CharField(max_length=32, unique=True)
    by = models.CharField(max_length=40, help_text="staff who entered it; empty for the resident's own")
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    withdrawn_us = models.BigIntegerField(null=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)
    folded = models.BooleanField(default=False)

    field_classes: ClassVar[dict[str, str]] = {
        "unit": "direct", "applicant": "direct", "document_index": "keyed", "document_kind": "indirect",
        "document_mask": "indirect", "phone_sealed": "sealed", "phone_mask": "indirect", "channel": "none",
        "special": "sensitive", "wants": "none", "secret": "secret", "by": "none", "withdrawn_reason": "indirect",
    }  # fmt: skip

    class Meta:
        verbose_name = _("registration")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "committee", "seq"], name="mask_number_once"),
            models.UniqueConstraint(
                fields=["round", "unit"], condition=Q(withdrawn_us__isnull=True), name="mask_one_per_address"
            ),
            models.CheckConstraint(condition=Q(seq__gte=1), name="mask_number_from_one"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["folded"], condition=Q(folded=False), name="mask_registration_unfolded"),
        ]


class Attempt(models.Model):
    """A registration that was not taken, and why: the second comer of an address, a second after closing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="attempts")
    committee = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    unit = models.UUIDField(null=True)
    code = models.CharField(max_length=20)
    channel = models.CharField(max_length=8, choices=Channel)
    standing = models.ForeignKey(Registration, null=True, on_delete=models.PROTECT, related_name="attempts")
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"unit": "direct", "code": "none", "channel": "none", "by": "none"}


class ApplicationStatus(models.TextChoices):
    WAITING = "waiting", _("waiting for somebody to find the address")
    PLACED = "placed", _("registered")
    REFUSED = "refused", _("not taken")


class Application(models.Model):
    """An address that matched no dwelling: a person at the committee decides. What was written is kept, sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="applications")
    committee = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField(help_text="what was entered, as JSON, bound to masks_application.sealed.<id>")
    channel = models.CharField(max_length=8, choices=Channel)
    status = models.CharField(max_length=8, choices=ApplicationStatus, default=ApplicationStatus.WAITING)
    registration = models.OneToOneField(Registration, null=True, on_delete=models.PROTECT, related_name="application")
    reason = models.CharField(max_length=200, blank=True)
    secret = models.CharField(max_length=32, unique=True)
    at_us = models.BigIntegerField()
    decided_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "sealed": "sealed", "channel": "none", "status": "none", "reason": "indirect", "secret": "secret", "by": "none",
    }  # fmt: skip


class DisputeStatus(models.TextChoices):
    OPEN = "open", _("open")
    UPHELD = "upheld", _("upheld: the number goes to the other")
    DISMISSED = "dismissed", _("dismissed: the number stays")


class Dispute(models.Model):
    """Two say that they live at one address. Whoever does keeps the number; its place in the order does not move."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="disputes")
    claimant = models.CharField(max_length=80)
    phone_sealed = models.BinaryField(null=True, help_text="bound to masks_dispute.phone.<id>")
    phone_mask = models.CharField(max_length=24, blank=True)
    statement = models.CharField(max_length=400, blank=True)
    status = models.CharField(max_length=9, choices=DisputeStatus, default=DisputeStatus.OPEN)
    duty_id = models.UUIDField(null=True)
    made_us = models.BigIntegerField()
    decided_us = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "claimant": "direct", "phone_sealed": "sealed", "phone_mask": "indirect", "statement": "indirect",
        "status": "none", "duty_id": "none", "decided_by": "none", "reason": "indirect",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["registration"], condition=Q(status=DisputeStatus.OPEN), name="mask_one_open_dispute"
            )
        ]


class Yield(models.Model):
    """Somebody gave their place in the order to whoever needs it more: the first urgent one behind them takes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, related_name="yielded")
    taken_by = models.OneToOneField(
        Registration, null=True, on_delete=models.PROTECT, related_name="given_way",
        help_text="who got the place, once a night's calls were made",
    )  # fmt: skip
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=40, help_text="empty when the resident did it on the phone page")

    field_classes: ClassVar[dict[str, str]] = {"by": "none"}


class SpecialUnit(models.Model):
    """The committee knows that a special group lives here: the reserve is for them, and nobody may forget them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.OneToOneField(Place, on_delete=models.PROTECT, related_name="special_unit")
    group = models.CharField(max_length=10, choices=Special)
    deliver = models.BooleanField(default=False)
    since_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"group": "sensitive", "by": "none"}
