from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.roles import Role
from fangxian.console.place_field import PlaceField, offer
from fangxian.places.models import Place
from fangxian.registry.models import Enterprise


class GrantForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=[("", "—"), *Role.choices])
    place = PlaceField(required=False, label=_("Where"))
    enterprise = forms.CharField(
        label=_("Enterprise"), required=False, max_length=120,
        help_text=_("Only for enterprise HR: its full name or its credit code, instead of a place."),
    )  # fmt: skip
    until = forms.DateTimeField(
        label=_("Until"), required=False, help_text=_("Leave it open for a standing post; a shift ends by itself."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip

    def __init__(self, places: Iterable[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        offer(self, "place", places)

    def clean_enterprise(self) -> Enterprise | None:
        words = str(self.cleaned_data["enterprise"]).strip()
        if not words:
            return None
        rows = Enterprise.objects.filter(uscc=words.upper()) | Enterprise.objects.filter(name=words)
        found = list(rows[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                _("No single enterprise has this name or code. Look it up under Find and copy its credit code.")
            )
        return found[0]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "enterprise" in data and bool(data.get("place")) == bool(data["enterprise"]):
            self.add_error("place", _("Choose one place, or write one enterprise."))
        return data


class AccountForm(forms.Form):
    username = forms.RegexField(
        r"^[A-Za-z0-9._-]+$", label=_("User name"), max_length=40,
        help_text=_("Letters, digits, dot, hyphen. It cannot be changed later."),
        error_messages={"invalid": _("Only letters, digits, dot, hyphen and underscore.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    name = forms.CharField(label=_("Name"), max_length=60)
    phone = forms.CharField(
        label=_("Duty phone"), max_length=30, required=False, help_text=_("A work number. Colleagues see it on gaps.")
    )
