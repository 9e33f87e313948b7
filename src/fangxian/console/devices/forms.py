"""Forms of the register of machines at gates."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from fangxian.console.place_field import PlaceField, offer
from fangxian.gates.models import DeviceKind
from fangxian.places.models import Place


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


class DeviceForm(forms.Form):
    kind = forms.TypedChoiceField(label=gettext_lazy("Kind"), choices=DeviceKind.choices, coerce=DeviceKind)
    gate = PlaceField(label=gettext_lazy("Gate"))
    name = forms.CharField(
        label=gettext_lazy("Name of the device"), max_length=60, help_text=gettext_lazy("As the sticker on it says.")
    )
    serial = forms.CharField(label=gettext_lazy("Serial number"), max_length=60, required=False)
    calibration_due = forms.DateField(label=gettext_lazy("Calibration due"), required=False, widget=_day())
    mine = forms.BooleanField(label=gettext_lazy("I am in charge of it"), required=False)

    def __init__(self, gates: Iterable[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        offer(self, "gate", gates)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class CalibrationForm(forms.Form):
    due = forms.DateField(label=gettext_lazy("Calibration due"), required=False, widget=_day())
