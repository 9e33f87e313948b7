"""Forms of the street: a round, its pharmacies, and whom they serve."""

from collections.abc import Iterable
from datetime import date, time
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from fangxian.masks.models import Policy
from fangxian.masks.playbook import MasksSection
from fangxian.places.models import Place


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class RoundForm(forms.Form):
    """The plan's figures stand there already; what is changed here holds for this round only."""

    goods = forms.ChoiceField(label=_("What is given out"))
    register_from = forms.DateField(label=_("First day of registration"), widget=DayInput)
    register_days = forms.IntegerField(label=_("Days of registration"), min_value=1, max_value=60)
    sale_after_days = forms.IntegerField(
        label=_("Sale begins so many days later"), min_value=0, max_value=60,
    )  # fmt: skip
    sale_days = forms.IntegerField(label=_("Days of sale"), min_value=1, max_value=90)
    policy = forms.ChoiceField(label=_("Order in which numbers are called"), choices=Policy.choices)
    reserve_percent = forms.FloatField(
        label=_("Reserve for special groups, percent"), min_value=0, max_value=100,
        help_text=_("Of each arrival; they are served from it first."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, section: MasksSection, first: date) -> None:
        initial = {
            "register_from": first, "register_days": section.register_days, "sale_days": section.sale_days,
            "sale_after_days": section.sale_after_days, "policy": section.policy,
            "reserve_percent": section.reserve_percent,
        }  # fmt: skip
        super().__init__(data, initial=initial)
        goods = self.fields["goods"]
        assert isinstance(goods, forms.ChoiceField)
        goods.choices = [(one.key, f"{one.title.zh} · {one.title.en}") for one in section.goods]


class OutletForm(forms.Form):
    pharmacy = forms.TypedChoiceField(label=_("Pharmacy"), coerce=UUID)
    open_from = forms.TimeField(label=_("Opens"), widget=TimeInput)
    open_until = forms.TimeField(label=_("Closes"), widget=TimeInput)
    slot_people = forms.IntegerField(label=_("People in each slot"), min_value=1, max_value=500)

    def __init__(self, data: QueryDict | None, *, pharmacies: Iterable[Place], section: MasksSection) -> None:
        initial: dict[str, time | int] = {
            "open_from": section.open_from, "open_until": section.open_until, "slot_people": section.slot_people,
        }  # fmt: skip
        super().__init__(data, initial=initial)
        field = self.fields["pharmacy"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(place.id, place.name) for place in pharmacies]
