"""Plans, cohorts, duties, gaps and the counters over them. Instants are microseconds UTC.

Foreign keys of the large tables have no index of their own where a composite one serves: a million gaps in a morning
pay for each index, and their parents are never deleted.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place
from fangxian.registry.models import Subject, SubjectKind
from fangxian.shared.ids import new_id


class Playbook(models.Model):
    """One applied version of the emergency plan, whole. Processes read this row and never the files."""

    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    content = models.TextField(help_text="the plan as canonical JSON")
    effective_us = models.BigIntegerField()
    in_force_us = models.BigIntegerField(null=True, help_text="when its rules were brought into force")
    bringing_until_us = models.BigIntegerField(null=True, help_text="lease of the process that brings it into force")
    applied_us = models.BigIntegerField()
    applied_by = models.CharField(max_length=40)
    reason = models.CharField(max_length=200, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "name": "none", "version": "none", "sha256": "none", "content": "none", "applied_by": "none",
        "reason": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["effective_us"], name="playbook_effective")]


class Rule(models.Model):
    """A rule of the plan in force. The key is stable over versions; `spec` is the rule as the plan says it now."""

    key = models.CharField(max_length=64, unique=True)
    cohort = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=12, choices=SubjectKind)
    corner = models.BooleanField(default=True, help_text="counts in the three big numbers")
    spec = models.JSONField()
    playbook = models.ForeignKey(Playbook, null=True, on_delete=models.PROTECT, related_name="rules")
    active = models.BooleanField(default=True)

    field_classes: ClassVar[dict[str, str]] = {"key": "none", "cohort": "none", "subject_kind": "none", "spec": "none"}

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["cohort"], name="rule_cohort")]

    def __str__(self) -> str:
        return self.key


class Cohort(models.Model):
    """A named group that owes what the rules of that name say; `instance` tells one round from the next."""

    key = models.CharField(max_length=64)
    instance = models.CharField(max_length=40, blank=True)
    closed_us = models.BigIntegerField(null=True)

    field_classes: ClassVar[dict[str, str]] = {"key": "none", "instance": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "instance"], name="cohort_once")
        ]


class Member(models.Model):
    """A subject belongs to a cohort, from and until. `node` counts it; `place` is where it is found."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="members")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    since_us = models.BigIntegerField()
    opens_us = models.BigIntegerField(help_text="start of the first window, for duties that are owed once")
    due_us = models.BigIntegerField(null=True, help_text="due time, for duties that are owed once")
    until_us = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["cohort", "subject"], condition=Q(until_us__isnull=True), name="member_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["subject"], name="member_subject")]


