"""Forms of a store. Each carries an id made with the page, so that sending twice books once."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fangxian.console.place_field import PlaceField, offer
from fangxian.places.models import Place
from fangxian.stock.actions import MOST
from fangxian.stock.models import Item, Reason
from fangxian.stock.queries import Line, unit_word


def item_name(zh: str, en: str) -> str:
    return zh if (get_language() or "zh").startswith("zh") or not en else en


def line_label(line: Line) -> str:
    """A lot as the store's keeper knows it: name, batch, expiry, and how much the book says."""
    parts = [item_name(line.item_name, line.item_name_en)]
    if line.batch:
        parts.append(_("batch %(batch)s") % {"batch": line.batch})
    if line.expires_on:
        parts.append(_("expires %(day)s") % {"day": line.expires_on.isoformat()})
    return f"{' · '.join(parts)} ({line.quantity:,} {unit_word(line.unit)})"


class _Booking(forms.Form):
    id = forms.UUIDField(widget=forms.HiddenInput)


class _OfLot(_Booking):
    lot = forms.ChoiceField(label=gettext_lazy("Lot"))

    def __init__(self, lines: Sequence[Line], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        choice = self.fields["lot"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(str(line.lot_id), line_label(line)) for line in lines]


_QUANTITY_HELP = gettext_lazy("A whole number of the unit shown: 5 litres are 5000 ml.")


class ReceiveForm(_Booking):
    item = forms.ChoiceField(label=gettext_lazy("Goods"))
    quantity = forms.IntegerField(label=gettext_lazy("Quantity"), min_value=1, max_value=MOST, help_text=_QUANTITY_HELP)
    batch = forms.CharField(label=gettext_lazy("Batch number"), max_length=40, required=False)
    brand = forms.CharField(label=gettext_lazy("Brand"), max_length=60, required=False)
    expires_on = forms.DateField(
        label=gettext_lazy("Expires on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    unit_cost = forms.DecimalField(
        label=gettext_lazy("Cost of one unit, yuan"), required=False, min_value=Decimal(0), max_digits=12,
        decimal_places=4,
    )  # fmt: skip
    donated = forms.BooleanField(label=gettext_lazy("Donated"), required=False)

    def __init__(self, items: Iterable[Item], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        choice = self.fields["item"]
        assert isinstance(choice, forms.ChoiceField)
        self.items = {item.key: item for item in items}
        choice.choices = [
            (item.key, f"{item_name(item.name, item.name_en)} ({unit_word(item.unit)})") for item in self.items.values()
        ]

    def clean_item(self) -> Item:
        return self.items[self.cleaned_data["item"]]


class MoveForm(_OfLot):
    quantity = forms.IntegerField(label=gettext_lazy("Quantity"), min_value=1, max_value=MOST, help_text=_QUANTITY_HELP)
    to_place = PlaceField(label=gettext_lazy("To"))

    def __init__(self, lines: Sequence[Line], targets: Iterable[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(lines, *args, **kwargs)
        offer(self, "to_place", targets)


class WriteOffForm(_OfLot):
    quantity = forms.IntegerField(label=gettext_lazy("Quantity"), min_value=1, max_value=MOST, help_text=_QUANTITY_HELP)
    reason = forms.TypedChoiceField(
        label=gettext_lazy("Reason"), coerce=Reason,
        choices=[(reason.value, reason.label) for reason in (Reason.SPOILT, Reason.EXPIRED, Reason.LOST)],
    )  # fmt: skip


class CountForm(_OfLot):
    counted = forms.IntegerField(
        label=gettext_lazy("Counted"), min_value=0, max_value=MOST,
        help_text=gettext_lazy("What really lies there. The difference is booked with its reason."),
    )  # fmt: skip
