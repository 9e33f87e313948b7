"""Opening a round."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from fangxian.console.place_field import PlaceField, offer
from fangxian.places.models import Place
from fangxian.screening.models import RoundKind
from fangxian.shared import clock


class LocalDateTime(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class OpenForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=80, help_text=_("As it stands on the worker's phone."))
    place = PlaceField(label=_("Where"))
    kinds = forms.MultipleChoiceField(
        label=_("What it goes through"), choices=RoundKind.choices, widget=forms.CheckboxSelectMultiple
    )
    opens = forms.DateTimeField(label=_("Begins"), widget=LocalDateTime)
    due = forms.DateTimeField(
        label=_("Ends"), widget=LocalDateTime, help_text=_("What is not done by then becomes a gap.")
    )

    def __init__(self, data: QueryDict | None, *, places: Iterable[Place], days: int, now: datetime) -> None:
        local = clock.local(now).replace(minute=0, second=0, microsecond=0)
        end = (local + timedelta(days=days - 1)).replace(hour=20)
        initial = {
            "kinds": RoundKind.values, "opens": local.replace(tzinfo=None),
            "due": (end if end > local else end + timedelta(days=1)).replace(tzinfo=None),
        }  # fmt: skip
        super().__init__(data, initial=initial)
        offer(self, "place", places)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("place") and "place" not in self.errors:
            self.add_error("place", _("Choose where the round goes."))
        opens, due = data.get("opens"), data.get("due")
        if opens and due and due <= opens:
            self.add_error("due", _("The round must end after it begins. Choose a later end."))
        return data


class DismissForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)
