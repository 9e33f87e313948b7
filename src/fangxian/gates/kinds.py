"""Kinds and states of passes and of what happens at gates, below the rows so that rules can be part of the rows."""

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


class ContradictionKind(models.TextChoices):
    DOUBLE_USE = "double_use", _("used at two places at once")
    NOT_IN_FORCE = "not_in_force", _("admitted on a pass that was not in force")
    HELD = "held", _("let out while under observation")
    OVER_QUOTA = "over_quota", _("more outings than allowed")
    OVER_CAP = "over_cap", _("more people than the gate's cap")
    FORGED = "forged", _("a forged pass was shown")
    UNCHECKED = "unchecked", _("a turnstile opened without a check")
    UNKNOWN_VEHICLE = "unknown_vehicle", _("a vehicle that the register lacks")
    OTHER = "other", _("admitted against what the server decides")


class Compared(models.TextChoices):
    CODE = "code", _("pick-up code compared")
    NAME = "name", _("name compared")
