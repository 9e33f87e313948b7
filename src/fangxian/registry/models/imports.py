"""Lists that were sent: each as a batch, the mapping that its sender uses, and the doubles that it may have made."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.places.models import Place
from fangxian.registry.models.subjects import Subject
from fangxian.shared.ids import new_id


class ImportKind(models.TextChoices):
    PERSONS = "persons", _("residents and employees")
    VEHICLES = "vehicles", _("vehicles")
    ENTERPRISES = "enterprises", _("enterprises")
    DWELLINGS = "dwellings", _("dwellings")
    AREAS = "areas", _("public areas")


class ImportStatus(models.TextChoices):
    UPLOADED = "uploaded", pgettext_lazy("list", "columns to be confirmed")
    QUEUED = "queued", pgettext_lazy("list", "waiting to be taken in")
    RUNNING = "running", pgettext_lazy("list", "being taken in")
    DONE = "done", pgettext_lazy("list", "taken in")
    FAILED = "failed", pgettext_lazy("list", "stopped")
    DROPPED = "dropped", pgettext_lazy("list", "withdrawn")


class ImportBatch(models.Model):
    """One file on its way in. The counts are written with each chunk in the chunk's own transaction, so that a batch
    that was cut off goes on at `done` and counts nothing twice."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=ImportKind)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    sender = models.CharField(max_length=40, help_text="actor who sent it")
    file_name = models.CharField(max_length=100)
    file = models.CharField(max_length=64, help_text="digest in files")
    default_year = models.PositiveSmallIntegerField(help_text="for dates written without a year")
    mapping = models.JSONField(default=dict, help_text="heading to field")
    status = models.CharField(max_length=10, choices=ImportStatus, default=ImportStatus.UPLOADED)
    rows = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="rows decided so far")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=list, help_text="sheets and rows that are no data, with the reason")
    reports = models.JSONField(default=dict, help_text="language to digest of the workbook of refused rows")
    firms = models.JSONField(
        default=list, help_text="ids of the enterprises whose people alone it may name; empty: all"
    )
    counted = models.JSONField(default=dict, help_text="what would become of its rows, as far as they were looked at")
    failure = models.CharField(max_length=40, blank=True, help_text="code of what stopped it")
    sent_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "sender": "none", "file_name": "indirect", "file": "none", "kind": "none", "mapping": "none", "notes": "none",
        "reports": "none", "firms": "none", "counted": "none", "failure": "none", "status": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(done=F("created") + F("updated") + F("unchanged") + F("refused")),
                name="import_every_row_is_counted",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            # the worker asks for the next one to take in
            models.Index(fields=["status", "sent_at"], name="import_queue"),
            models.Index(fields=["place", "-sent_at"], name="import_of_place"),
        ]


class ImportMapping(models.Model):
    """How one sender's headings were mapped the last time; proposed again for the same headings."""

    id = models.BigAutoField(primary_key=True)
    sender = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=ImportKind)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the headings, whatever their order")
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField()

    field_classes: ClassVar[dict[str, str]] = {
        "sender": "none", "kind": "none", "fingerprint": "none", "mapping": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sender", "kind", "fingerprint"], name="mapping_once_per_sender")
        ]


class Verdict(models.TextChoices):
    OPEN = "open", pgettext_lazy("two records", "to be decided")
    SAME = "same", pgettext_lazy("two records", "the same")
    DIFFERENT = "different", pgettext_lazy("two records", "two different ones")


class Candidate(models.Model):
    """Two subjects that may be one. Both are kept until a person decides."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    newer = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    older = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(ImportBatch, null=True, on_delete=models.PROTECT, related_name="candidates")
    score = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list, help_text="codes of what agrees and what differs")
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.OPEN)
    decided_by = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "reasons": "none", "verdict": "none", "score": "none", "decided_by": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["newer", "older"], name="candidate_once"),
            models.CheckConstraint(condition=~Q(newer=F("older")), name="candidate_two_subjects"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["batch"], condition=Q(verdict="open"), name="candidate_open")
        ]
