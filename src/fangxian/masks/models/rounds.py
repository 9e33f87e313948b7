"""A round: what is given out, to whom, when, by which policy, and by which pharmacies."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place
from fangxian.shared.ids import new_id
from fangxian.stock.models import Item


class Policy(models.TextChoices):
    QUEUE = "queue", _("in order of registration")
    LOTTERY = "lottery", _("by lot, recomputable")
    ODD_EVEN = "odd_even", _("odd and even days")
    BIRTH_YEAR = "birth_year", _("by the last digit of the birth year")


class Round(models.Model):
    """One round. Its state follows from its instants; only being cancelled is a decision.

    `seed_commit` (SHA-256 of the seed, hex) is published with the announcement; the seed itself is sealed until
    registration has closed, so that nobody can choose it after seeing who registered, nor register after seeing it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    street = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="mask_rounds")
    number = models.PositiveSmallIntegerField(help_text="as in R2-虹储-0137")
    goods = models.CharField(max_length=40, help_text="key of the goods in the playbook")
    title = models.JSONField(help_text="language code to text")
    policy = models.CharField(max_length=10, choices=Policy)
    register_from_us = models.BigIntegerField()
    register_until_us = models.BigIntegerField()
    staff_from_us = models.BigIntegerField(help_text="from here on those who run the round may register themselves")
    sale_from_us = models.BigIntegerField()
    sale_until_us = models.BigIntegerField()
    reserve_permille = models.PositiveSmallIntegerField(help_text="of each arrival, for special groups first")
    collect_days = models.PositiveSmallIntegerField(help_text="days a called number may be collected, the first too")
    slot_minutes = models.PositiveSmallIntegerField()
    seed_commit = models.CharField(max_length=64)
    seed_sealed = models.BinaryField()
    seed = models.CharField(max_length=64, blank=True, help_text="revealed once registration has closed")
    playbook_id = models.BigIntegerField(null=True, help_text="the plan it was made by")
    announced_us = models.BigIntegerField(null=True, help_text="until then only those who run it see it")
    enrolled_us = models.BigIntegerField(null=True, help_text="when every door had its duty to be told")
    cancelled_us = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="why it was cancelled")
    created_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {
        "goods": "none", "title": "none", "policy": "none", "seed_commit": "none", "seed_sealed": "secret",
        "seed": "none", "reason": "none", "by": "none",
    }  # fmt: skip

    class Meta:
        verbose_name = _("round of goods")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["street", "number"], name="mask_round_once"),
            models.CheckConstraint(
                condition=Q(register_until_us__gt=F("register_from_us"), sale_until_us__gt=F("sale_from_us")),
                name="mask_round_windows",
            ),
            models.CheckConstraint(
                condition=Q(sale_from_us__gte=F("register_from_us")), name="mask_round_sells_after_registering_began"
            ),
            models.CheckConstraint(
                condition=Q(staff_from_us__gte=F("register_from_us")), name="mask_round_staff_never_first"
            ),
            models.CheckConstraint(condition=Q(reserve_permille__lte=1000), name="mask_round_reserve_share"),
            models.CheckConstraint(
                condition=Q(cancelled_us__isnull=True, reason="") | Q(cancelled_us__isnull=False) & ~Q(reason=""),
                name="mask_round_cancelled_with_a_reason",
            ),
        ]


class Variant(models.Model):
    """A kind of the goods (adult, child, N95), and how many of it one address may have in the round."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="variants")
    key = models.CharField(max_length=16)
    title = models.JSONField(help_text="language code to text")
    quota = models.PositiveSmallIntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")

    field_classes: ClassVar[dict[str, str]] = {"key": "none", "title": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "key"], name="mask_variant_once"),
            models.CheckConstraint(condition=Q(quota__gte=1), name="mask_variant_quota"),
        ]


class Outlet(models.Model):
    """A pharmacy in a round: when its counter is open (minutes of the local day) and how many it serves in a slot."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="outlets")
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="outlets")
    open_from = models.PositiveSmallIntegerField()
    open_until = models.PositiveSmallIntegerField()
    slot_people = models.PositiveSmallIntegerField()
    dropped_us = models.BigIntegerField(null=True, help_text="when it left the round")
    reason = models.CharField(max_length=200, blank=True)

    field_classes: ClassVar[dict[str, str]] = {"reason": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "pharmacy"], name="mask_outlet_once"),
            models.CheckConstraint(
                condition=Q(open_until__gt=F("open_from"), open_until__lte=1440, slot_people__gte=1),
                name="mask_outlet_hours",
            ),
        ]


class Serving(models.Model):
    """Which pharmacy serves a committee. A change ends one row and begins another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="servings")
    committee = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    since_us = models.BigIntegerField()
    until_us = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["round", "committee"], condition=Q(until_us__isnull=True), name="mask_serving_once"
            )
        ]
