"""The double-entry ledger of goods: what lies where, where it came from and where it went.

Quantities are whole numbers of an item's base unit (millilitres, pieces), so that nothing is lost in rounding. A
transfer takes from one account (`credit`) and gives to another (`debit`); it is never changed and never deleted: a
mistake is put right by a further transfer.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place
from fangxian.shared.ids import new_id


class Unit(models.TextChoices):
    ML = "ml", _("ml")
    PIECE = "piece", _("pieces")
    TABLET = "tablet", _("tablets")
    GRAM = "gram", _("g")


class Item(models.Model):
    """A kind of goods. For a disinfectant `key` is the key of the agent in the playbook."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=8, choices=Unit)

    field_classes: ClassVar[dict[str, str]] = {"key": "none", "name": "none", "name_en": "none", "unit": "none"}

    def __str__(self) -> str:
        return self.name


class Lot(models.Model):
    """One delivery of an item under one batch number; what expires and what can be recalled."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="lots")
    batch = models.CharField(max_length=40, blank=True)
    brand = models.CharField(max_length=60, blank=True)
    expires_on = models.DateField(null=True, help_text="last day on which it may be used")
    unit_cost = models.DecimalField(max_digits=12, decimal_places=4, null=True, help_text="yuan a base unit")

    field_classes: ClassVar[dict[str, str]] = {
        "batch": "none", "brand": "none", "unit_cost": "none", "expires_on": "none",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["item", "batch", "brand", "expires_on"],
                condition=Q(expires_on__isnull=False),
                name="lot_once",
            ),
            models.UniqueConstraint(
                fields=["item", "batch", "brand"], condition=Q(expires_on__isnull=True), name="lot_once_undated"
            ),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True) | Q(unit_cost__gte=0), name="lot_cost_not_negative"
            ),
        ]


class AccountKind(models.TextChoices):
    PLACE = "place", _("store")
    SUPPLIER = "supplier", _("supplier")
    DONOR = "donor", _("donor")
    CUSTOMER = "customer", _("customers")
    CONSUMED = "consumed", _("used up")
    WRITTEN_OFF = "written_off", _("written off")
    DIFFERENCE = "difference", _("difference found in counting")


# What comes from outside was never counted here, so the account it comes from runs below nothing.
SOURCES = (AccountKind.SUPPLIER, AccountKind.DONOR, AccountKind.DIFFERENCE)


class Account(models.Model):
    """A store at a place, or one of the outside accounts, of which there is one each."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=AccountKind)
    place = models.OneToOneField(Place, null=True, on_delete=models.PROTECT, related_name="stock_account")

    field_classes: ClassVar[dict[str, str]] = {"kind": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind=AccountKind.PLACE, place__isnull=False)
                | (~Q(kind=AccountKind.PLACE) & Q(place__isnull=True)),
                name="account_place_or_outside",
            ),
            models.UniqueConstraint(fields=["kind"], condition=Q(place__isnull=True), name="account_outside_once"),
        ]


class Reason(models.TextChoices):
    PURCHASE = "purchase", _("delivered")
    DONATION = "donation", _("donated")
    MOVE = "move", _("moved")
    DISINFECTION = "disinfection", _("used for disinfection")
    ISSUE = "issue", _("handed out")
    SALE = "sale", _("sold")
    RETURN = "return", _("brought back")
    SPOILT = "spoilt", _("spoilt")
    EXPIRED = "expired", _("expired")
    LOST = "lost", _("lost")
    COUNT_OVER = "count_over", _("counted more than the book says")
    COUNT_SHORT = "count_short", _("counted less than the book says")


class Transfer(models.Model):
    """So much of a lot went from `credit` to `debit`. The id comes from whoever records it: resending is harmless."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="transfers")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="given")
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="taken")
    quantity = models.BigIntegerField()
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=40)
    reason = models.CharField(max_length=12, choices=Reason)
    ref = models.CharField(max_length=80, blank=True, help_text="what it was for, as kind:id")

    field_classes: ClassVar[dict[str, str]] = {"by": "none", "reason": "none", "ref": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=~Q(credit=F("debit")), name="transfer_between_two"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["credit", "at_us"], name="transfer_credit"),
            models.Index(fields=["debit", "at_us"], name="transfer_debit"),
            models.Index(fields=["ref"], condition=~Q(ref=""), name="transfer_ref"),
        ]


class Balance(models.Model):
    """How much of a lot an account holds now, kept in the transaction of each transfer.

    `source` repeats that the account is one of SOURCES, because a constraint cannot look into another table.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="balances")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances")
    quantity = models.BigIntegerField(default=0)
    source = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "lot"], name="balance_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0) | Q(source=True), name="balance_not_negative"),
        ]
