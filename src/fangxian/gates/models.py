"""Gates and their devices, signed passes, checks, and what the checks add up to. Instants are microseconds UTC.

`Check` is the hot table: it is only appended to, in batches (`actions/checks.py`), and is its own audit and outbox.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.gates.arrivals import ArrivalSlot as ArrivalSlot
from fangxian.gates.kinds import Compared as Compared
from fangxian.gates.kinds import ContradictionKind as ContradictionKind
from fangxian.gates.kinds import Direction as Direction
from fangxian.gates.kinds import PassKind as PassKind
from fangxian.gates.kinds import PassStatus as PassStatus
from fangxian.gates.kinds import Zone as Zone
from fangxian.gates.single import CONSTRAINTS
from fangxian.places.models import Place
from fangxian.registry.models import Subject
from fangxian.shared.ids import new_id


class Outcome(models.TextChoices):
    ADMIT = "admit", _("admitted")
    REFUSE = "refuse", pgettext_lazy("at a gate", "refused")
    HOLD = "hold", _("held")
    REFER = "refer", _("referred to the health centre")


class Method(models.TextChoices):
    FOREHEAD = "forehead", _("forehead")
    AXILLARY = "axillary", _("axillary")
    CAMERA = "camera", _("thermal camera")


class SigningKey(models.Model):
    """A key that signs passes. Several verify at once; the newest that is not retired signs."""

    kid = models.PositiveSmallIntegerField(primary_key=True)
    private_sealed = models.BinaryField(help_text="PKCS 8 PEM, sealed")
    public_x = models.BinaryField(max_length=32)
    public_y = models.BinaryField(max_length=32)
    created_us = models.BigIntegerField()
    retired_us = models.BigIntegerField(null=True, help_text="signs no more; what it signed is still good")
    distrusted_us = models.BigIntegerField(null=True, help_text="what it signed is refused from here on")

    field_classes: ClassVar[dict[str, str]] = {"private_sealed": "secret", "public_x": "none", "public_y": "none"}


FORGOTTEN = "–"
"""Stands where the name of a visitor stood."""


class Pass(models.Model):
    """A signed permit of one subject (a person, a household, a vehicle) for one place, perhaps for one gate.

    `place` is the compound or building. `digest` is SHA-256 of the token, by which an online gate finds the row
    without verifying a signature. A pass that is issued again gets a new row, and the old one is revoked.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=12, unique=True, help_text="read out or typed by hand at a gate")
    kind = models.CharField(max_length=10, choices=PassKind)
    subject = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="passes")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="passes")
    gate = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="staff_passes")
    host = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="hosted_passes")
    holder = models.CharField(max_length=120, help_text="the name on the pass")
    company = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=1, choices=Zone, blank=True)
    photo = models.CharField(max_length=64, blank=True, help_text="digest in files")
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField()
    slot_from = models.PositiveSmallIntegerField(null=True, help_text="arrival slot, minutes of the local day")
    slot_until = models.PositiveSmallIntegerField(null=True)
    once = models.BooleanField(default=False, help_text="good for one entry")
    status = models.CharField(max_length=9, choices=PassStatus, default=PassStatus.LIVE)
    reason = models.CharField(max_length=200, blank=True, help_text="why it is not in force")
    changed_us = models.BigIntegerField(help_text="last change of status; devices ask for what changed since")
    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.TextField()
    digest = models.BinaryField(max_length=32, unique=True)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    followed = models.BooleanField(default=False, help_text="over, and its subject was given the next one")
    wallet = models.CharField(max_length=32, unique=True, help_text="random part of the holder's own page's address")
    issued_us = models.BigIntegerField()
    issued_by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "holder": "direct", "company": "none", "photo": "sensitive", "token": "secret", "digest": "none",
        "wallet": "secret", "reason": "indirect", "number": "none", "subject": "direct", "place": "indirect",
        "kind": "none", "zone": "none", "status": "none", "issued_by": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("pass")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(until_us__gt=F("from_us")), name="pass_period"),
            models.CheckConstraint(
                condition=Q(status=PassStatus.LIVE, reason="") | ~Q(status=PassStatus.LIVE) & ~Q(reason=""),
                name="pass_not_in_force_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(slot_from__isnull=True, slot_until__isnull=True) | Q(slot_until__gt=F("slot_from")),
                name="pass_slot",
            ),
            *CONSTRAINTS,
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["place", "status", "kind"], name="pass_place"),
            models.Index(fields=["changed_us"], condition=~Q(status="live"), name="pass_not_in_force"),
            # few passes have an arrival slot, and each board asks for them every few seconds
            models.Index(fields=["place", "slot_from"], condition=Q(slot_from__isnull=False), name="pass_slots"),
            # whether another pass still shows a photo that one has no more
            models.Index(fields=["photo"], condition=~Q(photo=""), name="pass_photo"),
            # whose names are still to be forgotten
            models.Index(
                fields=["until_us"],
                condition=Q(kind__in=("visitor", "courier")) & ~Q(holder=FORGOTTEN),
                name="pass_visitor",
            ),
        ]


