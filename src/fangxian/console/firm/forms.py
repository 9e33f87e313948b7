"""The parts of a filing, one topic a screen. Nothing is required here: what is half typed is kept too."""

from collections.abc import Mapping, Sequence
from datetime import time

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from fangxian.console.templatetags.ui import of_day, say
from fangxian.workplaces.filing_book import names_in
from fangxian.workplaces.models import Filing, FirmPost, PostKind
from fangxian.workplaces.queries.filings import SupplyLine
from fangxian.workplaces.words import Part

_OFF = {"autocomplete": "off"}


class ChargeForm(forms.Form):
    in_charge = forms.CharField(
        label=_("Name of the person in charge"), max_length=60, required=False, widget=forms.TextInput(attrs=_OFF),
        help_text=_("Who answers for epidemic control on your premises, every day."),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=forms.TextInput(attrs=_OFF | {"inputmode": "tel"}),
        help_text=_("Stored under lock. The building worker can open it to call."),
    )  # fmt: skip


class PeopleForm(forms.Form):
    start_on = forms.DateField(
        label=_("First day of work on the premises"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    people = forms.IntegerField(
        label=_("How many people come to the premises"), min_value=1, max_value=20_000, required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Without those who work from home or cannot come yet."),
    )  # fmt: skip


class PlanForm(forms.Form):
    plan = forms.CharField(
        label=_("What you do"), max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_(
            "Who takes temperatures and when, how you disinfect, how people sit and eat, what you do when somebody "
            "has a fever and whom you call."
        ),
    )  # fmt: skip


class IsolationForm(forms.Form):
    isolation = forms.CharField(
        label=_("Room or corner"), max_length=120, required=False, widget=forms.TextInput(attrs=_OFF),
        help_text=_("Apart from the others, with a window, near the way out."),
    )  # fmt: skip


class WishesForm(forms.Form):
    ask_from = forms.TimeField(
        label=_("We would like to arrive from"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    ask_until = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=_("A wish. The window that holds is on your front page once the street has published it."),
    )  # fmt: skip
    ask_home = forms.IntegerField(
        label=_("Of all staff, work from home (percent)"), min_value=0, max_value=100, required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class SuppliesForm(forms.Form):
    """One quantity for each kind of goods of the plan."""

    def __init__(self, data: QueryDict | None = None, *, lines: Sequence[SupplyLine]) -> None:
        super().__init__(data)
        self.lines = lines
        for line in lines:
            self.fields[line.goods.key] = forms.IntegerField(
                label=say({"zh": line.goods.title.zh, "en": line.goods.title.en}), min_value=0, max_value=100_000_000,
                required=False, initial=line.quantity,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "data-per-day": line.per_day}),
            )  # fmt: skip

    @property
    def quantities(self) -> dict[str, int]:
        return {key: value for key, value in self.cleaned_data.items() if value is not None}

    @property
    def rows(self) -> list[tuple[forms.BoundField, SupplyLine]]:
        return [(self[line.goods.key], line) for line in self.lines]


class PostsForm(forms.Form):
    """One field for each kind of post; several names in one field are divided by commas."""

    def __init__(self, data: QueryDict | None = None, *, posts: Sequence[FirmPost] = ()) -> None:
        super().__init__(data)
        for kind in PostKind:
            held = "、".join(row.name for row in posts if row.kind == kind)
            self.fields[kind.value] = forms.CharField(
                label=kind.label, max_length=300, required=False, initial=held, widget=forms.TextInput(attrs=_OFF)
            )

    @property
    def named(self) -> dict[PostKind, list[str]]:
        return {kind: names_in(self.cleaned_data[kind.value]) for kind in PostKind}


class SignForm(forms.Form):
    signer = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs=_OFF))
    post = forms.CharField(
        label=pgettext_lazy("whoever signs", "Position"), max_length=60, widget=forms.TextInput(attrs=_OFF),
        help_text=_("Such as general manager."),
    )  # fmt: skip
    agree = forms.BooleanField(label=_("We have read this and will keep to it."))


class WorkbookForm(forms.Form):
    file = forms.FileField(label=_("The workbook, filled in"), help_text=_("Excel (.xlsx, .xls) or .ods."))


PLAIN: Mapping[Part, type[forms.Form]] = {
    Part.CHARGE: ChargeForm,
    Part.PEOPLE: PeopleForm,
    Part.PLAN: PlanForm,
    Part.ISOLATION: IsolationForm,
    Part.WISHES: WishesForm,
}
"""Parts whose fields are the filing's own."""


def initial_of(filing: Filing) -> dict[str, object]:
    """Fields of the plain parts as they stand. The telephone is never shown in full."""
    return {
        "in_charge": filing.in_charge, "start_on": filing.start_on and filing.start_on.isoformat(),
        "people": filing.people, "plan": filing.plan, "isolation": filing.isolation, "ask_home": filing.ask_home,
        "ask_from": None if filing.ask_from is None else of_day(filing.ask_from),
        "ask_until": None if filing.ask_until is None else of_day(filing.ask_until),
    }  # fmt: skip


def minutes(value: time | None) -> int | None:
    return None if value is None else value.hour * 60 + value.minute
