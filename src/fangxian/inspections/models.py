"""Inspections by checklist, what they found, and what was done about it. Instants are microseconds UTC."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Occasion(models.TextChoices):
    DAILY = "daily", _("daily inspection")
    RECHECK = "recheck", _("re-inspection")
    UNANNOUNCED = "unannounced", _("unannounced inspection")
    LEADER = "leader", _("inspection by a leader")


class Result(models.TextChoices):
    OK = "ok", pgettext_lazy("item of a checklist", "in order")
    FAULT = "fault", pgettext_lazy("item of a checklist", "not in order")
    NONE = "none", pgettext_lazy("item of a checklist", "does not apply")


class Severity(models.TextChoices):
    RED = "red", pgettext_lazy("severity", "red")
    AMBER = "amber", pgettext_lazy("severity", "amber")
    WHITE = "white", pgettext_lazy("severity", "white")


class FindingStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("finding", "open")
    PLANNED = "planned", pgettext_lazy("finding", "plan agreed")
    MENDED = "mended", pgettext_lazy("finding", "reported as put right")
    REOPENED = "reopened", pgettext_lazy("finding", "opened again")
    CLOSED = "closed", pgettext_lazy("finding", "closed")
    VOID = "void", pgettext_lazy("finding", "recorded in error")


class FindingAct(models.TextChoices):
    """What moves a finding on. The table of who may do what when is in `rules.TRANSITIONS`."""

    PLAN = "plan", _("agree a plan")
    MEND = "mend", _("report as put right")
    PASS = "pass", _("re-inspected: in order")
    FAIL = "fail", _("re-inspected: not in order")
    AGAIN = "again", _("found again")
    ANNUL = "annul", _("annul, with the reason")


class Mark(models.TextChoices):
    """What is odd about an inspection; `Inspection.marks` holds several with commas between."""

    SECOND = "second", _("this place had been inspected that day already")
    OLD_LIST = "old-list", _("the checklist was edited meanwhile; judged by the one that was in hand")
    UNKNOWN_LIST = "unknown-list", _("no plan has this checklist; judged by the one in force as far as it goes")
    CLOCK = "clock", _("the clock of the device was wrong")
    OTHER_INSPECTOR = "other-inspector", _("somebody else had been assigned")
    OWN_MEND = "own-mend", _("somebody else has to look at what this inspector reported as put right")
    AS_DAILY = "as-daily", _("kept as a daily inspection: nothing else was assigned here")
    UNSIGNED = "unsigned", _("not signed by the property manager")


class Assignment(models.Model):
    """Who inspects a place on a day. An unannounced one is shown to its inspector only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="inspection_assignments")
    day = models.DateField()
    occasion = models.CharField(max_length=12, choices=Occasion, default=Occasion.DAILY)
    inspector = models.UUIDField(help_text="staff member")
    made_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"day": "none", "occasion": "none", "inspector": "indirect", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["place", "day", "occasion"], condition=~Q(occasion="recheck"), name="inspection_assigned_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["inspector", "day"], name="inspection_assigned"),
        ]


