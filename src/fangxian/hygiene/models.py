"""Disinfection as it was done, and where the agent ran short."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fangxian.duties.models import Duty, Playbook
from fangxian.places.models import Place
from fangxian.shared.ids import new_id


class Channel(models.TextChoices):
    PHONE = "phone", _("phone")
    PACK = "pack", _("day pack, without the network")
    DESK = "desk", _("entered at the desk")


class Mark(models.TextChoices):
    """What does not fit in a record. The record stands as it came; the mark says what to look at."""

    TOO_WEAK = "too_weak", _("weaker than the plan asks")
    OTHER_AGENT = "other_agent", _("another agent than the plan names")
    UNKNOWN_AGENT = "unknown_agent", _("an agent that the plan does not know")
    IMPOSSIBLE = "impossible", _("stronger than the bottle")
    NOT_LISTED = "not_listed", _("this type of area is not in the plan")
    CLOSED = "closed", _("the area was closed")
    CLOCK = "clock", _("the device's clock ran ahead")
    NO_STOCK = "no_stock", _("more was used than the store held")


class DisinfectionLog(models.Model):
    """One area was disinfected, as observed there. Append-only; the id comes from the device that recorded it."""

    id = models.UUIDField(primary_key=True, editable=False)
    area = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="disinfections")
    area_type = models.CharField(max_length=40, help_text="as it was then")
    agent = models.CharField(max_length=64, help_text="key in the playbook")
    mg_per_l = models.PositiveIntegerField(null=True, help_text="of the working solution; null: used as it is")
    working_ml = models.PositiveIntegerField(help_text="of the working solution")
    agent_units = models.PositiveIntegerField(help_text="of the agent itself, in the ledger's base unit")
    drawn_units = models.PositiveIntegerField(help_text="of these, what the ledger could give")
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    by = models.CharField(max_length=40)
    photo = models.CharField(max_length=64, blank=True, help_text="digest in files")
    offline = models.BooleanField(default=False)
    channel = models.CharField(max_length=5, choices=Channel)
    marks = models.JSONField(default=list, help_text="values of Mark")
    playbook = models.ForeignKey(Playbook, null=True, on_delete=models.PROTECT, related_name="+")

    field_classes: ClassVar[dict[str, str]] = {
        "area_type": "none", "agent": "none", "by": "indirect", "photo": "none", "channel": "none", "marks": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(drawn_units__lte=models.F("agent_units")), name="log_drew_what_it_used"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["area", "-observed_us"], name="log_of_area"),
            # read by actions.forget_old, which walks what still names somebody
            models.Index(fields=["received_us"], condition=~Q(by=""), name="log_named"),
        ]


class Shortage(models.Model):
    """A store held less of an agent than was used. One open row a store and agent, with the duty that fetches more."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="shortages")
    agent = models.CharField(max_length=64)
    missing_units = models.BigIntegerField()
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="+")
    opened_us = models.BigIntegerField()
    closed_us = models.BigIntegerField(null=True)

    field_classes: ClassVar[dict[str, str]] = {"agent": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["place", "agent"], condition=Q(closed_us__isnull=True), name="shortage_open_once"
            ),
            models.CheckConstraint(condition=Q(missing_units__gt=0), name="shortage_is_short"),
        ]
