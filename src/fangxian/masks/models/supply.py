"""What arrived where, and what is promised of it. The goods themselves are lots of the ledger (`stock`)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from fangxian.masks.models.rounds import Round, Variant
from fangxian.places.models import Place
from fangxian.shared.ids import new_id
from fangxian.stock.models import Lot


class Arrival(models.Model):
    """A batch that came to a pharmacy for a round. Its lot in the ledger carries brand, batch and expiry."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="arrivals")
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="arrivals")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price_fen = models.PositiveIntegerField(help_text="what a piece is sold for")
    at_us = models.BigIntegerField()
    by = models.CharField(max_length=40)

    field_classes: ClassVar[dict[str, str]] = {"by": "none"}

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="mask_arrival_of_something")
        ]


class Shelf(models.Model):
    """What a pharmacy has of a variant in a round, changed in the transaction of each cause and provable from them.

    On hand is arrived - sold - lost. `promised` is called and not yet collected. `short` is what was promised and is
    not there after a correction: nothing may be called while it is above zero, so that nothing is oversold.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="shelves")
    pharmacy = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    arrived = models.PositiveIntegerField(default=0)
    sold = models.PositiveIntegerField(default=0)
    lost = models.IntegerField(default=0, help_text="corrections: counted less than the book, or (below zero) more")
    promised = models.PositiveIntegerField(default=0)
    short = models.PositiveIntegerField(default=0)
    reserve = models.PositiveIntegerField(default=0, help_text="of what arrived, still kept for special groups")
    changed_us = models.BigIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "pharmacy", "variant"], name="mask_shelf_once"),
            models.CheckConstraint(
                condition=Q(arrived__gte=F("sold") + F("lost") + F("promised") - F("short")),
                name="mask_never_promised_more_than_there_is",
            ),
            models.CheckConstraint(condition=Q(short__lte=F("promised")), name="mask_short_of_what_was_promised"),
        ]
