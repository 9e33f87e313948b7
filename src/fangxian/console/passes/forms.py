"""What is asked for a list of passes, for one pass, and for the passes of a whole list."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.console.place_field import PlaceField
from fangxian.gates.models import PassKind, PassStatus, Zone
from fangxian.gates.queries.passes import PassFilter
from fangxian.places.models import Place, PlaceKind
from fangxian.registry.models import Enterprise
from fangxian.shared import clock

ANY = ("", "—")
LONGEST_DAYS = 366
ONE_DAY = frozenset({PassKind.VISITOR, PassKind.COURIER})


def _day_input() -> forms.DateInput:
    """A browser's own date field takes this form only, whatever the language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ListForm(forms.Form):
    """Sent by POST: a name must not stand in an address."""

    place = PlaceField(label=gettext_lazy("Place"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    status = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    words = forms.CharField(label=gettext_lazy("Name, company or number"), required=False, max_length=120)
    current = forms.BooleanField(label=gettext_lazy("Only passes that have not expired"), required=False)
    start = forms.IntegerField(required=False, min_value=0, max_value=1_000_000, widget=forms.HiddenInput)

    def __init__(self, places: Sequence[Place], data: Any, **made: Any) -> None:  # noqa: ANN401 - request.POST, the arguments of Form
        super().__init__(data, **made)
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["kind"].choices = [ANY, *PassKind.choices]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["status"].choices = [ANY, *PassStatus.choices]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def narrow(self) -> PassFilter:
        data = self.cleaned_data
        return PassFilter(
            kind=data.get("kind", ""), status=data.get("status", ""), words=data.get("words", ""),
            current=data.get("current", False),
        )  # fmt: skip


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


class IssueForm(forms.Form):
    """One pass. Which fields are asked depends on its kind."""

    place = PlaceField(label=gettext_lazy("Compound or building"))
    gate = PlaceField(
        label=gettext_lazy("Only by this gate"), required=False, help_text=gettext_lazy("Empty: by any gate.")
    )
    holder = forms.CharField(label=gettext_lazy("Holder"), max_length=120)
    company = forms.CharField(label=gettext_lazy("Company"), max_length=120, required=False)
    zone = forms.ChoiceField(label=gettext_lazy("Zone"), choices=Zone.choices, required=False)
    begins = forms.DateField(label=gettext_lazy("Good from"), widget=_day_input())
    ends = forms.DateField(label=gettext_lazy("Last day"), widget=_day_input())
    once = forms.BooleanField(label=gettext_lazy("Good for one entry"), required=False)

    def __init__(self, kind: PassKind, places: Sequence[Place], gates: Sequence[Place], **made: Any) -> None:  # noqa: ANN401 - the arguments of Form
        super().__init__(**made)
        self.kind = kind
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["gate"].offer(gates)  # type: ignore[attr-defined]  # a PlaceField
        if kind != PassKind.EMPLOYEE:
            del self.fields["zone"]
        if kind in (PassKind.RESIDENT, PassKind.VEHICLE):
            del self.fields["company"]
        if kind == PassKind.VEHICLE:
            self.fields["holder"].label = _("Number plate")
        if kind in ONE_DAY:
            del self.fields["ends"]
            self.fields["gate"].required = True
            self.fields["gate"].help_text = ""
        else:
            del self.fields["once"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        begins: date | None = data.get("begins")
        ends: date | None = begins if self.kind in ONE_DAY else data.get("ends")
        if begins and ends:
            if ends < begins:
                self.add_error("ends", _("The last day is before the first."))
            elif (ends - begins).days > LONGEST_DAYS:
                self.add_error("ends", _("A pass is good for a year at most."))
        gate, place = data.get("gate"), data.get("place")
        if gate and place and not gate.path.startswith(place.path):
            self.add_error("gate", _("This gate does not belong to the place above."))
        return data

    def period(self, now: datetime) -> tuple[int, int]:
        """From now, or the start of a later day, to the end of the last local day."""
        begins: date = self.cleaned_data["begins"]
        ends: date = begins if self.kind in ONE_DAY else self.cleaned_data["ends"]
        start = clock.day_start_us(begins)
        return max(start, clock.to_us(now)), clock.day_start_us(ends + timedelta(days=1))


class ManyForm(forms.Form):
    """Whose list: an employer's people in a building, a compound's households, or the vehicles parked there."""

    EMPLOYEES, HOUSEHOLDS, VEHICLES = "employees", "households", "vehicles"

    what = forms.ChoiceField(label=gettext_lazy("Passes for"), widget=forms.RadioSelect)
    place = PlaceField(label=gettext_lazy("Compound or building"))
    enterprise = forms.ChoiceField(
        label=gettext_lazy("Company"), required=False, help_text=gettext_lazy("For the employees of a company.")
    )

    def __init__(self, places: Sequence[Place], enterprises: Sequence[Enterprise], **made: Any) -> None:  # noqa: ANN401 - the arguments of Form
        super().__init__(**made)
        self.fields["place"].offer(places)  # type: ignore[attr-defined]  # a PlaceField
        self.fields["what"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (self.EMPLOYEES, _("the employees of a company")),
            (self.HOUSEHOLDS, _("the households of a compound")),
            (self.VEHICLES, _("the vehicles that park there")),
        ]
        self.fields["enterprise"].choices = [ANY, *((str(row.pk), row.name) for row in enterprises)]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("what") == self.EMPLOYEES and not data.get("enterprise") and "enterprise" not in self.errors:
            self.add_error("enterprise", _("Choose the company."))
        place = data.get("place")
        if data.get("what") == self.HOUSEHOLDS and place and place.kind != PlaceKind.COMPOUND:
            self.add_error("place", _("Households live in a compound. Choose one."))
        return data
