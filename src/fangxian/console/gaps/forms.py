from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fangxian.duties.models import GapNote


class WhenField(forms.DateTimeField):
    """A local date and time, typed or picked."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed on to Django
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


class NoteForm(forms.Form):
    """What somebody did about a gap without closing it."""

    kind = forms.ChoiceField(
        label=_("What was done"), widget=forms.RadioSelect,
        choices=[
            (GapNote.Kind.CALL, _("Called the owner")), (GapNote.Kind.TAKEN, _("I take it on")),
            (GapNote.Kind.NOTE, _("A note")),
        ],
    )  # fmt: skip
    text = forms.CharField(
        label=_("What came of it"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Short: who says what, what happens next. No document numbers, no illnesses."),
    )  # fmt: skip


class DoneForm(forms.Form):
    observed_at = WhenField(
        label=_("When it was done"), help_text=_("The time of the visit or the work, not of this entry.")
    )
    text = forms.CharField(label=_("How you know"), max_length=200)

    def __init__(self, now: datetime, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on to Django
        super().__init__(*args, **kwargs)
        self._now = now

    def clean_observed_at(self) -> datetime:
        observed: datetime = self.cleaned_data["observed_at"]
        if observed > self._now:
            raise forms.ValidationError(_("This time has not come yet. Enter when it was really done."))
        return observed


class WaiveForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it may be left undone"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stays with the record and shows in the counters as waived."),
    )  # fmt: skip
