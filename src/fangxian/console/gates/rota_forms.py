"""Forms of a rota: slots that come back every week, and the end of a post."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.accounts.models import Staff
from fangxian.rota.actions import NewPattern

WEEKS = 4
"""How far ahead the form is filled in when it is opened."""


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _time() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


class RepeatForm(forms.Form):
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On these weekdays"), coerce=int, widget=forms.CheckboxSelectMultiple,
        choices=[(number + 1, word) for number, word in WEEKDAYS.items()],
    )  # fmt: skip
    start = forms.TimeField(label=gettext_lazy("From"), widget=_time())
    end = forms.TimeField(
        label=gettext_lazy("Until"), widget=_time(),
        help_text=gettext_lazy("An end before its start is on the next morning."),
    )  # fmt: skip
    first_day = forms.DateField(label=gettext_lazy("First day"), widget=_day())
    last_day = forms.DateField(label=gettext_lazy("Last day"), widget=_day())
    needed = forms.IntegerField(label=gettext_lazy("People in each slot"), min_value=1, max_value=50, initial=1)
    people = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Who stands here"), coerce=UUID, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Nobody ticked: the slots are planned, and people are assigned later."),
    )  # fmt: skip

    def __init__(self, people: Iterable[Staff], trained: set[UUID], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own signature
        super().__init__(*args, **kwargs)
        self._people = {one.id: one for one in people}
        choice = self.fields["people"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            (str(one.id), one.name if one.id in trained else _("%(name)s (not trained yet)") % {"name": one.name})
            for one in self._people.values()
        ]
        if not self._people:
            del self.fields["people"]

    def pattern(self) -> NewPattern:
        data = self.cleaned_data
        return NewPattern(
            weekdays=data["weekdays"], start=data["start"], end=data["end"], first_day=data["first_day"],
            last_day=data["last_day"], needed=data["needed"],
            people=[self._people[key] for key in data.get("people", ())],
        )  # fmt: skip


def repeat_initial(day: date) -> dict[str, Any]:
    return {
        "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "06:00", "end": "14:00", "first_day": day,
        "last_day": day + timedelta(weeks=WEEKS, days=-1),
    }  # fmt: skip


class ClosePostForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