class Inspection(models.Model):
    """One walk through one place by its checklist. The id is made by the device: sending it again is harmless.

    `playbook_id` and `checklist` name the version that was held in hand, which a later edit does not change.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="inspections", db_index=False)
    day = models.DateField()
    occasion = models.CharField(max_length=12, choices=Occasion)
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="inspections")
    inspector = models.UUIDField(help_text="staff member")
    playbook_id = models.BigIntegerField(null=True)
    checklist = models.CharField(max_length=64, help_text="SHA-256 of the items as they were shown")
    begun_us = models.BigIntegerField()
    observed_us = models.BigIntegerField(help_text="when it was finished, by the device")
    received_us = models.BigIntegerField()
    in_order = models.PositiveSmallIntegerField()
    applicable = models.PositiveSmallIntegerField(help_text="score = in_order / applicable")
    signed_name = models.CharField(max_length=60, blank=True, help_text="property manager who was present")
    signed_us = models.BigIntegerField(null=True)
    unsigned_reason = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=400, blank=True)
    offline = models.BooleanField(default=False)
    marks = models.CharField(max_length=120, blank=True, help_text="what is odd about it, with commas between")

    field_classes: ClassVar[dict[str, str]] = {
        "day": "none", "occasion": "none", "inspector": "indirect", "checklist": "none", "signed_name": "direct",
        "unsigned_reason": "indirect", "note": "indirect", "marks": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(in_order__lte=F("applicable")), name="inspection_score"),
            models.CheckConstraint(
                condition=Q(signed_us__isnull=False) & ~Q(signed_name="")
                | Q(signed_us__isnull=True, signed_name="") & ~Q(unsigned_reason=""),
                name="inspection_signed_or_says_why",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["place", "day"], name="inspection_place_day")]


class Answer(models.Model):
    """One item of one inspection."""

    id = models.BigAutoField(primary_key=True)
    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="answers", db_index=False)
    item = models.CharField(max_length=4)
    result = models.CharField(max_length=5, choices=Result)
    spot = models.CharField(max_length=60, blank=True, help_text="where in the place")
    note = models.CharField(max_length=400, blank=True)
    photos = models.JSONField(default=list, help_text="digests in files")

    field_classes: ClassVar[dict[str, str]] = {
        "item": "none", "result": "none", "spot": "none", "note": "indirect", "photos": "sensitive",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["inspection", "item"], name="answer_once")
        ]


class Finding(models.Model):
    """Something that was not in order at a place, until it is closed. The same item at the same spot is one finding
    for as long as it is open: found again, `times` counts up. `subject` is the piece of work that owes its duty."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.OneToOneField(Subject, on_delete=models.PROTECT, related_name="finding")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="inspection_findings", db_index=False)
    spot = models.CharField(max_length=60, blank=True)
    zone = models.CharField(
        max_length=1, blank=True, help_text="letter of the zone it concerns; empty: all of the place"
    )
    item = models.CharField(max_length=4, blank=True, help_text="of the checklist; empty: seen outside of one")
    title = models.CharField(max_length=120)
    note = models.CharField(max_length=400, blank=True)
    severity = models.CharField(max_length=5, choices=Severity)
    status = models.CharField(max_length=8, choices=FindingStatus, default=FindingStatus.OPEN)
    times = models.PositiveSmallIntegerField(default=1)
    inspection = models.ForeignKey(Inspection, null=True, on_delete=models.PROTECT, related_name="findings")
    opened_us = models.BigIntegerField(help_text="when it was seen")
    due_us = models.BigIntegerField()
    closed_us = models.BigIntegerField(null=True)
    suspends = models.CharField(max_length=8, blank=True, help_text="zone or building: whose passes it suspends")
    plan_who = models.CharField(max_length=60, blank=True)
    plan_what = models.CharField(max_length=400, blank=True)
    plan_until_us = models.BigIntegerField(null=True)
    playbook_id = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "spot": "none", "zone": "none", "item": "none", "title": "none", "note": "indirect", "severity": "none",
        "status": "none", "suspends": "none", "plan_who": "direct", "plan_what": "indirect", "by": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = pgettext_lazy("inspection", "finding")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # two inspectors who send at once make one finding
            models.UniqueConstraint(
                fields=["place", "item", "spot"],
                condition=Q(closed_us__isnull=True) & ~Q(item=""),
                name="finding_once_while_open",
            ),
            models.CheckConstraint(
                condition=Q(closed_us__isnull=True) & ~Q(status__in=("closed", "void"))
                | Q(closed_us__isnull=False, status__in=("closed", "void")),
                name="finding_closed",
            ),
            models.CheckConstraint(
                condition=Q(plan_until_us__isnull=True, plan_what="")
                | Q(plan_until_us__isnull=False) & ~Q(plan_what=""),
                name="finding_plan_whole",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["place", "opened_us"], name="finding_place"),
            models.Index(fields=["due_us"], condition=Q(closed_us__isnull=True), name="finding_open"),
        ]


class FindingStep(models.Model):
    """One thing that happened to a finding: appended, never changed."""

    id = models.UUIDField(
        primary_key=True, default=new_id, editable=False, help_text="made by the device where offline"
    )
    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="steps", db_index=False)
    act = models.CharField(max_length=8, choices=FindingAct, blank=True, help_text="empty: it was found")
    before = models.CharField(max_length=8, choices=FindingStatus, blank=True)
    after = models.CharField(max_length=8, choices=FindingStatus)
    text = models.CharField(max_length=400, blank=True)
    photos = models.JSONField(default=list, help_text="digests in files")
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "act": "none", "before": "none", "after": "none", "text": "indirect", "photos": "sensitive", "by": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["finding", "received_us"], name="step_of_finding")
        ]


class Suspension(models.Model):
    """A zone or a building whose passes are not good while a finding is open."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="suspensions")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="suspensions")
    zone = models.CharField(max_length=1, blank=True, help_text="empty: every zone")
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"zone": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["finding"], condition=Q(until_us__isnull=True), name="suspension_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["place"], condition=Q(until_us__isnull=True), name="suspension_standing")
        ]


class SuspendedPass(models.Model):
    """A pass that a suspension made not good. It is good again when the last suspension that holds it ends, and only
    if it was one of these that suspended it."""

    id = models.BigAutoField(primary_key=True)
    suspension = models.ForeignKey(Suspension, on_delete=models.CASCADE, related_name="passes", db_index=False)
    permit_id = models.UUIDField(help_text="pass")
    ended = models.BooleanField(default=False)

    field_classes: ClassVar[dict[str, str]] = {"permit_id": "indirect"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["suspension", "permit_id"], name="suspended_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["permit_id"], condition=Q(ended=False), name="suspended_pass")
        ]