class GateSetup(models.Model):
    """How one gate works. `door` is the counter inside the gate, such as a tenant's own desk: a gate inside a gate."""

    gate = models.OneToOneField(Place, primary_key=True, on_delete=models.PROTECT, related_name="gate_setup")
    direction = models.CharField(max_length=4, choices=Direction, default=Direction.BOTH)
    is_open = models.BooleanField(default=True)
    staffed = models.BooleanField(default=True, help_text="owes a guard in each slot of the rota")
    zones = models.CharField(max_length=3, blank=True, help_text="letters of the zones that use this door; empty: all")
    day_cap = models.PositiveIntegerField(null=True, help_text="most entries a day through this gate")
    inner_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="inner")
    inner_enterprise = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="+")
    has_turnstile = models.BooleanField(default=False)
    changed_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"zones": "none", "direction": "none"}


class DeviceKind(models.TextChoices):
    TABLET = "tablet", _("gate tablet")
    THERMOMETER = "thermometer", _("thermometer")
    TURNSTILE = "turnstile", _("turnstile")
    CAMERA = "camera", _("plate camera")


class Device(models.Model):
    """A machine at a gate. Its token is shown once; only the digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=DeviceKind)
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="devices")
    name = models.CharField(max_length=60)
    serial = models.CharField(max_length=60, blank=True)
    in_charge = models.UUIDField(null=True, help_text="staff member")
    calibration_due = models.DateField(null=True)
    digest = models.BinaryField(max_length=32, null=True, unique=True, help_text="SHA-256 of the token")
    enrolled_us = models.BigIntegerField(help_text="when it was last given a token, or registered")
    revoked_us = models.BigIntegerField(null=True)
    revoked_reason = models.CharField(max_length=200, blank=True)
    seen_us = models.BigIntegerField(null=True)

    field_classes: ClassVar[dict[str, str]] = {
        "name": "none", "serial": "none", "digest": "secret", "revoked_reason": "none", "in_charge": "indirect",
        "kind": "none", "calibration_due": "none",
    }  # fmt: skip


class Check(models.Model):
    """One person or vehicle at one gate, as it was decided. Never changed but for `folded`.

    References are plain ids without constraints: the row is stored whatever they point at. `place` is the gate's
    compound or building. `decidec` is the temperature in tenths of a degree.
    """

    id = models.UUIDField(primary_key=True, editable=False, help_text="made by the device")
    gate_id = models.UUIDField()
    place_id = models.UUIDField()
    pass_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    household_id = models.UUIDField(null=True)
    direction = models.CharField(max_length=4, choices=Direction)
    outcome = models.CharField(max_length=6, choices=Outcome)
    code = models.CharField(max_length=24, help_text="of rules.Code")
    said = models.CharField(
        max_length=6,
        choices=Outcome,
        blank=True,
        help_text="what the server decides, where the device or the guard decided otherwise",
    )
    marks = models.CharField(max_length=120, blank=True, help_text="contradictions and clocks, with commas between")
    decidec = models.SmallIntegerField(null=True)
    method = models.CharField(max_length=8, choices=Method, blank=True)
    mask = models.BooleanField(null=True)
    identity = models.BooleanField(null=True, help_text="the guard compared the person with the pass")
    declared = models.BooleanField(null=True, help_text="the declaration was in date or made on the spot")
    plate = models.CharField(max_length=12, blank=True)
    occupants = models.PositiveSmallIntegerField(null=True)
    first_id = models.UUIDField(null=True, help_text="the check whose second reading this is")
    override = models.CharField(max_length=200, blank=True, help_text="why it was admitted against the decision")
    offline = models.BooleanField(default=False)
    observed_us = models.BigIntegerField()
    received_us = models.BigIntegerField()
    device_id = models.UUIDField()
    guard = models.CharField(max_length=40, blank=True)
    playbook_id = models.BigIntegerField(null=True)
    folded = models.BooleanField(default=False)

    field_classes: ClassVar[dict[str, str]] = {
        "subject_id": "direct", "household_id": "direct", "plate": "direct", "decidec": "sensitive",
        "override": "indirect", "guard": "indirect", "marks": "none", "said": "none", "code": "none",
        "gate_id": "indirect", "place_id": "indirect", "pass_id": "indirect", "direction": "none", "outcome": "none",
        "method": "none", "first_id": "none", "device_id": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            # who was at this gate or in this building between two instants
            models.Index(fields=["place_id", "observed_us"], name="check_place_time"),
            # where one subject was
            models.Index(fields=["subject_id", "observed_us"], name="check_subject_time"),
            # where somebody with a household's permit was
            models.Index(
                fields=["household_id", "observed_us"],
                condition=Q(household_id__isnull=False),
                name="check_household_time",
            ),
            # not an id as a cursor: on PostgreSQL ids are not the order of commits
            models.Index(fields=["id"], condition=Q(folded=False), name="check_unfolded"),
        ]


class Presence(models.Model):
    """Whether a subject, or a pass without one, or an unknown plate, is inside a place. `who` is `s:`, `p:` or `v:`
    and the id or plate."""

    id = models.BigAutoField(primary_key=True)
    place_id = models.UUIDField()
    who = models.CharField(max_length=40)
    inside = models.BooleanField()
    since_us = models.BigIntegerField()
    check_id = models.UUIDField()
    gate_id = models.UUIDField()
    root = models.BooleanField(default=True, help_text="a compound or building, not a tenant's rooms inside one")

    field_classes: ClassVar[dict[str, str]] = {
        "who": "direct", "place_id": "indirect", "check_id": "indirect", "gate_id": "indirect",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # who comes first: the batch asks where somebody is
            models.UniqueConstraint(fields=["who", "place_id"], name="presence_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["place_id"], condition=Q(inside=True), name="presence_inside")
        ]


class Used(models.Model):
    """How often something that is limited was used. `key` is `out:<household>:<period>`, `cap:<gate>:<day>`,
    `once:<pass>`, `in:<place>` (people inside now) or `ref:<day>` (referrals); days are counted from 1970.
    Rows change only in the batch that decides."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)

    field_classes: ClassVar[dict[str, str]] = {"key": "indirect"}


