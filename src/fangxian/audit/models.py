"""Who did what and who read what, append-only.

Rows hold references and never personal values. There are no foreign keys on purpose: live data must not be able to
break, or to delete, the record of what was done with it.
"""

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """One act. `seal` is set later, in commit order, by `actions.seal_entries`."""

    id = models.BigAutoField(primary_key=True)
    at_us = models.BigIntegerField(help_text="when it was done, microseconds UTC")
    actor = models.CharField(max_length=40, help_text="staff id, or the name of the process that acted")
    act = models.CharField(max_length=60, help_text="dotted name, such as registry.person.revealed")
    target = models.CharField(max_length=80, blank=True, help_text="kind:id")
    place = models.CharField(max_length=40, blank=True, help_text="id of the place concerned")
    detail = models.JSONField(default=dict, help_text="codes, counts and references; no personal values")
    segment = models.DateField(null=True, help_text="the local day whose chain holds this row")
    position = models.PositiveBigIntegerField(null=True, help_text="its place in the chain of that day")
    seal = models.BinaryField(max_length=32, null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "actor": "none", "act": "none", "target": "none", "place": "none", "detail": "none", "segment": "none",
        "seal": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["target", "at_us"], name="audit_target"),
            models.Index(fields=["actor", "at_us"], name="audit_actor"),
            # read by actions.seal_entries, which walks what is not yet sealed
            models.Index(fields=["id"], condition=models.Q(seal__isnull=True), name="audit_unsealed"),
        ]


class Root(models.Model):
    """The end of a day's chain: what an outside witness keeps to detect later changes."""

    day = models.DateField(primary_key=True)
    entries = models.PositiveIntegerField()
    last_seal = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=32)

    field_classes: ClassVar[dict[str, str]] = {"last_seal": "none", "signature": "none"}
