"""Posts that must be manned, their slots, and the people in them. Instants are microseconds UTC."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from fangxian.accounts.models import Staff
from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Post(models.Model):
    """A place to stand for a purpose: `key` says which (`gate`), and `training` names the topic to be signed off."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="posts")
    key = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    training = models.CharField(max_length=40, blank=True)
    closed_us = models.BigIntegerField(null=True)
    closed_reason = models.CharField(max_length=200, blank=True, help_text="why nobody need stand there any more")

    field_classes: ClassVar[dict[str, str]] = {
        "title": "none", "training": "none", "closed_reason": "indirect", "key": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["place", "key"], condition=Q(closed_us__isnull=True), name="post_once"),
            models.CheckConstraint(condition=Q(closed_us__isnull=False) | Q(closed_reason=""), name="post_reason"),
        ]


class Pattern(models.Model):
    """The same slot on the same weekdays, week after week. Its slots are made when it is, up to its last day."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="patterns")
    weekdays = models.CharField(max_length=7, help_text="digits, 1 is Monday")
    start = models.TimeField()
    end = models.TimeField(help_text="on the next day where it is not after the start")
    needed = models.PositiveSmallIntegerField(default=1)
    first_day = models.DateField()
    last_day = models.DateField()
    people = models.ManyToManyField(Staff, related_name="patterns")
    ended_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "weekdays": "none", "by": "indirect", "first_day": "none", "last_day": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="pattern_period"),
            models.CheckConstraint(condition=~Q(weekdays=""), name="pattern_days"),
        ]


class Slot(models.Model):
    """A stretch of time in which a post needs `needed` people. It is a subject: its duty is that somebody came."""

    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="slot")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="slots")
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField()
    needed = models.PositiveSmallIntegerField(default=1)
    pattern = models.ForeignKey(Pattern, null=True, on_delete=models.PROTECT, related_name="slots")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["post", "from_us"], name="slot_once"),
            models.CheckConstraint(condition=Q(until_us__gt=F("from_us")), name="slot_period"),
        ]


class Assignment(models.Model):
    """One person in one slot. Whoever checks in without being planned is added then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="assignments")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="assignments")
    planned = models.BooleanField(default=True)
    came_us = models.BigIntegerField(null=True)
    left_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["slot", "staff"], name="assignment_once")
        ]


class Training(models.Model):
    """A person was shown how, and signed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="trainings")
    topic = models.CharField(max_length=40)
    signed_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"topic": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["staff", "topic"], name="training_once")
        ]
