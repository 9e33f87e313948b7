"""What was said to whom: notices, and the households that each one reached. Instants are microseconds UTC."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Channel(models.TextChoices):
    DOOR = "door", _("told at the door")
    LETTER = "letter", _("letter in the box")
    BOARD = "board", _("notice board")
    PHONE = "phone", _("telephone call")
    SMS = "sms", _("text message")
    WECHAT = "wechat", _("WeChat")
    PAGE = "page", _("read on the phone page")


class Notice(models.Model):
    """One text in the languages it was written in. `source` says what it is about, as kind:id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="notices")
    source = models.CharField(max_length=80)
    title = models.JSONField(help_text="language code to text")
    body = models.JSONField(help_text="language code to text")
    made_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"source": "none", "title": "none", "body": "none", "by": "none"}

    class Meta:
        verbose_name = _("notice")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["source"], name="notice_source")]


class Told(models.Model):
    """A household, a door or a person was told of a notice by a channel; `seen_us` when it answered or opened it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="told", db_index=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="told")
    channel = models.CharField(max_length=8, choices=Channel)
    at_us = models.BigIntegerField()
    seen_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"channel": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["notice", "subject", "channel"], name="told_once_by_a_channel")
        ]
