"""Subjects of duties, and what they are attached to."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place
from fangxian.shared.ids import new_id


class SubjectKind(models.TextChoices):
    PERSON = "person", _("person")
    HOUSEHOLD = "household", _("household")
    VEHICLE = "vehicle", _("vehicle")
    ENTERPRISE = "enterprise", _("enterprise")
    PLACE = "place", _("place")
    WORK = "work", _("piece of work")


class Subject(models.Model):
    """Whatever a duty can be about. A place that is a subject has a row here under the same id as the place.

    `merged_into` points at the surviving subject after a merge; no other row is rewritten, and undoing clears it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=SubjectKind)
    label = models.CharField(max_length=120, help_text="how lists name it: a name, a plate, an address")
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="absorbed")
    created_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"label": "direct", "kind": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="subject_not_merged_into_itself")
        ]

    def __str__(self) -> str:
        return self.label


class Sex(models.TextChoices):
    MALE = "m", _("male")
    FEMALE = "f", _("female")
    UNKNOWN = "", _("not stated")


class Person(models.Model):
    """A resident, an employee, a visitor. Names are written as the person writes them, in any script."""

    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="person")
    name = models.CharField(max_length=80)
    name_key = models.CharField(max_length=80, help_text="folded for matching")
    sex = models.CharField(max_length=1, choices=Sex, blank=True)
    birth_date = models.DateField(null=True)
    nationality = models.CharField(max_length=2, default="CN", help_text="ISO 3166-1 alpha-2")
    language = models.CharField(max_length=10, default="zh", help_text="preferred language, BCP 47")
    photo = models.CharField(max_length=64, blank=True, help_text="digest in files")
    note = models.CharField(max_length=200, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "name": "direct", "name_key": "direct", "sex": "indirect", "birth_date": "direct", "nationality": "indirect",
        "language": "indirect", "photo": "sensitive", "note": "indirect",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            # read by matching, which asks for all bearers of a name
            models.Index(fields=["name_key", "birth_date"], name="person_name")
        ]

    def __str__(self) -> str:
        return self.name


class Household(models.Model):
    """The people behind one door."""

    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="household")
    dwelling = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="households")
    ended_on = models.DateField(null=True)

    field_classes: ClassVar[dict[str, str]] = {"dwelling": "direct", "ended_on": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dwelling"], condition=Q(ended_on__isnull=True), name="one_household_behind_a_door"
            )
        ]


class VehicleClass(models.TextChoices):
    ORDINARY = "ordinary", _("ordinary plate")
    NEW_ENERGY = "new_energy", _("new-energy plate")
    CONSULAR = "consular", _("consular or embassy plate")
    TRAILER = "trailer", _("trailer plate")
    SPECIAL = "special", _("training, police, Hong Kong or Macau plate")
    OTHER = "other", _("other, classed by hand")


class Vehicle(models.Model):
    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="vehicle")
    plate = models.CharField(max_length=12, unique=True)
    plate_class = models.CharField(max_length=12, choices=VehicleClass, default=VehicleClass.ORDINARY)
    description = models.CharField(max_length=60, blank=True, help_text="make and colour, as told")

    field_classes: ClassVar[dict[str, str]] = {"plate": "direct", "plate_class": "none", "description": "none"}


class Enterprise(models.Model):
    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="enterprise")
    name = models.CharField(max_length=120)
    name_key = models.CharField(max_length=120, help_text="folded for matching")
    aliases = models.JSONField(default=list)
    uscc = models.CharField(max_length=18, null=True, unique=True, help_text="unified social credit code")
    industry = models.CharField(max_length=60, blank=True)
    headcount = models.PositiveIntegerField(null=True)
    contact = models.CharField(max_length=60, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "name": "none", "name_key": "none", "aliases": "none", "uscc": "none", "industry": "none", "headcount": "none",
        "contact": "direct",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["name_key"], name="enterprise_name")]


class Relation(models.TextChoices):
    LIVES = "lives", _("lives at")
    WORKS = "works", _("works at")
    EMPLOYED = "employed", _("employed by")
    MEMBER = "member", _("member of the household")
    PARKS = "parks", _("parks at")
    OWNS = "owns", _("owner of the vehicle")
    HOSTED = "hosted", _("guest of")
    TENANT = "tenant", _("tenant of")


class Attachment(models.Model):
    """A subject belongs to a place or to another subject, for a period. Nothing assumes that there is only one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="attachments")
    relation = models.CharField(max_length=10, choices=Relation)
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="attachments")
    other = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="attached")
    role = models.CharField(max_length=40, blank=True, help_text="such as the relation to the householder")
    since = models.DateField()
    until = models.DateField(null=True)
    source = models.CharField(max_length=40, blank=True, help_text="import:id, visit:id or staff:id")

    field_classes: ClassVar[dict[str, str]] = {
        "relation": "indirect", "place": "direct", "other": "direct", "role": "indirect", "since": "none",
        "until": "none", "source": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(place__isnull=False, other__isnull=True) | Q(place__isnull=True, other__isnull=False),
                name="attached_to_a_place_or_a_subject",
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="attached_period"),
            models.UniqueConstraint(
                fields=["subject", "relation", "place"],
                condition=Q(until__isnull=True, place__isnull=False),
                name="attached_once_to_a_place",
            ),
            models.UniqueConstraint(
                fields=["subject", "relation", "other"],
                condition=Q(until__isnull=True, other__isnull=False),
                name="attached_once_to_a_subject",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["place", "relation"], condition=Q(until__isnull=True), name="attached_place"),
            models.Index(fields=["other", "relation"], condition=Q(until__isnull=True), name="attached_other"),
        ]


class Merge(models.Model):
    """Two subjects were found to be one. Undoing sets `undone_at` and clears the pointer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    absorbed = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="merges_as_absorbed")
    survivor = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="merges_as_survivor")
    score = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=40, blank=True)

    field_classes: ClassVar[dict[str, str]] = {"reason": "none", "score": "none", "by": "none", "undone_by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["absorbed"], condition=Q(undone_at__isnull=True), name="absorbed_by_one_survivor"
            )
        ]
