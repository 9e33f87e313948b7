from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fangxian.console.place_field import PlaceField, offer
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


class AddForm(forms.Form):
    """A place that is to stand under the one shown."""

    kind = forms.ChoiceField(label=_("Kind"))
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("As it is said on the spot: 荣华居, 3号, 501室, 北门.")
    )
    address = forms.CharField(
        label=_("Address"), max_length=200, required=False,
        help_text=_("As it stands on a letter. Dwellings need it most."),
    )  # fmt: skip
    grid = PlaceField(label=_("Grid"), required=False, help_text=_("Empty: the same as the place above."))

    def __init__(
        self,
        kinds: Iterable[PlaceKind],
        grids: Iterable[Place],
        *args: Any,  # noqa: ANN401 - Django's own signature
        **kwargs: Any,  # noqa: ANN401 - Django's own signature
    ) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["kind"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(kind.value, kind.label) for kind in kinds]
        offer(self, "grid", grids)


class MoveForm(forms.Form):
    to = PlaceField(label=_("Put it under"))
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("It stays readable in the history."))

    def __init__(self, places: Iterable[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        offer(self, "to", places)


class GridForm(forms.Form):
    grid = PlaceField(label=_("Grid"))
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("It stays readable in the history."))

    def __init__(self, places: Iterable[Place], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        offer(self, "grid", places)
