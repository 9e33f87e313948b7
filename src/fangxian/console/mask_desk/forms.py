"""The desk's form: filled by keyboard alone, in the order in which people say things."""

from collections.abc import Iterable
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.models import Staff
from fangxian.console.templatetags.ui import say
from fangxian.masks.models import Channel, Special, Variant
from fangxian.shared.ids import new_id

GROUPS = [(one.value, one.label) for one in Special if one != Special.NONE]
DESK_CHANNELS = (Channel.DESK, Channel.PHONE, Channel.VISIT)


class DeskForm(forms.Form):
    """One home. `unit` is there once somebody chose among several dwellings that the address can mean."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    unit = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)
    address = forms.CharField(
        label=_("Address"), max_length=200, help_text=_("As they say it: 3号501, 虹桥路1000弄3-501."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )  # fmt: skip
    applicant = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    document = forms.CharField(
        label=_("Document number"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Identity card, residence permit, passport, travel permit. Its kind is read from the number."),
    )  # fmt: skip
    country = forms.CharField(
        label=_("Country of a passport"), max_length=2, required=False, help_text=_("Two letters: KR, JP, FR.")
    )
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    channel = forms.ChoiceField(
        label=_("How they came"), choices=[(c.value, c.label) for c in DESK_CHANNELS], initial=Channel.DESK,
        widget=forms.RadioSelect,
    )  # fmt: skip
    special = forms.ChoiceField(label=_("Special group"), choices=Special.choices, required=False)
    urgent = forms.BooleanField(label=_("Needs them now: others may yield their place"), required=False)
    deliver = forms.BooleanField(label=_("Cannot come: bring number and goods to the door"), required=False)
    staff = forms.BooleanField(
        label=_("Runs the round: committee, pharmacy, volunteer"), required=False,
        help_text=_("They register after the residents."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, variants: Iterable[Variant]) -> None:
        super().__init__(data, initial={"id": new_id()})
        self.wanted = sorted(variants, key=lambda one: one.pk)
        for variant in self.wanted:
            self.fields[f"want_{variant.key}"] = forms.IntegerField(
                label=say(variant.title), min_value=0, max_value=variant.quota, initial=variant.quota
            )
        self.order_fields(
            ["id", "unit", "address", "applicant", "document", "phone", *(f"want_{v.key}" for v in self.wanted)]
        )

    @property
    def wants(self) -> dict[str, int]:
        return {variant.key: self.cleaned_data.get(f"want_{variant.key}") or 0 for variant in self.wanted}

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).strip().upper()

    def clean_unit(self) -> str:
        value = str(self.cleaned_data["unit"])
        return UUID(hex=value).hex if value else ""


class HomeForm(forms.Form):
    """One telephone call of somebody who cannot come."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    unit = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)
    address = forms.CharField(
        label=_("Address"), max_length=200, help_text=_("As they say it: 3号501, 虹桥路1000弄3-501."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )  # fmt: skip
    applicant = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(
        label=_("Telephone"), max_length=30, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    group = forms.ChoiceField(label=_("Special group"), choices=GROUPS)
    document = forms.CharField(
        label=_("Document number"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Can wait until somebody is at the door."),
    )  # fmt: skip
    staff = forms.ChoiceField(label=_("Who goes"), required=False)

    def __init__(self, data: QueryDict | None = None, *, people: Iterable[Staff]) -> None:
        super().__init__(data, initial={"id": new_id()})
        field = self.fields["staff"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("The committee's workers")), *((str(person.id), person.name or person.username) for person in people)
        ]  # fmt: skip

    def clean_staff(self) -> UUID | None:
        chosen = self.cleaned_data["staff"]
        return UUID(chosen) if chosen else None


class SpecialForm(forms.Form):
    """A home where a special group lives, by its address."""

    unit = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)
    address = forms.CharField(label=_("Address"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    group = forms.ChoiceField(label=_("Special group"), choices=GROUPS)
    deliver = forms.BooleanField(label=_("Cannot come: bring number and goods to the door"), required=False)
