"""Who comes back to work: the ledger of returning staff, and how they are each day."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Verdict(models.TextChoices):
    NOW = "now", _("pass now")
    LATER = "later", _("pass after observation")
    UNKNOWN = "unknown", _("not yet known")


class StaffState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("member of staff", "at work")
    SUSPENDED = "suspended", pgettext_lazy("member of staff", "suspended")
    POSITIVE = "positive", pgettext_lazy("member of staff", "tested positive")
    LEFT = "left", pgettext_lazy("member of staff", "left")


class Transport(models.TextChoices):
    TRAIN = "train", _("train")
    PLANE = "plane", _("plane")
    COACH = "coach", _("coach")
    CAR = "car", _("car")
    SHIP = "ship", _("ship")
    NONE = "none", _("did not leave Shanghai")
    OTHER = "other", pgettext_lazy("transport", "other")


class Travelled(models.TextChoices):
    """Whether somebody was in a key region in the days that the plan asks about."""

    NO = "no", pgettext_lazy("key region", "no")
    YES = "yes", pgettext_lazy("key region", "yes")
    UNKNOWN = "", pgettext_lazy("key region", "not stated")


class Returning(models.Model):
    """One person on one enterprise's ledger of returning staff, for one building, with what the plan decides.

    `verdict` is decided by `rules.screen` from the other fields and kept, with the plan that decided it, so that lists
    are quick; it is decided again when a field, the plan or the day changes it (`folds.screen_again`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="returning", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="returning", db_index=False)
    person = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="returns", db_index=False)
    origin = models.CharField(max_length=6, blank=True, help_text="where from: GB/T 2260 digits, or ISO 3166-1 alpha-3")
    left_shanghai = models.BooleanField(null=True, help_text="null: not stated")
    arrived_on = models.DateField(null=True, help_text="day of arrival in Shanghai")
    transport = models.CharField(max_length=5, choices=Transport, blank=True)
    vehicle_no = models.CharField(max_length=20, blank=True, help_text="train or flight")
    key_region = models.CharField(max_length=3, choices=Travelled, blank=True)
    regions = models.JSONField(default=list, help_text="keys of the plan's key regions")
    released_on = models.DateField(null=True, help_text="day on which observation ended, as evidenced")
    evidence = models.CharField(max_length=64, blank=True, help_text="digest in files")
    home_office = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=StaffState, default=StaffState.ACTIVE)
    state_reason = models.CharField(max_length=200, blank=True)
    verdict = models.CharField(max_length=7, choices=Verdict, default=Verdict.UNKNOWN)
    verdict_until = models.DateField(null=True, help_text="first day on which a pass may be given")
    missing = models.CharField(max_length=120, blank=True, help_text="what must still be known, with commas between")
    marks = models.CharField(max_length=120, blank=True, help_text="what is odd about it, with commas between")
    playbook_id = models.BigIntegerField(null=True)
    decided_us = models.BigIntegerField(null=True)
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True, help_text="off the ledger")
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "origin": "sensitive", "transport": "indirect", "vehicle_no": "indirect", "key_region": "sensitive",
        "regions": "sensitive", "evidence": "sensitive", "state": "sensitive", "state_reason": "sensitive",
        "verdict": "sensitive", "missing": "none", "marks": "none", "by": "none", "arrived_on": "indirect",
        "released_on": "sensitive", "verdict_until": "sensitive",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["enterprise", "place", "person"], condition=Q(until_us__isnull=True), name="returning_once"
            ),
            models.CheckConstraint(
                condition=Q(verdict="later", verdict_until__isnull=False)
                | Q(verdict="unknown", verdict_until__isnull=True) & ~Q(missing="")
                | Q(verdict="now", verdict_until__isnull=True),
                name="returning_verdict",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # the board of buildings counts who may work by enterprise, from the index alone
            models.Index(
                fields=["place", "verdict", "state", "enterprise"],
                condition=Q(until_us__isnull=True),
                name="returning_board",
            ),
            models.Index(fields=["person"], condition=Q(until_us__isnull=True), name="returning_person"),
            # who may have a pass from a day on
            models.Index(
                fields=["verdict_until"],
                condition=Q(until_us__isnull=True, verdict="later"),
                name="returning_later",
            ),
        ]


class DayReport(models.Model):
    """An enterprise's report of one day: everybody is on it or is an exception of it (`DayLine`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="day_reports", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="day_reports")
    day = models.DateField()
    expected = models.PositiveIntegerField(help_text="on the ledger")
    well = models.PositiveIntegerField()
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"day": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["enterprise", "place", "day"], name="day_report_once"),
            models.CheckConstraint(condition=Q(well__lte=models.F("expected")), name="day_report_adds_up"),
        ]


class Health(models.TextChoices):
    FEVER = "fever", _("fever")
    SYMPTOMS = "symptoms", _("cough or other symptoms")
    CONTACT = "contact", _("contact of a case")
    ABSENT = "absent", _("absent, not reached")
    AWAY = "away", _("on leave or working from home")


class DayLine(models.Model):
    """Somebody who was not simply well and at work on the day of a report."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(DayReport, on_delete=models.CASCADE, related_name="lines", db_index=False)
    person = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+", db_index=False)
    health = models.CharField(max_length=8, choices=Health)
    decidec = models.SmallIntegerField(null=True, help_text="tenths of a degree")
    note = models.CharField(max_length=200, blank=True)

    field_classes: ClassVar[dict[str, str]] = {"health": "sensitive", "note": "sensitive", "decidec": "sensitive"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["report", "person"], name="day_line_once")
        ]


class StoppedPass(models.Model):
    """A pass that the ledger or the filing made not good. Only these are good again by themselves, when the person is
    cleared: what a guard or an inspection has suspended is not this package's to restore."""

    permit_id = models.UUIDField(primary_key=True, help_text="pass")
    since_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"permit_id": "indirect"}
