"""Rounds, what was found at doors and vehicles, and what the field saw that the register lacks.

Instants are microseconds UTC.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.duties.models import Duty, Playbook
from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class RoundKind(models.TextChoices):
    """What a round goes through."""

    DOORS = "doors", _("doors")
    PEOPLE = "people", _("people")
    VEHICLES = "vehicles", _("vehicles")


class RoundStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("round", "open")
    CLOSED = "closed", pgettext_lazy("round", "closed")


class DoorDisposition(models.TextChoices):
    MET = "met", _("met")
    NOBODY_HOME = "nobody_home", _("nobody home")
    VACANT = "vacant", _("vacant")
    LET = "let", _("let")
    REFUSED = "refused", _("refused")


class VehicleDisposition(models.TextChoices):
    RESIDENT = "resident", _("resident's")
    VISITOR = "visitor", _("visitor's")
    KEY_REGION = "key_region", _("from a key region")
    UNKNOWN = "unknown", pgettext_lazy("vehicle", "unknown")


class Presence(models.TextChoices):
    PRESENT = "present", _("present")
    AWAY = "away", _("away, accounted for")
    GONE = "gone", _("no longer lives here")


class Travel(models.TextChoices):
    """The answer to "where have you been lately"."""

    NOT_ASKED = "", _("not asked")
    NONE = "none", _("not been away")
    ELSEWHERE = "elsewhere", _("been away, no key region")
    KEY_REGION = "key_region", _("been to a key region")


class Mark(models.TextChoices):
    """What a record says against something else that is known. A mark never stops a record from being stored."""

    REGISTERED_THERE = "registered_there", _("recorded as vacant, but people are registered there")
    VISITED_MEANWHILE = "visited_meanwhile", _("somebody else recorded this meanwhile")
    ROUND_CLOSED = "round_closed", _("observed after the round was closed")
    PLACE_CLOSED = "place_closed", _("this place is closed in the register")
    CLOCK = "clock", _("the device's clock was wrong; the time was corrected")
    CLOCK_UNSURE = "clock_unsure", _("the device's clock was changed; the time is only bounded")
    NOT_IN_ROUND = "not_in_round", _("not enrolled in this round")


class FindingKind(models.TextChoices):
    PERSON = "person", _("person")
    DWELLING = "dwelling", _("dwelling")
    VEHICLE = "vehicle", _("vehicle")


class FindingStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("finding", "to be registered")
    REGISTERED = "registered", pgettext_lazy("finding", "registered")
    DISMISSED = "dismissed", pgettext_lazy("finding", "dismissed")


class Round(models.Model):
    """One going-through of every door, person and vehicle below a place, between two instants.

    The cohorts of a round carry `instance` = the id's 32 hex digits.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(max_length=80)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="rounds")
    kinds = models.JSONField(default=list, help_text="values of RoundKind")
    opens_us = models.BigIntegerField()
    due_us = models.BigIntegerField()
    status = models.CharField(max_length=6, choices=RoundStatus, default=RoundStatus.OPEN)
    playbook = models.ForeignKey(Playbook, null=True, on_delete=models.PROTECT, related_name="+")
    opened_us = models.BigIntegerField()
    opened_by = models.CharField(max_length=40)
    enrolled_us = models.BigIntegerField(null=True, help_text="when everybody of the start had been enrolled")
    closed_us = models.BigIntegerField(null=True)
    closed_by = models.CharField(max_length=40, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "title": "none", "kinds": "none", "status": "none", "opened_by": "none", "closed_by": "none", "place": "none",
        "playbook": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("round")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(due_us__gt=F("opens_us")), name="round_period"),
            models.CheckConstraint(
                condition=Q(status="open", closed_us__isnull=True) | Q(status="closed", closed_us__isnull=False),
                name="round_closed_when",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["status", "due_us"], name="round_status")]

    def __str__(self) -> str:
        return self.title

    @property
    def instance(self) -> str:
        return self.id.hex


class Seen(models.Model):
    """When and by whom something was seen in the field, and when we heard of it.

    `observed_us` is corrected for a wrong clock of the device; `device_us` is what the device said, where it differed.
    """

    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    device_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)
    offline = models.BooleanField(default=False)
    marks = models.JSONField(default=list, help_text="values of Mark")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


_SEEN_CLASSES = {"by": "none", "offline": "none", "marks": "none", "note": "indirect"}


