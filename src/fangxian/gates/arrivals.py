"""When the people of an enterprise come to a building, as a plan of arrivals says."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place
from fangxian.registry.models import Subject


class ArrivalSlot(models.Model):
    """From which minute of the local day the staff of an enterprise are let into a building, on some days.

    It goes before the slot printed on a pass. `source` names the plan that says so; a later plan for the same days ends
    the row, which stays to tell what held.
    """

    id = models.BigAutoField(primary_key=True)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="arrival_slots", db_index=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="arrival_slots", db_index=False)
    from_minute = models.PositiveSmallIntegerField(help_text="minutes of the local day")
    until_minute = models.PositiveSmallIntegerField()
    from_day = models.DateField()
    until_day = models.DateField(help_text="the last day")
    closed = models.BooleanField(default=False, help_text="nobody of it is to come on these days")
    source = models.CharField(max_length=60)
    set_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True, help_text="replaced, or taken back")

    field_classes: ClassVar[dict[str, str]] = {"source": "none", "from_day": "none", "until_day": "none"}

    class Meta:
        verbose_name = _("arrival slot")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["place", "enterprise", "from_day"], condition=Q(ended_us__isnull=True), name="arrival_slot_once"
            ),
            models.CheckConstraint(
                condition=Q(until_minute__gt=F("from_minute"), until_minute__lte=1_440, until_day__gte=F("from_day")),
                name="arrival_slot_forward",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # which windows a person's pass is under
            models.Index(fields=["enterprise"], condition=Q(ended_us__isnull=True), name="arrival_slot_firm"),
        ]
