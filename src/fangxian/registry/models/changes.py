"""What the register tells upward: a row for each change, which the packages above read in their own time."""

from typing import ClassVar

from django.db import models

from fangxian.places.models import PlaceMove
from fangxian.registry.models.subjects import Subject


class ChangeKind(models.TextChoices):
    ADDED = "added"
    MOVED = "moved"
    CHANGED = "changed"
    LEFT = "left"
    MERGED = "merged"
    UNMERGED = "unmerged"


class Change(models.Model):
    id = models.BigAutoField(primary_key=True)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=ChangeKind)
    at_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"kind": "none"}


class ChangeFolded(models.Model):
    """`consumer` has taken in this change.

    A cursor over ids would not do: on PostgreSQL ids are given before the commit, so a slow transaction may appear
    below a cursor that has passed it.
    """

    id = models.BigAutoField(primary_key=True)
    consumer = models.CharField(max_length=30)
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="folded")

    field_classes: ClassVar[dict[str, str]] = {"consumer": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["consumer", "change"], name="folded_once")
        ]


class MoveFolded(models.Model):
    """The register has taken in this move of the tree."""

    move = models.OneToOneField(PlaceMove, primary_key=True, on_delete=models.CASCADE, related_name="registry_folded")