class DoorVisit(Seen):
    """A worker stood at a door. Append-only; the id is made on the device, so that sending it again is harmless."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="visits")
    dwelling = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="visits")
    disposition = models.CharField(max_length=12, choices=DoorDisposition)
    next_try_us = models.BigIntegerField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        **_SEEN_CLASSES, "disposition": "indirect", "dwelling": "indirect", "round": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("door visit")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(next_try_us__isnull=True) | Q(disposition="nobody_home"), name="next_try_when_nobody_home"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["round", "dwelling", "observed_us"], name="visit_round_door"),
            models.Index(fields=["dwelling", "observed_us"], name="visit_door"),
        ]


class VisitPerson(models.Model):
    """What was said of one person at a visit. `name` is set only where the register does not know the person."""

    id = models.BigAutoField(primary_key=True)
    visit = models.ForeignKey(DoorVisit, on_delete=models.PROTECT, related_name="people")
    subject = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="visits")
    name = models.CharField(max_length=80, blank=True)
    presence = models.CharField(max_length=7, choices=Presence)
    travel = models.CharField(max_length=10, choices=Travel, blank=True)
    regions = models.JSONField(default=list, help_text="keys of the playbook's key regions")

    field_classes: ClassVar[dict[str, str]] = {
        "name": "direct", "presence": "indirect", "travel": "indirect", "regions": "indirect", "subject": "direct",
        "visit": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, name="") | Q(subject__isnull=True) & ~Q(name=""),
                name="visit_person_known_or_named",
            ),
            models.UniqueConstraint(
                fields=["visit", "subject"], condition=Q(subject__isnull=False), name="visit_person_once"
            ),
        ]


class VehicleSighting(Seen):
    """A vehicle was seen parked. `vehicle` is null where the register does not know the plate."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="sightings")
    plate = models.CharField(max_length=12)
    vehicle = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="sightings")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="sightings")
    disposition = models.CharField(max_length=10, choices=VehicleDisposition)
    host = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="hosted_vehicles")
    travel = models.CharField(max_length=10, choices=Travel, blank=True)
    regions = models.JSONField(default=list, help_text="keys of the playbook's key regions")

    field_classes: ClassVar[dict[str, str]] = {
        **_SEEN_CLASSES, "plate": "direct", "disposition": "indirect", "travel": "indirect", "regions": "indirect",
        "vehicle": "direct", "place": "indirect", "host": "indirect", "round": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("vehicle sighting")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["round", "plate", "observed_us"], name="sighting_round_plate"),
            models.Index(fields=["vehicle", "observed_us"], name="sighting_vehicle"),
        ]


class UnregisteredFinding(models.Model):
    """Seen in the field and not in the register: itself a gap, with a duty for somebody to register it.

    `label` is a name, a plate or an address as told. `subject` is who or what it turned out to be.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=FindingKind)
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="findings")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="findings")
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=120)
    label_key = models.CharField(max_length=120, help_text="folded, so that one thing seen twice is one finding")
    visit = models.ForeignKey(DoorVisit, null=True, on_delete=models.PROTECT, related_name="findings")
    sighting = models.ForeignKey(VehicleSighting, null=True, on_delete=models.PROTECT, related_name="findings")
    duty = models.ForeignKey(Duty, null=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    subject = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="findings")
    reason = models.CharField(max_length=200, blank=True, help_text="why it was dismissed")
    observed_us = models.BigIntegerField()
    found_by = models.CharField(max_length=40)
    ended_us = models.BigIntegerField(null=True)
    ended_by = models.CharField(max_length=40, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "label": "direct", "label_key": "direct", "kind": "none", "status": "none", "reason": "none",
        "found_by": "none", "ended_by": "none", "place": "indirect", "node": "none", "subject": "direct",
        "round": "none", "visit": "none", "sighting": "none", "duty": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("unregistered finding")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(status="open", ended_us__isnull=True)
                | Q(status="registered", ended_us__isnull=False)
                | Q(status="dismissed", ended_us__isnull=False) & ~Q(reason=""),
                name="finding_ended_when",
            ),
            models.UniqueConstraint(
                fields=["kind", "place", "label_key"], condition=Q(status="open"), name="finding_open_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["node", "observed_us"], condition=Q(status="open"), name="finding_open_at_node"),
            models.Index(fields=["kind", "label_key"], condition=Q(status="open"), name="finding_open_label"),
        ]


class DayPack(models.Model):
    """A worker's phone took the doors of these nodes along for one shift. Records made from it name it.

    A record is accepted from the one who took the pack, for the nodes that it held, even when a role ended meanwhile:
    the worker did stand there. `epoch` is the session epoch at which it was given.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.UUIDField()
    nodes = models.JSONField(default=list, help_text="ids of the counting nodes in the pack")
    rounds = models.JSONField(default=list, help_text="ids of the rounds in the pack")
    issued_us = models.BigIntegerField()
    expires_us = models.BigIntegerField()
    epoch = models.PositiveIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"staff": "none", "nodes": "none", "rounds": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(expires_us__gt=F("issued_us")), name="day_pack_period")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["staff", "issued_us"], name="day_pack_staff")]
