"""Forms of a pharmacy: what came, what was counted, how the day ended, what the others are to know."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fangxian.console.templatetags.ui import say
from fangxian.masks.models import MessageKind, Variant
from fangxian.masks.queries.pharmacy import ShelfLine
from fangxian.places.models import Place
from fangxian.shared.ids import new_id

FEN = 100
MOST_TEXT = 400
PLAIN = {"autocomplete": "off"}


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def yuan(label: Any, **more: Any) -> forms.DecimalField:  # noqa: ANN401 - a lazy text, and Django's own arguments
    """Money as people write it; `fen` makes of it what is kept."""
    return forms.DecimalField(label=label, min_value=Decimal(0), max_digits=12, decimal_places=2, **more)


def fen(value: Decimal) -> int:
    return int(value * FEN)


class ArrivalForm(forms.Form):
    """The id makes a form that is sent twice one arrival."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    variant = forms.TypedChoiceField(label=_("Kind of goods"), coerce=int)
    quantity = forms.IntegerField(label=_("Pieces"), min_value=1, max_value=10_000_000)
    price = yuan(_("Price of one piece, yuan"), help_text=_("What a household pays, for example 2.50."))
    brand = forms.CharField(label=_("Brand"), max_length=80, required=False, widget=forms.TextInput(attrs=PLAIN))
    batch = forms.CharField(label=_("Batch number"), max_length=80, required=False, widget=forms.TextInput(attrs=PLAIN))
    expires_on = forms.DateField(label=_("Use by"), required=False, widget=DayInput)

    def __init__(self, data: Any = None, *, variants: Iterable[Variant]) -> None:  # noqa: ANN401 - request.POST
        super().__init__(data, initial={"id": new_id()}, auto_id="arrive_%s")
        choice = self.fields["variant"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(row.pk, say(row.title)) for row in sorted(variants, key=lambda one: one.pk)]


class CountForm(forms.Form):
    """What lies there, in place of what the book says."""

    variant = forms.TypedChoiceField(label=_("Kind of goods"), coerce=int)
    counted = forms.IntegerField(label=_("Pieces on the shelf"), min_value=0, max_value=10_000_000)
    reason = forms.CharField(label=_("Why it differs"), max_length=200, widget=forms.TextInput(attrs=PLAIN))

    def __init__(self, data: Any = None, *, variants: Iterable[Variant]) -> None:  # noqa: ANN401 - request.POST
        super().__init__(data, auto_id="count_%s")
        choice = self.fields["variant"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(row.pk, say(row.title)) for row in sorted(variants, key=lambda one: one.pk)]


class CloseForm(forms.Form):
    """Goods and money as they were counted. Nothing is filled in: a count is not read off the book."""

    money = yuan(_("Money taken on this day, yuan"))
    explanation = forms.CharField(
        label=_("Explanation, where something differs"), max_length=MOST_TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    problems = forms.CharField(
        label=_("Problems of the day, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Each becomes a question in the channel, with somebody who owes the answer."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, shelves: Sequence[ShelfLine]) -> None:  # noqa: ANN401 - request.POST
        super().__init__(data)
        self.shelves = [line for line in shelves if line.arrived or line.sold]
        for line in self.shelves:
            self.fields[f"counted_{line.variant}"] = forms.IntegerField(
                label=_("%(goods)s: pieces counted") % {"goods": say(line.title)}, min_value=0, max_value=10_000_000
            )
        self.order_fields([*(f"counted_{line.variant}" for line in self.shelves), "money", "explanation", "problems"])

    @property
    def counted(self) -> dict[str, int]:
        return {line.variant: self.cleaned_data[f"counted_{line.variant}"] for line in self.shelves}

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["problems"].splitlines() if line.strip()]


SITE_KINDS = (MessageKind.ON_DUTY, MessageKind.CROWD, MessageKind.INCIDENT)


class SiteForm(forms.Form):
    """Order on site: who is on duty, how many wait, what happened. One of them at a time."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in SITE_KINDS])
    text = forms.CharField(max_length=MOST_TEXT, required=False)
    people = forms.IntegerField(min_value=0, max_value=10_000, required=False)


class SayForm(forms.Form):
    """An entry of the channel. Who it is for follows from who writes; a choice is there where there is one."""

    kind = forms.ChoiceField(label=_("What is it"))
    text = forms.CharField(label=_("Text"), max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 3}))
    pharmacy = forms.UUIDField(required=False, widget=forms.Select)
    committee = forms.UUIDField(required=False, widget=forms.Select)

    def __init__(
        self, data: Any = None, *, kinds: Sequence[MessageKind], pharmacies: Sequence[Place] = (),  # noqa: ANN401 - request.POST
        committees: Sequence[Place] = (),
    ) -> None:  # fmt: skip
        super().__init__(data, auto_id="say_%s", initial={"kind": MessageKind.QUESTION})
        choice = self.fields["kind"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(kind.value, kind.label) for kind in kinds]
        for name, label, places in (
            ("pharmacy", _("Pharmacy"), pharmacies), ("committee", _("Committee"), committees)
        ):  # fmt: skip
            if not places:
                del self.fields[name]
                continue
            first = ("", _("all"))
            self.fields[name] = forms.TypedChoiceField(
                label=label, required=False, choices=[first, *((str(place.id), place.name) for place in places)]
            )
        self.places = {str(place.id): place for place in (*pharmacies, *committees)}

    def chosen(self, name: str) -> Place | None:
        return self.places.get(self.cleaned_data.get(name, ""))
