"""Numbers that were called against stock, and what was collected for them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.masks.models.registrations import Registration
from fangxian.masks.models.rounds import Round, Variant
from fangxian.places.models import Place
from fangxian.shared.ids import new_id
from fangxian.stock.models import Lot


class Run(models.Model):
    """One night's allocation. `document` is the published file: what went in, what came out, and the proof."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveSmallIntegerField()
    sale_day = models.DateField()
    document = models.TextField(help_text="canonical JSON; pseudonyms only")
    sha256 = models.CharField(max_length=64)
    called = models.PositiveIntegerField()
    made_us = models.BigIntegerField()
    followed_us = models.BigIntegerField(null=True, help_text="when its duties to tell and to bring were given")
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"document": "none", "sha256": "none", "sale_day": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "number"], name="mask_run_once"),
            models.UniqueConstraint(fields=["round", "sale_day"], name="mask_run_once_a_day"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["made_us"], condition=Q(followed_us__isnull=True), name="mask_run_unfollowed")
        ]


class CallStatus(models.TextChoices):
    CALLED = "called", _("called")
    COLLECTED = "collected", _("collected")
    LAPSED = "lapsed", _("not collected in time")
    MOVED = "moved", _("moved to another pharmacy")
    VOID = "void", _("void")


ACTIVE_CALLS = (CallStatus.CALLED, CallStatus.COLLECTED)


class Call(models.Model):
    """A number was called for a variant: these pieces at this pharmacy, in this slot, until this deadline."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="calls", db_index=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="calls", db_index=False)
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="calls", db_index=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+", db_index=False)
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.PositiveSmallIntegerField()
    reserved = models.BooleanField(default=False, help_text="from the reserve of the special groups")
    slot_from_us = models.BigIntegerField()
    slot_until_us = models.BigIntegerField()
    deadline_us = models.BigIntegerField()
    status = models.CharField(max_length=9, choices=CallStatus, default=CallStatus.CALLED)
    reason = models.CharField(max_length=200, blank=True)
    told_us = models.BigIntegerField(null=True)
    told_channel = models.CharField(max_length=8, blank=True, help_text="a channel of notices")
    changed_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"status": "none", "reason": "indirect", "told_channel": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["registration", "variant"], condition=Q(status__in=ACTIVE_CALLS), name="mask_called_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="mask_call_of_something"),
            models.CheckConstraint(
                condition=Q(slot_until_us__gt=F("slot_from_us"), deadline_us__gte=F("slot_until_us")),
                name="mask_call_times",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["pharmacy", "slot_from_us"], name="mask_call_counter"),
            models.Index(fields=["run"], name="mask_call_run"),
            models.Index(fields=["deadline_us"], condition=Q(status=CallStatus.CALLED), name="mask_call_deadline"),
        ]


class Collection(models.Model):
    """Goods went over the counter for a call. The id comes from the counter: sending again is harmless.

    Single use is the constraint over `standing`. What a counter without a network gave out a second time is a fact:
    it is stored, does not stand, and becomes somebody's duty.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="collections")
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    price_fen = models.PositiveIntegerField()
    identity = models.BooleanField(help_text="the document was compared")
    collector = models.CharField(max_length=80, blank=True, help_text="who came for a neighbour; empty: the applicant")
    standing = models.BooleanField(default=True)
    offline = models.BooleanField(default=False)
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    by = models.CharField(max_length=40)
    voided_us = models.BigIntegerField(null=True)
    void_reason = models.CharField(max_length=200, blank=True)

    field_classes: ClassVar[dict[str, str]] = {"collector": "direct", "by": "none", "void_reason": "indirect"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["call"], condition=Q(standing=True, voided_us__isnull=True), name="mask_collected_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="mask_collection_of_something"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["pharmacy", "observed_us"], name="mask_collection_day")
        ]
