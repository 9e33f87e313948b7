from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from fangxian.accounts.roles import Role
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Enterprise


class PlaceChoice(forms.ModelChoiceField):
    """A place by its name and kind, two blanks in for what stands lower."""

    def label_from_instance(self, obj: Any) -> str:  # noqa: ANN401 - Django's own signature
        deeper = {PlaceKind.GRID, PlaceKind.COMPOUND, PlaceKind.BUILDING, PlaceKind.PHARMACY, PlaceKind.HEALTH_CENTRE}
        lead = "　　" if obj.kind in deeper else ""
        return f"{lead}{obj.name} ({PlaceKind(obj.kind).label})"


class GrantForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=[("", "—"), *Role.choices])
    place = PlaceChoice(queryset=Place.objects.none(), required=False, label=_("Where"), empty_label="—")
    enterprise = forms.CharField(
        label=_("Enterprise"), required=False, max_length=120,
        help_text=_("Only for enterprise HR: its full name or its credit code, instead of a place."),
    )  # fmt: skip
    until = forms.DateTimeField(
        label=_("Until"), required=False, help_text=_("Leave it open for a standing post; a shift ends by itself."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip

    def __init__(self, places: QuerySet[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        choice = self.fields["place"]
        assert isinstance(choice, PlaceChoice)
        choice.queryset = places

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
