"""What committees, pharmacies and the street say to each other in a round, and how each day was closed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from fangxian.masks.models.rounds import Round
from fangxian.places.models import Place
from fangxian.shared.ids import new_id


class MessageKind(models.TextChoices):
    ARRIVAL = "arrival", _("goods arrived")
    PROGRESS = "progress", _("progress of allocation")
    NUMBERS = "numbers", _("numbers to call")
    SHORTAGE = "shortage", _("shortage")
    QUESTION = "question", _("question")
    CROWD = "crowd", _("people waiting")
    INCIDENT = "incident", _("incident")
    ON_DUTY = "on_duty", _("who is on duty")


class Message(models.Model):
    """One entry of the channel. A question or an incident has an owner (its duty) and ends with an answer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="messages")
    pharmacy = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    committee = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=MessageKind)
    text = models.CharField(max_length=400)
    people = models.PositiveIntegerField(null=True, help_text="how many were waiting")
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=40)
    answer = models.CharField(max_length=400, blank=True)
    answered_us = models.BigIntegerField(null=True)
    answered_by = models.CharField(max_length=40, blank=True)
    duty_id = models.UUIDField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "kind": "none", "text": "indirect", "by": "none", "answer": "indirect", "answered_by": "none",
        "duty_id": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["round", "at_us"], name="mask_message_time")]


class DayClose(models.Model):
    """A pharmacy's day in a round was counted: goods and money against what was recorded, and the difference explained.

    `sold` and `counted` are by variant; `by_committee` is pieces sold by the committee's short name.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="closes")
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    sold = models.JSONField()
    by_committee = models.JSONField()
    counted = models.JSONField()
    expected = models.JSONField(help_text="what the book says is left, by variant")
    money_fen = models.BigIntegerField(help_text="counted in the till")
    money_expected_fen = models.BigIntegerField()
    explanation = models.CharField(max_length=400, blank=True)
    problems = models.JSONField(default=list, help_text="texts of common problems, each an entry of the channel too")
    made_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "day": "none", "sold": "none", "by_committee": "none", "counted": "none", "expected": "none",
        "explanation": "indirect", "problems": "indirect", "by": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "pharmacy", "day"], name="mask_close_once_a_day"),
            models.CheckConstraint(
                condition=~models.Q(explanation="")
                | models.Q(money_fen=models.F("money_expected_fen")) & models.Q(counted=models.F("expected")),
                name="mask_close_explains_differences",
            ),
        ]
