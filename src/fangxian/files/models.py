"""Photos and documents: the sealed bytes lie in a folder beside the database, a row here says what each is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FileKind(models.TextChoices):
    PHOTO = "photo", _("photo")
    DOCUMENT = "document", _("document")


class StoredFile(models.Model):
    """One content, named by the SHA-256 of its plain bytes (of a photo: after re-encoding).

    The same content stored twice is one row. `delete_after` is then the later of the two terms, and null when one of
    those who stored it gave no term.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    kind = models.CharField(max_length=8, choices=FileKind)
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField(help_text="plain bytes")
    created_us = models.BigIntegerField()
    created_by = models.CharField(max_length=40)
    retention = models.CharField(max_length=64, help_text="key of the playbook's retention section")
    delete_after = models.DateTimeField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "digest": "none", "kind": "none", "media_type": "none", "created_by": "none", "retention": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["delete_after"], condition=Q(delete_after__isnull=False), name="file_purge")
        ]