class Held(models.Model):
    """Somebody who is not admitted out (or in) for a time: home observation, or a wait for a second reading."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="holds")
    place = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200)
    source = models.CharField(max_length=60, help_text="kind:id of what asked for it")
    by = models.CharField(max_length=40)
    lifted_by = models.CharField(max_length=40, blank=True)

    field_classes: ClassVar[dict[str, str]] = {
        "reason": "sensitive", "source": "none", "subject": "direct", "by": "none", "lifted_by": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subject", "source"], condition=Q(until_us__isnull=True), name="held_once_by_a_source"
            )
        ]


class Declaration(models.Model):
    """A health declaration (必填信息): no key region and no contact in the days that the plan looks back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="declarations")
    made_us = models.BigIntegerField()
    until_us = models.BigIntegerField()
    clear = models.BooleanField()
    source = models.CharField(max_length=60)
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "clear": "sensitive", "source": "none", "subject": "direct", "by": "none",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["subject", "until_us"], name="declaration_last")]


class Referral(models.Model):
    """Somebody was sent to the health centre from a gate. The health package opens its case from this row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=20, unique=True, help_text="G-YYYYMMDD-NNN, told to the person")
    check_id = models.UUIDField(unique=True)
    first_id = models.UUIDField(null=True)
    subject = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="referrals")
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    at_us = models.BigIntegerField()
    duty_id = models.UUIDField(null=True, help_text="the one-off duty of the health centre")

    field_classes: ClassVar[dict[str, str]] = {
        "subject": "direct", "number": "none", "check_id": "none", "first_id": "none", "duty_id": "none",
    }  # fmt: skip


class Contradiction(models.Model):
    """A check that contradicts what is known, and the one-off duty that it opened for an owner."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    check_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=ContradictionKind)
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    at_us = models.BigIntegerField()
    duty_id = models.UUIDField()

    field_classes: ClassVar[dict[str, str]] = {"check_id": "none", "kind": "none", "duty_id": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["check_id", "kind"], name="contradiction_once")
        ]


class Flow(models.Model):
    """Checks of a gate in a quarter of an hour, by direction, outcome and code: what stays after the log is purged."""

    id = models.BigAutoField(primary_key=True)
    gate_id = models.UUIDField()
    place_id = models.UUIDField()
    quarter_us = models.BigIntegerField(help_text="start of the quarter of an hour")
    direction = models.CharField(max_length=3)
    outcome = models.CharField(max_length=6)
    code = models.CharField(max_length=24)
    count = models.PositiveIntegerField(default=0)

    field_classes: ClassVar[dict[str, str]] = {
        "gate_id": "none", "place_id": "none", "direction": "none", "outcome": "none", "code": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gate_id", "quarter_us", "direction", "outcome", "code"], name="flow_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["place_id", "quarter_us"], name="flow_place")]


