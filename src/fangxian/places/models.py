"""The one tree of places, with the grid laid over it.

A street holds neighbourhoods, a neighbourhood compounds and office buildings, a compound blocks, gates and public
areas, a block dwellings; a building holds floors and units. A grid is a place under its neighbourhood too, but nothing
hangs below it: blocks, dwellings and areas name their grid, because one large compound behind one gate holds several.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.shared.ids import new_id

LABEL_WIDTH = 5


class PlaceKind(models.TextChoices):
    CITY = "city", _("city")
    DISTRICT = "district", _("district")
    STREET = "street", _("sub-district")
    NEIGHBOURHOOD = "neighbourhood", _("neighbourhood")
    GRID = "grid", _("grid")
    COMPOUND = "compound", _("compound")
    BLOCK = "block", _("block")
    DWELLING = "dwelling", _("dwelling")
    BUILDING = "building", _("office building")
    FLOOR = "floor", _("floor")
    UNIT = "unit", _("unit")
    GATE = "gate", _("gate")
    AREA = "area", _("public area")
    PHARMACY = "pharmacy", _("pharmacy")
    HEALTH_CENTRE = "health_centre", _("health centre")


class Place(models.Model):
    """One node of the tree.

    `path` is the chain of labels from the root, five characters of [0-9a-y] a level, so that a subtree is one range of
    an index: `path >= p and path < p + "z"`. `label` is never reused, so a path names one node for ever.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=PlaceKind)
    code = models.CharField(max_length=20, null=True, unique=True, help_text="statistical or grid code")
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    grid = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="covered")
    path = models.CharField(max_length=80, unique=True)
    address = models.CharField(max_length=200, blank=True, help_text="as written on the door or the letter")
    address_key = models.CharField(max_length=160, blank=True, help_text="normalised, for matching")
    area_type = models.CharField(max_length=40, blank=True, help_text="for a public area: its type in the playbook")
    profile = models.JSONField(default=dict, help_text="languages, entries, best hours, notes (因地制宜)")
    geometry = models.JSONField(null=True, help_text="GeoJSON geometry, where known")
    closed_on = models.DateField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "name": "none", "name_en": "none", "address": "indirect", "address_key": "indirect", "profile": "none",
        "geometry": "none", "code": "none", "kind": "none", "path": "none", "area_type": "none", "closed_on": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["grid", "kind"], name="place_grid"),
            models.Index(fields=["parent", "kind"], name="place_parent_kind"),
            models.Index(fields=["address_key"], name="place_address"),
            models.Index(fields=["kind", "path"], name="place_kind_path"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="place_not_own_parent"),
            models.CheckConstraint(
                condition=Q(area_type="") | Q(kind=PlaceKind.AREA), name="place_area_type_only_on_areas"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        return len(self.path) // LABEL_WIDTH

    @property
    def subtree(self) -> Q:
        """Condition on `path` for this node and all below it."""
        return subtree("path", self.path)


class Label(models.Model):
    """The last label given out: one row, taken inside the transaction that makes places."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.PositiveBigIntegerField(default=0)


class PlaceMove(models.Model):
    """A subtree was put elsewhere, or laid under another grid. What was counted before stays counted where it was."""

    id = models.BigAutoField(primary_key=True)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="moves")
    from_parent = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    to_parent = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    from_path = models.CharField(max_length=80)
    to_path = models.CharField(max_length=80)
    from_grid = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    to_grid = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)

    field_classes: ClassVar[dict[str, str]] = {"reason": "none", "by": "none", "from_path": "none", "to_path": "none"}


def subtree(field: str, path: str) -> Q:
    """Condition that `field` (a path, perhaps through a join) is `path` or below it."""
    return Q(**{f"{field}__gte": path, f"{field}__lt": path + "z"})


def parent_paths(path: str) -> list[str]:
    """The paths of a node and of all its ancestors, nearest first."""
    return [path[:end] for end in range(len(path), 0, -LABEL_WIDTH)]


Profile = dict[str, Any]