class Duty(models.Model):
    """What one subject owes under one rule, in its current window.

    `deadline_us` is due time plus grace, and null when nothing more is owed. `node` counts the current window and stays
    as it was when the window opened; `node_next` is where the subject belongs now.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="duties", db_index=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="duties", db_index=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="duties", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    node_next = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    window_us = models.BigIntegerField(help_text="start of the window that is owed next")
    due_us = models.BigIntegerField()
    deadline_us = models.BigIntegerField(null=True)
    last_us = models.BigIntegerField(null=True, help_text="when it was last fulfilled, as observed")
    step = models.PositiveSmallIntegerField(default=0, help_text="first step of the escalation, raised by a refusal")
    ended_us = models.BigIntegerField(null=True, help_text="withdrawn from the cohort, or its rule ended")

    class Meta:
        verbose_name = _("duty")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["rule", "cohort", "subject"], condition=Q(ended_us__isnull=True), name="duty_once"
            ),
            models.CheckConstraint(condition=Q(due_us__gte=F("window_us")), name="duty_due_in_window"),
            models.CheckConstraint(
                condition=Q(deadline_us__isnull=True) | Q(deadline_us__gte=F("due_us")), name="duty_grace"
            ),
            models.CheckConstraint(
                condition=Q(ended_us__isnull=True) | Q(deadline_us__isnull=True), name="ended_duty_owes_nothing"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # the sweep walks this one
            models.Index(fields=["deadline_us"], condition=Q(deadline_us__isnull=False), name="duty_sweep"),
            # with the cohort: SQLite else reads a whole cohort to find the few subjects of a batch of records
            models.Index(fields=["subject", "cohort"], name="duty_subject"),
            models.Index(fields=["node", "rule"], condition=Q(deadline_us__isnull=False), name="duty_owed_at_node"),
        ]


class OneOff(models.Model):
    """What was given by a person or an action: what, to whom, until when. Its deadline is on the duty."""

    duty = models.OneToOneField(Duty, primary_key=True, on_delete=models.CASCADE, related_name="one_off")
    title = models.CharField(max_length=120)
    note = models.CharField(max_length=400, blank=True)
    role = models.CharField(max_length=24, blank=True)
    staff = models.UUIDField(null=True, help_text="when it is given to one person")
    about = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=80, blank=True, help_text="what gave rise to it, as kind:id")
    given_us = models.BigIntegerField()
    given_by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "title": "indirect", "note": "indirect", "role": "none", "staff": "direct", "source": "none",
        "given_by": "none",
    }  # fmt: skip


class Outcome(models.TextChoices):
    MET = "met", _("met")
    LATE = "late", _("late")
    EXTRA = "extra", _("more than was owed")


class Fulfilment(models.Model):
    """A record from the field counted for a window. `observed_us` judges it, `received_us` explains it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="fulfilments", db_index=False)
    window_us = models.BigIntegerField()
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=5, choices=Outcome)
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    ref = models.CharField(max_length=60, help_text="the record, as kind:id")
    by = models.CharField(max_length=40)
    playbook = models.ForeignKey(Playbook, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    field_classes: ClassVar[dict[str, str]] = {"outcome": "none", "ref": "none", "by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # a record that is sent again counts once for a window
            models.UniqueConstraint(fields=["duty", "window_us", "ref"], name="fulfilment_once")
        ]


class Cause(models.TextChoices):
    MISSED = "missed", _("not done in time")
    UNKNOWN = "unknown", _("our own channel was down; ask again")
    WAIVED = "waived", _("waived before it was due")


class GapStatus(models.TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")
    WAIVED = "waived", _("waived")


class Gap(models.Model):
    """A window that passed without its duty being fulfilled. `lapsed_us` is when that became true.

    `node` is frozen: a late record corrects the counters of the window and the place where it was owed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="gaps", db_index=False)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="gaps", db_index=False)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    window_us = models.BigIntegerField()
    due_us = models.BigIntegerField()
    lapsed_us = models.BigIntegerField()
    noticed_us = models.BigIntegerField()
    step = models.PositiveSmallIntegerField(default=0)
    cause = models.CharField(max_length=8, choices=Cause)
    status = models.CharField(max_length=6, choices=GapStatus, default=GapStatus.OPEN)
    outcome = models.CharField(max_length=5, choices=Outcome, blank=True)
    closed_us = models.BigIntegerField(null=True)
    closed_by = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="why it was waived")
    playbook = models.ForeignKey(Playbook, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    field_classes: ClassVar[dict[str, str]] = {
        "cause": "none", "status": "none", "outcome": "none", "closed_by": "none", "reason": "indirect",
    }  # fmt: skip

    class Meta:
        verbose_name = _("gap")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["duty", "window_us"], name="gap_once_per_window"),
            models.CheckConstraint(
                condition=Q(status=GapStatus.OPEN, closed_us__isnull=True, outcome="")
                | Q(status=GapStatus.CLOSED, closed_us__isnull=False) & ~Q(outcome="")
                | Q(status=GapStatus.WAIVED, closed_us__isnull=False, outcome="") & ~Q(reason=""),
                name="gap_closed_with_outcome_or_reason",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["node", "lapsed_us"], condition=Q(status="open"), name="gap_open_at_node"),
            models.Index(fields=["lapsed_us"], condition=Q(status="open"), name="gap_open"),
        ]


class GapNote(models.Model):
    """Something done about a gap: a call, a hand-over, a word."""

    class Kind(models.TextChoices):
        CALL = "call", _("called")
        NOTE = "note", _("note")
        TAKEN = "taken", _("taken on")
        ATTEMPT = "attempt", _("tried, nobody home")
        REFUSED = "refused", _("refused")
        REOPENED = "reopened", _("opened again")

    id = models.BigAutoField(primary_key=True)
    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(max_length=400, blank=True)
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"kind": "none", "text": "indirect", "by": "none"}


class Opened(models.Model):
    """The window of a rule has been opened: `expected` of its counters was set from the headcount of that moment."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="+", db_index=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+", db_index=False)
    window_us = models.BigIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "cohort", "window_us"], name="opened_once")
        ]


class Counter(models.Model):
    """Per rule, window and node. `open` is what remains: expected - met - late - missed - unknown - waived."""

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="+", db_index=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+", db_index=False)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    window_us = models.BigIntegerField()
    day = models.DateField(help_text="the local day of the window's start")
    expected = models.IntegerField(default=0)
    met = models.IntegerField(default=0)
    late = models.IntegerField(default=0)
    missed = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    waived = models.IntegerField(default=0)

    field_classes: ClassVar[dict[str, str]] = {"day": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "cohort", "window_us", "node"], name="counter_once"),
            models.CheckConstraint(
                condition=Q(met__gte=0, late__gte=0, missed__gte=0, unknown__gte=0, waived__gte=0),
                name="counter_not_negative",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # without (node, day) PostgreSQL walks the whole table for one street's board
            models.Index(fields=["node", "day"], name="counter_node_day"),
            models.Index(fields=["day", "rule"], name="counter_day_rule"),
        ]


class Headcount(models.Model):
    """Members of a cohort at a node: what the next window will expect."""

    id = models.BigAutoField(primary_key=True)
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="+", db_index=False)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    count = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cohort", "node"], name="headcount_once"),
            models.CheckConstraint(condition=Q(count__gte=0), name="headcount_not_negative"),
        ]


class Standing(models.Model):
    """Of one subject: how many duties it is enrolled in that count as corners, and how many gaps it has open."""

    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="standing")
    kind = models.CharField(max_length=12, choices=SubjectKind)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    enrolled = models.IntegerField(default=0)
    open_gaps = models.IntegerField(default=0)

    field_classes: ClassVar[dict[str, str]] = {"kind": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(enrolled__gte=0, open_gaps__gte=0), name="standing_not_negative")
        ]


class Tally(models.Model):
    """Subjects of a kind at a node: enrolled in anything, and with a gap open. The three big numbers are sums of it."""

    id = models.BigAutoField(primary_key=True)
    node = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=SubjectKind)
    enrolled = models.IntegerField(default=0)
    uncovered = models.IntegerField(default=0)

    field_classes: ClassVar[dict[str, str]] = {"kind": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["node", "kind"], name="tally_once"),
            models.CheckConstraint(condition=Q(enrolled__gte=0, uncovered__gte=0), name="tally_not_negative"),
        ]


class Heartbeat(models.Model):
    """The channel was up in this minute."""

    id = models.BigAutoField(primary_key=True)
    channel = models.CharField(max_length=64)
    minute_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"channel": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["channel", "minute_us"], name="heartbeat_once")
        ]
