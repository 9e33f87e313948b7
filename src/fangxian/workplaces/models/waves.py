"""The return wave: plans of who arrives when, so that no queue is too long and no cap is passed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class PlanStatus(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("wave plan", "waiting to be worked out")
    DRAFT = "draft", pgettext_lazy("wave plan", "draft")
    PUBLISHED = "published", pgettext_lazy("wave plan", "published")
    REPLACED = "replaced", pgettext_lazy("wave plan", "replaced by a later one")
    FAILED = "failed", pgettext_lazy("wave plan", "no plan found")


class WavePlan(models.Model):
    """One stagger plan for one day and what stands below `place` (the street, or one building).

    `what_if` are the changes it assumes (gates closed, lanes added, rain); `result` is what was found: per building
    the cost, the bound, and the queues before and after (JSON of `wave.results`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="wave_plans", db_index=False)
    day = models.DateField()
    status = models.CharField(max_length=9, choices=PlanStatus, default=PlanStatus.QUEUED)
    what_if = models.JSONField(default=dict)
    cost = models.FloatField(null=True, help_text="people times minutes moved, and people asked to stay at home")
    bound = models.FloatField(null=True, help_text="no plan costs less")
    seconds = models.FloatField(null=True)
    result = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    playbook_id = models.BigIntegerField(null=True)
    made_us = models.BigIntegerField()
    lease_us = models.BigIntegerField(null=True, help_text="until then one worker works it out")
    tries = models.PositiveSmallIntegerField(default=0)
    published_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "day": "none",
        "status": "none", "what_if": "none", "result": "none", "problem": "none", "by": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["place", "day"], condition=Q(status="published"), name="wave_plan_published_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["day", "status"], name="wave_plan_day")]


class Objection(models.TextChoices):
    NONE = "", pgettext_lazy("arrival window", "no objection")
    RAISED = "raised", pgettext_lazy("arrival window", "objected")
    HEARD = "heard", pgettext_lazy("arrival window", "objection met")
    KEPT = "kept", pgettext_lazy("arrival window", "objection answered, window kept")


class WaveSlot(models.Model):
    """One enterprise's arrival window in a plan. Minutes of the local day."""

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(WavePlan, on_delete=models.CASCADE, related_name="slots", db_index=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="wave_slots")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="wave_slots")
    people = models.PositiveIntegerField(help_text="who come to the premises")
    home = models.PositiveIntegerField(help_text="who work from home")
    resumes = models.BooleanField(default=True)
    ask_from = models.PositiveSmallIntegerField()
    ask_until = models.PositiveSmallIntegerField()
    from_minute = models.PositiveSmallIntegerField()
    until_minute = models.PositiveSmallIntegerField()
    objection = models.CharField(max_length=6, choices=Objection, blank=True)
    objection_text = models.CharField(max_length=400, blank=True)
    answer_text = models.CharField(max_length=400, blank=True)
    objected_us = models.BigIntegerField(null=True)
    answered_us = models.BigIntegerField(null=True)
    seen_us = models.BigIntegerField(null=True, help_text="when the enterprise first looked at its window")
    pinned = models.BooleanField(default=False, help_text="the next plan keeps the window of `pin_from`, `pin_until`")
    pin_from = models.PositiveSmallIntegerField(null=True)
    pin_until = models.PositiveSmallIntegerField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "objection": "none", "objection_text": "indirect", "answer_text": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("arrival window")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["plan", "enterprise", "place"], name="wave_slot_once"),
            models.CheckConstraint(
                condition=Q(until_minute__gt=F("from_minute"), ask_until__gt=F("ask_from")), name="wave_slot_forward"
            ),
            models.CheckConstraint(
                condition=Q(pinned=False)
                | Q(pin_from__isnull=False, pin_until__isnull=False, pin_until__gt=F("pin_from")),
                name="wave_slot_pinned_to_a_window",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # what is still to be answered
            models.Index(fields=["plan"], condition=Q(objection="raised"), name="wave_slot_objection")
        ]

    @property
    def everybody(self) -> int:
        return self.people + self.home


class GateLane(models.Model):
    """How many servers of one method stand behind one gate in the morning. Without rows, what its machines say."""

    id = models.BigAutoField(primary_key=True)
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="lanes", db_index=False)
    method = models.CharField(max_length=9, help_text="a method of the plan's services")
    count = models.PositiveSmallIntegerField()
    changed_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"method": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gate", "method"], name="gate_lane_once"),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=50), name="gate_lane_some"),
        ]
