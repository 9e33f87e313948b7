"""Forms of the register of machines at gates."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy

from fangxian.accounts.models import Staff
from fangxian.console.place_field import PlaceField, offer
from fangxian.gates.models import DeviceKind
from fangxian.places.models import Place


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


def keeper_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=gettext_lazy("Person in charge"), required=False, coerce=UUID, empty_value=None,
        help_text=gettext_lazy("Somebody whose role reaches the gate."),
    )  # fmt: skip


def _offer_staff(form: forms.Form, keepers: Iterable[Staff]) -> None:
    choice = form.fields["in_charge"]
    assert isinstance(choice, forms.ChoiceField)
    choice.choices = [("", "—"), *((str(one.id), one.name) for one in keepers)]


class DeviceForm(forms.Form):
    kind = forms.TypedChoiceField(label=gettext_lazy("Kind"), choices=DeviceKind.choices, coerce=DeviceKind)
    gate = PlaceField(label=gettext_lazy("Gate"))
    name = forms.CharField(
        label=gettext_lazy("Name of the device"), max_length=60, help_text=gettext_lazy("As the sticker on it says.")
    )
    serial = forms.CharField(label=gettext_lazy("Serial number"), max_length=60, required=False)
    calibration_due = forms.DateField(label=gettext_lazy("Calibration due"), required=False, widget=_day())
    in_charge = keeper_field()

    def __init__(
        self, gates: Iterable[Place], keepers: Iterable[Staff], *args: Any, **kwargs: Any  # noqa: ANN401 - Django's own signature
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        offer(self, "gate", gates)
        _offer_staff(self, keepers)


class KeeperForm(forms.Form):
    in_charge = keeper_field()

    def __init__(self, keepers: Iterable[Staff], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        _offer_staff(self, keepers)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class CalibrationForm(forms.Form):
    due = forms.DateField(label=gettext_lazy("Calibration due"), required=False, widget=_day())
