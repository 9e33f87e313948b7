"""The kinds and states of passes, below the rows so that the rules about them can be part of the rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PassKind(models.TextChoices):
    RESIDENT = "resident", _("resident permit")
    EMPLOYEE = "employee", _("employee pass")
    VISITOR = "visitor", _("visitor pass")
    COURIER = "courier", _("courier pass")
    VEHICLE = "vehicle", _("vehicle pass")


class PassStatus(models.TextChoices):
    LIVE = "live", _("in force")
    SUSPENDED = "suspended", _("suspended")
    REVOKED = "revoked", _("revoked")


class Zone(models.TextChoices):
    """A group of floors, never a state of health. The letter and a pattern go with the colour everywhere."""

    NONE = "", _("no zone")
    RED = "R", _("red zone")
    YELLOW = "Y", _("yellow zone")
    BLUE = "B", _("blue zone")


class Direction(models.TextChoices):
    IN = "in", _("entry")
    OUT = "out", _("exit")
    BOTH = "both", _("entry and exit")
