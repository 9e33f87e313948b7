from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from fangxian.places.models import Place, PlaceKind

LANGUAGES = (
    ("zh", _("Chinese")), ("en", _("English")), ("ja", _("Japanese")), ("ko", _("Korean")), ("fr", _("French")),
    ("de", _("German")), ("es", _("Spanish")), ("ru", _("Russian")),
)  # fmt: skip


class ProfileForm(forms.Form):
    """What whoever knocks there should know."""

    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"), choices=LANGUAGES, required=False, widget=forms.CheckboxSelectMultiple
    )
    entries = forms.IntegerField(label=_("Entries"), min_value=0, max_value=99, required=False)
    hours = forms.CharField(
        label=_("Best hours for a visit"), max_length=60, required=False, help_text=_("For example: 18:30-20:30.")
    )
    note = forms.CharField(
        label=_("What is special here"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("How to do it in this place: locked doors, many elderly, who opens. No names and no illnesses."),
    )  # fmt: skip


class NamedPlace(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:  # noqa: ANN401 - Django's own signature
        return f"{obj.name} ({PlaceKind(obj.kind).label})"


class _PlaceForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("It stays readable in the history."))

    def _offer(self, field: str, places: QuerySet[Place]) -> None:
        choice = self.fields[field]
        assert isinstance(choice, NamedPlace)
        choice.queryset = places


class MoveForm(_PlaceForm):
    to = NamedPlace(queryset=Place.objects.none(), label=_("Put it under"))
    field_order = ("to", "reason")

    def __init__(self, places: QuerySet[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        self._offer("to", places)


class GridForm(_PlaceForm):
    grid = NamedPlace(queryset=Place.objects.none(), label=_("Grid"))
    field_order = ("grid", "reason")

    def __init__(self, places: QuerySet[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        self._offer("grid", places)
