"""Enterprises: what the street knows beyond the register, and their filings for the return to work."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Firm(models.Model):
    """An enterprise as a tenant that the street looks after. The id is the subject's; name, aliases, credit code,
    industry and headcount stand in the register."""

    enterprise = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="firm")
    landlord = models.CharField(max_length=120, blank=True)
    landlord_soe = models.BooleanField(null=True, help_text="the landlord is state-owned; null: not known")
    worker = models.UUIDField(null=True, help_text="party building worker who visits it: staff member")
    visited_us = models.BigIntegerField(null=True)
    changed_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"landlord": "none", "worker": "indirect"}

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["worker"], name="firm_worker")]


class Visit(models.Model):
    """A party building worker was at an enterprise."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="firm_visits", db_index=False)
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    note = models.CharField(max_length=400, blank=True)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"note": "indirect", "by": "none"}

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["enterprise", "observed_us"], name="firm_visit")]


class PostKind(models.TextChoices):
    CHARGE = "charge", _("in charge of epidemic control")
    MEASURE = "measure", _("measures temperatures")
    CLEAN = "clean", _("cleans and disinfects")
    SUPPLIES = "supplies", _("keeps supplies")
    REPORT = "report", _("reports each day")


class FirmPost(models.Model):
    """A named post of an enterprise (岗位责任制)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="posts", db_index=False)
    kind = models.CharField(max_length=8, choices=PostKind)
    name = models.CharField(max_length=60)
    until_us = models.BigIntegerField(null=True)
    since_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"kind": "none", "name": "direct", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["enterprise", "kind", "name"], condition=Q(until_us__isnull=True), name="firm_post_once"
            )
        ]


class FilingStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("filing", "draft")
    SUBMITTED = "submitted", pgettext_lazy("filing", "submitted")
    ENDORSED = "endorsed", pgettext_lazy("filing", "checked by the building worker")
    RETURNED = "returned", pgettext_lazy("filing", "returned")
    ACCEPTED = "accepted", pgettext_lazy("filing", "accepted")
    SUSPENDED = "suspended", pgettext_lazy("filing", "suspended")
    ENDED = "ended", pgettext_lazy("filing", "ended")


class FilingAct(models.TextChoices):
    SUBMIT = "submit", pgettext_lazy("filing", "submit")
    ENDORSE = "endorse", pgettext_lazy("filing", "endorse")
    RETURN = "return", pgettext_lazy("filing", "return with reasons")
    ACCEPT = "accept", pgettext_lazy("filing", "accept")
    SUSPEND = "suspend", pgettext_lazy("filing", "suspend")
    RESUME = "resume", pgettext_lazy("filing", "resume")
    END = "end", pgettext_lazy("filing", "end")


class Filing(models.Model):
    """One enterprise's filing to return to work in one building. `place` is the building.

    A tenant in two buildings files for each. What is asked of arrival (`ask_from`, `ask_until`, minutes of the local
    day; `ask_home`, percent who work from home) is a wish; what holds is the plan of the return wave.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    enterprise = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="filings", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="filings", db_index=False)
    status = models.CharField(max_length=9, choices=FilingStatus, default=FilingStatus.DRAFT)
    version = models.PositiveSmallIntegerField(default=0, help_text="times it was submitted")
    in_charge = models.CharField(max_length=60, blank=True)
    phone_sealed = models.BinaryField(blank=True, default=b"")
    phone_mask = models.CharField(max_length=24, blank=True)
    start_on = models.DateField(null=True)
    people = models.PositiveIntegerField(null=True, help_text="who come back to work on the premises")
    plan = models.TextField(blank=True, help_text="the enterprise's own plan of prevention")
    isolation = models.CharField(max_length=120, blank=True, help_text="where somebody with a fever waits")
    ask_from = models.PositiveSmallIntegerField(null=True)
    ask_until = models.PositiveSmallIntegerField(null=True)
    ask_home = models.PositiveSmallIntegerField(default=0)
    statement = models.ForeignKey("Statement", null=True, on_delete=models.PROTECT, related_name="+")
    submitted_us = models.BigIntegerField(null=True)
    decided_us = models.BigIntegerField(null=True)
    created_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "status": "none", "in_charge": "direct", "phone_sealed": "direct", "phone_mask": "indirect", "plan": "none",
        "isolation": "none", "by": "none", "start_on": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["enterprise", "place"], condition=~Q(status="ended"), name="filing_once"),
            models.CheckConstraint(condition=Q(ask_home__lte=100), name="filing_home_share"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["place", "status"], name="filing_of_building")]


class FilingStep(models.Model):
    """One thing that happened to a filing, with the time since the one before. Appended, never changed."""

    id = models.BigAutoField(primary_key=True)
    filing = models.ForeignKey(Filing, on_delete=models.CASCADE, related_name="steps")
    act = models.CharField(max_length=8, choices=FilingAct)
    before = models.CharField(max_length=9, choices=FilingStatus)
    after = models.CharField(max_length=9, choices=FilingStatus)
    version = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list, help_text="keys of the plan's list of reasons")
    text = models.CharField(max_length=400, blank=True)
    at_us = models.BigIntegerField()
    took_us = models.BigIntegerField(help_text="since the step before, or since it was begun")
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "act": "none", "before": "none", "after": "none", "reasons": "none", "text": "indirect", "by": "none",
    }  # fmt: skip
