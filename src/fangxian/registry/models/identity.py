"""Documents and phones: sealed, and found through keyed indexes."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from fangxian.registry.models.subjects import Subject
from fangxian.shared.ids import new_id


class DocumentKind(models.TextChoices):
    RESIDENT_ID = "resident_id", _("resident identity card")
    HMT_RESIDENCE = "hmt_residence", _("residence permit of Hong Kong, Macau and Taiwan residents")
    PASSPORT = "passport", _("passport")
    HK_MACAU_PERMIT = "hk_macau_permit", _("mainland travel permit for Hong Kong and Macau residents")
    TAIWAN_PERMIT = "taiwan_permit", _("mainland travel permit for Taiwan residents")
    FOREIGN_PR = "foreign_pr", _("foreign permanent resident card")
    OTHER = "other", _("other document")


class Document(models.Model):
    """One identity document of a subject. `number_sealed` is bound to this row (`registry_document.number.<id>`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=16, choices=DocumentKind)
    country = models.CharField(max_length=2, blank=True)
    number_sealed = models.BinaryField()
    number_index = models.BinaryField(max_length=16, help_text="blind index over kind, country and number")
    mask = models.CharField(max_length=24, help_text="what screens show, such as 310105********0013")
    verified = models.BooleanField(default=False, help_text="seen by a member of staff, or its check digit holds")

    field_classes: ClassVar[dict[str, str]] = {
        "kind": "indirect", "country": "indirect", "number_sealed": "sealed", "number_index": "keyed",
        "mask": "indirect", "verified": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["number_index", "subject"], name="document_once_per_subject")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["number_index"], name="document_lookup")]

    @staticmethod
    def aad(document_id: object) -> str:
        return f"registry_document.number.{document_id}"


class Phone(models.Model):
    """One telephone number of a subject, in E.164 before sealing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="phones")
    sealed = models.BinaryField()
    index = models.BinaryField(max_length=16)
    last4_index = models.BinaryField(max_length=16)
    mask = models.CharField(max_length=24, help_text="such as 138****1234")

    field_classes: ClassVar[dict[str, str]] = {
        "sealed": "sealed", "index": "keyed", "last4_index": "keyed", "mask": "indirect",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["index", "subject"], name="phone_once_per_subject")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["index"], name="phone_lookup"),
            models.Index(fields=["last4_index"], name="phone_last4"),
        ]

    @staticmethod
    def aad(phone_id: object) -> str:
        return f"registry_phone.number.{phone_id}"