class Opening(models.Model):
    """A turnstile opened. One that no check accounts for within its seconds becomes a contradiction."""

    id = models.UUIDField(primary_key=True, editable=False, help_text="made by the machine")
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+", db_index=False)
    at_us = models.BigIntegerField()
    direction = models.CharField(max_length=4, choices=Direction)
    check_id = models.UUIDField(null=True, unique=True)
    settled = models.BooleanField(default=False)

    field_classes: ClassVar[dict[str, str]] = {"direction": "none", "check_id": "none"}

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["at_us"], condition=Q(settled=False), name="opening_unsettled")
        ]


class Release(models.Model):
    """A turnstile was told to open for an admission. The key decides which one: an admission is spent once."""

    check_id = models.UUIDField(primary_key=True, editable=False)
    ask_id = models.UUIDField(null=True, unique=True, help_text="made by the machine: asked again, it is told the same")
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+", db_index=False)
    direction = models.CharField(max_length=4, choices=Direction)
    at_us = models.BigIntegerField()

    field_classes: ClassVar[dict[str, str]] = {"ask_id": "none", "direction": "none"}

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["gate", "at_us"], name="release_gate_time")]


class Reading(models.Model):
    """A temperature that a thermometer sent by itself. The next check at its gate takes it, within seconds, once."""

    id = models.UUIDField(primary_key=True, editable=False, help_text="made by the machine")
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_index=False)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+", db_index=False)
    at_us = models.BigIntegerField()
    decidec = models.SmallIntegerField()
    method = models.CharField(max_length=8, choices=Method)
    check_id = models.UUIDField(null=True, unique=True)

    field_classes: ClassVar[dict[str, str]] = {"decidec": "sensitive", "method": "none", "check_id": "none"}

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["gate", "at_us"], name="reading_gate_time")]


class VisitStatus(models.TextChoices):
    ASKED = "asked", _("waiting for the host")
    AGREED = "agreed", _("the host agreed")
    DECLINED = "declined", _("the host declined")
    LAPSED = "lapsed", _("nobody answered in time")


class VisitRequest(models.Model):
    """A visitor or courier at the gate, and the host's answer by a link on the phone or by the guard's call."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10, choices=PassKind)
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    host = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="visit_requests")
    name = models.CharField(max_length=80)
    phone_sealed = models.BinaryField(null=True)
    purpose = models.CharField(max_length=120, blank=True)
    secret = models.CharField(max_length=32, unique=True, help_text="random part of the host's link")
    status = models.CharField(max_length=8, choices=VisitStatus, default=VisitStatus.ASKED)
    channel = models.CharField(max_length=8, blank=True, help_text="link or call: how the host answered")
    asked_us = models.BigIntegerField()
    asked_by = models.CharField(max_length=40)
    until_us = models.BigIntegerField()
    answered_us = models.BigIntegerField(null=True)
    answered_by = models.CharField(max_length=40, blank=True)
    granted = models.ForeignKey(Pass, null=True, on_delete=models.PROTECT, related_name="+")

    field_classes: ClassVar[dict[str, str]] = {
        "name": "direct", "phone_sealed": "sensitive", "purpose": "indirect", "secret": "secret", "channel": "none",
        "kind": "none", "status": "none", "asked_by": "none", "answered_by": "none",
    }  # fmt: skip


class Parcel(models.Model):
    """A delivery at the hand-over point, with its shelf time. For a household or company, or for a door alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False, help_text="made by the tablet, or here")
    gate = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    household = models.ForeignKey(Subject, null=True, on_delete=models.PROTECT, related_name="parcels")
    door = models.ForeignKey(Place, null=True, on_delete=models.PROTECT, related_name="+")
    company = models.CharField(max_length=40, blank=True, help_text="courier company")
    shelf = models.CharField(max_length=20)
    code = models.CharField(max_length=16, blank=True, help_text="pick-up code, which the guard compares")
    left_us = models.BigIntegerField()
    until_us = models.BigIntegerField(help_text="shelf time ends")
    taken_us = models.BigIntegerField(null=True)
    by = models.CharField(max_length=40)
    taken_by = models.CharField(max_length=80, blank=True, help_text="to whom; empty: somebody of that door")
    compared = models.CharField(max_length=4, choices=Compared, blank=True)
    handed_by = models.CharField(max_length=40, blank=True)
    duty_id = models.UUIDField(null=True, help_text="the one-off duty of who settles that it lay too long")

    field_classes: ClassVar[dict[str, str]] = {
        "shelf": "none", "household": "direct", "door": "indirect", "company": "none", "code": "secret",
        "taken_by": "direct", "compared": "none", "by": "none", "handed_by": "none", "duty_id": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(household__isnull=False) | Q(door__isnull=False), name="parcel_is_for_somebody"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["until_us"], condition=Q(taken_us__isnull=True, duty_id__isnull=True), name="parcel_unsettled"
            )
        ]
